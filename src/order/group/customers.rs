//! Whether the rows of an order are of one customer.

use crate::customer::{MatchKey, OwnedValue, UserData};
use crate::order::Column;
use crate::order::row_error::Fault;
use crate::value::Line;

/// The customers of one order, as far as their e-mails, phones and external ids tell them apart.
///
/// Rows that share one of the three are of one customer, and so are rows that a chain of others links: the order of
/// the rows makes no difference. A row without any of the three contradicts nobody.
#[derive(Debug, Clone, Default)]
pub(super) struct Customers {
    /// Where each customer was first seen. A customer who turned out to be another one keeps the entry.
    first_lines: Vec<Line>,
    contacts: Vec<Contact>,
}

#[derive(Debug, Clone)]
struct Contact {
    key: MatchKey,
    value: OwnedValue,
    /// The position of the customer in `first_lines`.
    customer: usize,
}

impl Customers {
    /// Adds the customer of a row.
    pub(super) fn add(&mut self, data: &UserData, line: Line) {
        let has =
            |contact: &Contact| data.values(contact.key).any(|value| value.means(contact.value.borrow()));
        let linked: Vec<usize> =
            self.contacts.iter().filter(|contact| has(contact)).map(|contact| contact.customer).collect();
        let customer = linked.iter().copied().min().unwrap_or(self.first_lines.len());
        if linked.is_empty() {
            self.first_lines.push(line);
        }
        for contact in &mut self.contacts {
            if linked.contains(&contact.customer) {
                contact.customer = customer;
            }
        }
        for key in MatchKey::IDENTIFYING {
            for value in data.values(key) {
                let is_it = |known: &Contact| known.key == key && known.value.borrow().means(value);
                if !self.contacts.iter().any(is_it) {
                    self.contacts.push(Contact { key, value: value.to_owned(), customer });
                }
            }
        }
    }

    /// Its size in memory, in bytes, roughly.
    pub(super) fn memory(&self) -> usize {
        self.contacts.capacity() * size_of::<Contact>()
    }

    /// Returns what is wrong with the order if its rows are of several customers.
    pub(super) fn conflict(&self) -> Option<Fault> {
        let mut customers: Vec<usize> = self.contacts.iter().map(|contact| contact.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        (customers.len() > 1).then(|| self.two_customers(&customers))
    }

    #[cold]
    fn two_customers(&self, customers: &[usize]) -> Fault {
        let message = format!(
            "the order id is on sales to {} customers without a common e-mail, phone or external id: if tills or \
             days repeat order ids, let the layout join the order key from store, till, day and order id",
            customers.len(),
        );
        Fault::at(Column::OrderId, "two_customers", message).blaming(self.first_lines[customers[1]])
    }
}
