//! App and device, whose sixteen positions have no names on the wire.

use meta_offline_events::event::{AppData, ExtInfo, ExtInfoVersion};
use meta_offline_events::value::{InvalidValue, Text};
use serde_json::value::RawValue;

use super::json::{Fault, Faults, Object, With, by_digits, count, id, string, switch, text, yes_or_no};

pub(crate) fn read(mut app: Object<'_>, faults: &Faults) -> Option<AppData> {
    let tracking = app.need("advertiser_tracking_enabled", switch);
    let device = ext_info(&mut app, faults);
    let app_data = AppData::new(tracking?, device?)
        .with(app.take("application_tracking_enabled", switch), AppData::application_tracking)
        .with(app.take("campaign_ids", id), AppData::campaign_ids)
        .with(app.take("install_referrer", text), AppData::install_referrer)
        .with(app.take("installer_package", text), AppData::installer_package)
        .with(app.take("vendor_id", id), AppData::vendor_id)
        .with(app.take("windows_attribution_id", id), AppData::windows_attribution_id)
        .with(app.take("consider_views", yes_or_no), AppData::consider_views)
        .with(app.take("include_dwell_data", yes_or_no), AppData::include_dwell_data)
        .with(app.take("include_video_data", yes_or_no), AppData::include_video_data)
        .with(app.take("receipt_data", text), AppData::receipt_data)
        .with(app.take("app_user_id", id), AppData::app_user_id);
    let app_data = app.each("url_schemes", text).into_iter().fold(app_data, AppData::url_scheme);
    app.close();
    Some(app_data)
}

fn ext_info(app: &mut Object<'_>, faults: &Faults) -> Option<ExtInfo> {
    let Some(parts) = app.list("extinfo") else {
        app.fault("extinfo", Fault::new("missing", "must be a list of 16 texts"));
        return None;
    };
    if parts.len() != ExtInfo::POSITIONS {
        app.fault("extinfo", Fault::new("not_sixteen", "must have 16 positions, empty texts among them"));
        return None;
    }
    let at = Positions { parts, faults };
    let (version, os_version) = (at.needed::<ExtInfoVersion>(0), at.needed(4));
    Some(
        ExtInfo::new(version?, os_version?)
            .with(at.text(1), ExtInfo::package_name)
            .with(at.text(2), ExtInfo::short_version)
            .with(at.text(3), ExtInfo::long_version)
            .with(at.text(5), ExtInfo::device_model)
            .with(at.text(6), ExtInfo::locale)
            .with(at.text(7), ExtInfo::timezone)
            .with(at.text(8), ExtInfo::carrier)
            .with(at.count(9), ExtInfo::screen_width)
            .with(at.count(10), ExtInfo::screen_height)
            .with(at.text(11), ExtInfo::screen_density)
            .with(at.count(12), ExtInfo::cpu_cores)
            .with(at.count(13), ExtInfo::external_storage_gb)
            .with(at.count(14), ExtInfo::free_external_storage_gb)
            .with(at.text(15), ExtInfo::device_timezone),
    )
}

struct Positions<'a> {
    parts: Vec<(String, &'a RawValue)>,
    faults: &'a Faults,
}

impl<'a> Positions<'a> {
    fn needed<T: std::str::FromStr<Err = InvalidValue>>(&self, position: usize) -> Option<T> {
        self.read(position, text)
    }

    /// A text, where there is one.
    fn text(&self, position: usize) -> Option<Text> {
        if self.is_blank(position) { None } else { self.read(position, by_digits) }
    }

    /// A whole number, which may be written as a text.
    fn count(&self, position: usize) -> Option<u32> {
        if self.is_blank(position) { None } else { self.read(position, count_or_text) }
    }

    fn is_blank(&self, position: usize) -> bool {
        self.parts[position].1.get() == "\"\""
    }

    fn read<T>(&self, position: usize, read: impl FnOnce(&'a RawValue) -> Result<T, Fault>) -> Option<T> {
        let (path, raw) = &self.parts[position];
        read(raw).map_err(|fault| self.faults.add(path.clone(), fault)).ok()
    }
}

fn count_or_text(raw: &RawValue) -> Result<u32, Fault> {
    count(raw).or_else(|fault| string(raw)?.parse().map_err(|_| fault))
}
