//! Steps that fail or run out of time, and where their task goes on then.

use crate::ids::{NameId, SemaphoreId, SiteId};
use crate::plan::{Label, Op, Pc, TaskOp, TryOp};
use crate::time::SimDuration;
use crate::workload::{Action, Length, Step};

use super::builder::Builder;

/// Where steps go on that fail: those of an attempt, or of a whole task.
pub(super) struct Landing {
    /// Where they go, by what they hold then. It is given back there.
    pads: Vec<(Vec<SemaphoreId>, Label)>,
    /// What the steps hold that are written next.
    held: Vec<SemaphoreId>,
    /// Whether they are part of an attempt, which gives back what it has taken.
    gives_back: bool,
    /// Whether they may take only so long.
    is_timed: bool,
}

impl Landing {
    pub(super) const fn new(gives_back: bool, is_timed: bool) -> Self {
        Self { pads: Vec::new(), held: Vec::new(), gives_back, is_timed }
    }
}

/// A `try` whose steps are being written.
pub(super) struct OpenTry {
    /// Behind all of it.
    after: Label,
    /// What an attempt that succeeds leaves taken.
    left: Vec<SemaphoreId>,
}

impl Builder<'_> {
    /// Writes steps that may fail, then what their task does when they have failed; nothing where they cannot. The steps
    /// themselves go on behind that.
    pub(super) fn write_with_landing(
        &mut self,
        steps: impl FnOnce(&mut Self),
        failed: impl FnOnce(&mut Self),
    ) {
        self.landings.push(Landing::new(false, false));
        steps(self);
        if self.land(false) {
            failed(self);
        }
    }

    /// From here on steps hold something: it is given back where one fails.
    pub(super) fn begin_to_hold(&mut self) {
        let gives_back = self.landings.last().is_some_and(|landing| landing.gives_back);
        self.landings.push(Landing::new(gives_back, false));
    }

    /// They do no more: it is given back, and where one has failed, their task fails then.
    pub(super) fn end_to_hold(&mut self, on_loop: bool, give_back: impl Fn(&mut Self)) {
        give_back(self);
        let sound = self.code.label();
        self.code.push(Op::Jump(sound.target()));
        if self.land(on_loop) {
            give_back(self);
            self.fail();
        }
        self.code.place(sound);
    }

    /// Ends the innermost landing: whoever gets there has given back what it held. Returns whether anybody may.
    pub(super) fn land(&mut self, on_loop: bool) -> bool {
        let landing = self.landings.pop().expect("a landing ends that has begun");
        let base = self.code.label();
        for (held, pad) in &landing.pads {
            self.code.place(*pad);
            for semaphore in held.iter().rev() {
                self.write_release(*semaphore, on_loop);
            }
            self.code.push(Op::Jump(base.target()));
        }
        self.code.place(base);
        !landing.pads.is_empty()
    }

    /// Where steps go that fail at this place.
    pub(super) fn pad(&mut self) -> Label {
        let landing = self.landings.last().expect("steps are written with a landing");
        if let Some((_, label)) = landing.pads.iter().find(|(held, _)| *held == landing.held) {
            return *label;
        }
        let label = self.code.label();
        let landing = self.landings.last_mut().expect("it was there");
        landing.pads.push((landing.held.clone(), label));
        label
    }

    /// Where a wait goes on at this place that is given up because time is over, if it may be.
    pub(super) fn late(&mut self) -> Option<Label> {
        let may_be = !self.is_kept && self.is_timed();
        may_be.then(|| self.pad())
    }

    /// Whether the steps that are written next may take only so long.
    pub(super) fn is_timed(&self) -> bool {
        self.landings.iter().any(|landing| landing.is_timed)
    }

    /// Writes steps that nobody gives up, whatever the time.
    pub(super) fn kept_on(&mut self, steps: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.is_kept, true);
        steps(self);
        self.is_kept = outer;
    }

    /// The step fails.
    pub(super) fn fail(&mut self) {
        let pad = self.pad();
        self.code.push(Op::Jump(pad.target()));
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
        if steps.iter().any(|step| step.action.may_fail()) {
            let pad = self.pad();
            self.on_tasks(TaskOp::IfPartFailed(pad.target()));
        }
    }

    /// A permit is taken: an attempt that fails gives it back.
    pub(super) fn hold(&mut self, semaphore: SemaphoreId) {
        if let Some(landing) = self.landings.last_mut().filter(|landing| landing.gives_back) {
            landing.held.push(semaphore);
        }
    }

    /// A permit is given back.
    pub(super) fn hold_no_longer(&mut self, semaphore: SemaphoreId) {
        for landing in self.landings.iter_mut().rev() {
            if let Some(at) = landing.held.iter().rposition(|held| *held == semaphore) {
                landing.held.remove(at);
                return;
            }
        }
    }

    fn on_try(&mut self, op: TryOp) {
        self.code.push(Op::OnTry(op));
    }

    /// A `try` begins.
    pub(super) fn begin_try(&mut self) {
        let after = self.code.label();
        self.tries.push(OpenTry { after, left: Vec::new() });
    }

    /// An attempt begins that may take so long.
    pub(super) fn begin_attempt(&mut self, timeout: Option<SimDuration>, on_loop: bool) {
        if let Some(timeout) = timeout {
            if on_loop {
                self.plan.limits_coroutines = true;
                self.spend_on_step(self.profile().event_loop.timer_set);
            }
            self.on_try(TryOp::Begin(timeout));
        }
        self.landings.push(Landing::new(true, timeout.is_some()));
    }

    /// An attempt has succeeded; what is written next is done where it has failed.
    pub(super) fn end_attempt(&mut self, on_loop: bool) {
        let landing = self.landings.last().expect("an attempt has a landing");
        let (left, is_timed) = (landing.held.clone(), landing.is_timed);
        if is_timed {
            self.on_try(TryOp::End);
        }
        let open = self.tries.last_mut().expect("an attempt is part of a try");
        open.left = left;
        let after = open.after.target();
        self.code.push(Op::Jump(after));
        if !self.land(on_loop) {
            return;
        }
        let outer = if self.is_timed() { self.pad().target() } else { Pc::NOWHERE };
        if is_timed {
            self.on_try(TryOp::Leave(outer));
        } else if outer != Pc::NOWHERE {
            self.on_try(TryOp::IfOutOfTime(outer));
        }
    }

    pub(super) fn retry(&mut self) {
        self.on_try(TryOp::Retry);
    }

    /// A `try` ends, whose last attempt has failed where the task comes here.
    pub(super) fn end_try(&mut self, fails: bool) {
        let open = self.tries.pop().expect("a try ends that has begun");
        if fails {
            self.fail();
            // What it leaves taken is the business of an attempt around it.
            open.left.iter().for_each(|semaphore| self.hold(*semaphore));
        }
        self.code.place(open.after);
    }

    /// The marks of a `try`.
    pub(super) fn write_mark(&mut self, action: Action, on_loop: bool) {
        match action {
            Action::AttemptsBegin => self.begin_try(),
            Action::AttemptBegin(timeout) => self.begin_attempt(timeout, on_loop),
            Action::AttemptEnd => self.end_attempt(on_loop),
            Action::Retry => self.retry(),
            Action::AttemptsEnd { fails } => self.end_try(fails),
            other => unreachable!("{other:?} is no mark of a try"),
        }
    }

    /// Sleeps; where that would take all the time that is left, for as long as that, and gives up.
    pub(super) fn sleep_in_time(&mut self, length: Length, name: NameId, given_up: Option<Label>) {
        let Some(given_up) = given_up else { return self.sleep(length, name) };
        let (too_long, slept) = (self.code.label(), self.code.label());
        self.code.push(Op::OnTry(TryOp::IfTooLong(length, too_long.target())));
        self.sleep(length, name);
        self.code.push(Op::Jump(slept.target()));
        self.code.place(too_long);
        self.unlocked(|builder| builder.code.push(Op::OnTry(TryOp::SleepUntilLate(name))));
        self.code.push(Op::Jump(given_up.target()));
        self.code.place(slept);
    }

    /// Where a request may be given up, from there on its connection is free, and the attempt fails.
    pub(super) fn give_up_request(
        &mut self,
        connection: Option<SiteId>,
        ends: Option<(Label, Label)>,
    ) {
        let Some((given_up, late)) = ends else { return };
        let answered = self.code.label();
        self.code.push(Op::Jump(answered.target()));
        self.code.place(given_up);
        self.disconnect(connection);
        self.code.push(Op::Jump(late.target()));
        self.code.place(answered);
    }
}
