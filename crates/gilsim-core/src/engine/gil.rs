//! The interpreter lock at work: taking it, giving it up, being asked for it.
//!
//! Rules: semantics 1.2 to 1.6 (`take_gil`, `drop_gil` in CPython's `Python/ceval_gil.c`). Under
//! `exact` the lock goes to the longest waiter at the instant of its release; elsewhere a release
//! only wakes a waiter, and whoever comes first takes the lock.

use crate::ids::{LockId, NameId, ThreadId};
use crate::model::LockMode;
use crate::time::SimDuration;
use crate::trace::{Hold, Sink, State};

use super::lock::Request;
use super::thread::{Status, Then};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    fn lock(&mut self, lock: LockId) -> &mut super::Lock {
        &mut self.locks[lock.index()]
    }

    /// Takes the thread's lock, or waits for it. When it pauses, the thread goes on where it is as
    /// soon as it has the lock.
    pub(super) fn relock(&mut self, thread: ThreadId) -> Flow {
        self.thread_mut(thread).then = Then::TakeLock;
        let Some(lock) = self.thread(thread).lock.get() else { return self.locked(thread) };
        if self.lock(lock).holder().is_some() {
            self.wait_for_lock(thread, lock);
            return Flow::Pause;
        }
        let still = self.retake_takes(thread, lock);
        if still.is_zero() {
            self.take(lock, thread);
            return self.locked(thread);
        }
        // Whoever is awake may take it meanwhile.
        let name = self.names.wake;
        self.thread_mut(thread).enter_for(still, name);
        self.carry_on(thread);
        Flow::Pause
    }

    /// How long a waiter that has woken still needs to take the lock, which is free.
    fn retake_takes(&self, thread: ThreadId, lock: LockId) -> SimDuration {
        let rules = self.plan.lock.as_ref().expect("a lock has rules");
        if !self.thread(thread).was_off_core {
            return SimDuration::ZERO;
        }
        rules.retake.saturating_sub(self.now - self.locks[lock.index()].free_since())
    }

    fn locked(&mut self, thread: ThreadId) -> Flow {
        self.thread_mut(thread).then = Then::GoOn;
        Flow::Go
    }

    pub(super) fn take_lock_and_go_on(&mut self, thread: ThreadId) {
        if self.thread(thread).holds || self.relock(thread) == Flow::Go {
            self.thread_mut(thread).then = Then::GoOn;
            self.go_on(thread);
        }
    }

    fn take(&mut self, lock: LockId, thread: ThreadId) {
        let (now, renewed) = (self.now, self.patience_renewed);
        self.lock(lock).take(thread, now, renewed);
        self.plan_request(lock);
        let record = self.thread_mut(thread);
        record.holds = true;
        record.was_off_core = false;
        if self.lock(lock).has_ousted() {
            for ousted in self.lock(lock).free_ousted() {
                let then = self.thread(ousted).then;
                self.wake(ousted, then);
            }
        }
    }

    /// The thread sleeps until its lock is free or its patience is over.
    fn wait_for_lock(&mut self, thread: ThreadId, lock: LockId) {
        self.leave_core(thread, Some((State::LockWait, NameId::EMPTY)));
        let now = self.now;
        self.thread_mut(thread).status = Status::LockWait;
        if self.plan.machine.exact {
            self.lock(lock).ask(thread, now);
            self.plan_request(lock);
        } else {
            self.lock(lock).ask_last(thread, now);
            self.renew_patience(thread, lock);
        }
    }

    fn renew_patience(&mut self, thread: ThreadId, lock: LockId) {
        let rules = self.plan.lock.as_ref().expect("a lock has rules");
        let until = self.now + rules.switch_interval + self.plan.machine.timer_slack;
        self.events.set_patience(thread, until);
        self.standings[thread.index()].window = self.locks[lock.index()].windows();
    }

    /// A waiter has waited a switch interval, and has to wake up before it can do anything.
    pub(super) fn patience_is_over(&mut self, thread: ThreadId) {
        let lock = self.thread(thread).lock.get().expect("only a lock is waited for with patience");
        self.lock(lock).withdraw(thread);
        self.wake(thread, Then::AskHolder);
    }

    /// Under `exact`, who has waited a switch interval keeps its place and acts at once; so one event per
    /// lock is enough, at the first instant at which anybody has anything to ask.
    fn plan_request(&mut self, lock: LockId) {
        if self.plan.machine.exact {
            let at = self.locks[lock.index()].next_request();
            self.events.set_request(lock, at);
        }
    }

    /// Under `exact`, somebody has waited a whole switch interval for the same holder.
    pub(super) fn interval_is_over(&mut self, lock: LockId) {
        if self.lock(lock).patience_is_over() {
            self.request(lock, None);
        }
    }

    /// A waiter whose patience was over has woken: it takes the lock if it is free by now, else asks
    /// the holder to give way, unless the holder changed meanwhile, and waits again. It does not get
    /// ahead of a thread for which the lock was given up: the next holder is the longest waiter or
    /// the requester (semantics 1.5.3, measured).
    pub(super) fn ask_holder(&mut self, thread: ThreadId) {
        let lock = self.thread(thread).lock.get().expect("only a lock is waited for with patience");
        let free = self.lock(lock).is_up_for_grabs();
        let window = self.standings[thread.index()].window;
        let unchanged = self.lock(lock).may_be_asked(window);
        if free {
            return self.take_lock_and_go_on(thread);
        }
        self.thread_mut(thread).then = Then::TakeLock;
        self.wait_for_lock(thread, lock);
        if unchanged && self.lock(lock).holder().is_some() {
            self.request(lock, Some(thread));
        }
    }

    /// Asks the holder to give way. All who lose patience at one instant ask before it does.
    fn request(&mut self, lock: LockId, by: Option<ThreadId>) {
        let now = self.now;
        self.lock(lock).ask_holder(by, now);
        self.asked_now.push(lock);
    }

    /// Python code that is on a core gives way at once when it is asked to, any other at the next point
    /// where it looks.
    pub(super) fn honour_request(&mut self) {
        let Some(lock) = self.asked_now.pop() else { return };
        let Some(holder) = self.lock(lock).holder() else { return };
        let record = self.thread(holder);
        let on_core = record.core.is_some() && record.entry_left.is_zero();
        let in_burst = on_core && !record.burst.left.is_zero();
        if in_burst && record.burst.lock == LockMode::Held && self.is_asked(holder) {
            self.give_way(holder);
        }
    }

    /// Whether the thread holds a lock that somebody asked for.
    pub(super) fn is_asked(&self, thread: ThreadId) -> bool {
        let record = self.thread(thread);
        let asked = |lock: LockId| self.locks[lock.index()].request().is_some();
        record.holds && record.lock.get().is_some_and(asked)
    }

    /// A thread works on a core; if it holds its lock, it has had its chance now.
    pub(super) fn note_that_holder_runs(&mut self, thread: ThreadId) {
        let record = self.thread(thread);
        if let (Some(lock), true, true) =
            (record.lock.get(), record.holds, record.entry_left.is_zero())
        {
            let (now, renewed) = (self.now, self.patience_renewed);
            if self.lock(lock).holder_runs(now, renewed) {
                self.plan_request(lock);
            }
        }
    }

    /// The holder gives the lock up on request, and wants it back.
    pub(super) fn give_way(&mut self, thread: ThreadId) {
        let record = self.thread_mut(thread);
        record.then = Then::TakeLock;
        // Whoever is woken now finds the core still busy, but its thread is about to leave it.
        record.status = Status::Ousted;
        let lock = record.lock.get().expect("a holder has a lock");
        self.release(thread, lock);
        if self.plan.machine.exact {
            self.wait_for_lock(thread, lock);
        } else {
            self.oust(thread, lock);
        }
    }

    /// A thread that gave its lock up on request waits until somebody has taken it.
    fn oust(&mut self, thread: ThreadId, lock: LockId) {
        self.leave_core(thread, Some((State::LockWait, NameId::EMPTY)));
        self.lock(lock).oust(thread);
        self.thread_mut(thread).status = Status::Ousted;
    }

    /// Gives the lock up around a blocking call. When it pauses, the thread goes on where it is,
    /// without the lock, as soon as somebody else has taken it: it was asked for.
    pub(super) fn let_go(&mut self, thread: ThreadId) -> Flow {
        let Some(lock) = self.thread(thread).lock.get() else { return Flow::Go };
        let asked = self.lock(lock).request().is_some();
        self.release(thread, lock);
        if asked && !self.plan.machine.exact {
            self.thread_mut(thread).then = Then::GoOn;
            self.oust(thread, lock);
            return Flow::Pause;
        }
        Flow::Go
    }

    /// The thread gives the lock up for good: nobody waits for a switch.
    pub(super) fn let_go_for_good(&mut self, thread: ThreadId) {
        if let Some(lock) = self.thread(thread).lock.get() {
            self.release(thread, lock);
        }
    }

    fn release(&mut self, thread: ThreadId, lock: LockId) {
        let now = self.now;
        let request = self.lock(lock).request();
        let start = self.lock(lock).give_up(thread, now);
        self.thread_mut(thread).holds = false;
        let end = self.now;
        self.sink.hold(&Hold { lock, thread, start, end });
        let next = match request {
            Some(Request { by: Some(by), at })
                if at == self.now && self.requester_wins(lock, by) =>
            {
                Some(by)
            }
            _ => self.lock(lock).next(),
        };
        let Some(next) = next else { return };
        if self.plan.machine.exact {
            self.take(lock, next);
            self.wake(next, Then::GoOn);
        } else {
            self.events.clear_patience(next);
            if request.is_some() {
                self.lock(lock).promise_to(next);
            }
            self.wake_at_cost(thread, next, self.plan.machine.wake_call, false);
        }
    }

    /// Whether the requester, who has hardly fallen asleep again, gets ahead of the longest waiter
    /// (semantics 1.5.3). If so it sleeps no longer.
    fn requester_wins(&mut self, lock: LockId, requester: ThreadId) -> bool {
        let permille = self.plan.lock.as_ref().map_or(0, |rules| rules.requester_permille);
        let switches = self.lock(lock).switches();
        let key = self.plan.seed ^ (u64::from(lock.0) << 48) ^ switches;
        let wins = mix(key) % 1_000 < u64::from(permille);
        wins && self.lock(lock).withdraw(requester)
    }

    /// Goes on with a thread that has what it needs: with its burst, or with its program. A holder
    /// that was asked to give way during a C call does so now.
    pub(super) fn go_on(&mut self, thread: ThreadId) {
        if self.is_asked(thread) {
            return self.give_way(thread);
        }
        if self.thread(thread).burst.left > SimDuration::ZERO {
            self.carry_on(thread);
        } else {
            self.run_program(thread);
        }
    }
}

/// A well-mixed number that depends on the key alone: the finaliser of `SplitMix64` (Steele, Lea and
/// Flood, 2014).
pub(super) const fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
