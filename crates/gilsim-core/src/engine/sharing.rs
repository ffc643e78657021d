//! Computations that touch something that all threads of a process touch, in builds without an interpreter lock: what
//! they do with it goes one by one, and what another core had last comes late (docs/semantics.md, "Sharing objects").

use std::collections::BTreeMap;

use crate::ids::{ComputationId, ThreadId};
use crate::model::LockMode;
use crate::plan::SharingOp;
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::thread::Burst;
use super::{Engine, Flow};

/// A computation looks so often how many others there are.
const PIECE: SimDuration = SimDuration::from_millis(1);

/// The threads that do such computations.
#[derive(Default, Debug)]
pub(super) struct Sharing {
    at_work: BTreeMap<ThreadId, Pieces>,
}

/// What is left of a computation, and the piece that is being done.
#[derive(Clone, Copy, Debug)]
struct Pieces {
    computation: ComputationId,
    left: SimDuration,
    piece: SimDuration,
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    pub(super) fn run_sharing_op(&mut self, thread: ThreadId, op: SharingOp) -> Flow {
        match op {
            SharingOp::Begin(computation, length) => {
                let left = self.plan.compute(self.length(thread, length));
                let piece = SimDuration::ZERO;
                let pieces = Pieces { computation, left, piece };
                self.sharing.at_work.insert(thread, pieces);
                Flow::Go
            }
            SharingOp::Work => self.work_on_piece(thread),
            SharingOp::Contend => self.contend(thread),
            SharingOp::IfMore(again) => {
                let is_over = self.pieces(thread).left.is_zero();
                if is_over {
                    self.sharing.at_work.remove(&thread);
                }
                Flow::jump_if(!is_over, again)
            }
        }
    }

    fn pieces(&mut self, thread: ThreadId) -> &mut Pieces {
        self.sharing.at_work.get_mut(&thread).expect("a computation has begun")
    }

    fn work_on_piece(&mut self, thread: ThreadId) -> Flow {
        let pieces = self.pieces(thread);
        let left = pieces.left.min(PIECE);
        (pieces.left, pieces.piece) = (pieces.left - left, left);
        let computation = pieces.computation;
        let (name, lock) = self.plan.computations[computation.index()];
        let state = if lock == LockMode::Released { State::Native } else { State::Running };
        self.work(thread, Burst { left, state, lock, name })
    }

    /// What the piece took longer because of others.
    fn contend(&mut self, thread: ThreadId) -> Flow {
        let Pieces { computation, piece, .. } = *self.pieces(thread);
        let process = self.thread(thread).process;
        let at_work = self.sharing.at_work.keys();
        let others = at_work.filter(|it| self.thread(**it).process == process).count();
        let threads = (others as u64).min(u64::from(self.plan.machine.cores));
        let permille = self.plan.contention(computation, threads);
        let (left, state, lock) =
            (piece.scaled(permille, 1_000), State::Overhead, LockMode::Released);
        self.work(thread, Burst { left, state, lock, name: self.names.contention })
    }
}
