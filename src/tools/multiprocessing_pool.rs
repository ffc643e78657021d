//! `multiprocessing.Pool` (CPython `Lib/multiprocessing/pool.py`): all workers and three helper threads
//! are started in the constructor.

use crate::ids::SemaphoreId;
use crate::plan::{ChannelId, Group, Label, Op};
use crate::profile::Cost;

use super::builder::Builder;

/// The parts of a pool.
struct Pool {
    /// From the caller to the task handler.
    tasks: ChannelId,
    /// From the task handler to the workers.
    calls: ChannelId,
    /// From the workers to the result handler.
    results: ChannelId,
    /// What the worker handler waits on: workers that have gone.
    gone: ChannelId,
    read_lock: SemaphoreId,
    write_lock: SemaphoreId,
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
    pool.write_task_handler(builder);
    pool.write_result_handler(builder);
    pool.write_worker(builder);
}

impl Pool {
    fn new(builder: &mut Builder<'_>) -> Self {
        Self {
            tasks: builder.channel(false),
            calls: builder.channel(false),
            results: builder.channel(false),
            gone: builder.channel(false),
            read_lock: builder.semaphore("pipe", 1),
            write_lock: builder.semaphore("pipe", 1),
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
        builder.code.push(Op::Close(self.results));
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

    /// The task handler: pickles under the parent's lock, one message at a time.
    fn write_task_handler(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().multiprocessing_pool;
        let pickle = builder.profile().pickle;
        let closed = builder.code.label();
        builder.code.place(self.programs.task_handler);
        builder.boot_thread();
        let next = builder.code.here();
        builder.take(self.tasks, closed);
        let rate = pickle.dumps_per_mib + pickle.pipe_per_mib;
        builder.spend_on_sent("pickle", costs.feed, Cost::default(), rate);
        builder.code.push(Op::Put(self.calls));
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        builder.code.push(Op::Close(self.calls));
        builder.exit_thread();
    }

    fn write_result_handler(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().multiprocessing_pool;
        let pickle = builder.profile().pickle;
        let closed = builder.code.label();
        builder.code.place(self.programs.result_handler);
        builder.boot_thread();
        let next = builder.code.here();
        builder.take(self.results, closed);
        let rate = pickle.loads_per_mib + pickle.pipe_per_mib;
        builder.spend_on_received("pickle", costs.deliver, rate);
        builder.deliver();
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        builder.exit_thread();
    }

    fn write_worker(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().multiprocessing_pool;
        let pickle = builder.profile().pickle;
        let closed = builder.code.label();
        builder.code.place(self.programs.worker);
        builder.boot_process();
        let next = builder.code.here();
        builder.code.push(Op::Acquire(self.read_lock));
        builder.take(self.calls, closed);
        builder.code.push(Op::Release(self.read_lock));
        let rate = pickle.loads_per_mib + pickle.pipe_per_mib;
        builder.spend_on_sent("pickle", costs.receive, costs.chunk_item, rate);
        builder.code.push(Op::RunItem);
        let rate = pickle.dumps_per_mib + pickle.pipe_per_mib;
        builder.spend_on_received("pickle", costs.send, rate);
        builder.code.push(Op::Acquire(self.write_lock));
        builder.code.push(Op::Put(self.results));
        builder.code.push(Op::Release(self.write_lock));
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        builder.code.push(Op::Release(self.read_lock));
        builder.exit_process();
    }
}
