//! Sets of names that Meta may extend: the known ones have variants, any other is kept as text.

/// Makes such a set from one table. `Other` holds what is not in it.
macro_rules! open_names {
    ($($(#[$doc:meta])+ $set:ident { $($(#[$variant_doc:meta])+ $variant:ident $name:literal),+ $(,)? })+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $set {
            $($(#[$variant_doc])+ $variant,)+
            /// One that this crate does not know yet.
            Other($crate::value::Text),
        }

        impl $set {
            /// The known names as they are sent.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name as it is sent.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(name) => name.as_str(),
                }
            }
        }

        impl std::str::FromStr for $set {
            type Err = $crate::value::InvalidValue;

            /// Trims outer blanks. A name that is not known is kept.
            ///
            /// # Errors
            ///
            /// Those of [`Text`](crate::value::Text), and
            /// [`Rule::WrongCase`](crate::value::Rule::WrongCase) for a known name in other case.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                use $crate::value::{InvalidValue, Rule, Text, ValueKind};

                let name: Text = text.parse()?;
                match name.as_str() {
                    $($name => Ok(Self::$variant),)+
                    other => match Self::NAMES.iter().find(|known| known.eq_ignore_ascii_case(other)) {
                        Some(known) => Err(InvalidValue::new(ValueKind::Text, Rule::WrongCase(known))),
                        None => Ok(Self::Other(name)),
                    },
                }
            }
        }

        impl std::fmt::Display for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $set {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

pub(super) use open_names;
