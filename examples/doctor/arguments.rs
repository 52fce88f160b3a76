//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Failure;

pub(crate) const HELP: &str = "\
Finds out why events would not be accepted, before the first one is sent. It only asks Meta, unless you
ask for a test event.

Usage:
  doctor [OPTIONS]
  doctor --mock CASE [OPTIONS]
      Try it: a mock server on this machine plays a set-up that is broken. CASE is one of those below.

Options:
  --credential-file FILE   read the access token from this file, which `authorize` writes, or which holds
                           the token and nothing else
  --send-test-event CODE   also send one test event with this code, which stands in Events Manager under
                           Test events. Meta counts it, so it is no sale. It needs --email
  --email ADDRESS          the e-mail address of the test event: one of your own
  --proof-in-address       let calls that read carry a proof of the app secret, which ends after five
                           minutes, and stands in the address. An app that requires its secret answers
                           only then
  --json                   print JSON instead of text
  --help                   show this text

Environment variables:
  META_DATASET_ID          the id of the dataset that is to receive the events
  META_ACCESS_TOKEN        the access token, unless --credential-file has it
  META_APP_ID              the app of the token; with META_APP_SECRET it asks Meta about the token
  META_APP_SECRET          the secret of the app
  META_AD_ACCOUNT_ID       an ad account without act_, whose terms are checked
  META_API_VERSION         the version of Meta's API, such as v26.0
  META_TEST_EVENT_CODE     the code that your own program sends with its events, if any
  META_GRAPH_URL           the address of the API, instead of https://graph.facebook.com/;
                           http:// only with a server on this machine

Exit status:
  0   nothing has to be done
  1   something has to be done: the lines WARNING and FAILED say what
  2   the command line or a variable is wrong

Cases of --mock:
";

/// What the program does.
pub(crate) enum Command {
    Help,
    Check(Wish),
}

/// What is wished for on the command line.
#[derive(Default)]
pub(crate) struct Wish {
    pub(crate) credential_file: Option<PathBuf>,
    pub(crate) test_event_code: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) proof_in_address: bool,
    pub(crate) json: bool,
    pub(crate) mock: Option<String>,
}

pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Failure> {
    let mut arguments = arguments.into_iter();
    let mut wish = Wish::default();
    while let Some(argument) = arguments.next() {
        let name = argument.into_string().map_err(|_| "an argument is not UTF-8 text: --help lists them")?;
        let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value: see --help"));
        let text = |value: OsString| {
            value.into_string().map_err(|_| format!("the value of {name} is not UTF-8 text"))
        };
        match name.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--json" => wish.json = true,
            "--proof-in-address" => wish.proof_in_address = true,
            "--credential-file" => wish.credential_file = Some(value()?.into()),
            "--send-test-event" => wish.test_event_code = Some(text(value()?)?),
            "--email" => wish.email = Some(text(value()?)?),
            "--mock" => wish.mock = Some(text(value()?)?),
            _ => return Err("there is an argument that is not known: --help lists them".into()),
        }
    }
    if wish.test_event_code.is_some() != wish.email.is_some() {
        return Err(
            "--send-test-event and --email go together: Meta needs somebody to match the event with".into()
        );
    }
    Ok(Command::Check(wish))
}
