//! Sales of a shop that does not exist: 2.5 rows an order, the same ones on every run.

pub(crate) mod customers;

use fastrand::Rng;
use meta_offline_events::customer::UserData;
use meta_offline_events::order::Row;
use meta_offline_events::value::{Amount, Currency, EventTime, Line};

use self::customers::{Customer, Names};

/// When the first order was placed: 2026-05-04T12:00:00Z.
const OPENING: i64 = 1_777_896_000;

/// When the events are made: two days later.
pub(crate) const NOW: i64 = OPENING + 2 * 86_400;

/// Who buys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clientele {
    /// Each order has a customer of its own, and all texts are ASCII.
    Strangers,
    /// The same, but every fifth customer has names and a city beyond ASCII.
    OfAllCountries,
    /// The same as strangers, but no two have a name or a city in common.
    WithoutNamesakes,
    /// Few customers give most of the orders, by Zipf's law.
    Regulars,
}

/// What was sold to whom, sorted by order.
pub(crate) struct Shop {
    customers: Vec<Customer>,
    orders: Vec<Order>,
}

struct Order {
    customer: usize,
    time: i64,
    items: Vec<Item>,
}

struct Item {
    product: u32,
    quantity: i64,
    cents: i64,
}

impl Shop {
    pub(crate) fn open(orders: usize, clientele: Clientele) -> Self {
        let mut rng = Rng::with_seed(7);
        let names = |number| match clientele {
            Clientele::OfAllCountries if number % 5 == 0 => Names::BeyondAscii,
            Clientele::WithoutNamesakes => Names::Unique,
            _ => Names::Common,
        };
        let customers = (0..orders).map(|number| Customer::made(number, names(number), &mut rng)).collect();
        let order = |number: usize| Order {
            customer: if clientele == Clientele::Regulars { regular(orders, &mut rng) } else { number },
            time: OPENING + i64::try_from(number / 4).unwrap_or_default() % (NOW - OPENING),
            items: (0..rng.usize(1..=4)).map(|_| Item::made(&mut rng)).collect(),
        };
        Self { customers, orders: (0..orders).map(order).collect() }
    }

    /// Who placed each order.
    pub(crate) fn buyers(&self) -> impl Iterator<Item = &Customer> {
        self.orders.iter().map(|order| &self.customers[order.customer])
    }

    /// A row for each item.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let items = self.orders.iter().zip(self.buyers()).enumerate().flat_map(|(number, (order, buyer))| {
            let given = buyer.values().into_iter();
            let customer = given.fold(UserData::builder(), |given, (key, raw)| given.value(key, raw));
            order.items.iter().map(move |item| (number, order.time, customer.clone(), item))
        });
        let row = |(line, (number, time, customer, item)): (u64, (usize, i64, _, &Item))| {
            Row::new(Line::new(line), EventTime::from_unix(time).expect("a moment"))
                .customer(customer)
                .order_id(order_id(number).parse().expect("an order id"))
                .product(product_id(item.product).parse().expect("a product id"))
                .quantity(item.quantity)
                .price(Amount::from_minor(item.cents, 2).expect("two decimals"))
                .currency(Currency::USD)
        };
        (2..).zip(items).map(row)
    }

    /// The same rows as a file.
    #[cfg(feature = "csv")]
    pub(crate) fn csv(&self) -> String {
        use std::fmt::Write as _;

        let mut file =
            "email,phone,given_name,surname,birthdate,gender,city,state,postal,country,external_id,\
                        order_id,product_id,quantity,price,currency,timestamp\n"
                .to_owned();
        for (number, (order, buyer)) in self.orders.iter().zip(self.buyers()).enumerate() {
            for Item { product, quantity, cents } in &order.items {
                for (_, text) in buyer.values() {
                    file.push_str(text);
                    file.push(',');
                }
                let (id, product, time) = (order_id(number), product_id(*product), order.time);
                let price = Amount::from_minor(*cents, 2).expect("two decimals");
                writeln!(file, "{id},{product},{quantity},{price},USD,{time}").expect("a text takes it");
            }
        }
        file
    }
}

impl Item {
    fn made(rng: &mut Rng) -> Self {
        Self { product: rng.u32(1..5000), quantity: rng.i64(1..4), cents: rng.i64(500..20_000) }
    }
}

/// One of so many customers: half of all orders come from the first root of them.
fn regular(customers: usize, rng: &mut Rng) -> usize {
    let octave = 1 << rng.u32(..=customers.ilog2());
    (octave + rng.usize(..octave) - 1) % customers
}

fn order_id(number: usize) -> String {
    format!("ORD-{number:08}")
}

fn product_id(number: u32) -> String {
    format!("SKU-{number}")
}
