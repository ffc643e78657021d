//! `concurrent.futures.InterpreterPoolExecutor` (CPython `Lib/concurrent/futures/interpreter.py`): a
//! thread pool whose workers run their items in interpreters of their own, each with its own lock.

use crate::plan::Op;

use super::builder::Builder;
use super::thread_pool::ThreadPool;

pub(super) fn write(builder: &mut Builder<'_>) {
    let costs = builder.profile().interpreter;
    let pool = ThreadPool::new(builder, builder.tool.workers);
    pool.write_main(builder);
    pool.write_worker(
        builder,
        |builder| {
            builder.code.push(Op::EnterInterpreter);
            builder.spend("create", costs.create);
            builder.code.push(Op::LeaveInterpreter);
        },
        |builder| {
            builder.spend("call", costs.call);
            builder.code.push(Op::EnterInterpreter);
            builder.code.push(Op::RunItem);
            builder.code.push(Op::LeaveInterpreter);
        },
        |builder| {
            builder.code.push(Op::EnterInterpreter);
            builder.spend("destroy", costs.destroy);
            builder.code.push(Op::LeaveInterpreter);
        },
    );
}
