//! The store in which something was sold.

use serde::Serialize;

use crate::value::{PageId, StoreCode};

/// The `store_data`: which store, by its pages on Facebook or by the advertiser's own code.
///
/// Its place is not confirmed: Meta's page on offline events lists it among the members of
/// `custom_data`, where it is sent, but shows no request that has it. At least one member must be
/// set, or the event is refused.
///
/// ```
/// use meta_offline_events::event::StoreData;
///
/// let store = StoreData::new().store_page_id("1234567890".parse()?).store_code("BERLIN07".parse()?);
/// let json = r#"{"store_page_id":"1234567890","store_code":"BERLIN07"}"#;
/// assert_eq!(serde_json::to_string(&store)?, json);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StoreData {
    #[serde(skip_serializing_if = "Option::is_none")]
    store_page_id: Option<PageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand_page_id: Option<PageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_code: Option<StoreCode>,
}

impl StoreData {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The page of the store.
    pub fn store_page_id(mut self, id: PageId) -> Self {
        self.store_page_id = Some(id);
        self
    }

    /// The page of the brand that the store belongs to.
    pub fn brand_page_id(mut self, id: PageId) -> Self {
        self.brand_page_id = Some(id);
        self
    }

    /// The advertiser's own code of the store.
    pub fn store_code(mut self, code: StoreCode) -> Self {
        self.store_code = Some(code);
        self
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
