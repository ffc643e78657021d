//! An interpreter lock: who holds it and who waits. It changes only itself; the engine acts.
//!
//! Source of the rules: `take_gil` and `drop_gil` in CPython's `Python/ceval_gil.c`.

mod locks;
mod patience;

use std::collections::VecDeque;

use crate::ids::ThreadId;
use crate::time::{SimDuration, SimTime};

pub(super) use locks::Locks;
use patience::Patience;

/// An interpreter lock.
#[derive(Debug)]
pub(super) struct Lock {
    holder: Option<ThreadId>,
    held_since: SimTime,
    free_since: SimTime,
    last_holder: Option<ThreadId>,
    /// How often the holder changed.
    switches: u64,
    /// How often waiters' windows began anew: at a switch, and when a holder that had to wait for a
    /// core runs at last.
    windows: u64,
    /// Whether the holder has been on a core since it took the lock.
    holder_ran: bool,
    /// Who asked the holder to give way, if anybody did since it took the lock.
    request: Option<Request>,
    /// Those who sleep until the lock is free, longest first.
    waiters: VecDeque<Waiter>,
    policy: Policy,
}

/// Who gets a lock that is given up, and how waiters lose patience.
#[derive(Debug)]
enum Policy {
    /// It is handed over to the longest waiter. Who loses patience asks at once and keeps its place.
    Exact(Patience),
    /// A waiter is woken, and whoever comes first takes the lock. Who loses patience wakes up, asks, and waits again
    /// behind all others.
    Barging {
        /// Who was woken to take the lock that its holder gave up on request.
        heir: Option<ThreadId>,
        /// Those who gave it up on request and wait until somebody has taken it.
        ousted: Vec<ThreadId>,
    },
}

/// When the patience of a waiter is over that begins to wait, if nothing changes until then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alarm {
    /// One for all who wait for the lock.
    OfLock(Option<SimTime>),
    /// One for each waiter, at this instant.
    OfWaiter(SimTime),
}

/// Who gets a lock that is given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heir {
    /// This thread has it as soon as it is given up.
    Gets(ThreadId),
    /// This thread is woken to take it, if nobody else has by then.
    Wakes(ThreadId),
}

/// A wish that the holder give way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// Whose wish; under the exact rules it does not matter whose.
    pub(super) by: Option<ThreadId>,
    /// Since when.
    pub(super) at: SimTime,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    thread: ThreadId,
    asked_at: SimTime,
}

impl Policy {
    fn patience(&mut self) -> Option<&mut Patience> {
        match self {
            Self::Exact(patience) => Some(patience),
            Self::Barging { .. } => None,
        }
    }
}

impl Lock {
    /// A lock that nobody holds, and that is handed over; its waiters have so much patience.
    pub(super) fn exact(interval: SimDuration) -> Self {
        Self::new(Policy::Exact(Patience::new(interval)))
    }

    /// A lock that nobody holds, and that whoever comes first takes.
    pub(super) fn barging() -> Self {
        Self::new(Policy::Barging { heir: None, ousted: Vec::new() })
    }

    fn new(policy: Policy) -> Self {
        Self {
            holder: None,
            held_since: SimTime::ZERO,
            free_since: SimTime::ZERO,
            last_holder: None,
            switches: 0,
            windows: 0,
            holder_ran: false,
            request: None,
            waiters: VecDeque::new(),
            policy,
        }
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> Option<ThreadId> {
        self.holder
    }

    /// Whether it is free for whoever comes, and nobody is on the way to whom it was given up.
    pub(super) fn is_up_for_grabs(&self) -> bool {
        let has_heir = matches!(self.policy, Policy::Barging { heir: Some(_), .. });
        self.holder.is_none() && !has_heir
    }

    /// Whether who gives it up on request waits until somebody has taken it (`FORCE_SWITCHING`), before it waits for the
    /// lock again.
    pub(super) fn forces_switch(&self) -> bool {
        matches!(self.policy, Policy::Barging { .. })
    }

    /// Whether a waiter whose window began at that count may ask the holder: it has waited a whole
    /// interval for the same holder, who has had its chance to run.
    fn may_be_asked(&self, window: u64) -> bool {
        self.holder_ran && self.windows == window
    }

    /// The holder is on a core. Returns whether waiters' windows begin anew with that. `renewed` as in
    /// [`Patience::start_anew`].
    fn holder_runs(&mut self, now: SimTime, renewed: bool) -> bool {
        let begin_anew = !self.holder_ran && self.held_since < now;
        if begin_anew {
            self.begin_windows(now, renewed);
        }
        self.holder_ran = true;
        begin_anew
    }

    fn begin_windows(&mut self, now: SimTime, renewed: bool) {
        self.windows += 1;
        if let Some(patience) = self.policy.patience() {
            patience.start_anew(now, renewed);
        }
    }

    /// Whether one event counts for the patience of all waiters.
    pub(super) fn has_one_alarm(&self) -> bool {
        matches!(self.policy, Policy::Exact(_))
    }

    /// Where one event counts for all waiters: when one of them asks the holder, if nothing changes until then.
    pub(super) fn next_request(&self) -> Option<SimTime> {
        match &self.policy {
            Policy::Exact(patience) => patience.next(),
            Policy::Barging { .. } => None,
        }
    }

    /// One of the waiters, whose place it keeps, has waited a whole interval. Returns whether it may ask the
    /// holder, who has had its chance to run, and that for the first time.
    pub(super) fn interval_is_over(&mut self) -> bool {
        if let Some(patience) = self.policy.patience() {
            patience.is_over();
        }
        self.holder_ran && self.request.is_none()
    }

    /// The pending wish that the holder give way.
    pub(super) fn request(&self) -> Option<Request> {
        self.request
    }

    /// `thread` takes the free lock. `renewed` as in [`Patience::start_anew`].
    ///
    /// # Panics
    /// When the lock is held.
    fn take(&mut self, thread: ThreadId, now: SimTime, renewed: bool) {
        assert!(self.holder.is_none(), "{thread:?} takes a lock that {:?} holds", self.holder);
        self.holder = Some(thread);
        self.held_since = now;
        if self.last_holder != Some(thread) {
            self.last_holder = Some(thread);
            self.switches += 1;
            self.begin_windows(now, renewed);
        }
        self.holder_ran = false;
        self.request = None;
        if let Policy::Barging { heir, .. } = &mut self.policy {
            *heir = None;
        }
    }

    /// Whether anybody waits until somebody has taken it.
    pub(super) fn has_ousted(&self) -> bool {
        matches!(&self.policy, Policy::Barging { ousted, .. } if !ousted.is_empty())
    }

    /// Those who waited until somebody has taken it, as somebody has now.
    pub(super) fn free_ousted(&mut self) -> Vec<ThreadId> {
        match &mut self.policy {
            Policy::Exact(_) => Vec::new(),
            Policy::Barging { ousted, .. } => std::mem::take(ousted),
        }
    }

    /// `thread` gives the lock up. Returns since when it held it.
    ///
    /// # Panics
    /// When `thread` does not hold it.
    fn give_up(&mut self, thread: ThreadId, now: SimTime) -> SimTime {
        assert_eq!(self.holder, Some(thread), "only the holder gives a lock up");
        self.holder = None;
        self.free_since = now;
        self.held_since
    }

    /// Who gets the lock that was just given up: the longest waiter, or the requester if that one gets ahead of it, who
    /// has hardly fallen asleep again. Whoever it is sleeps no longer.
    fn next_holder(&mut self, requester: Option<ThreadId>) -> Option<Heir> {
        let requester = requester.filter(|it| self.withdraw(*it));
        let next = requester.or_else(|| self.pop_longest())?;
        let asked = self.request.is_some();
        Some(match &mut self.policy {
            Policy::Exact(_) => Heir::Gets(next),
            Policy::Barging { heir, .. } => {
                if asked {
                    *heir = Some(next);
                }
                Heir::Wakes(next)
            }
        })
    }

    fn pop_longest(&mut self) -> Option<ThreadId> {
        let waiter = self.waiters.pop_front()?;
        if let Some(patience) = self.policy.patience() {
            patience.end(waiter.asked_at);
        }
        Some(waiter.thread)
    }

    /// `thread` sleeps until the lock is free. Its place is that of the instant at which it asks; of two who ask at one
    /// instant the lower number is first under the exact rules, else who came first.
    fn wait(&mut self, thread: ThreadId, now: SimTime) {
        let waiter = Waiter { thread, asked_at: now };
        let Some(patience) = self.policy.patience() else { return self.waiters.push_back(waiter) };
        patience.begin(now);
        let behind = |other: &Waiter| other.asked_at == now && other.thread > thread;
        let later = self.waiters.iter().rev().take_while(|other| behind(other)).count();
        match later {
            0 => self.waiters.push_back(waiter),
            _ => self.waiters.insert(self.waiters.len() - later, waiter),
        }
    }

    /// `thread`, whose patience is its own, sleeps no longer. Returns whether it did.
    fn withdraw(&mut self, thread: ThreadId) -> bool {
        let waiters = &self.waiters;
        // From both ends: who loses patience has waited longest, and who has just asked has come last.
        let mut either = (0..waiters.len()).flat_map(|place| [place, waiters.len() - 1 - place]);
        let place = either.find(|place| waiters[*place].thread == thread);
        place.is_some_and(|place| self.waiters.remove(place).is_some())
    }

    /// `by` wishes that the holder give way.
    fn ask_holder(&mut self, by: Option<ThreadId>, at: SimTime) {
        self.request.get_or_insert(Request { by, at });
    }

    /// `thread` gave the lock up on request and waits until somebody has taken it.
    ///
    /// # Panics
    /// When the lock [forces no switch](Self::forces_switch).
    pub(super) fn oust(&mut self, thread: ThreadId) {
        match &mut self.policy {
            Policy::Barging { ousted, .. } => ousted.push(thread),
            Policy::Exact(_) => panic!("{thread:?} waits for a switch, under the exact rules"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ThreadId = ThreadId(1);
    const B: ThreadId = ThreadId(2);
    const C: ThreadId = ThreadId(3);

    fn at(ns: u64) -> SimTime {
        SimTime::from_nanos(ns)
    }

    fn exact() -> Lock {
        Lock::exact(SimDuration::from_nanos(5))
    }

    #[test]
    fn an_exact_lock_is_handed_to_the_longest_waiter_and_ties_go_by_number() {
        let mut lock = exact();
        lock.wait(C, at(1));
        lock.wait(B, at(2));
        lock.wait(A, at(2));
        let order = [C, A, B].map(|it| Some(Heir::Gets(it)));
        assert_eq!([(); 3].map(|()| lock.next_holder(None)), order);
    }

    #[test]
    fn an_exact_lock_has_one_alarm_and_its_waiters_keep_their_places() {
        let mut lock = exact();
        lock.take(A, at(0), false);
        lock.wait(B, at(1));
        lock.wait(C, at(2));
        assert_eq!(lock.next_request(), Some(at(6)));
        assert!(!lock.interval_is_over(), "the holder has not run yet");
        lock.holder_runs(at(0), false);
        assert!(lock.interval_is_over());
        lock.give_up(A, at(6));
        assert_eq!(lock.next_holder(None), Some(Heir::Gets(B)));
    }

    #[test]
    fn a_barging_lock_wakes_who_came_first_and_is_free_for_anybody_until_then() {
        let mut lock = Lock::barging();
        lock.take(A, at(0), false);
        lock.wait(C, at(1));
        lock.wait(B, at(1));
        lock.give_up(A, at(2));
        assert_eq!(lock.next_holder(None), Some(Heir::Wakes(C)));
        assert!(lock.is_up_for_grabs());
        lock.take(A, at(2), false);
        assert_eq!(lock.holder(), Some(A), "its last holder comes first");
    }

    #[test]
    fn a_barging_lock_that_is_given_up_on_request_is_promised_to_the_woken_thread() {
        let mut lock = Lock::barging();
        lock.take(A, at(0), false);
        lock.wait(B, at(1));
        lock.ask_holder(Some(B), at(5));
        lock.give_up(A, at(5));
        assert_eq!(lock.next_holder(None), Some(Heir::Wakes(B)));
        assert!(!lock.is_up_for_grabs());
    }

    #[test]
    fn a_requester_that_wins_gets_ahead_of_the_longest_waiter() {
        let mut lock = Lock::barging();
        lock.wait(B, at(1));
        lock.wait(C, at(2));
        assert_eq!(lock.next_holder(Some(C)), Some(Heir::Wakes(C)));
        assert_eq!(lock.next_holder(Some(A)), Some(Heir::Wakes(B)), "who does not wait cannot win");
        assert_eq!(lock.next_holder(None), None);
    }

    #[test]
    fn a_waiter_may_ask_a_holder_that_has_run_and_has_not_changed_since() {
        let mut lock = Lock::barging();
        lock.take(A, at(0), false);
        let window = lock.windows;
        assert!(!lock.may_be_asked(window), "the holder waits for a core");
        lock.holder_runs(at(0), false);
        assert!(lock.may_be_asked(window));
        lock.give_up(A, at(1));
        lock.take(B, at(1), false);
        lock.holder_runs(at(1), false);
        assert!(!lock.may_be_asked(window));
    }

    #[test]
    fn a_switch_is_a_change_of_holder() {
        let mut lock = exact();
        for thread in [A, A, B, A] {
            lock.take(thread, at(0), false);
            lock.give_up(thread, at(0));
        }
        assert_eq!(lock.switches, 3);
    }

    #[test]
    fn taking_the_lock_ends_the_request_and_frees_the_ousted() {
        let mut lock = Lock::barging();
        lock.take(A, at(0), false);
        lock.ask_holder(Some(B), at(5));
        lock.ask_holder(Some(C), at(6));
        assert_eq!(lock.request().and_then(|request| request.by), Some(B));
        lock.give_up(A, at(7));
        lock.oust(A);
        lock.take(B, at(7), false);
        assert!(lock.request().is_none() && lock.has_ousted());
        assert_eq!(lock.free_ousted(), [A]);
        assert!(!lock.has_ousted());
    }
}
