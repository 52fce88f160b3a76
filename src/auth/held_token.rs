//! A token in use: until when, and when to ask for the next one.

use super::issued_token::IssuedToken;
use crate::value::{AccessToken, EventTime};

pub(super) struct HeldToken {
    pub(super) issued: IssuedToken,
    /// When to ask for the next one, in Unix seconds.
    renew: Option<i64>,
    /// Whether it replaced another one, or has a later end than before, and has not worked since.
    pub(super) is_new: bool,
}

/// The longest time between asking for the next token and the end of this one, in seconds: a week.
const MAX_LEAD: f64 = 7.0 * 86_400.0;

impl HeldToken {
    /// A token whose end is not known.
    pub(super) fn new(token: AccessToken) -> Self {
        Self { issued: token.into(), renew: None, is_new: false }
    }

    /// A token that is held from now on. The next one is due when a tenth to a fifth of its time is left, at the
    /// earliest a week before its end. `fraction` spreads the clients of one application.
    pub(super) fn issued(issued: IssuedToken, now: EventTime, fraction: f64) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "seconds of a lifetime"
        )]
        let renew = issued.expires.map(|end| {
            let end = end.unix();
            let lasts = end.saturating_sub(now.unix()) as f64;
            end.saturating_sub((lasts * (0.1 + 0.1 * fraction)).min(MAX_LEAD).ceil() as i64)
        });
        Self { issued, renew, is_new: false }
    }

    pub(super) fn is(&self, token: &AccessToken) -> bool {
        self.issued.token.is(token)
    }

    pub(super) fn is_over(&self, now: EventTime) -> bool {
        self.issued.expires.is_some_and(|end| end <= now)
    }

    pub(super) fn lasts_longer_than(&self, other: &Self) -> bool {
        self.issued.expires > other.issued.expires
    }

    /// Whether the next one is due.
    pub(super) fn is_due(&self, now: EventTime) -> bool {
        self.renew.is_some_and(|due| due <= now.unix())
    }

    /// Asks the origin at once if the end is not known: it may tell.
    pub(super) fn or_due_at_once(mut self, now: EventTime) -> Self {
        self.renew.get_or_insert(now.unix());
        self
    }

    /// There is no other one yet: asks again when another tenth of the time that is left has passed, or after a day if
    /// the end is not known.
    pub(super) fn postpone(&mut self, now: EventTime) {
        if let Some(due) = &mut self.renew
            && *due <= now.unix()
        {
            let left = self.issued.expires.map(|end| end.unix().saturating_sub(now.unix()));
            *due = now.unix().saturating_add(left.map_or(86_400, |left| (left / 10).max(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn at(seconds: i64) -> EventTime {
        EventTime::from_unix(NOW + seconds).unwrap()
    }

    fn lasting(seconds: i64, fraction: f64) -> HeldToken {
        let issued = IssuedToken::new("token".parse().unwrap()).expires(at(seconds));
        HeldToken::issued(issued, at(0), fraction)
    }

    #[test]
    fn the_next_token_is_due_well_before_the_end() {
        const DAY: i64 = 86_400;
        for (lasts, fraction, due) in [
            (60 * DAY, 0.0, 54 * DAY),
            (60 * DAY, 1.0, 53 * DAY),
            (3600, 0.0, 3240),
            (3600, 1.0, 2880),
            (10, 0.5, 8),
            (0, 0.5, 0),
        ] {
            let held = lasting(lasts, fraction);
            assert!(held.is_due(at(due)) && (due == 0 || !held.is_due(at(due - 1))), "{lasts} {fraction}");
            assert!(held.is_over(at(lasts)) && (lasts == 0 || !held.is_over(at(lasts - 1))), "{lasts}");
        }
        assert!(!HeldToken::new("token".parse().unwrap()).is_due(at(1 << 30)));
    }

    #[test]
    fn a_renewal_that_fails_is_tried_again_ever_more_often() {
        let mut held = lasting(1000, 0.0);
        let mut due = Vec::new();
        for second in 0..1000 {
            if held.is_due(at(second)) {
                due.push(second);
                held.postpone(at(second));
            }
        }
        assert_eq!(due[..4], [900, 910, 919, 927]);
        assert!(due.len() < 40, "{due:?}");
    }
}
