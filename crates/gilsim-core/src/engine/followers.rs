//! Tasks that come after others: they arrive when what they wait for is done, and that is found out as the run goes.
//!
//! A main thread hears of a task that is done, and submits what waited for it, as a program with futures does: a pool's
//! hears of it when the result is delivered, others at once. A coroutine that waits for others goes on when the last of
//! them has ended.

use std::collections::BTreeSet;

use crate::ids::TaskId;
use crate::model::After;
use crate::trace::Sink;
use crate::workload::Workload;

use super::Engine;
use super::tasks::OffThread;

/// Who waits for whom.
#[derive(Debug)]
pub(super) struct Followers {
    /// Of each entry, those that come after it.
    behind: Vec<Vec<usize>>,
    /// Of each entry, how many of its tasks are not done: of clients, of those that they were dealt.
    left: Vec<u32>,
    /// The tasks whose coroutines sleep until what they wait for is done.
    asleep: BTreeSet<TaskId>,
}

impl Followers {
    /// Those of a workload, if any task waits for another.
    pub(super) fn of(workload: &Workload) -> Option<Self> {
        let entries = 0..workload.entry_count();
        let mut behind = vec![Vec::new(); entries.len()];
        for entry in entries.clone() {
            if let Some(after) = workload.after(entry) {
                behind[after.entry()].push(entry);
            }
        }
        let left = entries.map(|entry| dealt_at_first(workload, entry)).collect();
        let some = behind.iter().any(|behind| !behind.is_empty());
        some.then(|| Self { behind, left, asleep: BTreeSet::new() })
    }

    /// A client is dealt another task of an entry.
    pub(super) fn deal(&mut self, entry: usize) {
        self.left[entry] += 1;
    }

    /// A task is done, and its client has been dealt the next one if there is one: those that need not wait any more.
    fn free(&mut self, workload: &Workload, done: TaskId) -> Vec<TaskId> {
        let entry = workload.entry_of(done);
        let number = done.0 - workload.first_task(entry);
        self.left[entry] -= 1;
        let all_are_done = self.left[entry] == 0;
        let mut freed = Vec::new();
        for behind in &self.behind[entry] {
            let all = workload.numbers_of(*behind);
            match workload.after(*behind) {
                Some(After::Each(_)) => freed.push(TaskId(all.start + number)),
                Some(After::All(_)) if all_are_done => freed.extend(all.map(TaskId)),
                Some(After::All(_)) | None => {}
            }
        }
        freed
    }
}

/// How many tasks of an entry are dealt out at the start: all, but for those that clients send later.
pub(super) fn dealt_at_first(workload: &Workload, entry: usize) -> u32 {
    match workload.closed(entry) {
        Some(_) => workload.known_tasks_of(entry),
        None => workload.tasks_of(entry),
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// A task is done: those that waited for nothing else arrive.
    /// Of a client that is only so once it has been answered.
    fn free_followers(&mut self, done: TaskId) -> Vec<TaskId> {
        let Some(clients) = self.tasks.clients.as_mut() else { return Vec::new() };
        let Some(followers) = clients.followers.as_mut() else { return Vec::new() };
        let freed = followers.free(&self.plan.workload, done);
        for task in &freed {
            clients.arrives(*task, self.now);
        }
        freed
    }

    /// The main thread hears that a task is done: its client sends another one, and those that waited for it arrive.
    pub(super) fn hear_of(&mut self, task: TaskId) {
        let sent = self.answer(task);
        let mut coming = self.free_followers(task);
        coming.extend(sent);
        if self.listener.is_some() {
            for task in &coming {
                self.tasks.leave_thread(*task, OffThread::queued_since(self.arrival(*task)));
            }
        }
        if !coming.is_empty() && self.awaits_clients() {
            self.wake_to_send(&coming);
        }
    }

    /// Whether the main thread hears of tasks from their futures.
    pub(super) fn hears_of_results(&self) -> bool {
        let has_followers = |clients: &super::clients::Clients| clients.followers.is_some();
        self.plan.delivers_results && self.tasks.clients.as_deref().is_some_and(has_followers)
    }

    /// The coroutine of a task sleeps until what it waits for is done.
    pub(super) fn sleep_until_freed(&mut self, task: TaskId) {
        let followers = self.tasks.clients.as_mut().and_then(|it| it.followers.as_mut());
        followers.expect("only a task that waits for others never arrives").asleep.insert(task);
    }

    /// A coroutine has ended, and its client has been answered: those that waited for it arrive, and go on if they sleep
    /// already.
    pub(super) fn wake_followers(&mut self, done: TaskId) {
        for task in self.free_followers(done) {
            self.tasks.leave_thread(task, OffThread::queued_since(self.now));
            let followers = self.tasks.clients.as_mut().and_then(|it| it.followers.as_mut());
            if followers.is_some_and(|it| it.asleep.remove(&task)) {
                self.resume(task, crate::plan::End::Done);
            } else {
                self.change_to_ready(task, self.now);
            }
        }
    }
}
