//! `multiprocessing.Process`: the main process starts a process per task as it arrives, then joins
//! them all.

use crate::plan::Op;

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, one_task};

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "multiprocessing",
    since: None,
    carrier: Carrier::Process,
    carriers: Carriers::OnePerTask,
    has_loop: false,
    takes: &[OwnKey::Start, OwnKey::WorkerInit],
    default_workers: |_| 1,
    default_chunk: one_task,
    does: |run| format!("a process for each task, started by {}", run.start.name()),
    done_by: |run| format!("a process for each ({})", run.start.name()),
    write,
};

pub(super) fn write(builder: &mut Builder<'_>) {
    let body = builder.code.label();
    let group = builder.group();
    builder.for_each_arrival(1, |builder| builder.start_process(body, group, true));
    builder.join_processes(group);
    builder.code.push(Op::Exit);

    builder.program(body);
    builder.boot_process();
    builder.init_worker();
    builder.run_item();
    builder.exit_process();
}
