//! Waiting: for what tasks share, for channels, for other threads, for results. There is one form of it: who waits stands at
//! a wait, and whoever ends it says how; the wait says where that leads.

use crate::ids::{NameId, SemaphoreId, SiteId, ThreadId};
use crate::plan::{self, End, ForThread, Op, Thing};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::sync::Waiter;
use super::thread::{Status, Then, Wait};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// How the wait of a thread, which has just given its lock up, ends at once, if it does.
    pub(super) fn wait_is_over(&mut self, thread: ThreadId, on: ForThread) -> Option<End> {
        match on {
            ForThread::Thing(Thing::Meeting(barrier)) => self.meeting_is_over(thread, barrier),
            ForThread::Thing(thing) => {
                let taken = self.take_if_there(thing, thing.goes_by_line());
                if taken {
                    self.shared.woken_took(thing, thread);
                }
                taken.then_some(End::Done)
            }
            ForThread::Channel(_) => self.has_come(thread, on).then_some(End::Again),
            ForThread::Started
            | ForThread::Joined
            | ForThread::Poll(_)
            | ForThread::Result
            | ForThread::AllResults
            | ForThread::Lists => self.has_come(thread, on).then_some(End::Done),
        }
    }

    /// Whether that for which a thread waits, and of which it takes nothing, has come about.
    pub(super) fn has_come(&mut self, thread: ThreadId, on: ForThread) -> bool {
        let record = self.thread(thread);
        match on {
            ForThread::Started => self.thread(record.child).started,
            ForThread::Joined => self.thread(record.joined).ended,
            ForThread::Channel(channel) | ForThread::Poll(channel) => {
                self.channel(thread, channel).has_something()
            }
            ForThread::Thing(_) => false,
            ForThread::Result => {
                let next = self.nth_to_arrive(self.tasks.collected);
                self.tasks.get(next).delivered
            }
            ForThread::AllResults => self.all_are_delivered(),
            ForThread::Lists => self.lists_are_over(Waiter::Thread(thread)),
        }
    }

    /// Blocks a thread until somebody ends its wait.
    pub(super) fn wait_for(
        &mut self,
        thread: ThreadId,
        on: ForThread,
        row: Option<(State, NameId)>,
    ) -> Flow {
        match on {
            ForThread::Thing(thing) => {
                self.shared.stand_in_line(thing, Waiter::Thread(thread), self.now);
            }
            ForThread::Channel(channel) => self.channel(thread, channel).park(thread),
            ForThread::Poll(channel) => self.channel(thread, channel).poll(thread),
            ForThread::Joined => {
                let child = self.thread(thread).joined;
                self.thread_mut(child).joiner = Some(thread).into();
            }
            ForThread::Started | ForThread::Result | ForThread::AllResults | ForThread::Lists => {}
        }
        self.block(thread, Wait::Block, row);
        Flow::Wait
    }

    /// The wait of a thread has ended: it goes on where that end leads.
    pub(super) fn end_wait(&mut self, thread: ThreadId, end: End) {
        self.go_on_after(thread, end);
        self.wake(thread, Then::GoOn);
    }

    /// The same where waking it costs its maker CPU time: see [`Self::wake_at_cost`].
    pub(super) fn end_wait_at_cost(
        &mut self,
        maker: ThreadId,
        woken: ThreadId,
        end: End,
        cost: SimDuration,
        by_pipe: bool,
    ) {
        self.go_on_after(woken, end);
        self.wake_at_cost(maker, woken, cost, by_pipe);
    }

    fn go_on_after(&mut self, thread: ThreadId, end: End) {
        let wait = self.wait_of(thread);
        let wait = wait.unwrap_or_else(|| unreachable!("{thread:?} does not wait"));
        self.keep_no_deadline(thread, wait.ends);
        self.thread_mut(thread).pc = wait.ends.after(end);
    }

    /// The wait at which a thread is blocked, if it is blocked at one.
    pub(super) fn wait_of(&self, thread: ThreadId) -> Option<plan::Wait<ForThread>> {
        let record = self.thread(thread);
        if record.status != Status::Blocked(Wait::Block) {
            return None;
        }
        match self.plan.instruction(record.pc).op {
            Op::Block(wait) => Some(wait),
            op => unreachable!("{thread:?} is blocked at {op:?}, which is no wait"),
        }
    }

    /// The thread that acts has ended the wait of a thread or coroutine for a thing.
    pub(super) fn end_wait_of(&mut self, waiter: Waiter, end: End, thing: Thing) {
        match (waiter, self.acting) {
            (Waiter::Thread(woken), Some(waker)) => {
                let (cost, by_pipe) = self.plan.wake_cost(thing);
                self.end_wait_at_cost(waker, woken, end, cost, by_pipe);
            }
            (Waiter::Thread(woken), None) => self.end_wait(woken, end),
            (Waiter::Coroutine(task), _) => self.resume(task, end),
        }
    }

    /// Takes a thing if it is there.
    pub(super) fn take_if_there(&mut self, thing: Thing, in_line: bool) -> bool {
        let (was_there, next) = self.shared.try_take(thing, in_line);
        if let Some(waiter) = next {
            self.end_wait_of(waiter, End::Again, thing);
        }
        was_there
    }

    /// A coroutine that was handed a thing runs again: those who had to queue up behind it get what is left.
    pub(super) fn served_runs(&mut self, thing: Thing) {
        self.shared.served_runs(thing);
        while let Some(next) = self.shared.serve_next(thing) {
            self.resume(next, End::Done);
        }
    }

    pub(super) fn give_back(&mut self, semaphore: SemaphoreId) {
        if let Some((waiter, end)) = self.shared.release(semaphore, self.now) {
            self.end_wait_of(waiter, end, Thing::Permit(semaphore));
        }
    }

    /// Ends a request to a site; the first in line has the connection next.
    pub(super) fn disconnect(&mut self, site: SiteId) {
        if let Some(waiter) = self.shared.disconnect(site) {
            self.end_wait_of(waiter, End::Done, Thing::Connection(site));
        }
    }
}
