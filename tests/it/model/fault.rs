//! How an answer may be anything but genuine: the rows of the tables on network and answers.

use std::time::Duration;

use chrono::DateTime;
use fastrand::Rng;
use meta_offline_events::client::Response;
use serde_json::{Value, json};

use super::plan::{pick, secs};

/// One way in which a request can go wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// N1, N3, N4: no connection.
    Unreachable,
    /// N9, N10: the connection breaks; the batch may be stored.
    Broken,
    /// N11, N19: no answer inside the limit of an attempt; the batch may be stored.
    Hanging,
    /// P9: the transport panics; the batch may be stored.
    Panic,
    /// R3 to R6, R9, R40: an answer that is not Meta's; the batch may be stored.
    Unreadable,
    /// R31: 5xx without Meta's JSON; the batch may be stored.
    Gateway,
    /// R16, R31, R32: temporary errors that say so.
    Transient,
    /// R17, R20 to R23.
    Throttled,
    /// R28.
    PolicyBlock,
    /// R1, R2: stored, and counted wrongly.
    OtherCount,
    /// R12, R11: refused for an event, although none is bad.
    Sifted,
    /// R33.
    TooLarge,
    /// R35.
    Unknown,
    /// R24, R26, R27, R29, R30, R34.
    Stopping,
    /// R10.
    Redirect,
    /// R8, R18, R19, R22, T1: counted, with more beside it.
    Decorated,
}

impl Fault {
    const ALL: [Self; 16] = [
        Self::Unreachable,
        Self::Broken,
        Self::Hanging,
        Self::Panic,
        Self::Unreadable,
        Self::Gateway,
        Self::Transient,
        Self::Throttled,
        Self::PolicyBlock,
        Self::OtherCount,
        Self::Sifted,
        Self::TooLarge,
        Self::Unknown,
        Self::Stopping,
        Self::Redirect,
        Self::Decorated,
    ];

    /// What an outage may look like.
    pub(super) const OUTAGES: [Self; 5] =
        [Self::Unreachable, Self::Unreachable, Self::Broken, Self::Hanging, Self::Gateway];

    pub(super) fn draw(rng: &mut Rng) -> Self {
        pick(rng, &Self::ALL)
    }

    pub(super) fn stops(self) -> bool {
        matches!(self, Self::Stopping | Self::Redirect | Self::PolicyBlock)
    }

    /// Whether the service may have stored the batch all the same.
    pub(super) fn may_store(self) -> bool {
        matches!(self, Self::Broken | Self::Hanging | Self::Panic | Self::Unreadable | Self::Gateway)
    }
}

/// What an answer means by Meta's rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    Counted,
    OtherCount,
    Ambiguous,
    Unreachable,
    Transient,
    Throttled { is_blocked: bool },
    Sifted,
    TooLarge,
    Unknown,
    Stopping,
    Redirect,
}

impl Verdict {
    /// Whether the service was there and working.
    pub(super) fn shows_health(self) -> bool {
        !matches!(self, Self::Ambiguous | Self::Unreachable | Self::Transient | Self::Redirect)
    }

    /// Whether the same batch may be tried again after a wait.
    pub(super) fn is_tried_again(self) -> bool {
        matches!(self, Self::Ambiguous | Self::Unreachable | Self::Transient)
    }
}

/// An answer, what it means, and how long it asks to wait.
pub(super) struct Reply {
    pub(super) response: Response,
    pub(super) verdict: Verdict,
    pub(super) asked: Option<Duration>,
}

impl Reply {
    fn new(response: Response, verdict: Verdict) -> Self {
        Self { response, verdict, asked: None }
    }

    pub(super) fn counted(count: usize) -> Self {
        Self::new(receipt(&json!(count)), Verdict::Counted)
    }

    pub(super) fn other_count(rng: &mut Rng, sent: usize) -> Self {
        let count = if rng.bool() { sent + 1 + rng.usize(..3) } else { sent - 1 - rng.usize(..sent) };
        Self::new(receipt(&json!(count)), Verdict::OtherCount)
    }

    pub(super) fn unreadable(rng: &mut Rng, sent: usize) -> Self {
        let response = match rng.u8(..14) {
            0 => receipt(&Value::Null),
            1 => receipt(&json!(-1)),
            2 => receipt(&json!("many")),
            3 => Response::new(200, json!({"messages": []}).to_string().into()),
            4 => Response::new(200, Vec::new()),
            5 => Response::new(200, b"{\"events_received\":1".to_vec()),
            6 => page(200),
            7 => Response::new(202, json!({"events_received": sent}).to_string().into()),
            8 => Response::new(204, Vec::new()),
            9 => Response::new(200, "[".repeat(3000).into()),
            10 => Response::new(200, format!("{{\"events_received\":{}}}", "9".repeat(500)).into()),
            11 => Response::new(418, Vec::new()),
            12 => page(400),
            _ => Response::new(201, b"[]".to_vec()),
        };
        Self::new(response, Verdict::Ambiguous)
    }

    pub(super) fn gateway(rng: &mut Rng) -> Self {
        let status = pick(rng, &[500, 502, 503, 504]);
        let response = if rng.bool() { page(status) } else { Response::new(status, Vec::new()) };
        Self::new(response, Verdict::Ambiguous).asks(rng)
    }

    pub(super) fn transient(rng: &mut Rng) -> Self {
        let response = match rng.u8(..7) {
            0 => error(400, &json!({"code": 2})),
            1 => error(400, &json!({"code": 777, "is_transient": true})),
            2 => error(500, &json!({"code": 1, "message": "An unknown error occurred"})),
            3 => error(503, &json!({"code": "-3"})),
            4 => error(200, &json!({"code": 2})),
            5 => Response::new(408, Vec::new()),
            _ => page(425),
        };
        Self::new(response, Verdict::Transient).asks(rng)
    }

    /// Sometimes with a `Retry-After`, which a temporary error may have, too.
    fn asks(mut self, rng: &mut Rng) -> Self {
        if rng.u8(..4) == 0 {
            let seconds = rng.u64(1..700);
            self.response = self.response.header("retry-after", &seconds.to_string());
            self.asked = Some(secs(seconds));
        }
        self
    }

    pub(super) fn throttled(rng: &mut Rng, now: i64) -> Self {
        let code = pick(rng, &[4, 17, 32, 341, 613, 80_000, 80_004, 80_014]);
        let response = match rng.u8(..5) {
            0 => Response::new(429, Vec::new()),
            1 => error(200, &json!({"code": code})),
            2 => error(403, &json!({"code": code, "is_transient": true})),
            _ => error(400, &json!({"code": code})),
        };
        let longest = pick(rng, &[100, 700]);
        let seconds = rng.u64(1..longest);
        let (response, asked) = match rng.u8(..7) {
            0 => (response.header("retry-after", &seconds.to_string()), Some(seconds)),
            1 => {
                let (then, now) = (http_date(now + seconds.cast_signed()), http_date(now));
                (response.header("retry-after", &then).header("date", &now), Some(seconds))
            }
            2 => {
                let minutes = seconds.div_ceil(60);
                let usage = json!({"1": [{"type": "x", "estimated_time_to_regain_access": minutes}]});
                (response.header("x-business-use-case-usage", &usage.to_string()), Some(minutes * 60))
            }
            3 => {
                let usage = json!({"acc_id_util_pct": 100, "reset_time_duration": seconds.to_string()});
                (response.header("x-ad-account-usage", &usage.to_string()), Some(seconds))
            }
            4 => (senseless(rng, response), None),
            _ => (response, None),
        };
        let verdict = Verdict::Throttled { is_blocked: false };
        Self { asked: asked.map(secs), ..Self::new(response, verdict) }
    }

    pub(super) fn policy_block(rng: &mut Rng) -> Self {
        let code = pick(rng, &[368, 1_404_078, 2_859_015]);
        Self::new(error(400, &json!({"code": code})), Verdict::Throttled { is_blocked: true })
    }

    pub(super) fn sifted(subcode: Option<i64>, named: Option<Value>) -> Self {
        let mut inner = json!({"code": 100, "message": "Invalid parameter"});
        if let Some(subcode) = subcode {
            inner["error_subcode"] = subcode.into();
        }
        if let Some(named) = named {
            inner["error_data"] = named;
        }
        Self::new(error(400, &inner), Verdict::Sifted)
    }

    pub(super) fn too_large(rng: &mut Rng) -> Self {
        let words = "Please reduce the amount of data you're asking for";
        let response = match rng.u8(..3) {
            0 => error(500, &json!({"code": 1, "message": words})),
            1 => page(413),
            _ => Response::new(413, Vec::new()),
        };
        Self::new(response, Verdict::TooLarge)
    }

    pub(super) fn unknown(rng: &mut Rng, quoted: &str) -> Self {
        let code = pick(rng, &[777, 506, 105, 1_404_163]);
        let response = match rng.u8(..3) {
            0 => error(400, &json!({"code": code, "message": format!("You sent {quoted}")})),
            1 => error(409, &json!({"code": code.to_string(), "error_user_msg": quoted})),
            _ => error(400, &json!({"code": code})),
        };
        Self::new(response, Verdict::Unknown)
    }

    pub(super) fn stopping(rng: &mut Rng, quoted: &str) -> Self {
        let terms = "agree at https://business.facebook.com/ads/manage/customaudiences/tos/?act=1";
        let response = match rng.u8(..14) {
            0 => error(401, &json!({"code": 190, "error_subcode": 463, "message": quoted})),
            1 => error(400, &json!({"code": 190, "error_subcode": 460})),
            2 => error(400, &json!({"code": 102})),
            3 => error(400, &json!({"code": 104, "message": quoted})),
            4 => error(403, &json!({"code": 200})),
            5 => error(400, &json!({"code": 10})),
            6 => error(400, &json!({"code": 100, "error_subcode": 33})),
            7 => error(404, &json!({"code": 803})),
            8 => error(400, &json!({"code": 2635})),
            9 => error(403, &json!({"code": 200, "message": terms})),
            10 => {
                error(400, &json!({"code": 100, "message": "API calls require an appsecret_proof argument"}))
            }
            11 => page(404),
            12 => Response::new(405, Vec::new()),
            _ => Response::new(401, Vec::new()),
        };
        Self::new(response, Verdict::Stopping)
    }

    pub(super) fn redirect(rng: &mut Rng, quoted: &str) -> Self {
        let status = pick(rng, &[301, 302, 303, 307, 308]);
        let response = Response::new(status, Vec::new());
        let target = format!("https://elsewhere.example/{}", quoted.len());
        Self::new(response.header("location", &target), Verdict::Redirect)
    }

    pub(super) fn decorated(rng: &mut Rng, count: usize, quoted: &str, now: i64) -> Self {
        let body = json!({"events_received": count.to_string(), "messages": [quoted], "fbtrace_id": "T"});
        let response = Response::new(200, body.to_string().into());
        let off = pick(rng, &[90, -90, 4000, -4000, 100_000]);
        let response = match rng.u8(..4) {
            0 => {
                let usage =
                    json!({"call_count": rng.u8(80..110), "total_time": "91.5", "total_cputime": null});
                response.header("x-app-usage", &usage.to_string())
            }
            1 => response.header("date", &http_date(now + off)),
            2 => response.header("retry-after", "30"),
            _ => senseless(rng, response),
        };
        Self::new(response, Verdict::Counted)
    }
}

/// Headers that say nothing.
fn senseless(rng: &mut Rng, response: Response) -> Response {
    let texts = ["0", "-5", "soon", "", "1e9", "99999999999999999999999", "Mon, 99 Nov 2026 10:00:00 GMT"];
    let usage = ["7", "[]", "{\"1\":1}", "{\"1\":[{\"estimated_time_to_regain_access\":1e300}]}", "{\"a\":"];
    response
        .header("retry-after", pick(rng, &texts))
        .header("x-business-use-case-usage", pick(rng, &usage))
        .header("x-app-usage", pick(rng, &usage))
        .header("x-ad-account-usage", pick(rng, &usage))
        .header("date", pick(rng, &["", "yesterday", "2026-11-25T10:00:00Z"]))
}

fn receipt(count: &Value) -> Response {
    let body = json!({"events_received": count, "messages": [], "fbtrace_id": "T"});
    Response::new(200, body.to_string().into())
}

fn error(status: u16, inner: &Value) -> Response {
    Response::new(status, json!({"error": inner}).to_string().into())
}

fn page(status: u16) -> Response {
    Response::new(status, b"<html>Welcome</html>".to_vec()).header("content-type", "text/html")
}

pub(super) fn http_date(unix: i64) -> String {
    DateTime::from_timestamp(unix, 0).unwrap().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
