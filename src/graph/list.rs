//! Lists of Meta's, page after page: to their end, to a limit, or to a page that leads elsewhere.

use std::collections::HashSet;
use std::fmt;

use serde_json::Value;
use url::{Url, form_urlencoded};

use super::Graph;
use super::call::Call;
use super::error::GraphError;
use super::perform::Answered;
use crate::wire::TextFilter;

/// The most pages of a list that are read.
const MAX_PAGES: usize = 100;

/// The most items of a list that are kept.
const MAX_ITEMS: usize = 10_000;

/// The longest cursor that is sent back.
const MAX_CURSOR: usize = 2000;

/// A list of Meta's.
///
/// ```
/// use meta_offline_events::Client;
/// use meta_offline_events::graph::DatasetList;
/// use meta_offline_events::testing::MockServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await?;
/// # let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
/// #     .loopback_endpoint(server.url())
/// #     .build()?;
/// let datasets = client.graph().datasets(&DatasetList::owned_by(&"1234567890".parse()?)).await?;
/// assert!(datasets.is_complete());
/// for dataset in datasets.items() {
///     println!("{} {}", dataset.id(), dataset.name().unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    items: Vec<T>,
    incomplete: Option<Incomplete>,
}

/// Why a list was not read to its end.
///
/// ```
/// use meta_offline_events::graph::Incomplete;
///
/// assert_eq!(Incomplete::Limit.to_string(), "the list is longer than is read: ask for less");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Incomplete {
    /// It has more than 100 pages or 10,000 items.
    Limit,
    /// A page named a next one that was read before.
    Loop,
    /// A page named a next one at another address, which is never followed, or none that can be read.
    Elsewhere,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limit => "the list is longer than is read: ask for less",
            Self::Loop => "a page of the list leads back to one that was read before",
            Self::Elsewhere => "a page of the list leads to another address, which is never followed",
        })
    }
}

impl<T> Listed<T> {
    /// The items.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The items, owned.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Whether these are all items.
    pub fn is_complete(&self) -> bool {
        self.incomplete.is_none()
    }

    /// Why there may be more items.
    pub fn incomplete(&self) -> Option<Incomplete> {
        self.incomplete
    }
}

/// What follows a page.
enum Next {
    Nothing,
    Cursor(String),
    Elsewhere,
}

impl Graph {
    /// Reads a list to its end. An item that cannot be read is left out.
    ///
    /// It follows no address of an answer. Only the cursor is taken, and sent to the address of the first page.
    pub(super) async fn list<T>(
        &self,
        call: impl Fn() -> Call,
        read: impl Fn(&Value, &TextFilter<'_>) -> Option<T>,
    ) -> Result<Listed<T>, GraphError> {
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut page = self.call(&call()).await?;
        loop {
            let Some(data) = page.json.get("data").and_then(Value::as_array) else {
                return Err(GraphError::Unreadable("it has no list `data`".into()));
            };
            let filter = page.filter();
            let room = MAX_ITEMS - items.len();
            items.extend(data.iter().take(room).filter_map(|item| read(item, &filter)));
            if data.len() > room {
                return Ok(Listed { items, incomplete: Some(Incomplete::Limit) });
            }
            let cursor = match self.next_page(&page, call().path()) {
                Next::Nothing => return Ok(Listed { items, incomplete: None }),
                Next::Elsewhere => return Ok(Listed { items, incomplete: Some(Incomplete::Elsewhere) }),
                Next::Cursor(cursor) => cursor,
            };
            if items.len() >= MAX_ITEMS || seen.len() + 1 >= MAX_PAGES {
                return Ok(Listed { items, incomplete: Some(Incomplete::Limit) });
            }
            if !seen.insert(cursor.clone()) {
                return Ok(Listed { items, incomplete: Some(Incomplete::Loop) });
            }
            page = self.call(&call().parameter("after", cursor)).await?;
        }
    }

    fn next_page(&self, page: &Answered, path: &str) -> Next {
        let Some(next) = page.json.pointer("/paging/next").filter(|next| !next.is_null()) else {
            return Next::Nothing;
        };
        let Some(next) = next.as_str().and_then(|next| Url::parse(next).ok()) else { return Next::Elsewhere };
        let is_here = self.connection.url(path).is_ok_and(|here| {
            // The version may be missing or another one: only the cursor is taken.
            next.origin() == here.origin() && next.path().ends_with(path)
        });
        let given = page.json.pointer("/paging/cursors/after").and_then(Value::as_str).map(str::to_owned);
        let in_query = || {
            form_urlencoded::parse(next.query()?.as_bytes())
                .find(|(name, _)| name == "after")
                .map(|(_, cursor)| cursor.into_owned())
        };
        match given.or_else(in_query).filter(|cursor| (1..=MAX_CURSOR).contains(&cursor.len())) {
            Some(cursor) if is_here => Next::Cursor(cursor),
            _ => Next::Elsewhere,
        }
    }
}
