//! The members that few events have.

use super::{AppData, Attribution, DataProcessing, MessagingChannel, OriginalEvent};
use crate::value::{PageUrl, Text};

/// The members of an event that few events have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RareMembers {
    pub(super) event_source_url: Option<PageUrl>,
    pub(super) referrer_url: Option<PageUrl>,
    pub(super) opt_out: Option<bool>,
    pub(super) data_processing: Option<DataProcessing>,
    pub(super) app_data: Option<AppData>,
    pub(super) messaging_channel: Option<MessagingChannel>,
    pub(super) original_event: Option<OriginalEvent>,
    pub(super) attribution: Option<Attribution>,
    pub(super) advanced_measurement_table: Option<Text>,
}
