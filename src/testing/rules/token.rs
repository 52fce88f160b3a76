//! Rules on who sends: the token, and the proof that is made with the app secret.

use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::request::Request;
use crate::testing::graph::GraphError;
use crate::value::{AccessToken, AppSecret, EventTime};

/// The tokens of a server.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Tokens {
    pub(in crate::testing) known: Vec<KnownToken>,
    /// Whether tokens that are not known are valid, too.
    pub(in crate::testing) takes_others: bool,
}

/// A token that the server knows.
#[derive(Clone)]
pub(in crate::testing) struct KnownToken {
    pub(in crate::testing) token: AccessToken,
    /// When it expires, if it does.
    pub(in crate::testing) until: Option<EventTime>,
    /// Why it is refused whatever the time, as the subcode of 190.
    pub(in crate::testing) refusal: Option<i64>,
    /// As Meta writes it.
    pub(in crate::testing) kind: &'static str,
    /// The id of its user.
    pub(in crate::testing) user: String,
    pub(in crate::testing) scopes: Vec<String>,
}

impl KnownToken {
    /// A token of a system user.
    pub(in crate::testing) fn new(token: AccessToken, until: Option<EventTime>) -> Self {
        Self {
            token,
            until,
            refusal: None,
            kind: "SYSTEM_USER",
            user: "100000000000001".to_owned(),
            scopes: vec!["ads_management".to_owned(), "business_management".to_owned()],
        }
    }

    /// The error that a call with this token gets.
    pub(in crate::testing) fn error(&self, now: i64) -> Option<GraphError> {
        let is_over = self.until.is_some_and(|until| until.unix() <= now);
        match (self.refusal, is_over) {
            (Some(subcode), _) => {
                Some(GraphError::new(401, 190, "The access token is refused").subcode(subcode))
            }
            (None, true) => Some(GraphError::new(401, 190, "The access token has expired").subcode(463)),
            (None, false) => None,
        }
    }
}

impl Tokens {
    pub(in crate::testing) fn find(&self, token: &str) -> Option<&KnownToken> {
        self.known.iter().find(|known| known.token.expose() == token)
    }

    /// Refuses a token from now on, also one that was not known.
    pub(in crate::testing) fn refuse(&mut self, token: &AccessToken, subcode: i64) {
        if self.find(token.expose()).is_none() {
            self.known.push(KnownToken::new(token.clone(), None));
        }
        for known in self.known.iter_mut().filter(|known| known.token.expose() == token.expose()) {
            known.refusal = Some(subcode);
        }
    }
}

impl fmt::Debug for KnownToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownToken").field("until", &self.until).finish_non_exhaustive()
    }
}

/// How long a proof with a time is valid, in seconds.
const PROOF_LASTS: i64 = 300;

/// The token of the header, else of the body. One in the URL is not looked for.
pub(super) fn token_of<'a>(request: &Request<'a>, body: Option<&'a Map<String, Value>>) -> Option<&'a str> {
    let in_header = request.authorization.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let in_body = || body?.get("access_token")?.as_str();
    in_header.or_else(in_body).filter(|token| !token.is_empty())
}

/// Returns the token if it is valid.
pub(in crate::testing) fn check_token<'a>(
    token: Option<&'a str>,
    tokens: &Tokens,
    now: i64,
) -> Result<&'a str, GraphError> {
    let Some(token) = token else {
        let message = "An active access token must be used to send events";
        return Err(GraphError::new(401, 190, message).subcode(2500));
    };
    match tokens.find(token) {
        None if tokens.takes_others => Ok(token),
        None => Err(GraphError::new(401, 190, "The access token is not valid").subcode(467)),
        Some(known) => known.error(now).map_or(Ok(token), Err),
    }
}

/// Checks the proof of the token in the body.
pub(in crate::testing) fn check_proof(
    body: Option<&Map<String, Value>>,
    token: &str,
    secret: &AppSecret,
    now: i64,
) -> Result<(), GraphError> {
    let member = |name| body.and_then(|body| body.get(name));
    let Some(proof) = member("appsecret_proof").and_then(Value::as_str) else {
        let message = "API calls from the server require an appsecret_proof argument";
        return Err(GraphError::new(400, 100, message));
    };
    let time = member("appsecret_time");
    let is_late = |time: &Value| time.as_i64().is_none_or(|time| (now - time).abs() > PROOF_LASTS);
    let message = time.map_or_else(|| token.to_owned(), |time| format!("{token}|{time}"));
    if time.is_some_and(is_late) || proof != hmac(secret.expose().as_bytes(), message.as_bytes()) {
        return Err(GraphError::new(400, 104, "Incorrect signature"));
    }
    Ok(())
}

/// HMAC-SHA256 by its definition.
fn hmac(key: &[u8], message: &[u8]) -> String {
    const BLOCK: usize = 64;
    let mut padded = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    padded.resize(BLOCK, 0);
    let hash = |pad: u8, message: &[u8]| {
        let key = padded.iter().map(|byte| byte ^ pad).collect::<Vec<_>>();
        Sha256::digest([&key, message].concat())
    };
    hash(0x5c, &hash(0x36, message)).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::{Rules, check};
    use super::super::sample::{NOW, StatusAndCodes, purchase, request, rules};
    use super::*;

    #[test]
    fn r24_a_token_is_needed_and_must_be_the_right_one() {
        let data = json!([purchase()]);
        let in_body = |token: &str| json!({ "data": data, "access_token": token }).to_string();
        let without = json!({ "data": data }).to_string();
        let missing = Some((401, 190, Some(2500)));
        let wrong = Some((401, 190, Some(467)));
        let rows: [(Option<&str>, &str, StatusAndCodes); 8] = [
            (Some("Bearer good"), &without, None),
            (Some("bearer good"), &without, None),
            (None, &in_body("good"), None),
            (None, &without, missing),
            (None, &in_body(""), missing),
            (Some("Basic good"), &without, missing),
            (Some("Bearer bad"), &without, wrong),
            (None, &in_body("bad"), wrong),
        ];
        for (row, (authorization, body, expected)) in rows.into_iter().enumerate() {
            let error = check(&Request { authorization, body: body.as_bytes(), ..request() }, &rules()).err();
            assert_eq!(error.map(|error| (error.status, error.code, error.subcode)), expected, "row {row}");
        }
    }

    #[test]
    fn a_token_in_the_url_is_no_token() {
        let target = "/v26.0/123/events?access_token=good";
        let error = check(&Request { target, authorization: None, ..request() }, &rules()).err();
        assert_eq!(error.map(|error| error.code), Some(190));
    }

    #[test]
    fn a_token_expires_by_the_clock_of_the_server() {
        let until = Some(EventTime::from_unix(NOW).unwrap());
        let known = vec![KnownToken::new("good".parse().unwrap(), until)];
        let tokens = Tokens { known, takes_others: false };
        let body = json!({ "data": [purchase()] }).to_string();
        let request = Request { body: body.as_bytes(), ..request() };
        let code = |now| {
            let error = check(&request, &Rules { tokens: &tokens, now, ..rules() }).err();
            error.map(|error| (error.code, error.subcode))
        };
        assert_eq!([code(NOW - 1), code(NOW)], [None, Some((190, Some(463)))]);
    }

    #[test]
    fn the_proof_fits_token_secret_and_time() {
        const TIME: i64 = 1_735_689_600;
        let token = "EAABtestaccesstoken0123456789";
        let secret: AppSecret = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let plain = "3ceff03f2f4cc8804cd06f8f8c56c3e7157e6fe55480c36cd1b01673a56de991";
        let timed = "df4500a588fb96367c68ac1b186567e93402476da64d2030fcb5c951eed3812d";
        for (row, (members, token, now, code)) in [
            (json!({ "appsecret_proof": plain }), token, NOW, None),
            (json!({ "appsecret_proof": timed, "appsecret_time": TIME }), token, TIME + 300, None),
            (json!({ "appsecret_proof": timed, "appsecret_time": TIME }), token, TIME + 301, Some(104)),
            (json!({ "appsecret_proof": timed, "appsecret_time": TIME + 1 }), token, TIME, Some(104)),
            (json!({ "appsecret_proof": timed }), token, TIME, Some(104)),
            (json!({ "appsecret_proof": plain }), "another", NOW, Some(104)),
            (json!({}), token, NOW, Some(100)),
        ]
        .into_iter()
        .enumerate()
        {
            let checked = check_proof(members.as_object(), token, &secret, now);
            assert_eq!(checked.err().map(|error| error.code), code, "row {row}");
        }
    }
}
