//! How a run ended, and for a deadlock: who waits for what.

use crate::ids::{SemaphoreId, SiteId, TaskId, ThreadId};
use crate::trace::{Outcome, Sink, State, Stuck};
use crate::workload::Action;

use super::Engine;
use super::event_loop::Phase;
use super::thread::{Status, Wait};

impl<S: Sink + ?Sized> Engine<'_, S> {
    pub(super) fn outcome(&self) -> Outcome {
        if self.ended {
            return Outcome::Finished;
        }
        if self.is_too_long {
            return Outcome::TooLong;
        }
        let threads = (0..self.threads.len()).map(ThreadId::at);
        let mut stuck: Vec<Stuck> =
            threads.filter_map(|thread| self.stuck_thread(thread)).collect();
        let tasks = (0..self.tasks.len()).map(TaskId::at);
        stuck.extend(tasks.filter_map(|task| self.stuck_coroutine(task)));
        Outcome::Deadlocked(stuck)
    }

    fn stuck_thread(&self, thread: ThreadId) -> Option<Stuck> {
        let record = self.thread(thread);
        let Status::Blocked(wait) = record.status else { return None };
        let task = record.task;
        let waits_for = match wait {
            Wait::Semaphore(semaphore) if semaphore.index() < self.plan.scenario_semaphores => {
                self.permit_of(semaphore)
            }
            Wait::Room(queue) => format!("room in queue `{}`", self.queue_name(queue)),
            Wait::Item(queue) => format!("an item of queue `{}`", self.queue_name(queue)),
            Wait::Connection(site) => self.connection_of(site),
            // Threads of the tool itself wait for those above.
            Wait::Semaphore(_)
            | Wait::Time
            | Wait::Started(_)
            | Wait::Joined(_)
            | Wait::Channel(_)
            | Wait::Result(_)
            | Wait::AllResults
            | Wait::Poll => return None,
        };
        let step = task.map_or(0, |task| self.leaf(task));
        Some(Stuck { task, step, thread: Some(thread), waits_for })
    }

    fn stuck_coroutine(&self, task: TaskId) -> Option<Stuck> {
        let record = self.task(task);
        let off_thread = record.off_thread?;
        if self.event_loop.is_none() || record.done {
            return None;
        }
        let at_limit = record.phase == Phase::AtLimit;
        let waits_for = match off_thread.state {
            State::Sync if at_limit => "a place within the asyncio limit".to_owned(),
            State::Sync => match self.action(task) {
                Action::Acquire(semaphore) => self.permit_of(semaphore),
                Action::Put(queue) => format!("room in queue `{}`", self.queue_name(queue)),
                Action::Get(queue) => format!("an item of queue `{}`", self.queue_name(queue)),
                Action::Wait(Some(site), _) => self.connection_of(site),
                _ => "an executor".to_owned(),
            },
            State::Queued if self.is_polling() => "a worker of its executor".to_owned(),
            _ => return None,
        };
        Some(Stuck { task: Some(task), step: self.leaf(task), thread: None, waits_for })
    }

    fn permit_of(&self, semaphore: SemaphoreId) -> String {
        let name = self.plan.semaphores[semaphore.index()].name;
        format!("a permit of semaphore `{}`", self.plan.names.get(name))
    }

    fn connection_of(&self, site: SiteId) -> String {
        let name = self.plan.sites[site.index()].name;
        format!("a free connection of site `{}`", self.plan.names.get(name))
    }

    fn queue_name(&self, queue: crate::ids::QueueId) -> &str {
        self.plan.names.get(self.plan.queues[queue.index()].0)
    }
}
