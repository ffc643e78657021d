//! Parts of a coroutine that executors do.

use std::ops::Range;

use crate::ids::NameId;
use crate::model::OffloadTo;
use crate::plan::{ForCoroutine, Label, Op, TaskOp};
use crate::trace::State;

use super::builder::Builder;
use super::event_loop::EventLoop;

/// Steps of a coroutine that are run by an executor.
pub(super) struct Part {
    pub(super) start: Label,
    pub(super) steps: Range<usize>,
    /// Whether its task ends with them.
    pub(super) last: bool,
}

impl Builder<'_> {
    pub(super) fn write_part(&mut self, entry: usize, part: Part) {
        self.code.place(part.start);
        self.fans.is_offloaded = true;
        let end = |builder: &mut Self, failed| {
            builder.on_tasks(TaskOp::EndPart { last: part.last, failed });
            builder.on_tasks(TaskOp::Return);
        };
        let write = |builder: &mut Self| {
            builder.write_steps_on_thread(entry, part.steps);
            end(builder, false);
        };
        self.write_with_landing(write, |builder| end(builder, true));
        self.fans.is_offloaded = false;
        self.code.step = 0;
    }

    /// The whole task in a thread (`asyncio.to_thread`).
    pub(super) fn offload_task(&mut self, event_loop: &EventLoop, steps: Range<usize>) -> Part {
        let part = Part { start: self.code.label(), steps, last: true };
        let row = (State::Queued, NameId::EMPTY);
        self.offload(event_loop, OffloadTo::Threads, &part, row);
        self.suspend(ForCoroutine::Result, None);
        part
    }

    pub(super) fn offload(
        &mut self,
        on: &EventLoop,
        to: OffloadTo,
        part: &Part,
        row: (State, NameId),
    ) {
        let (submit, part) = (on.submit_to(to).target(), part.start.target());
        self.code.push(Op::Offload { submit, part, row });
    }
}
