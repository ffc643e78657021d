//! One task after the other on the main thread.

use crate::plan::Op;

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, one_task};

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "sequential",
    since: None,
    carrier: Carrier::Thread,
    carriers: Carriers::One,
    has_loop: false,
    takes: &[],
    default_workers: |_| 1,
    default_chunk: one_task,
    does: |_| "one task after the other, on the main thread".to_owned(),
    done_by: |_| "one after the other".to_owned(),
    write,
};

pub(super) fn write(builder: &mut Builder<'_>) {
    builder.for_each_arrival(1, Builder::run_item);
    builder.code.push(Op::Exit);
}
