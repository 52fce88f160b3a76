//! The generator of `codes.txt` and `names.txt`, and what must be true of them. `.ci/countries` runs it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::{env, fs, slice};

use rust_iso3166::CountryCode;
use serde_json::Value;

use super::Country;
use super::fold::{Accents, fold};
use super::names::{LISTED, Meaning, SEVERAL, codes, common};

/// Of which countries the data write two names in one, the second in brackets: `Myanmar (Burma)`.
const TWO_NAMES: [&str; 2] = ["fk", "mm"];

/// The language whose names `i18n-iso-countries` gives to their neighbours in the list: Dhivehi.
const MOVED: &str = "dv.json";

/// Names that it gives to a country in place of another.
const SLIPS: [(&str, &str); 3] = [("CD", "Congo"), ("CG", "República Democrática do Congo"), ("IQ", "Eýran")];

#[test]
fn the_codes_are_those_of_the_standard() {
    let held_to = rust_iso3166::ALL.iter().map(|listed| (listed.alpha2, listed.alpha3, listed.name));
    let ours = codes().map(|listed| (listed.two_letters, listed.three_letters, listed.name));
    assert_eq!(ours.collect::<BTreeSet<_>>(), held_to.collect());
}

/// The meaning of every name in the data, folded.
type Names = BTreeMap<String, BTreeSet<String>>;

/// Comes first: the names are those that the codes have not.
#[test]
fn the_codes_are_written_anew_when_asked() {
    if env::var_os("COUNTRY_NAMES_FROM").is_none() {
        return;
    }
    let line = |listed: &CountryCode| format!("{} {} {}\n", listed.alpha2, listed.alpha3, listed.name);
    fs::write(page("codes.txt"), rust_iso3166::ALL.iter().map(line).collect::<String>()).unwrap();
}

#[test]
fn the_names_are_written_anew_when_asked() {
    let Some(folder) = env::var_os("COUNTRY_NAMES_FROM") else { return };
    fs::write(page("names.txt"), written(Path::new(&folder))).unwrap();
}

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/value/country").join(name)
}

fn written(folder: &Path) -> String {
    let packages = [
        ("cldr-core", "Unicode-3.0"),
        ("cldr-localenames-full", "Unicode-3.0"),
        ("i18n-iso-countries", "MIT"),
    ];
    let [cldr, cldr_names, others] = packages.map(|(name, licence)| {
        let manifest = json(&folder.join(name).join("package.json"));
        assert_eq!(manifest["license"], licence);
        format!("{name} {}", manifest["version"].as_str().unwrap())
    });
    let names = names_in(folder);
    let mut text = format!(
        "# Names of countries in about 160 languages, folded, with codes. Written by .ci/countries.\n\
         # From the npm packages {cldr} and {cldr_names}, see LICENSE-UNICODE,\n\
         # and {others}, see LICENSE-COUNTRIES.\n",
    );
    for (name, countries) in names {
        let mut countries = countries.iter();
        let code = match (countries.next(), countries.next()) {
            (Some(code), None) => code.as_str(),
            _ => str::from_utf8(SEVERAL).unwrap(),
        };
        for part in [&name, " ", code, "\n"] {
            text.push_str(part);
        }
    }
    text
}

/// The names that the other tables have not.
fn names_in(folder: &Path) -> Names {
    let codes: HashSet<String> = codes().map(|listed| listed.two_letters.to_owned()).collect();
    let levels = json(&folder.join("cldr-core/coverageLevels.json"));
    let mut names = Names::new();
    let mut forms = Names::new();
    let mut firsts = Names::new();
    for locale in locales(&folder.join("cldr-localenames-full/main")) {
        if level(&levels["coverageLevels"], &locale).is_none() {
            continue;
        }
        let file = folder.join("cldr-localenames-full/main").join(&locale).join("territories.json");
        let territories = &json(&file)["main"][&locale]["localeDisplayNames"]["territories"];
        for (key, name) in territories.as_object().unwrap() {
            let (code, name) = (key.split("-alt-").next().unwrap(), name.as_str().unwrap());
            if !codes.contains(code) || name == code {
                continue;
            }
            let code = code.to_lowercase();
            enter(&mut names, name, &code);
            for form in other_forms(&locale, name) {
                note(&mut forms, &form, &code);
            }
            if let Some((first, second)) = in_brackets(name) {
                note(&mut firsts, first, &code);
                if TWO_NAMES.contains(&code.as_str()) {
                    note(&mut forms, first, &code);
                    note(&mut forms, second, &code);
                }
            }
        }
    }
    for (code, name) in iso_countries(&folder.join("i18n-iso-countries/langs")) {
        if codes.contains(&code) && !SLIPS.contains(&(code.as_str(), name.as_str())) {
            enter(&mut names, &name, &code.to_lowercase());
        }
    }
    for (name, countries) in forms {
        if countries.len() == 1 {
            names.entry(name).or_insert(countries);
        }
    }
    // Such as the two Congos, or the two parts of Saint Martin, without what tells them apart.
    for (name, countries) in firsts {
        if countries.len() > 1 {
            names.entry(name).or_default().extend(countries);
        }
    }
    names
}

/// Enters a name of a country that the tables written by hand have not, and stops where they say otherwise.
fn enter(names: &mut Names, text: &str, code: &str) {
    let name = fold(text, Accents::Dropped).unwrap_or_else(|| panic!("{text} is too long")).to_string();
    let accented = fold(text, Accents::Kept).unwrap();
    match common(&accented).or_else(|| common(&name).filter(|_| !is_two_letters(&name))) {
        Some(Meaning::Country(known)) if known == code.as_bytes() => {}
        // Abbreviations, which are read as codes or not at all.
        _ if is_two_letters(&accented) => {}
        Some(Meaning::Several) => {}
        Some(_) => panic!("{text} is another country by its code or by hand: add it to AMBIGUOUS"),
        None if is_two_letters(&name) => panic!("{text} is a code without its accents: add it to ACCENTED"),
        None if name.is_empty() => {}
        None => drop(names.entry(name).or_default().insert(code.to_owned())),
    }
}

/// Notes what a text means that is no name in the data.
fn note(names: &mut Names, text: &str, code: &str) {
    let name = fold(text, Accents::Dropped).unwrap_or_else(|| panic!("{text} is too long"));
    if common(&name).is_none() && !is_two_letters(&name) {
        names.entry(name.to_string()).or_default().insert(code.to_owned());
    }
}

fn is_two_letters(name: &str) -> bool {
    name.len() == 2 && name.is_ascii()
}

/// How a name is written without the letters that keyboards or registers lack, beside leaving out accents.
fn other_forms(locale: &str, name: &str) -> Vec<String> {
    let replaced = |pairs: &[(&str, &str)]| {
        pairs.iter().fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
    };
    match locale.split('-').next() {
        Some("de") => {
            vec![replaced(&[("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue")])]
        }
        Some("da" | "no" | "nn") => vec![replaced(&[("ø", "oe"), ("Ø", "Oe"), ("å", "aa"), ("Å", "Aa")])],
        Some("en") => vec![
            replaced(&[("&", "and")]),
            replaced(&[("St.", "Saint")]),
            replaced(&[("&", "and"), ("St.", "Saint")]),
            format!("The {name}"),
            format!("The {}", replaced(&[("&", "and")])),
        ],
        _ => Vec::new(),
    }
}

/// A name before brackets, and what is in them.
fn in_brackets(name: &str) -> Option<(&str, &str)> {
    let (first, second) = name.trim().strip_suffix([')', '）'])?.split_once(['(', '（'])?;
    (!first.trim().is_empty()).then_some((first, second))
}

/// The codes and names of all languages but one; a country may have several names in one.
fn iso_countries(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().is_some_and(|name| name != MOVED));
    files.sort();
    let mut named = Vec::new();
    for file in files {
        for (code, names) in json(&file)["countries"].as_object().unwrap() {
            let several = names.as_array().map_or(slice::from_ref(names), Vec::as_slice);
            named.extend(several.iter().map(|name| (code.clone(), name.as_str().unwrap().to_owned())));
        }
    }
    named
}

/// How far the data cover a language: the level of the locale or of the one that it inherits from.
fn level<'a>(levels: &'a Value, locale: &str) -> Option<&'a str> {
    levels[locale].as_str().or_else(|| level(levels, locale.rsplit_once('-')?.0))
}

/// The locales with names of countries; others inherit all of them.
fn locales(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let own = entries.filter(|entry| entry.path().join("territories.json").exists());
    let mut locales: Vec<_> = own.map(|entry| entry.file_name().into_string().unwrap()).collect();
    locales.sort();
    locales
}

fn json(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The lines of the table.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    LISTED.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap())
}

#[test]
fn v57_every_listed_name_is_read_as_its_country_and_no_other() {
    let mut last = "";
    let mut several = 0;
    for (name, code) in lines() {
        assert!(last < name, "{name} is not sorted, or is there twice");
        last = name;
        assert_eq!(fold(name, Accents::Dropped).as_deref(), Some(name), "folded once is folded");
        assert_eq!(common(name), None, "{name} is in two tables");
        let read = name.parse::<Country>();
        if code.as_bytes() == SEVERAL {
            several += 1;
            assert!(read.is_err(), "{name}");
        } else {
            assert_eq!(read.as_ref().map(Country::code), Ok(code), "{name}");
            assert_eq!(name.to_uppercase().parse().as_ref().map(Country::code), Ok(code), "{name}");
        }
    }
    assert!(lines().count() > 24_000 && several > 10, "the table is whole");
    let countries: HashSet<_> = lines().map(|(_, code)| code).collect();
    assert_eq!(countries.len(), 249 + 1);
}
