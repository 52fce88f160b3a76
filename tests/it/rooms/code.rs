//! The code of the crate as this test sees it: which paths a file names, and which files they lead to.

use std::collections::{BTreeMap, BTreeSet};

/// Every file of the crate by the path of its module: `order::csv`, and `lib` for the root.
pub(super) type Crate = BTreeMap<String, File>;

/// What the code of a file says about other files.
#[derive(Debug, Default)]
pub(super) struct File {
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
    /// The modules at the top of the crate that a path names, wherever it leads.
    pub(super) fn modules_named(&self) -> impl Iterator<Item = &str> {
        let paths = self.uses.iter().map(|each| &each.path).chain(&self.inline);
        let names = paths.filter(|path| path[0] == "crate").filter_map(|path| path.get(1));
        names.map(String::as_str).filter(|name| name.starts_with(char::is_lowercase))
    }
}

/// For every file that is not there for tests only: the files that it imports.
pub(super) fn imports_of(files: &Crate) -> BTreeMap<String, BTreeSet<String>> {
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

pub(super) fn read_file(text: &str) -> File {
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
                    && !condition.iter().any(|word| matches!(word.as_str(), "not" | "any"));
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
