//! Promises that need no network, one module for each.

mod customer;
mod vectors;
