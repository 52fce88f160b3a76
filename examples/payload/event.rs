//! The members of the event itself.

use meta_offline_events::customer::UserData;
use meta_offline_events::event::{
    ActionSource, Attribution, AttributionSetting, DataProcessing, Event, EventBuilder, InvalidEvent,
    LduState, OriginalEvent,
};
use meta_offline_events::value::{EventTime, OutsideWindow, PageUrl};

use super::json::{Fault, Faults, Object, With, by_digits, count, id, moment, strings, text, yes_or_no};
use super::{app_data, custom_data, customer};

/// The event of a line. It counts only if no fault was found.
pub(crate) fn build(
    mut input: Object<'_>,
    now: EventTime,
    faults: &Faults,
    notes: &mut Vec<String>,
) -> Result<Event, InvalidEvent> {
    let members = input.need_on_top("event");
    let customer = input.object("user_data");
    let custom_data = input.object("custom_data");
    input.close();

    let customer = customer.map(|object| customer::read(object, now, notes)).unwrap_or_default();
    let builder = match members {
        Some(members) => read_members(members, customer, now, faults, notes),
        None => Event::builder(now, customer),
    };
    let event =
        builder.with(custom_data, |builder, object| custom_data::read(object, builder, faults)).build()?;
    notes.extend(event.warnings().iter().map(ToString::to_string));
    Ok(event)
}

fn read_members(
    mut members: Object<'_>,
    customer: UserData,
    now: EventTime,
    faults: &Faults,
    notes: &mut Vec<String>,
) -> EventBuilder {
    let name = members.take("event_name", text);
    let source = members.take("action_source", text::<ActionSource>);
    let time = members.need("event_time", moment);
    if let Some(time) = time
        && let Err(outside) = time.check_age(now, source.unwrap_or_default().age_limit())
    {
        members.fault("event_time", Fault::new(age_code(outside), outside.to_string()));
    }
    let mut page = |members: &mut Object<'_>, name| match members.take(name, Ok).map(text::<PageUrl>)? {
        Ok(page) => Some(page),
        Err(fault) if source == Some(ActionSource::Website) => {
            members.fault(name, fault);
            None
        }
        // Elsewhere a page is an extra.
        Err(fault) => {
            notes.push(format!("{name} is left out: it {fault}"));
            None
        }
    };
    let (source_url, referrer_url) =
        (page(&mut members, "event_source_url"), page(&mut members, "referrer_url"));
    let builder = Event::builder(time.unwrap_or(now), customer)
        .without_event_id()
        .with(name, EventBuilder::name)
        .with(source, EventBuilder::action_source)
        .with(members.take("event_id", id), EventBuilder::event_id)
        .with(source_url, EventBuilder::event_source_url)
        .with(referrer_url, EventBuilder::referrer_url)
        .with(members.take("opt_out", yes_or_no), EventBuilder::opt_out)
        .with(data_processing(&mut members), EventBuilder::data_processing)
        .with(members.take("messaging_channel", text), EventBuilder::messaging_channel)
        .with(members.object("app_data").and_then(|app| app_data::read(app, faults)), EventBuilder::app_data)
        .with(members.object("original_event_data").map(original_event), EventBuilder::original_event)
        .with(members.object("attribution_data").map(attribution), EventBuilder::attribution)
        .with(members.take("advanced_measurement_table", text), EventBuilder::advanced_measurement_table)
        // Meta's table has it here, Meta's sample in `custom_data`, where it is sent.
        .with(members.take("customer_segmentation", text), EventBuilder::customer_segmentation);
    members.close();
    builder
}

fn age_code(outside: OutsideWindow) -> &'static str {
    match outside {
        OutsideWindow::TooOld => "too_old",
        OutsideWindow::InFuture => "in_future",
    }
}

/// The three members that mean something only together.
fn data_processing(members: &mut Object<'_>) -> Option<DataProcessing> {
    const OPTIONS: &str = "data_processing_options";
    const COUNTRY: &str = "data_processing_options_country";
    const STATE: &str = "data_processing_options_state";

    let options = members.take(OPTIONS, strings);
    let country = members.take(COUNTRY, count::<u16>);
    let state = members.take(STATE, count::<u16>);
    let options: Option<Vec<_>> =
        options.as_ref().map(|options| options.iter().map(String::as_str).collect());
    let refuse = |member, message| {
        members.fault(member, Fault::new("data_processing", message));
        None
    };
    match (options.as_deref(), country, state) {
        (None, None, None) => None,
        (Some([]), None, None) => Some(DataProcessing::not_limited()),
        (Some(["LDU"]), Some(0), Some(0)) => Some(DataProcessing::limited_geolocated()),
        (Some(["LDU"]), Some(1), Some(code)) => match LduState::other(code) {
            Ok(state) => Some(DataProcessing::limited(state)),
            Err(_) => refuse(STATE, "is no code of a state"),
        },
        (Some(["LDU"]), Some(0 | 1), None) => refuse(STATE, "is missing: the country goes with a state"),
        (Some(["LDU"]), Some(0), Some(_)) => refuse(STATE, "must be 0 where Meta is to find the place"),
        (Some(["LDU"]), None, _) => refuse(COUNTRY, "is missing: LDU goes with a place"),
        (Some(["LDU"]), Some(_), _) => refuse(COUNTRY, "must be 0 or 1"),
        (Some([]), Some(_), _) => refuse(COUNTRY, "says where processing is limited, and it is not"),
        (Some([]), None, Some(_)) => refuse(STATE, "says where processing is limited, and it is not"),
        (Some(_), ..) => refuse(OPTIONS, "must be empty or hold LDU alone"),
        (None, ..) => refuse(OPTIONS, "is missing: a place goes with LDU"),
    }
}

fn original_event(mut original: Object<'_>) -> OriginalEvent {
    let event = OriginalEvent::new()
        .with(original.take("event_name", text), OriginalEvent::event_name)
        .with(original.take("event_time", moment), OriginalEvent::event_time)
        .with(original.take("order_id", id), OriginalEvent::order_id)
        .with(original.take("event_id", id), OriginalEvent::event_id);
    original.close();
    event
}

fn attribution(mut credit: Object<'_>) -> Attribution {
    let attribution = Attribution::new()
        .with(credit.take("ad_id", id), Attribution::ad_id)
        .with(credit.take("adset_id", id), Attribution::ad_set_id)
        .with(credit.take("campaign_id", id), Attribution::campaign_id)
        .with(credit.take("touchpoint_ts", moment), Attribution::touchpoint_time)
        .with(credit.take("attribution_share", by_digits), Attribution::share)
        .with(credit.take("attribution_value", by_digits), Attribution::value)
        .with(credit.take("visit_time", moment), Attribution::visit_time)
        .with(credit.take("attr_window", count), Attribution::window_days)
        .with(credit.take("attribution_model", text), Attribution::model)
        .with(credit.take("attribution_method", text), Attribution::method)
        .with(credit.take("decline_reason", text), Attribution::decline_reason)
        .with(credit.object("attribution_setting").map(setting), Attribution::setting)
        .with(credit.take("scope", text), Attribution::scope)
        .with(credit.take("attribution_source", text), Attribution::source)
        .with(credit.take("touchpoint_type", text), Attribution::touchpoint_type)
        .with(credit.take("auditing_token", text), Attribution::auditing_token)
        .with(credit.take("linkage_key", text), Attribution::linkage_key)
        .with(credit.take("touchpoint_id", id), Attribution::touchpoint_id)
        .with(credit.take("partner_client_id", id), Attribution::partner_client_id)
        .with(credit.take("total_credit", by_digits), Attribution::total_credit);
    credit.close();
    attribution
}

fn setting(mut windows: Object<'_>) -> AttributionSetting {
    let setting = AttributionSetting::new()
        .with(windows.take("inactivity_window_hours", count), AttributionSetting::inactivity_window_hours)
        .with(
            windows.take("reattribution_window_hours", count),
            AttributionSetting::reattribution_window_hours,
        );
    windows.close();
    setting
}
