//! `multiprocessing.Pool` (CPython `Lib/multiprocessing/pool.py`): all workers and three helper threads
//! are started in the constructor.

use crate::ids::ChannelId;
use crate::model::{LockMode, OffloadTo};
use crate::plan::{Group, Label, Op, Side, Way};
use crate::profile::Cost;

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, processes};
use super::pipe::{Pipes, WorkerCosts};

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "multiprocessing_pool",
    since: None,
    carrier: Carrier::Process,
    carriers: Carriers::Workers,
    has_loop: false,
    takes: &[OwnKey::Workers, OwnKey::Chunk, OwnKey::Start, OwnKey::WorkerInit],
    default_workers: |cores| OffloadTo::Processes.default_workers(cores),
    default_chunk: |tasks, workers| tasks.div_ceil(workers.saturating_mul(4)).max(1),
    does: |run| format!("multiprocessing.Pool, {}", processes(run)),
    done_by: |run| {
        format!("a multiprocessing.Pool, workers: {} ({})", run.workers, run.start.name())
    },
    write,
};

/// The parts of a pool.
struct Pool {
    /// From the caller to the task handler.
    tasks: ChannelId,
    /// From the task handler to the workers, and from them to the result handler.
    pipes: Pipes,
    /// What tells the worker handler that the pool ends.
    ends: ChannelId,
    workers: Group,
    helpers: Group,
    programs: Programs,
}

struct Programs {
    worker: Label,
    worker_handler: Label,
    task_handler: Label,
    result_handler: Label,
}

pub(super) fn write(builder: &mut Builder<'_>) {
    let pool = Pool::new(builder);
    pool.write_main(builder);
    pool.write_worker_handler(builder);
    pool.write_result_handler(builder);
    let costs = builder.profile().multiprocessing_pool;
    pool.pipes.write_feeder(
        builder,
        pool.programs.task_handler,
        pool.tasks,
        [costs.feed, costs.feed_item],
    );
    let worker =
        WorkerCosts { receive: costs.receive, chunk_item: costs.chunk_item, send: costs.send };
    pool.pipes.write_worker(builder, pool.programs.worker, &worker, |_| {});
}

impl Pool {
    fn new(builder: &mut Builder<'_>) -> Self {
        builder.cools_by(builder.profile().multiprocessing_pool.cold);
        Self {
            tasks: builder.channel(false),
            pipes: Pipes::new(builder),
            ends: builder.channel(false),
            workers: builder.group(),
            helpers: builder.group(),
            programs: Programs {
                worker: builder.code.label(),
                worker_handler: builder.code.label(),
                task_handler: builder.code.label(),
                result_handler: builder.code.label(),
            },
        }
    }

    /// `with Pool() as pool:` maps the tasks as they arrive; the end of the block terminates it.
    fn write_main(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().multiprocessing_pool;
        let executor = builder.executor(builder.tool.workers, true);
        let enough = builder.code.label();
        builder.spend("create", costs.create);
        let grow = builder.code.here();
        builder.code.push(Op::Grow { executor, enough: enough.target() });
        builder.start_process(self.programs.worker, self.workers, false);
        builder.code.push(Op::Jump(grow.target()));
        builder.code.place(enough);
        builder.copy_pages();
        builder.start_thread(self.programs.worker_handler, self.helpers, false);
        builder.start_thread(self.programs.task_handler, self.helpers, false);
        builder.start_thread(self.programs.result_handler, self.helpers, false);

        builder.for_each_arrival(builder.tool.chunk, |builder| {
            builder.spend_on_item("submit", costs.submit, costs.submit_item);
            builder.put(self.tasks);
        });
        builder.await_all();

        builder.spend("shutdown", costs.shutdown);
        builder.nudge(self.ends);
        builder.close(self.tasks);
        builder.close(self.pipes.results);
        builder.join_threads(self.helpers);
        builder.join_processes(self.workers);
        builder.code.push(Op::Exit);
    }

    /// The worker handler waits for workers that have gone, and none of ours goes before its time. But it polls the
    /// pipe of results, too: each result wakes it, and it looks at its workers over and over until the result handler has
    /// read the result (`_wait_for_updates`). Without a lock to compete for it is taken to sleep.
    fn write_worker_handler(&self, builder: &mut Builder<'_>) {
        let ends = builder.code.label();
        builder.program(self.programs.worker_handler);
        builder.boot_thread();
        let [Cost(watch), Cost(poll)] =
            [builder.profile().multiprocessing_pool.watch, builder.profile().pipe.poll];
        if watch.is_zero() || poll.is_zero() || !builder.tool.setting.interpreter.lock {
            builder.take_or(self.ends, ends, ends);
        } else {
            // It asks for each worker in turn, and whether it has been notified: the lock is free meanwhile.
            let questions = builder.tool.workers + 1;
            // Measured with two of them.
            let each = Cost(watch.scaled(1, 4));
            let again = builder.code.here();
            builder.poll_pipe(self.pipes.results);
            for _ in 0..questions {
                builder.spend("watch", each);
                builder.spend_with("pipe", Cost(poll), LockMode::Released);
            }
            builder.spend("watch", each);
            builder.drain(self.ends, again);
        }
        builder.code.place(ends);
        builder.exit_thread();
    }

    fn write_result_handler(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().multiprocessing_pool;
        let closed = builder.code.label();
        builder.program(self.programs.result_handler);
        builder.boot_thread();
        let next = builder.code.here();
        builder.take(self.pipes.results, closed);
        builder.read_from_pipe();
        let side = (Way::Received, Side::Unpickle);
        builder.spend_on_pickling(side, costs.deliver, costs.deliver_item);
        builder.deliver();
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        builder.exit_thread();
    }
}
