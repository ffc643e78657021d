//! Event loops as programs (`BaseEventLoop._run_once` in CPython's `Lib/asyncio/base_events.py`; docs/semantics.md, "One iteration of the loop").

use crate::ids::{EventLoopId, SemaphoreId};
use crate::model::{LockMode, OffloadTo};
use crate::plan::{Label, LoopOp, LoopRules, Op, Pc};
use crate::profile::Cost;

use super::builder::Builder;

/// So many coroutines live when `gilsim calibrate` measures what a step costs (`FEW_LIVE` in `calibrate.py`).
const FEW_LIVE: u32 = 512;

/// An event loop, and what its coroutines do.
#[derive(Clone, Copy)]
pub(super) struct EventLoop {
    start: Label,
    over: Label,
    next_handle: Label,
    /// A semaphore round each task.
    pub(super) limit: Option<SemaphoreId>,
    /// Whether each task is offloaded whole (`asyncio.to_thread` per task).
    pub(super) offload_tasks: bool,
    /// Where the programs start that submit an item to an executor, and then go back to the loop.
    submit_to_threads: Label,
    submit_to_processes: Label,
}

impl EventLoop {
    pub(super) fn new(builder: &mut Builder<'_>, offload_tasks: bool) -> Self {
        Self {
            start: builder.code.label(),
            over: builder.code.label(),
            next_handle: builder.code.label(),
            limit: builder.tool.limit.map(|limit| builder.semaphore("limit", limit)),
            offload_tasks,
            submit_to_threads: builder.code.label(),
            submit_to_processes: builder.code.label(),
        }
    }

    /// Where an item is submitted to such an executor.
    pub(super) fn submit_to(&self, executor: OffloadTo) -> Label {
        match executor {
            OffloadTo::Threads => self.submit_to_threads,
            OffloadTo::Processes => self.submit_to_processes,
        }
    }
}

impl Builder<'_> {
    /// Runs an event loop until its main coroutine is done.
    pub(super) fn run_loop(&mut self, event_loop: &EventLoop) {
        self.code.push(Op::Jump(event_loop.start.target()));
        self.code.place(event_loop.over);
    }

    /// Writes what the thread of an event loop does outside of it.
    pub(super) fn on_loop_thread(&mut self, body: impl FnOnce(&mut Self)) {
        self.is_loop_thread = true;
        body(self);
        self.is_loop_thread = false;
    }

    /// Goes back to the loop after a submit.
    pub(super) fn back_to_loop(&mut self, event_loop: &EventLoop) {
        self.code.push(Op::Jump(event_loop.next_handle.target()));
    }

    /// Writes the programs of all event loops. Returns where each takes the next handle.
    pub(super) fn write_event_loops(&mut self) -> Vec<Label> {
        let event_loops = self.event_loops.clone();
        for (id, event_loop) in (0..).map(EventLoopId).zip(&event_loops) {
            let rules = self.loop_rules();
            self.plan.event_loops.push(rules);
            self.write_event_loop(id, event_loop);
        }
        event_loops.iter().map(|it| it.next_handle).collect()
    }

    fn write_event_loop(&mut self, id: EventLoopId, event_loop: &EventLoop) {
        let costs = self.profile().event_loop;
        let tasks = self.plan.workload.coroutines().count() as u64;
        let (ready, polled) = (self.code.label(), self.code.label());
        self.code.place(event_loop.start);
        if self.plan.listens.is_some() {
            self.on_loop(id, LoopOp::Listen);
        } else {
            self.spend("create", Cost(costs.create_task.0 * tasks));
            self.on_loop(id, LoopOp::Gather);
        }

        let iteration = self.code.here();
        self.on_loop(id, LoopOp::IfOver(event_loop.over.target()));
        self.spend("loop", costs.iteration);
        self.on_loop(id, LoopOp::Look(ready.target()));
        self.code.push(Op::Unlock);
        self.on_loop(id, LoopOp::Poll);
        self.code.push(Op::Jump(polled.target()));
        // The poll gives the lock up even when its timeout is zero.
        self.code.place(ready);
        self.code.push(Op::Unlock);
        self.code.place(polled);
        self.code.push(Op::Relock);
        self.on_loop(id, LoopOp::CollectTimers);

        self.code.place(event_loop.next_handle);
        self.on_loop(id, LoopOp::NextHandle(iteration.target()));
        self.on_loop(id, LoopOp::RunHandle);
        self.back_to_loop(event_loop);
    }

    pub(super) fn on_loop(&mut self, id: EventLoopId, op: LoopOp) {
        self.code.push(Op::OnLoop(id, op));
    }

    fn loop_rules(&self) -> LoopRules {
        let costs = self.profile().event_loop;
        let server = self.profile().server;
        LoopRules {
            next_handle: Pc(0),
            poll_granularity: self.profile().machine.poll_granularity.0,
            first_step: costs.first_step.0,
            step: costs.step.0,
            timer_fire: costs.timer_fire.0,
            timer_level: costs.timer_level.0,
            live_level: costs.live_level.0,
            few_live: FEW_LIVE,
            cold: costs.cold.0,
            future: costs.future.0,
            drain: costs.drain.0,
            accept: server.accept_on_loop.0,
            accept_nothing: server.accept_nothing.0,
        }
    }

    /// Bookkeeping of a coroutine.
    pub(super) fn spend_on_step(&mut self, cost: Cost) {
        self.spend_with("step", cost, LockMode::Held);
    }
}
