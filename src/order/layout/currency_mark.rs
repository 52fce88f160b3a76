//! Signs and codes of currencies beside amounts, and the currencies that each of them may mean.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::customer::is_blank;
use crate::value::Currency;

/// A sign or code beside an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CurrencyMark {
    Code(Currency),
    /// The codes of the currencies that a sign may mean.
    Sign(&'static [&'static str]),
}

impl CurrencyMark {
    /// Reads the text beside an amount.
    pub(super) fn read(text: &str) -> Option<Self> {
        static CODES: LazyLock<HashMap<&str, &[&str], RandomState>> = LazyLock::new(|| {
            SIGNS.iter().flat_map(|(signs, codes)| signs.iter().map(|sign| (*sign, *codes))).collect()
        });
        let text = text.trim_matches(is_blank);
        if text.is_empty() {
            return None;
        }
        let codes = CODES.get(text).or_else(|| CODES.get(text.to_lowercase().as_str()));
        codes.map(|codes| Self::Sign(codes)).or_else(|| text.parse().map(Self::Code).ok())
    }

    pub(super) fn may_mean(self, currency: Currency) -> bool {
        match self {
            Self::Code(code) => code == currency,
            Self::Sign(codes) => codes.contains(&currency.code()),
        }
    }

    /// The currency, if it can be one only.
    pub(super) fn only(self) -> Option<Currency> {
        match self {
            Self::Code(currency) => Some(currency),
            Self::Sign([code]) => code.parse().ok(),
            Self::Sign(_) => None,
        }
    }
}

/// Signs in lower case, and the currencies that are written with them.
#[rustfmt::skip]
const SIGNS: [(&[&str], &[&str]); 61] = [
    (&["$", "＄", "﹩"], &[
        "USD", "ARS", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "CUP", "CVE", "DOP", "FJD", "GYD",
        "HKD", "JMD", "KYD", "LRD", "MOP", "MXN", "NAD", "NIO", "NZD", "SBD", "SGD", "SRD", "TOP", "TTD", "TWD", "UYU",
        "WST", "XCD",
    ]),
    (&["us$", "u$s", "u$d"], &["USD"]),
    (&["a$", "au$"], &["AUD"]),
    (&["ca$", "can$", "cdn$"], &["CAD"]),
    (&["c$"], &["CAD", "NIO"]),
    (&["nz$"], &["NZD"]),
    (&["hk$"], &["HKD"]),
    (&["nt$"], &["TWD"]),
    (&["s$"], &["SGD"]),
    (&["mx$", "mex$"], &["MXN"]),
    (&["ar$"], &["ARS"]),
    (&["r$"], &["BRL"]),
    (&["$u"], &["UYU"]),
    (&["rd$"], &["DOP"]),
    (&["€", "euro", "euros"], &["EUR"]),
    (&["£", "￡"], &["GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"]),
    (&["¥", "￥"], &["JPY", "CNY"]),
    (&["円"], &["JPY"]),
    (&["元", "圓"], &["CNY", "HKD", "MOP", "TWD"]),
    (&["cn¥", "rmb", "人民币"], &["CNY"]),
    (&["₩", "￦"], &["KRW", "KPW"]),
    (&["원"], &["KRW", "KPW"]),
    (&["kr", "kr."], &["SEK", "NOK", "DKK", "ISK"]),
    (&["fr", "fr.", "frs", "sfr", "sfr."], &["CHF"]),
    (&["cfa", "f cfa", "fcfa"], &["XOF", "XAF"]),
    (&["zł", "zl"], &["PLN"]),
    (&["kč"], &["CZK"]),
    (&["ft", "ft."], &["HUF"]),
    (&["lei", "leu"], &["RON", "MDL"]),
    (&["лв", "лв."], &["BGN"]),
    (&["дин", "дин.", "din", "din."], &["RSD"]),
    (&["₽", "руб", "руб."], &["RUB"]),
    (&["₴", "грн", "грн."], &["UAH"]),
    (&["br"], &["BYN", "ETB"]),
    (&["₺", "tl"], &["TRY"]),
    (&["₹"], &["INR"]),
    (&["₨", "rs", "rs."], &["INR", "LKR", "MUR", "NPR", "PKR", "SCR"]),
    (&["৳"], &["BDT"]),
    (&["฿", "บาท"], &["THB"]),
    (&["₫", "đ"], &["VND"]),
    (&["₱"], &["PHP", "CUP"]),
    (&["rp", "rp."], &["IDR"]),
    (&["rm"], &["MYR"]),
    (&["₪"], &["ILS"]),
    (&["﷼"], &["IRR", "OMR", "QAR", "SAR", "YER"]),
    (&["ر.س", "ر.س."], &["SAR"]),
    (&["د.إ", "د.إ."], &["AED"]),
    (&["د.ك", "د.ك."], &["KWD"]),
    (&["ج.م", "ج.م."], &["EGP"]),
    (&["د.م", "د.م."], &["MAD"]),
    (&["ر.ق", "ر.ق."], &["QAR"]),
    (&["r"], &["ZAR"]),
    (&["₦"], &["NGN"]),
    (&["₵", "gh₵"], &["GHS"]),
    (&["ksh", "ksh."], &["KES"]),
    (&["s/", "s/."], &["PEN"]),
    (&["₡"], &["CRC"]),
    (&["₲"], &["PYG"]),
    (&["₸"], &["KZT"]),
    (&["₾"], &["GEL"]),
    (&["₮"], &["MNT"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sign_is_there_once_in_lower_case_and_every_code_is_in_use() {
        let mut seen = BTreeSet::new();
        for (signs, codes) in SIGNS {
            for sign in signs {
                assert!(seen.insert(sign) && sign.to_lowercase() == *sign, "{sign}");
                assert!(sign.parse::<Currency>().is_err(), "{sign} is a code, too");
                assert_eq!(
                    CurrencyMark::read(&sign.to_uppercase()),
                    Some(CurrencyMark::Sign(codes)),
                    "{sign}"
                );
            }
            for code in codes {
                assert!(code.parse::<Currency>().is_ok(), "{code}");
            }
        }
    }

    #[test]
    fn v43_a_code_means_itself_and_other_words_mean_nothing() {
        assert_eq!(CurrencyMark::read(" eur "), Some(CurrencyMark::Code(Currency::EUR)));
        assert_eq!(CurrencyMark::read("$").and_then(CurrencyMark::only), None);
        assert_eq!(CurrencyMark::read("US$").and_then(CurrencyMark::only), Some(Currency::USD));
        for text in ["", "XXX", "kg", "Stk", "%", "$$", "EURO5", "."] {
            assert_eq!(CurrencyMark::read(text), None, "{text}");
        }
    }
}
