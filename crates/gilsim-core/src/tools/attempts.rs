//! Steps that fail, and where their task goes on then.

use crate::plan::{Label, Op, TaskOp};
use crate::workload::{Length, Step};

use super::builder::Builder;

/// Where steps go on that fail.
#[derive(Clone, Copy)]
pub(super) struct Landing {
    /// Nothing is placed there unless it is used.
    label: Option<Label>,
    is_used: bool,
}

impl Landing {
    /// None: nothing that can fail is written.
    pub(super) const NONE: Self = Self { label: None, is_used: false };
}

impl Builder<'_> {
    /// Writes steps that may fail, then what their task does when they have failed; nothing where they cannot. The steps
    /// themselves go on behind that.
    pub(super) fn write_with_landing(
        &mut self,
        steps: impl FnOnce(&mut Self),
        failed: impl FnOnce(&mut Self),
    ) {
        let label = Some(self.code.label());
        let outer = std::mem::replace(&mut self.landing, Landing { label, is_used: false });
        steps(self);
        let landing = std::mem::replace(&mut self.landing, outer);
        if let Some(label) = landing.label.filter(|_| landing.is_used) {
            self.code.place(label);
            failed(self);
        }
    }

    /// From here on steps hold something: it is given back where one fails.
    pub(super) fn begin_to_hold(&mut self) {
        let label = Some(self.code.label());
        let outer = std::mem::replace(&mut self.landing, Landing { label, is_used: false });
        self.outer_landings.push(outer);
    }

    /// They do no more: it is given back, and where one has failed, their task fails then.
    pub(super) fn end_to_hold(&mut self, give_back: impl Fn(&mut Self)) {
        give_back(self);
        let outer = self.outer_landings.pop().expect("what ends has begun");
        let landing = std::mem::replace(&mut self.landing, outer);
        if let Some(label) = landing.label.filter(|_| landing.is_used) {
            let sound = self.code.label();
            self.code.push(Op::Jump(sound.target()));
            self.code.place(label);
            give_back(self);
            self.fail();
            self.code.place(sound);
        }
    }

    /// The step fails.
    pub(super) fn fail(&mut self) {
        self.landing.is_used = true;
        let landing = self.landing.label.expect("steps are written with a landing");
        self.code.push(Op::Jump(landing.target()));
    }

    /// The step fails for tasks whose length in that column is not zero.
    pub(super) fn fail_if(&mut self, column: u32) {
        let sound = self.code.label();
        self.code.push(Op::IfZero(Length::Drawn(column), sound.target()));
        self.fail();
        self.code.place(sound);
    }

    /// A coroutine fails if the executor has failed to do such steps for it.
    pub(super) fn fail_with_part(&mut self, steps: &[Step]) {
        if !steps.iter().any(|step| step.action.may_fail()) {
            return;
        }
        let (failed, sound) = (self.code.label(), self.code.label());
        self.on_tasks(TaskOp::IfPartFailed(failed.target()));
        self.code.push(Op::Jump(sound.target()));
        self.code.place(failed);
        self.fail();
        self.code.place(sound);
    }
}
