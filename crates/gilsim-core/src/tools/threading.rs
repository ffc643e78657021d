//! `threading`: the main thread starts a thread per task as it arrives, then joins them all.

use crate::plan::Op;

use super::builder::Builder;

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
}
