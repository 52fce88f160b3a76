//! What the client's own clock and transport need of the tokio runtime.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use tokio::runtime::Handle;

use super::shield::shielded;

/// What a run needs of its runtime.
#[derive(Debug, Clone, Copy)]
pub(super) struct RuntimeNeeds {
    pub(super) timers: bool,
    pub(super) io: bool,
}

impl RuntimeNeeds {
    /// Whether the current runtime has what is needed.
    ///
    /// Only making a timer and a socket tells. Where tokio has none, it panics, and says on standard error what is
    /// missing.
    pub(super) fn are_met(self) -> bool {
        let is_needed = self.timers || self.io;
        let has_timers = || !self.timers || shielded(make_timer).is_ok();
        let has_io = || !self.io || shielded(make_socket).is_ok();
        !is_needed || Handle::try_current().is_ok() && has_timers() && has_io()
    }
}

#[expect(clippy::disallowed_methods, reason = "nobody waits for this timer")]
fn make_timer() {
    drop(tokio::time::sleep(Duration::ZERO));
}

/// Hands a socket to tokio. Nothing is sent; a system that forbids the socket says nothing about the runtime.
fn make_socket() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let socket = socket.and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
    drop(socket.and_then(tokio::net::UdpSocket::from_std));
}
