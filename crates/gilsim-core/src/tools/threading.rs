//! `threading`: the main thread starts a thread per task as it arrives, then joins them all.

use crate::plan::{Group, Label, Op, TaskOp};

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, one_task};
use super::fans::FanOut;

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "threading",
    since: None,
    carrier: Carrier::Thread,
    carriers: Carriers::OnePerTask,
    has_loop: false,
    takes: &[],
    default_workers: |_| 1,
    default_chunk: one_task,
    does: |_| "a thread for each task".to_owned(),
    done_by: |_| "a thread for each".to_owned(),
    write,
};

pub(super) fn write(builder: &mut Builder<'_>) {
    let body = builder.code.label();
    let group = builder.group();
    builder.for_each_arrival(1, |builder| builder.start_thread(body, group, true));
    builder.join_threads(group);
    builder.code.push(Op::Exit);

    builder.program(body);
    builder.boot_thread();
    builder.run_item();
    builder.exit_thread();
    if builder.workload().fans_out() {
        write_list_thread(builder, group);
    }
}

/// The thread of a list of steps that a task does at the same time as others. The main thread joins it with those of tasks.
fn write_list_thread(builder: &mut Builder<'_>, group: Group) {
    let body: Label = builder.code.label();
    builder.fans.by_threads = FanOut::Threads(body, group);
    builder.program(body);
    builder.boot_thread();
    builder.run_item();
    builder.on_tasks(TaskOp::Deliver);
    builder.exit_thread();
}
