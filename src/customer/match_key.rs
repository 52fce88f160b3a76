//! The match keys: their names and the forms in which Meta takes their values.

use std::fmt;

/// Builds the enum, its names and its forms from one table.
macro_rules! keys {
    ($($(#[$doc:meta])+ $key:ident $name:literal $form:ident),+ $(,)?) => {
        /// One kind of customer information that Meta compares with its accounts, or that tells where a
        /// conversion came from: the members of `user_data`.
        ///
        /// ```
        /// use meta_offline_events::customer::{CleaningOptions, MatchKey};
        ///
        /// let name = MatchKey::FirstName.normalize(" Valéry ", &CleaningOptions::default())?;
        /// assert_eq!(name.text(), "valéry");
        /// assert_eq!(
        ///     name.digest().unwrap().to_string(),
        ///     "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c",
        /// );
        /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum MatchKey {
            $(
                #[doc = concat!("`", $name, "`: ")]
                $(#[$doc])+
                $key,
            )+
        }

        impl MatchKey {
            /// Every key, in the order in which keys are sent.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$key),+];

            /// The name in Meta's `user_data`.
            pub const fn wire_name(self) -> &'static str {
                match self {
                    $(Self::$key => $name,)+
                }
            }

            /// How Meta wants the values of this key.
            pub const fn form(self) -> KeyForm {
                match self {
                    $(Self::$key => KeyForm::$form,)+
                }
            }
        }
    };
}

keys! {
    /// e-mail address.
    Email "em" Digest,
    /// phone number with its country code.
    Phone "ph" Digest,
    /// first name.
    FirstName "fn" Digest,
    /// last name.
    LastName "ln" Digest,
    /// date of birth.
    BirthDate "db" Digest,
    /// gender, which Meta takes as `f` or `m`.
    Gender "ge" Digest,
    /// city.
    City "ct" Digest,
    /// state or province.
    State "st" Digest,
    /// postal code.
    PostalCode "zp" Digest,
    /// country of residence.
    Country "country" Digest,
    /// the advertiser's own id of the customer; sent by the rule of
    /// [`ExternalIdPolicy`](super::ExternalIdPolicy).
    ExternalId "external_id" Digest,
    /// advertising id of a phone (IDFA or Android advertising id).
    MobileAdvertiserId "madid" Text,
    /// address of the browser.
    ClientIpAddress "client_ip_address" Text,
    /// user agent of the browser.
    ClientUserAgent "client_user_agent" Text,
    /// click on an ad, as Meta's pixel keeps it; see [`ClickId`](super::ClickId).
    Click "fbc" Text,
    /// browser, as Meta's pixel names it.
    Browser "fbp" Text,
    /// subscription of the customer.
    SubscriptionId "subscription_id" Text,
    /// the customer's id in an app that uses Facebook Login.
    FacebookLoginId "fb_login_id" Number,
    /// lead of a form on Meta: 15 or 16 digits.
    LeadId "lead_id" Number,
    /// installation of an app; app events only.
    AppInstallation "anon_id" Text,
    /// Facebook page, for conversations on Messenger or WhatsApp.
    PageId "page_id" Text,
    /// the customer in conversations with a page on Messenger.
    PageScopedUserId "page_scoped_user_id" Text,
    /// click on an ad that opens WhatsApp.
    WhatsAppClick "ctwa_clid" Text,
    /// Instagram account, by the name on Meta's page of customer information; see
    /// [`InstagramBusinessAccountId`](Self::InstagramBusinessAccountId).
    InstagramAccountId "ig_account_id" Text,
    /// the customer in conversations on Instagram.
    InstagramScopedUserId "ig_sid" Text,
    /// WhatsApp business account.
    WhatsAppBusinessAccountId "whatsapp_business_account_id" Text,
    /// Instagram account, by the name on Meta's page of business messaging.
    InstagramBusinessAccountId "instagram_business_account_id" Text,
    /// first five characters of the first name. Only Meta's SDKs know this key.
    FirstNameStart "f5first" Digest,
    /// first five characters of the last name. Only Meta's SDKs know this key.
    LastNameStart "f5last" Digest,
    /// first letter of the first name. Only Meta's SDKs know this key.
    FirstInitial "fi" Digest,
    /// day of birth, two digits. Only Meta's SDKs know this key.
    BirthDay "dobd" Digest,
    /// month of birth, two digits. Only Meta's SDKs know this key.
    BirthMonth "dobm" Digest,
    /// year of birth, four digits. Only Meta's SDKs know this key.
    BirthYear "doby" Digest,
    /// the customer's id in an app. Only one of Meta's SDKs knows this key.
    AppUserId "app_user_id" Digest,
    /// id of a data partner. No page of Meta's describes this key.
    PartnerId "partner_id" Text,
    /// name of a data partner. No page of Meta's describes this key.
    PartnerName "partner_name" Text,
}

/// How Meta wants the values of a key.
///
/// ```
/// use meta_offline_events::customer::{KeyForm, MatchKey};
///
/// assert_eq!(MatchKey::Email.form(), KeyForm::Digest);
/// assert_eq!(MatchKey::Click.form(), KeyForm::Text);
/// assert_eq!(MatchKey::LeadId.form(), KeyForm::Number);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyForm {
    /// SHA-256 digests, in a list.
    Digest,
    /// One text, unhashed.
    Text,
    /// One whole number, unhashed.
    Number,
}

impl MatchKey {
    /// The key of this exact wire name.
    pub fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.wire_name() == name)
    }

    /// Whether Meta wants digests under this key.
    pub const fn is_hashed(self) -> bool {
        matches!(self.form(), KeyForm::Digest)
    }

    /// Whether this key takes several values, as an array. The others take one string.
    pub const fn is_list(self) -> bool {
        self.is_hashed()
    }

    /// Whether a customer can be reached by it: e-mail and phone, which come before all other keys.
    pub(crate) fn is_contact(self) -> bool {
        matches!(self, Self::Email | Self::Phone)
    }
}

impl fmt::Display for MatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}
