//! Conversations that an ad has opened.

use super::open::open_names;

open_names! {
    /// The app in which a conversation took place.
    ///
    /// An event from [business messaging](super::ActionSource::BusinessMessaging) needs its channel and
    /// the channel's ids in `user_data`:
    ///
    /// | channel | ids |
    /// |---|---|
    /// | Messenger | `page_id`, `page_scoped_user_id` |
    /// | WhatsApp | `ctwa_clid`, and `page_id` or `whatsapp_business_account_id` |
    /// | Instagram | `ig_sid`, and `instagram_business_account_id` or `ig_account_id` |
    ///
    /// Source: Meta's page on business messaging. Of Instagram's account Meta's pages know two names
    /// and do not say which one counts; the first stands on the page about messaging.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UserData};
    /// use meta_offline_events::event::{ActionSource, Event, EventName, MessagingChannel};
    /// use meta_offline_events::value::EventTime;
    ///
    /// let customer = UserData::builder()
    ///     .value(MatchKey::PageId, "1234567890")
    ///     .value(MatchKey::PageScopedUserId, "9876543210")
    ///     .build()?;
    /// let event = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
    ///     .name(EventName::LEAD_SUBMITTED)
    ///     .action_source(ActionSource::BusinessMessaging)
    ///     .messaging_channel(MessagingChannel::Messenger)
    ///     .build()?;
    /// assert_eq!(serde_json::to_value(&event)?["messaging_channel"], "messenger");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    MessagingChannel {
        /// Messenger.
        Messenger "messenger",
        /// WhatsApp.
        WhatsApp "whatsapp",
        /// Instagram.
        Instagram "instagram",
    }
}
