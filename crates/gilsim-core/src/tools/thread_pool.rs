//! `concurrent.futures.ThreadPoolExecutor` (CPython `Lib/concurrent/futures/thread.py`).

use crate::ids::{ChannelId, ExecutorId};
use crate::model::OffloadTo;
use crate::plan::{Group, Label, Op};
use crate::profile::Cost;

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, one_task, threads};
use super::fans::FanOut;

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "thread_pool",
    since: None,
    carrier: Carrier::Thread,
    carriers: Carriers::Workers,
    has_loop: false,
    takes: &[OwnKey::Workers, OwnKey::WorkerInit],
    default_workers: |cores| OffloadTo::Threads.default_workers(cores),
    default_chunk: one_task,
    does: |run| format!("ThreadPoolExecutor, {}", threads(run)),
    done_by: |run| format!("a ThreadPoolExecutor, workers: {}", run.workers),
    write,
};

/// The parts of a thread pool.
#[derive(Clone, Copy)]
pub(super) struct ThreadPool {
    pub(super) work: ChannelId,
    executor: ExecutorId,
    pub(super) workers: Group,
    worker: Label,
}

pub(super) fn write(builder: &mut Builder<'_>) {
    let pool = ThreadPool::new(builder, builder.tool.workers);
    builder.fans.by_threads = FanOut::Executor(pool);
    pool.write_main(builder);
    pool.write_worker(builder, Builder::init_worker, Builder::run_item, |_| {});
}

impl ThreadPool {
    pub(super) fn new(builder: &mut Builder<'_>, workers: u32) -> Self {
        builder.cools_by(builder.profile().thread_pool.cold);
        // SimpleQueue hands an item straight to a parked getter since 3.13.
        let hand_off = builder.profile().python >= 13;
        Self {
            work: builder.channel(hand_off),
            executor: builder.executor(workers, false),
            workers: builder.group(),
            worker: builder.code.label(),
        }
    }

    /// `with Executor() as executor:` submits every task as it arrives, then collects the results.
    pub(super) fn write_main(&self, builder: &mut Builder<'_>) {
        let costs = builder.profile().thread_pool;
        builder.spend("create", costs.create);
        // Pages list names in the order in which they come up: those of the main thread's ends before those of a submit.
        builder.name("shutdown");
        builder.for_each_arrival(1, |builder| self.submit(builder));
        builder.collect(costs.collect, Cost::default());
        self.shut_down(builder);
        builder.code.push(Op::Exit);
    }

    /// `shutdown(wait=True)`.
    pub(super) fn shut_down(&self, builder: &mut Builder<'_>) {
        let cost = builder.profile().thread_pool.shutdown;
        builder.spend("shutdown", cost);
        builder.close(self.work);
        builder.join_threads(self.workers);
    }

    /// `submit`: the item at hand goes into the queue first, then a worker is started if none is idle.
    pub(super) fn submit(&self, builder: &mut Builder<'_>) {
        let cost = builder.profile().thread_pool.submit;
        let enough = builder.code.label();
        builder.spend("submit", cost);
        builder.put(self.work);
        builder.code.push(Op::Grow { executor: self.executor, enough: enough.target() });
        builder.start_thread(self.worker, self.workers, false);
        builder.code.place(enough);
    }

    /// A worker: `run` does the item at hand, `prepare` and `clean_up` surround them all.
    ///
    /// Since 3.12 a worker says that it is idle when the queue is empty; before, after each item.
    pub(super) fn write_worker<'a>(
        &self,
        builder: &mut Builder<'a>,
        prepare: impl FnOnce(&mut Builder<'a>),
        run: impl FnOnce(&mut Builder<'a>),
        clean_up: impl FnOnce(&mut Builder<'a>),
    ) {
        let costs = builder.profile().thread_pool;
        let idle_when_empty = builder.profile().python >= 12;
        let (have_item, closed) = (builder.code.label(), builder.code.label());
        builder.program(self.worker);
        builder.boot_thread();
        prepare(builder);
        let next = builder.code.here();
        if idle_when_empty {
            let empty = builder.code.label();
            builder.try_take(self.work, empty);
            builder.code.push(Op::Jump(have_item.target()));
            builder.code.place(empty);
            builder.code.push(Op::Idle(self.executor));
        }
        builder.take(self.work, closed);
        builder.code.place(have_item);
        builder.spend("dequeue", costs.dequeue);
        run(builder);
        builder.spend("complete", costs.complete);
        builder.deliver();
        if !idle_when_empty {
            builder.code.push(Op::Idle(self.executor));
        }
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        clean_up(builder);
        builder.exit_thread();
    }
}
