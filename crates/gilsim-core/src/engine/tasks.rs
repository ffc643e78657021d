//! The tasks of a run: how far each has come, and what it does while it is on no thread.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{NameId, TaskId, ThreadId};
use crate::plan::{Pc, Plan};
use crate::time::SimTime;
use crate::trace::State;
use crate::workload::Workload;

use super::clients::Clients;

/// A task, from arrival to completion: 8 bytes, for there may be millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// Where its steps start; of a coroutine, where it goes on, or the wait that it is in.
    pub(super) pc: Pc,
    /// The loop that runs its coroutine.
    pub(super) event_loop: u8,
    /// Whether it has come onto a thread, where tasks are no coroutines.
    begun: bool,
    pub(super) done: bool,
    /// Whether its results have reached whoever waits for them.
    pub(super) delivered: bool,
}

/// A row of a task that is on no thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct OffThread {
    pub(super) state: State,
    pub(super) name: NameId,
    pub(super) since: SimTime,
}

/// All tasks, and after them the lists of steps that they do at the same time.
#[derive(Debug)]
pub(super) struct Tasks {
    records: Vec<Task>,
    /// What each task does while it is on no thread, where there is an event loop. Elsewhere a task leaves its thread only
    /// when it ends, and is queued until it comes onto one.
    off_thread: Vec<Option<OffThread>>,
    /// Coroutines of which an executor has failed to do the steps that they offloaded.
    failed_parts: BTreeSet<TaskId>,
    /// What coroutines offloaded and no longer wait for, with where its steps start, until an executor is done with it.
    abandoned: BTreeSet<(TaskId, Pc)>,
    /// The threads that do such steps, and whose they were.
    orphans: BTreeMap<ThreadId, TaskId>,
    /// How many tasks have been taken in order of arrival.
    pub(super) arrived: u32,
    /// How many results have been collected in order of arrival.
    pub(super) collected: u32,
    /// How many results have been delivered.
    pub(super) delivered: u32,
    /// When tasks arrive, where clients send some.
    pub(super) clients: Option<Box<Clients>>,
}

impl Tasks {
    pub(super) fn new(plan: &Plan) -> Self {
        let workload = &plan.workload;
        let tasks = (0..).zip(&plan.entries).flat_map(|(entry, code)| {
            let event_loop = code.event_loop.map_or(0, |id| id.0);
            let event_loop = u8::try_from(event_loop).expect("tools have few event loops");
            let task =
                Task { pc: code.start, event_loop, begun: false, done: false, delivered: false };
            std::iter::repeat_n(task, workload.tasks_of(entry) as usize)
        });
        let list =
            Task { pc: Pc::NOWHERE, event_loop: 0, begun: false, done: false, delivered: false };
        let lists = workload.number_count() - workload.task_count();
        let tasks = tasks.chain(std::iter::repeat_n(list, lists as usize));
        let has_loop = !plan.event_loops.is_empty();
        Self {
            records: tasks.collect(),
            off_thread: if has_loop { queued(workload) } else { Vec::new() },
            failed_parts: BTreeSet::new(),
            abandoned: BTreeSet::new(),
            orphans: BTreeMap::new(),
            arrived: 0,
            collected: 0,
            delivered: 0,
            clients: Clients::of(plan),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn get(&self, task: TaskId) -> Task {
        self.records[task.index()]
    }

    pub(super) fn get_mut(&mut self, task: TaskId) -> &mut Task {
        &mut self.records[task.index()]
    }

    /// The results of a task have reached whoever waits for them.
    pub(super) fn deliver(&mut self, task: TaskId) {
        self.records[task.index()].delivered = true;
        self.delivered += 1;
    }

    /// An executor has failed to do what a coroutine offloaded.
    pub(super) fn note_failed_part(&mut self, task: TaskId) {
        self.failed_parts.insert(task);
    }

    /// Whether what a coroutine offloaded last has failed, which it hears of once.
    pub(super) fn take_failed_part(&mut self, task: TaskId) -> bool {
        self.failed_parts.remove(&task)
    }

    /// A coroutine no longer waits for what it offloaded.
    pub(super) fn abandon(&mut self, task: TaskId, part: Pc) {
        self.abandoned.insert((task, part));
    }

    /// Whether a coroutine no longer waits for what it offloaded.
    pub(super) fn is_abandoned(&self, task: TaskId, part: Pc) -> bool {
        self.abandoned.contains(&(task, part))
    }

    /// The same, which an executor is done with.
    pub(super) fn forget_abandoned(&mut self, task: TaskId, part: Pc) -> bool {
        self.abandoned.remove(&(task, part))
    }

    /// A thread does steps of a task for which nobody waits.
    pub(super) fn orphan(&mut self, thread: ThreadId, task: TaskId) {
        self.orphans.insert(thread, task);
    }

    /// Whose steps a thread does for which nobody waits.
    pub(super) fn orphan_of(&self, thread: ThreadId) -> Option<TaskId> {
        self.orphans.get(&thread).copied()
    }

    /// A thread has done steps for which nobody waits, if it has.
    pub(super) fn end_orphan(&mut self, thread: ThreadId) -> bool {
        self.orphans.remove(&thread).is_some()
    }

    /// What a coroutine does on no thread, if it is on none.
    pub(super) fn off_thread(&self, task: TaskId) -> Option<OffThread> {
        self.off_thread.get(task.index()).copied().flatten()
    }

    /// A task is on no thread.
    pub(super) fn leave_thread(&mut self, task: TaskId, row: OffThread) {
        self.off_thread[task.index()] = Some(row);
    }

    /// A task, which arrived then, comes onto a thread. Returns what it has been doing on none, if it was on none.
    pub(super) fn come_onto_thread(&mut self, task: TaskId, arrival: SimTime) -> Option<OffThread> {
        if let Some(off_thread) = self.off_thread.get_mut(task.index()) {
            return off_thread.take();
        }
        let begun = std::mem::replace(&mut self.records[task.index()].begun, true);
        (!begun).then(|| OffThread::queued_since(arrival))
    }
}

/// What each task does on no thread before it comes onto one, if it is known to arrive.
fn queued(workload: &Workload) -> Vec<Option<OffThread>> {
    let mut queued = vec![None; workload.number_count() as usize];
    for task in workload.known_tasks() {
        queued[task.index()] = Some(OffThread::queued_since(workload.arrival(task)));
    }
    queued
}

impl OffThread {
    pub(super) const fn queued_since(since: SimTime) -> Self {
        Self { state: State::Queued, name: NameId::EMPTY, since }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_small() {
        assert_eq!(size_of::<Task>(), 8);
    }
}
