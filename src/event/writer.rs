//! The bytes of an event: its `Serialize` form, written piece by piece into place.
//!
//! Digests, ids, numbers and names make up most of an event, and none of them needs JSON's escapes. They are
//! copied as they are; every other value goes through its serializer. Which members there are, and in which
//! order, the event itself says.

use serde::Serialize;
use serde_json::Value;

use super::custom_data::ContentIds;
use super::members::{MemberWriter, Name};
use super::{Content, CustomData, Event};
use crate::customer::{Hashed, MatchKey, MatchValue, UserData};
use crate::value::{Amount, Currency, EventId, Identifier, ProductId, copy};

impl Event {
    /// Writes the JSON of the event into `body` at `start`, and returns its length.
    ///
    /// The event replaces whatever stands there. Bytes behind it stay, so that a body that is used again need not
    /// be cleared.
    pub(crate) fn write_json(&self, body: &mut Vec<u8>, start: usize) -> usize {
        write(self, self.id(), body, start)
    }

    /// Does the same without the id of the event.
    pub(super) fn write_json_without_id(&self, body: &mut Vec<u8>, start: usize) -> usize {
        write(self, None, body, start)
    }

    /// The JSON of the event. `memory` is used again for the next one.
    #[cfg(feature = "journal")]
    pub(crate) fn json<'m>(&self, memory: &'m mut Vec<u8>) -> &'m [u8] {
        let length = self.write_json(memory, 0);
        &memory[..length]
    }

    /// The length of its JSON, in bytes.
    pub(crate) fn json_len(&self) -> usize {
        self.write_json(&mut Vec::new(), 0)
    }
}

fn write(event: &Event, id: Option<&EventId>, body: &mut Vec<u8>, start: usize) -> usize {
    let bound = bound(event);
    let mut spare = 1024;
    loop {
        let needed = start + bound + spare;
        if body.len() < needed {
            body.resize(needed, 0);
        }
        let room = &mut body[start..];
        let mut writer = SliceWriter { spare: room.len() - bound, room, end: 0 };
        if let Ok(()) = writer.object(|members| event.write_members(id, members)) {
            return writer.end;
        }
        spare = 4 * (body.len() - start - bound);
    }
}

/// No event is longer than this, its values that need a serializer not counted.
fn bound(event: &Event) -> usize {
    const MEMBERS: usize = 1024 + Name::ROOM;
    const CUSTOMER_VALUE: usize = Opening::ROOM + HEX + 4;
    const CONTENT: usize = 192;
    const ID: usize = Identifier::ROOM + 4;
    let data = event.custom_data();
    MEMBERS
        + event.user_data().len() * CUSTOMER_VALUE
        + data.contents().len() * (CONTENT + 2 * ID)
        + data.given_content_ids().len() * ID
}

const HEX: usize = 64;

/// Fills a slice from its start.
///
/// The slice has room for every piece that is copied, and `spare` bytes for long ids and for values that need a
/// serializer.
struct SliceWriter<'b> {
    room: &'b mut [u8],
    end: usize,
    spare: usize,
}

/// A value does not fit the spare room.
struct Full;

impl SliceWriter<'_> {
    /// Writes an object. Each member begins with a comma; the first comma becomes the brace.
    #[inline]
    fn object(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Full>) -> Result<(), Full> {
        self.enclose(*b"{}", write)
    }

    #[inline]
    fn list(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Full>) -> Result<(), Full> {
        self.enclose(*b"[]", write)
    }

    #[inline]
    fn enclose(
        &mut self,
        [opening, closing]: [u8; 2],
        write: impl FnOnce(&mut Self) -> Result<(), Full>,
    ) -> Result<(), Full> {
        let start = self.end;
        write(self)?;
        self.end += usize::from(self.end == start);
        self.room[start] = opening;
        self.put(&[closing]);
        Ok(())
    }

    #[inline]
    fn name(&mut self, name: Name) {
        const SHORT: usize = 16;
        let (padded, length) = name.behind_another();
        match padded.first_chunk::<SHORT>() {
            // Most names fit one register.
            Some(short) if length <= SHORT => self.put_start(short, length),
            _ => self.put_start(padded, length),
        }
    }

    /// Copies a text of a fixed length.
    #[inline]
    fn put<const LENGTH: usize>(&mut self, text: &[u8; LENGTH]) {
        self.put_start(text, LENGTH);
    }

    /// Copies the start of a text of a fixed length: copying all of it takes no call, and the next piece
    /// replaces what is too much.
    #[inline]
    fn put_start<const LENGTH: usize>(&mut self, text: &[u8; LENGTH], length: usize) {
        *self.place(self.end) = *text;
        self.end += length;
    }

    /// The place of a text of a fixed length. Assigning it takes no call, whatever the compiler optimises.
    #[inline]
    fn place<const LENGTH: usize>(&mut self, start: usize) -> &mut [u8; LENGTH] {
        let place = self.room[start..].first_chunk_mut();
        place.unwrap_or_else(|| unreachable!("the slice has room for every piece that is copied"))
    }

    #[inline]
    fn put_slice(&mut self, text: &[u8]) {
        copy(text, &mut self.room[self.end..][..text.len()]);
        self.end += text.len();
    }

    #[inline]
    fn put_text(&mut self, text: &[u8]) {
        self.put(b"\"");
        self.put_slice(text);
        self.put(b"\"");
    }

    /// Copies the start of a text of a fixed length, in quotation marks.
    #[inline]
    fn put_quoted<const LENGTH: usize>(&mut self, text: &[u8; LENGTH], length: usize) {
        let end = self.end + 1 + length;
        self.put(b"\"");
        *self.place(self.end) = *text;
        self.room[end] = b'"';
        self.end = end + 1;
    }

    /// Writes a digest in quotation marks behind the opening of its key, and the bracket that closes a list.
    #[inline]
    fn put_digest(&mut self, Opening { text, length, is_list }: &Opening, digest: &Hashed) {
        const QUOTED: usize = HEX + 3;
        let place: &mut [u8; Opening::MASK + QUOTED] = self.place(self.end);
        if let Some(start) = place.first_chunk_mut() {
            *start = *text;
        }
        // The mask changes no length, and shows that there is room.
        if let Some([mark, digits @ .., other_mark, bracket]) =
            place[length & Opening::MASK..].first_chunk_mut::<QUOTED>()
        {
            digest.write_hex(digits);
            [*mark, *other_mark, *bracket] = *b"\"\"]";
        }
        self.end += length + HEX + 2 + usize::from(*is_list);
    }

    #[inline(never)]
    fn put_id(&mut self, id: &Identifier) -> Result<(), Full> {
        match id.in_place() {
            Some((text, length)) if id.is_plain() => {
                self.put_quoted(text, length);
                Ok(())
            }
            _ => self.json(&id.as_str()),
        }
    }

    #[inline]
    fn put_product_id(&mut self, id: &ProductId) -> Result<(), Full> {
        if id.is_number() { self.json(id) } else { self.put_id(id.text()) }
    }

    #[inline]
    fn put_number(&mut self, number: u64) {
        if number < EIGHT_DIGITS {
            let digits = eight_digits(number);
            // The last digit stays, also of zero.
            let zeros = digits.trailing_zeros().min(56) / 8;
            let text = (digits | ZEROS) >> (8 * zeros);
            self.put_start(&text.to_le_bytes(), 8 - zeros as usize);
        } else {
            self.put_long_number(number);
        }
    }

    #[inline(never)]
    fn put_long_number(&mut self, number: u64) {
        self.put_number(number / EIGHT_DIGITS);
        self.put(&(eight_digits(number % EIGHT_DIGITS) | ZEROS).to_le_bytes());
    }

    fn put_amount(&mut self, amount: Amount) {
        match amount.few_digits() {
            Some((units @ 0.., 0)) => self.put_number(units.unsigned_abs()),
            Some((units @ 0.., decimals @ 1..=7)) if units.unsigned_abs() < EIGHT_DIGITS => {
                let digits = eight_digits(units.unsigned_abs());
                let text = digits | ZEROS;
                let point = 8 - decimals;
                // The last digit before the point stays, also of zero.
                let zeros = (digits.trailing_zeros() / 8).min(point - 1);
                let whole = (point - zeros) as usize;
                let place: &mut [u8; 24] = self.place(self.end);
                if let Some(start) = place.first_chunk_mut() {
                    *start = (text >> (8 * zeros)).to_le_bytes();
                }
                // There are at most seven digits before the point, which the mask shows.
                if let Some([sign, behind @ ..]) = place[whole & 7..].first_chunk_mut::<9>() {
                    *sign = b'.';
                    *behind = (text >> (8 * point)).to_le_bytes();
                }
                self.end += whole + 1 + decimals as usize;
            }
            _ => self.put_slice(amount.to_digits().as_bytes()),
        }
    }

    /// Writes a value by its serializer.
    #[cold]
    #[inline(never)]
    fn json(&mut self, value: &impl Serialize) -> Result<(), Full> {
        let room = &mut self.room[self.end..][..self.spare];
        let before = room.len();
        let mut rest = room;
        serde_json::to_writer(&mut rest, value).map_err(|_| Full)?;
        let written = before - rest.len();
        self.end += written;
        self.spare -= written;
        Ok(())
    }
}

impl MemberWriter for SliceWriter<'_> {
    type Error = Full;

    fn member(&mut self, name: Name, value: &impl Serialize) -> Result<(), Full> {
        self.name(name);
        self.json(value)
    }

    fn property(&mut self, name: &str, value: &Value) -> Result<(), Full> {
        self.put(b",");
        self.json(&name)?;
        self.put(b":");
        self.json(value)
    }

    #[inline]
    fn plain_text(&mut self, name: Name, text: &str) -> Result<(), Full> {
        self.name(name);
        self.put_text(text.as_bytes());
        Ok(())
    }

    #[inline]
    fn id(&mut self, name: Name, id: &Identifier) -> Result<(), Full> {
        self.name(name);
        self.put_id(id)
    }

    #[inline]
    fn product_id(&mut self, name: Name, id: &ProductId) -> Result<(), Full> {
        self.name(name);
        self.put_product_id(id)
    }

    #[inline]
    fn number(&mut self, name: Name, number: u64) -> Result<(), Full> {
        self.name(name);
        self.put_number(number);
        Ok(())
    }

    #[inline]
    fn amount(&mut self, name: Name, amount: Amount) -> Result<(), Full> {
        self.name(name);
        self.put_amount(amount);
        Ok(())
    }

    #[inline]
    fn currency(&mut self, name: Name, currency: Currency) -> Result<(), Full> {
        self.name(name);
        self.put_quoted(&currency.letters(), 3);
        Ok(())
    }

    #[inline]
    fn user_data(&mut self, name: Name, customer: &UserData) -> Result<(), Full> {
        self.name(name);
        self.object(|members| {
            let mut last = None;
            for (key, value) in customer.entries() {
                let mut opening = &OPENINGS[key as usize];
                if last == Some(key) {
                    // Another value of the list that was closed behind the last one.
                    members.end -= 1;
                    opening = &Opening::OF_ANOTHER;
                }
                last = Some(key);
                match value {
                    MatchValue::Hashed(digest) => members.put_digest(opening, digest),
                    value => {
                        members.put_start(&opening.text, opening.length);
                        members.json(&value)?;
                        members.put_start(b"]", usize::from(opening.is_list));
                    }
                }
            }
            Ok(())
        })
    }

    #[inline]
    fn custom_data(&mut self, name: Name, data: &CustomData) -> Result<(), Full> {
        self.name(name);
        self.object(|members| data.write(members))
    }

    #[inline]
    fn content_ids(&mut self, name: Name, ids: ContentIds<'_>) -> Result<(), Full> {
        self.name(name);
        self.list(|list| {
            ids.try_for_each(|id| {
                list.put(b",");
                list.put_product_id(id)
            })
        })
    }

    #[inline]
    fn contents(&mut self, name: Name, contents: &[Content]) -> Result<(), Full> {
        self.name(name);
        self.list(|list| {
            contents.iter().try_for_each(|content| {
                list.put(b",");
                list.object(|members| content.write(members))
            })
        })
    }
}

/// The first number of nine digits.
const EIGHT_DIGITS: u64 = 100_000_000;

/// The text of the number zero in eight digits.
const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// The eight digits of a number, one in each byte, the first one in the lowest byte. All are made at once: the number is
/// halved into lanes of four digits, of two and of one, and multiplication stands for division.
#[inline]
fn eight_digits(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - 10 * tens) << 8)
}

/// What stands before the values of a key, such as `,"em":[`.
struct Opening {
    text: [u8; Self::ROOM],
    length: usize,
    is_list: bool,
}

impl Opening {
    /// Longer than every opening.
    const ROOM: usize = 40;
    /// Has all bits of the length of any opening.
    const MASK: usize = 63;

    /// What stands before another value of a list.
    const OF_ANOTHER: Self = {
        let mut text = [0; Self::ROOM];
        text[0] = b',';
        Self { text, length: 1, is_list: true }
    };

    const fn of(key: MatchKey) -> Self {
        let mut text = [0; Self::ROOM];
        let end: &[u8] = if key.is_list() { b"\":[" } else { b"\":" };
        let pieces = [b",\"", key.wire_name().as_bytes(), end];
        let (mut piece, mut length) = (0, 0);
        while piece < pieces.len() {
            let mut index = 0;
            while index < pieces[piece].len() {
                text[length] = pieces[piece][index];
                (index, length) = (index + 1, length + 1);
            }
            piece += 1;
        }
        Self { text, length, is_list: key.is_list() }
    }
}

const _: () = assert!(Opening::ROOM <= Opening::MASK, "the mask changes no length");

/// The opening of each key.
static OPENINGS: [Opening; MatchKey::ALL.len()] = {
    let mut openings = [const { Opening::of(MatchKey::Email) }; MatchKey::ALL.len()];
    let mut index = 0;
    while index < openings.len() {
        openings[index] = Opening::of(MatchKey::ALL[index]);
        index += 1;
    }
    openings
};

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::customer::Hashed;
    use crate::event::{
        ActionSource, AppData, DataProcessing, EventName, ExtInfo, ExtInfoVersion, LduState,
        MessagingChannel, OriginalEvent,
    };
    use crate::value::{Currency, EventTime, InvalidValue, Money};

    /// Writes an event behind other bytes, into new memory and over what stands in old memory.
    fn written(event: &Event) -> Result<String, std::string::FromUtf8Error> {
        let [new, old] = [b"before".to_vec(), b"before, and what is replaced".repeat(500)].map(|mut body| {
            let length = event.write_json(&mut body, "before".len());
            assert!(body.starts_with(b"before"));
            body["before".len()..][..length].to_vec()
        });
        assert_eq!(new, old);
        String::from_utf8(new)
    }

    #[test]
    fn what_is_written_is_the_serialize_form() -> Result<(), Box<dyn std::error::Error>> {
        let time = EventTime::from_unix(1_777_896_000)?;
        let rich = UserData::builder()
            .email("mary@example.com")
            .email("john@example.com")
            .value(MatchKey::MobileAdvertiserId, "D23F0824-128B-2F33-0C5C-7FD0A6A3A450")
            .client_user_agent("Agent \"quoted\" \\ é")
            .client_ip_address("203.0.113.7")
            .country("DE")
            .build()?;
        let poor = UserData::builder().phone("+1 650 555 1212").build()?;
        let price = |text: &str| -> Result<_, InvalidValue> { Ok(Money::new(text.parse()?, Currency::EUR)) };
        for event in [
            Event::builder(time, poor.clone()).value(price("31.50")?).build()?,
            Event::builder(time, poor.clone()).name("Store \"visit\"".parse()?).build()?,
            Event::builder(time, poor.clone()).name(EventName::LEAD).without_event_id().build()?,
            Event::builder(time, poor)
                .name(EventName::LEAD)
                .data_processing(DataProcessing::limited(LduState::TEXAS))
                .opt_out(false)
                .app_data(AppData::new(false, ExtInfo::new(ExtInfoVersion::Ios, "18 \"β\"".parse()?)))
                .messaging_channel(MessagingChannel::WhatsApp)
                .original_event(OriginalEvent::new().event_time(time))
                .property("loyalty \"points\"", serde_json::json!({"before": [1, null], "after": 2.5}))
                .build()?,
            Event::builder(time, rich)
                .action_source(ActionSource::Website)
                .event_source_url("https://shop.example/?a=\"b\"".parse()?)
                .order_id("A \"1\"".parse()?)
                .content(Content::new("SKU\\1".parse()?, 2.try_into()?).item_price("0.10".parse()?))
                .value(price("0.20")?)
                .build()?,
        ] {
            assert_eq!(written(&event)?, serde_json::to_string(&event)?);
        }
        Ok(())
    }

    #[test]
    fn numbers_and_amounts_are_written_as_they_are_shown() {
        let mut rng = fastrand::Rng::with_seed(3);
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let edges = powers.flat_map(|power| [power - 1, power, power + 1]).chain([u64::MAX]);
        let random = (0..2000).map(|_| rng.u64(..) >> rng.u32(0..64));
        for number in edges.chain(random) {
            let mut room = [0; 64];
            let mut writer = SliceWriter { room: &mut room, end: 0, spare: 0 };
            writer.put_number(number);
            let end = writer.end;
            assert_eq!(room[..end], *number.to_string().as_bytes());
            for decimals in 0..=3 {
                let units = i64::try_from(number >> 1).unwrap_or_default();
                let amount = Amount::from_minor(units, decimals).unwrap_or(Amount::ZERO);
                let mut writer = SliceWriter { room: &mut room, end: 0, spare: 0 };
                writer.put_amount(amount);
                let end = writer.end;
                assert_eq!(room[..end], *amount.to_string().as_bytes());
            }
        }
    }

    #[test]
    fn the_longest_pieces_have_room() -> Result<(), Box<dyn std::error::Error>> {
        let prices = [
            "9999999999999999999999999999",
            "0.0000000000000000000000000001",
            "0.05",
            "12.3",
            "0",
            "1844674407370955.16",
        ];
        for length in [1, 35, 36, 37, 1024] {
            for values in [1, 40] {
                for lines in [1, prices.len(), 20] {
                    let id = "x".repeat(length);
                    let mut customer = UserData::default();
                    for key in MatchKey::ALL.into_iter().filter(|key| key.is_hashed()) {
                        for number in 0..values {
                            customer.insert_hashed(key, Hashed::of(&format!("{key} {number}")))?;
                        }
                    }
                    let mut event = Event::builder(EventTime::from_unix(99_999_999_999)?, customer)
                        .action_source(ActionSource::SystemGenerated)
                        .event_id(id.parse()?)
                        .order_id(id.parse()?)
                        .value(Money::new("99999999999999999999999999.99".parse()?, Currency::USD));
                    for (number, price) in prices.iter().cycle().take(lines).enumerate() {
                        let product = format!("{id}{number}").get(..length).unwrap_or(&id).parse()?;
                        event =
                            event.product(Content::new(product, NonZeroU64::MAX).item_price(price.parse()?));
                    }
                    let event = event.build()?;
                    assert_eq!(written(&event)?, serde_json::to_string(&event)?);
                }
            }
        }
        Ok(())
    }
}
