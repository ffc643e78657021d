//! The steps of a task on a thread that may block, an event loop's included.

use crate::ids::{NameId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::Pc;
use crate::time::SimDuration;
use crate::trace::{Sink, State};
use crate::workload::Length;

use super::thread::Burst;
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Begins the next task of the item at hand, or goes on when all have been done.
    pub(super) fn run_item(&mut self, thread: ThreadId, here: Pc) -> Flow {
        let record = self.thread_mut(thread);
        let (item, done) = (record.item, record.done);
        if done == item.count {
            record.done = 0;
            return Flow::Go;
        }
        record.back = here;
        let task = self.task_of(item, done);
        let start = item.part().unwrap_or(self.tasks.get(task).pc);
        if self.thread(thread).task.get() != Some(task) {
            self.attach(task, thread, start);
        }
        Flow::Jump(start)
    }

    /// The task of a thread, which is running its steps.
    pub(super) fn task_on(&self, thread: ThreadId) -> TaskId {
        let task = self.thread(thread).task.get();
        task.unwrap_or_else(|| unreachable!("{thread:?} has no task whose steps it could do"))
    }

    /// How long something takes for the task of a thread.
    pub(super) fn length(&self, thread: ThreadId, length: Length) -> SimDuration {
        match length {
            Length::Constant(constant) => constant,
            Length::Drawn(_) => self.plan.workload.length(self.task_on(thread), length),
        }
    }

    /// The thread has done all steps of its task.
    pub(super) fn end_task(&mut self, thread: ThreadId) {
        let task = self.task_on(thread);
        self.detach(thread, None);
        self.finish(task);
    }

    /// The thread has done those steps of a coroutine that were offloaded: its loop has to hear of it.
    pub(super) fn end_part(&mut self, thread: ThreadId, last: bool) {
        let task = self.task_on(thread);
        let record = self.tasks.get_mut(task);
        record.pc = self.plan.instruction(record.pc).next;
        if last {
            self.end_task(thread);
        } else {
            self.detach(thread, Some((State::Sync, self.names.executor)));
        }
    }

    /// Burns CPU for the thread's task.
    pub(super) fn compute(
        &mut self,
        thread: ThreadId,
        length: Length,
        name: NameId,
        lock: LockMode,
    ) -> Flow {
        let left = self.plan.compute(self.length(thread, length));
        let state = if lock == LockMode::Released { State::Native } else { State::Running };
        self.work(thread, Burst { left, state, lock, name })
    }

    /// Sleeps for the thread's task.
    pub(super) fn sleep_for_task(
        &mut self,
        thread: ThreadId,
        length: Length,
        name: NameId,
    ) -> Flow {
        let length = self.length(thread, length);
        if length.is_zero() {
            self.sleep_for_no_time(thread, name)
        } else {
            self.sleep(thread, length, Some((State::Io, name)))
        }
    }

    /// `time.sleep(0)`: a sleep like any other since 3.11, before that a detour that only gives the processor away.
    fn sleep_for_no_time(&mut self, thread: ThreadId, name: NameId) -> Flow {
        match self.plan.machine.sleep_zero {
            None => self.sleep(thread, SimDuration::ZERO, Some((State::Io, name))),
            Some(cost) if cost.is_zero() => {
                if self.thread(thread).core.is_some() {
                    self.leave_core(thread, None);
                }
                Flow::Go
            }
            Some(left) => {
                let (state, lock) = (State::Overhead, LockMode::Released);
                self.work(thread, Burst { left, state, lock, name })
            }
        }
    }
}
