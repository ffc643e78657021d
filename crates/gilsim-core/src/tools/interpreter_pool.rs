//! `concurrent.futures.InterpreterPoolExecutor` (CPython `Lib/concurrent/futures/interpreter.py`): a
//! thread pool whose workers run their items in interpreters of their own, each with its own lock.

use crate::model::OffloadTo;

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, Since, one_task, threads};
use super::thread_pool::ThreadPool;

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "interpreter_pool",
    since: Some(Since { python: 14, words: "InterpreterPoolExecutor came with Python 3.14" }),
    carrier: Carrier::Interpreter,
    carriers: Carriers::Workers,
    has_loop: false,
    takes: &[OwnKey::Workers, OwnKey::WorkerInit],
    default_workers: |cores| OffloadTo::Threads.default_workers(cores),
    default_chunk: one_task,
    does: |run| format!("InterpreterPoolExecutor, {} with interpreters of their own", threads(run)),
    done_by: |run| format!("an InterpreterPoolExecutor, workers: {}", run.workers),
    write,
};

pub(super) fn write(builder: &mut Builder<'_>) {
    let costs = builder.profile().interpreter;
    let pool = ThreadPool::new(builder, builder.tool.workers);
    pool.write_main(builder);
    pool.write_worker(
        builder,
        |builder| {
            builder.in_interpreter(|builder| {
                builder.spend("create", costs.create);
                builder.init_worker();
            });
        },
        |builder| {
            builder.spend("call", costs.call);
            builder.in_interpreter(Builder::run_item);
        },
        |builder| {
            builder.in_interpreter(|builder| builder.spend("destroy", costs.destroy));
        },
    );
}
