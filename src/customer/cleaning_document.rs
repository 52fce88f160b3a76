//! Cleaning options as a part of a document.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(feature = "phone")]
use super::cleaning_options::CallingCountry;
use super::{AlreadyHashed, CleaningOptions, ExternalIdPolicy, GenderWords, MatchKey};
use crate::value::{Country, DateOrder, EventTime};

/// The members of the document. Those that are not set are left out.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calling_country: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    calling_country_of_customer: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_order: Option<DateOrder>,
    #[serde(skip_serializing_if = "is_default")]
    already_hashed: AlreadyHashed,
    #[serde(skip_serializing_if = "is_default")]
    digests_only: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    external_ids: ExternalIdPolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender_words: Option<Words>,
}

/// The words for female and male.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    female: String,
    male: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Serialize for CleaningOptions {
    /// Writes the options that are set, by the names of their methods.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = Document {
            country: self.country.map(|country| country.code().to_owned()),
            as_of: self.as_of,
            date_order: self.date_order,
            already_hashed: self.already_hashed,
            digests_only: self.digests_only.keys().map(|key| key.wire_name().to_owned()).collect(),
            external_ids: self.external_ids,
            gender_words: self
                .gender_words
                .map(|words| Words { female: words.female().to_owned(), male: words.male().to_owned() }),
            ..Document::default()
        };
        #[cfg(feature = "phone")]
        let document = Document {
            calling_country: self.calling.stated.map(|country| country.code().to_owned()),
            calling_country_of_customer: self.calling.customers,
            ..document
        };
        document.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CleaningOptions {
    /// Reads the options that are set, by the names of their methods.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, ExternalIdPolicy, MatchKey};
    ///
    /// let options: CleaningOptions =
    ///     serde_json::from_str(r#"{"country": "de", "external_ids": "exact", "digests_only": ["em"]}"#)?;
    /// let expected = CleaningOptions::default()
    ///     .country("de".parse()?)
    ///     .external_ids(ExternalIdPolicy::Exact)
    ///     .digests_only(MatchKey::Email);
    /// assert_eq!(options, expected);
    /// assert!(serde_json::from_str::<CleaningOptions>(r#"{"contry": "de"}"#).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Document::deserialize(deserializer)?;
        let country = |text: Option<String>| -> Result<Option<Country>, D::Error> {
            text.map(|text| text.parse()).transpose().map_err(D::Error::custom)
        };
        let gender_words =
            document.gender_words.map(|Words { female, male }| GenderWords::female_male(&female, &male));
        let key = |name: &String| {
            let names: Vec<_> = MatchKey::ALL.iter().map(|key| key.wire_name()).collect();
            let unknown = || format!("digests_only has a name that is none of {}", names.join(", "));
            MatchKey::from_wire_name(name).ok_or_else(|| D::Error::custom(unknown()))
        };
        #[cfg(not(feature = "phone"))]
        if document.calling_country.is_some() || document.calling_country_of_customer {
            return Err(D::Error::custom(
                "a calling country needs the feature `phone` of meta-offline-events",
            ));
        }
        Ok(Self {
            country: country(document.country)?,
            as_of: document.as_of,
            date_order: document.date_order,
            already_hashed: document.already_hashed,
            digests_only: document.digests_only.iter().map(key).collect::<Result<_, _>>()?,
            external_ids: document.external_ids,
            gender_words: gender_words.transpose().map_err(D::Error::custom)?,
            #[cfg(feature = "phone")]
            calling: CallingCountry {
                stated: country(document.calling_country)?,
                customers: document.calling_country_of_customer,
            },
        })
    }
}
