//! `multiprocessing.Process`: the main process starts a process per task as it arrives, then joins
//! them all.

use crate::plan::Op;

use super::builder::Builder;

pub(super) fn write(builder: &mut Builder<'_>) {
    let body = builder.code.label();
    let group = builder.group();
    builder.for_each_arrival(1, |builder| builder.start_process(body, group, true));
    builder.join_processes(group);
    builder.code.push(Op::Exit);

    builder.program(body);
    builder.boot_process();
    builder.run_item();
    builder.exit_process();
}
