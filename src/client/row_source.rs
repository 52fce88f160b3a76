//! Sorted rows as sources of events: their report comes into that of the delivery.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{EventSource, SourceError};
use crate::event::Event;
use crate::order::{RowSource, RowStream, SortedEventStream, SortedEventThread, SortedEvents};
use crate::report::RowReport;

impl<S: RowSource + Send> EventSource for SortedEvents<S> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        self.poll_event(context).map(|next| next.map(|event| event.map_err(SourceError::new)))
    }

    fn take_rows(&mut self) -> RowReport {
        self.take_rows()
    }
}

impl<S: RowStream + Send> EventSource for SortedEventStream<S> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        let next = Stream::poll_next(Pin::new(self), context);
        next.map(|next| next.map(|event| event.map_err(SourceError::new)))
    }

    fn take_rows(&mut self) -> RowReport {
        self.take_rows()
    }
}

impl EventSource for SortedEventThread {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, SourceError>>> {
        let next = Stream::poll_next(Pin::new(self), context);
        next.map(|next| next.map(|event| event.map_err(SourceError::new)))
    }

    fn take_rows(&mut self) -> RowReport {
        self.take_rows()
    }
}
