//! Tasks on their way: they arrive, are handed out as items, are done, and their results are delivered and collected.

use crate::ids::{ItemCostId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::{End, ForThread, Pc, TaskOp};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Ended, Sink, State};

use super::thread::{Burst, Item};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Does something with tasks.
    #[inline]
    pub(super) fn run_task_op(&mut self, thread: ThreadId, pc: Pc, op: TaskOp) -> Flow {
        match op {
            TaskOp::NextArrival { chunk, early, none } => {
                return self.next_arrival(thread, chunk, early, none);
            }
            TaskOp::SleepUntilArrival => return self.sleep_until_arrival(thread),
            TaskOp::RunItem => return self.run_item(thread, pc),
            TaskOp::EndTask => self.end_task(thread, Ended::Well),
            TaskOp::Refuse => self.refuse(thread),
            TaskOp::Offer { room, full } => return self.offer(thread, room, full),
            TaskOp::CloseListener => self.close_listener(),
            TaskOp::FailTask => self.end_task(thread, Ended::Failed),
            TaskOp::Return => {
                let record = self.thread_mut(thread);
                record.done += 1;
                return Flow::Jump(record.back);
            }
            TaskOp::EndPart { last, failed } => self.end_part(thread, last, failed),
            TaskOp::IfPartFailed(to) => {
                let task = self.task_on(thread);
                return Flow::jump_if(self.tasks.take_failed_part(task), to);
            }
            TaskOp::Deliver => self.deliver(thread),
            TaskOp::Collect { cost, chunk, none, all } => {
                return self.collect(thread, (cost, chunk), none, all);
            }
            TaskOp::IfAllDelivered(to) => return Flow::jump_if(self.all_are_delivered(), to),
        }
        Flow::Go
    }

    fn next_arrival(&mut self, thread: ThreadId, chunk: u32, early: Pc, none: Pc) -> Flow {
        if self.tasks.arrived == self.plan.workload.task_count() {
            return Flow::Jump(none);
        }
        if self.next_arrival_at().is_none_or(|arrival| arrival > self.now) {
            return Flow::Jump(early);
        }
        let first = self.tasks.arrived;
        let count = self.chunk_at(first, chunk);
        self.tasks.arrived += count;
        if let Some(clients) = &mut self.tasks.clients {
            clients.take();
        }
        self.thread_mut(thread).item = Item::of_tasks(first, count);
        Flow::Go
    }

    /// When the next task arrives, if that is known.
    fn next_arrival_at(&self) -> Option<SimTime> {
        match &self.tasks.clients {
            None => {
                let workload = &self.plan.workload;
                Some(workload.arrival(workload.nth_to_arrive(self.tasks.arrived)))
            }
            Some(clients) => clients.next(),
        }
    }

    /// How many tasks an item has that begins there: up to `chunk` that arrive at one instant. Clients send them one by one.
    fn chunk_at(&self, first: u32, chunk: u32) -> u32 {
        if self.tasks.clients.is_some() {
            return 1;
        }
        let workload = &self.plan.workload;
        let arrival = |position| workload.arrival(workload.nth_to_arrive(position));
        let limit = workload.task_count().min(first.saturating_add(chunk));
        let together = |position: &u32| arrival(*position) == arrival(first);
        let further = (first + 1..limit).take_while(together).count();
        1 + u32::try_from(further).expect("a chunk is bounded")
    }

    fn sleep_until_arrival(&mut self, thread: ThreadId) -> Flow {
        if self.tasks.clients.is_some() {
            return self.sleep_until_sent(thread);
        }
        let arrival = self.next_arrival_at().expect("without clients all arrivals are known");
        let row = Some((State::Io, self.names.arrival));
        self.sleep(thread, arrival.saturating_since(self.now), row)
    }

    /// The task at a position of an item.
    pub(super) fn task_of(&self, item: Item, position: u32) -> TaskId {
        if item.part().is_some() {
            TaskId(item.first)
        } else {
            self.nth_to_arrive(item.first + position)
        }
    }

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
        if item.part().is_some_and(|part| self.tasks.is_abandoned(task, part)) {
            self.thread_mut(thread).done = 0;
            return Flow::Go;
        }
        let start = item.part().unwrap_or(self.tasks.get(task).pc);
        if self.thread(thread).task.get() != Some(task) {
            self.attach_or_orphan(task, thread, start);
        }
        Flow::Jump(start)
    }

    /// The thread has done all steps of its task that are done.
    pub(super) fn end_task(&mut self, thread: ThreadId, ended: Ended) {
        let task = self.task_on(thread);
        self.detach(thread, None);
        self.finish(task, ended);
        if self.loops.is_empty() && !self.hears_of_results() {
            self.hear_of(task);
        }
    }

    /// The tasks of the item at hand fail as they arrive.
    fn refuse(&mut self, thread: ThreadId) {
        let item = self.thread(thread).item;
        for position in 0..item.count {
            let task = self.task_of(item, position);
            self.attach(task, thread, self.tasks.get(task).pc);
            self.end_task(thread, Ended::Failed);
            if self.listener.is_some() {
                self.hear_of(task);
            }
        }
    }

    /// The thread has done those steps of a coroutine that were offloaded: its loop has to hear of it.
    pub(super) fn end_part(&mut self, thread: ThreadId, last: bool, failed: bool) {
        if self.tasks.end_orphan(thread) {
            return;
        }
        let task = self.task_on(thread);
        let record = self.tasks.get_mut(task);
        record.pc = self.plan.instruction(record.pc).next;
        if last {
            self.end_task(thread, if failed { Ended::Failed } else { Ended::Well });
        } else {
            if failed {
                self.tasks.note_failed_part(task);
            }
            self.detach(thread, Some((State::Sync, self.names.executor)));
        }
    }

    fn deliver(&mut self, thread: ThreadId) {
        let item = self.thread(thread).item;
        if let Some(part) = item.part() {
            let task = self.task_of(item, 0);
            // Without an event loop no coroutine has offloaded it.
            if self.loops.is_empty() {
                return self.deliver_list(task, part);
            }
            if !self.tasks.forget_abandoned(task, part) {
                self.executor_is_done(task);
            }
            return;
        }
        for position in 0..item.count {
            let task = self.task_of(item, position);
            self.tasks.deliver(task);
            if self.hears_of_results() {
                self.hear_of(task);
            }
        }
        // Only the main thread collects results.
        let main = ThreadId::MAIN;
        let Some(wait) = self.wait_of(main) else { return };
        let collects = matches!(wait.on, ForThread::Result | ForThread::AllResults);
        if collects && self.has_come(main, wait.on) {
            self.end_wait_at_cost(thread, main, End::Done, self.plan.machine.wake_call, false);
        }
    }

    pub(super) fn all_are_delivered(&self) -> bool {
        self.tasks.delivered == self.plan.workload.task_count()
    }

    /// Collects whole items: their results are delivered together.
    fn collect(
        &mut self,
        thread: ThreadId,
        (cost, chunk): (ItemCostId, u32),
        none: Pc,
        all: Pc,
    ) -> Flow {
        let (from, total) = (self.tasks.collected, self.plan.workload.task_count());
        if from == total {
            return Flow::Jump(all);
        }
        let cost = &self.plan.item_costs[cost.index()];
        let (mut to, mut left) = (from, SimDuration::ZERO);
        while to < total && self.tasks.get(self.nth_to_arrive(to)).delivered {
            let count = self.chunk_at(to, chunk);
            left += cost.base + cost.each_further * u64::from(count - 1);
            to += count;
        }
        if to == from {
            return Flow::Jump(none);
        }
        self.tasks.collected = to;
        let (state, lock, name) = (State::Overhead, LockMode::Held, self.names.result);
        self.work(thread, Burst { left, state, lock, name })
    }
}
