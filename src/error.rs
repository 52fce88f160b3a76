//! One error for a whole application: every error of the crate converts into it.

use std::fmt;

/// Any error of this crate, so that one `?` fits them all.
///
/// What goes wrong while events are sent is not an error of a call: it differs from event to event, and the
/// [`DeliveryReport`](crate::report::DeliveryReport) has it.
///
/// ```
/// use meta_offline_events::value::DatasetId;
/// use meta_offline_events::{Error, ErrorKind};
///
/// fn dataset(text: &str) -> Result<DatasetId, Error> {
///     Ok(text.parse()?)
/// }
/// let error = dataset("../me").unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Value(_)));
/// ```
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

impl Error {
    /// The error itself, as the module that it comes from returned it.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }
}

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $(#[cfg($cfg:meta)])? $kind:ident($error:ty),)+) => {
        /// The errors that an [`Error`] can be.
        ///
        /// ```
        /// use meta_offline_events::{Error, ErrorKind};
        /// use meta_offline_events::value::Amount;
        ///
        /// let error: Error = "12,50".parse::<Amount>().unwrap_err().into();
        /// assert!(matches!(error.kind(), ErrorKind::Value(_)));
        /// ```
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $(#[cfg($cfg)])? $kind($error),)+
        }

        impl ErrorKind {
            fn as_error(&self) -> &(dyn std::error::Error + 'static) {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(error) => error,)+
                }
            }
        }

        $(
            $(#[cfg($cfg)])?
            impl From<$error> for Error {
                fn from(error: $error) -> Self {
                    Self(Box::new(ErrorKind::$kind(error)))
                }
            }
        )+
    };
}

errors! {
    /// A text is not a valid value.
    Value(crate::value::InvalidValue),
    /// A moment is outside Meta's window for events.
    Window(crate::value::OutsideWindow),
    /// A text is not a SHA-256 digest.
    Digest(crate::customer::NotSha256),
    /// A customer value cannot be used for its match key.
    MatchKey(crate::customer::UnusableReason),
    /// The match keys of a customer find too many people.
    TooBroad(crate::customer::TooBroad),
    /// A customer has values that cannot be used.
    Customer(crate::customer::InvalidUserData),
    /// An event breaks rules.
    Event(crate::event::InvalidEvent),
    /// A header does not fit the layout of the rows.
    Layout(crate::order::LayoutError),
    /// A row cannot be used.
    Row(crate::order::RowError),
    /// Rows are not sorted by order id.
    NotSorted(crate::order::NotSorted),
    /// Too many of the first rows are invalid.
    MostlyInvalid(crate::order::MostlyInvalid),
    /// There are more rows than can be grouped in memory.
    TooManyRows(crate::order::TooManyRows),
    /// A CSV file cannot be read.
    #[cfg(feature = "csv")]
    Csv(crate::order::csv::CsvError),
    /// Record batches cannot be read.
    #[cfg(feature = "arrow")]
    Batch(crate::order::arrow::BatchError),
    /// A field of the request has an invalid value.
    RequestField(crate::wire::InvalidRequestField),
    /// A saved report cannot be read.
    #[cfg(feature = "html")]
    SavedReport(crate::report::SavedReportError),
    /// Meta answered with an error.
    Api(crate::report::ApiError),
    /// A client cannot be built from its settings.
    #[cfg(feature = "client")]
    Client(crate::client::InvalidClient),
    /// No answer came back.
    #[cfg(feature = "client")]
    Transport(crate::client::TransportError),
    /// A source of rows cannot go on.
    Rows(crate::order::SortedError),
    /// An answer says nothing about a token.
    #[cfg(feature = "client")]
    TokenInfo(crate::auth::TokenInfoError),
    /// A token source cannot be made.
    #[cfg(feature = "client")]
    TokenSource(crate::auth::TokenSourceError),
    /// A call to the Graph API failed.
    #[cfg(feature = "client")]
    Graph(crate::graph::GraphError),
    /// A login gave no code.
    #[cfg(feature = "client")]
    Login(crate::graph::LoginError),
    /// A source of events cannot go on.
    #[cfg(feature = "client")]
    Source(crate::client::SourceError),
    /// A journal cannot be opened, or could not record something.
    #[cfg(feature = "journal")]
    Journal(crate::journal::JournalError),
    /// A queue cannot start.
    #[cfg(feature = "queue")]
    Queue(crate::client::InvalidQueue),
    /// A queue did not take an event.
    #[cfg(feature = "queue")]
    Push(crate::client::PushError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.as_error(), f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_error().source()
    }
}
