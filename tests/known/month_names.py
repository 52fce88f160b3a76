"""Writes ../../src/value/month_names.rs from the npm package cldr-dates-full (licence: Unicode-3.0).

    npm pack cldr-dates-full@48.2.0 && tar xzf cldr-dates-full-48.2.0.tgz
    python3 tests/known/month_names.py package
"""

import json
import re
import sys
import unicodedata
from pathlib import Path

LOCALES = """
af ar az be bg bn bs ca cs da de el en es et eu fa fi fil fr gl gu he hi hr hu hy id is it ka kk kn lt lv mk ml mr ms nb
ne nl nn pa pl pt ro ru sk sl sq sr sr-Latn sv sw ta te tr uk ur uz
""".split()


def plain(name):
    return unicodedata.normalize("NFC", name.strip().rstrip(".").lower())


def without_accents(name):
    """As tills write it that have no accents. Other scripts keep their marks, which are letters there."""
    letters = name.replace("ß", "ss").replace("ł", "l").replace("ı", "i").replace("ø", "o").replace("đ", "d")
    if not all(unicodedata.name(letter, "").startswith(("LATIN", "COMBINING")) for letter in letters):
        return name
    marks = unicodedata.normalize("NFD", letters)
    return "".join(letter for letter in marks if not unicodedata.combining(letter))


def forms(name):
    name = plain(name)
    german = name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    for form in {name, without_accents(name), german}:
        # A form of several words, with a digit or of one letter is no name that can be found again.
        if len(form) > 1 and not re.search(r"[\s\d.,/\-'’()]", form):
            yield form


def names(package, kind):
    """Each name with the numbers that it stands for, in any of the languages."""
    found = {}
    for locale in LOCALES:
        text = (package / "main" / locale / "ca-gregorian.json").read_text()
        calendar = json.loads(text)["main"][locale]["dates"]["calendars"]["gregorian"]
        for context in calendar[kind].values():
            for width, values in context.items():
                if width != "narrow":
                    for key, name in values.items():
                        for form in forms(name):
                            found.setdefault(form, set()).add(key)
    return found


def main():
    package = Path(sys.argv[1])
    version = json.loads((package / "package.json").read_text())["version"]
    months = names(package, "months")
    # Abbreviations that no locale of CLDR has, and that are usual all the same.
    for name, month in {"sept": "9", "mrz": "3", "maerz": "3", "febr": "2", "okt": "10", "dez": "12"}.items():
        months.setdefault(name, set()).add(month)
    weekdays = names(package, "days")
    ambiguous = sorted(name for name, numbers in months.items() if len(numbers) > 1)
    print(f"stand for two months, and are left out: {' '.join(ambiguous)}")
    kept = sorted((name, int(*numbers)) for name, numbers in months.items() if len(numbers) == 1)
    days = sorted(name for name in weekdays if name not in months)
    lines = [
        "//! Names of months and weekdays in many languages. Made by `tests/known/month_names.py`.",
        "//!",
        f"//! From CLDR, as the npm package `cldr-dates-full` {version} has it; licence: Unicode-3.0. Names that stand for two",
        "//! months in two languages are left out.",
        "",
        "/// Each name in lower case and composed form, without a point at its end, and the number of its month.",
        "#[rustfmt::skip]",
        f"pub(super) static MONTHS: [(&str, u8); {len(kept)}] = [",
        *wrapped(f'("{name}", {month}),' for name, month in kept),
        "];",
        "",
        "/// Each name in lower case and composed form, without a point at its end.",
        "#[rustfmt::skip]",
        f"pub(super) static WEEKDAYS: [&str; {len(days)}] = [",
        *wrapped(f'"{name}",' for name in days),
        "];",
    ]
    (Path(__file__).parents[2] / "src/value/month_names.rs").write_text("\n".join(lines) + "\n")


def wrapped(items):
    line = "   "
    for item in items:
        if len(line) + 1 + len(item) > 110:
            yield line
            line = "   "
        line += " " + item
    yield line


main()
