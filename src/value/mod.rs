//! One field at a time: text is parsed once and is valid for ever after.
//!
//! A value type has a private field, one fallible way in, cheap ways out, and says
//! [`InvalidValue`] when the text does not fit. No rule between two fields lives here, and no
//! value type remembers the text that it refused.

mod country;
mod currency;
mod date_order;
mod id;
mod invalid;
mod line;
mod load;
mod moment;
mod money;
mod page_url;
mod secret;
mod text;
mod wide_sum;

pub use country::Country;
pub use currency::Currency;
pub use date_order::DateOrder;
pub(crate) use id::Identifier;
pub use id::{DatasetId, EventId, OrderId, PageId, ProductId, StoreCode};
pub use invalid::{InvalidValue, Rule, ValueKind};
pub use line::Line;
pub use moment::{AgeLimit, EventTime, OutsideWindow};
pub(crate) use money::Sum;
pub use money::{Amount, Money};
pub use page_url::PageUrl;
pub use secret::AccessToken;
pub use text::Text;
