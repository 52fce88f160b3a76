//! Set-ups that a mock server plays: one that is sound, and many that are broken, as people meet them.

use meta_offline_events::auth::TokenSource;
use meta_offline_events::client::{Clock, SystemClock, Waiting};
use meta_offline_events::testing::{Answer, MockServer, MockServerBuilder};
use meta_offline_events::value::EventTime;
use serde_json::{Value, json};

use crate::Failure;
use crate::settings::Settings;

const DATASET: &str = "123456789012345";
const TOKEN: &str = "EAAB-not-a-real-token";
const AD_ACCOUNT: &str = "1234567890";
const SYSTEM_USER: &str = "100000000000001";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A set-up: its name, what is wrong, and how it is played.
struct Case {
    name: &'static str,
    about: &'static str,
    server: fn(MockServerBuilder) -> MockServerBuilder,
    answers: fn(&MockServer),
    settings: fn(&mut Settings),
}

const SOUND: Case = Case {
    name: "sound",
    about: "nothing is wrong",
    server: |server| server,
    answers: |_| {},
    settings: |_| {},
};

const CASES: [Case; 22] = [
    SOUND,
    Case {
        name: "token-expired",
        about: "the token has expired",
        answers: |server| refuse_all(server, 190, 463),
        ..SOUND
    },
    Case {
        name: "token-wrong",
        about: "the token is not one of Meta's",
        server: |server| server.token(known("EAAB-another-token")),
        ..SOUND
    },
    Case {
        name: "password-changed",
        about: "the person behind the token changed the password",
        answers: |server| refuse_all(server, 190, 460),
        ..SOUND
    },
    Case {
        name: "token-ends-soon",
        about: "the token ends in three days",
        server: |server| server.token_until(known(TOKEN), days(3)),
        ..SOUND
    },
    Case {
        name: "dataset-unknown",
        about: "the dataset id has a typing error",
        server: |server| server.dataset(known("999999999999999")),
        ..SOUND
    },
    Case {
        name: "not-consolidated",
        about: "the dataset takes no offline events",
        server: |server| server.describe_dataset(dataset("is_consolidated_container", &json!(false))),
        ..SOUND
    },
    Case {
        name: "unavailable",
        about: "the dataset can no longer be used",
        server: |server| server.describe_dataset(dataset("is_unavailable", &json!(true))),
        ..SOUND
    },
    Case {
        name: "restricted",
        about: "the dataset is for lift studies only",
        server: |server| server.describe_dataset(dataset("is_restricted_use", &json!(true))),
        ..SOUND
    },
    Case {
        name: "no-upload-task",
        about: "the system user may look at the dataset, and not send to it",
        server: |server| server.describe_dataset(dataset("tasks", &json!(["ANALYZE"]))),
        ..SOUND
    },
    Case {
        name: "business-tools-terms",
        about: "nobody accepted the Business Tools terms",
        answers: |server| terms(server, &json!({ "offsite_pixels_tos_accepted": false })),
        ..SOUND
    },
    Case {
        name: "audience-terms",
        about: "nobody accepted the Custom Audience terms",
        answers: |server| terms(server, &json!({ "offsite_pixels_tos_accepted": true, "tos_accepted": {} })),
        ..SOUND
    },
    Case {
        name: "development-access",
        about: "the app has only development access",
        answers: |server| at_assigned(server, Answer::graph_error(403, 270, None)),
        ..SOUND
    },
    Case {
        name: "secret-missing",
        about: "the app requires its secret, and it is not set",
        server: |server| server.app_secret(known(SECRET)),
        ..SOUND
    },
    Case {
        name: "secret-wrong",
        about: "the secret is that of another app",
        server: |server| server.app_secret(known(SECRET)),
        settings: |settings| settings.app_secret = Some(known("fedcba9876543210fedcba9876543210")),
        ..SOUND
    },
    Case {
        name: "version-retired",
        about: "the version of the API is too old",
        answers: |server| server.always_at(DATASET, Answer::graph_error(400, 2635, None)),
        settings: |settings| settings.api_version = Some("v19.0".to_owned()),
        ..SOUND
    },
    Case {
        name: "blocked",
        about: "Meta blocks the sender for policy reasons",
        answers: |server| server.always_at(DATASET, Answer::graph_error(400, 368, None)),
        ..SOUND
    },
    Case {
        name: "clock",
        about: "the clock of the server differs by two hours",
        server: |server| server.clock(Behind),
        ..SOUND
    },
    Case {
        name: "test-code-left-on",
        about: "a test event code was left on",
        settings: |settings| settings.test_event_code = Some("TEST12345".to_owned()),
        ..SOUND
    },
    Case {
        name: "hotel-network",
        about: "the login page of a network answers",
        answers: |server| server.always(Answer::html(200)),
        ..SOUND
    },
    Case {
        name: "unreachable",
        about: "nothing answers at the address",
        settings: |settings| settings.address = "http://127.0.0.1:1/".parse().ok(),
        ..SOUND
    },
    Case {
        name: "send-only",
        about: "the token may send and not read, which is no fault",
        answers: |server| {
            for path in [DATASET, "debug_token", "act_1234567890"] {
                server.always_at(path, Answer::graph_error(403, 200, None));
            }
        },
        ..SOUND
    },
];

/// The names of all cases, one a line.
pub(crate) fn list() -> String {
    let lines: Vec<_> =
        CASES.iter().map(|Case { name, about, .. }| format!("  {name:<24} {about}")).collect();
    lines.join("\n")
}

/// Starts the server of a case.
pub(crate) async fn play(name: &str) -> Result<(MockServer, Settings), Failure> {
    let case = CASES.iter().find(|case| case.name == name);
    let case = case.ok_or_else(|| format!("there is no such case. The cases are:\n{}", list()))?;
    let server = (case.server)(MockServer::builder()).start().await?;
    (case.answers)(&server);
    let mut settings = Settings {
        dataset: DATASET.parse()?,
        tokens: TokenSource::fixed(TOKEN.parse()?),
        app_id: None,
        app_secret: None,
        ad_account: Some(AD_ACCOUNT.parse()?),
        api_version: None,
        test_event_code: None,
        address: Some(server.url()),
    };
    (case.settings)(&mut settings);
    Ok((server, settings))
}

/// A value of this file, which is known to be sound.
fn known<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("a value of a case is not sound: {error:?}"))
}

fn days(number: i64) -> EventTime {
    EventTime::from_unix(EventTime::now().unix() + number * 86_400 + 3600)
        .unwrap_or_else(|_| EventTime::now())
}

/// A dataset with one member that differs.
fn dataset(name: &str, value: &Value) -> Value {
    let mut dataset = json!({
        "id": DATASET,
        "name": "Stores",
        "is_consolidated_container": true,
        "is_unavailable": false,
        "owner_business": { "id": "200000000000002", "name": "Example Shops" },
    });
    dataset[name] = value.clone();
    dataset
}

fn refuse_all(server: &MockServer, code: i64, subcode: i64) {
    server.always(Answer::graph_error(401, code, Some(subcode)));
}

fn terms(server: &MockServer, answer: &Value) {
    server.always_at(&format!("act_{AD_ACCOUNT}"), Answer::json(200, answer.clone()));
}

fn at_assigned(server: &MockServer, answer: Answer) {
    server.always_at(&format!("{SYSTEM_USER}/assigned_ads_pixels"), answer);
}

/// The system's clock, two hours ago.
#[derive(Debug)]
struct Behind;

impl Clock for Behind {
    fn now(&self) -> EventTime {
        EventTime::from_unix(EventTime::now().unix() - 7200).unwrap_or_else(|_| EventTime::now())
    }

    fn elapsed(&self) -> std::time::Duration {
        SystemClock.elapsed()
    }

    fn sleep(&self, duration: std::time::Duration) -> Waiting<'_> {
        SystemClock.sleep(duration)
    }

    fn limit(&self, duration: std::time::Duration) -> Waiting<'_> {
        SystemClock.limit(duration)
    }
}
