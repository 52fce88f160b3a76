//! Signals that ask the program to end: an interrupt, and on Unix also a termination and a hang-up.

use std::io;
use std::time::Duration;

use meta_offline_events::client::{Clock, StopHandle, SystemClock};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use crate::Failure;
use crate::progress::say;

/// The signals that came since the program began to listen.
#[derive(Clone)]
pub(crate) struct Signals {
    stop: StopHandle,
    has_come: watch::Receiver<bool>,
}

/// What ends while a signal waits for it.
const GRACE: Duration = Duration::from_secs(1);

impl Signals {
    /// Listens from now on. The first signal asks to stop in order; the second one cuts off the requests in flight,
    /// whose events are then unconfirmed.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut signals = receive()?;
        let (come, has_come) = watch::channel(false);
        let stop = StopHandle::new();
        let signals_to = stop.clone();
        tokio::spawn(async move {
            if signals.recv().await.is_none() {
                return;
            }
            say("stopping in order; a second signal ends the requests in flight at once");
            signals_to.request_stop();
            come.send_replace(true);
            if signals.recv().await.is_some() {
                say("ending at once");
                signals_to.request_stop_within(Duration::ZERO);
            }
        });
        Ok(Self { stop, has_come })
    }

    /// Stops a delivery when a signal comes.
    pub(crate) fn stop(&self) -> &StopHandle {
        &self.stop
    }

    /// Fails once a signal came.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if *self.has_come.borrow() { Err("a signal stopped the program".into()) } else { Ok(()) }
    }

    /// Waits for the end of work that checks for signals, or not much longer than until one comes: the work may be
    /// waiting for data that never arrives.
    pub(crate) async fn end_of<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let mut has_come = self.has_come.clone();
        let is_overdue = async {
            if has_come.wait_for(|has_come| *has_come).await.is_err() {
                std::future::pending::<()>().await;
            }
            SystemClock.sleep(GRACE).await;
        };
        tokio::select! {
            done = work => Ok(done),
            () = is_overdue => Err("a signal stopped the program; nothing was sent".into()),
        }
    }
}

/// Receives the signals that the program was not started to ignore, as `nohup` does with the hang-up.
#[cfg(unix)]
fn receive() -> io::Result<UnboundedReceiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (sender, receiver) = mpsc::unbounded_channel();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        if is_ignored(kind.as_raw_value()) {
            continue;
        }
        let mut signal = signal(kind)?;
        let sender: UnboundedSender<()> = sender.clone();
        tokio::spawn(async move { while signal.recv().await.is_some() && sender.send(()).is_ok() {} });
    }
    Ok(receiver)
}

/// Whether the program was started with this signal ignored, as far as the system tells.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal - 1) & 1 == 1
}

#[cfg(not(unix))]
fn receive() -> io::Result<UnboundedReceiver<()>> {
    let (sender, receiver): (UnboundedSender<()>, _) = mpsc::unbounded_channel();
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(()).is_ok() {} });
    Ok(receiver)
}
