//! Rows: closing the one that was, opening the one that is.

use crate::ids::{NameId, ProcessId, TaskId, ThreadId};
use crate::plan::Pc;
use crate::time::SimTime;
use crate::trace::{Ended, Finished, Row, Sink, State};

use super::Engine;
use super::tasks::OffThread;

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// From now on `thread` is in this state; `None` is nothing worth a row.
    pub(super) fn show(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        let record = self.thread(thread);
        if record.row != row || record.row_step != self.step_on(thread) {
            self.begin_row(thread, row);
        }
    }

    /// The same where a row ends in any case.
    pub(super) fn begin_row(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        self.end_row(thread);
        let (step, since) = (self.step_on(thread), self.now);
        let record = self.thread_mut(thread);
        record.row = row;
        (record.row_step, record.row_since) = (step, since);
    }

    /// The leaf step of the task on the thread, if there is one.
    fn step_on(&self, thread: ThreadId) -> u32 {
        let record = self.thread(thread);
        if record.task.is_some() { record.step } else { 0 }
    }

    /// The row of a thread ends, if it has one that has lasted.
    #[inline]
    fn end_row(&mut self, thread: ThreadId) {
        let record = &self.threads[thread.index()];
        let Some((state, name)) = record.row else { return };
        if record.row_since == self.now {
            return;
        }
        let (task, list) = match record.task.get() {
            Some(task) => {
                let (task, list) = self.plan.workload.whose(task);
                (Some(task), list)
            }
            None => (None, 0),
        };
        let row = Row {
            task,
            list,
            step: record.row_step,
            state,
            name,
            start: record.row_since,
            end: self.now,
            process: Some(record.process),
            thread: Some(thread),
            core: if state.on_core() { record.core.get() } else { None },
        };
        self.sink.row(&row);
    }

    /// `task` comes onto `thread`, whose rows are now its rows, and stands at `pc`.
    pub(super) fn attach(&mut self, task: TaskId, thread: ThreadId, pc: Pc) {
        self.end_row(thread);
        self.close_off_thread(task, self.now);
        let step = self.plan.instruction(pc).step;
        self.begin_row_of(thread, Some(task), step);
    }

    /// The same; steps that are done for nobody are rows of no task.
    pub(super) fn attach_or_orphan(&mut self, task: TaskId, thread: ThreadId, pc: Pc) {
        if self.fans.is_lost(task) {
            self.tasks.orphan(thread, task);
        } else {
            self.attach(task, thread, pc);
        }
    }

    /// The task of `thread` leaves it. With a state it is in that state from now on; without one it
    /// has ended, or nobody may know of it.
    pub(super) fn detach(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        self.end_row(thread);
        if let (Some(task), Some((state, name))) = (self.thread(thread).task.get(), row) {
            self.tasks.leave_thread(task, OffThread { state, name, since: self.now });
        }
        self.begin_row_of(thread, None, 0);
    }

    /// The thread goes on as it is, with another task or none.
    fn begin_row_of(&mut self, thread: ThreadId, task: Option<TaskId>, step: u32) {
        let now = self.now;
        let record = self.thread_mut(thread);
        record.task = task.into();
        (record.step, record.row_step, record.row_since) = (step, step, now);
    }

    /// A task that is on no thread is in another state from `at` on, an instant that may have passed or
    /// be still to come.
    pub(super) fn change_off_thread(
        &mut self,
        task: TaskId,
        state: State,
        name: NameId,
        at: SimTime,
    ) {
        self.close_off_thread(task, at);
        self.tasks.leave_thread(task, OffThread { state, name, since: at });
    }

    pub(super) fn close_off_thread(&mut self, task: TaskId, end: SimTime) {
        let arrival = self.arrival(task);
        let off_thread = self.tasks.come_onto_thread(task, arrival);
        let Some(OffThread { state, name, since: start }) = off_thread else { return };
        if start >= end {
            return;
        }
        let started = state != State::Queued;
        let (whose, list) = self.plan.workload.whose(task);
        let row = Row {
            task: Some(whose),
            list,
            step: self.leaf(task),
            state,
            name,
            start,
            end,
            process: started.then(|| self.home(task)),
            thread: None,
            core: None,
        };
        self.sink.row(&row);
    }

    /// The process of a task's coroutine.
    fn home(&self, task: TaskId) -> ProcessId {
        match self.listener {
            None => ProcessId::MAIN,
            Some(_) => ProcessId::at(self.loop_of(task).index() + 1),
        }
    }

    /// The last step of a task that is done has ended.
    pub(super) fn finish(&mut self, task: TaskId, ended: Ended) {
        let record = self.tasks.get_mut(task);
        assert!(!record.done, "{task:?} ends twice");
        record.done = true;
        let arrived = self.arrival(task);
        self.sink.finished(&Finished { task, arrived, done: self.now, ended });
    }

    /// The number of the leaf step that a task on no thread is in, or was in last.
    pub(super) fn leaf(&self, task: TaskId) -> u32 {
        self.plan.instruction(self.tasks.get(task).pc).step
    }
}
