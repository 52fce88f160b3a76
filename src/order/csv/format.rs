//! How a file is written, apart from its rows.

use super::delimiter::Delimiter;
#[cfg(feature = "encoding")]
use super::encoding::Encoding;

/// How a file is written, apart from its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::order) struct FileFormat {
    pub(in crate::order) delimiter: DelimiterChoice,
    #[cfg(feature = "encoding")]
    pub(in crate::order) encoding: Option<Encoding>,
    pub(in crate::order) skipped_lines: u32,
}

#[cfg_attr(
    not(feature = "encoding"),
    expect(clippy::unused_self, reason = "no other encoding can be stated")
)]
impl FileFormat {
    pub(super) fn is_utf16(&self) -> bool {
        #[cfg(feature = "encoding")]
        return self.encoding.is_some_and(Encoding::is_utf16);
        #[cfg(not(feature = "encoding"))]
        return false;
    }

    /// The name of the encoding that is stated, if one is.
    pub(super) fn encoding_name(&self) -> Option<&'static str> {
        #[cfg(feature = "encoding")]
        return self.encoding.map(Encoding::name);
        #[cfg(not(feature = "encoding"))]
        return None;
    }
}

/// Which delimiter a file has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::order) enum DelimiterChoice {
    /// The one that a line such as `sep=;` states, else a comma.
    #[default]
    Usual,
    Stated(Delimiter),
    /// The one that makes the header fit the layout.
    Found,
}

impl DelimiterChoice {
    pub(super) fn or_comma(self) -> Delimiter {
        match self {
            Self::Stated(delimiter) => delimiter,
            Self::Usual | Self::Found => Delimiter::Comma,
        }
    }
}
