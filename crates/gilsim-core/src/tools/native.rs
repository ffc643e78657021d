//! Computations of several native threads, and those that share something, in instructions.

use crate::ids::ComputationId;
use crate::plan::{Label, Op, SharingOp, TeamOp};
use crate::workload::Length;

use super::builder::Builder;

impl Builder<'_> {
    /// The program of native threads, if any computation has some: no instruction of it takes the interpreter lock.
    pub(super) fn write_native(&mut self) -> Option<Label> {
        let computations = (0..self.plan.computations.len()).map(ComputationId::at);
        let has_teams = computations.into_iter().any(|it| self.plan.has_team(it));
        has_teams.then(|| {
            let rest = self.code.here();
            self.on_team(TeamOp::Rest);
            let next = self.code.here();
            self.on_team(TeamOp::Work);
            self.on_team(TeamOp::Meet);
            self.on_team(TeamOp::IfMore(next.target()));
            self.code.push(Op::Jump(rest.target()));
            rest
        })
    }

    fn on_team(&mut self, op: TeamOp) {
        self.code.push(Op::OnTeam(op));
    }

    /// A thread computes with native threads of its own, without the interpreter lock.
    pub(super) fn compute_in_team(&mut self, computation: ComputationId, length: Length) {
        let native = self.native.expect("native threads have a program").target();
        self.unlocked(|builder| {
            builder.on_team(TeamOp::Begin { computation, length, native });
            let next = builder.code.here();
            builder.on_team(TeamOp::Work);
            builder.on_team(TeamOp::Meet);
            builder.on_team(TeamOp::IfMore(next.target()));
        });
    }

    /// A thread computes in pieces, for others get in its way.
    pub(super) fn compute_with_others(&mut self, computation: ComputationId, length: Length) {
        let on_shared = |builder: &mut Self, op| builder.code.push(Op::OnShared(op));
        on_shared(self, SharingOp::Begin(computation, length));
        let next = self.code.here();
        on_shared(self, SharingOp::Work);
        on_shared(self, SharingOp::Contend);
        on_shared(self, SharingOp::IfMore(next.target()));
    }
}
