//! `asyncio`: a coroutine per task on one event loop, and `asyncio.to_thread` per task (CPython
//! `Lib/asyncio/runners.py`, `base_events.py`, `threads.py`).

use crate::model::OffloadTo;
use crate::plan::{Label, Op};

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, Since, one_task};
use super::event_loop::EventLoop;
use super::process_pool::ProcessPool;
use super::thread_pool::ThreadPool;

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "asyncio",
    since: None,
    carrier: Carrier::Coroutine,
    carriers: Carriers::OnePerTask,
    has_loop: true,
    takes: &[OwnKey::Limit, OwnKey::OffloadWorkers],
    default_workers: |_| 1,
    default_chunk: one_task,
    does: |run| {
        let limit =
            run.limit.map_or_else(String::new, |limit| format!(", at most {limit} at once"));
        format!("a coroutine for each task{limit}, on one event loop")
    },
    done_by: |run| match run.limit {
        Some(limit) => format!("asyncio, at most {limit} at once"),
        None => "asyncio, a coroutine for each".to_owned(),
    },
    write,
};

pub(super) const TO_THREAD: Descriptor = Descriptor {
    name: "to_thread",
    since: Some(Since { python: 9, words: "asyncio.to_thread came with Python 3.9" }),
    carrier: Carrier::Thread,
    carriers: Carriers::Workers,
    has_loop: true,
    takes: &[OwnKey::OffloadWorkers],
    default_workers: |cores| OffloadTo::Threads.default_workers(cores),
    default_chunk: one_task,
    does: |_| "asyncio.to_thread for each task".to_owned(),
    done_by: |_| "asyncio.to_thread for each".to_owned(),
    write: write_to_thread,
};

/// `asyncio.run` of a coroutine that gathers one coroutine per task.
pub(super) fn write(builder: &mut Builder<'_>) {
    write_loop(builder, false);
}

/// The same with `asyncio.to_thread` per task.
pub(super) fn write_to_thread(builder: &mut Builder<'_>) {
    write_loop(builder, true);
}

fn write_loop(builder: &mut Builder<'_>, offload_tasks: bool) {
    let costs = builder.profile().event_loop;
    let event_loop = EventLoop::new(builder, offload_tasks);
    builder.event_loops.push(event_loop);
    let uses_threads = offload_tasks || builder.workload().offloads_to(OffloadTo::Threads);
    let threads = uses_threads.then(|| ThreadPool::new(builder, offload_workers(builder)));
    let processes = (!offload_tasks && builder.workload().offloads_to(OffloadTo::Processes))
        .then(|| ProcessPool::new(builder, default_workers(builder, OffloadTo::Processes)));

    builder.spend("create", costs.start);
    if processes.is_some() {
        let cost = builder.profile().process_pool.create;
        builder.spend("create", cost);
    }
    builder.run_loop(&event_loop);
    if let Some(pool) = &processes {
        pool.shut_down(builder);
    }
    let stopper = builder.code.label();
    if threads.is_some() {
        builder.on_loop_thread(|builder| stop_executor(builder, stopper));
    }
    builder.spend("shutdown", costs.stop);
    builder.code.push(Op::Exit);

    if let Some(pool) = threads {
        write_stopper(builder, stopper, &pool);
        builder.on_loop_thread(|builder| write_submit(builder, &pool, &event_loop));
        pool.write_worker(builder, |_| {}, Builder::run_item, |_| {});
    }
    if let Some(pool) = processes {
        builder.code.place(event_loop.submit_to(OffloadTo::Processes));
        builder.on_loop_thread(|builder| pool.submit(builder));
        builder.back_to_loop(&event_loop);
        pool.write_programs(builder);
    }
}

pub(super) fn offload_workers(builder: &Builder<'_>) -> u32 {
    let said = builder.tool.offload_workers;
    said.unwrap_or_else(|| default_workers(builder, OffloadTo::Threads))
}

fn default_workers(builder: &Builder<'_>, executor: OffloadTo) -> u32 {
    executor.default_workers(builder.tool.setting.machine.cores)
}

/// `loop.run_in_executor(None, …)`.
pub(super) fn write_submit(builder: &mut Builder<'_>, pool: &ThreadPool, event_loop: &EventLoop) {
    let cost = builder.profile().event_loop.offload;
    builder.code.place(event_loop.submit_to(OffloadTo::Threads));
    builder.spend("submit", cost);
    pool.submit(builder);
    builder.back_to_loop(event_loop);
}

/// `shutdown_default_executor`: a thread of its own joins the executor's threads.
pub(super) fn stop_executor(builder: &mut Builder<'_>, stopper: Label) {
    let cost = builder.profile().event_loop.stop_executor;
    let group = builder.group();
    builder.spend("shutdown", cost);
    builder.start_thread(stopper, group, false);
    builder.join_threads(group);
}

pub(super) fn write_stopper(builder: &mut Builder<'_>, stopper: Label, pool: &ThreadPool) {
    builder.program(stopper);
    builder.boot_thread();
    builder.close(pool.work);
    builder.join_threads(pool.workers);
    builder.exit_thread();
}
