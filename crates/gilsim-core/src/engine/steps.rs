//! The steps of a task on a thread that may block, an event loop's included.

use crate::ids::{NameId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::time::SimDuration;
use crate::trace::{Sink, State};
use crate::workload::Length;

use super::thread::Burst;
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// The task of a thread, which is running its steps.
    pub(super) fn task_on(&self, thread: ThreadId) -> TaskId {
        let task = self.thread(thread).task.get().or_else(|| self.tasks.orphan_of(thread));
        task.unwrap_or_else(|| unreachable!("{thread:?} has no task whose steps it could do"))
    }

    /// How long something takes for the task of a thread.
    pub(super) fn length(&self, thread: ThreadId, length: Length) -> SimDuration {
        match length {
            Length::Constant(constant) => constant,
            Length::Drawn(_) => self.plan.workload.length(self.task_on(thread), length),
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
