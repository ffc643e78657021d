//! `multiprocessing.Pool` (CPython `Lib/multiprocessing/pool.py`): all workers and three helper threads
//! are started in the constructor.

use crate::plan::{ChannelId, Group, Label, Op};

use super::builder::Builder;
use super::pipe::{Pipes, WorkerCosts};

/// The parts of a pool.
struct Pool {
    /// From the caller to the task handler.
    tasks: ChannelId,
    /// From the task handler to the workers, and from them to the result handler.
    pipes: Pipes,
    /// What the worker handler waits on: workers that have gone.
    gone: ChannelId,
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
    pool.pipes.write_feeder(builder, pool.programs.task_handler, pool.tasks, costs.feed);
    let worker =
        WorkerCosts { receive: costs.receive, chunk_item: costs.chunk_item, send: costs.send };
    pool.pipes.write_worker(builder, pool.programs.worker, &worker, |_| {});
}

impl Pool {
    fn new(builder: &mut Builder<'_>) -> Self {
        Self {
            tasks: builder.channel(false),
            pipes: Pipes::new(builder),
            gone: builder.channel(false),
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
            builder.spend("submit", costs.submit);
            builder.code.push(Op::Put(self.tasks));
        });
        builder.code.push(Op::AwaitAll);

        builder.spend("shutdown", costs.shutdown);
        builder.code.push(Op::Close(self.gone));
        builder.code.push(Op::Close(self.tasks));
        builder.code.push(Op::Close(self.pipes.results));
        builder.join_threads(self.helpers);
        builder.join_processes(self.workers);
        builder.code.push(Op::Exit);
    }

    /// The worker handler only waits: no worker of ours dies before its time.
    fn write_worker_handler(&self, builder: &mut Builder<'_>) {
        let closed = builder.code.label();
        builder.code.place(self.programs.worker_handler);
        builder.boot_thread();
        builder.take(self.gone, closed);
        builder.code.place(closed);
        builder.exit_thread();
    }

    fn write_result_handler(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().multiprocessing_pool;
        let pickle = builder.profile().pickle;
        let closed = builder.code.label();
        builder.code.place(self.programs.result_handler);
        builder.boot_thread();
        let next = builder.code.here();
        builder.take(self.pipes.results, closed);
        builder.read_from_pipe();
        let rate = pickle.loads_per_mib + pickle.pipe_per_mib;
        builder.spend_on_received("pickle", costs.deliver, rate);
        builder.deliver();
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        builder.exit_thread();
    }
}
