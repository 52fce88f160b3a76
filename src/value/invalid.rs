//! Why a text is not a value: the kind of value and the rule it broke, never the text.

use std::fmt;

/// The kind of value that a text should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// [`AccessToken`](super::AccessToken)
    AccessToken,
    /// [`AdAccountId`](super::AdAccountId)
    AdAccountId,
    /// [`Amount`](super::Amount)
    Amount,
    /// [`AppId`](super::AppId)
    AppId,
    /// [`AppSecret`](super::AppSecret)
    AppSecret,
    /// [`BusinessId`](super::BusinessId)
    BusinessId,
    /// [`Country`](super::Country)
    Country,
    /// [`Currency`](super::Currency)
    Currency,
    /// [`DatasetId`](super::DatasetId)
    DatasetId,
    /// The encoding of a file.
    Encoding,
    /// [`EventId`](super::EventId)
    EventId,
    /// `EventName`
    EventName,
    /// [`EventTime`](super::EventTime)
    EventTime,
    /// `ActionSource`
    ActionSource,
    /// `DeliveryCategory`
    DeliveryCategory,
    /// [`GatewayAccessKey`](super::GatewayAccessKey)
    GatewayAccessKey,
    /// A word of `GenderWords`.
    GenderWord,
    /// [`OrderId`](super::OrderId)
    OrderId,
    /// [`PageId`](super::PageId)
    PageId,
    /// [`ProductId`](super::ProductId)
    ProductId,
    /// The quantity of a row or a content.
    Quantity,
    /// [`PageUrl`](super::PageUrl)
    PageUrl,
    /// [`StoreCode`](super::StoreCode)
    StoreCode,
    /// The code of a state in data processing options.
    StateCode,
    /// [`Text`](super::Text), and other free text that is sent unhashed, such as a user agent.
    Text,
    /// [`UserId`](super::UserId)
    UserId,
    /// [`Zone`](super::Zone)
    Zone,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessToken => "access token",
            Self::AdAccountId => "ad account id",
            Self::Amount => "amount",
            Self::AppId => "app id",
            Self::AppSecret => "app secret",
            Self::BusinessId => "business id",
            Self::Country => "country",
            Self::Currency => "currency",
            Self::DatasetId => "dataset id",
            Self::Encoding => "encoding",
            Self::EventId => "event id",
            Self::EventName => "event name",
            Self::EventTime => "event time",
            Self::ActionSource => "action source",
            Self::DeliveryCategory => "delivery category",
            Self::GatewayAccessKey => "access key of the gateway",
            Self::GenderWord => "word for a gender",
            Self::OrderId => "order id",
            Self::PageId => "page id",
            Self::ProductId => "product id",
            Self::Quantity => "quantity",
            Self::PageUrl => "page address",
            Self::StoreCode => "store code",
            Self::StateCode => "state code",
            Self::Text => "text",
            Self::UserId => "user id",
            Self::Zone => "time zone",
        })
    }
}

/// The rule that a text broke.
///
/// [`code`](Rule::code) is stable and fit for machines; [`Display`](fmt::Display) says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Empty, or blanks only.
    Empty,
    /// Longer than this many bytes.
    TooLong(usize),
    /// A NUL, line break, escape or other control character.
    ControlCharacter,
    /// A blank inside, such as that of `Bearer EAAB…`.
    InnerBlank,
    /// A control character or a letter beyond ASCII, in an access token.
    NotVisibleAscii,
    /// Something other than the digits 0 to 9.
    NotDigits,
    /// Something other than the letters A to Z and the digits 0 to 9.
    NotAlphanumeric,
    /// Not a plain decimal number (`NaN`, words, currency signs, brackets …).
    NotANumber,
    /// A decimal comma or a thousands separator.
    NumberStyle,
    /// An amount without a currency, where both are needed.
    NoCurrency,
    /// Scientific notation such as `1e3`.
    Exponent,
    /// More digits than an exact decimal holds.
    TooManyDigits,
    /// A floating-point number that is so large that it may stand for several whole numbers.
    InexactFloat,
    /// Negative where that has no meaning.
    Negative,
    /// A number with decimals where only whole numbers are allowed.
    NotWhole,
    /// Not on the ISO list of codes in use.
    UnknownCode,
    /// The name of more than one country, such as `Korea`.
    AmbiguousCountry,
    /// An error of a spreadsheet such as `#REF!`, or a filler such as `0000`, in place of an order id.
    NamesNothing,
    /// Not one of these values.
    NotOneOf(&'static [&'static str]),
    /// The right word in the wrong case. This is the right spelling.
    WrongCase(&'static str),
    /// Neither whole seconds nor a date with a time.
    NotATime,
    /// Too large for seconds: probably milliseconds or a finer unit.
    LooksLikeMilliseconds,
    /// Not after 1 January 1970, 00:00:00 UTC.
    NotAfterEpoch,
    /// A date without a time of day.
    NoTimeOfDay,
    /// A day or a time of day that does not exist.
    NoSuchMoment,
    /// The second 60 of a minute.
    LeapSecond,
    /// 24:00, the end of a day.
    EndOfDay,
    /// After the year 5138.
    TooFarAhead,
    /// A date that could be day first or month first.
    AmbiguousDate,
    /// A year with two digits.
    TwoDigitYear,
    /// A time that the clock of its zone shows twice, because it is put back.
    ShownTwice,
    /// A time that the clock of its zone never shows, because it is put forward.
    NeverShown,
    /// Neither an offset nor the name of a time zone.
    UnknownZone,
    /// The name of a time zone, in a program without the feature `chrono-tz`.
    ZoneName,
    /// Not an absolute `http` or `https` address.
    NotAWebAddress,
    /// The same text for two values that must differ.
    SameTwice,
    /// Bytes that are no text in UTF-8, or in the encoding that the layout states.
    NotUtf8,
}

impl Rule {
    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong(_) => "too_long",
            Self::ControlCharacter => "control_character",
            Self::InnerBlank => "inner_blank",
            Self::NotVisibleAscii => "not_visible_ascii",
            Self::NotDigits => "not_digits",
            Self::NotAlphanumeric => "not_alphanumeric",
            Self::NotANumber => "not_a_number",
            Self::NumberStyle => "number_style",
            Self::NoCurrency => "no_currency",
            Self::Exponent => "exponent",
            Self::TooManyDigits => "too_many_digits",
            Self::InexactFloat => "inexact_float",
            Self::Negative => "negative",
            Self::NotWhole => "not_whole",
            Self::UnknownCode => "unknown_code",
            Self::AmbiguousCountry => "ambiguous_country",
            Self::NamesNothing => "not_an_order_id",
            Self::NotOneOf(_) => "not_one_of",
            Self::WrongCase(_) => "wrong_case",
            Self::NotATime => "not_a_time",
            Self::LooksLikeMilliseconds => "looks_like_milliseconds",
            Self::NotAfterEpoch => "not_after_epoch",
            Self::NoTimeOfDay => "no_time_of_day",
            Self::NoSuchMoment => "no_such_moment",
            Self::LeapSecond => "leap_second",
            Self::EndOfDay => "end_of_day",
            Self::TooFarAhead => "too_far_ahead",
            Self::AmbiguousDate => "ambiguous_date",
            Self::TwoDigitYear => "two_digit_year",
            Self::ShownTwice => "shown_twice",
            Self::NeverShown => "never_shown",
            Self::UnknownZone => "unknown_zone",
            Self::ZoneName => "zone_name",
            Self::NotAWebAddress => "not_a_web_address",
            Self::SameTwice => "same_twice",
            Self::NotUtf8 => "not_utf8",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong(limit) => write!(f, "is longer than {limit} bytes"),
            Self::ControlCharacter => f.write_str("has a control character, such as a line break: remove it"),
            Self::InnerBlank => {
                f.write_str("has a blank inside: give the value alone, without words such as Bearer")
            }
            Self::NotVisibleAscii => {
                f.write_str("has a control character or a letter beyond ASCII: copy it again")
            }
            Self::NotDigits => f.write_str("must be digits only"),
            Self::NotAlphanumeric => f.write_str("must be the letters A to Z and digits only"),
            Self::NotANumber => f.write_str("is not a number: write digits and a point, such as 1234.50"),
            Self::NumberStyle => f.write_str(
                "does not fit the number style: write it as 1234.50, with a point and no other separator",
            ),
            Self::NoCurrency => f.write_str("has no currency: write both, such as 10.50 EUR"),
            Self::Exponent => f.write_str("is in scientific notation: write all digits"),
            Self::TooManyDigits => f.write_str("has more digits than can be kept exactly"),
            Self::InexactFloat => f.write_str(
                "is a float too large to be exact: cast the column to a decimal or whole number where the float came from",
            ),
            Self::Negative => f.write_str("is negative: refunds and returns are not conversions"),
            Self::NotWhole => f.write_str("must be a whole number"),
            Self::UnknownCode => f.write_str("is not on the ISO list of codes in use: check the spelling"),
            Self::AmbiguousCountry => {
                f.write_str("could be more than one country: write its two-letter ISO 3166-1 code")
            }
            Self::NamesNothing => f.write_str(
                "is an error of a spreadsheet or a filler: export order ids as text, and leave the column empty for \
                 a sale without one",
            ),
            Self::NotOneOf(list) => write!(f, "must be one of {}", list.join(", ")),
            Self::WrongCase(right) => write!(f, "is not spelt as Meta spells it: did you mean {right}?"),
            Self::NotATime => {
                f.write_str("is not a time: write Unix seconds or ISO 8601, such as 2026-05-04T13:45:00Z")
            }
            Self::LooksLikeMilliseconds => {
                f.write_str("looks like milliseconds or a finer unit: write whole seconds")
            }
            Self::NotAfterEpoch => f.write_str("is not after 1 January 1970: check the date"),
            Self::NoTimeOfDay => {
                f.write_str("has no time of day: add it, or state a time of day in the layout")
            }
            Self::NoSuchMoment => f.write_str("is a day or time that does not exist: check the date"),
            Self::LeapSecond => f.write_str("is a leap second: write the second before or after it"),
            Self::EndOfDay => f.write_str("is at 24:00: write 00:00 of the next day"),
            Self::TooFarAhead => f.write_str("is after the year 5138: check the date"),
            Self::AmbiguousDate => {
                f.write_str("could be read day first or month first: state the order in the layout")
            }
            Self::TwoDigitYear => f.write_str("has a year of two digits: write all four"),
            Self::ShownTwice => f.write_str(
                "happens twice in its zone, because the clock is put back: write it with its offset, or state in the \
                 layout which one counts",
            ),
            Self::NeverShown => f.write_str(
                "never happens in its zone, because the clock is put forward: write it with its offset, or state in \
                 the layout where to move it",
            ),
            Self::UnknownZone => f.write_str(
                "is not a time zone: write a name such as Europe/Berlin or an offset such as +02:00; abbreviations \
                 are not unique",
            ),
            Self::ZoneName => f.write_str(
                "is a name, and names need the feature `chrono-tz`: enable it, or write an offset such as +02:00",
            ),
            Self::NotAWebAddress => {
                f.write_str("is not a web address: write it whole, such as https://shop.example/thanks")
            }
            Self::SameTwice => f.write_str("is the same twice: give two different words"),
            Self::NotUtf8 => f.write_str("has bytes that are no text in the encoding of the file, which is UTF-8 unless the layout states another: correct them or the encoding"),
        }
    }
}

/// The error of a text that is not a value of its kind: the kind, and the rule that the text breaks.
///
/// It does not hold the text, so you can log it.
///
/// ```
/// use meta_offline_events::value::{Amount, Rule, ValueKind};
///
/// let error = "1,234.50".parse::<Amount>().unwrap_err();
/// assert_eq!(error.kind(), ValueKind::Amount);
/// assert_eq!(error.rule(), Rule::NumberStyle);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {rule}")]
pub struct InvalidValue {
    kind: ValueKind,
    rule: Rule,
}

impl InvalidValue {
    /// Creates the error, for value types of your own.
    pub fn new(kind: ValueKind, rule: Rule) -> Self {
        Self { kind, rule }
    }

    /// The kind of value that the text should have been.
    pub fn kind(self) -> ValueKind {
        self.kind
    }

    /// The rule that the text breaks.
    pub fn rule(self) -> Rule {
        self.rule
    }
}
