//! The one error that applications can use with `?`: what building values, events and clients can
//! say converts into it.

use std::fmt;

use crate::customer::InvalidUserData;
use crate::event::InvalidEvent;
use crate::order::{LayoutError, NotSorted, SortedError, TooManyRows};
use crate::value::InvalidValue;
use crate::wire::InvalidRequestField;

/// Anything that can go wrong before sending. What goes wrong while sending is told by the
/// [`DeliveryReport`](crate::report::DeliveryReport), because it differs from event to event.
///
/// ```
/// use meta_offline_events::value::DatasetId;
///
/// fn dataset(text: &str) -> Result<DatasetId, meta_offline_events::Error> {
///     Ok(text.parse()?)
/// }
/// assert!(dataset("../me").is_err());
/// ```
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

impl Error {
    /// Which room it comes from, with that room's own error.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }
}

/// Which room an [`Error`] comes from.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A text is not a value.
    Value(InvalidValue),
    /// Customer values that cannot be used.
    Customer(InvalidUserData),
    /// An event breaks rules.
    Event(InvalidEvent),
    /// A header does not fit the layout.
    Layout(LayoutError),
    /// Rows that are to be sorted are not.
    NotSorted(NotSorted),
    /// A source of rows failed.
    Rows(SortedError),
    /// There are too many rows to be grouped.
    TooManyRows(TooManyRows),
    /// A member of the request has a wrong value.
    RequestField(InvalidRequestField),
    /// A CSV file cannot be read.
    #[cfg(feature = "csv")]
    Csv(crate::order::csv::CsvError),
    /// A client cannot be made from its settings.
    #[cfg(feature = "client")]
    Client(crate::client::InvalidClient),
    /// A queue cannot be started with its settings, or not here.
    #[cfg(feature = "queue")]
    Queue(crate::client::InvalidQueue),
}

impl ErrorKind {
    fn as_error(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Value(error) => error,
            Self::Customer(error) => error,
            Self::Event(error) => error,
            Self::Layout(error) => error,
            Self::NotSorted(error) => error,
            Self::Rows(error) => error,
            Self::TooManyRows(error) => error,
            Self::RequestField(error) => error,
            #[cfg(feature = "csv")]
            Self::Csv(error) => error,
            #[cfg(feature = "client")]
            Self::Client(error) => error,
            #[cfg(feature = "queue")]
            Self::Queue(error) => error,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.as_error(), f)
    }
}

impl From<SortedError> for Error {
    fn from(error: SortedError) -> Self {
        match error {
            SortedError::NotSorted(error) => error.into(),
            #[cfg(feature = "csv")]
            SortedError::Csv(error) => error.into(),
            error @ SortedError::Source(_) => Self(Box::new(ErrorKind::Rows(error))),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_error().source()
    }
}

macro_rules! from {
    ($($(#[$cfg:meta])? $error:ty => $kind:ident),+ $(,)?) => {$(
        $(#[$cfg])?
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self(Box::new(ErrorKind::$kind(error)))
            }
        }
    )+};
}

from! {
    InvalidValue => Value,
    InvalidUserData => Customer,
    InvalidEvent => Event,
    LayoutError => Layout,
    NotSorted => NotSorted,
    TooManyRows => TooManyRows,
    InvalidRequestField => RequestField,
    #[cfg(feature = "csv")]
    crate::order::csv::CsvError => Csv,
    #[cfg(feature = "client")]
    crate::client::InvalidClient => Client,
    #[cfg(feature = "queue")]
    crate::client::InvalidQueue => Queue,
}
