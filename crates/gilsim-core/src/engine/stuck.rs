//! How a run ended, and for a deadlock: who waits for what.

use crate::ids::{TaskId, ThreadId};
use crate::plan::{ForCoroutine, ForThread, Op, Thing};
use crate::trace::{Outcome, Sink, State, Stuck};

use super::sync::Waiter;
use super::tasks::OffThread;
use super::{Ending, Engine};

impl<S: Sink + ?Sized> Engine<'_, S> {
    pub(super) fn outcome(&self) -> Outcome {
        match self.ending {
            Some(Ending::Finished) => return Outcome::Finished,
            Some(Ending::TooLong) => return Outcome::TooLong,
            None => {}
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
        let task = record.task.get().map(|task| self.plan.workload.whose(task).0);
        let waits_for = match self.wait_of(thread)?.on {
            ForThread::Thing(thing) => self.words_for(self.meant(thing)?),
            ForThread::Lists => self.words_for_lists(Waiter::Thread(thread)),
            // Threads of the tool itself wait for those above.
            _ => return None,
        };
        let step = task.map_or(0, |_| record.step);
        Some(Stuck { task, step, thread: Some(thread), waits_for })
    }

    fn stuck_coroutine(&self, task: TaskId) -> Option<Stuck> {
        let OffThread { state, .. } = self.tasks.off_thread(task)?;
        let waits_for = match state {
            State::Sync => match self.plan.instruction(self.tasks.get(task).pc).op {
                Op::Suspend(wait) => match wait.on {
                    ForCoroutine::Thing(thing) => match self.meant(thing) {
                        Some(thing) => self.words_for(thing),
                        None => "a place within the asyncio limit".to_owned(),
                    },
                    ForCoroutine::Lists => self.words_for_lists(Waiter::Coroutine(task)),
                    _ => "an executor".to_owned(),
                },
                _ => "an executor".to_owned(),
            },
            State::Queued => "a worker of its executor".to_owned(),
            _ => return None,
        };
        let (whose, _) = self.plan.workload.whose(task);
        Some(Stuck { task: Some(whose), step: self.leaf(task), thread: None, waits_for })
    }

    /// What is waited for, in terms of the scenario; nothing if that knows nothing of it.
    fn meant(&self, thing: Thing) -> Option<Thing> {
        match thing {
            Thing::Permit(semaphore) if semaphore.index() >= self.plan.scenario_semaphores => {
                self.plan.semaphores[semaphore.index()].stands_for
            }
            _ => Some(thing),
        }
    }

    fn words_for(&self, thing: Thing) -> String {
        let name = self.plan.names.get(self.plan.name_of(thing));
        match thing {
            Thing::Permit(permit) if self.plan.semaphores[permit.index()].is_lock => {
                format!("lock `{name}`")
            }
            Thing::Permit(_) => format!("a permit of semaphore `{name}`"),
            Thing::Connection(_) => format!("a free connection of site `{name}`"),
            Thing::Room(_) => format!("room in queue `{name}`"),
            Thing::Item(_) => format!("an item of queue `{name}`"),
            Thing::Flag(_) => format!("event `{name}` to be set"),
            Thing::Meeting(_) => format!("others at barrier `{name}`"),
            Thing::Turn(_) => format!("limiter `{name}`"),
        }
    }
}
