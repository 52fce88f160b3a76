//! States and provinces: the whole names of those of the US and Canada become their codes.

use super::characters::{fold, is_letter_or_mark};
use super::quick_look::{Letters, Quick, keeping, pick};
use crate::customer::UnusableReason;
use crate::customer::block::Block;
use crate::value::Country;

const LETTERS: Letters = keeping(b"abcdefghijklmnopqrstuvwxyz");

#[inline]
pub(super) fn quick(text: &[u8], country: Option<Country>, form: &mut Block) -> Option<Quick> {
    let plain = pick(text, &LETTERS, form)?;
    if names_states(country)
        && let Some(code) = str::from_utf8(form.text()).ok().and_then(state_code)
    {
        form.set(code.as_bytes());
    }
    Some(plain)
}

/// Letters only. In the US and Canada, or if the country is not known, the name of a state becomes its code.
pub(super) fn clean(text: &str, country: Option<Country>, out: &mut String) -> Result<(), UnusableReason> {
    fold(text, is_letter_or_mark, out);
    if out.is_empty() {
        return Err(UnusableReason::NoLetters);
    }
    if names_states(country)
        && let Some(code) = state_code(out)
    {
        out.clear();
        out.push_str(code);
    }
    Ok(())
}

/// Whether names of states become codes in this country.
fn names_states(country: Option<Country>) -> bool {
    country.is_none_or(|country| matches!(country, Country::UNITED_STATES | Country::CANADA))
}

/// The code of a state, district or territory of the US, or of a province or territory of Canada.
#[rustfmt::skip]
fn state_code(name: &str) -> Option<&'static str> {
    Some(match name {
        "alabama" => "al", "alaska" => "ak", "arizona" => "az", "arkansas" => "ar",
        "california" => "ca", "colorado" => "co", "connecticut" => "ct", "delaware" => "de",
        "florida" => "fl", "georgia" => "ga", "hawaii" => "hi", "idaho" => "id",
        "illinois" => "il", "indiana" => "in", "iowa" => "ia", "kansas" => "ks",
        "kentucky" => "ky", "louisiana" => "la", "maine" => "me", "maryland" => "md",
        "massachusetts" => "ma", "michigan" => "mi", "minnesota" => "mn", "mississippi" => "ms",
        "missouri" => "mo", "montana" => "mt", "nebraska" => "ne", "nevada" => "nv",
        "newhampshire" => "nh", "newjersey" => "nj", "newmexico" => "nm",
        "newyork" | "newyorkstate" => "ny",
        "northcarolina" => "nc", "northdakota" => "nd", "ohio" => "oh", "oklahoma" => "ok",
        "oregon" => "or", "pennsylvania" => "pa", "rhodeisland" => "ri", "southcarolina" => "sc",
        "southdakota" => "sd", "tennessee" => "tn", "texas" => "tx", "utah" => "ut",
        "vermont" => "vt", "virginia" => "va", "washington" | "washingtonstate" => "wa",
        "westvirginia" => "wv", "wisconsin" => "wi", "wyoming" => "wy",

        "districtofcolumbia" | "washingtondc" => "dc",
        "americansamoa" => "as", "guam" => "gu", "puertorico" => "pr",
        "northernmarianaislands" | "commonwealthofthenorthernmarianaislands" => "mp",
        "usvirginislands" | "unitedstatesvirginislands" | "virginislands" => "vi",

        "alberta" => "ab", "britishcolumbia" => "bc", "manitoba" => "mb", "newbrunswick" => "nb",
        "newfoundlandandlabrador" | "newfoundlandlabrador" | "newfoundland" => "nl",
        "novascotia" => "ns", "northwestterritories" => "nt", "nunavut" => "nu",
        "ontario" => "on", "princeedwardisland" => "pe", "quebec" | "québec" => "qc",
        "saskatchewan" => "sk", "yukon" | "yukonterritory" => "yt",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str, country: Option<Country>) -> Result<String, UnusableReason> {
        let mut out = String::new();
        clean(text, country, &mut out).map(|()| out)
    }

    #[test]
    fn v35_states_by_their_whole_name() {
        for (text, code) in [
            ("Washington DC", "dc"),
            ("Washington, D.C.", "dc"),
            ("West Virginia", "wv"),
            ("Virginia", "va"),
            ("Puerto Rico", "pr"),
            ("New South Wales", "newsouthwales"),
            ("Québec", "qc"),
            ("Que\u{301}bec", "qc"),
            ("CA 90210", "ca"),
        ] {
            assert_eq!(state(text, None).as_deref(), Ok(code), "{text}");
        }
        assert_eq!(state("Georgia", "ge".parse().ok()).as_deref(), Ok("georgia"));
        assert_eq!(state("Ontario", Some(Country::CANADA)).as_deref(), Ok("on"));
        assert_eq!(state("Île-de-France", "fr".parse().ok()).as_deref(), Ok("îledefrance"));
        assert_eq!(state("12", None), Err(UnusableReason::NoLetters));
    }
}
