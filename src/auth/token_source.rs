//! Where access tokens come from, and the one that is held.

use std::env::{self, VarError};
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Mutex as Turns, MutexGuard as Turn};

use super::credential::Credential;
use super::held_token::HeldToken;
use super::issued_token::IssuedToken;
use super::token_refusal::TokenRefusal;
use super::token_source_error::TokenSourceError;
use crate::value::{AccessToken, EventTime};

/// Where the access token of a client comes from.
///
/// The client asks it before its first request, and again when Meta refuses the token: when it has expired, say. If the
/// source then has another token, the client repeats the refused batch with that one and goes on, in a queue as well.
/// Nothing of a batch is stored when Meta refuses its token, so this counts no event twice. Requests that are on their way at
/// that moment meet the same refusal, and are repeated as well; none begins with the refused token after it.
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
/// # When a token ends
///
/// A function may return an [`IssuedToken`] with its end. The client then asks for the next one when a tenth to a fifth of
/// its time is left, at the earliest a week before the end, and goes on with the old one until there is another.
///
/// [`Graph::renewing`](crate::graph::Graph::renewing) makes a source that exchanges its token at Meta by itself.
///
/// # When the source has no other token
///
/// If the source fails, a token that Meta has not refused stays in use. Without one, the client asks again after the
/// waits of its [`RetryPolicy`](crate::client::RetryPolicy), as often as that allows. If the source has only the refused
/// token, or the token that follows is refused as well, the run stops as it does with a fixed token. A token that came
/// without a refusal, and that Meta then refuses, gives way to the one before it.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    origin: Origin,
    state: Mutex<State>,
    /// Held by whoever asks the origin.
    turns: Turns<()>,
}

/// A token on its way, or why there is none.
pub(crate) type Fetching = Pin<Box<dyn Future<Output = Result<IssuedToken, Box<str>>> + Send>>;

type Hook = dyn Fn(&IssuedToken) + Send + Sync;

/// What a source took from its origin.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Another token.
    Other(AccessToken),
    /// The token that it has, perhaps with a later end.
    Same(AccessToken),
    /// The token that Meta refused. It is not held.
    Refused,
}

enum Origin {
    Fixed(AccessToken),
    Environment(Box<str>),
    File(PathBuf),
    Function(Box<dyn Fn(Option<TokenRefusal>) -> Fetching + Send + Sync>),
    /// Makes the next token from the one that is held.
    Renewing(Box<dyn Fn(IssuedToken) -> Fetching + Send + Sync>),
}

#[derive(Default)]
struct State {
    current: Option<HeldToken>,
    /// The token before the current one, until that one works.
    fallback: Option<HeldToken>,
    /// The last refusal, until the origin is known to have another token or none.
    refusal: Option<TokenRefusal>,
    /// The last token that Meta refused.
    refused: Option<AccessToken>,
    /// How often nobody got a token, and why the last time.
    failures: u64,
    failure: Box<str>,
    /// The file as it was last read.
    read: Option<Stamp>,
    hook: Option<Arc<Hook>>,
}

impl TokenSource {
    /// Creates a source that always has this token.
    pub fn fixed(token: AccessToken) -> Self {
        let state = State { current: Some(HeldToken::new(token.clone())), ..State::default() };
        Self::of(Origin::Fixed(token), state)
    }

    /// Creates a source that reads an environment variable: now, and again when Meta refuses the token.
    ///
    /// # Errors
    ///
    /// [`TokenSourceError`] when the variable is not set, or is not a token.
    pub fn from_env(name: &str) -> Result<Self, TokenSourceError> {
        let state = State { current: Some(HeldToken::new(read_env(name)?)), ..State::default() };
        Ok(Self::of(Origin::Environment(name.into()), state))
    }

    /// Creates a source that reads a file: now, when Meta refuses the token, and before a request if the file has changed.
    ///
    /// The file holds the token and nothing else, or a [`Credential`].
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
    /// [`TokenSourceError`] when the file cannot be read, or holds no token.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, TokenSourceError> {
        let path = path.into();
        let read = Stamp::of(&path);
        let held = HeldToken::new(read_file(&path)?);
        let state = State { current: Some(held), read, ..State::default() };
        Ok(Self::of(Origin::File(path), state))
    }

    /// Creates a source that calls a function: before the first request, when Meta refuses the token, and well before
    /// the token ends if the function returns an [`IssuedToken`] with its end.
    ///
    /// The function should be quick, because the client waits for it. What its error says appears in the report, past
    /// the filter that masks secrets. There is an example at [`TokenRefusal`].
    pub fn from_fn<T: Into<IssuedToken>, E: Display>(
        function: impl Fn(Option<&TokenRefusal>) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self {
        Self::from_function(move |refusal| {
            let token = function(refusal.as_ref()).map(Into::into).map_err(|error| error.to_string().into());
            Box::pin(std::future::ready(token))
        })
    }

    /// Creates a source that calls an asynchronous function: before the first request, when Meta refuses the token, and
    /// well before the token ends if the function returns an [`IssuedToken`] with its end.
    ///
    /// The client waits for it up to the time limit of an attempt
    /// ([`ClientBuilder::timeouts`](crate::client::ClientBuilder::timeouts)). What its error says appears in the
    /// report, past the filter that masks secrets.
    pub fn from_async_fn<F, T, E>(
        function: impl Fn(Option<TokenRefusal>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<IssuedToken>,
        E: Display,
    {
        Self::from_function(move |refusal| {
            let token = function(refusal);
            Box::pin(async { token.await.map(Into::into).map_err(|error| error.to_string().into()) })
        })
    }

    /// Calls `hook` with a token that replaced another one, or turned out to last longer, once Meta has accepted events with
    /// it: the place to store it.
    ///
    /// If the hook panics, the run goes on and its report notes it (`token_not_stored`).
    ///
    /// ```
    /// use meta_offline_events::auth::TokenSource;
    /// # use meta_offline_events::value::{AccessToken, InvalidValue};
    ///
    /// # fn exchange() -> Result<AccessToken, InvalidValue> { "EAAB-not-a-real-token".parse() }
    /// # fn store(_: &str) {}
    /// let source = TokenSource::from_fn(|_| exchange()).on_replaced(|issued| store(issued.token().expose()));
    /// # let _ = source;
    /// ```
    pub fn on_replaced(self, hook: impl Fn(&IssuedToken) + Send + Sync + 'static) -> Self {
        self.state().hook = Some(Arc::new(hook));
        self
    }

    /// Creates a source that makes each token from the one before it, well before that one ends.
    pub(crate) fn renewing(
        first: IssuedToken,
        now: EventTime,
        fraction: f64,
        renew: impl Fn(IssuedToken) -> Fetching + Send + Sync + 'static,
    ) -> Self {
        let held = HeldToken::issued(first, now, fraction).or_due_at_once(now);
        let state = State { current: Some(held), ..State::default() };
        Self::of(Origin::Renewing(Box::new(renew)), state)
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
    pub(crate) fn ready(&self, now: EventTime) -> Option<AccessToken> {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|held| held.is_over(now)) {
            state.refused = state.current.take().map(|held| held.issued.token);
        }
        let has_changed = match &self.0.origin {
            Origin::File(path) => state.read != Stamp::of(path),
            _ => false,
        };
        let held = state.current.as_ref().filter(|held| !has_changed && !held.is_due(now))?;
        Some(held.issued.token.clone())
    }

    /// The token that is held, even if the origin has to be asked for another one.
    pub(crate) fn held(&self) -> Option<AccessToken> {
        self.state().current.as_ref().map(|held| held.issued.token.clone())
    }

    /// The origin has no other token yet, though one is due.
    pub(crate) fn postpone(&self, now: EventTime) {
        if let Some(held) = &mut self.state().current {
            held.postpone(now);
        }
    }

    /// The tokens that no text may show.
    pub(crate) fn secrets(&self) -> Vec<AccessToken> {
        let state = self.state();
        let held = [&state.current, &state.fallback].into_iter().flatten().map(|held| &held.issued.token);
        held.chain(&state.refused).cloned().collect()
    }

    /// The right to ask the origin, for one at a time.
    pub(crate) async fn turn(&self) -> Turn<'_, ()> {
        self.0.turns.lock().await
    }

    /// The same right, unless another one has it.
    pub(crate) fn try_turn(&self) -> Option<Turn<'_, ()>> {
        self.0.turns.try_lock().ok()
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
            Origin::Renewing(renew) => {
                let held = self.state().current.as_ref().map(|held| held.issued.clone());
                return match held {
                    Some(held) => renew(held),
                    None => Box::pin(std::future::ready(Err(LOG_IN_AGAIN.into()))),
                };
            }
        };
        Box::pin(std::future::ready(token.map(Into::into)))
    }

    /// Takes what the origin gave: the token to hold from now on, unless it is the refused one.
    pub(crate) fn took(&self, issued: IssuedToken, now: EventTime, fraction: f64) -> Taken {
        let mut state = self.state();
        let is = |other: Option<&AccessToken>| other.is_some_and(|other| other.is(&issued.token));
        if is(state.current.as_ref().map(|held| &held.issued.token)) {
            let token = issued.token.clone();
            let mut issued = HeldToken::issued(issued, now, fraction);
            issued.is_new = true;
            if state.current.as_ref().is_some_and(|held| issued.lasts_longer_than(held)) {
                state.current = Some(issued);
            }
            Taken::Same(token)
        } else if is(state.refusal.take().as_ref().map(TokenRefusal::token)) {
            Taken::Refused
        } else {
            let token = issued.token.clone();
            let mut held = HeldToken::issued(issued, now, fraction);
            held.is_new = state.current.is_some() || state.refused.is_some();
            state.fallback = state.current.replace(held);
            Taken::Other(token)
        }
    }

    /// Meta refused this token: nobody else gets it. The origin is told.
    pub(crate) fn refused(&self, refusal: &TokenRefusal, now: EventTime) {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|held| held.is(refusal.token())) {
            state.refused = state.current.take().map(|held| held.issued.token);
            state.current = state.fallback.take();
            if let Some(held) = &mut state.current {
                held.postpone(now);
            }
            state.refusal = state.current.is_none().then(|| refusal.clone());
        }
    }

    /// Meta accepted events with this token: the one before it is no longer needed. Calls code of the application.
    pub(crate) fn worked(&self, token: &AccessToken) {
        let mut state = self.state();
        let Some(held) = state.current.as_mut().filter(|held| held.is(token)) else { return };
        let new = std::mem::take(&mut held.is_new).then(|| held.issued.clone());
        state.fallback = None;
        let hook = state.hook.clone();
        drop(state);
        if let (Some(issued), Some(hook)) = (new, hook) {
            hook(&issued);
        }
    }

    /// Whether no question to the origin can give a token any more.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.0.origin, Origin::Renewing(_)) && self.state().current.is_none()
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
            Origin::Renewing(_) => "TokenSource(renewing)",
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

/// Why a source that renews its token has none.
const LOG_IN_AGAIN: &str = "it has expired or Meta refused it, and such a token cannot be renewed: log in again to get \
                            another one";

fn read_file(path: &Path) -> Result<AccessToken, TokenSourceError> {
    Credential::load(path).map(|credential| credential.issued().token().clone())
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

    fn now() -> EventTime {
        EventTime::from_unix(1_767_225_600).unwrap()
    }

    fn took(source: &TokenSource, text: &str) -> &'static str {
        match source.took(token(text).into(), now(), 0.5) {
            Taken::Other(_) => "other",
            Taken::Same(_) => "same",
            Taken::Refused => "refused",
        }
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
        assert_eq!(took(&source, "bad"), "other");
        source.refused(&refusal("bad"), now());
        assert_eq!(shown(source.ready(now())).as_deref(), Some("old"));
        assert_eq!(took(&source, "good"), "other");
        source.worked(&token("good"));
        source.refused(&refusal("good"), now());
        assert_eq!(shown(source.ready(now())), None);
    }

    #[test]
    fn a_refusal_of_a_token_that_was_replaced_changes_nothing() {
        let source = TokenSource::fixed(token("first"));
        assert_eq!(took(&source, "second"), "other");
        source.refused(&refusal("first"), now());
        assert_eq!(shown(source.ready(now())).as_deref(), Some("second"));
        assert_eq!(took(&source, "second"), "same");
    }

    #[test]
    fn the_refused_token_is_not_taken_for_another_one() {
        let source = TokenSource::fixed(token("dead"));
        source.refused(&refusal("dead"), now());
        assert_eq!(took(&source, "dead"), "refused");
        assert_eq!(shown(source.ready(now())), None);
        assert_eq!(took(&source, "dead"), "other", "a later run may try it again");
    }

    #[tokio::test]
    async fn a_file_is_read_again_when_it_changes_and_the_old_token_stays_while_it_cannot_be_read() {
        let path = env::temp_dir().join(format!("token-source-{}", std::process::id()));
        fs::write(&path, "first\n").unwrap();
        let source = TokenSource::from_file(&path).unwrap();
        assert_eq!(shown(source.ready(now())).as_deref(), Some("first"));
        fs::write(&path, "half a token").unwrap();
        assert_eq!(shown(source.ready(now())), None);
        let why = source.fetch().await.map(drop).unwrap_err();
        assert!(why.contains("holds no token: access token has a blank inside"), "{why}");
        assert_eq!(shown(source.held()).as_deref(), Some("first"));
        fs::write(&path, "second").unwrap();
        assert_eq!(shown(source.fetch().await.ok().map(|issued| issued.token)).as_deref(), Some("second"));
        assert_eq!(took(&source, "second"), "other");
        assert_eq!(shown(source.ready(now())).as_deref(), Some("second"));
        fs::remove_file(&path).unwrap();
        assert_eq!(shown(source.ready(now())), None);
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
