//! States and provinces: the whole names of those of the US and Canada become their codes.

use super::characters::Class;
use super::folding::fold_with_joiners;
use super::quick_look::{Letters, Quick, keeping, pick_letters, replace};
use crate::customer::UnusableReason;
use crate::customer::sha256::Block;
use crate::value::Country;

const LETTERS: Letters = keeping(b"abcdefghijklmnopqrstuvwxyz");

#[inline(never)]
pub(super) fn quick(text: &str, country: Option<Country>, form: &mut Block) -> Option<Quick> {
    let length = pick_letters(text, &LETTERS, form)?;
    let code = if names_states(country) { state_code(&form[..length]) } else { None };
    let length = match code.and_then(|code| code.as_bytes().first_chunk::<2>()) {
        Some(code) => replace(*code, form),
        None => length,
    };
    Quick::unless_substitute(text.as_bytes(), form, length)
}

/// Letters only. In the US and Canada, or if the country is not known, the name of a state becomes its code.
pub(super) fn clean(text: &str, country: Option<Country>, out: &mut String) -> Result<(), UnusableReason> {
    fold_with_joiners(text, |class| class == Class::Letter, out);
    if out.is_empty() {
        return Err(UnusableReason::NoLetters);
    }
    if names_states(country)
        && let Some(code) = state_code(out.as_bytes())
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
fn state_code(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"alabama" => "al", b"alaska" => "ak", b"arizona" => "az", b"arkansas" => "ar",
        b"california" => "ca", b"colorado" => "co", b"connecticut" => "ct", b"delaware" => "de",
        b"florida" => "fl", b"georgia" => "ga", b"hawaii" => "hi", b"idaho" => "id",
        b"illinois" => "il", b"indiana" => "in", b"iowa" => "ia", b"kansas" => "ks",
        b"kentucky" => "ky", b"louisiana" => "la", b"maine" => "me", b"maryland" => "md",
        b"massachusetts" => "ma", b"michigan" => "mi", b"minnesota" => "mn", b"mississippi" => "ms",
        b"missouri" => "mo", b"montana" => "mt", b"nebraska" => "ne", b"nevada" => "nv",
        b"newhampshire" => "nh", b"newjersey" => "nj", b"newmexico" => "nm",
        b"newyork" | b"newyorkstate" => "ny",
        b"northcarolina" => "nc", b"northdakota" => "nd", b"ohio" => "oh", b"oklahoma" => "ok",
        b"oregon" => "or", b"pennsylvania" => "pa", b"rhodeisland" => "ri", b"southcarolina" => "sc",
        b"southdakota" => "sd", b"tennessee" => "tn", b"texas" => "tx", b"utah" => "ut",
        b"vermont" => "vt", b"virginia" => "va", b"washington" | b"washingtonstate" => "wa",
        b"westvirginia" => "wv", b"wisconsin" => "wi", b"wyoming" => "wy",

        b"districtofcolumbia" | b"washingtondc" => "dc",
        b"americansamoa" => "as", b"guam" => "gu", b"puertorico" => "pr",
        b"northernmarianaislands" | b"commonwealthofthenorthernmarianaislands" => "mp",
        b"usvirginislands" | b"unitedstatesvirginislands" | b"virginislands" => "vi",

        b"alberta" => "ab", b"britishcolumbia" => "bc", b"manitoba" => "mb", b"newbrunswick" => "nb",
        b"newfoundlandandlabrador" | b"newfoundlandlabrador" | b"newfoundland" => "nl",
        b"novascotia" => "ns", b"northwestterritories" => "nt", b"nunavut" => "nu",
        b"ontario" => "on", b"princeedwardisland" => "pe", b"quebec" | b"qu\xc3\xa9bec" => "qc",
        b"saskatchewan" => "sk", b"yukon" | b"yukonterritory" => "yt",
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
