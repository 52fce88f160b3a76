//! The mock server: a real socket on the loopback interface that answers as Meta's endpoint would.

mod builder;
mod code;
mod graph;
mod serve;
mod server;
mod state;
#[cfg(test)]
mod tests;

pub use builder::MockServerBuilder;
pub use server::MockServer;
