//! One task after the other on the main thread.

use crate::plan::Op;

use super::builder::Builder;

pub(super) fn write(builder: &mut Builder<'_>) {
    builder.for_each_arrival(1, Builder::run_item);
    builder.code.push(Op::Exit);
}
