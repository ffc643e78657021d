//! Threads come onto cores, work there, and leave them.

use std::cmp::Reverse;

use crate::ids::{CoreId, Maybe, NameId, ThreadId};
use crate::model::LockMode;
use crate::plan::MachineRules;
use crate::time::{SimDuration, SimTime};
use crate::trace::{Sink, State};

use super::queue::Rank;
use super::thread::{Burst, Status};
use super::{Engine, Flow};

/// So many of those who wait for a core count for the average of their CPU time: it is needed often.
const AVERAGED: usize = 8;

/// A core that has idled for so long takes longer to wake up: its host, or its power management, has put it away.
/// Measured on a virtual machine: 22 us after 0.2 to 1 ms, 27 us after 2 ms, 48 us after 5 ms, 62 us and more after 20.
const DEEP_IDLE: SimDuration = SimDuration::from_millis(3);

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

    pub(super) fn start_on_idle(&mut self, core: CoreId, thread: ThreadId) {
        let machine = &self.plan.machine;
        let latency = match self.thread(thread).woken {
            false => SimDuration::ZERO,
            true if self.cores.was_idle_before(core, self.now) => self.cross_wake(thread, core),
            true => machine.wake_latency_same,
        };
        let name = self.names.wake;
        self.start_on(core, thread, latency, name);
    }

    /// The latency of this very wake-up: real ones vary, and a race for a lock that somebody gives up
    /// again and again is won by a wake-up that happens to be in time (semantics 1.6). What varies is a
    /// hash of seed, thread, and instant: it depends on nothing else.
    fn cross_wake(&self, thread: ThreadId, core: CoreId) -> SimDuration {
        let machine = &self.plan.machine;
        let is_deep = self.cores.has_idled_for(core, DEEP_IDLE, self.now);
        let latency = if is_deep { machine.wake_latency_deep } else { machine.wake_latency };
        let spread = machine.wake_spread_permille;
        if spread == 0 {
            return latency;
        }
        let key = self.plan.seed ^ (u64::from(thread.0) << 40) ^ self.now.as_nanos();
        let place = super::gil::mix(key) % (2 * spread + 1);
        latency.scaled(1_000 - spread + place, 1_000)
    }

    /// The idle core takes a thread from a run queue.
    pub(super) fn switch_to(&mut self, core: CoreId, thread: ThreadId) {
        let (cost, name) = (self.plan.machine.context_switch, self.names.switch);
        self.start_on(core, thread, cost, name);
    }

    fn start_on(&mut self, core: CoreId, thread: ThreadId, cost: SimDuration, name: NameId) {
        self.note_load(thread, Some(core));
        self.note_utilisation(thread, Some(core));
        if self.plan.machine.wakes_in_place {
            self.events.clear_core(core);
            self.note_idle_looks(core);
        }
        self.cores.occupy(core, thread, self.now);
        if !self.plan.machine.exact {
            let base_slice = self.plan.machine.base_slice;
            self.standings[thread.index()].renew_deadline(base_slice);
        }
        let record = self.thread_mut(thread);
        record.core = Some(core).into();
        record.last_core = record.core;
        record.status = Status::Active;
        record.woken = false;
        record.enter_for(cost, name);
        self.go_on_here(thread);
    }

    /// Goes on with what a thread has to do on the core that it has.
    fn go_on_here(&mut self, thread: ThreadId) {
        let core = self.thread(thread).core.get().expect("a thread that goes on has a core");
        if self.cores.get(core).must_switch && self.thread(thread).is_working() {
            self.cores.get_mut(core).must_switch = false;
            if let Some(next) = self.cores.next_of(core) {
                return self.preempt(core, next);
            }
        }
        let record = self.thread(thread);
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
        self.schedule(core, thread);
    }

    /// Sets the core's next event: its thread's work ends, or its slice does while others wait.
    pub(super) fn schedule_core(&mut self, core: CoreId) {
        match self.cores.get(core).running {
            Some(thread) if self.thread(thread).is_working() => self.schedule(core, thread),
            _ => {}
        }
    }

    /// The same for a core whose thread is known to work.
    fn schedule(&mut self, core: CoreId, thread: ThreadId) {
        let record = self.thread(thread);
        let left = if record.entry_left.is_zero() { record.burst.left } else { record.entry_left };
        let work_ends = self.cores.get(core).accounted_to + left;
        let slice_ends =
            if self.cores.has_queue(core) { self.slice_end(core) } else { SimTime::NEVER };
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
        if let Some(standing) = self.standings.get_mut(thread.index()) {
            standing.vruntime += done.as_nanos().cast_signed();
        }
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
        let thread = self.cores.get(core).running.expect("a burst ends on a busy core");
        let record = self.thread(thread);
        let computes = record.entry_left.is_zero() && record.burst.state != State::Overhead;
        self.account(core);
        if computes
            && self.is_found_late(core)
            && let Some(next) = self.cores.next_of(core)
        {
            self.preempt(core, next);
        } else {
            self.go_on_here(thread);
        }
    }

    /// Whether the core's thread, at the end of a computation, has had its slice while others wait. Programs that are
    /// measured read their CPU clock there, and the kernel takes note that the slice is over (`update_curr` in Linux
    /// `kernel/sched/fair.c`). Calibrated profiles predict such programs; others would go on to the next tick.
    fn is_found_late(&self, core: CoreId) -> bool {
        self.plan.machine.wakes_in_place && self.cores.has_queue(core) && self.slice_is_over(core)
    }

    pub(super) fn end_of_slice(&mut self, core: CoreId) {
        if self.plan.machine.wakes_in_place {
            self.balance(core);
        } else if !self.plan.machine.exact {
            self.balance_by_number(core);
        }
        let next = self.cores.next_of(core);
        match next {
            Some(next) => self.preempt(core, next),
            None => self.schedule_core(core),
        }
    }

    /// The core's thread goes back into the run queue, to its head if it has some of its slice left, and `next` comes
    /// onto the core.
    pub(super) fn preempt(&mut self, core: CoreId, next: ThreadId) {
        let thread = self.cores.get(core).running.expect("somebody is on the core");
        let has_more = !self.plan.machine.exact && !self.slice_is_over(core);
        self.leave_core(thread, Some((State::Ready, NameId::EMPTY)));
        self.thread_mut(thread).status = Status::Ready;
        self.note_load(thread, Some(core));
        if has_more {
            self.cores.enqueue_first(core, thread, self.now);
        } else {
            self.cores.enqueue(core, thread, self.now);
        }
        self.switch_to(core, next);
    }

    /// The thread leaves its core, if it has one, and is in another state from now on.
    pub(super) fn leave_core(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        let Some(core) = self.thread(thread).core.get() else { return self.show(thread, row) };
        self.account(core);
        self.note_load(thread, None);
        self.note_utilisation(thread, None);
        self.events.clear_core(core);
        self.begin_row(thread, row);
        self.cores.vacate(core, self.now);
        let record = self.thread_mut(thread);
        record.core = Maybe::NONE;
        record.was_off_core = true;
        if !self.plan.machine.exact {
            let lag = self.lag_behind(core, thread);
            let standing = &mut self.standings[thread.index()];
            (standing.lag, standing.lag_since) = (lag, self.now);
        }
    }

    /// How far a thread that leaves its core has fallen behind the average of itself and those who wait there.
    fn lag_behind(&self, core: CoreId, thread: ThreadId) -> i64 {
        let vruntime = |thread: ThreadId| self.standings[thread.index()].vruntime;
        let own = vruntime(thread);
        let ahead = |other: ThreadId| vruntime(other) - own;
        let mut count = 1;
        let mut sum = 0_i64;
        for other in self.cores.first_of(core).take(AVERAGED) {
            count += 1;
            sum += ahead(other);
        }
        sum / count
    }

    /// When the present slice of the core's thread ends: under the exact rules a quantum after it came, else with
    /// the first timer tick at which it has had its base slice (semantics 2.1).
    fn slice_end(&self, core: CoreId) -> SimTime {
        let MachineRules { exact, quantum, base_slice, .. } = self.plan.machine;
        if exact {
            return self.cores.slice_end(core, quantum, self.now);
        }
        self.tick_from((self.cores.get(core).picked_at + base_slice).max(self.now))
    }

    /// The first timer tick that does not come before an instant: all cores tick at the multiples of the quantum.
    pub(super) fn tick_from(&self, at: SimTime) -> SimTime {
        let tick = self.plan.machine.quantum.as_nanos();
        SimTime::from_nanos(at.as_nanos().div_ceil(tick) * tick)
    }

    /// A thread that wakes up behind another one is placed as far behind it as it was when it fell asleep, and
    /// gets a deadline (`place_entity` in Linux `kernel/sched/fair.c`).
    pub(super) fn place_in_time(&mut self, woken: ThreadId, core: CoreId) {
        let MachineRules { exact, base_slice, .. } = self.plan.machine;
        if exact || !self.thread(woken).woken {
            return;
        }
        let (runtime, now) = (self.runtime_on(core), self.now);
        let others = 1 + self.cores.first_of(core).take(AVERAGED).count().cast_signed() as i64;
        let woken = &mut self.standings[woken.index()];
        let limit = base_slice.as_nanos().cast_signed();
        // Who has run ahead is forgiven as others run (`DELAY_DEQUEUE`).
        let forgiven = (now - woken.lag_since).as_nanos().cast_signed();
        let lag = if woken.lag < 0 { (woken.lag + forgiven).min(0) } else { woken.lag };
        // Its coming moves the average, and its lag is to be the same afterwards.
        let distance = lag.clamp(-limit, limit) * (others + 1) / others;
        woken.vruntime = runtime - distance;
        woken.deadline = woken.vruntime + limit;
    }

    /// How much CPU time the core's thread has had by now.
    pub(super) fn runtime_on(&self, core: CoreId) -> i64 {
        let on_core = self.cores.get(core);
        let running = on_core.running.expect("nobody is placed behind an idle core");
        let since = (self.now - on_core.accounted_to).as_nanos().cast_signed();
        self.standings[running.index()].vruntime + since
    }

    /// Whether a woken thread takes the core from the one that is on it at once. By semantics 2.3 that one has passed its
    /// deadline, and is ahead of the woken one.
    pub(super) fn may_preempt(&self, woken: ThreadId, core: CoreId) -> bool {
        if self.plan.machine.wakes_in_place {
            return self.stays(core) && self.is_owed_the_core(woken, core);
        }
        self.is_beyond_deadline(woken, core)
            && self.standings[woken.index()].vruntime < self.runtime_on(core)
    }

    /// Whether a kernel that wakes in place gives the core to a woken or new thread as soon as its thread is not between
    /// two steps: if that one's slice is over, or if the woken one was ahead of others or behind them when it fell asleep,
    /// and is not ahead any more. Until then it counts in their average (`DELAY_DEQUEUE`), so that whoever has run
    /// since is ahead of it. Measured: a sleeper beside one and two threads that compute wakes up as fast as alone,
    /// however little they had of their slices; but who has slept alone waits for the end of a slice.
    pub(super) fn is_owed_the_core(&self, woken: ThreadId, core: CoreId) -> bool {
        if !self.plan.machine.wakes_in_place || !self.thread(woken).woken {
            return false;
        }
        let standing = &self.standings[woken.index()];
        let has_slept = self.thread(woken).last_core.is_some();
        let forgiven = (self.now - standing.lag_since).as_nanos().cast_signed();
        let has_made_up = has_slept && standing.lag != 0 && standing.lag + forgiven >= 0;
        has_made_up || self.slice_is_over(core)
    }

    /// Whether the core's thread has had its slice.
    fn slice_is_over(&self, core: CoreId) -> bool {
        let running = self.cores.get(core).running.expect("somebody is on the core");
        self.runtime_on(core) >= self.standings[running.index()].deadline
    }

    /// Whether the core's thread works on. One that has nothing to do for any time is about to leave, or to get new work;
    /// one that is between two steps wakes others first (with the lock it takes, those who gave it up).
    fn stays(&self, core: CoreId) -> bool {
        let running = self.cores.get(core).running.expect("nobody is placed behind an idle core");
        self.thread(running).is_working() && self.acting != Some(running)
    }

    /// Whether the core's thread is protected no more from one that was woken and placed behind it.
    pub(super) fn is_beyond_deadline(&self, woken: ThreadId, core: CoreId) -> bool {
        if self.plan.machine.exact || !self.thread(woken).woken {
            return false;
        }
        self.stays(core) && self.slice_is_over(core)
    }

    /// Whether the thread's burst is Python code whose holder was asked to give way.
    fn must_give_way(&self, thread: ThreadId) -> bool {
        let record = self.thread(thread);
        record.burst.lock == LockMode::Held && self.is_asked(thread)
    }
}
