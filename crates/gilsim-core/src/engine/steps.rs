//! The steps of a task: on a thread of its own, or as a coroutine on the event loop's thread.

use crate::ids::{ComputationId, NameId, SiteId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::time::SimDuration;
use crate::trace::{Sink, State};
use crate::workload::{Action, Length};

use super::obtain::{Progress, Thing};
use super::thread::{Burst, Item, Then};
use super::{Engine, Flow, Task};

/// The stage of a computation that is over.
const COMPUTED: u8 = 2;

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// The instruction that runs all tasks of the item at hand.
    pub(super) fn run_item(&mut self, thread: ThreadId, stage: u8) -> Flow {
        let item = self.thread(thread).item;
        let mut begun = stage != 0;
        loop {
            let position = self.thread(thread).next;
            if !begun && position == item.count {
                self.thread_mut(thread).next = 0;
                return Flow::Next;
            }
            let task = self.task_of(item, position);
            if !begun {
                if self.thread(thread).task.get() != Some(task) {
                    self.attach(task, thread);
                }
                self.set_stage(thread, 1);
            }
            loop {
                match self.step_on_thread(thread, task, item.until) {
                    Flow::Go => {}
                    Flow::Next => break,
                    pause => return pause,
                }
            }
            self.end_item_task(thread, task, item.until);
            self.thread_mut(thread).next += 1;
            self.set_stage(thread, 0);
            begun = false;
        }
    }

    /// A thread has done what it had to do of a task.
    fn end_item_task(&mut self, thread: ThreadId, task: TaskId, until: u32) {
        if until != Item::WHOLE {
            self.task_mut(task).at = until + 1;
        }
        if self.action(task) == Action::End {
            self.detach(thread, None);
            self.finish(task);
        } else {
            self.detach(thread, Some((State::Sync, self.names.executor)));
        }
    }

    /// What the task's next step does.
    pub(super) fn action(&self, task: TaskId) -> Action {
        self.steps[self.task(task).at as usize].action
    }

    pub(super) fn length(&self, task: TaskId, length: Length) -> SimDuration {
        self.plan.workload.length(task, length)
    }

    pub(super) fn next_step(&mut self, task: TaskId) -> Flow {
        let record = self.task_mut(task);
        record.at += 1;
        record.stage = 0;
        Flow::Go
    }

    fn at(&mut self, task: TaskId, stage: u8, flow: Flow) -> Flow {
        self.task_mut(task).stage = stage;
        flow
    }

    /// Runs one stage of a task's step on a thread that may block, unless the steps `until` there are done.
    fn step_on_thread(&mut self, thread: ThreadId, task: TaskId, until: u32) -> Flow {
        let Task { at, stage, .. } = *self.task(task);
        if until == at {
            return Flow::Next;
        }
        match self.steps[at as usize].action {
            Action::Wait(site, length) | Action::Block(site, length) => {
                self.wait_on_thread(thread, task, site, length)
            }
            Action::Compute(..) if stage == COMPUTED => self.next_step(task),
            Action::Compute(computation, length) => {
                self.compute(thread, task, stage, computation, length)
            }
            Action::Yield => self.yield_on_thread(thread, task),
            Action::Release(semaphore) => {
                self.release_semaphore(semaphore);
                self.next_step(task)
            }
            action @ (Action::Acquire(_) | Action::Put(_) | Action::Get(_)) => {
                let thing = Thing::of(action).expect("these take things");
                match self.obtain(thread, thing, stage, true) {
                    Progress::Done => self.next_step(task),
                    Progress::At(stage, flow) => self.at(task, stage, flow),
                }
            }
            Action::OffloadBegin(..) | Action::OffloadEnd => self.next_step(task),
            Action::End => Flow::Next,
        }
    }

    /// Waits on a site or for a time, blocking the thread (`time.sleep`). The connection is held
    /// until the thread runs again.
    pub(super) fn wait_on_thread(
        &mut self,
        thread: ThreadId,
        task: TaskId,
        site: Option<SiteId>,
        length: Length,
    ) -> Flow {
        const CONNECTED: u8 = 3;
        const FREE: u8 = 4;
        const AWAKE: u8 = 5;
        let name = site.map_or(NameId::EMPTY, |site| self.plan.sites[site.index()].name);
        match self.task(task).stage {
            stage if stage < CONNECTED => {
                let progress = site.map_or(Progress::Done, |site| {
                    self.obtain(thread, Thing::Connection(site), stage, true)
                });
                match progress {
                    Progress::Done => self.at(task, CONNECTED, Flow::Go),
                    Progress::At(stage, flow) => self.at(task, stage, flow),
                }
            }
            CONNECTED => {
                let flow = self.let_go(thread);
                self.at(task, FREE, flow)
            }
            FREE => {
                let length = self.length(task, length);
                let flow = if length.is_zero() {
                    self.sleep_for_no_time(thread, name)
                } else {
                    self.sleep(thread, length, Some((State::Io, name)))
                };
                self.at(task, AWAKE, flow)
            }
            _ => {
                self.disconnect(site);
                self.next_step(task)
            }
        }
    }

    /// Burns CPU: Python code, a C call that keeps the lock, or one that drops it.
    pub(super) fn compute(
        &mut self,
        thread: ThreadId,
        task: TaskId,
        stage: u8,
        computation: Option<ComputationId>,
        length: Length,
    ) -> Flow {
        let (name, lock) = computation.map_or((NameId::EMPTY, LockMode::Held), |computation| {
            self.plan.computations[computation.index()]
        });
        match (lock, stage) {
            (LockMode::Held | LockMode::Kept, 0) => {
                let left = self.plan.compute(self.length(task, length));
                self.task_mut(task).stage = COMPUTED;
                self.work(thread, Burst { left, state: State::Running, lock, name })
            }
            (LockMode::Released, 0) => {
                let flow = self.let_go(thread);
                self.at(task, 1, flow)
            }
            (LockMode::Released, 1) => {
                let left = self.plan.compute(self.length(task, length));
                self.task_mut(task).stage = COMPUTED;
                if left.is_zero() {
                    return self.relock(thread);
                }
                self.thread_mut(thread).then = Then::TakeLock;
                self.work(thread, Burst { left, state: State::Native, lock, name })
            }
            _ => self.next_step(task),
        }
    }

    /// Gives the lock and the processor away: `time.sleep(0)`.
    fn yield_on_thread(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        match self.task(task).stage {
            0 => {
                let flow = self.let_go(thread);
                self.at(task, 1, flow)
            }
            1 => {
                let flow = self.sleep_for_no_time(thread, NameId::EMPTY);
                self.at(task, 2, flow)
            }
            _ => self.next_step(task),
        }
    }

    /// `time.sleep(0)` of a thread without its lock: a sleep like any other since 3.11, before that a
    /// detour that only gives the processor away.
    fn sleep_for_no_time(&mut self, thread: ThreadId, name: NameId) -> Flow {
        match self.plan.machine.sleep_zero {
            None => self.sleep(thread, SimDuration::ZERO, Some((State::Io, name))),
            Some(cost) if cost.is_zero() => {
                if self.thread(thread).core.is_some() {
                    self.leave_core(thread, None);
                }
                self.relock(thread)
            }
            Some(left) => {
                self.thread_mut(thread).then = Then::TakeLock;
                let lock = LockMode::Released;
                self.work(thread, Burst { left, state: State::Overhead, lock, name })
            }
        }
    }
}
