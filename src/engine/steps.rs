//! The steps of a task: on a thread of its own, or as a coroutine on the event loop's thread.

use crate::ids::{ComputationId, NameId, QueueId, SemaphoreId, SiteId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::time::SimDuration;
use crate::trace::{Sink, State};
use crate::workload::{Action, Length, Step};

use super::sync::Waiter;
use super::thread::{Burst, Status, Then, Wait};
use super::{Engine, Flow};

/// How far a thread has come with something that may make it wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// It has it, and its lock.
    Done,
    /// It goes on at this stage.
    At(u8, Flow),
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// The instruction that runs all tasks of the item at hand.
    pub(super) fn run_item(&mut self, thread: ThreadId, stage: u8) -> Flow {
        let item = self.thread(thread).item;
        let mut begun = stage != 0;
        loop {
            let position = self.thread(thread).item_at;
            if !begun && position == item.count {
                self.thread_mut(thread).item_at = 0;
                return self.next_op(thread);
            }
            let task = self.task_of(item, position);
            if !begun {
                if self.thread(thread).task != Some(task) {
                    self.attach(task, thread);
                }
                self.set_stage(thread, 1);
            }
            while self.task(task).at < self.end_of(task, item.until) {
                if self.step_on_thread(thread, task) == Flow::Pause {
                    return Flow::Pause;
                }
            }
            self.end_item_task(thread, task, item.until);
            self.thread_mut(thread).item_at += 1;
            self.set_stage(thread, 0);
            begun = false;
        }
    }

    /// Where a task's steps end: at the end of its offload, or of its script.
    fn end_of(&self, task: TaskId, until: Option<u32>) -> u32 {
        let length = self.scripts[self.task(task).entry as usize].len();
        until.unwrap_or(u32::try_from(length).expect("scripts are bounded"))
    }

    /// A thread has done what it had to do of a task.
    fn end_item_task(&mut self, thread: ThreadId, task: TaskId, until: Option<u32>) {
        if let Some(end) = until {
            self.task_mut(task).at = end + 1;
        }
        if self.task(task).at >= self.end_of(task, None) {
            self.detach(thread, None);
            self.finish(task);
        } else {
            self.detach(thread, Some((State::Sync, self.names.executor)));
        }
    }

    /// What the task's next step does.
    pub(super) fn action(&self, task: TaskId) -> Action {
        let record = self.task(task);
        let step: &Step = &self.scripts[record.entry as usize][record.at as usize];
        step.action
    }

    pub(super) fn length(&self, task: TaskId, length: Length) -> SimDuration {
        self.plan.workload.length(self.task(task).entry as usize, task, length)
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

    /// Runs one stage of a task's step on a thread that may block.
    fn step_on_thread(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        let stage = self.task(task).stage;
        match self.action(task) {
            Action::Wait(site, length) | Action::Block(site, length) => {
                self.wait_on_thread(thread, task, site, length)
            }
            Action::Compute(computation, length) => self.compute(thread, task, computation, length),
            Action::Yield => self.yield_on_thread(thread, task),
            Action::Acquire(semaphore) => {
                let row = Some((State::Sync, self.plan.semaphores[semaphore.index()].name));
                let progress = self.acquire(thread, semaphore, stage, row);
                self.progress(task, progress)
            }
            Action::Release(semaphore) => {
                self.release_semaphore(semaphore);
                self.next_step(task)
            }
            Action::Put(queue) => {
                let progress = self.put_into(thread, queue, stage);
                self.progress(task, progress)
            }
            Action::Get(queue) => {
                let progress = self.get_from(thread, queue, stage);
                self.progress(task, progress)
            }
            Action::OffloadBegin(..) | Action::OffloadEnd => self.next_step(task),
        }
    }

    fn progress(&mut self, task: TaskId, progress: Progress) -> Flow {
        match progress {
            Progress::Done => self.next_step(task),
            Progress::At(stage, flow) => self.at(task, stage, flow),
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
            stage if stage < CONNECTED => match self.connect(thread, site, stage) {
                Progress::Done => self.at(task, CONNECTED, Flow::Go),
                Progress::At(stage, flow) => self.at(task, stage, flow),
            },
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

    /// Takes a connection of a site, waiting in line for it.
    fn connect(&mut self, thread: ThreadId, site: Option<SiteId>, stage: u8) -> Progress {
        let Some(site) = site else { return Progress::Done };
        let name = self.plan.sites[site.index()].name;
        let Some(connections) = &mut self.sites[site.index()] else { return Progress::Done };
        match stage {
            0 if connections.try_acquire(true) => Progress::Done,
            0 => Progress::At(1, self.let_go(thread)),
            1 if connections.try_acquire(true) => Progress::At(2, self.relock(thread)),
            1 => {
                connections.wait(Waiter::Thread(thread));
                let row = Some((State::Sync, name));
                Progress::At(2, self.block(thread, Wait::Connection(site), row))
            }
            _ => Progress::Done,
        }
    }

    /// Ends a request to a site; the first in line has the connection next.
    pub(super) fn disconnect(&mut self, site: Option<SiteId>) {
        let Some(connections) = site.and_then(|site| self.sites[site.index()].as_mut()) else {
            return;
        };
        match connections.hand_over() {
            None => {}
            Some(Waiter::Thread(next)) => self.wake(next, Then::TakeLock),
            Some(Waiter::Coroutine(next)) => self.resume_coroutine(next, true),
        }
    }

    /// Burns CPU: Python code, a C call that keeps the lock, or one that drops it.
    pub(super) fn compute(
        &mut self,
        thread: ThreadId,
        task: TaskId,
        computation: Option<ComputationId>,
        length: Length,
    ) -> Flow {
        let (name, lock) = computation.map_or((NameId::EMPTY, LockMode::Held), |computation| {
            self.plan.computations[computation.index()]
        });
        match (lock, self.task(task).stage) {
            (LockMode::Held | LockMode::Kept, 0) => {
                let left = self.plan.compute(self.length(task, length));
                self.task_mut(task).stage = 1;
                self.work(thread, Burst { left, state: State::Running, lock, name })
            }
            (LockMode::Released, 0) => {
                let flow = self.let_go(thread);
                self.at(task, 1, flow)
            }
            (LockMode::Released, 1) => {
                let left = self.plan.compute(self.length(task, length));
                self.task_mut(task).stage = 2;
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
                self.leave_core(thread);
                self.relock(thread)
            }
            Some(left) => {
                self.thread_mut(thread).then = Then::TakeLock;
                let lock = LockMode::Released;
                self.work(thread, Burst { left, state: State::Overhead, lock, name })
            }
        }
    }

    /// Takes a permit, waiting for one. Newcomers may barge: who is woken looks again.
    pub(super) fn acquire(
        &mut self,
        thread: ThreadId,
        semaphore: SemaphoreId,
        stage: u8,
        row: Option<(State, NameId)>,
    ) -> Progress {
        match stage {
            0 if self.semaphores[semaphore.index()].try_acquire(false) => Progress::Done,
            0 => Progress::At(1, self.let_go(thread)),
            1 if self.semaphores[semaphore.index()].try_acquire(false) => {
                Progress::At(2, self.relock(thread))
            }
            1 => {
                self.semaphores[semaphore.index()].wait(Waiter::Thread(thread));
                Progress::At(0, self.block(thread, Wait::Semaphore(semaphore), row))
            }
            _ => Progress::Done,
        }
    }

    fn put_into(&mut self, thread: ThreadId, queue: QueueId, stage: u8) -> Progress {
        let row = Some((State::Sync, self.plan.queues[queue.index()].0));
        if stage == 2 {
            return Progress::Done;
        }
        match (self.queues[queue.index()].try_put(), stage) {
            (Ok(getter), 0) => {
                self.wake_waiter(getter);
                Progress::Done
            }
            (Ok(getter), _) => {
                self.wake_waiter(getter);
                Progress::At(2, self.relock(thread))
            }
            (Err(_), 0) => Progress::At(1, self.let_go(thread)),
            (Err(_), _) => {
                self.queues[queue.index()].wait_for_room(Waiter::Thread(thread));
                Progress::At(0, self.block(thread, Wait::Room(queue), row))
            }
        }
    }

    fn get_from(&mut self, thread: ThreadId, queue: QueueId, stage: u8) -> Progress {
        let row = Some((State::Sync, self.plan.queues[queue.index()].0));
        if stage == 2 {
            return Progress::Done;
        }
        match (self.queues[queue.index()].try_get(), stage) {
            (Ok(putter), 0) => {
                self.wake_waiter(putter);
                Progress::Done
            }
            (Ok(putter), _) => {
                self.wake_waiter(putter);
                Progress::At(2, self.relock(thread))
            }
            (Err(_), 0) => Progress::At(1, self.let_go(thread)),
            (Err(_), _) => {
                self.queues[queue.index()].wait_for_item(Waiter::Thread(thread));
                Progress::At(0, self.block(thread, Wait::Item(queue), row))
            }
        }
    }

    /// Wakes somebody who has to look again.
    pub(super) fn wake_waiter(&mut self, waiter: Option<Waiter>) {
        match waiter {
            None => {}
            Some(Waiter::Thread(thread)) => {
                debug_assert!(matches!(self.thread(thread).status, Status::Blocked(_)));
                self.wake(thread, Then::TakeLock);
            }
            Some(Waiter::Coroutine(task)) => self.resume_coroutine(task, false),
        }
    }
}
