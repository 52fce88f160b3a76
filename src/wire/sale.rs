//! The JSON of a usual sale, written piece by piece into its place: byte for byte that of its event.

use crate::customer::MatchKey;
use crate::event::{Content, Sale};
use crate::value::{Amount, Identifier};

/// Writes the JSON of a sale into a text at this position, and tells its length. What stood there is written
/// over, and what is left of it stays: a text that was longer once needs no room made again.
pub(super) fn encode_sale(sale: &Sale, body: &mut Vec<u8>, start: usize) -> usize {
    let needed = start + room_for(sale);
    if body.len() < needed {
        body.resize(needed, 0);
    }
    let mut pad = Pad { room: &mut body[start..], end: 0 };
    pad.put(br#"{"event_name":"Purchase","event_time":"#);
    pad.put_number(sale.time.unix().unsigned_abs());
    pad.put(br#","event_id":""#);
    pad.put(&sale.id_digits());
    pad.put(br#"","action_source":""#);
    pad.put_text(sale.source.as_str());
    // The comma before the first key gives way to the brace.
    pad.put(br#"","user_data":"#);
    let brace = pad.end;
    for (key, _, digest) in &sale.customer {
        pad.put_opening(*key);
        pad.put(digest.to_hex().as_bytes());
        pad.put(br#""]"#);
    }
    pad.room[brace] = b'{';
    pad.put(br#"},"custom_data":{"currency":""#);
    pad.put(sale.currency.letters());
    pad.put(br#"","value":"#);
    pad.put_amount(sale.total);
    pad.put(br#","order_id":""#);
    pad.put_id(sale.order_id.text());
    pad.put(br#"","content_type":"product","content_ids":"#);
    let bracket = pad.end;
    for (index, content) in sale.contents.iter().enumerate() {
        if sale.contents[..index].iter().all(|earlier| earlier.id() != content.id()) {
            pad.put(br#",""#);
            pad.put_id(content.id().text());
            pad.put(br#"""#);
        }
    }
    pad.room[bracket] = b'[';
    pad.put(br#"],"contents":"#);
    let bracket = pad.end;
    for content in &sale.contents {
        pad.put_content(content);
    }
    pad.room[bracket] = b'[';
    pad.put(b"]}}");
    pad.end
}

/// More bytes than the sale takes.
fn room_for(sale: &Sale) -> usize {
    const FRAME: usize = 400;
    const CUSTOMER_VALUE: usize = OPENING + 66;
    const CONTENT: usize = 128;
    FRAME
        + sale.order_id.text().as_bytes().len()
        + sale.customer.len() * CUSTOMER_VALUE
        + sale.contents.len() * CONTENT
        + 2 * sale.id_bytes
}

/// Room that is filled from its start.
struct Pad<'b> {
    room: &'b mut [u8],
    end: usize,
}

impl Pad<'_> {
    /// Puts a text of fixed length, which takes no call.
    fn put<const LENGTH: usize>(&mut self, text: &[u8; LENGTH]) {
        self.room[self.end..self.end + LENGTH].copy_from_slice(text);
        self.end += LENGTH;
    }

    fn put_text(&mut self, text: &str) {
        self.put_slice(text.as_bytes());
    }

    fn put_slice(&mut self, text: &[u8]) {
        self.room[self.end..self.end + text.len()].copy_from_slice(text);
        self.end += text.len();
    }

    /// `,"em":["`
    fn put_opening(&mut self, key: MatchKey) {
        let (opening, length) = &OPENINGS[key as usize];
        self.put_start(opening, *length);
    }

    fn put_id(&mut self, id: &Identifier) {
        match id.in_place() {
            Some((text, length)) => self.put_start(text, length),
            None => self.put_slice(id.as_bytes()),
        }
    }

    fn put_number(&mut self, number: u64) {
        self.put_digits(number, number.checked_ilog10().map_or(1, |log| log as usize + 1));
    }

    /// So many digits, leading zeros among them.
    fn put_digits(&mut self, mut number: u64, length: usize) {
        for place in self.room[self.end..self.end + length].iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.end += length;
    }

    fn put_amount(&mut self, amount: Amount) {
        let (whole, behind, decimals) = match amount.few_digits() {
            Some((units @ 0.., 0)) => (units, 0, 0),
            Some((units @ 0.., 1)) => (units / 10, units % 10, 1),
            Some((units @ 0.., 2)) => (units / 100, units % 100, 2),
            _ => return self.put_slice(amount.to_digits().as_bytes()),
        };
        self.put_number(whole.unsigned_abs());
        if decimals > 0 {
            self.put(b".");
            self.put_digits(behind.unsigned_abs(), decimals);
        }
    }

    /// Puts the start of a text of fixed length: all of it is written, because that takes no call, and what
    /// is too much is written over.
    fn put_start<const LENGTH: usize>(&mut self, text: &[u8; LENGTH], length: usize) {
        self.room[self.end..self.end + LENGTH].copy_from_slice(text);
        self.end += length;
    }

    fn put_content(&mut self, content: &Content) {
        self.put(br#",{"id":""#);
        self.put_id(content.id().text());
        self.put(br#"","quantity":"#);
        self.put_number(content.quantity().get());
        if let Some(price) = content.price() {
            self.put(br#","item_price":"#);
            self.put_amount(price);
        }
        self.put(b"}");
    }
}

/// The place of what stands before a digest.
const OPENING: usize = 24;

/// What stands before the only digest of each key, and its length. Keys with longer names have no digests.
static OPENINGS: [([u8; OPENING], usize); MatchKey::ALL.len()] = {
    let mut openings = [([0; OPENING], 0); MatchKey::ALL.len()];
    let mut index = 0;
    while index < openings.len() {
        openings[index] = opening(MatchKey::ALL[index].wire_name().as_bytes());
        index += 1;
    }
    openings
};

const fn opening(name: &[u8]) -> ([u8; OPENING], usize) {
    let mut text = [0; OPENING];
    let pieces: [&[u8]; 3] = [b",\"", name, b"\":[\""];
    let (mut piece, mut length) = (0, 0);
    while piece < pieces.len() {
        let mut index = 0;
        while index < pieces[piece].len() && length < OPENING {
            text[length] = pieces[piece][index];
            (index, length) = (index + 1, length + 1);
        }
        piece += 1;
    }
    (text, length)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::customer::{Digests, Hashed};
    use crate::event::ActionSource;
    use crate::value::{Currency, EventTime, InvalidValue, Line};
    use crate::wire::encode::encode;

    fn sale(id: &str, customer: &[MatchKey], prices: &[&str]) -> Result<Sale, InvalidValue> {
        let mut contents = Vec::new();
        for price in prices {
            let content = Content::new(id.parse()?, NonZeroU64::MAX);
            contents.push(content.item_price(price.parse()?));
        }
        let digest = |key: &MatchKey| (*key, None, Hashed::of(key.wire_name()));
        Ok(Sale {
            time: EventTime::from_unix(99_999_999_999)?,
            source: ActionSource::SystemGenerated,
            order_id: id.parse()?,
            customer: customer.iter().map(digest).collect::<Digests>(),
            currency: Currency::USD,
            total: "99999999999999999999999999.99".parse()?,
            id_bytes: contents.len() * id.len(),
            contents,
            lines: vec![Line::new(2)],
        })
    }

    #[test]
    fn the_longest_sales_fit_their_room_and_are_written_as_their_events() -> Result<(), InvalidValue> {
        let hashed: Vec<_> = MatchKey::ALL.into_iter().filter(|key| key.is_hashed()).take(16).collect();
        let prices = [
            "9999999999999999999999999999",
            "0.0000000000000000000000000001",
            "0.05",
            "12.3",
            "0",
            "1844674407370955.16",
        ];
        for length in [1, 35, 36, 37, 1024] {
            for prices in [&prices[..1], &prices] {
                for customer in [&hashed[..1], &hashed] {
                    let sale = sale(&"x".repeat(length), customer, prices)?;
                    let mut expected = b"before".to_vec();
                    encode(&sale.to_event(), &mut expected);
                    for mut body in [b"before".to_vec(), b"before, and much that is written over".repeat(500)]
                    {
                        let written = encode_sale(&sale, &mut body, "before".len());
                        body.truncate("before".len() + written);
                        assert_eq!(String::from_utf8_lossy(&body), String::from_utf8_lossy(&expected));
                    }
                }
            }
        }
        Ok(())
    }
}
