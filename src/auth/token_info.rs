//! What Meta says about a token: the answer of `debug_token`, read leniently.

use std::fmt;

use serde_json::Value;

use crate::report::ApiError;
use crate::value::{AccessToken, EventTime};
use crate::wire::{Answer, TextFilter, read_answer};

/// What Meta says about an access token.
///
/// [`Graph::inspect`](crate::graph::Graph::inspect) asks for it. [`from_answer`](Self::from_answer) reads the answer to a
/// request that you made with your own HTTP stack.
///
/// Do not conclude from the scopes whether a token may send: tokens of Events Manager that send well are reported with
/// none that says so. A test event tells.
///
/// ```
/// use meta_offline_events::auth::{IssuedToken, TokenExpiry, TokenInfo, TokenKind};
/// use meta_offline_events::value::AccessToken;
///
/// let token: AccessToken = "EAAB-not-a-real-token".parse()?;
/// let answer = br#"{"data": {"app_id": "138483919580948", "type": "SYSTEM_USER", "is_valid": true,
///     "expires_at": 1772323200, "scopes": ["ads_management"]}}"#;
/// let info = TokenInfo::from_answer(200, answer, &token)?;
/// assert!(info.is_valid());
/// assert_eq!(info.kind(), Some(&TokenKind::SystemUser));
///
/// // The client then asks for the next token before this one ends.
/// let issued = match info.expiry() {
///     TokenExpiry::At(end) => IssuedToken::new(token).expires(end),
///     _ => IssuedToken::new(token),
/// };
/// assert_eq!(issued.expiry().map(|end| end.unix()), Some(1_772_323_200));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    is_valid: bool,
    kind: Option<TokenKind>,
    app_id: Option<Box<str>>,
    application: Option<Box<str>>,
    user_id: Option<Box<str>>,
    profile_id: Option<Box<str>>,
    issued: Option<EventTime>,
    expiry: TokenExpiry,
    data_access_until: Option<EventTime>,
    scopes: Vec<Box<str>>,
    granular_scopes: Vec<GranularScope>,
    error: Option<ApiError>,
}

/// The kind of an access token.
///
/// ```
/// use meta_offline_events::auth::TokenKind;
///
/// assert_ne!(TokenKind::User, TokenKind::Other("PAGE".into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// Of a person.
    User,
    /// Of a system user of a business.
    SystemUser,
    /// Another kind, as Meta writes it.
    Other(Box<str>),
}

/// When an access token expires.
///
/// ```
/// use meta_offline_events::auth::TokenExpiry;
///
/// assert_ne!(TokenExpiry::Never, TokenExpiry::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenExpiry {
    /// At this moment.
    At(EventTime),
    /// Never: Meta says zero. Public integrations read it so; Meta's page does not.
    Never,
    /// Meta does not say.
    Unknown,
}

/// A permission of a token, and the objects that it holds for.
///
/// ```
/// use meta_offline_events::auth::GranularScope;
///
/// fn datasets(scope: &GranularScope) -> String {
///     scope.targets().map_or("all".to_owned(), |ids| ids.collect::<Vec<_>>().join(", "))
/// }
/// # let _ = datasets;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GranularScope {
    scope: Box<str>,
    targets: Option<Vec<Box<str>>>,
}

/// Why an answer says nothing about a token.
///
/// ```
/// use meta_offline_events::auth::{TokenInfo, TokenInfoError};
///
/// let answer = br#"{"error": {"code": 190, "message": "Invalid OAuth access token."}}"#;
/// let error = TokenInfo::from_answer(400, answer, &"EAAB".parse()?).unwrap_err();
/// assert!(matches!(error, TokenInfoError::Api(api) if api.code() == Some(190)));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenInfoError {
    /// Meta answered with an error: about the token that the request itself was made with, most likely.
    #[error("{advice}: {0}", advice = .0.advice())]
    Api(Box<ApiError>),
    /// It is not an answer about a token, for this reason.
    #[error("not an answer about a token: {0}")]
    Unreadable(Box<str>),
}

impl TokenInfo {
    /// Reads the answer to a request for `debug_token`. `inspected` is the token that the request was about, so that no
    /// text of the answer shows it.
    ///
    /// # Errors
    ///
    /// [`TokenInfoError`] when the answer is an error, or has no `data`. Whatever else is missing or has another form
    /// counts as unknown.
    pub fn from_answer(status: u16, body: &[u8], inspected: &AccessToken) -> Result<Self, TokenInfoError> {
        let filter = TextFilter::masking([inspected.expose()]);
        let json: Option<Value> = serde_json::from_slice(body).ok();
        match json.as_ref().and_then(|json| Self::from_json(json, &filter)) {
            Some(info) if (200..300).contains(&status) => Ok(info),
            _ => Err(match read_answer(status, None, body, &filter) {
                Answer::Error(error) => TokenInfoError::Api(error),
                Answer::Unreadable(why) if status != 200 => TokenInfoError::Unreadable(why),
                _ => TokenInfoError::Unreadable("it has no `data`".into()),
            }),
        }
    }

    /// Reads the JSON of an answer; `None` if it has no `data`.
    pub(crate) fn from_json(json: &Value, filter: &TextFilter<'_>) -> Option<Self> {
        json.get("data").filter(|data| data.is_object()).map(|data| Self::read(data, filter))
    }

    fn read(data: &Value, filter: &TextFilter<'_>) -> Self {
        let text = |name: &str| data.get(name).and_then(|value| text_of(value, filter));
        let list = |name: &str| data.get(name).and_then(Value::as_array).into_iter().flatten();
        let seconds = |name: &str| data.get(name).and_then(number);
        let moment = |name: &str| EventTime::from_unix(seconds(name)?).ok();
        let kind = text("type").map(|kind| match &*kind {
            "USER" => TokenKind::User,
            "SYSTEM_USER" => TokenKind::SystemUser,
            _ => TokenKind::Other(kind),
        });
        Self {
            is_valid: data.get("is_valid") == Some(&Value::Bool(true)),
            kind,
            app_id: text("app_id"),
            application: text("application"),
            user_id: text("user_id"),
            profile_id: text("profile_id"),
            issued: moment("issued_at"),
            expiry: match (seconds("expires_at"), moment("expires_at")) {
                (Some(0), _) => TokenExpiry::Never,
                (_, Some(end)) => TokenExpiry::At(end),
                _ => TokenExpiry::Unknown,
            },
            data_access_until: moment("data_access_expires_at"),
            scopes: list("scopes").filter_map(|scope| text_of(scope, filter)).collect(),
            granular_scopes: list("granular_scopes")
                .filter_map(|scope| GranularScope::read(scope, filter))
                .collect(),
            error: data.get("error").filter(|error| error.is_object()).map(|error| ApiError {
                code: error.get("code").and_then(number),
                subcode: error.get("subcode").and_then(number),
                message: error.get("message").and_then(|message| text_of(message, filter)),
                ..ApiError::default()
            }),
        }
    }

    /// Whether the token is valid now.
    pub fn is_valid(&self) -> bool {
        self.is_valid
    }

    /// The kind of the token.
    pub fn kind(&self) -> Option<&TokenKind> {
        self.kind.as_ref()
    }

    /// The id of the app that the token belongs to.
    pub fn app_id(&self) -> Option<&str> {
        self.app_id.as_deref()
    }

    /// The name of the app that the token belongs to.
    pub fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// The id of the user of the token.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The id of the page or other profile of the token.
    pub fn profile_id(&self) -> Option<&str> {
        self.profile_id.as_deref()
    }

    /// When the token was issued.
    pub fn issued(&self) -> Option<EventTime> {
        self.issued
    }

    /// When the token expires.
    pub fn expiry(&self) -> TokenExpiry {
        self.expiry
    }

    /// Until when the app may see the data of the token's user, whether the token expires or not.
    pub fn data_access_until(&self) -> Option<EventTime> {
        self.data_access_until
    }

    /// The permissions of the token.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(AsRef::as_ref)
    }

    /// The permissions of the token with the objects that they hold for.
    pub fn granular_scopes(&self) -> &[GranularScope] {
        &self.granular_scopes
    }

    /// What Meta would answer to a call with the token, if the token is not valid.
    pub fn error(&self) -> Option<&ApiError> {
        self.error.as_ref()
    }
}

impl GranularScope {
    fn read(json: &Value, filter: &TextFilter<'_>) -> Option<Self> {
        let targets = json.get("target_ids").and_then(Value::as_array);
        let targets = targets.map(|ids| ids.iter().filter_map(|id| text_of(id, filter)).collect());
        Some(Self { scope: text_of(json.get("scope")?, filter)?, targets })
    }

    /// The permission.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The ids of the objects that it holds for; `None` if it holds for all.
    pub fn targets(&self) -> Option<impl Iterator<Item = &str>> {
        self.targets.as_ref().map(|ids| ids.iter().map(AsRef::as_ref))
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "USER",
            Self::SystemUser => "SYSTEM_USER",
            Self::Other(kind) => kind,
        })
    }
}

/// A text, or a number in place of one: ids come as both.
fn text_of(value: &Value, filter: &TextFilter<'_>) -> Option<Box<str>> {
    match value {
        Value::String(text) => Some(filter.clean(text)),
        Value::Number(number) => Some(filter.clean(&number.to_string())),
        _ => None,
    }
}

/// A whole number, or the text of one.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(data: &Value) -> TokenInfo {
        let body = json!({ "data": data }).to_string();
        TokenInfo::from_answer(200, body.as_bytes(), &"EAABMARKEDTOKEN".parse().unwrap()).unwrap()
    }

    #[test]
    fn an_answer_is_read_whole() {
        let info = read(&json!({
            "app_id": 138_483, "application": "Shop", "type": "USER", "is_valid": true, "user_id": "1",
            "profile_id": "2", "issued_at": 1_767_225_600, "expires_at": 1_772_323_200,
            "data_access_expires_at": 1_775_001_600, "scopes": ["ads_management", "ads_read"], "metadata": {},
            "granular_scopes": [{"scope": "ads_read"}, {"scope": "ads_management", "target_ids": ["7", 8]}],
        }));
        let ids = [info.app_id(), info.application(), info.user_id(), info.profile_id()];
        assert_eq!(ids, [Some("138483"), Some("Shop"), Some("1"), Some("2")]);
        assert!(info.is_valid() && info.kind() == Some(&TokenKind::User) && info.error().is_none());
        assert_eq!(info.issued().map(EventTime::unix), Some(1_767_225_600));
        assert_eq!(info.expiry(), TokenExpiry::At(EventTime::from_unix(1_772_323_200).unwrap()));
        assert_eq!(info.data_access_until().map(EventTime::unix), Some(1_775_001_600));
        assert_eq!(info.scopes().collect::<Vec<_>>(), ["ads_management", "ads_read"]);
        let granular: Vec<_> = info
            .granular_scopes()
            .iter()
            .map(|scope| (scope.scope(), scope.targets().map(|ids| ids.collect::<Vec<_>>().join("+"))))
            .collect();
        assert_eq!(granular, [("ads_read", None), ("ads_management", Some("7+8".to_owned()))]);
    }

    #[test]
    fn what_is_missing_or_has_another_form_is_unknown() {
        for (data, expiry) in [
            (json!({}), TokenExpiry::Unknown),
            (
                json!({"expires_at": null, "scopes": "ads_read", "granular_scopes": [{}, 5]}),
                TokenExpiry::Unknown,
            ),
            (json!({"expires_at": 0}), TokenExpiry::Never),
            (json!({"expires_at": "0", "is_valid": "true"}), TokenExpiry::Never),
            (json!({"expires_at": -1, "type": ["USER"]}), TokenExpiry::Unknown),
        ] {
            let info = read(&data);
            assert_eq!(info.expiry(), expiry, "{data}");
            assert!(!info.is_valid() && info.kind().is_none() && info.scopes().count() == 0, "{data}");
            assert!(info.granular_scopes().is_empty(), "{data}");
        }
        assert_eq!(read(&json!({"type": "PAGE"})).kind().map(ToString::to_string).as_deref(), Some("PAGE"));
    }

    #[test]
    fn the_error_of_a_token_says_what_is_wrong_with_it() {
        use crate::report::TokenProblem;
        let error = json!({"code": 190, "subcode": 463, "message": "Session of EAABMARKEDTOKEN has expired"});
        let info = read(&json!({"is_valid": false, "error": error}));
        assert_eq!(info.error().and_then(ApiError::token_problem), Some(TokenProblem::Expired));
        assert!(!format!("{info:?}").contains("MARKEDTOKEN"), "{info:?}");
    }

    #[test]
    fn other_answers_are_no_information() {
        let read = |status, body: &str| {
            let token = "EAABMARKEDTOKEN".parse().unwrap();
            TokenInfo::from_answer(status, body.as_bytes(), &token)
                .map(drop)
                .map_err(|error| error.to_string())
        };
        for (status, body, expected) in [
            (400, r#"{"error":{"code":190,"message":"no EAABMARKEDTOKEN"}}"#, "Meta error 190: no […]"),
            (200, r#"{"error":{"code":100,"message":"x"}}"#, "Meta error 100: x"),
            (200, "{}", "it has no `data`"),
            (200, r#"{"data":[]}"#, "it has no `data`"),
            (200, "", "it has no `data`"),
            (502, "<html>", "HTTP status 502"),
        ] {
            let text = read(status, body).unwrap_err();
            assert!(text.contains(expected), "{status} {body}: {text}");
        }
    }
}
