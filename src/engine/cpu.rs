//! Threads come onto cores, work there, and leave them.

use std::cmp::Reverse;

use crate::ids::{CoreId, ThreadId};
use crate::model::LockMode;
use crate::time::{SimDuration, SimTime};
use crate::trace::{Sink, State};

use super::queue::Rank;
use super::thread::{Burst, Status};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Gives a thread work of some length. Work of no length is done at once, on no core.
    pub(super) fn work(&mut self, thread: ThreadId, burst: Burst) -> Flow {
        if burst.left.is_zero() {
            return Flow::Go;
        }
        let record = self.thread_mut(thread);
        let owed = std::mem::take(&mut record.owes);
        record.burst = burst;
        if burst.state == State::Overhead {
            record.burst.left += owed;
        }
        self.carry_on(thread);
        Flow::Pause
    }

    /// Goes on with a thread's burst: on its core, or as soon as it has one.
    pub(super) fn carry_on(&mut self, thread: ThreadId) {
        if self.thread(thread).core.is_some() {
            self.go_on_here(thread);
        } else {
            self.want_core(thread);
        }
    }

    pub(super) fn want_core(&mut self, thread: ThreadId) {
        self.thread_mut(thread).status = Status::Ready;
        self.show(thread, Some((State::Ready, crate::ids::NameId::EMPTY)));
        if self.plan.machine.exact {
            self.wanting.push(thread);
        } else {
            // A kernel places a thread when it is woken: the waker is still on its core.
            self.place(thread);
        }
    }

    /// Gives idle cores to those who have waited longest, then a place to those who came to want one
    /// at this instant, in the order of their numbers.
    pub(super) fn dispatch(&mut self) {
        let own_first = !self.plan.machine.exact;
        while let Some((core, thread)) = self.cores.pull(own_first) {
            self.switch_to(core, thread);
        }
        if self.wanting.is_empty() {
            return;
        }
        let mut wanting = std::mem::take(&mut self.wanting);
        wanting.sort_unstable();
        for thread in wanting.drain(..) {
            self.place(thread);
        }
        // Nobody comes to want a core by being placed: the room is kept for the next instant.
        debug_assert!(self.wanting.is_empty(), "{:?} want a core", self.wanting);
        self.wanting = wanting;
    }

    /// A thread that wants a core gets one, or a place in a run queue.
    fn place(&mut self, thread: ThreadId) {
        let last = self.thread(thread).last_core;
        let idle = last.filter(|core| self.cores.is_idle(*core)).or(self.cores.lowest_idle());
        if let Some(core) = idle {
            return self.start_on_idle(core, thread);
        }
        let core = match last {
            Some(core) if !self.plan.machine.exact => core,
            _ => self.cores.least_loaded(),
        };
        if self.may_preempt(thread, core) {
            self.preempt(core, thread);
        } else {
            self.cores.enqueue(core, thread, self.now);
            self.schedule_core(core);
        }
    }

    fn start_on_idle(&mut self, core: CoreId, thread: ThreadId) {
        let machine = &self.plan.machine;
        let latency = match self.thread(thread).woken {
            false => SimDuration::ZERO,
            true if self.cores.was_idle_before(core, self.now) => self.cross_wake(thread),
            true => machine.wake_latency_same,
        };
        let name = self.names.wake;
        self.start_on(core, thread, latency, name);
    }

    /// The latency of this very wake-up: real ones vary, and a race for a lock that somebody gives up
    /// again and again is won by a wake-up that happens to be in time (semantics 1.6). What varies is a
    /// hash of seed, thread, and instant: it depends on nothing else.
    fn cross_wake(&self, thread: ThreadId) -> SimDuration {
        let machine = &self.plan.machine;
        let (latency, spread) = (machine.wake_latency, machine.wake_spread_permille);
        if spread == 0 {
            return latency;
        }
        let key = self.plan.seed ^ (u64::from(thread.0) << 40) ^ self.now.as_nanos();
        let place = super::gil::mix(key) % (2 * spread + 1);
        latency.scaled(1_000 - spread + place, 1_000)
    }

    /// The idle core takes a thread from a run queue.
    fn switch_to(&mut self, core: CoreId, thread: ThreadId) {
        let (cost, name) = (self.plan.machine.context_switch, self.names.switch);
        self.start_on(core, thread, cost, name);
    }

    fn start_on(
        &mut self,
        core: CoreId,
        thread: ThreadId,
        cost: SimDuration,
        name: crate::ids::NameId,
    ) {
        self.cores.occupy(core, thread, self.now);
        let record = self.thread_mut(thread);
        record.core = Some(core);
        record.last_core = Some(core);
        record.status = Status::Active;
        record.woken = false;
        record.entry_left = cost;
        record.entry_name = name;
        self.go_on_here(thread);
    }

    /// Goes on with what a thread has to do on the core that it has.
    fn go_on_here(&mut self, thread: ThreadId) {
        let record = self.thread(thread);
        let core = record.core.expect("a thread that goes on has a core");
        if !record.entry_left.is_zero() {
            let name = record.entry_name;
            self.show(thread, Some((State::Overhead, name)));
        } else if !record.is_working() {
            self.ready_now.push(Reverse(thread));
            return;
        } else if self.must_give_way(thread) {
            return self.give_way(thread);
        } else {
            let Burst { state, name, .. } = record.burst;
            self.show(thread, Some((state, name)));
        }
        self.note_that_holder_runs(thread);
        self.cores.get_mut(core).accounted_to = self.now;
        self.schedule_core(core);
    }

    /// Sets the core's next event: its thread's work ends, or its slice does while others wait.
    fn schedule_core(&mut self, core: CoreId) {
        let Some(thread) = self.cores.get(core).running else { return };
        let record = self.thread(thread);
        if !record.is_working() {
            return;
        }
        let left = if record.entry_left.is_zero() { record.burst.left } else { record.entry_left };
        let work_ends = self.cores.get(core).accounted_to + left;
        let slice_ends = if self.cores.has_queue(core) {
            self.cores.slice_end(core, self.plan.machine.quantum, self.now)
        } else {
            SimTime::NEVER
        };
        if work_ends <= slice_ends {
            self.events.set_core(core, work_ends, Rank::BurstEnd, thread.0);
        } else {
            self.events.set_core(core, slice_ends, Rank::QuantumEnd, core.0);
        }
    }

    /// Takes note of what the core's thread has done up to now.
    fn account(&mut self, core: CoreId) {
        let record = self.cores.get_mut(core);
        let thread = record.running.expect("somebody is on the core");
        let done = self.now - record.accounted_to;
        record.accounted_to = self.now;
        let record = self.thread_mut(thread);
        record.vruntime += done.as_nanos();
        let left = if record.entry_left.is_zero() {
            &mut record.burst.left
        } else {
            &mut record.entry_left
        };
        // Between two pieces of work nothing is left, and no time passes either.
        assert!(*left >= done, "{thread:?} did more than it had to do");
        *left -= done;
    }

    pub(super) fn end_of_burst(&mut self, core: CoreId) {
        let thread = self.cores.get(core).running.expect("a burst ends on a busy core");
        self.account(core);
        self.go_on_here(thread);
    }

    pub(super) fn end_of_slice(&mut self, core: CoreId) {
        let next = self.cores.next_of(core);
        match next {
            Some(next) => self.preempt(core, next),
            None => self.schedule_core(core),
        }
    }

    /// The core's thread goes back into the run queue, and `next` comes onto the core.
    fn preempt(&mut self, core: CoreId, next: ThreadId) {
        let thread = self.cores.get(core).running.expect("somebody is on the core");
        self.leave_core(thread);
        self.thread_mut(thread).status = Status::Ready;
        self.show(thread, Some((State::Ready, crate::ids::NameId::EMPTY)));
        self.cores.enqueue(core, thread, self.now);
        self.switch_to(core, next);
    }

    /// The thread leaves its core, if it has one.
    pub(super) fn leave_core(&mut self, thread: ThreadId) {
        let Some(core) = self.thread(thread).core else { return };
        self.account(core);
        self.events.clear_core(core);
        self.show(thread, None);
        self.cores.vacate(core, self.now);
        self.thread_mut(thread).core = None;
    }

    /// Whether a woken thread takes the core from the one that is on it (semantics 2.3: that one has
    /// had its base slice since it was picked, and more CPU time than the woken one).
    fn may_preempt(&mut self, woken_id: ThreadId, core: CoreId) -> bool {
        let machine = &self.plan.machine;
        let on_core = self.cores.get(core);
        let running = on_core.running.expect("nobody is placed behind an idle core");
        let since_picked = self.now - on_core.picked_at;
        let unaccounted = self.now - on_core.accounted_to;
        // A thread that has nothing to do for any time is about to leave, or to get new work; one that is
        // between two steps wakes others first (with the lock it takes, those who gave it up).
        let stays = self.thread(running).is_working() && self.acting != Some(running);
        if machine.exact || !self.thread(woken_id).woken || !stays {
            return false;
        }
        let runtime = self.thread(running).vruntime + unaccounted.as_nanos();
        let lag_limit = machine.base_slice.as_nanos();
        let woken = self.thread_mut(woken_id);
        woken.vruntime = woken.vruntime.max(runtime.saturating_sub(lag_limit));
        // Alone on its core it has run ahead of everybody and has no lag left to be protected for; but a
        // newborn has none of its own either.
        let is_newborn = self.thread(woken_id).last_core.is_none();
        let is_contended = is_newborn || self.cores.has_queue(core);
        let is_protected = since_picked < machine.base_slice && is_contended;
        !is_protected && self.thread(woken_id).vruntime < runtime
    }

    /// Whether the thread's burst is Python code whose holder was asked to give way.
    fn must_give_way(&self, thread: ThreadId) -> bool {
        let record = self.thread(thread);
        record.burst.lock == LockMode::Held && self.is_asked(thread)
    }
}
