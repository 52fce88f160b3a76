//! Which module may import which, checked against the code of `src`.
//!
//! 1. A module at the top of `src` imports only what [`MAY_IMPORT`] allows.
//! 2. No two files import each other, and no longer chain of imports comes back to its first file.
//!
//! A file imports another one when a path in its code, in a `use` or inline, leads to an item of that file.
//! The path is followed through re-exports to the file that defines the item: `super::Item` imports the
//! file that `mod.rs` re-exports `Item` from. A `mod.rs` imports none of the files below it by declaring
//! them and re-exporting their items; it does when its own code uses them. Comments and tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("customer", &["value"]),
    ("event", &["value", "customer"]),
    ("report", &["value", "event"]),
    ("order", &["value", "customer", "event", "report"]),
    ("wire", &["value", "customer", "event", "report"]),
    ("bulk", &["value", "customer", "event", "order", "report", "wire"]),
    ("client", &["value", "customer", "event", "order", "wire", "report"]),
    ("testing", &["value", "event", "wire", "report", "client"]),
    // Prose only.
    ("guide", &[]),
    // The one error that the error of every module converts into.
    ("error", &["value", "customer", "event", "order", "wire", "client"]),
];

/// Files that import each other today. The list may only become shorter.
const KNOWN: &[(&str, &str)] = &[
    ("bulk::cores", "bulk::rows"),
    ("client", "client::builder"),
    ("client", "client::queue"),
    ("client::transport::failure", "client::transport::http"),
    ("customer::builder", "customer::user_data"),
    ("customer::clean", "customer::match_key"),
    ("customer::cleaning_options", "customer::match_key"),
    ("customer::hashed", "customer::nothing"),
    ("customer::match_key", "customer::user_data"),
    ("event", "event::builder"),
    ("event", "event::members"),
    ("event", "event::rules"),
    ("order::csv", "order::sorted_csv"),
    ("order::desk", "order::group"),
    ("order::desk", "order::orders"),
    ("order::group", "order::marks"),
    ("order::group", "order::orders"),
];

#[test]
fn every_module_imports_only_what_the_plan_allows() {
    let plan: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut broken = Vec::new();
    for (name, file) in read_crate() {
        let module = top_of(&name);
        if module == "lib" {
            continue;
        }
        let allowed = plan.get(module).unwrap_or_else(|| panic!("{module} is not in the plan"));
        for imported in file.paths().filter(|path| path[0] == "crate").filter_map(|path| path.get(1)) {
            let is_module = imported.starts_with(char::is_lowercase);
            if is_module && imported != module && !allowed.contains(&imported.as_str()) {
                broken.push(format!("{name} imports {imported}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_two_files_import_each_other() {
    let imports = imports_of(&read_crate());
    let pairs: BTreeSet<(&str, &str)> = imports
        .iter()
        .flat_map(|(file, imported)| imported.iter().map(move |other| (file.as_str(), other.as_str())))
        .filter(|(file, other)| file < other && imports[*other].contains(*file))
        .collect();
    let known: BTreeSet<(&str, &str)> = KNOWN.iter().copied().collect();
    let new: Vec<_> = pairs.difference(&known).collect();
    assert!(new.is_empty(), "these files import each other: {new:#?}");
    let gone: Vec<_> = known.difference(&pairs).collect();
    assert!(gone.is_empty(), "no circles any more, take them from the list: {gone:#?}");
}

#[test]
fn no_chain_of_imports_comes_back() {
    let mut imports = imports_of(&read_crate());
    for (file, other) in KNOWN {
        imports.get_mut(*file).map(|imported| imported.remove(*other));
        imports.get_mut(*other).map(|imported| imported.remove(*file));
    }
    let circles: Vec<_> = imports.keys().filter_map(|file| way_back(file, &imports)).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn every_file_says_first_what_belongs_in_it() {
    for file in sources(&src()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! ") || text.starts_with("#![doc"), "{}", file.display());
    }
}

#[test]
fn imports_are_found_in_code_and_nowhere_else() {
    let files = [
        ("lib", "pub mod a; mod b;"),
        (
            "a",
            "mod c; #[cfg(test)] mod tests; pub use c::{Deep as Re, Other}; /// [`crate::b::B`]\nfn f() {}",
        ),
        (
            "a::c",
            "use crate::b; fn g(_: super::tests::T) { \"crate::a::X\"; b::call::<u8>('\\'', x) } #[cfg(test)] mod tests { use crate::a::f; }",
        ),
        ("b", "use crate::a::Re; fn h() -> crate::a::Missing { todo!() }"),
        ("a::tests", "use crate::b::B;"),
    ];
    let read = files.iter().map(|(name, text)| ((*name).to_owned(), read_file(text))).collect();
    let imports = imports_of(&read);
    let of = |name: &str| imports[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("a"), Vec::<&str>::new(), "a re-export of what lies below is no import");
    assert_eq!(of("a::c"), ["b"]);
    assert_eq!(of("b"), ["a", "a::c"]);
    assert!(!imports.contains_key("a::tests"));
    assert_eq!(way_back("b", &imports), Some("b → a::c → b".to_owned()));
}

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of the crate by the path of its module: `order::csv`, and `lib` for the root.
type Crate = BTreeMap<String, File>;

/// What the code of a file says about other files.
#[derive(Debug, Default)]
struct File {
    /// The files below it, and whether they are there for tests only.
    modules: BTreeMap<String, bool>,
    uses: Vec<Use>,
    inline: Vec<Vec<String>>,
}

#[derive(Debug)]
struct Use {
    path: Vec<String>,
    /// The name that it has in the file; `*` for all names.
    name: String,
    is_re_export: bool,
}

impl File {
    fn paths(&self) -> impl Iterator<Item = &Vec<String>> {
        self.uses.iter().map(|each| &each.path).chain(&self.inline)
    }
}

fn read_crate() -> Crate {
    let files = sources(&src()).into_iter().map(|file| {
        let inside = file.strip_prefix(src()).unwrap().with_extension("");
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let name = parts.join("::").trim_end_matches("::mod").to_owned();
        (name, read_file(&fs::read_to_string(file).unwrap()))
    });
    files.collect()
}

fn top_of(name: &str) -> &str {
    name.split("::").next().unwrap_or(name)
}

/// For every file that is not there for tests only: the files that it imports.
fn imports_of(files: &Crate) -> BTreeMap<String, BTreeSet<String>> {
    let is_test = |name: &str| {
        let mut parents = vec!["lib"];
        parents.extend(name.match_indices("::").map(|(end, _)| &name[..end]));
        let children = parents.iter().skip(1).copied().chain([name]);
        parents.iter().zip(children).any(|(parent, child)| {
            let own_name = child.rsplit("::").next().unwrap_or(child);
            files.get(*parent).and_then(|file| file.modules.get(own_name)).copied().unwrap_or(false)
        })
    };
    let code = files.iter().filter(|(name, _)| *name != "lib" && !is_test(name));
    code.map(|(name, file)| {
        let used = file.uses.iter().filter_map(|each| {
            let found = find(files, name, &each.path, 0)?;
            let item_of = match found {
                Found::Item(file) => file,
                Found::Module(file) if each.name == "*" => file,
                Found::Module(_) => return None,
            };
            (!(each.is_re_export && is_below(&item_of, name))).then_some(item_of)
        });
        let inline = file.inline.iter().filter_map(|path| match find(files, name, path, 0)? {
            Found::Item(file) => Some(file),
            Found::Module(_) => None,
        });
        let imported = used.chain(inline).filter(|other| other != name && other != "lib" && !is_test(other));
        (name.clone(), imported.collect())
    })
    .collect()
}

fn is_below(name: &str, folder: &str) -> bool {
    name.strip_prefix(folder).is_some_and(|rest| rest.starts_with("::"))
}

/// Where a path leads.
enum Found {
    Module(String),
    /// An item, by the file that defines it.
    Item(String),
}

/// Follows a path of one file; `None` when it leads out of the crate or begins with a name of the file.
fn find(files: &Crate, from: &str, path: &[String], depth: usize) -> Option<Found> {
    let (first, mut rest) = path.split_first()?;
    let mut module = match first.as_str() {
        "crate" => "lib".to_owned(),
        "self" => from.to_owned(),
        "super" => parent_of(from),
        name => match step(files, from, name, depth)? {
            Found::Module(module) => module,
            item @ Found::Item(_) => return Some(item),
        },
    };
    while let Some((name, behind)) = rest.split_first() {
        rest = behind;
        module = match name.as_str() {
            "super" => parent_of(&module),
            name => match step(files, &module, name, depth) {
                Some(Found::Module(next)) => next,
                Some(item) => return Some(item),
                None => return Some(Found::Item(module)),
            },
        };
    }
    Some(Found::Module(module))
}

/// One name within a module: a file below it, or what a `use` brings.
fn step(files: &Crate, module: &str, name: &str, depth: usize) -> Option<Found> {
    let file = files.get(module)?;
    if file.modules.contains_key(name) {
        let below = if module == "lib" { name.to_owned() } else { format!("{module}::{name}") };
        return files.contains_key(&below).then_some(Found::Module(below));
    }
    // A crate may bring a name like its own.
    let brought = file.uses.iter().find(|each| each.name == name && each.path[0] != name)?;
    assert!(depth < 20, "the re-exports of {module} lead in a circle");
    find(files, module, &brought.path, depth + 1)
}

fn parent_of(name: &str) -> String {
    name.rsplit_once("::").map_or("lib", |(parent, _)| parent).to_owned()
}

/// The shortest chain of imports from a file to itself, as `a → b → a`.
fn way_back(file: &str, imports: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let mut chains = vec![vec![file]];
    let mut seen = BTreeSet::new();
    while !chains.is_empty() {
        let mut longer = Vec::new();
        for chain in chains {
            for next in imports.get(*chain.last()?).into_iter().flatten() {
                let extended = [&chain[..], &[next.as_str()]].concat();
                if next == file {
                    return Some(extended.join(" → "));
                }
                if seen.insert(next) {
                    longer.push(extended);
                }
            }
        }
        chains = longer;
    }
    None
}

fn read_file(text: &str) -> File {
    let words = words_of(text);
    let mut file = File::default();
    let mut at = 0;
    let mut for_tests = false;
    while at < words.len() {
        match words[at].as_str() {
            "#" if words[at..].starts_with(&["#", "[", "cfg"].map(str::to_owned)) => {
                let end = end_of(&words, at + 1);
                let condition = &words[at..end];
                for_tests = condition.iter().any(|word| word == "test")
                    && !condition.iter().any(|word| word == "not");
                at = end;
            }
            "mod" if words.get(at + 2).is_some_and(|word| word == ";") => {
                file.modules.insert(words[at + 1].clone(), for_tests);
                for_tests = false;
                at += 3;
            }
            _ if for_tests => {
                for_tests = false;
                at = end_of_item(&words, at);
            }
            "use" => {
                let end = at + words[at..].iter().position(|word| word == ";").unwrap_or(0);
                let is_re_export = at > 0 && (words[at - 1] == "pub" || words[at - 1] == ")");
                let uses = tree(&words[at + 1..end], &[]);
                file.uses.extend(uses.into_iter().map(|(path, name)| Use { path, name, is_re_export }));
                at = end;
            }
            word if is_name(word) && (at == 0 || words[at - 1] != "::") => {
                let mut path = vec![word.to_owned()];
                while words.get(at + 1).is_some_and(|word| word == "::")
                    && words.get(at + 2).is_some_and(|word| is_name(word))
                {
                    path.push(words[at + 2].clone());
                    at += 2;
                }
                if path.len() > 1 {
                    file.inline.push(path);
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    file
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// The place behind the bracket that closes the one at `open`.
fn end_of(words: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.as_str() {
            "[" | "(" | "{" => depth += 1,
            "]" | ")" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    words.len()
}

/// The place behind the item that begins at `start`, its further attributes included.
fn end_of_item(words: &[String], start: usize) -> usize {
    let mut at = start;
    while at < words.len() {
        match words[at].as_str() {
            ";" => return at + 1,
            "{" => return end_of(words, at),
            "[" | "(" => at = end_of(words, at),
            _ => at += 1,
        }
    }
    at
}

/// The paths of a tree of a `use`, each with the name that it brings.
fn tree(words: &[String], above: &[String]) -> Vec<(Vec<String>, String)> {
    let mut path = above.to_vec();
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "{" => {
                let inside = &words[at + 1..end_of(words, at) - 1];
                return branches(inside).into_iter().flat_map(|branch| tree(branch, &path)).collect();
            }
            "as" => return vec![(path, words[at + 1].clone())],
            "*" => return vec![(path, "*".to_owned())],
            "::" => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    if path.last().is_some_and(|name| name == "self") {
        path.pop();
    }
    let name = path.last().cloned().unwrap_or_default();
    vec![(path, name)]
}

/// What stands between the commas of a tree.
fn branches(words: &[String]) -> Vec<&[String]> {
    let mut branches = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 0 => {
                branches.push(&words[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.push(&words[start..]);
    branches.retain(|branch| !branch.is_empty());
    branches
}

/// Names, `::` and single signs; without comments, texts, characters and lifetimes.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = length_of_text(rest) {
            length
        } else if is_name(rest) {
            let length =
                rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            words.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                words.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    words
}

/// The length of a literal of text or of a character, or of a lifetime, if one begins here.
fn length_of_text(rest: &str) -> Option<usize> {
    let prefix = rest.find(|letter| !matches!(letter, 'b' | 'c' | 'r' | '#')).unwrap_or(rest.len());
    let (before, quoted) = rest.split_at(prefix);
    if let Some(inside) = quoted.strip_prefix('"') {
        let hashes = before.matches('#').count();
        if before.contains('r') {
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(prefix + 1 + inside.find(&end)? + end.len());
        }
        return (hashes == 0).then(|| prefix + 1 + length_up_to(inside, '"'));
    }
    let inside = quoted.strip_prefix('\'').filter(|_| matches!(before, "" | "b"))?;
    let mut letters = inside.chars();
    let is_character = inside.starts_with('\\') || letters.next().is_some() && letters.next() == Some('\'');
    Some(prefix + 1 + if is_character { length_up_to(inside, '\'') } else { 0 })
}

/// The length up to a sign that no backslash escapes, and with it.
fn length_up_to(inside: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, letter) in inside.char_indices() {
        if !escaped && letter == end {
            return at + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    inside.len()
}
