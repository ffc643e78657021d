//! Closed loops: clients that send their next task a think time after the last one is answered. Where there are some, or tasks
//! that come after others, nobody knows before the run when tasks arrive.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::{TaskId, ThreadId};
use crate::plan::Plan;
use crate::time::SimTime;
use crate::trace::{Sink, State};

use super::followers::{Followers, dealt_at_first};
use super::thread::{Status, Wait};
use super::{Engine, Flow};

/// The tasks of a run with clients, or with tasks that come after others, as they arrive.
#[derive(Debug)]
pub(super) struct Clients {
    /// When each task arrives, as far as that is known.
    arrivals: Vec<SimTime>,
    /// Tasks that arrive and have not been taken. The first to arrive goes first, of those the lowest number.
    coming: BinaryHeap<Reverse<(SimTime, TaskId)>>,
    /// Tasks that have been taken, in order of arrival.
    taken: Vec<TaskId>,
    /// How many tasks of each closed loop are dealt out; of other entries, how many there are.
    dealt: Vec<u32>,
    /// When the main thread is to wake, which sleeps until the next task arrives.
    wakes_at: Option<SimTime>,
    /// The tasks that come after others, if there are some.
    pub(super) followers: Option<Followers>,
}

impl Clients {
    /// Those of a plan, if it has any: the first task of each client arrives at the start.
    pub(super) fn of(plan: &Plan) -> Option<Box<Self>> {
        let workload = &plan.workload;
        if !workload.has_unknown_arrivals() {
            return None;
        }
        let mut arrivals = vec![SimTime::NEVER; workload.task_count() as usize];
        for task in workload.known_tasks() {
            arrivals[task.index()] = workload.arrival(task);
        }
        let known = workload.known_tasks();
        let coming = known.map(|task| Reverse((arrivals[task.index()], task))).collect();
        let entries = 0..workload.entry_count();
        let dealt = entries.map(|entry| dealt_at_first(workload, entry)).collect();
        let followers = Followers::of(workload);
        let taken = Vec::new();
        Some(Box::new(Self { arrivals, coming, taken, dealt, wakes_at: None, followers }))
    }

    pub(super) fn arrival(&self, task: TaskId) -> SimTime {
        self.arrivals[task.index()]
    }

    /// When the next task arrives, if that is known.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.coming.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next task that arrives.
    pub(super) fn take(&mut self) {
        let Reverse((_, task)) = self.coming.pop().expect("a task was seen to arrive");
        self.taken.push(task);
    }

    /// The task that was taken as the one of that position.
    pub(super) fn nth_to_arrive(&self, position: u32) -> TaskId {
        self.taken[position as usize]
    }

    /// How many tasks of each entry have been dealt out.
    pub(super) fn into_dealt(self) -> Vec<u32> {
        self.dealt
    }

    /// A client whose task was answered is dealt another one of its entry, if there is one left and it arrives in time.
    fn deal(&mut self, plan: &Plan, answered: TaskId, now: SimTime) -> Option<TaskId> {
        let workload = &plan.workload;
        let entry = workload.entry_of(answered);
        let closed = workload.closed(entry)?;
        let dealt = &mut self.dealt[entry];
        if *dealt == workload.tasks_of(entry) {
            return None;
        }
        let task = TaskId(workload.first_task(entry) + *dealt);
        let arrival = now + workload.length(task, closed.think);
        if workload.until().is_some_and(|until| arrival >= until) {
            return None;
        }
        *dealt += 1;
        if let Some(followers) = &mut self.followers {
            followers.deal(entry);
        }
        self.arrives(task, arrival);
        Some(task)
    }

    /// It is found out when a task arrives.
    pub(super) fn arrives(&mut self, task: TaskId, at: SimTime) {
        self.arrivals[task.index()] = at;
        self.coming.push(Reverse((at, task)));
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// When a task arrives; of a list of steps, when it begins.
    pub(super) fn arrival(&self, task: TaskId) -> SimTime {
        if self.plan.workload.is_list(task) {
            return self.fans.began(task).unwrap_or(self.now);
        }
        match &self.tasks.clients {
            None => self.plan.workload.arrival(task),
            Some(clients) => clients.arrival(task),
        }
    }

    /// The task that arrives at a position.
    pub(super) fn nth_to_arrive(&self, position: u32) -> TaskId {
        match &self.tasks.clients {
            None => self.plan.workload.nth_to_arrive(position),
            Some(clients) => clients.nth_to_arrive(position),
        }
    }

    /// A task is answered: its client, if it has one, is dealt another one.
    pub(super) fn answer(&mut self, task: TaskId) -> Option<TaskId> {
        let clients = self.tasks.clients.as_mut()?;
        clients.deal(self.plan, task, self.now)
    }

    /// Whether the main thread sleeps until a client sends a task. Only a loop's thread polls for anything else.
    pub(super) fn awaits_clients(&self) -> bool {
        let runs_no_loop = self.loops.is_empty() || self.listener.is_some();
        runs_no_loop && self.thread(ThreadId::MAIN).status == Status::Blocked(Wait::Poll)
    }

    /// The main thread sleeps until the next task arrives, whoever sends it.
    pub(super) fn sleep_until_sent(&mut self, thread: ThreadId) -> Flow {
        let row = Some((State::Io, self.names.arrival));
        let flow = self.block(thread, Wait::Poll, row);
        let clients = self.tasks.clients.as_deref();
        let next = clients.and_then(Clients::next).map(|at| self.wakes_for(at));
        self.plan_to_send(next);
        flow
    }

    /// Those tasks are found to arrive while the main thread sleeps: it wakes for them, if it was to sleep for longer.
    pub(super) fn wake_to_send(&mut self, coming: &[TaskId]) {
        let planned = self.tasks.clients.as_deref().and_then(|clients| clients.wakes_at);
        let sooner = coming.iter().map(|task| self.wakes_for(self.arrival(*task)));
        let next = sooner.chain(planned).min();
        self.plan_to_send(next);
    }

    /// When the main thread wakes for a task that arrives then. A timer is a little late; a task that arrives with its client's
    /// answer is not.
    fn wakes_for(&self, at: SimTime) -> SimTime {
        if at <= self.now { self.now } else { at + self.plan.machine.timer_slack }
    }

    fn plan_to_send(&mut self, wakes_at: Option<SimTime>) {
        if let Some(clients) = &mut self.tasks.clients {
            clients.wakes_at = wakes_at;
        }
        self.plan_poll();
    }

    /// When the main thread is to wake, if it sleeps until the next task arrives. Polls of loops do not move that.
    pub(super) fn next_sent(&self) -> Option<(SimTime, ThreadId)> {
        let clients = self.tasks.clients.as_ref().filter(|_| self.awaits_clients())?;
        clients.wakes_at.map(|at| (at, ThreadId::MAIN))
    }
}
