//! Limited data use: how far Meta may process an event of a customer with such a right.

use crate::value::{InvalidValue, Rule, ValueKind};

/// What Meta may do with the event: the `data_processing_options` and their place.
///
/// It cannot be half set: limited use always comes with a country and a state. Source: Meta's page on
/// data processing options.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::event::{DataProcessing, Event, EventName, LduState};
/// use meta_offline_events::value::EventTime;
///
/// let customer = UserData::builder().email("mary@example.com").build()?;
/// let event = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
///     .name(EventName::LEAD)
///     .data_processing(DataProcessing::limited(LduState::CALIFORNIA))
///     .build()?;
/// let json = serde_json::to_value(&event)?;
/// assert_eq!(json["data_processing_options"][0], "LDU");
/// assert_eq!(json["data_processing_options_country"], 1);
/// assert_eq!(json["data_processing_options_state"], 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataProcessing {
    pub(super) options: &'static [&'static str],
    /// The codes of country and state.
    pub(super) place: Option<(u8, u16)>,
}

/// Limited data use, as Meta calls it.
const LIMITED: &[&str] = &["LDU"];

impl DataProcessing {
    /// Not limited, said outright: an empty list of options.
    pub fn not_limited() -> Self {
        Self { options: &[], place: None }
    }

    /// Limited if Meta finds that the customer's IP address lies in a state with such a right.
    ///
    /// The event is refused without a client IP address: offline there seldom is one, so state the
    /// place instead.
    pub fn limited_geolocated() -> Self {
        Self { options: LIMITED, place: Some((0, 0)) }
    }

    /// Limited by the law of this state of the USA.
    pub fn limited(state: LduState) -> Self {
        Self { options: LIMITED, place: Some((1, state.0)) }
    }

    /// Whether Meta is left to find the place.
    pub(super) fn is_geolocated(self) -> bool {
        self.place == Some((0, 0))
    }
}

/// A state of the USA whose law knows limited data use, by Meta's code.
///
/// ```
/// use meta_offline_events::event::LduState;
///
/// assert_eq!(LduState::RHODE_ISLAND.code(), 1013);
/// assert_eq!(LduState::other(1014)?.code(), 1014);
/// assert!(LduState::other(0).is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LduState(u16);

macro_rules! states {
    ($($constant:ident $code:literal $name:literal),+ $(,)?) => {
        impl LduState {
            $(
                #[doc = concat!($name, ": ", $code, ".")]
                pub const $constant: Self = Self($code);
            )+

            /// The states that Meta lists.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];
        }
    };
}

states! {
    CALIFORNIA 1000 "California",
    COLORADO 1001 "Colorado",
    CONNECTICUT 1002 "Connecticut",
    FLORIDA 1003 "Florida",
    OREGON 1004 "Oregon",
    TEXAS 1005 "Texas",
    MONTANA 1006 "Montana",
    DELAWARE 1007 "Delaware",
    NEBRASKA 1008 "Nebraska",
    NEW_HAMPSHIRE 1009 "New Hampshire",
    NEW_JERSEY 1010 "New Jersey",
    MINNESOTA 1011 "Minnesota",
    MARYLAND 1012 "Maryland",
    RHODE_ISLAND 1013 "Rhode Island",
}

impl LduState {
    /// A state that Meta has added since, by its code.
    ///
    /// # Errors
    ///
    /// [`Rule::NotOneOf`] unless the code has four digits: Meta counts states from 1000.
    pub fn other(code: u16) -> Result<Self, InvalidValue> {
        if (1000..=9999).contains(&code) {
            Ok(Self(code))
        } else {
            Err(InvalidValue::new(ValueKind::StateCode, Rule::NotOneOf(&["1000 to 9999"])))
        }
    }

    /// Meta's code of this state.
    pub fn code(self) -> u16 {
        self.0
    }
}
