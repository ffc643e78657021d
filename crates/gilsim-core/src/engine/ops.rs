//! The instructions of programs.

use crate::ids::{ItemCostId, LockId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::{self, End, ForThread, Instruction, Op, Pc};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::thread::{Burst, Item, Status, Wait};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Runs a thread's program until it pauses.
    pub(super) fn run_program(&mut self, thread: ThreadId) {
        let plan = self.plan;
        let mut pc = self.thread(thread).pc;
        let rest = loop {
            let instruction = plan.instruction(pc);
            self.thread_mut(thread).step = instruction.step;
            pc = match self.run_op(thread, pc, instruction) {
                Flow::Go => instruction.next,
                Flow::Jump(to) => to,
                Flow::Pause => break instruction.next,
                Flow::Wait => break pc,
            };
        };
        // Nobody asks for it meanwhile.
        self.thread_mut(thread).pc = rest;
    }

    #[expect(
        clippy::inline_always,
        reason = "its only caller is the loop above, a fifth slower else"
    )]
    #[inline(always)]
    fn run_op(&mut self, thread: ThreadId, pc: Pc, instruction: &Instruction) -> Flow {
        match instruction.op {
            Op::Unlock => return self.let_go(thread),
            Op::Relock => return self.relock(thread),
            Op::Spend { length, name, lock } => {
                let burst = Burst { left: length, state: State::Overhead, lock, name };
                return self.work(thread, burst);
            }
            Op::SpendOnItem(cost) => return self.spend_on_item(thread, cost),
            Op::Compute { length, name, lock } => return self.compute(thread, length, name, lock),
            Op::Sleep { length, name } => return self.sleep_for_task(thread, length, name),
            Op::SleepUntilArrival => return self.sleep_until_arrival(thread),
            Op::Block(plan::Wait { on, row, ends }) => {
                return match self.wait_is_over(thread, on) {
                    Some(end) => Flow::Jump(ends.after(end)),
                    None => self.wait_for(thread, on, row),
                };
            }
            Op::Suspend(wait) => return self.suspend(thread, pc, wait),
            Op::SetTimer(length) => self.set_timer(thread, length),
            Op::TryObtain { thing, in_line, obtained } => {
                return Flow::jump_if(self.take_if_there(thing, in_line), obtained);
            }
            Op::LeaveLine(thing) => self.leave_line(thing),
            Op::Release(semaphore) => self.give_back(semaphore),
            Op::Disconnect(site) => self.disconnect(site),
            Op::Put(channel) => self.put(thread, channel),
            Op::Nudge(channel) => {
                let taker = self.channels[channel.index()].nudge();
                self.wake_taker(thread, channel, taker);
            }
            Op::Drain { from, none } => {
                return Flow::jump_if(!self.channels[from.index()].drain(), none);
            }
            Op::Poll { channel, length, name, nothing } => {
                if !self.channels[channel.index()].has_something() {
                    return Flow::Jump(nothing);
                }
                let (state, lock) = (State::Overhead, LockMode::Released);
                return self.work(thread, Burst { left: length, state, lock, name });
            }
            Op::Take { from, taken, nudged, closed } => {
                return self.take_item(thread, from, taken, nudged, closed);
            }
            Op::TryTake { from, none } => match self.channels[from.index()].take_item() {
                Some(item) => self.thread_mut(thread).item = item,
                None => return Flow::Jump(none),
            },
            Op::Close(channel) => self.close(thread, channel),
            Op::NextArrival { chunk, early, none } => {
                return self.next_arrival(thread, chunk, early, none);
            }
            Op::RunItem => return self.run_item(thread, pc),
            Op::EndTask => self.end_task(thread),
            Op::Return => {
                let record = self.thread_mut(thread);
                record.done += 1;
                return Flow::Jump(record.back);
            }
            Op::EndPart { last } => self.end_part(thread, last),
            Op::Deliver => self.deliver(thread),
            Op::Collect { each, none, all } => return self.collect(thread, each, none, all),
            Op::IfAllDelivered(to) => return Flow::jump_if(self.all_are_delivered(), to),
            Op::StartThread(start) => return self.start_thread(thread, start),
            Op::StartProcess(start) => self.start_process(thread, start),
            Op::Started => self.started(thread),
            Op::Join { group, each, alive, all } => {
                return self.join(thread, group, each, alive, all);
            }
            Op::Once { flag, again } => {
                let bit = 1 << flag;
                let was_here = self.onces & bit != 0;
                self.onces |= bit;
                return Flow::jump_if(was_here, again);
            }
            Op::EnterInterpreter => self.enter_interpreter(thread),
            Op::LeaveInterpreter => {
                let process = self.thread(thread).process;
                self.run_under(thread, self.processes.lock(process));
            }
            Op::Grow { executor, enough } => {
                return Flow::jump_if(!self.executors[executor.index()].grow(), enough);
            }
            Op::Idle(executor) => self.executors[executor.index()].note_idle(),
            Op::OnLoop(event_loop, op) => return self.run_loop_op(thread, event_loop, pc, op),
            Op::Offload { submit, part, row } => {
                return self.offload(thread, pc, submit, part, row);
            }
            Op::IfZero(length, to) => {
                return Flow::jump_if(self.length(thread, length).is_zero(), to);
            }
            Op::Jump(to) => return Flow::Jump(to),
            Op::Exit => return self.exit(thread),
        }
        Flow::Go
    }

    fn spend_on_item(&mut self, thread: ThreadId, cost: ItemCostId) -> Flow {
        let cost = &self.plan.item_costs[cost.index()];
        let item = self.thread(thread).item;
        let further = u64::from(item.count.saturating_sub(1));
        let bytes = self.payload_nanos(item, cost.sent_per_mib, cost.received_per_mib);
        let left = cost.base + cost.each_further * further + bytes;
        let (state, lock) = (State::Overhead, LockMode::Held);
        self.work(thread, Burst { left, state, lock, name: cost.name })
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
        if item.part().is_some() {
            TaskId(item.first)
        } else {
            self.plan.workload.nth_to_arrive(item.first + position)
        }
    }

    fn next_arrival(&mut self, thread: ThreadId, chunk: u32, early: Pc, none: Pc) -> Flow {
        let workload = &self.plan.workload;
        if self.tasks.arrived == workload.task_count() {
            return Flow::Jump(none);
        }
        let arrival = workload.arrival(workload.nth_to_arrive(self.tasks.arrived));
        if arrival > self.now {
            return Flow::Jump(early);
        }
        self.thread_mut(thread).item = self.next_chunk(chunk);
        Flow::Go
    }

    /// The next tasks, up to `chunk` that arrive at one instant.
    fn next_chunk(&mut self, chunk: u32) -> Item {
        let workload = &self.plan.workload;
        let arrival = |position| workload.arrival(workload.nth_to_arrive(position));
        let first = self.tasks.arrived;
        let limit = workload.task_count().min(first.saturating_add(chunk));
        let together = |position: &u32| arrival(*position) == arrival(first);
        let further = (first + 1..limit).take_while(together).count();
        let count = 1 + u32::try_from(further).expect("a chunk is bounded");
        self.tasks.arrived += count;
        Item::of_tasks(first, count)
    }

    fn sleep_until_arrival(&mut self, thread: ThreadId) -> Flow {
        let workload = &self.plan.workload;
        let arrival = workload.arrival(workload.nth_to_arrive(self.tasks.arrived));
        let row = Some((State::Io, self.names.arrival));
        self.sleep(thread, arrival.saturating_since(self.now), row)
    }

    fn enter_interpreter(&mut self, thread: ThreadId) {
        let lock = self.processes.interpreter(thread).unwrap_or_else(|| {
            let lock = self.new_lock();
            self.processes.add_interpreter(thread, lock);
            lock
        });
        self.run_under(thread, lock);
    }

    fn run_under(&mut self, thread: ThreadId, lock: Option<LockId>) {
        self.thread_mut(thread).lock = lock.into();
    }

    fn deliver(&mut self, thread: ThreadId) {
        let item = self.thread(thread).item;
        if item.part().is_some() {
            return self.executor_is_done(self.task_of(item, 0));
        }
        for position in 0..item.count {
            let task = self.task_of(item, position);
            self.tasks.deliver(task);
        }
        // Only the main thread collects results.
        let main = ThreadId::MAIN;
        if let Status::Blocked(Wait::For(on @ (ForThread::Result | ForThread::AllResults))) =
            self.thread(main).status
            && self.has_come(main, on)
        {
            self.end_wait_at_cost(thread, main, End::Done, self.plan.machine.wake_call, false);
        }
    }

    pub(super) fn all_are_delivered(&self) -> bool {
        self.tasks.delivered == self.plan.workload.task_count()
    }

    fn collect(&mut self, thread: ThreadId, each: SimDuration, none: Pc, all: Pc) -> Flow {
        let workload = &self.plan.workload;
        let (from, total) = (self.tasks.collected, workload.task_count());
        if from == total {
            return Flow::Jump(all);
        }
        let delivered =
            |position: &u32| self.tasks.get(workload.nth_to_arrive(*position)).delivered;
        let count = (from..total).take_while(delivered).count();
        if count == 0 {
            return Flow::Jump(none);
        }
        self.tasks.collected += u32::try_from(count).expect("tasks have 32-bit numbers");
        let left = each * count as u64;
        let (state, lock, name) = (State::Overhead, LockMode::Held, self.names.result);
        self.work(thread, Burst { left, state, lock, name })
    }
}

impl Flow {
    /// Elsewhere, or on with what comes next.
    const fn jump_if(condition: bool, to: Pc) -> Self {
        if condition { Self::Jump(to) } else { Self::Go }
    }
}
