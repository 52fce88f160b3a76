//! Where access tokens come from, and the one that is held.

use std::env::{self, VarError};
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Mutex as Turns, MutexGuard as Turn};

use super::token_refusal::TokenRefusal;
use super::token_source_error::TokenSourceError;
use crate::value::AccessToken;

/// Where the access token of a client comes from.
///
/// The client asks it before its first request, and again when Meta refuses the token: when it has expired, say. If the
/// source then has another token, the client repeats the refused batch with that one and goes on, in a queue as well.
/// Nothing of a batch is stored when Meta refuses its token, so this counts no event twice.
///
/// Clones share one token. However many clients share a source, it is asked once at a time for all of them, and the
/// others wait for the answer.
///
/// ```
/// use meta_offline_events::Client;
/// use meta_offline_events::auth::TokenSource;
/// # use meta_offline_events::value::AccessToken;
/// # use meta_offline_events::testing::RecordingTransport;
/// # mod secret_store {
/// #     pub(super) async fn read(_: &str) -> Result<String, std::io::Error> { Ok("EAAB-not-a-real-token".into()) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let source = TokenSource::from_async_fn(async |refusal| {
///     // Asked for the first time, or told that Meta refused the token.
///     let _is_renewal = refusal.is_some();
///     let text = secret_store::read("meta/token").await.map_err(|error| error.to_string())?;
///     text.parse::<AccessToken>().map_err(|error| error.to_string())
/// });
/// let client = Client::builder_with_source("123456789012345".parse()?, source)
/// #     .transport(RecordingTransport::new())
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
///
/// # When the source has no other token
///
/// If the source fails, the client asks again after the waits of its
/// [`RetryPolicy`](crate::client::RetryPolicy), as often as that allows. A token of a source that fails only to read a
/// changed file stays in use. If the source has only the refused token, or the token that follows is refused as well,
/// the run stops as it does with a fixed token. A token that came without a refusal, and that Meta then refuses,
/// gives way to the one before it.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    origin: Origin,
    state: Mutex<State>,
    /// Held by whoever asks the origin.
    turns: Turns<()>,
}

/// A token on its way, or why there is none.
pub(crate) type Fetching = Pin<Box<dyn Future<Output = Result<AccessToken, Box<str>>> + Send>>;

/// What a source took from its origin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Another token.
    Other,
    /// The token that it has.
    Same,
    /// The token that Meta refused. It is not held.
    Refused,
}

enum Origin {
    Fixed(AccessToken),
    Environment(Box<str>),
    File(PathBuf),
    Function(Box<dyn Fn(Option<TokenRefusal>) -> Fetching + Send + Sync>),
}

#[derive(Default)]
struct State {
    current: Option<AccessToken>,
    /// The token before the current one, until that one works.
    fallback: Option<AccessToken>,
    /// The last refusal, until the origin is known to have another token or none.
    refusal: Option<TokenRefusal>,
    /// The last token that Meta refused.
    refused: Option<AccessToken>,
    /// How often nobody got a token, and why the last time.
    failures: u64,
    failure: Box<str>,
    /// The file as it was last read.
    read: Option<Stamp>,
}

impl TokenSource {
    /// Creates a source that always has this token.
    pub fn fixed(token: AccessToken) -> Self {
        let state = State { current: Some(token.clone()), ..State::default() };
        Self::of(Origin::Fixed(token), state)
    }

    /// Creates a source that reads an environment variable: now, and again when Meta refuses the token.
    ///
    /// # Errors
    ///
    /// [`TokenSourceError`] when the variable is not set, or is not a token.
    pub fn from_env(name: &str) -> Result<Self, TokenSourceError> {
        let state = State { current: Some(read_env(name)?), ..State::default() };
        Ok(Self::of(Origin::Environment(name.into()), state))
    }

    /// Creates a source that reads a file that holds the token and nothing else: now, when Meta refuses the token, and
    /// before a request if the file has changed.
    ///
    /// While the file cannot be read, the token that was read before stays in use. Replace the file in one step, by
    /// renaming another one.
    ///
    /// ```
    /// use meta_offline_events::auth::TokenSource;
    ///
    /// let path = std::env::temp_dir().join(format!("token-{}", std::process::id()));
    /// std::fs::write(&path, "EAAB-not-a-real-token\n")?;
    /// let source = TokenSource::from_file(&path)?;
    /// assert_eq!(format!("{source:?}"), "TokenSource(file)");
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenSourceError`] when the file cannot be read, or is not a token.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, TokenSourceError> {
        let path = path.into();
        let read = Stamp::of(&path);
        let state = State { current: Some(read_file(&path)?), read, ..State::default() };
        Ok(Self::of(Origin::File(path), state))
    }

    /// Creates a source that calls a function: before the first request, and when Meta refuses the token.
    ///
    /// The function should be quick, because the client waits for it. What its error says appears in the report, past
    /// the filter that masks secrets. There is an example at [`TokenRefusal`].
    pub fn from_fn<E: Display>(
        function: impl Fn(Option<&TokenRefusal>) -> Result<AccessToken, E> + Send + Sync + 'static,
    ) -> Self {
        Self::from_function(move |refusal| {
            let token = function(refusal.as_ref()).map_err(|error| error.to_string().into());
            Box::pin(std::future::ready(token))
        })
    }

    /// Creates a source that calls an asynchronous function: before the first request, and when Meta refuses the token.
    ///
    /// The client waits for it up to the time limit of an attempt
    /// ([`ClientBuilder::timeouts`](crate::client::ClientBuilder::timeouts)). What its error says appears in the
    /// report, past the filter that masks secrets.
    pub fn from_async_fn<F, E>(function: impl Fn(Option<TokenRefusal>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<AccessToken, E>> + Send + 'static,
        E: Display,
    {
        Self::from_function(move |refusal| {
            let token = function(refusal);
            Box::pin(async { token.await.map_err(|error| error.to_string().into()) })
        })
    }

    fn from_function(function: impl Fn(Option<TokenRefusal>) -> Fetching + Send + Sync + 'static) -> Self {
        Self::of(Origin::Function(Box::new(function)), State::default())
    }

    fn of(origin: Origin, state: State) -> Self {
        Self(Arc::new(Inner { origin, state: Mutex::new(state), turns: Turns::default() }))
    }
}

impl From<AccessToken> for TokenSource {
    fn from(token: AccessToken) -> Self {
        Self::fixed(token)
    }
}

/// What a client does with it.
impl TokenSource {
    /// Whether it may have another token than the one it gave.
    pub(crate) fn may_replace(&self) -> bool {
        !matches!(self.0.origin, Origin::Fixed(_))
    }

    /// The token to send with now, unless the origin has to be asked for it.
    pub(crate) fn ready(&self) -> Option<AccessToken> {
        let state = self.state();
        let has_changed = match &self.0.origin {
            Origin::File(path) => state.read != Stamp::of(path),
            _ => false,
        };
        state.current.clone().filter(|_| !has_changed)
    }

    /// The token that is held, even if the origin has to be asked for another one.
    pub(crate) fn held(&self) -> Option<AccessToken> {
        self.state().current.clone()
    }

    /// The tokens that no text may show.
    pub(crate) fn secrets(&self) -> Vec<AccessToken> {
        let state = self.state();
        [&state.current, &state.fallback, &state.refused].into_iter().flatten().cloned().collect()
    }

    /// The right to ask the origin, for one at a time.
    pub(crate) async fn turn(&self) -> Turn<'_, ()> {
        self.0.turns.lock().await
    }

    /// Asks the origin, and tells it of a refusal. The caller has the turn.
    pub(crate) fn fetch(&self) -> Fetching {
        let token = match &self.0.origin {
            Origin::Fixed(token) => Ok(token.clone()),
            Origin::Environment(name) => read_env(name).map_err(|error| described(&error)),
            Origin::File(path) => {
                // Of the time before it is read: a change meanwhile is seen the next time.
                let stamp = Stamp::of(path);
                let token = read_file(path).map_err(|error| described(&error));
                if token.is_ok() {
                    self.state().read = stamp;
                }
                token
            }
            Origin::Function(function) => {
                let refusal = self.state().refusal.clone();
                return function(refusal);
            }
        };
        Box::pin(std::future::ready(token))
    }

    /// Takes what the origin gave: the token to hold from now on, unless it is the refused one.
    pub(crate) fn took(&self, token: AccessToken) -> Taken {
        let mut state = self.state();
        let is = |other: Option<&AccessToken>| other.is_some_and(|other| other.is(&token));
        if is(state.current.as_ref()) {
            Taken::Same
        } else if is(state.refusal.take().as_ref().map(TokenRefusal::token)) {
            Taken::Refused
        } else {
            state.fallback = state.current.replace(token);
            Taken::Other
        }
    }

    /// Meta refused this token: nobody else gets it. The origin is told.
    pub(crate) fn refused(&self, refusal: &TokenRefusal) {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|held| held.is(refusal.token())) {
            state.refused = state.current.take();
            state.current = state.fallback.take();
            state.refusal = state.current.is_none().then(|| refusal.clone());
        }
    }

    /// Meta accepted events with this token: the one before it is no longer needed.
    pub(crate) fn worked(&self, token: &AccessToken) {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|held| held.is(token)) {
            state.fallback = None;
        }
    }

    /// The origin gave nothing to whoever had the turn.
    pub(crate) fn failed(&self, why: &str) {
        let mut state = self.state();
        state.failures += 1;
        state.failure = why.into();
    }

    /// How often [`failed`](Self::failed) was called.
    pub(crate) fn failures(&self) -> u64 {
        self.state().failures
    }

    /// Why there is no token, if the origin failed since there were so many failures.
    pub(crate) fn failure_since(&self, failures: u64) -> Option<Box<str>> {
        let state = self.state();
        (state.failures > failures).then(|| state.failure.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.origin {
            Origin::Fixed(_) => "TokenSource(fixed)",
            Origin::Environment(_) => "TokenSource(environment)",
            Origin::File(_) => "TokenSource(file)",
            Origin::Function(_) => "TokenSource(function)",
        })
    }
}

/// What tells whether a file has changed.
#[derive(PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    number: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self {
            modified: file.modified().ok(),
            length: file.len(),
            #[cfg(unix)]
            number: std::os::unix::fs::MetadataExt::ino(&file),
        })
    }
}

/// More than any token has, in bytes.
const MAX_FILE: u64 = 16 * 1024;

fn read_file(path: &Path) -> Result<AccessToken, TokenSourceError> {
    let what = |trouble: &str| format!("the token file {} {trouble}", path.display());
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
        .map_err(|error| TokenSourceError::unreadable(what("cannot be read"), error))?;
    text.parse().map_err(|error| TokenSourceError::invalid(what("holds no token"), error))
}

fn read_env(name: &str) -> Result<AccessToken, TokenSourceError> {
    let what = |trouble: &str| format!("the environment variable {name} {trouble}");
    match env::var(name) {
        Ok(text) => text.parse().map_err(|error| TokenSourceError::invalid(what("holds no token"), error)),
        Err(VarError::NotPresent) => Err(TokenSourceError::missing(what("is not set"))),
        Err(VarError::NotUnicode(_)) => Err(TokenSourceError::missing(what("holds no token"))),
    }
}

/// The error with its cause, in one line.
fn described(error: &TokenSourceError) -> Box<str> {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}").into(),
        None => error.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> AccessToken {
        text.parse().unwrap()
    }

    fn shown(token: Option<AccessToken>) -> Option<String> {
        token.map(|token| token.expose().to_owned())
    }

    fn refusal(text: &str) -> TokenRefusal {
        TokenRefusal::new(token(text), Arc::default())
    }

    #[test]
    fn the_token_before_stays_until_the_next_one_works() {
        let source = TokenSource::fixed(token("old"));
        assert_eq!(source.took(token("bad")), Taken::Other);
        source.refused(&refusal("bad"));
        assert_eq!(shown(source.ready()).as_deref(), Some("old"));
        assert_eq!(source.took(token("good")), Taken::Other);
        source.worked(&token("good"));
        source.refused(&refusal("good"));
        assert_eq!(shown(source.ready()), None);
    }

    #[test]
    fn a_refusal_of_a_token_that_was_replaced_changes_nothing() {
        let source = TokenSource::fixed(token("first"));
        assert_eq!(source.took(token("second")), Taken::Other);
        source.refused(&refusal("first"));
        assert_eq!(shown(source.ready()).as_deref(), Some("second"));
        assert_eq!(source.took(token("second")), Taken::Same);
    }

    #[test]
    fn the_refused_token_is_not_taken_for_another_one() {
        let source = TokenSource::fixed(token("dead"));
        source.refused(&refusal("dead"));
        assert_eq!(source.took(token("dead")), Taken::Refused);
        assert_eq!(shown(source.ready()), None);
        assert_eq!(source.took(token("dead")), Taken::Other, "a later run may try it again");
    }

    #[tokio::test]
    async fn a_file_is_read_again_when_it_changes_and_the_old_token_stays_while_it_cannot_be_read() {
        let path = env::temp_dir().join(format!("token-source-{}", std::process::id()));
        fs::write(&path, "first\n").unwrap();
        let source = TokenSource::from_file(&path).unwrap();
        assert_eq!(shown(source.ready()).as_deref(), Some("first"));
        fs::write(&path, "half a token").unwrap();
        assert_eq!(shown(source.ready()), None);
        let why = source.fetch().await.map(drop).unwrap_err();
        assert!(why.contains("holds no token: access token has a blank inside"), "{why}");
        assert_eq!(shown(source.held()).as_deref(), Some("first"));
        fs::write(&path, "second").unwrap();
        assert_eq!(shown(source.fetch().await.ok()).as_deref(), Some("second"));
        assert_eq!(source.took(token("second")), Taken::Other);
        assert_eq!(shown(source.ready()).as_deref(), Some("second"));
        fs::remove_file(&path).unwrap();
        assert_eq!(shown(source.ready()), None);
        assert!(source.fetch().await.map(drop).unwrap_err().contains("cannot be read"));
        assert_eq!(shown(source.held()).as_deref(), Some("second"));
    }

    #[test]
    fn an_environment_variable_that_is_missing_is_named() {
        let error = TokenSource::from_env("META_OFFLINE_EVENTS_NO_SUCH_VARIABLE").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable META_OFFLINE_EVENTS_NO_SUCH_VARIABLE is not set"
        );
    }
}
