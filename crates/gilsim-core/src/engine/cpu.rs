//! Threads come onto cores, work there, and leave them, as the kernel says.

use std::cmp::Reverse;

use crate::ids::{CoreId, Maybe, NameId, ThreadId};
use crate::model::LockMode;
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::event_loop::EventLoop;
use super::kernel::{Coming, Moment, Waker, share_of_cold};
use super::queue::{CoreEvent, Rank};
use super::thread::{Burst, Entry, Status, Thread};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Gives a thread work of some length. Work of no length is done at once, on no core.
    #[inline]
    pub(super) fn work(&mut self, thread: ThreadId, burst: Burst) -> Flow {
        if burst.left.is_zero() {
            return Flow::Go;
        }
        let record = self.thread_mut(thread);
        let owed = std::mem::take(&mut record.owes);
        record.burst = burst;
        if burst.state == State::Overhead {
            record.burst.left += owed;
            self.warm_caches(thread);
        }
        self.carry_on(thread);
        Flow::Pause
    }

    /// A thread begins bookkeeping: that takes longer where caches have cooled since there was some on its core.
    #[inline]
    fn warm_caches(&mut self, thread: ThreadId) {
        let Thread { core, burst, .. } = self.thread(thread);
        let Some(core) = core.get() else { return };
        let cooled = self.kernel.begin_bookkeeping(core, burst.left, self.now);
        if !cooled.is_zero() {
            let cold = share_of_cold(self.cold_cost(thread), cooled);
            self.thread_mut(thread).burst.left += cold;
        }
    }

    /// Goes on with a thread's burst: on its core, or as soon as it has one.
    pub(super) fn carry_on(&mut self, thread: ThreadId) {
        if self.thread(thread).core.is_some() {
            self.go_on_here(thread);
        } else {
            self.want_core(thread, self.acting_waker());
        }
    }

    /// From now on the thread wants a core. It gets one, or a place in a run queue, at once or when the instant is over.
    #[inline(never)]
    pub(super) fn want_core(&mut self, thread: ThreadId, waker: Option<Waker>) {
        self.thread_mut(thread).status = Status::Ready;
        self.show(thread, Some((State::Ready, NameId::EMPTY)));
        if !self.kernel.defers(thread) {
            self.place(thread, waker);
        }
    }

    /// Gives idle cores to those who have waited longest, then a place to those who came to want one
    /// at this instant, in the order of their numbers.
    pub(super) fn dispatch(&mut self) {
        if self.kernel.anybody_waits() {
            while let Some((core, thread)) = self.pull() {
                self.switch_to(core, thread);
            }
            if let Some((core, at)) = self.kernel.next_look(self.now) {
                self.events.set_core(core, at, CoreEvent::Look);
            }
        }
        while let Some(thread) = self.kernel.next_deferred() {
            self.place(thread, None);
        }
    }

    fn pull(&mut self) -> Option<(CoreId, ThreadId)> {
        // An idle core's look is such an event, too: after it this is done again.
        let slices_end = self.events.peek() == Some((self.now, Rank::SliceEnd));
        let moment = Moment { now: self.now, acting: self.acting, threads: &self.threads };
        self.kernel.pull(moment, slices_end)
    }

    fn place(&mut self, thread: ThreadId, waker: Option<Waker>) {
        let moment = Moment { now: self.now, acting: self.acting, threads: &self.threads };
        let (core, coming) = self.kernel.place(thread, waker, moment);
        match coming {
            Coming::Runs => self.wake_up_on(core, thread),
            Coming::Preempts => self.preempt(core, thread),
            Coming::EndsSlice => self.end_of_slice(core),
            Coming::Waits | Coming::WaitsFirst | Coming::ComesNext => self.schedule_core(core),
        }
    }

    fn wake_up_on(&mut self, core: CoreId, thread: ThreadId) {
        let latency = if self.thread(thread).woken {
            self.kernel.wake_latency(thread, core, self.now)
        } else {
            SimDuration::ZERO
        };
        self.start_on(core, thread, latency, Entry::Waking);
    }

    /// What the thread's next bookkeeping costs more with cold caches.
    fn cold_cost(&self, thread: ThreadId) -> SimDuration {
        let own = self.loops.iter().find(|it| it.is_run_by(thread));
        own.map_or(self.plan.cold, EventLoop::cold_cost)
    }

    /// The idle core takes a thread from a run queue.
    fn switch_to(&mut self, core: CoreId, thread: ThreadId) {
        let machine = &self.plan.machine;
        let timer =
            if self.thread(thread).had_timer { machine.timer_call } else { SimDuration::ZERO };
        self.start_on(core, thread, machine.context_switch + timer, Entry::Switching);
    }

    fn start_on(&mut self, core: CoreId, thread: ThreadId, cost: SimDuration, entry: Entry) {
        self.events.clear_core(core);
        self.kernel.enter(core, thread, self.now);
        let record = self.thread_mut(thread);
        record.core = Some(core).into();
        record.last_core = record.core;
        record.status = Status::Active;
        record.woken = false;
        record.had_timer = false;
        record.enter_for(cost, entry);
        self.go_on_here(thread);
    }

    /// Goes on with what a thread has to do on the core that it has.
    fn go_on_here(&mut self, thread: ThreadId) {
        let core = self.thread(thread).core.get().expect("a thread that goes on has a core");
        if self.kernel.makes_way(core)
            && self.thread(thread).is_working()
            && let Some(next) = self.kernel.make_way(core)
        {
            return self.preempt(core, next);
        }
        let record = self.thread(thread);
        if !record.entry_left.is_zero() {
            let name = match record.entry {
                Entry::Waking | Entry::Retaking => self.names.wake,
                Entry::Switching => self.names.switch,
            };
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
        self.kernel.account_from(core, self.now);
        self.schedule(core, thread);
    }

    /// Sets the core's next event: its thread's work ends, or its slice does while others wait.
    fn schedule_core(&mut self, core: CoreId) {
        match self.kernel.on(core) {
            Some(thread) if self.thread(thread).is_working() => self.schedule(core, thread),
            _ => {}
        }
    }

    /// The same for a core whose thread is known to work.
    fn schedule(&mut self, core: CoreId, thread: ThreadId) {
        let record = self.thread(thread);
        let left = if record.entry_left.is_zero() { record.burst.left } else { record.entry_left };
        let work_ends = self.kernel.accounted_to(core) + left;
        let slice_ends = self.kernel.slice_end(core, self.now);
        if work_ends <= slice_ends {
            self.events.set_core(core, work_ends, CoreEvent::BurstEnd(thread));
        } else {
            self.events.set_core(core, slice_ends, CoreEvent::SliceEnd);
        }
    }

    /// Takes note of what the core's thread has done up to now.
    fn account(&mut self, core: CoreId) {
        let (thread, done) = self.kernel.account(core, self.now);
        let record = self.thread_mut(thread);
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
        let thread = self.kernel.running(core);
        let record = self.thread(thread);
        let computes = record.entry_left.is_zero() && record.burst.state != State::Overhead;
        self.account(core);
        if computes && let Some(next) = self.kernel.next_after_work(core, self.now) {
            self.preempt(core, next);
        } else {
            self.go_on_here(thread);
        }
    }

    pub(super) fn end_of_slice(&mut self, core: CoreId) {
        if self.kernel.may_balance(core) {
            self.balance(core);
        }
        match self.kernel.next_of(core) {
            Some(next) => self.preempt(core, next),
            None => self.schedule_core(core),
        }
    }

    /// Other cores take threads from this one's run queue. An idle core that looks is counted as one with an empty queue; whom
    /// it takes itself is found out when cores are given away.
    pub(super) fn balance(&mut self, core: CoreId) {
        let moment = Moment { now: self.now, acting: self.acting, threads: &self.threads };
        for taker in self.kernel.balance(core, moment) {
            self.schedule_core(taker);
        }
    }

    /// The core's thread goes back into the run queue, to its head if it has some of its slice left, and `next` comes
    /// onto the core.
    fn preempt(&mut self, core: CoreId, next: ThreadId) {
        let thread = self.kernel.running(core);
        let is_first = self.kernel.has_slice_left(core, self.now);
        self.leave_core(thread, Some((State::Ready, NameId::EMPTY)));
        self.thread_mut(thread).status = Status::Ready;
        self.kernel.wait_again(core, thread, is_first, self.now);
        self.switch_to(core, next);
    }

    /// The thread leaves its core, if it has one, and is in another state from now on.
    pub(super) fn leave_core(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        let Some(core) = self.thread(thread).core.get() else { return self.show(thread, row) };
        self.account(core);
        self.events.clear_core(core);
        self.begin_row(thread, row);
        self.kernel.leave(core, thread, self.now);
        let record = self.thread_mut(thread);
        record.core = Maybe::NONE;
        record.was_off_core = true;
    }

    /// What a thread does is over, though something is left of it: it goes on as soon as it is on a core.
    pub(super) fn end_spin(&mut self, thread: ThreadId) {
        let core = self.thread(thread).core.get();
        if let Some(core) = core {
            self.account(core);
        }
        self.thread_mut(thread).burst.left = SimDuration::ZERO;
        if let Some(core) = core {
            self.events.clear_core(core);
            self.go_on_here(thread);
        }
    }

    /// Whether the thread's burst is Python code whose holder was asked to give way.
    fn must_give_way(&self, thread: ThreadId) -> bool {
        let record = self.thread(thread);
        record.burst.lock == LockMode::Held && self.is_asked(thread)
    }
}
