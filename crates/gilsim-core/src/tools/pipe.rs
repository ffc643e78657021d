//! The pipes between a parent and its worker processes, and the programs at their ends: a feeder thread
//! in the parent, and the workers (CPython `Lib/multiprocessing/queues.py`).

use crate::ids::{ChannelId, SemaphoreId};
use crate::plan::{Label, Op, Side, Way};
use crate::profile::Cost;

use super::builder::Builder;

/// A pipe to the workers and one back, each with a lock for the workers' ends.
pub(super) struct Pipes {
    /// From the feeder to the workers.
    calls: ChannelId,
    /// From the workers back.
    pub(super) results: ChannelId,
    read_lock: SemaphoreId,
    write_lock: SemaphoreId,
}

/// What a worker pays for each item, payload aside.
pub(super) struct WorkerCosts {
    /// To read and unpickle the item.
    pub(super) receive: Cost,
    /// For each of its tasks after the first.
    pub(super) chunk_item: Cost,
    /// To pickle and write the result.
    pub(super) send: Cost,
}

impl Pipes {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        Self {
            calls: builder.pipe(),
            results: builder.pipe(),
            read_lock: builder.semaphore("pipe", 1),
            write_lock: builder.semaphore("pipe", 1),
        }
    }

    /// The feeder: pickles under the parent's lock, one item at a time.
    pub(super) fn write_feeder(
        &self,
        builder: &mut Builder<'_>,
        program: Label,
        from: ChannelId,
        [each, each_further]: [Cost; 2],
    ) {
        let closed = builder.code.label();
        builder.program(program);
        builder.boot_thread();
        let next = builder.code.here();
        builder.take(from, closed);
        builder.spend_on_pickling((Way::Sent, Side::Pickle), each, each_further);
        builder.put(self.calls);
        builder.write_to_pipe();
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        builder.close(self.calls);
        builder.exit_thread();
    }

    /// A worker process: `taken` is what it does as soon as it has taken an item.
    pub(super) fn write_worker(
        &self,
        builder: &mut Builder<'_>,
        program: Label,
        costs: &WorkerCosts,
        taken: impl Fn(&mut Builder<'_>),
    ) {
        let closed = builder.code.label();
        builder.program(program);
        builder.boot_process();
        builder.init_worker();
        let copies = builder.start_costs().copies;
        self.write_item(builder, costs, closed, |builder| {
            taken(builder);
            builder.spend("copy", copies);
        });
        let next = builder.code.here();
        self.write_item(builder, costs, closed, taken);
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(closed);
        builder.code.push(Op::Release(self.read_lock));
        builder.exit_process();
    }

    /// What a worker does for one item, until the queue is closed.
    fn write_item(
        &self,
        builder: &mut Builder<'_>,
        costs: &WorkerCosts,
        closed: Label,
        taken: impl FnOnce(&mut Builder<'_>),
    ) {
        builder.acquire(self.read_lock);
        builder.take(self.calls, closed);
        builder.code.push(Op::Release(self.read_lock));
        taken(builder);
        let side = (Way::Sent, Side::Unpickle);
        builder.spend_on_pickling(side, costs.receive, costs.chunk_item);
        builder.run_item();
        builder.spend_on_pickling((Way::Received, Side::Pickle), costs.send, Cost::default());
        builder.acquire(self.write_lock);
        builder.put(self.results);
        builder.code.push(Op::Release(self.write_lock));
    }
}
