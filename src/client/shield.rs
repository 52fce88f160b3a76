//! Code of the application that a run calls, kept from unwinding through the run. What a panic says is dropped
//! unread: it may quote anything.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Code of the application panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Calls code of the application.
pub(crate) fn shielded<T>(code: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        // Whatever it is, dropping it may panic, too.
        std::mem::forget(payload);
        Panicked
    })
}

type Inner<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A future of the application.
pub(super) struct Shielded<'a, T, D: FnMut()> {
    inner: Option<Inner<'a, T>>,
    drop_panicked: D,
}

impl<'a, T, D: FnMut()> Shielded<'a, T, D> {
    /// Calls the code that makes the future. `drop_panicked` is called if dropping the future panics.
    pub(super) fn new(make: impl FnOnce() -> Inner<'a, T>, drop_panicked: D) -> Self {
        Self { inner: shielded(make).ok(), drop_panicked }
    }

    fn drop_inner(&mut self) {
        let inner = self.inner.take();
        if shielded(|| drop(inner)).is_err() {
            (self.drop_panicked)();
        }
    }
}

impl<T, D: FnMut() + Unpin> Future for Shielded<'_, T, D> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = match &mut self.inner {
            Some(inner) => shielded(|| inner.as_mut().poll(context)),
            None => Err(Panicked),
        };
        let output = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panicked) => Err(panicked),
        };
        self.drop_inner();
        Poll::Ready(output)
    }
}

impl<T, D: FnMut()> Drop for Shielded<'_, T, D> {
    fn drop(&mut self) {
        self.drop_inner();
    }
}
