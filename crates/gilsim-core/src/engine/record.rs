//! Rows: closing the one that was, opening the one that is.

use crate::ids::{NameId, ProcessId, TaskId, ThreadId};
use crate::time::SimTime;
use crate::trace::{Finished, Row, Sink, State};

use super::event_loop::Phase;
use super::{Engine, OffThread};

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
        self.thread(thread).task.get().map_or(0, |task| self.leaf(task))
    }

    /// The row of a thread ends, if it has one that has lasted.
    #[inline]
    fn end_row(&mut self, thread: ThreadId) {
        let record = &self.threads[thread.index()];
        let Some((state, name)) = record.row else { return };
        if record.row_since == self.now {
            return;
        }
        let row = Row {
            task: record.task.get(),
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

    /// `task` comes onto `thread`, whose rows are now its rows.
    pub(super) fn attach(&mut self, task: TaskId, thread: ThreadId) {
        self.end_row(thread);
        self.close_off_thread(task, self.now);
        self.begin_row_of(thread, Some(task));
    }

    /// The task of `thread` leaves it. With a state it is in that state from now on; without one it
    /// has ended, or nobody may know of it.
    pub(super) fn detach(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        self.end_row(thread);
        if let (Some(task), Some((state, name))) = (self.thread(thread).task.get(), row) {
            self.off_thread[task.index()] = Some(OffThread { state, name, since: self.now });
        }
        self.begin_row_of(thread, None);
    }

    /// The thread goes on as it is, with another task or none.
    fn begin_row_of(&mut self, thread: ThreadId, task: Option<TaskId>) {
        let (step, now) = (task.map_or(0, |task| self.leaf(task)), self.now);
        let record = self.thread_mut(thread);
        record.task = task.into();
        (record.row_step, record.row_since) = (step, now);
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
        self.off_thread[task.index()] = Some(OffThread { state, name, since: at });
    }

    fn close_off_thread(&mut self, task: TaskId, end: SimTime) {
        let Some(OffThread { state, name, since: start }) = self.take_off_thread(task) else {
            return;
        };
        if start >= end {
            return;
        }
        let started = state != State::Queued;
        let row = Row {
            task: Some(task),
            step: self.leaf(task),
            state,
            name,
            start,
            end,
            process: started.then_some(ProcessId::MAIN),
            thread: None,
            core: None,
        };
        self.sink.row(&row);
    }

    /// What a task has been doing on no thread, if it was on none.
    fn take_off_thread(&mut self, task: TaskId) -> Option<OffThread> {
        if let Some(off_thread) = self.off_thread.get_mut(task.index()) {
            return off_thread.take();
        }
        let record = self.task_mut(task);
        let was_queued = record.phase == Phase::Made;
        record.phase = Phase::InSteps;
        was_queued.then(|| OffThread::queued_since(self.plan.workload.arrival(task)))
    }

    /// The task's last step has ended.
    pub(super) fn finish(&mut self, task: TaskId) {
        let record = self.task_mut(task);
        assert!(!record.done, "{task:?} ends twice");
        record.done = true;
        let arrived = self.plan.workload.arrival(task);
        self.sink.finished(&Finished { task, arrived, done: self.now });
    }

    /// The number of the leaf step that the task is in, or was in last.
    pub(super) fn leaf(&self, task: TaskId) -> u32 {
        self.steps[self.task(task).at as usize].leaf
    }
}
