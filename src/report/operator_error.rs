//! Errors of Meta that a person has to resolve, beside the events.

use std::fmt;

use super::api_error::{ApiError, ErrorClass};

/// An error of Meta that a person has to resolve outside the program: in Meta's Business Settings, for example.
///
/// [`ApiError::operator_error`] returns it. `Display` says in one line what happened, what to do next, and Meta's own
/// words.
///
/// That a dataset is not consolidated, and so takes no offline events, has no error of its own as far as is known:
/// `Client::check` finds it.
///
/// ```
/// use meta_offline_events::report::{DeliveryReport, OperatorErrorKind, StopCause};
///
/// /// Whom to call when a run stopped.
/// fn responsible(report: &DeliveryReport) -> Option<&'static str> {
///     let error = report.stopped()?.operator_error()?;
///     Some(match error.kind() {
///         OperatorErrorKind::TermsNotAccepted => "the owner of the business",
///         OperatorErrorKind::Reauthorise => "whoever has access to the token",
///         _ => "the advertising team",
///     })
/// }
/// assert_eq!(responsible(&DeliveryReport::default()), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorError<'e> {
    kind: OperatorErrorKind,
    error: &'e ApiError,
}

/// What a person has to resolve.
///
/// ```
/// use meta_offline_events::report::OperatorErrorKind;
///
/// assert_eq!(OperatorErrorKind::TermsNotAccepted.code(), "terms_not_accepted");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperatorErrorKind {
    /// Nobody has accepted terms that Meta asks for. [`ApiError::terms_link`] is where to do so, and
    /// [`ApiError::terms_ad_account`] is the ad account that they are for, if Meta names them.
    TermsNotAccepted,
    /// The token has to be replaced, or its user has to log in. [`ApiError::token_problem`] says why.
    Reauthorise,
    /// The app secret proof is missing or wrong.
    AppSecretNeeded,
    /// The app or the token lacks a permission.
    MissingPermission,
    /// The app has only development access (code 270).
    DevelopmentAccess,
    /// The dataset does not exist, or the token may not see it.
    DatasetUnknown,
    /// The dataset is not linked to what the events come from: a page, or a WhatsApp business account.
    DatasetNotLinked,
    /// Meta blocks the sender for policy reasons.
    BlockedByPolicy,
    /// Meta no longer answers this version of its API.
    VersionRetired,
}

impl OperatorErrorKind {
    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::TermsNotAccepted => "terms_not_accepted",
            Self::Reauthorise => "reauthorise",
            Self::AppSecretNeeded => "app_secret_needed",
            Self::MissingPermission => "missing_permission",
            Self::DevelopmentAccess => "development_access",
            Self::DatasetUnknown => "dataset_unknown",
            Self::DatasetNotLinked => "dataset_not_linked",
            Self::BlockedByPolicy => "blocked_by_policy",
            Self::VersionRetired => "version_retired",
        }
    }
}

impl OperatorError<'_> {
    /// What has to be resolved.
    pub fn kind(&self) -> OperatorErrorKind {
        self.kind
    }

    /// Meta's error.
    pub fn error(&self) -> &ApiError {
        self.error
    }
}

impl fmt::Display for OperatorError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error.advice())?;
        if let Some(link) = self.error.terms_link() {
            write!(f, " at {link}")?;
        }
        if let Some(account) = self.error.terms_ad_account() {
            write!(f, " for the ad account {account}")?;
        }
        write!(f, ": {}", self.error)
    }
}

impl ApiError {
    /// What a person has to resolve, if the error asks for one.
    ///
    /// ```
    /// use meta_offline_events::report::ApiError;
    ///
    /// assert_eq!(ApiError::default().operator_error(), None);
    /// ```
    pub fn operator_error(&self) -> Option<OperatorError<'_>> {
        use OperatorErrorKind as Kind;
        if self.is_from_gateway() {
            return None;
        }
        let kind = match (self.class(), self.code(), self.subcode()) {
            (ErrorClass::AcceptTerms, ..) => Kind::TermsNotAccepted,
            (_, Some(368 | 1_404_078 | 1_404_163 | 2_859_015), _) => Kind::BlockedByPolicy,
            (_, Some(2635), _) => Kind::VersionRetired,
            (ErrorClass::FixToken, ..) if self.is_about_proof() => Kind::AppSecretNeeded,
            (ErrorClass::FixToken, ..) => Kind::Reauthorise,
            (ErrorClass::FixPermission, Some(270), _) => Kind::DevelopmentAccess,
            (ErrorClass::FixPermission, Some(100), Some(33))
            | (ErrorClass::FixDataset, Some(803 | 2_044_055), _) => Kind::DatasetUnknown,
            (ErrorClass::FixPermission, ..) => Kind::MissingPermission,
            (ErrorClass::FixDataset, Some(100), _) => Kind::DatasetNotLinked,
            _ => return None,
        };
        Some(OperatorError { kind, error: self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: i64, subcode: Option<i64>) -> ApiError {
        let message = Some("(#1) Meta's own words".into());
        ApiError { status: 400, code: Some(code), subcode, message, ..ApiError::default() }
    }

    #[test]
    fn every_error_for_a_person_says_what_happened_what_to_do_and_metas_words() {
        use OperatorErrorKind as Kind;
        for (code, subcode, kind, what) in [
            (200, Some(1_870_034), Kind::TermsNotAccepted, "a person has to accept Meta's terms"),
            (1_870_090, None, Kind::TermsNotAccepted, "a person has to accept Meta's terms"),
            (1_870_092, None, Kind::TermsNotAccepted, "a person has to accept Meta's terms"),
            (2655, None, Kind::TermsNotAccepted, "a person has to accept Meta's terms"),
            (190, Some(463), Kind::Reauthorise, "has expired: replace it"),
            (190, Some(460), Kind::Reauthorise, "changed the password"),
            (102, None, Kind::Reauthorise, "replace the access token"),
            (452, None, Kind::Reauthorise, "replace the access token"),
            (100, Some(36_007), Kind::Reauthorise, "begin the login again"),
            (104, None, Kind::AppSecretNeeded, "the app secret must be that of the token's app"),
            (3, None, Kind::MissingPermission, "give the app the permission"),
            (10, None, Kind::MissingPermission, "assign the dataset to the token's user"),
            (200, None, Kind::MissingPermission, "assign the dataset to the token's user"),
            (3962, None, Kind::MissingPermission, "check the spelling"),
            (270, None, Kind::DevelopmentAccess, "ask Meta for a higher access level"),
            (100, Some(33), Kind::DatasetUnknown, "check the dataset id"),
            (803, None, Kind::DatasetUnknown, "check the dataset id"),
            (2_044_055, None, Kind::DatasetUnknown, "check the dataset id"),
            (100, Some(2_804_131), Kind::DatasetNotLinked, "use the dataset of that page or account"),
            (368, None, Kind::BlockedByPolicy, "a person has to look into it"),
            (1_404_163, None, Kind::BlockedByPolicy, "a person has to look into it"),
            (2635, None, Kind::VersionRetired, "the API version is retired: set a newer one"),
        ] {
            let error = api(code, subcode);
            let shown = error.operator_error().map(|error| (error.kind(), error.to_string()));
            let Some((found, text)) = shown else { panic!("{code}/{subcode:?} is for a person") };
            assert_eq!(found, kind, "{code}/{subcode:?}");
            assert!(text.contains(what) && text.contains("Meta's own words"), "{code}/{subcode:?}: {text}");
        }
        for (code, subcode) in [(1, None), (2, None), (4, None), (100, Some(2_804_050)), (777, None)] {
            assert_eq!(api(code, subcode).operator_error(), None, "{code}/{subcode:?}");
        }
    }

    #[test]
    fn r29_the_terms_are_shown_with_their_page_and_ad_account() {
        let page = |query| {
            let link = format!("https://business.facebook.com/ads/manage/customaudiences/tos/{query}");
            ApiError { terms_link: Some(link.into()), ..api(200, None) }
        };
        let text = page("?act=1234567").operator_error().map(|error| error.to_string()).unwrap_or_default();
        let expected = "a person has to accept Meta's terms at \
            https://business.facebook.com/ads/manage/customaudiences/tos/?act=1234567 for the ad account 1234567: \
            Meta error 200: (#1) Meta's own words";
        assert_eq!(text, expected);
        for (query, account) in [
            ("?act=act_12", Some("12")),
            ("?b=1&act=12", Some("12")),
            ("?act=12x", None),
            ("?act=", None),
            ("", None),
        ] {
            assert_eq!(page(query).terms_ad_account(), account, "{query}");
        }
    }
}
