//! The polls of event loops: how they begin, when they time out, and who ends them.

use crate::ids::{EventLoopId, ThreadId};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Sink, State};

use super::event_loop::EventLoop;
use super::thread::Wait;
use super::{Engine, Flow};

/// The present poll, or the last one.
#[derive(Debug, Default)]
pub(super) struct Poll {
    pub(super) waits: bool,
    /// For how long at most, as the loop asked before it gave the lock up; `None` is for ever.
    pub(super) timeout: Option<SimDuration>,
    pub(super) began: SimTime,
    pub(super) ended: SimTime,
}

impl EventLoop {
    fn begin_poll(&mut self, now: SimTime) {
        self.poll.waits = true;
        (self.poll.began, self.poll.ended) = (now, now);
    }

    /// When the poll that waits times out, and whose it is.
    fn poll_ends_at(&self, slack: SimDuration) -> Option<(SimTime, ThreadId)> {
        let timeout = self.poll.timeout.filter(|_| self.poll.waits)?;
        Some((self.poll.began + timeout + slack, self.thread()))
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Blocks until the next timer is due or another thread writes to the self-pipe.
    pub(super) fn poll(&mut self, thread: ThreadId, id: EventLoopId) -> Flow {
        let now = self.now;
        if !self.loops[id.index()].ready.is_empty() || self.is_offered(id) || self.has_served(id) {
            return Flow::Go;
        }
        let event_loop = &mut self.loops[id.index()];
        event_loop.begin_poll(now);
        self.plan_poll();
        let row = Some((State::Io, self.names.poll));
        self.block(thread, Wait::Poll, row)
    }

    /// The next poll to time out is an event, and so is the next request of a client that the main thread sleeps until.
    pub(super) fn plan_poll(&mut self) {
        let slack = self.plan.machine.timer_slack;
        let polls = self.loops.iter().filter_map(|it| it.poll_ends_at(slack));
        match polls.chain(self.next_sent()).min() {
            Some((at, thread)) => self.events.set_poll(thread, at),
            None => self.events.clear_poll(),
        }
    }

    /// The loop that a thread runs.
    pub(super) fn loop_of_thread(&self, thread: ThreadId) -> EventLoopId {
        let runs = |it: &EventLoop| it.is_run_by(thread) && it.poll.waits;
        let position = self.loops.iter().position(runs);
        EventLoopId::at(position.expect("who polls runs a loop"))
    }

    /// A loop's poll is over.
    pub(super) fn poll_ends(&mut self, id: EventLoopId) {
        let now = self.now;
        let poll = &mut self.loops[id.index()].poll;
        poll.waits = false;
        poll.ended = now;
        self.plan_poll();
    }

    /// Ends the loop's poll, if it is in one, for something has become ready.
    pub(super) fn signal_loop(&mut self, id: EventLoopId) {
        let event_loop = &mut self.loops[id.index()];
        event_loop.signalled |= event_loop.poll.waits;
        self.end_poll_of(id);
    }

    /// Ends the loop's poll, if it is in one.
    pub(super) fn end_poll_of(&mut self, id: EventLoopId) {
        let event_loop = &mut self.loops[id.index()];
        if event_loop.poll.waits {
            let thread = event_loop.thread();
            self.poll_ends(id);
            self.wake_poller(thread);
        }
    }
}
