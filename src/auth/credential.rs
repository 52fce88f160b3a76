//! A token kept in a file that only its owner can read, with what has to be known to use and to renew it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::issued_token::IssuedToken;
use super::token_source_error::TokenSourceError;
use crate::value::{AccessToken, AppId, BusinessId, EventTime};

/// An access token as it is kept in a file: with its end, its app, and the business that it is for.
///
/// The file holds a JSON object with `access_token` and, where they are known, `expires_at` in Unix seconds, `app_id` and
/// `client_business_id`. Other members are ignored. A file that holds the token and nothing else is read, too.
/// [`TokenSource::from_file`](super::TokenSource::from_file) reads the same files.
///
/// `Debug` shows no token.
///
/// ```
/// use meta_offline_events::auth::{Credential, IssuedToken, TokenSource};
///
/// let path = std::env::temp_dir().join(format!("credential-{}", std::process::id()));
/// let token = IssuedToken::new("EAAB-not-a-real-token".parse()?).expires("2030-01-01T00:00:00Z".parse()?);
/// Credential::new(token).app_id("138483919580948".parse()?).store(&path)?;
///
/// let credential = Credential::load(&path)?;
/// assert_eq!(credential.issued().expiry(), Some("2030-01-01T00:00:00Z".parse()?));
/// let source = TokenSource::from_file(&path)?;
/// # let _ = source;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Credential {
    issued: IssuedToken,
    app_id: Option<AppId>,
    client_business_id: Option<BusinessId>,
}

/// The JSON of the file.
#[derive(Deserialize)]
struct Stored {
    access_token: String,
    expires_at: Option<i64>,
    app_id: Option<String>,
    client_business_id: Option<String>,
}

/// More than any file of a token has, in bytes.
const MAX_FILE: u64 = 16 * 1024;

impl Credential {
    /// Creates a credential from a token.
    pub fn new(issued: impl Into<IssuedToken>) -> Self {
        Self { issued: issued.into(), app_id: None, client_business_id: None }
    }

    /// Sets the app that the token belongs to.
    pub fn app_id(mut self, app: AppId) -> Self {
        self.app_id = Some(app);
        self
    }

    /// Sets the business that the token is for.
    pub fn client_business_id(mut self, business: BusinessId) -> Self {
        self.client_business_id = Some(business);
        self
    }

    /// Replaces the token, and keeps the rest.
    pub fn token(mut self, issued: impl Into<IssuedToken>) -> Self {
        self.issued = issued.into();
        self
    }

    /// The token with its end.
    pub fn issued(&self) -> &IssuedToken {
        &self.issued
    }

    /// The app that the token belongs to, if that is known.
    pub fn app(&self) -> Option<&AppId> {
        self.app_id.as_ref()
    }

    /// The business that the token is for, if it is a client of the app.
    pub fn client_business(&self) -> Option<&BusinessId> {
        self.client_business_id.as_ref()
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`TokenSourceError`] when the file cannot be read, or holds neither a token nor the JSON of a credential.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TokenSourceError> {
        let path = path.as_ref();
        let what = |trouble: &str| format!("the token file {} {trouble}", path.display());
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
            .map_err(|error| TokenSourceError::unreadable(what("cannot be read"), error))?;
        let text = SecretString::from(text);
        let token = |text: &str| {
            text.parse::<AccessToken>()
                .map_err(|error| TokenSourceError::invalid(what("holds no token"), error))
        };
        if !text.expose_secret().trim_start().starts_with('{') {
            return Ok(Self::new(token(text.expose_secret())?));
        }
        // The library's error may quote the text.
        let stored: Stored = serde_json::from_str(text.expose_secret())
            .map_err(|_| TokenSourceError::missing(what("holds no JSON with a text `access_token`")))?;
        let held = SecretString::from(stored.access_token);
        let mut issued = IssuedToken::new(token(held.expose_secret())?);
        issued.expires =
            stored.expires_at.filter(|&end| end > 0).and_then(|end| EventTime::from_unix(end).ok());
        Ok(Self {
            issued,
            app_id: stored.app_id.and_then(|id| id.parse().ok()),
            client_business_id: stored.client_business_id.and_then(|id| id.parse().ok()),
        })
    }

    /// Writes the file. On Unix only its owner can read it.
    ///
    /// The file is written beside its place and then renamed, so that a reader sees the old one or the new one whole. What
    /// was at the place is replaced, also a symbolic link: what the link points to stays as it is.
    ///
    /// # Errors
    ///
    /// [`TokenSourceError`] when the file cannot be written. The file that was there before is then still there.
    pub fn store(&self, path: impl AsRef<Path>) -> Result<(), TokenSourceError> {
        let path = path.as_ref();
        let text = SecretString::from(self.written());
        replace_file(path, text.expose_secret().as_bytes()).map_err(|error| {
            TokenSourceError::unreadable(
                format!("the token file {} cannot be written", path.display()),
                error,
            )
        })
    }

    fn written(&self) -> String {
        let mut members = Map::new();
        let mut put =
            |name: &str, value: Option<Value>| value.map(|value| members.insert(name.to_owned(), value));
        put("access_token", Some(json!(self.issued.token().expose())));
        put("expires_at", self.issued.expiry().map(|end| json!(end.unix())));
        put("app_id", self.app_id.as_ref().map(|id| json!(id)));
        put("client_business_id", self.client_business_id.as_ref().map(|id| json!(id)));
        format!("{:#}\n", Value::Object(members))
    }
}

/// Writes a new file beside `path`, and gives it that name in one step.
fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let beside = |number: u32| {
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}-{number}", std::process::id()));
        path.with_file_name(beside)
    };
    let mut number = 0;
    let (written, mut file) = loop {
        let written = beside(number);
        match new_file(&written) {
            Ok(file) => break (written, file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => number += 1,
            Err(error) => return Err(error),
        }
    };
    let renamed =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&written, path));
    if renamed.is_err() {
        // The error of writing says more than that of cleaning up.
        let _ = fs::remove_file(&written);
    }
    renamed
}

/// Creates a file that was not there: this follows no link.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("credential-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn token(end: Option<i64>) -> IssuedToken {
        let issued = IssuedToken::new("EAABMARKEDTOKEN".parse().unwrap());
        end.map_or(issued.clone(), |end| issued.expires(EventTime::from_unix(end).unwrap()))
    }

    #[test]
    fn what_is_stored_is_loaded_and_leaves_no_other_file() {
        let folder = place("whole");
        let path = folder.join("token.json");
        for end in [None, Some(1_767_225_600)] {
            let credential = Credential::new(token(end)).client_business_id("77".parse().unwrap());
            credential.app_id("12".parse().unwrap()).store(&path).unwrap();
            let loaded = Credential::load(&path).unwrap();
            assert_eq!(loaded.issued().token().expose(), "EAABMARKEDTOKEN");
            assert_eq!(loaded.issued().expiry().map(EventTime::unix), end);
            assert_eq!(loaded.app().map(AppId::as_str), Some("12"));
            assert_eq!(loaded.client_business().map(BusinessId::as_str), Some("77"));
            assert!(!format!("{loaded:?}").contains("MARKED"));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = place("link");
        let (path, other) = (folder.join("token.json"), folder.join("other"));
        fs::write(&other, "something else").unwrap();
        symlink(&other, &path).unwrap();
        // What another one left at the first name beside is not written to.
        symlink(&other, folder.join(format!(".token.json.{}-0", std::process::id()))).unwrap();
        Credential::new(token(None)).store(&path).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "something else");
        let stored = fs::symlink_metadata(&path).unwrap();
        assert!(stored.is_file());
        assert_eq!(stored.permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_and_not_quoted() {
        let folder = place("wrong");
        let path = folder.join("token.json");
        for (text, expected) in [
            ("EAAB MARKED", "holds no token"),
            ("{\"access_token\": 5, \"a\": \"MARKED\"}", "holds no JSON with a text `access_token`"),
            ("{\"access_token\": \"MARKED MARKED\"}", "holds no token"),
            ("{\"access_token\": \"MARKED\"", "holds no JSON with a text `access_token`"),
        ] {
            fs::write(&path, text).unwrap();
            let error = Credential::load(&path).unwrap_err();
            assert!(error.to_string().ends_with(expected), "{error}");
            assert!(!format!("{error:?}").contains("MARKED"), "{error:?}");
        }
        let nowhere = folder.join("no/such/folder");
        assert!(
            Credential::new(token(None))
                .store(&nowhere)
                .unwrap_err()
                .to_string()
                .contains("cannot be written")
        );
        fs::remove_dir_all(folder).unwrap();
    }
}
