//! The app and the device on which something happened.

use std::fmt;

use serde::Serialize;

use super::open::open_names;
use crate::value::Text;

/// The `app_data` of an event in a mobile app.
///
/// An event from an [app](super::ActionSource::App) needs it. The tracking switches are written as
/// the numbers 0 and 1, as Meta's samples have them. Source: Meta's page on app data.
///
/// ```
/// use meta_offline_events::event::{AppData, ExtInfo, ExtInfoVersion};
///
/// let device = ExtInfo::new(ExtInfoVersion::Ios, "18.1".parse()?)
///     .package_name("com.example.shop".parse()?)
///     .screen_width(1170);
/// let app = AppData::new(true, device).url_scheme("example-shop".parse()?);
/// let json = serde_json::to_value(&app)?;
/// assert_eq!(json["advertiser_tracking_enabled"], 1);
/// assert_eq!(json["extinfo"][0], "i2");
/// assert_eq!(json["extinfo"][15], "");
/// assert_eq!(json["url_schemes"][0], "example-shop");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppData {
    advertiser_tracking_enabled: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_tracking_enabled: Option<u8>,
    extinfo: ExtInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_ids: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    install_referrer: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installer_package: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    windows_attribution_id: Option<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    url_schemes: Vec<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consider_views: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_dwell_data: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_video_data: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_data: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_user_id: Option<Text>,
}

impl AppData {
    /// Whether the customer lets advertisers track (on iOS: the answer to App Tracking Transparency),
    /// and the device.
    pub fn new(advertiser_tracking: bool, ext_info: ExtInfo) -> Self {
        Self {
            advertiser_tracking_enabled: advertiser_tracking.into(),
            application_tracking_enabled: None,
            extinfo: ext_info,
            campaign_ids: None,
            install_referrer: None,
            installer_package: None,
            vendor_id: None,
            windows_attribution_id: None,
            url_schemes: Vec::new(),
            consider_views: None,
            include_dwell_data: None,
            include_video_data: None,
            receipt_data: None,
            app_user_id: None,
        }
    }

    /// Whether the app's own setting lets events be tracked.
    pub fn application_tracking(mut self, enabled: bool) -> Self {
        self.application_tracking_enabled = Some(enabled.into());
        self
    }

    /// The campaign that led to the installation, as the app link says.
    pub fn campaign_ids(mut self, ids: Text) -> Self {
        self.campaign_ids = Some(ids);
        self
    }

    /// The referrer of the installation; Android only.
    pub fn install_referrer(mut self, referrer: Text) -> Self {
        self.install_referrer = Some(referrer);
        self
    }

    /// The package that installed the app.
    pub fn installer_package(mut self, package: Text) -> Self {
        self.installer_package = Some(package);
        self
    }

    /// The vendor's id of the device; iOS only.
    pub fn vendor_id(mut self, id: Text) -> Self {
        self.vendor_id = Some(id);
        self
    }

    /// The attribution token of Windows.
    pub fn windows_attribution_id(mut self, id: Text) -> Self {
        self.windows_attribution_id = Some(id);
        self
    }

    /// A URL scheme of the app: may be called once for each.
    pub fn url_scheme(mut self, scheme: Text) -> Self {
        self.url_schemes.push(scheme);
        self
    }

    /// Whether views count for attribution. Only Meta's SDKs know this member.
    pub fn consider_views(mut self, consider: bool) -> Self {
        self.consider_views = Some(consider);
        self
    }

    /// Whether dwell data is included. Only Meta's SDKs know this member.
    pub fn include_dwell_data(mut self, include: bool) -> Self {
        self.include_dwell_data = Some(include);
        self
    }

    /// Whether video data is included. Only Meta's SDKs know this member.
    pub fn include_video_data(mut self, include: bool) -> Self {
        self.include_video_data = Some(include);
        self
    }

    /// The receipt of a purchase in the app, as text. Only Meta's SDKs know this member.
    pub fn receipt_data(mut self, receipt: Text) -> Self {
        self.receipt_data = Some(receipt);
        self
    }

    /// The customer's id in the app, sent as it is given: never an e-mail address or a name. Only
    /// Meta's SDKs know this member.
    pub fn app_user_id(mut self, id: Text) -> Self {
        self.app_user_id = Some(id);
        self
    }

    /// What may identify the customer.
    #[cfg(feature = "client")]
    pub(super) fn clear_texts(&self) -> impl Iterator<Item = &Text> {
        [&self.install_referrer, &self.vendor_id, &self.receipt_data, &self.app_user_id].into_iter().flatten()
    }
}

open_names! {
    /// The version of [`ExtInfo`], which stands for the system of the device.
    ExtInfoVersion {
        /// Android.
        Android "a2",
        /// iOS.
        Ios "i2",
    }
}

/// The device: sixteen positions, of which version and OS version are always filled.
///
/// It is sent as an array of sixteen texts, `""` where nothing is known; Meta's SDKs differ here, and
/// this is the form of Meta's samples. `Debug` shows how many are filled.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ExtInfo(Box<[Box<str>; ExtInfo::POSITIONS]>);

impl fmt::Debug for ExtInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = self.0.iter().filter(|part| !part.is_empty()).count();
        write!(f, "ExtInfo({filled} of {})", Self::POSITIONS)
    }
}

impl ExtInfo {
    /// How many positions there are.
    pub const POSITIONS: usize = 16;

    /// The version, and the version of the operating system, which Meta refuses to miss.
    pub fn new(version: ExtInfoVersion, os_version: Text) -> Self {
        let version = match version {
            ExtInfoVersion::Other(name) => name.into(),
            known => known.as_str().into(),
        };
        Self(Box::default()).with(0, version).with(4, os_version.into())
    }

    fn with(mut self, position: usize, part: Box<str>) -> Self {
        self.0[position] = part;
        self
    }
}

macro_rules! positions {
    ($($(#[$doc:meta])+ $position:literal $setter:ident($kind:ty)),+ $(,)?) => {
        impl ExtInfo {$(
            $(#[$doc])+
            #[doc = concat!("Position ", $position, ".")]
            pub fn $setter(self, part: $kind) -> Self {
                self.with($position, part.to_string().into())
            }
        )+

            /// Fills a position with its text form.
            pub(super) fn fill(self, position: usize, part: &str) -> Result<Self, String> {
                match position {
                    $($position => Ok(self.$setter(part.parse::<$kind>().map_err(|error| error.to_string())?)),)+
                    // Version and OS version are there from the start.
                    _ => Ok(self),
                }
            }
        }
    };
}

positions! {
    /// The package or bundle of the app.
    1 package_name(Text),
    /// The short version of the app.
    2 short_version(Text),
    /// The long version of the app.
    3 long_version(Text),
    /// The model of the device.
    5 device_model(Text),
    /// The locale, such as `en_US`.
    6 locale(Text),
    /// The abbreviation of the time zone, such as `PST`.
    7 timezone(Text),
    /// The carrier.
    8 carrier(Text),
    /// The width of the screen in pixels.
    9 screen_width(u32),
    /// The height of the screen in pixels.
    10 screen_height(u32),
    /// The density of the screen, such as `2.5`.
    11 screen_density(Text),
    /// How many cores the processor has.
    12 cpu_cores(u32),
    /// The external storage in gigabytes.
    13 external_storage_gb(u32),
    /// The free external storage in gigabytes.
    14 free_external_storage_gb(u32),
    /// The time zone of the device, such as `America/New_York`.
    15 device_timezone(Text),
}
