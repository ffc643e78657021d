//! Threads fall asleep and are woken, by time or by each other.

use std::cmp::Reverse;

use crate::ids::{NameId, ThreadId};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::kernel::Waker;
use super::thread::{Entry, Status, Then, Thread, Wait};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Blocks a thread, which holds no lock, until somebody wakes it.
    pub(super) fn block(
        &mut self,
        thread: ThreadId,
        wait: Wait,
        row: Option<(State, NameId)>,
    ) -> Flow {
        self.leave_core(thread, row);
        // It made its last wake-up while falling asleep: that delays nobody.
        let record = self.thread_mut(thread);
        record.owes = SimDuration::ZERO;
        record.status = Status::Blocked(wait);
        Flow::Pause
    }

    /// Blocks a thread for a time; a real timer is a little late.
    pub(super) fn sleep(
        &mut self,
        thread: ThreadId,
        length: SimDuration,
        row: Option<(State, NameId)>,
    ) -> Flow {
        let at = self.now + length + self.plan.machine.timer_slack;
        self.events.wake_at(thread, at);
        self.block(thread, Wait::Time, row)
    }

    pub(super) fn time_has_come(&mut self, thread: ThreadId) {
        let polls = self.thread(thread).status == Status::Blocked(Wait::Poll);
        let is_sender = thread == ThreadId::MAIN && self.awaits_clients();
        if polls && !is_sender {
            self.poll_ends(self.loop_of_thread(thread));
        }
        self.wake(thread, Then::GoOn);
        if polls && is_sender {
            self.plan_poll();
        }
    }

    /// The thread that acts, if any does, wakes a sleeping one, which then does `then`.
    pub(super) fn wake(&mut self, thread: ThreadId, then: Then) {
        self.wake_by(self.acting_waker(), thread, then);
    }

    /// The thread whose steps are being taken, as one that wakes others.
    pub(super) fn acting_waker(&self) -> Option<Waker> {
        self.acting.map(|thread| Waker { thread, writes_to_pipe: false })
    }

    /// Wakes a sleeping thread, which then does `then`.
    fn wake_by(&mut self, waker: Option<Waker>, woken: ThreadId, then: Then) {
        let sleeper = self.thread_mut(woken);
        assert!(
            !matches!(sleeper.status, Status::Active | Status::Ready | Status::Dead),
            "{woken:?} is woken while {:?}",
            sleeper.status
        );
        sleeper.then = then;
        sleeper.had_timer = sleeper.status.has_timer();
        sleeper.status = Status::Active;
        if self.kernel.wakes_on_no_core() {
            self.ready_now.push(Reverse(woken));
        } else {
            self.thread_mut(woken).woken = true;
            self.want_core(woken, waker);
        }
    }

    /// The thread that acts, if any does, wakes one that polls for its event loop, by a write to its pipe.
    pub(super) fn wake_poller(&mut self, woken: ThreadId) {
        let waker = self.acting.map(|thread| Waker { thread, writes_to_pipe: true });
        self.wake_by(waker, woken, Then::GoOn);
    }

    /// Wakes a sleeping thread, which does what it wanted to. That costs its waker so much CPU time, and more where it
    /// interrupts an idle core; the waker's next bookkeeping takes longer by that.
    pub(super) fn wake_at_cost(
        &mut self,
        waker: ThreadId,
        woken: ThreadId,
        cost: SimDuration,
        writes_to_pipe: bool,
    ) {
        let then = self.thread(woken).then;
        self.wake_by(Some(Waker { thread: waker, writes_to_pipe }), woken, then);
        let interrupt = self.interrupt(waker, woken);
        self.thread_mut(waker).owes += cost + interrupt;
    }

    /// The CPU time that it costs to have sent a woken or new thread to its core: more than none for another core that idled.
    pub(super) fn interrupt(&self, waker: ThreadId, woken: ThreadId) -> SimDuration {
        let Thread { core, entry, .. } = self.thread(woken);
        let was_idle = core.is_some() && *entry == Entry::Waking;
        let interrupts = was_idle && *core != self.thread(waker).core;
        if interrupts { self.plan.machine.interrupt } else { SimDuration::ZERO }
    }
}
