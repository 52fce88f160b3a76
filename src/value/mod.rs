//! Types for single values: each is checked once, when it is parsed, and stays valid.
//!
//! Text that does not fit is an [`InvalidValue`], which names the broken rule and never holds the text. Rules between
//! several fields are those of [`event`](crate::event) and [`order`](crate::order).

mod amount;
mod arithmetic;
mod copy;
mod country;
mod currency;
mod date_order;
mod decimal_text;
mod id;
mod invalid;
mod letters;
mod line;
mod load;
mod marks;
mod moment;
mod money;
mod month_names;
mod page_url;
mod raw_json;
mod secret;
mod text;
mod unquoted;
mod wide_sum;
mod written_date;
mod zone;

pub use amount::Amount;
pub(crate) use arithmetic::Sum;
pub(crate) use copy::{WORDS, copy, first_words, words};
pub use country::Country;
pub use currency::Currency;
pub use date_order::DateOrder;
pub(crate) use decimal_text::read_eight_digits;
pub(crate) use id::Identifier;
pub use id::{
    AdAccountId, AppId, BusinessId, DatasetId, EventId, OrderId, PageId, ProductId, StoreCode, UserId,
};
pub use invalid::{InvalidValue, Rule, ValueKind};
pub(crate) use letters::{is_accent, is_apostrophe, plain_letter};
pub use line::Line;
pub(crate) use marks::marks;
pub use moment::{AgeLimit, EventTime, OutsideWindow};
pub use money::Money;
pub use page_url::PageUrl;
pub(crate) use raw_json::RawJson;
pub use secret::{AccessToken, AppSecret, GatewayAccessKey};
pub use text::Text;
pub(crate) use unquoted::{Found, read_unquoted};
pub(crate) use written_date::{without_weekday, written_date};
pub(crate) use zone::LocalTime;
pub use zone::Zone;
