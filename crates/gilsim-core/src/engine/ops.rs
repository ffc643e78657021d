//! The instructions of programs.

use crate::ids::{ExecutorId, ItemCostId, LockId, Maybe, ThreadId};
use crate::model::LockMode;
use crate::plan::{Instruction, Op, Pc, Pickling, Wait};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::executor::Executor;
use super::thread::{Burst, Item};
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
        // Nobody reads where a thread stands while it acts: it is written once, here.
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
            Op::Block(wait @ Wait { on, row, ends }) => {
                return match self.wait_is_over(thread, on) {
                    Some(end) => Flow::Jump(ends.after(end)),
                    None if ends.may_be_late() => self.wait_in_time(thread, wait),
                    None => self.wait_for(thread, on, row),
                };
            }
            Op::Suspend(wait) => return self.suspend(thread, pc, wait),
            Op::SetTimer(length) => self.set_timer(thread, length),
            Op::TryObtain { thing, in_line, obtained } => {
                let taken = self.take_if_there(thing, in_line);
                if taken && self.plan.is_lock(thing) {
                    self.shared.woken_took(thing, thread);
                }
                return Flow::jump_if(taken, obtained);
            }
            Op::ServedRuns(thing) => self.served_runs(thing),
            Op::Release(semaphore) => self.give_back(semaphore),
            Op::Disconnect(site) => self.disconnect(site),
            Op::OnSite(site, op) => return self.run_site_op(thread, site, op),
            Op::Set(flag) => self.set_flag(flag),
            Op::OnBarrier(barrier, op) => return self.run_barrier_op(thread, barrier, op),
            Op::OnLimiter(limiter, op) => return self.run_limiter_op(thread, limiter, op),
            Op::OnChannel(channel, op) => return self.run_channel_op(thread, channel, op),
            Op::OnTasks(op) => return self.run_task_op(thread, pc, op),
            Op::StartThread(start) => return self.start_thread(thread, start),
            Op::StartProcess(start) => self.start_process(thread, start),
            Op::Started => self.started(thread),
            Op::Join { group, each, alive, all } => {
                return self.join(thread, group, each, alive, all);
            }
            Op::Once { flag, again } => return Flow::jump_if(self.was_passed(flag), again),
            Op::EnterInterpreter => self.enter_interpreter(thread),
            Op::LeaveInterpreter => self.leave_interpreter(thread),
            Op::Grow { executor, enough } => {
                return Flow::jump_if(!self.executor(thread, executor).grow(), enough);
            }
            Op::Idle(executor) => self.executor(thread, executor).note_idle(),
            Op::OnLoop(event_loop, op) => return self.run_loop_op(thread, event_loop, pc, op),
            Op::Offload { submit, part, row } => {
                return self.offload(thread, pc, submit, part, row);
            }
            Op::OnTry(op) => return self.run_try_op(thread, op),
            Op::OnTeam(op) => return self.run_team_op(thread, op),
            Op::OnShared(op) => return self.run_sharing_op(thread, op),
            Op::OnFan(fan, op) => return self.run_fan_op(thread, fan, op),
            Op::IfZero(length, to) => {
                return Flow::jump_if(self.length(thread, length).is_zero(), to);
            }
            Op::Jump(to) => return Flow::Jump(to),
            Op::End => self.end(thread),
            Op::Exit => return self.exit(thread),
        }
        Flow::Go
    }

    /// Whether a place was passed before. It is from now on.
    fn was_passed(&mut self, flag: u8) -> bool {
        let bit = 1 << flag;
        let was_passed = self.onces & bit != 0;
        self.onces |= bit;
        was_passed
    }

    /// An executor as a thread sees it: there may be one in its process.
    fn executor(&mut self, thread: ThreadId, id: ExecutorId) -> &mut Executor {
        let process = self.thread(thread).process;
        self.executors.get(self.plan, process, id)
    }

    fn spend_on_item(&mut self, thread: ThreadId, cost: ItemCostId) -> Flow {
        let cost = &self.plan.item_costs[cost.index()];
        let item = self.thread(thread).item;
        let further = u64::from(item.count.saturating_sub(1));
        let payload = cost.pickling.map_or(SimDuration::ZERO, |it| self.pickling_of(item, &it));
        let left = cost.base + cost.each_further * further + payload;
        let (state, lock) = (State::Overhead, LockMode::Held);
        self.work(thread, Burst { left, state, lock, name: cost.name })
    }

    /// The time that the payloads of an item's tasks take.
    fn pickling_of(&self, item: Item, pickling: &Pickling) -> SimDuration {
        let payloads = (0..item.count).map(|it| self.plan.workload.payload(self.task_of(item, it)));
        let (bytes, each) = payloads.fold((0_u64, 0_u128), |(bytes, total), it| {
            let more = pickling.parcel(it).bytes;
            (bytes.saturating_add(more), total + pickling.of(it))
        });
        let total = each + pickling.of_fresh_memory(bytes);
        SimDuration::from_nanos(u64::try_from(total >> 20).unwrap_or(u64::MAX >> 2))
    }

    fn enter_interpreter(&mut self, thread: ThreadId) {
        let lock = self.processes.interpreter(thread).unwrap_or_else(|| {
            let lock = self.locks.add().into();
            self.processes.add_interpreter(thread, lock);
            lock
        });
        self.run_under(thread, lock);
    }

    fn leave_interpreter(&mut self, thread: ThreadId) {
        let process = self.thread(thread).process;
        self.run_under(thread, self.processes.lock(process).into());
    }

    fn run_under(&mut self, thread: ThreadId, lock: Maybe<LockId>) {
        self.thread_mut(thread).lock = lock;
    }
}

impl Flow {
    /// Elsewhere, or on with what comes next.
    pub(super) const fn jump_if(condition: bool, to: Pc) -> Self {
        if condition { Self::Jump(to) } else { Self::Go }
    }
}
