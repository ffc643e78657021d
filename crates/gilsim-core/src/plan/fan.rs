//! Lists of steps that are done at the same time: by coroutines or threads of their own, by other workers of an executor, or
//! one after the other.

use crate::model::Until;

use super::op::Pc;

/// A step that does lists of steps at the same time.
#[derive(Clone, Debug)]
pub struct FanCode {
    /// Until when it waits for them.
    pub until: Until,
    /// The number of each list among those of its task, and where its steps start; none where they are done one after the other.
    pub lists: Vec<(u32, Pc)>,
}

/// What is done with lists of steps.
#[derive(Clone, Copy, Debug)]
pub enum FanOp {
    /// They begin: coroutines are made; others are begun by [`FanOp::Next`].
    Begin,
    /// The thread takes the next list up as its item, to start a thread with it, or to submit it. It goes elsewhere with its own
    /// item when all have been begun.
    Next(Pc),
    /// A list has failed, of those that the thread's task does one after the other.
    Failed,
    /// What has not ended is cancelled where it can be.
    Stop,
    /// Goes elsewhere if there is nothing to wait for.
    IfOver(Pc),
    /// The step is over; goes elsewhere if it fails.
    End(Pc),
    /// A list ends, by whoever does it.
    EndList {
        /// Whether it has failed, or was cancelled.
        failed: bool,
    },
}

impl FanOp {
    pub(super) fn for_each_target(&mut self, mut visit: impl FnMut(&mut Pc)) {
        match self {
            Self::Next(to) | Self::IfOver(to) | Self::End(to) => {
                if *to != Pc::NOWHERE {
                    visit(to);
                }
            }
            Self::Begin | Self::Failed | Self::Stop | Self::EndList { .. } => {}
        }
    }
}
