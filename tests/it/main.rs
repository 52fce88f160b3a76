//! Promises that need no network, one module for each.

#[cfg(feature = "csv")]
mod csv;
mod customer;
mod orders;
mod vectors;
