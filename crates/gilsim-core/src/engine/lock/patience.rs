//! When somebody will have waited a whole interval for the same holder of a lock, under the exact rules.
//!
//! There every waiter keeps its place when its patience is over: it asks the holder to give way, or, if the
//! holder has changed within its interval, begins another interval at once. So a waiter's intervals
//! begin at the instant at which it came and at every whole interval after that, whatever happens; only
//! the first interval of any waiter without a change in it matters. A lock therefore has one pending
//! event, however many wait for it, and a change costs a look-up in the order of their phases.

use std::collections::BTreeMap;

use crate::time::{SimDuration, SimTime};

/// The intervals of those who wait for one lock.
#[derive(Debug)]
pub(super) struct Patience {
    interval: SimDuration,
    /// A multiple of the interval, in the past.
    multiple: SimTime,
    /// When the waiters' intervals begin, counted from the multiples of the interval, and for how many
    /// of them.
    phases: BTreeMap<SimDuration, u32>,
    /// The instant of the latest arrival, and how many of those who came then still wait.
    newest: (SimTime, u32),
    /// When the first interval without a change is over, if nothing changes until then.
    next: Option<SimTime>,
}

impl Patience {
    /// Nobody waits yet; those who will have this much patience.
    pub(super) fn new(interval: SimDuration) -> Self {
        let (phases, newest) = (BTreeMap::new(), (SimTime::ZERO, 0));
        Self { interval, multiple: SimTime::ZERO, phases, newest, next: None }
    }

    /// When somebody will have waited a whole interval for the same holder.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.next
    }

    /// Somebody begins to wait.
    pub(super) fn begin(&mut self, now: SimTime) {
        let phase = self.phase_now(now);
        *self.phases.entry(phase).or_default() += 1;
        let so_far = if self.newest.0 == now { self.newest.1 } else { 0 };
        self.newest = (now, so_far + 1);
        let end = now + self.interval;
        self.next = Some(self.next.map_or(end, |next| next.min(end)));
    }

    /// Somebody who began to wait at `began` waits no longer. What follows is a change of the holder.
    pub(super) fn end(&mut self, began: SimTime) {
        let phase = self.phase(began);
        let count = self.phases.get_mut(&phase).expect("it waits");
        *count -= 1;
        if *count == 0 {
            self.phases.remove(&phase);
        }
        if self.newest.0 == began {
            self.newest.1 -= 1;
        }
    }

    /// The holder changed, or has its first chance to run only now: only intervals that begin after
    /// this count. `renewed` tells that those that begin at this very instant have begun.
    pub(super) fn start_anew(&mut self, now: SimTime, renewed: bool) {
        self.next = if self.phases.is_empty() {
            None
        } else {
            Some(self.first_beginning(now, renewed) + self.interval)
        };
    }

    /// The interval that was without a change is over.
    pub(super) fn is_over(&mut self) {
        self.next = None;
    }

    fn first_beginning(&mut self, now: SimTime, renewed: bool) -> SimTime {
        let phase = self.phase_now(now);
        let newest = if self.newest.0 == now { self.newest.1 } else { 0 };
        let mut later = self.phases.range(phase..);
        let mut next = later.next();
        if let Some((same, count)) = next
            && *same == phase
        {
            if *count > newest && !renewed {
                return now;
            }
            next = later.next();
        }
        if let Some((next, _)) = next {
            return now + (*next - phase);
        }
        let (first, _) = self.phases.first_key_value().expect("somebody waits");
        now + (self.interval + *first - phase)
    }

    /// The phase of the present instant, mostly without a division.
    fn phase_now(&mut self, now: SimTime) -> SimDuration {
        if now - self.multiple >= self.interval {
            self.multiple += self.interval;
            if now - self.multiple >= self.interval {
                let multiple = now.as_nanos() - self.phase(now).as_nanos();
                self.multiple = SimTime::from_nanos(multiple);
            }
        }
        now - self.multiple
    }

    fn phase(&self, at: SimTime) -> SimDuration {
        SimDuration::from_nanos(at.as_nanos() % self.interval.as_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ns: u64) -> SimTime {
        SimTime::from_nanos(ns)
    }

    fn waiting_since(instants: &[u64]) -> Patience {
        let mut patience = Patience::new(SimDuration::from_nanos(5));
        for since in instants {
            patience.begin(at(*since));
        }
        patience
    }

    #[test]
    fn the_longest_waiter_asks_first_while_nothing_changes() {
        assert_eq!(waiting_since(&[1, 3, 4]).next(), Some(at(6)));
        assert_eq!(waiting_since(&[]).next(), None);
    }

    #[test]
    fn after_a_change_the_next_interval_to_begin_counts() {
        let mut patience = waiting_since(&[1, 3]);
        patience.start_anew(at(7), false);
        assert_eq!(patience.next(), Some(at(13)), "3, 8, 13");
        patience.start_anew(at(9), false);
        assert_eq!(patience.next(), Some(at(16)), "1, 6, 11, 16");
    }

    #[test]
    fn an_interval_that_begins_with_a_change_counts_unless_it_had_begun() {
        let mut patience = waiting_since(&[1]);
        patience.start_anew(at(6), false);
        assert_eq!(patience.next(), Some(at(11)));
        patience.start_anew(at(6), true);
        assert_eq!(patience.next(), Some(at(16)));
    }

    #[test]
    fn who_came_just_before_a_change_lets_a_whole_interval_pass_first() {
        let mut patience = waiting_since(&[1]);
        patience.start_anew(at(1), false);
        assert_eq!(patience.next(), Some(at(11)));
        patience.begin(at(1));
        assert_eq!(patience.next(), Some(at(6)), "who came after it does not");
        patience.end(at(1));
        patience.end(at(1));
        patience.start_anew(at(1), false);
        assert_eq!(patience.next(), None);
    }
}
