//! The match keys: their names, and the forms in which Meta wants their values.

use std::fmt;

/// Builds the enum, its names and its forms from one table.
macro_rules! keys {
    ($($(#[$doc:meta])+ $key:ident $name:literal $form:ident),+ $(,)?) => {
        /// A kind of customer information by which Meta finds the account behind an event: a member of
        /// `user_data`.
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
        ///
        /// Which keys customers have decides how many events match, and is what *event match quality* is about; see
        /// [`Coverage`](super::Coverage#event-match-quality).
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
            /// Every key, in the order in which the crate sends them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$key),+];

            /// The name in Meta's `user_data`.
            pub const fn wire_name(self) -> &'static str {
                match self {
                    $(Self::$key => $name,)+
                }
            }

            /// The form in which Meta wants the values of this key.
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
    /// gender, `f` or `m`.
    Gender "ge" Digest,
    /// city.
    City "ct" Digest,
    /// state or province.
    State "st" Digest,
    /// postal code.
    PostalCode "zp" Digest,
    /// country of residence.
    Country "country" Digest,
    /// the advertiser's own id of the customer; [`ExternalIdPolicy`](super::ExternalIdPolicy) decides how it
    /// is sent.
    ExternalId "external_id" Digest,
    /// advertising id of a mobile device (IDFA or Android advertising id).
    MobileAdvertiserId "madid" Text,
    /// IP address of the customer's browser.
    ClientIpAddress "client_ip_address" Text,
    /// user agent of the customer's browser.
    ClientUserAgent "client_user_agent" Text,
    /// click on an ad, as Meta's pixel stores it; see [`ClickId`](super::ClickId).
    Click "fbc" Text,
    /// browser id that Meta's pixel assigns.
    Browser "fbp" Text,
    /// id of the customer's subscription.
    SubscriptionId "subscription_id" Text,
    /// the customer's id in an app that uses Facebook Login.
    FacebookLoginId "fb_login_id" Number,
    /// id of a lead from Meta's lead ads, 15 or 16 digits.
    LeadId "lead_id" Number,
    /// installation of an app, for app events only.
    AppInstallation "anon_id" Text,
    /// id of the Facebook page, for conversations on Messenger or WhatsApp.
    PageId "page_id" Text,
    /// the customer's id in conversations with a page on Messenger.
    PageScopedUserId "page_scoped_user_id" Text,
    /// id of a click on an ad that opens WhatsApp.
    WhatsAppClick "ctwa_clid" Text,
    /// id of the Instagram account, under its name on Meta's page on customer information; see
    /// [`InstagramBusinessAccountId`](Self::InstagramBusinessAccountId).
    InstagramAccountId "ig_account_id" Text,
    /// the customer's id in conversations on Instagram.
    InstagramScopedUserId "ig_sid" Text,
    /// id of the WhatsApp business account.
    WhatsAppBusinessAccountId "whatsapp_business_account_id" Text,
    /// id of the Instagram account, under its name on Meta's page on business messaging.
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
    /// id of a data partner. Meta's pages do not describe this key.
    PartnerId "partner_id" Text,
    /// name of a data partner. Meta's pages do not describe this key.
    PartnerName "partner_name" Text,
}

/// The form in which Meta wants the values of a key.
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
    /// The key with this name in Meta's `user_data`.
    ///
    /// ```
    /// use meta_offline_events::customer::MatchKey;
    ///
    /// assert_eq!(MatchKey::from_wire_name("em"), Some(MatchKey::Email));
    /// assert_eq!(MatchKey::from_wire_name("email"), None);
    /// ```
    pub fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.wire_name() == name)
    }

    /// Whether Meta wants the values of this key hashed.
    ///
    /// ```
    /// use meta_offline_events::customer::MatchKey;
    ///
    /// assert!(MatchKey::Phone.is_hashed());
    /// assert!(!MatchKey::ClientUserAgent.is_hashed(), "a digest would be useless");
    /// ```
    pub const fn is_hashed(self) -> bool {
        matches!(self.form(), KeyForm::Digest)
    }

    /// Whether this key takes several values, as an array; the others take one.
    ///
    /// ```
    /// use meta_offline_events::customer::{MatchKey, UserData};
    ///
    /// assert!(MatchKey::Email.is_list());
    /// let customer = UserData::builder().email("m@example.com").email("mary@example.org").build()?;
    /// assert_eq!(customer.values(MatchKey::Email).len(), 2);
    /// # Ok::<(), meta_offline_events::customer::InvalidUserData>(())
    /// ```
    pub const fn is_list(self) -> bool {
        self.is_hashed()
    }

    /// The keys that tell customers apart: who shares none of them is somebody else.
    pub(crate) const IDENTIFYING: [Self; 3] = [Self::Email, Self::Phone, Self::ExternalId];

    /// Whether this is e-mail or phone, which come before all other keys.
    pub(crate) fn is_contact(self) -> bool {
        matches!(self, Self::Email | Self::Phone)
    }
}

impl fmt::Display for MatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}
