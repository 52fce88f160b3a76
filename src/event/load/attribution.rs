//! `attribution_data`: the advertiser's own measurement.

use super::member::{Members, json, text, within};
use crate::event::{Attribution, AttributionSetting};

pub(super) fn load_attribution(members: &Members) -> Result<Attribution, String> {
    let mut credit = Attribution::new();
    for (name, raw) in &members.0 {
        let path = &within("attribution_data", name);
        credit = match name.as_str() {
            "ad_id" => credit.ad_id(text(path, raw)?),
            "adset_id" => credit.ad_set_id(text(path, raw)?),
            "campaign_id" => credit.campaign_id(text(path, raw)?),
            "touchpoint_ts" => credit.touchpoint_time(json(path, raw)?),
            "attribution_share" => credit.share(json(path, raw)?),
            "attribution_value" => credit.value(json(path, raw)?),
            "visit_time" => credit.visit_time(json(path, raw)?),
            "attr_window" => credit.window_days(json(path, raw)?),
            "attribution_model" => credit.model(text(path, raw)?),
            "attribution_method" => credit.method(text(path, raw)?),
            "decline_reason" => credit.decline_reason(text(path, raw)?),
            "attribution_setting" => credit.setting(load_setting(&json(path, raw)?)?),
            "scope" => credit.scope(text(path, raw)?),
            "attribution_source" => credit.source(text(path, raw)?),
            "touchpoint_type" => credit.touchpoint_type(text(path, raw)?),
            "auditing_token" => credit.auditing_token(text(path, raw)?),
            "linkage_key" => credit.linkage_key(text(path, raw)?),
            "touchpoint_id" => credit.touchpoint_id(text(path, raw)?),
            "partner_client_id" => credit.partner_client_id(text(path, raw)?),
            "total_credit" => credit.total_credit(json(path, raw)?),
            _ => return Err(format!("{path} is not known")),
        };
    }
    Ok(credit)
}

fn load_setting(members: &Members) -> Result<AttributionSetting, String> {
    let mut setting = AttributionSetting::new();
    for (name, raw) in &members.0 {
        let path = &within("attribution_data.attribution_setting", name);
        setting = match name.as_str() {
            "inactivity_window_hours" => setting.inactivity_window_hours(json(path, raw)?),
            "reattribution_window_hours" => setting.reattribution_window_hours(json(path, raw)?),
            _ => return Err(format!("{path} is not known")),
        };
    }
    Ok(setting)
}
