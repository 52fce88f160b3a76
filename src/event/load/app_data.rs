//! `app_data`: the app and the device.

use std::fmt::Display;

use serde_json::value::RawValue;

use super::member::{Members, at, json, text, within};
use crate::event::{AppData, ExtInfo};

pub(super) fn load_app_data(mut members: Members) -> Result<AppData, String> {
    let mut take = |name: &str| members.0.remove(name).ok_or_else(|| format!("app_data.{name} is missing"));
    let tracking = switch("app_data.advertiser_tracking_enabled", &take("advertiser_tracking_enabled")?)?;
    let mut app = AppData::new(tracking, load_ext_info(&take("extinfo")?)?);
    for (name, raw) in &members.0 {
        let path = &within("app_data", name);
        app = match name.as_str() {
            "application_tracking_enabled" => app.application_tracking(switch(path, raw)?),
            "campaign_ids" => app.campaign_ids(text(path, raw)?),
            "install_referrer" => app.install_referrer(text(path, raw)?),
            "installer_package" => app.installer_package(text(path, raw)?),
            "vendor_id" => app.vendor_id(text(path, raw)?),
            "windows_attribution_id" => app.windows_attribution_id(text(path, raw)?),
            "url_schemes" => {
                let schemes = json::<Vec<String>>(path, raw)?;
                schemes.iter().try_fold(app, |app, scheme| {
                    Ok::<_, String>(app.url_scheme(scheme.parse().map_err(|error| at(path, error))?))
                })?
            }
            "consider_views" => app.consider_views(json(path, raw)?),
            "include_dwell_data" => app.include_dwell_data(json(path, raw)?),
            "include_video_data" => app.include_video_data(json(path, raw)?),
            "receipt_data" => app.receipt_data(text(path, raw)?),
            "app_user_id" => app.app_user_id(text(path, raw)?),
            _ => return Err(format!("{path} is not known")),
        };
    }
    Ok(app)
}

/// Reads a switch, which is sent as 0 or 1.
fn switch(path: &str, raw: &RawValue) -> Result<bool, String> {
    match json::<u64>(path, raw)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(format!("{path} must be 0 or 1")),
    }
}

fn load_ext_info(raw: &RawValue) -> Result<ExtInfo, String> {
    const PATH: &str = "app_data.extinfo";
    let parts: Vec<String> = json(PATH, raw)?;
    if parts.len() != ExtInfo::POSITIONS {
        return Err(format!("{PATH} must have {} texts", ExtInfo::POSITIONS));
    }
    let at_position = |position: usize, error: &dyn Display| at(&format!("{PATH}[{position}]"), error);
    let version = parts[0].parse().map_err(|error| at_position(0, &error))?;
    let os_version = parts[4].parse().map_err(|error| at_position(4, &error))?;
    let mut device = ExtInfo::new(version, os_version);
    for (position, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        device = device.fill(position, part).map_err(|error| at_position(position, &error))?;
    }
    Ok(device)
}
