//! Finding the bad event in a batch that Meta refused whole.

use crate::report::ApiError;

/// How many requests of one batch may be refused while its bad events are searched for.
const MAX_REFUSALS: u32 = 100;

/// The search for the bad events of one batch.
#[derive(Debug, Default)]
pub(super) struct Isolation {
    refusals: u32,
}

/// The next step of the search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// The event at this position is bad.
    Blame(usize),
    /// Send both halves by themselves.
    Halve,
    /// The search has used up its requests.
    GiveUp,
}

impl Isolation {
    /// Decides after Meta refused a request with this many events.
    pub(super) fn next(&mut self, error: &ApiError, events: usize) -> Search {
        self.refusals += 1;
        match error.event_index() {
            _ if events == 1 => Search::Blame(0),
            Some(named) if named < events => Search::Blame(named),
            _ if self.is_exhausted() => Search::GiveUp,
            _ => Search::Halve,
        }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.refusals > MAX_REFUSALS
    }
}

/// Whether Meta calls an event too old.
pub(super) fn is_about_age(error: &ApiError) -> bool {
    const TOO_OLD: i64 = 2_804_003;
    error.subcode() == Some(TOO_OLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(event_index: Option<usize>) -> ApiError {
        ApiError { event_index, ..ApiError::default() }
    }

    #[test]
    fn an_event_that_is_alone_or_named_is_blamed_and_others_are_halved() {
        let mut isolation = Isolation::default();
        assert_eq!(isolation.next(&error(None), 8), Search::Halve);
        assert_eq!(isolation.next(&error(Some(8)), 8), Search::Halve, "no event of this request");
        assert_eq!(isolation.next(&error(Some(3)), 8), Search::Blame(3));
        assert_eq!(isolation.next(&error(Some(3)), 1), Search::Blame(0));
    }

    #[test]
    fn the_search_ends_at_its_limit_of_requests() {
        let mut isolation = Isolation::default();
        let halved = (0..200).take_while(|_| isolation.next(&error(None), 8) == Search::Halve).count();
        assert_eq!(halved, 100);
        assert!(isolation.is_exhausted());
        assert_eq!(isolation.next(&error(None), 1), Search::Blame(0), "what stands alone is known");
    }
}
