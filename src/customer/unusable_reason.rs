//! Why a text cannot be used as a match key: the reason, never the text.

/// Why a text cannot be used as a match key.
///
/// [`code`](UnusableReason::code) is stable, for programs; `Display` says what is wrong and what to do. Neither
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
    /// The text is empty or blank.
    #[error("is empty")]
    Empty,
    /// The text is a placeholder for a missing value, such as `null` or `n/a`.
    #[error("is a placeholder for a missing value: leave it empty instead")]
    Placeholder,
    /// The text has more than 16 KiB.
    #[error("is too long for a customer value: check the columns of the export")]
    TooLong,
    /// The key has 1,000 values already.
    #[error("comes after 1,000 other values of its key: give the values of one customer only")]
    TooManyValues,
    /// The postal code has fewer than two characters.
    #[error("is too short: write at least two characters")]
    TooShort,
    /// The text contains a control character.
    #[error("contains a control character: remove it")]
    ControlCharacter,
    /// The text is not of the form `name@example.com`.
    #[error("is not an e-mail address of the form name@example.com")]
    NotAnEmail,
    /// The phone number has no digit other than zero.
    #[error("contains no phone number: write its digits with the country code")]
    NoDigits,
    /// The phone number has fewer than 7 digits.
    #[error("has too few digits for a phone number: write it with its country code")]
    TooFewDigits,
    /// The phone number has more than 15 digits.
    #[error("has too many digits for a phone number: write a single number")]
    TooManyDigits,
    /// The phone number begins with a single zero, so it lacks its country code.
    #[error("is a national phone number: write it with its country code, such as +44")]
    NationalNumber,
    /// A letter follows a digit directly, or a second number follows the first.
    #[error("is not a single phone number: remove letters and further numbers")]
    NotOneNumber,
    /// The text is neither `YYYYMMDD` nor three groups of digits with a four-digit year first or last.
    #[error("is not a date: write YYYY-MM-DD")]
    NotADate,
    /// The day and the month could be swapped, and no [date order](super::CleaningOptions::date_order) is set.
    #[error("could be read day first or month first: write YYYY-MM-DD or set the date order")]
    AmbiguousDate,
    /// The calendar has no such day.
    #[error("is a date that does not exist: write YYYY-MM-DD")]
    NoSuchDate,
    /// The date is before 1900 or in the future.
    #[error("is before 1900 or in the future: check the date")]
    DateOutOfRange,
    /// The text is no known word for female or male.
    #[error("is not a known gender: write f or m, set the words of the export, or leave it empty")]
    UnknownWord,
    /// The text is a word or letter that means female in one language and male, or neither, in another.
    #[error("could mean more than one gender: write f or m, or set the words of the export")]
    AmbiguousWord,
    /// Nothing is left without blanks, punctuation and the like.
    #[error("contains no letters")]
    NoLetters,
    /// The city starts with a digit.
    #[error("starts with a digit: write the name of the city only")]
    StartsWithDigit,
    /// The text is neither an ISO 3166-1 code nor a known name of a country.
    #[error("is not a known country: write its two-letter ISO 3166-1 code")]
    UnknownCountry,
    /// The name of more than one country, such as `Korea`.
    #[error("could be more than one country: write its two-letter ISO 3166-1 code")]
    AmbiguousCountry,
    /// The text is not of the form `fb.1.1596403881668.…`.
    #[error(
        "is not of the form fb.1.<milliseconds>.<id> that Meta's pixel writes: \
         turn a plain fbclid into it with ClickId"
    )]
    NotAClickId,
    /// The text is not a whole number above zero.
    #[error("is not a whole number above zero: write digits only, without leading zeros")]
    NotANumber,
    /// The lead id does not have 15 or 16 digits.
    #[error("is not a lead id: write its 15 or 16 digits")]
    NotALeadId,
    /// The text is not a single IPv4 or IPv6 address.
    #[error("is not an IP address: write a single IPv4 or IPv6 address, without a port")]
    NotAnIpAddress,
    /// The value is all zeros: the device or the network hides the real one.
    #[error("is all zeros because the real value is hidden: leave it empty")]
    AllZero,
    /// The text is a SHA-256 digest, and the options [refuse those](super::AlreadyHashed::Refuse).
    #[error("is already hashed: give the plain text, or accept digests")]
    AlreadyHashed,
    /// The text is not a SHA-256 digest where [only digests](super::CleaningOptions::digests_only) are accepted,
    /// or it is a digest with blanks or punctuation in it.
    #[error("is not a SHA-256 digest: write 64 hexadecimal digits with nothing between them")]
    NotSha256,
    /// The text looks like a digest of another kind, such as MD5 or SHA-1, or like a SHA-256 digest that is cut.
    #[error("has {digits} hexadecimal digits like {}: Meta accepts SHA-256 only, which has 64", kind_of_digest(*digits))]
    OtherDigest {
        /// How many hexadecimal digits it has.
        digits: u8,
    },
    /// The digest is that of an empty text or of a placeholder; see
    /// [`Hashed::is_of_nothing`](super::Hashed::is_of_nothing).
    #[error("is the digest of an empty text or of a placeholder such as null: leave it empty instead")]
    HashOfNothing,
    /// Meta wants plain text under this key, not a digest.
    #[error("must not be hashed: Meta wants this key as plain text")]
    NeverHashed,
}

/// The kind of digest with so many hexadecimal digits.
fn kind_of_digest(digits: u8) -> &'static str {
    match digits {
        32 => "an MD5 digest",
        40 => "a SHA-1 digest",
        56 => "a SHA-224 digest",
        96 => "a SHA-384 digest",
        128 => "a SHA-512 digest",
        _ => "a digest that is cut",
    }
}

impl UnusableReason {
    /// The stable name of this reason in reports, in snake case.
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
            Self::AmbiguousWord => "ambiguous_word",
            Self::NoLetters => "no_letters",
            Self::StartsWithDigit => "starts_with_digit",
            Self::UnknownCountry => "unknown_country",
            Self::AmbiguousCountry => "ambiguous_country",
            Self::NotAClickId => "not_a_click_id",
            Self::NotANumber => "not_a_number",
            Self::NotALeadId => "not_a_lead_id",
            Self::NotAnIpAddress => "not_an_ip_address",
            Self::AllZero => "all_zero",
            Self::AlreadyHashed => "already_hashed",
            Self::NotSha256 => "not_sha256",
            Self::OtherDigest { .. } => "other_digest",
            Self::HashOfNothing => "hash_of_nothing",
            Self::NeverHashed => "never_hashed",
        }
    }
}
