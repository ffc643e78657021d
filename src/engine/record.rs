//! Rows: closing the one that was, opening the one that is.

use crate::ids::{NameId, ProcessId, TaskId, ThreadId};
use crate::time::SimTime;
use crate::trace::{Finished, Row, Sink, State};

use super::thread::OpenRow;
use super::{Engine, OffThread};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// From now on `thread` is in this state; `None` is nothing worth a row.
    pub(super) fn show(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        let record = self.thread(thread);
        let before = record.row;
        let Some((state, name)) = row else {
            if before.is_some() {
                self.close_row(thread);
            }
            return;
        };
        let step = record.task.map_or(0, |task| self.leaf(task));
        let is_same = |row: OpenRow| (row.state, row.name, row.step) == (state, name, step);
        if before.is_some_and(is_same) {
            return;
        }
        self.close_row(thread);
        self.thread_mut(thread).row = Some(OpenRow { state, name, step, since: self.now });
    }

    #[inline]
    fn close_row(&mut self, thread: ThreadId) {
        let end = self.now;
        let record = self.thread_mut(thread);
        let Some(open) = record.row.take() else { return };
        if open.since == end {
            return;
        }
        let row = Row {
            task: record.task,
            step: open.step,
            state: open.state,
            name: open.name,
            start: open.since,
            end,
            process: Some(record.process),
            thread: Some(thread),
            core: if open.state.on_core() { record.core } else { None },
        };
        self.sink.row(&row);
    }

    /// `task` comes onto `thread`, whose rows are now its rows.
    pub(super) fn attach(&mut self, task: TaskId, thread: ThreadId) {
        let row = self.thread(thread).row;
        self.close_row(thread);
        self.close_off_thread(task, self.now);
        self.thread_mut(thread).task = Some(task);
        self.show(thread, row.map(|row| (row.state, row.name)));
    }

    /// The task of `thread` leaves it. With a state it is in that state from now on; without one it
    /// has ended, or nobody may know of it.
    pub(super) fn detach(&mut self, thread: ThreadId, row: Option<(State, NameId)>) {
        let on_thread = self.thread(thread).row;
        self.close_row(thread);
        if let Some(task) = self.thread_mut(thread).task.take() {
            let since = self.now;
            self.task_mut(task).off_thread =
                row.map(|(state, name)| OffThread { state, name, since });
        }
        self.show(thread, on_thread.map(|row| (row.state, row.name)));
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
        self.task_mut(task).off_thread = Some(OffThread { state, name, since: at });
    }

    fn close_off_thread(&mut self, task: TaskId, end: SimTime) {
        let Some(open) = self.task_mut(task).off_thread.take() else { return };
        if open.since >= end {
            return;
        }
        let started = open.state != State::Queued;
        let row = Row {
            task: Some(task),
            step: self.leaf(task),
            state: open.state,
            name: open.name,
            start: open.since,
            end,
            process: started.then_some(ProcessId::MAIN),
            thread: None,
            core: None,
        };
        self.sink.row(&row);
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
        let record = self.task(task);
        let script = &self.scripts[record.entry as usize];
        let at = record.at as usize;
        match script.get(at) {
            Some(step) => step.leaf,
            None => script.last().map_or(0, |step| step.leaf),
        }
    }
}
