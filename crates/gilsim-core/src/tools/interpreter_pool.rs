//! `concurrent.futures.InterpreterPoolExecutor` (CPython `Lib/concurrent/futures/interpreter.py`): a
//! thread pool whose workers run their items in interpreters of their own, each with its own lock.

use super::builder::Builder;
use super::thread_pool::ThreadPool;

pub(super) fn write(builder: &mut Builder<'_>) {
    let costs = builder.profile().interpreter;
    let pool = ThreadPool::new(builder, builder.tool.workers);
    pool.write_main(builder);
    pool.write_worker(
        builder,
        |builder| {
            builder.in_interpreter(|builder| builder.spend("create", costs.create));
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
