//! Event loops that serve: requests come to a socket, and loops accept them.
//!
//! Where they share the socket, each loop that polls is woken by each request, and whoever comes first accepts it: asyncio
//! registers a listening socket without `EPOLLEXCLUSIVE` (CPython `Lib/selectors.py`; docs/semantics.md, "Servers that fork beforehand").

use std::collections::VecDeque;

use crate::ids::{EventLoopId, TaskId, ThreadId};
use crate::plan::{Pc, Plan};
use crate::trace::Sink;

use super::event_loop::{EventLoop, Handle};
use super::{Engine, Flow};

/// What has come and no loop has accepted.
#[derive(Debug)]
pub(super) struct Listener {
    /// One line for all loops, or one for each.
    lines: Vec<VecDeque<TaskId>>,
    closed: bool,
    /// How many requests the loops had at once at most.
    most_alive: usize,
}

impl Listener {
    /// That of a plan, if its loops serve.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let rules = plan.listens?;
        let lines = if rules.evenly { plan.event_loops.len() } else { 1 };
        Some(Self { lines: vec![VecDeque::new(); lines], closed: false, most_alive: 0 })
    }

    fn is_shared(&self) -> bool {
        self.lines.len() == 1
    }

    fn place(&self, id: EventLoopId) -> usize {
        if self.is_shared() { 0 } else { id.index() }
    }

    fn line(&self, id: EventLoopId) -> &VecDeque<TaskId> {
        &self.lines[self.place(id)]
    }

    fn line_mut(&mut self, id: EventLoopId) -> &mut VecDeque<TaskId> {
        let at = self.place(id);
        &mut self.lines[at]
    }

    /// How many requests the loops had at once at most.
    pub(super) fn most_alive(&self) -> usize {
        self.most_alive
    }

    fn waiting(&self) -> usize {
        self.lines.iter().map(VecDeque::len).sum()
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// The loop that is meant by a thread: each process has its own where they serve. The main process has none then.
    pub(super) fn own_loop(&self, thread: ThreadId, id: EventLoopId) -> EventLoopId {
        match self.listener {
            None => id,
            Some(_) => EventLoopId::at(self.thread(thread).process.index() - 1),
        }
    }

    /// The request at hand comes to the socket; goes elsewhere if nobody polls and `room` others wait.
    pub(super) fn offer(&mut self, thread: ThreadId, room: u32, full: Pc) -> Flow {
        let task = self.task_of(self.thread(thread).item, 0);
        let to = self.loop_to_offer_to();
        let listener = self.listener.as_mut().expect("the plan says that loops serve");
        let is_polled = match to {
            Some(to) => self.loops[to.index()].polls(),
            None => self.loops.iter().any(EventLoop::polls),
        };
        if !is_polled && listener.waiting() >= room as usize {
            return Flow::Jump(full);
        }
        listener.line_mut(to.unwrap_or(EventLoopId(0))).push_back(task);
        match to {
            Some(to) => self.end_poll_of(to),
            None => self.end_all_polls(),
        }
        Flow::Go
    }

    /// The loop with the fewest requests, of those the first, where requests are dealt out evenly.
    fn loop_to_offer_to(&self) -> Option<EventLoopId> {
        let listener = self.listener.as_ref().filter(|listener| !listener.is_shared())?;
        let busy = |at: &usize| self.loops[*at].unfinished() + listener.lines[*at].len();
        (0..self.loops.len()).min_by_key(busy).map(EventLoopId::at)
    }

    /// Nothing more comes: loops end when they have done what they have.
    pub(super) fn close_listener(&mut self) {
        let listener = self.listener.as_mut().expect("the plan says that loops serve");
        listener.closed = true;
        self.end_all_polls();
    }

    fn end_all_polls(&mut self) {
        for id in (0..self.loops.len()).map(EventLoopId::at) {
            self.end_poll_of(id);
        }
    }

    /// The thread of a loop begins to serve.
    pub(super) fn listen(&mut self, thread: ThreadId, id: EventLoopId) {
        self.loops[id.index()].begin_on(thread);
    }

    /// Whether a loop may accept a request.
    pub(super) fn is_offered(&self, id: EventLoopId) -> bool {
        self.listener.as_ref().is_some_and(|listener| !listener.line(id).is_empty())
    }

    /// Whether a loop that serves has done everything, and nothing more comes.
    pub(super) fn has_served(&self, id: EventLoopId) -> bool {
        let is_closed = self.listener.as_ref().is_some_and(|listener| listener.closed);
        is_closed && !self.is_offered(id) && self.loops[id.index()].unfinished() == 0
    }

    /// A loop calls `accept`: it gets the first request in line, if another loop has not been faster.
    /// The request is the loop's from now on, not only once `accept` has returned.
    pub(super) fn accept(&mut self, id: EventLoopId) -> Option<TaskId> {
        let listener = self.listener.as_mut()?;
        let task = listener.line_mut(id).pop_front()?;
        self.loops[id.index()].count_one_more();
        let alive = self.loops.iter().map(EventLoop::unfinished).sum();
        listener.most_alive = listener.most_alive.max(alive);
        Some(task)
    }

    /// A loop has a request, and accepts until there are no more.
    pub(super) fn accepted(&mut self, id: EventLoopId, task: TaskId) {
        let number = u8::try_from(id.index()).expect("limits.rs bounds the loops of a server");
        self.tasks.get_mut(task).event_loop = number;
        self.change_to_ready(task, self.now);
        self.loops[id.index()].accept_more(task);
    }

    /// A loop that serves has done a request: its client, if it has one, may send another.
    pub(super) fn served(&mut self, id: EventLoopId, task: TaskId) -> Flow {
        self.hear_of(task);
        self.loops[id.index()].call_soon(Handle::Gathered);
        self.go_to_next_handle(id)
    }
}
