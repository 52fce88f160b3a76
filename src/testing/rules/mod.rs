//! Meta's documented rules, applied to one request: plain JSON in, its events or an error out.
//!
//! Every rule that a test may rely on is written here once more, on purpose without the rest of the crate.
//! Sockets, clocks and storage stay outside: the outcome depends on the arguments alone. One invalid event
//! refuses the whole batch, and the error names the first one.

mod action_source;
mod check;
mod custom_data;
mod event;
mod fields;
mod gateway;
mod request;
#[cfg(test)]
mod sample;
mod token;
mod user_data;

pub(super) use check::{Batch, Refuses, Rules, check};
pub(super) use gateway::{check_gateway, gateway_dataset_of};
pub(super) use request::Request;
pub(super) use token::{KnownToken, Tokens, check_proof, check_token};
