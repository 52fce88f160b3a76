//! Which module may import which, checked against the code of `src`.
//!
//! 1. A module at the top of `src` imports only what [`MAY_IMPORT`] allows.
//! 2. No two files import each other, and no longer chain of imports comes back to its first file.
//!
//! A file imports another one when a path in its code, in a `use` or inline, leads to an item of that file.
//! The path is followed through re-exports to the file that defines the item: `super::Item` imports the
//! file that `mod.rs` re-exports `Item` from. A `mod.rs` imports none of the files below it by declaring
//! them and re-exporting their items; it does when its own code uses them. Comments and tests do not count.

mod code;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use code::{Crate, imports_of, read_file};

use crate::support::sources;

const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("customer", &["value"]),
    ("event", &["value", "customer"]),
    ("report", &["value", "event"]),
    ("order", &["value", "customer", "event", "report"]),
    ("wire", &["value", "customer", "event", "order", "report"]),
    ("journal", &["value", "event", "report", "wire"]),
    ("auth", &["value", "report", "wire"]),
    ("client", &["value", "customer", "event", "order", "wire", "report", "auth", "journal"]),
    ("testing", &["value", "event", "wire", "report", "auth", "client"]),
    // Prose only.
    ("guide", &[]),
    // The one error that the error of every module converts into.
    ("error", &["value", "customer", "event", "report", "journal", "order", "wire", "auth", "client"]),
];

/// Files that import each other today. The list may only become shorter.
const KNOWN: &[(&str, &str)] = &[];

#[test]
fn every_module_imports_only_what_the_plan_allows() {
    let plan: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let files = read_crate();
    let mut broken = BTreeSet::new();
    for (name, imported) in imports_of(&files) {
        let module = top_of(&name);
        let allowed = plan.get(module).unwrap_or_else(|| panic!("{module} is not in the plan"));
        let followed = imported.iter().map(|other| top_of(other));
        for other in followed.chain(files[&name].modules_named()) {
            if other != module && !allowed.contains(&other) {
                broken.insert(format!("{name} imports {other}"));
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

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
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
