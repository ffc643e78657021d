//! An interpreter lock: who holds it and who waits. It changes only itself; the engine acts.
//!
//! Source of the rules: `take_gil` and `drop_gil` in CPython's `Python/ceval_gil.c`.

use std::collections::VecDeque;

use crate::ids::ThreadId;
use crate::time::SimTime;

use super::patience::Patience;

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
    /// Who was woken to take the lock that its holder gave up on request.
    heir: Option<ThreadId>,
    /// Those who sleep until the lock is free, longest first.
    waiters: VecDeque<Waiter>,
    /// Those who gave it up on request and wait until somebody has taken it.
    ousted: Vec<ThreadId>,
    /// Under the exact rules, when a waiter asks the holder to give way.
    patience: Option<Patience>,
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

impl Lock {
    /// A lock that nobody holds.
    pub(super) fn new(patience: Option<Patience>) -> Self {
        Self {
            holder: None,
            held_since: SimTime::ZERO,
            free_since: SimTime::ZERO,
            last_holder: None,
            switches: 0,
            windows: 0,
            holder_ran: false,
            request: None,
            heir: None,
            waiters: VecDeque::new(),
            ousted: Vec::new(),
            patience,
        }
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> Option<ThreadId> {
        self.holder
    }

    /// Whether it is free for whoever comes, and nobody is on the way to whom it was given up.
    pub(super) fn is_up_for_grabs(&self) -> bool {
        self.holder.is_none() && self.heir.is_none()
    }

    /// The lock was given up on request, and `thread` was woken to take it.
    pub(super) fn promise_to(&mut self, thread: ThreadId) {
        self.heir = Some(thread);
    }

    /// How often its holder changed.
    pub(super) fn switches(&self) -> u64 {
        self.switches
    }

    /// Counts what a waiter's window must not contain if it is to ask the holder.
    pub(super) fn windows(&self) -> u64 {
        self.windows
    }

    /// Whether a waiter whose window began at that count may ask the holder: it has waited a whole
    /// interval for the same holder, who has had its chance to run.
    pub(super) fn may_be_asked(&self, window: u64) -> bool {
        self.holder_ran && self.windows == window
    }

    /// The holder is on a core. Returns whether waiters' windows begin anew with that. `renewed` as in
    /// [`Patience::start_anew`].
    pub(super) fn holder_runs(&mut self, now: SimTime, renewed: bool) -> bool {
        let begin_anew = !self.holder_ran && self.held_since < now;
        if begin_anew {
            self.begin_windows(now, renewed);
        }
        self.holder_ran = true;
        begin_anew
    }

    fn begin_windows(&mut self, now: SimTime, renewed: bool) {
        self.windows += 1;
        if let Some(patience) = &mut self.patience {
            patience.start_anew(now, renewed);
        }
    }

    /// Under the exact rules: when a waiter asks the holder, if nothing changes until then.
    pub(super) fn next_request(&self) -> Option<SimTime> {
        self.patience.as_ref().and_then(Patience::next)
    }

    /// Under the exact rules: a waiter has waited a whole interval. Returns whether it may ask the
    /// holder, who has had its chance to run, and that for the first time.
    pub(super) fn patience_is_over(&mut self) -> bool {
        self.patience.as_mut().expect("the rules are exact").is_over();
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
    pub(super) fn take(&mut self, thread: ThreadId, now: SimTime, renewed: bool) {
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
        self.heir = None;
    }

    /// Whether anybody waits until somebody has taken it.
    pub(super) fn has_ousted(&self) -> bool {
        !self.ousted.is_empty()
    }

    /// Those who waited until somebody has taken it.
    pub(super) fn free_ousted(&mut self) -> Vec<ThreadId> {
        std::mem::take(&mut self.ousted)
    }

    /// Since when nobody holds it, if nobody does.
    pub(super) fn free_since(&self) -> SimTime {
        self.free_since
    }

    /// `thread` gives the lock up. Returns since when it held it.
    ///
    /// # Panics
    /// When `thread` does not hold it.
    pub(super) fn give_up(&mut self, thread: ThreadId, now: SimTime) -> SimTime {
        assert_eq!(self.holder, Some(thread), "only the holder gives a lock up");
        self.holder = None;
        self.free_since = now;
        self.held_since
    }

    /// `thread` sleeps until the lock is free. Its place is that of the instant at which it asks;
    /// of two who ask at one instant, the lower number is first.
    pub(super) fn ask(&mut self, thread: ThreadId, now: SimTime) {
        let waiter = Waiter { thread, asked_at: now };
        let behind = |other: &Waiter| other.asked_at == now && other.thread > thread;
        let later = self.waiters.iter().rev().take_while(|other| behind(other)).count();
        match later {
            0 => self.waiters.push_back(waiter),
            _ => self.waiters.insert(self.waiters.len() - later, waiter),
        }
        if let Some(patience) = &mut self.patience {
            patience.begin(now);
        }
    }

    /// `thread` sleeps until the lock is free, behind everybody else.
    pub(super) fn ask_last(&mut self, thread: ThreadId, now: SimTime) {
        self.waiters.push_back(Waiter { thread, asked_at: now });
    }

    /// The longest sleeper, who sleeps no longer.
    pub(super) fn next(&mut self) -> Option<ThreadId> {
        let waiter = self.waiters.pop_front()?;
        if let Some(patience) = &mut self.patience {
            patience.end(waiter.asked_at);
        }
        Some(waiter.thread)
    }

    /// `thread` sleeps no longer. Returns whether it did.
    pub(super) fn withdraw(&mut self, thread: ThreadId) -> bool {
        let place = self.waiters.iter().position(|waiter| waiter.thread == thread);
        place.is_some_and(|place| self.waiters.remove(place).is_some())
    }

    /// `by` wishes that the holder give way.
    pub(super) fn ask_holder(&mut self, by: Option<ThreadId>, at: SimTime) {
        self.request.get_or_insert(Request { by, at });
    }

    /// `thread` gave the lock up on request and waits until somebody has taken it.
    pub(super) fn oust(&mut self, thread: ThreadId) {
        self.ousted.push(thread);
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

    #[test]
    fn the_longest_waiter_is_next_and_ties_go_by_number() {
        let mut lock = Lock::new(None);
        lock.ask(C, at(1));
        lock.ask(B, at(2));
        lock.ask(A, at(2));
        assert_eq!([lock.next(), lock.next(), lock.next()], [Some(C), Some(A), Some(B)]);
    }

    #[test]
    fn a_switch_is_a_change_of_holder() {
        let mut lock = Lock::new(None);
        for thread in [A, A, B, A] {
            lock.take(thread, at(0), false);
            lock.give_up(thread, at(0));
        }
        assert_eq!(lock.switches(), 3);
    }

    #[test]
    fn taking_the_lock_ends_the_request_and_frees_the_ousted() {
        let mut lock = Lock::new(None);
        lock.take(A, at(0), false);
        lock.ask_holder(Some(B), at(5));
        lock.ask_holder(Some(C), at(6));
        assert_eq!(lock.request().and_then(|request| request.by), Some(B));
        lock.give_up(A, at(7));
        lock.oust(A);
        lock.take(B, at(7), false);
        assert!(lock.has_ousted());
        assert_eq!(lock.free_ousted(), [A]);
        assert!(!lock.has_ousted());
        assert!(lock.request().is_none());
    }
}
