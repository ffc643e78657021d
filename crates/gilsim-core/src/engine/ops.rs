//! The instructions of a thread's program.
//!
//! A thread holds its lock between instructions. One that blocks goes through stages: it gives the
//! lock up, waits without it, and takes it back.

use crate::ids::{NameId, SemaphoreId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::{Instruction, Op, Pc};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::obtain::{Progress, Thing};
use super::sync::{Waiter, Woken};
use super::thread::{Burst, Item, Status, Then, Thread, Wait};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Runs a thread's program until it pauses.
    pub(super) fn run_program(&mut self, thread: ThreadId) {
        let plan = self.plan;
        let Thread { mut pc, mut stage, .. } = *self.thread(thread);
        loop {
            let instruction = &plan.code[pc.0 as usize];
            let next = match self.run_op(thread, instruction, stage) {
                Flow::Go => {
                    stage = self.thread(thread).stage;
                    continue;
                }
                Flow::Pause => break,
                Flow::Next => instruction.next,
                Flow::Jump(to) => to,
            };
            if stage != 0 {
                self.set_stage(thread, 0);
            }
            (pc, stage) = (next, 0);
            debug_assert_eq!(self.thread(thread).stage, 0, "{thread:?} begins {pc:?}");
        }
        // Nobody asks for it meanwhile.
        self.thread_mut(thread).pc = pc;
    }

    /// Runs one stage of the thread's instruction.
    #[expect(
        clippy::inline_always,
        reason = "its only caller is the loop above, a fifth slower else"
    )]
    #[inline(always)]
    fn run_op(&mut self, thread: ThreadId, instruction: &Instruction, stage: u8) -> Flow {
        match instruction.op {
            Op::Spend { length, name, lock } => self.spend(thread, length, name, lock, stage),
            Op::SpendOnItem { base, each_further, sent_per_mib, received_per_mib, name } => {
                let item = self.thread(thread).item;
                let further = u64::from(item.count.saturating_sub(1));
                let bytes = self.payload_nanos(item, sent_per_mib, received_per_mib);
                let length = base + each_further * further + bytes;
                self.spend(thread, length, name, LockMode::Held, stage)
            }
            Op::NextArrival { chunk, none } => self.next_arrival(thread, chunk, none, stage),
            Op::StartThread(start) => self.start_thread(thread, start, stage),
            Op::StartProcess(start) => self.start_process(thread, start),
            Op::Started => self.started(thread),
            Op::Once { flag, again } => self.once(flag, again),
            Op::EnterInterpreter => self.enter_interpreter(thread, stage),
            Op::LeaveInterpreter => self.leave_interpreter(thread, stage),
            Op::Put(channel) => self.put(thread, channel),
            Op::Nudge(channel) => {
                let taker = self.channels[channel.0 as usize].nudge();
                self.wake_takers(thread, channel, taker);
                Flow::Next
            }
            Op::Drain { from, none } => {
                let drained = self.channels[from.0 as usize].drain();
                Flow::next_if(drained, none)
            }
            Op::Poll { channel, length, name } => {
                self.poll_channel(thread, channel, length, name, stage)
            }
            Op::Take { from, nudged, closed } => {
                self.take_item(thread, from, nudged, closed, stage)
            }
            Op::TryTake { from, none } => self.try_take(thread, from, none),
            Op::Close(channel) => {
                let taker = self.channels[channel.0 as usize].close();
                self.wake_takers(thread, channel, taker);
                Flow::Next
            }
            Op::Acquire(semaphore) => self.acquire_op(thread, semaphore, stage),
            Op::TryAcquire { semaphore, none } => {
                let granted = self.semaphores[semaphore.index()].try_acquire(false);
                Flow::next_if(granted, none)
            }
            Op::Release(semaphore) => {
                self.release_semaphore(semaphore);
                Flow::Next
            }
            Op::Grow { executor, enough } => {
                let grows = self.executors[executor.0 as usize].grow();
                Flow::next_if(grows, enough)
            }
            Op::Idle(executor) => {
                self.executors[executor.0 as usize].note_idle();
                Flow::Next
            }
            Op::RunItem => self.run_item(thread, stage),
            Op::Deliver => self.deliver(thread),
            Op::Collect { each, name } => self.collect(thread, each, name, stage),
            Op::AwaitAll => self.await_all(thread, stage),
            Op::Join { group, each } => self.join(thread, group, each, stage),
            Op::RunLoop => self.run_loop(thread),
            Op::Jump(to) => Flow::Jump(to),
            Op::Exit => self.exit(thread),
        }
    }

    pub(super) fn set_stage(&mut self, thread: ThreadId, stage: u8) {
        self.thread_mut(thread).stage = stage;
    }

    fn spend(
        &mut self,
        thread: ThreadId,
        length: SimDuration,
        name: NameId,
        lock: LockMode,
        stage: u8,
    ) -> Flow {
        let burst = Burst { left: length, state: State::Overhead, lock, name };
        match (stage, lock) {
            _ if length.is_zero() => Flow::Next,
            (0, LockMode::Released) => {
                self.set_stage(thread, 1);
                self.let_go(thread)
            }
            (1, LockMode::Released) => {
                self.set_stage(thread, 2);
                self.thread_mut(thread).then = Then::TakeLock;
                self.work(thread, burst)
            }
            (0, LockMode::Held | LockMode::Kept) => {
                self.set_stage(thread, 1);
                self.work(thread, burst)
            }
            _ => Flow::Next,
        }
    }

    /// The time that the payloads of an item's tasks take, at rates in nanoseconds per mebibyte.
    fn payload_nanos(&self, item: Item, sent_per_mib: u64, received_per_mib: u64) -> SimDuration {
        if sent_per_mib == 0 && received_per_mib == 0 {
            return SimDuration::ZERO;
        }
        let each = |position| {
            let payload = self.plan.workload.payload(self.task_of(item, position));
            u128::from(payload.send) * u128::from(sent_per_mib)
                + u128::from(payload.receive) * u128::from(received_per_mib)
        };
        let total: u128 = (0..item.count).map(each).sum();
        SimDuration::from_nanos(u64::try_from(total >> 20).unwrap_or(u64::MAX >> 2))
    }

    /// The task at a position of an item.
    pub(super) fn task_of(&self, item: Item, position: u32) -> TaskId {
        if item.from_coroutine {
            TaskId(item.first)
        } else {
            self.plan.workload.nth_to_arrive(item.first + position)
        }
    }

    fn next_arrival(&mut self, thread: ThreadId, chunk: u32, none: Pc, stage: u8) -> Flow {
        let workload = &self.plan.workload;
        if stage == 0 {
            if self.arrived == workload.task_count() {
                return Flow::Jump(none);
            }
            let arrival = workload.arrival(workload.nth_to_arrive(self.arrived));
            if arrival > self.now {
                self.set_stage(thread, 1);
                return self.let_go(thread);
            }
            let item = self.next_chunk(chunk);
            self.thread_mut(thread).item = item;
            return Flow::Next;
        }
        let arrival = workload.arrival(workload.nth_to_arrive(self.arrived));
        self.set_stage(thread, 0);
        let row = Some((State::Io, self.names.arrival));
        self.sleep(thread, arrival.saturating_since(self.now), row)
    }

    /// The next tasks, up to `chunk` that arrive at one instant.
    fn next_chunk(&mut self, chunk: u32) -> Item {
        let workload = &self.plan.workload;
        let arrival = |position| workload.arrival(workload.nth_to_arrive(position));
        let first = self.arrived;
        let limit = workload.task_count().min(first.saturating_add(chunk));
        let together = |position: &u32| arrival(*position) == arrival(first);
        let further = (first + 1..limit).take_while(together).count();
        let count = 1 + u32::try_from(further).expect("a chunk is bounded");
        self.arrived += count;
        Item { first, count, until: Item::WHOLE, from_coroutine: false }
    }

    fn once(&mut self, flag: u8, again: Pc) -> Flow {
        let bit = 1 << flag;
        let first = self.onces & bit == 0;
        self.onces |= bit;
        Flow::next_if(first, again)
    }

    fn enter_interpreter(&mut self, thread: ThreadId, stage: u8) -> Flow {
        match stage {
            0 => {
                self.set_stage(thread, 1);
                self.let_go(thread)
            }
            1 => {
                let lock = self.locks.of_interpreter(thread);
                let record = self.thread_mut(thread);
                record.lock = lock.into();
                record.stage = 2;
                self.relock(thread)
            }
            _ => Flow::Next,
        }
    }

    fn leave_interpreter(&mut self, thread: ThreadId, stage: u8) -> Flow {
        match stage {
            0 => {
                self.set_stage(thread, 1);
                self.let_go(thread)
            }
            1 => {
                let process = self.thread(thread).process;
                let lock = self.locks.of_process(process);
                let record = self.thread_mut(thread);
                record.lock = lock.into();
                record.stage = 2;
                self.relock(thread)
            }
            _ => Flow::Next,
        }
    }

    fn acquire_op(&mut self, thread: ThreadId, semaphore: SemaphoreId, stage: u8) -> Flow {
        match self.obtain(thread, Thing::Permit(semaphore), stage, false) {
            Progress::Done => Flow::Next,
            Progress::At(stage, flow) => {
                self.set_stage(thread, stage);
                flow
            }
        }
    }

    pub(super) fn release_semaphore(&mut self, semaphore: SemaphoreId) {
        let fair = self.fair_semaphores();
        match self.semaphores[semaphore.index()].release(fair) {
            None => {}
            Some(Woken::ToLookAgain(Waiter::Thread(thread))) => self.wake(thread, Then::TakeLock),
            Some(Woken::Served(Waiter::Thread(thread))) => {
                unreachable!("{thread:?} is never handed a permit")
            }
            Some(Woken::Served(Waiter::Coroutine(task))) => self.resume_coroutine(task, true),
            Some(Woken::ToLookAgain(Waiter::Coroutine(task))) => self.resume_coroutine(task, false),
        }
    }

    fn deliver(&mut self, thread: ThreadId) -> Flow {
        let item = self.thread(thread).item;
        for position in 0..item.count {
            let task = self.task_of(item, position);
            if item.from_coroutine {
                self.executor_is_done(task);
            } else {
                self.task_mut(task).delivered = true;
                self.delivered += 1;
            }
        }
        let all = self.delivered == self.plan.workload.task_count();
        let waits = |record: &Thread| match record.status {
            Status::Blocked(Wait::Result(task)) => self.task(task).delivered,
            Status::Blocked(Wait::AllResults) => all,
            _ => false,
        };
        // Only the main thread collects results.
        if waits(self.thread(ThreadId::MAIN)) {
            self.wake_at_cost(thread, ThreadId::MAIN, self.plan.machine.wake_call, false);
        }
        Flow::Next
    }

    fn collect(&mut self, thread: ThreadId, each: SimDuration, name: NameId, stage: u8) -> Flow {
        let total = self.plan.workload.task_count();
        let task = |position| self.plan.workload.nth_to_arrive(position);
        if stage == 1 {
            self.set_stage(thread, 0);
            let next = task(self.collected);
            if self.task(next).delivered {
                return self.relock(thread);
            }
            return self.block(thread, Wait::Result(next), Some((State::Sync, self.names.result)));
        }
        if self.collected == total {
            return Flow::Next;
        }
        let delivered = |position: &u32| self.task(task(*position)).delivered;
        let count = (self.collected..total).take_while(delivered).count();
        if count == 0 {
            self.set_stage(thread, 1);
            return self.let_go(thread);
        }
        self.collected += u32::try_from(count).expect("tasks have 32-bit numbers");
        let left = each * count as u64;
        self.work(thread, Burst { left, state: State::Overhead, lock: LockMode::Held, name })
    }

    fn await_all(&mut self, thread: ThreadId, stage: u8) -> Flow {
        if self.delivered == self.plan.workload.task_count() {
            return if stage == 0 { Flow::Next } else { self.relock_at(thread, 0) };
        }
        if stage == 0 {
            self.set_stage(thread, 1);
            return self.let_go(thread);
        }
        self.set_stage(thread, 0);
        self.block(thread, Wait::AllResults, Some((State::Sync, self.names.result)))
    }

    fn relock_at(&mut self, thread: ThreadId, stage: u8) -> Flow {
        self.set_stage(thread, stage);
        self.relock(thread)
    }
}

impl Flow {
    /// On with what comes next, or else elsewhere.
    const fn next_if(condition: bool, otherwise: Pc) -> Self {
        if condition { Self::Next } else { Self::Jump(otherwise) }
    }
}
