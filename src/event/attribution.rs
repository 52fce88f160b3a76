//! Which ad a conversion is credited to, by the advertiser's own measurement.

use serde::Serialize;

use super::open::open_names;
use crate::value::{Amount, EventTime, Text};

/// The `attribution_data`: the credit that the advertiser's own measurement gives to an ad.
///
/// An [`AppendAttribution`](super::EventName::APPEND_ATTRIBUTION) event needs `ad_id`,
/// `touchpoint_ts`, `attribution_share` and `attribution_value`, and must reach Meta less than
/// 48 hours after the original event. Whatever is given must not be empty. Source: Meta's page on
/// appending attribution, a beta, and Meta's SDKs.
///
/// ```
/// use meta_offline_events::event::{Attribution, AttributionModel};
/// use meta_offline_events::value::EventTime;
///
/// let credit = Attribution::new()
///     .ad_id("120200000000000000".parse()?)
///     .touchpoint_time(EventTime::from_unix(1_767_225_600)?)
///     .share("0.5".parse()?)
///     .value("10.25".parse()?)
///     .model(AttributionModel::Linear);
/// let json = serde_json::to_value(&credit)?;
/// assert_eq!(json["attribution_share"], 0.5);
/// assert_eq!(json["attribution_model"], "linear");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Attribution {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ad_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adset_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) touchpoint_ts: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribution_share: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribution_value: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visit_time: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attr_window: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution_model: Option<AttributionModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution_method: Option<AttributionMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_reason: Option<DeclineReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution_setting: Option<AttributionSetting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution_source: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    touchpoint_type: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auditing_token: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linkage_key: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    touchpoint_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_client_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_credit: Option<Amount>,
}

macro_rules! setters {
    ($($(#[$doc:meta])+ $setter:ident => $member:ident: $kind:ty),+ $(,)?) => {$(
        $(#[$doc])+
        #[doc = concat!("Sent as `", stringify!($member), "`.")]
        pub fn $setter(mut self, value: $kind) -> Self {
            self.$member = Some(value);
            self
        }
    )+};
}

impl Attribution {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The ad, from the context of the click.
        ad_id => ad_id: Text,
        /// The ad set, from the context of the click.
        ad_set_id => adset_id: Text,
        /// The campaign, from the context of the click.
        campaign_id => campaign_id: Text,
        /// When the customer met the ad.
        touchpoint_time => touchpoint_ts: EventTime,
        /// Which share of the conversion the ad is credited with, from 0 to 1.
        share => attribution_share: Amount,
        /// What that share is worth: share times value.
        value => attribution_value: Amount,
        /// When the campaign or click was first seen.
        visit_time => visit_time: EventTime,
        /// The window of attribution in days.
        window_days => attr_window: u32,
        /// The model by which the credit was given.
        model => attribution_model: AttributionModel,
        /// The method by which the touchpoint was found.
        method => attribution_method: AttributionMethod,
        /// Why the conversion was not credited.
        decline_reason => decline_reason: DeclineReason,
        /// The kind of touchpoint that the credit is about.
        scope => scope: Text,
        /// Where the credit comes from, to tell several sources apart.
        source => attribution_source: Text,
        /// The engagement that was credited, such as a click.
        touchpoint_type => touchpoint_type: Text,
        /// The token for auditing. `Debug` does not show it.
        auditing_token => auditing_token: Text,
        /// The linkage key. `Debug` does not show it.
        linkage_key => linkage_key: Text,
        /// Meta's id of the touchpoint.
        touchpoint_id => touchpoint_id: Text,
        /// The partner's id of its client.
        partner_client_id => partner_client_id: Text,
        /// The credit over all touchpoints.
        total_credit => total_credit: Amount,
    }

    /// The windows in force; a setting that says nothing is not sent. Sent as `attribution_setting`.
    pub fn setting(mut self, setting: AttributionSetting) -> Self {
        self.attribution_setting = Some(setting).filter(|setting| *setting != AttributionSetting::default());
        self
    }

    /// What may identify the customer.
    #[cfg(feature = "client")]
    pub(super) fn clear_texts(&self) -> impl Iterator<Item = &Text> {
        [&self.auditing_token, &self.linkage_key, &self.touchpoint_id].into_iter().flatten()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The windows that were in force, in hours.
///
/// ```
/// use meta_offline_events::event::AttributionSetting;
///
/// let setting = AttributionSetting::new().inactivity_window_hours(24).reattribution_window_hours(168);
/// let json = r#"{"inactivity_window_hours":24,"reattribution_window_hours":168}"#;
/// assert_eq!(serde_json::to_string(&setting)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct AttributionSetting {
    #[serde(skip_serializing_if = "Option::is_none")]
    inactivity_window_hours: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reattribution_window_hours: Option<u32>,
}

impl AttributionSetting {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// How long a customer counts as active.
        inactivity_window_hours => inactivity_window_hours: u32,
        /// How long until a customer may be attributed again.
        reattribution_window_hours => reattribution_window_hours: u32,
    }
}

open_names! {
    /// The model by which credit is given.
    AttributionModel {
        /// The advertiser's own over several touchpoints.
        CustomizedMultiTouch "customized_multi_touch",
        /// All to the first touchpoint.
        FirstTouch "first_touch",
        /// All to the last click.
        LastClick "last_click",
        /// All to the last touchpoint.
        LastTouch "last_touch",
        /// The same to each touchpoint.
        Linear "linear",
        /// By the position of the touchpoint.
        PositionBased "position_based",
        /// More the later the touchpoint.
        TimeDecay "time_decay",
        /// Not known.
        Unknown "unknown",
    }

    /// The method by which a touchpoint was found. Meta publishes the names without their meaning.
    AttributionMethod {
        /// `ard`
        Ard "ard",
        /// `deeplink`
        Deeplink "deeplink",
        /// `gpir`
        Gpir "gpir",
        /// `invalid_response`
        InvalidResponse "invalid_response",
        /// `mir`
        Mir "mir",
        /// `srn`
        Srn "srn",
    }

    /// Why a conversion was not credited. Meta publishes the names without their meaning.
    DeclineReason {
        /// `attribute_to_other_source`
        AttributeToOtherSource "attribute_to_other_source",
        /// `out_of_lookback_window`
        OutOfLookbackWindow "out_of_lookback_window",
        /// `view_through_disabled`
        ViewThroughDisabled "view_through_disabled",
        /// `within_inactive_window`
        WithinInactiveWindow "within_inactive_window",
        /// `inactive`
        Inactive "inactive",
        /// `fraud_detected`
        FraudDetected "fraud_detected",
        /// `unknown`
        Unknown "unknown",
        /// `reinstall_attribution_disabled`
        ReinstallAttributionDisabled "reinstall_attribution_disabled",
        /// `lookback`
        Lookback "lookback",
        /// `not_pmod_match`
        NotPmodMatch "not_pmod_match",
        /// `validation_rule_detected`
        ValidationRuleDetected "validation_rule_detected",
        /// `preload_install`
        PreloadInstall "preload_install",
        /// `min_time_between_re_engagements`
        MinTimeBetweenReEngagements "min_time_between_re_engagements",
        /// `duplicated`
        Duplicated "duplicated",
        /// `pmod_disabled`
        PmodDisabled "pmod_disabled",
    }
}
