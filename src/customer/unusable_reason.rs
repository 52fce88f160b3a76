//! Why a text gives no match key: the reason, never the text.

/// Why a text cannot be used as a match key.
///
/// [`code`](UnusableReason::code) is stable and fit for machines; `Display` says what to do. Neither ever
/// shows the text.
///
/// ```
/// use meta_offline_events::customer::{CleaningOptions, MatchKey, UnusableReason};
///
/// let unusable = MatchKey::BirthDate.normalize("03/04/1980", &CleaningOptions::default()).unwrap_err();
/// assert_eq!(unusable, UnusableReason::AmbiguousDate);
/// assert_eq!(unusable.code(), "ambiguous_date");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableReason {
    /// Nothing but blanks.
    #[error("is empty")]
    Empty,
    /// A word that stands for a missing value, such as `null` or `n/a`.
    #[error("is a word for a missing value: leave it empty instead")]
    Placeholder,
    /// More text than any value of this kind has.
    #[error("is far too long for a customer value: check the columns of the export")]
    TooLong,
    /// A value behind a thousand others of its key.
    #[error("is one of more than a thousand values of its key: give those of one customer only")]
    TooManyValues,
    /// Less than two characters.
    #[error("is too short to tell customers apart")]
    TooShort,
    /// A control character inside.
    #[error("holds a control character: remove it")]
    ControlCharacter,
    /// Not `local@domain.tld`.
    #[error("is not an e-mail address of the form name@example.com")]
    NotAnEmail,
    /// No digit other than zero.
    #[error("has no digits to make a phone number")]
    NoDigits,
    /// Less than 7 digits.
    #[error("has too few digits for a phone number: write it with its country code")]
    TooFewDigits,
    /// More than 15 digits.
    #[error("has too many digits for a phone number: write one number, without a second one")]
    TooManyDigits,
    /// A phone number with a leading zero and no country code.
    #[error(
        "is a national phone number, and of no stated country: write it with its country code, such as +44"
    )]
    NationalNumber,
    /// Letters right behind a digit, or a second number behind the first.
    #[error("is not one phone number: remove letters and further numbers")]
    NotOneNumber,
    /// Not three groups of digits with a four-digit year first or last, and not `YYYYMMDD`.
    #[error("is not a date: write YYYY-MM-DD")]
    NotADate,
    /// Day and month cannot be told apart.
    #[error("could be read day first or month first: write YYYY-MM-DD")]
    AmbiguousDate,
    /// A day that the calendar does not have.
    #[error("is a day that does not exist: write YYYY-MM-DD")]
    NoSuchDate,
    /// Before 1900 or in the future.
    #[error("lies before 1900 or in the future")]
    DateOutOfRange,
    /// Not one of the known words for a woman or a man.
    #[error("is no known word: write f or m, or leave it empty")]
    UnknownWord,
    /// No letter is left once blanks, punctuation and the like are gone.
    #[error("has no letters")]
    NoLetters,
    /// A city that begins with a digit.
    #[error("begins with a digit: write the name of the city only")]
    StartsWithDigit,
    /// Neither an ISO 3166-1 code nor a known name of a country.
    #[error("is no known country: write its ISO 3166-1 code of two letters")]
    UnknownCountry,
    /// Not of the form `fb.1.1596403881668.…`.
    #[error(
        "is not of the form fb.1.<milliseconds>.<id> that Meta's pixel gives clicks and browsers: \
         make one of a bare fbclid with ClickId"
    )]
    NotAClickId,
    /// Not a whole number above zero.
    #[error("is not a whole number above zero: write its digits only, without leading zeros")]
    NotANumber,
    /// Not 15 or 16 digits.
    #[error("is not the id of a lead: those have 15 or 16 digits")]
    NotALeadId,
    /// Not a single IPv4 or IPv6 address.
    #[error("is not an IPv4 or IPv6 address")]
    NotAnIpAddress,
    /// Zeros only: the device or the network hides the real value.
    #[error("is all zeros, which stands for a hidden value: leave it empty")]
    AllZero,
    /// A SHA-256 digest where only plain text is wanted.
    #[error("is hashed already: give the plain text, or allow digests")]
    AlreadyHashed,
    /// Anything but a SHA-256 digest where only digests are wanted, or a digest with something in it.
    #[error("is not SHA-256: write 64 hexadecimal digits with nothing between them")]
    NotSha256,
    /// A text that looks like an MD5 or SHA-1 digest.
    #[error("looks like an MD5 or SHA-1 digest: Meta takes SHA-256 only")]
    OtherDigest,
    /// The digest of an empty text or of a word for a missing value.
    #[error("is the digest of an empty text or of a word such as null: leave it empty instead")]
    HashOfNothing,
    /// A digest for a key that is sent unhashed.
    #[error("must not be hashed: Meta takes this key as text")]
    NeverHashed,
}

impl UnusableReason {
    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Placeholder => "placeholder",
            Self::TooLong => "too_long",
            Self::TooManyValues => "too_many_values",
            Self::TooShort => "too_short",
            Self::ControlCharacter => "control_character",
            Self::NotAnEmail => "not_an_email",
            Self::NoDigits => "no_digits",
            Self::TooFewDigits => "too_few_digits",
            Self::TooManyDigits => "too_many_digits",
            Self::NationalNumber => "national_number",
            Self::NotOneNumber => "not_one_number",
            Self::NotADate => "not_a_date",
            Self::AmbiguousDate => "ambiguous_date",
            Self::NoSuchDate => "no_such_date",
            Self::DateOutOfRange => "date_out_of_range",
            Self::UnknownWord => "unknown_word",
            Self::NoLetters => "no_letters",
            Self::StartsWithDigit => "starts_with_digit",
            Self::UnknownCountry => "unknown_country",
            Self::NotAClickId => "not_a_click_id",
            Self::NotANumber => "not_a_number",
            Self::NotALeadId => "not_a_lead_id",
            Self::NotAnIpAddress => "not_an_ip_address",
            Self::AllZero => "all_zero",
            Self::AlreadyHashed => "already_hashed",
            Self::NotSha256 => "not_sha256",
            Self::OtherDigest => "other_digest",
            Self::HashOfNothing => "hash_of_nothing",
            Self::NeverHashed => "never_hashed",
        }
    }
}
