//! `concurrent.futures.ProcessPoolExecutor` (CPython `Lib/concurrent/futures/process.py`): the caller,
//! a manager thread and a feeder thread share the parent's lock; worker processes have their own.

use crate::ids::{ChannelId, ExecutorId, SemaphoreId};
use crate::model::{OffloadTo, StartMethod};
use crate::plan::{Group, Label, Op, Side, Way};

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, one_task, processes};
use super::pipe::{Pipes, WorkerCosts};

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "process_pool",
    since: None,
    carrier: Carrier::Process,
    carriers: Carriers::Workers,
    has_loop: false,
    takes: &[OwnKey::Workers, OwnKey::Chunk, OwnKey::Start, OwnKey::WorkerInit],
    default_workers: |cores| OffloadTo::Processes.default_workers(cores),
    default_chunk: one_task,
    does: |run| format!("ProcessPoolExecutor, {}", processes(run)),
    done_by: |run| {
        format!("a ProcessPoolExecutor, workers: {} ({})", run.workers, run.start.name())
    },
    write,
};

/// The parts of a process pool.
pub(super) struct ProcessPool {
    /// Items that the manager has not moved to the call queue yet.
    pending: ChannelId,
    /// From the call queue to its feeder thread.
    feed: ChannelId,
    /// To the workers and back to the manager, who is also nudged through it.
    pipes: Pipes,
    /// Room in the call queue: `workers` + 1 items that no worker has taken.
    room: SemaphoreId,
    executor: ExecutorId,
    all_at_once: bool,
    workers: Group,
    helpers: Group,
    feeders: Group,
    programs: Programs,
}

struct Programs {
    manager: Label,
    feeder: Label,
    worker: Label,
}

/// `EXTRA_QUEUED_CALLS` of the module.
const EXTRA_QUEUED_CALLS: u32 = 1;

pub(super) fn write(builder: &mut Builder<'_>) {
    let costs = builder.profile().process_pool;
    let pool = ProcessPool::new(builder, builder.tool.workers);
    builder.spend("create", costs.create);
    let chunk = builder.tool.chunk;
    builder.for_each_arrival(chunk, |builder| pool.submit(builder));
    builder.collect(costs.collect, costs.collect_item);
    pool.shut_down(builder);
    builder.code.push(Op::Exit);
    pool.write_programs(builder);
}

impl ProcessPool {
    pub(super) fn new(builder: &mut Builder<'_>, workers: u32) -> Self {
        builder.cools_by(builder.profile().process_pool.cold);
        // 3.8 starts all workers at the first submit; later versions do so only when they fork.
        let all_at_once = builder.profile().python == 8 || builder.tool.start == StartMethod::Fork;
        Self {
            pending: builder.channel(false),
            feed: builder.channel(false),
            pipes: Pipes::new(builder),
            room: builder.semaphore("call queue", workers.saturating_add(EXTRA_QUEUED_CALLS)),
            executor: builder.executor(workers, all_at_once),
            all_at_once,
            workers: builder.group(),
            helpers: builder.group(),
            feeders: builder.group(),
            programs: Programs {
                manager: builder.code.label(),
                feeder: builder.code.label(),
                worker: builder.code.label(),
            },
        }
    }

    /// `shutdown(wait=True)`: the manager ends the workers and is joined.
    pub(super) fn shut_down(&self, builder: &mut Builder<'_>) {
        builder.close(self.pipes.results);
        builder.join_threads(self.helpers);
    }

    pub(super) fn write_programs(&self, builder: &mut Builder<'_>) {
        self.write_manager(builder);
        let costs = builder.profile().process_pool;
        self.pipes.write_feeder(
            builder,
            self.programs.feeder,
            self.feed,
            [costs.feed, costs.feed_item],
        );
        let worker =
            WorkerCosts { receive: costs.receive, chunk_item: costs.chunk_item, send: costs.send };
        let room = self.room;
        self.pipes.write_worker(builder, self.programs.worker, &worker, |builder| {
            builder.code.push(Op::Release(room));
        });
    }

    /// `submit`: the item at hand, the wake-up, then workers and the manager as far as they are still to be
    /// started.
    pub(super) fn submit(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().process_pool;
        let (enough, running) = (builder.code.label(), builder.code.label());
        builder.spend_on_item("submit", costs.submit, costs.submit_item);
        builder.put(self.pending);
        builder.nudge(self.pipes.results);
        builder.write_to_pipe();
        let grow = builder.code.here();
        builder.code.push(Op::Grow { executor: self.executor, enough: enough.target() });
        builder.start_process(self.programs.worker, self.workers, false);
        if self.all_at_once {
            builder.code.push(Op::Jump(grow.target()));
        }
        builder.code.place(enough);
        let flag = builder.once();
        builder.code.push(Op::Once { flag, again: running.target() });
        builder.copy_pages();
        builder.start_thread(self.programs.manager, self.helpers, false);
        builder.code.place(running);
    }

    /// `_ThreadWakeup.clear`: one message a submit, read one by one, while the caller may go on submitting.
    fn write_drain(&self, builder: &mut Builder<'_>) {
        let cost = builder.profile().process_pool.drain;
        let empty = builder.code.label();
        let again = builder.code.here();
        builder.drain(self.pipes.results, empty);
        builder.spend("drain", cost);
        builder.read_from_pipe();
        builder.code.push(Op::Jump(again.target()));
        builder.code.place(empty);
    }

    /// The manager: fills the call queue while there is room, waits, takes one result, and so on.
    fn write_manager(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().process_pool;
        let code = &mut builder.code;
        let [no_room, none_pending, fed, nudged, closed] = std::array::from_fn(|_| code.label());
        builder.program(self.programs.manager);
        builder.boot_thread();

        let fill = builder.code.here();
        builder.try_acquire(self.room, no_room);
        builder.try_take(self.pending, none_pending);
        builder.spend("enqueue", costs.enqueue);
        builder.put(self.feed);
        let flag = builder.once();
        builder.code.push(Op::Once { flag, again: fed.target() });
        builder.start_thread(self.programs.feeder, self.feeders, false);
        builder.code.place(fed);
        builder.code.push(Op::Jump(fill.target()));

        builder.code.place(none_pending);
        builder.code.push(Op::Release(self.room));
        builder.code.place(no_room);
        builder.spend("wait", costs.wait);
        builder.poll_pipe(self.pipes.results);
        builder.take_or(self.pipes.results, nudged, closed);
        builder.read_from_pipe();
        self.write_drain(builder);
        let side = (Way::Received, Side::Unpickle);
        builder.spend_on_pickling(side, costs.deliver, costs.deliver_item);
        builder.deliver();
        builder.code.push(Op::Idle(self.executor));
        builder.code.push(Op::Jump(fill.target()));

        builder.code.place(nudged);
        self.write_drain(builder);
        builder.code.push(Op::Jump(fill.target()));

        builder.code.place(closed);
        builder.spend("shutdown", costs.shutdown);
        builder.close(self.feed);
        builder.join_threads(self.feeders);
        builder.join_processes(self.workers);
        builder.exit_thread();
    }
}
