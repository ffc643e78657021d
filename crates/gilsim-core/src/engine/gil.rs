//! The interpreter lock at work: taking it, giving it up, being asked for it.
//!
//! Rules: docs/semantics.md, "Taking the lock" and docs/semantics.md, "Giving the lock up" (`take_gil`, `drop_gil` in CPython's
//! `Python/ceval_gil.c`). Under
//! the exact rules the lock goes to the longest waiter at the instant of its release; elsewhere a release
//! only wakes a waiter, and whoever comes first takes the lock.

use crate::ids::{LockId, NameId, ThreadId};
use crate::model::LockMode;
use crate::time::SimDuration;
use crate::trace::{Hold, Sink, State};

use super::lock::{Alarm, Heir};
use super::thread::{Entry, Status, Then};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Takes the thread's lock, or waits for it. When it pauses, the thread goes on where it is as
    /// soon as it has the lock.
    pub(super) fn relock(&mut self, thread: ThreadId) -> Flow {
        self.thread_mut(thread).then = Then::TakeLock;
        let Some(lock) = self.thread(thread).lock.get() else { return self.locked(thread) };
        if self.locks.get(lock).holder().is_some() {
            self.wait_for_lock(thread, lock);
            return Flow::Pause;
        }
        let still = if self.thread(thread).was_off_core {
            self.locks.retake_takes(lock, self.now)
        } else {
            SimDuration::ZERO
        };
        if still.is_zero() {
            self.take(lock, thread);
            return self.locked(thread);
        }
        // Whoever is awake may take it meanwhile.
        self.thread_mut(thread).enter_for(still, Entry::Retaking);
        self.carry_on(thread);
        Flow::Pause
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
        self.locks.take(lock, thread, self.now);
        self.plan_request(lock);
        let record = self.thread_mut(thread);
        record.holds = true;
        record.was_off_core = false;
        if self.locks.get(lock).has_ousted() {
            for ousted in self.locks.get_mut(lock).free_ousted() {
                let then = self.thread(ousted).then;
                self.wake(ousted, then);
            }
        }
    }

    /// The thread sleeps until its lock is free or its patience is over.
    fn wait_for_lock(&mut self, thread: ThreadId, lock: LockId) {
        self.leave_core(thread, Some((State::LockWait, NameId::EMPTY)));
        self.thread_mut(thread).status = Status::LockWait;
        match self.locks.wait(lock, thread, self.now) {
            Alarm::OfLock(at) => self.events.set_request(lock, at),
            Alarm::OfWaiter(at) => self.events.set_patience(thread, at),
        }
    }

    /// A waiter has waited a switch interval, and has to wake up before it can do anything.
    pub(super) fn patience_is_over(&mut self, thread: ThreadId) {
        let lock = self.thread(thread).lock.get().expect("only a lock is waited for with patience");
        self.locks.wakes_impatient(lock, thread);
        self.wake(thread, Then::AskHolder);
    }

    /// Where who has waited a switch interval keeps its place and acts at once, one event per lock is enough, at the first
    /// instant at which anybody has anything to ask.
    fn plan_request(&mut self, lock: LockId) {
        let record = self.locks.get(lock);
        if record.has_one_alarm() {
            self.events.set_request(lock, record.next_request());
        }
    }

    /// Somebody has waited a whole switch interval for the same holder, and keeps its place.
    pub(super) fn interval_is_over(&mut self, lock: LockId) {
        if self.locks.get_mut(lock).interval_is_over() {
            self.locks.request(lock, None, self.now);
        }
    }

    /// A waiter whose patience was over has woken: it takes the lock if it is free by now, else asks
    /// the holder to give way, unless the holder changed meanwhile, and waits again. It does not get
    /// ahead of a thread for which the lock was given up: the next holder is the longest waiter or
    /// the requester (docs/semantics.md, "Who gets the lock", measured).
    pub(super) fn ask_holder(&mut self, thread: ThreadId) {
        let lock = self.thread(thread).lock.get().expect("only a lock is waited for with patience");
        if self.locks.get(lock).is_up_for_grabs() {
            return self.take_lock_and_go_on(thread);
        }
        let may_ask = self.locks.may_ask(lock, thread);
        self.thread_mut(thread).then = Then::TakeLock;
        self.wait_for_lock(thread, lock);
        if may_ask && self.locks.get(lock).holder().is_some() {
            self.locks.request(lock, Some(thread), self.now);
        }
    }

    /// Python code that is on a core gives way at once when it is asked to, any other at the next point
    /// where it looks.
    pub(super) fn honour_request(&mut self) {
        let Some(holder) = self.locks.next_asked() else { return };
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
        let asked = |lock: LockId| self.locks.get(lock).request().is_some();
        record.holds && record.lock.get().is_some_and(asked)
    }

    /// A thread works on a core; if it holds its lock, it has had its chance now.
    pub(super) fn note_that_holder_runs(&mut self, thread: ThreadId) {
        let record = self.thread(thread);
        if let (Some(lock), true, true) =
            (record.lock.get(), record.holds, record.entry_left.is_zero())
            && self.locks.holder_runs(lock, self.now)
        {
            self.plan_request(lock);
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
        if self.locks.get(lock).forces_switch() {
            self.oust(thread, lock);
        } else {
            self.wait_for_lock(thread, lock);
        }
    }

    /// A thread that gave its lock up on request waits until somebody has taken it.
    fn oust(&mut self, thread: ThreadId, lock: LockId) {
        self.leave_core(thread, Some((State::LockWait, NameId::EMPTY)));
        self.locks.get_mut(lock).oust(thread);
        self.thread_mut(thread).status = Status::Ousted;
    }

    /// Gives the lock up around a blocking call. When it pauses, the thread goes on where it is,
    /// without the lock, as soon as somebody else has taken it: it was asked for.
    pub(super) fn let_go(&mut self, thread: ThreadId) -> Flow {
        let Some(lock) = self.thread(thread).lock.get() else { return Flow::Go };
        let record = self.locks.get(lock);
        let waits = record.forces_switch() && record.request().is_some();
        self.release(thread, lock);
        if waits {
            self.thread_mut(thread).then = Then::GoOn;
            self.oust(thread, lock);
            return Flow::Pause;
        }
        Flow::Go
    }

    /// The thread gives the lock up for good: nobody waits for a switch.
    pub(super) fn let_go_for_good(&mut self, thread: ThreadId) {
        let lock = std::mem::replace(&mut self.thread_mut(thread).lock, None.into());
        if let Some(lock) = lock.get() {
            self.release(thread, lock);
        }
    }

    fn release(&mut self, thread: ThreadId, lock: LockId) {
        let end = self.now;
        let (start, heir) = self.locks.give_up(lock, thread, end);
        self.thread_mut(thread).holds = false;
        self.sink.hold(&Hold { lock, thread, start, end });
        match heir {
            None => {}
            Some(Heir::Gets(next)) => {
                self.take(lock, next);
                self.wake(next, Then::GoOn);
            }
            Some(Heir::Wakes(next)) => {
                self.events.clear_patience(next);
                self.wake_at_cost(thread, next, self.plan.machine.wake_call, false);
            }
        }
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
