//! The instructions of programs: those that a tool's threads run, the event loop's, and the steps of tasks.
//!
//! A thread holds its lock, but where a program gives it up: it does so before it waits, and takes it back after that.

use crate::ids::{
    BarrierId, ChannelId, ComputationId, EventLoopId, ExecutorId, FanId, FlagId, ItemCostId,
    LimiterId, NameId, SemaphoreId, SiteId,
};
use crate::model::LockMode;
use crate::time::SimDuration;
use crate::trace::State;
use crate::workload::Length;

use super::fan::FanOp;
use super::wait::{ForCoroutine, ForThread, Thing, Wait};

/// An operation, what is done next, and whose step it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// What is done.
    pub op: Op,
    /// What is done next, unless `op` says otherwise: jumps are followed once and for all.
    pub next: Pc,
    /// The number of the leaf step that it belongs to; 0 in programs of the tool.
    pub step: u32,
}

/// A position in the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pc(pub u32);

impl Pc {
    /// No position.
    pub const NOWHERE: Self = Self(u32::MAX);
}

/// Threads that are joined together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Group(pub u8);

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// The thread gives its lock up. Where it was asked to, it goes on when somebody has taken the lock.
    Unlock,
    /// The thread takes its lock back, waiting for it.
    Relock,

    /// Bookkeeping on a core.
    Spend {
        /// How long.
        length: SimDuration,
        /// What kind.
        name: NameId,
        /// What it does with the lock.
        lock: LockMode,
    },
    /// Bookkeeping that grows with the item at hand.
    SpendOnItem(ItemCostId),
    /// A computation of the thread's task.
    Compute {
        /// How long, before the build makes it longer.
        length: Length,
        /// Which one; Python code has no name.
        name: NameId,
        /// What it does with the lock.
        lock: LockMode,
    },
    /// The thread, without its lock, sleeps for its task.
    Sleep {
        /// How long; no time is `time.sleep(0)`.
        length: Length,
        /// For whose answer.
        name: NameId,
    },

    /// The thread, without its lock, waits. What is there already ends the wait at once.
    Block(Wait<ForThread>),
    /// The thread's coroutine waits, and the loop goes on with its next handle.
    Suspend(Wait<ForCoroutine>),
    /// The thread's coroutine is to be resumed after that time.
    SetTimer(Length),
    /// Takes a thing if it is there.
    TryObtain {
        /// What.
        thing: Thing,
        /// Whether those who wait for it already go first.
        in_line: bool,
        /// Where to go with it.
        obtained: Pc,
    },
    /// A coroutine that was handed a thing while it waited runs again: from now on newcomers need not queue up behind it.
    ServedRuns(Thing),
    /// Gives a permit back.
    Release(SemaphoreId),
    /// Ends a request to a site; the first in line has the connection next.
    Disconnect(SiteId),

    /// Something done with a site whose connections take time, or that slows down under load.
    OnSite(SiteId, SiteOp),
    /// Sets an event.
    Set(FlagId),
    /// Something done at a barrier.
    OnBarrier(BarrierId, BarrierOp),
    /// Something done at a limiter.
    OnLimiter(LimiterId, LimiterOp),

    /// Something done with a channel.
    OnChannel(ChannelId, ChannelOp),
    /// Something done with the tasks of the run, or with those of the item at hand.
    OnTasks(TaskOp),

    /// Starts a thread.
    StartThread(Start),
    /// Starts a process, whose thread has a lock of its own.
    StartProcess(Start),
    /// Sets the started event that the parent waits for.
    Started,
    /// Joins the next thread of a group, in order of birth.
    Join {
        /// The group.
        group: Group,
        /// CPU time for each.
        each: SimDuration,
        /// Where to go when it still lives.
        alive: Pc,
        /// Where to go when all have been joined.
        all: Pc,
    },
    /// Goes on only in the first thread that comes here.
    Once {
        /// Which once.
        flag: u8,
        /// Where the others go.
        again: Pc,
    },
    /// From here on the thread, which holds no lock, runs under a lock of its own (a subinterpreter's).
    EnterInterpreter,
    /// From here on the thread, which holds no lock, runs under its process's lock again.
    LeaveInterpreter,
    /// Goes on if the executor wants another worker.
    Grow {
        /// The executor.
        executor: ExecutorId,
        /// Where to go when it does not.
        enough: Pc,
    },
    /// Notes that a worker of the executor is idle.
    Idle(ExecutorId),

    /// Something that the thread of an event loop does.
    OnLoop(EventLoopId, LoopOp),
    /// The coroutine's next steps are done by an executor. It stands at the next instruction, a wait, when they are.
    Offload {
        /// Where the program starts that submits the item at hand.
        submit: Pc,
        /// Where the steps start.
        part: Pc,
        /// What the coroutine does meanwhile.
        row: (State, NameId),
    },

    /// Something done with lists of steps that are done at the same time.
    OnFan(FanId, FanOp),
    /// Something done with the attempts that the task of the thread is at.
    OnTry(TryOp),
    /// Something done in a computation of several native threads.
    OnTeam(TeamOp),
    /// Something done in a computation that shares something, without the interpreter lock.
    OnShared(SharingOp),

    /// Goes elsewhere if a length of the thread's task is zero.
    IfZero(Length, Pc),
    /// Goes on elsewhere.
    Jump(Pc),
    /// The thread gives its lock up for good, and whoever joins it is told that it has ended.
    End,
    /// The thread is gone, and has ended if it had not before.
    Exit,
}

/// What is done with a site.
#[derive(Clone, Copy, Debug)]
pub enum SiteOp {
    /// Takes a connection that was kept, and goes elsewhere with it, if there is one.
    TakeKept(Pc),
    /// Keeps the connection for the next request.
    Keep,
    /// The thread, without its lock, sleeps for its task until the site answers.
    Sleep(Length),
    /// The thread's coroutine is to be resumed when the site answers.
    SetTimer(Length),
}

/// What is done at a barrier.
#[derive(Clone, Copy, Debug)]
pub enum BarrierOp {
    /// The thread, or its coroutine, comes to it. Goes elsewhere with the last one, who need not wait.
    Meet {
        /// Whether a coroutine does.
        as_coroutine: bool,
        /// Where the last one goes on.
        met: Pc,
        /// Where it goes if the barrier is broken.
        broken: Pc,
    },
    /// Breaks it: all who wait there give up.
    Break,
}

/// What the thread's task does at a limiter.
#[derive(Clone, Copy, Debug)]
pub enum LimiterOp {
    /// Takes a token that is there or will be. Goes elsewhere with one that is there.
    Take(Pc),
    /// The thread, without its lock, sleeps until the token is there that its task has taken.
    Sleep,
    /// The thread's coroutine is to be resumed then.
    SetTimer,
}

/// What is done with a channel.
#[derive(Clone, Copy, Debug)]
pub enum ChannelOp {
    /// Puts the item at hand into a channel.
    Put,
    /// Puts it in only if somebody waits for it, or fewer than `room` items wait; goes elsewhere if not.
    PutWithin {
        /// The most items that wait.
        room: u32,
        /// Where to go when it is full.
        full: Pc,
    },
    /// Tells whoever takes from a channel to look up, without an item.
    Nudge,
    /// Forgets one nudge of a channel; goes elsewhere if nobody nudged.
    Drain(Pc),
    /// Looks whether a channel has something: a system call, without the lock.
    Poll {
        /// How long the call takes if it has.
        length: SimDuration,
        /// What kind of bookkeeping.
        name: NameId,
        /// Where to go if it has nothing.
        nothing: Pc,
    },
    /// Takes an item from a channel, if there is one or never will be.
    Take {
        /// Where to go with an item.
        taken: Pc,
        /// Where to go when it is empty and was nudged.
        nudged: Pc,
        /// Where to go when it is empty and closed.
        closed: Pc,
    },
    /// Takes an item from a channel; goes elsewhere if there is none.
    TryTake(Pc),
    /// Nothing more will be put into a channel; its takers leave one after the other.
    Close,
    /// Goes on at the first time, and elsewhere from then on.
    Once(Pc),
}

/// What is done with attempts. Those that may take only so long are counted, the outermost first; others need no record.
#[derive(Clone, Copy, Debug)]
pub enum TryOp {
    /// An attempt begins that may take so long.
    Begin(SimDuration),
    /// It has succeeded.
    End,
    /// It has failed, or who was at it has given up; goes elsewhere if the time of one further out is over.
    Leave(Pc),
    /// Goes elsewhere if who was at an attempt has given up: the time of one further out is over.
    IfOutOfTime(Pc),
    /// There is another attempt.
    Retry,
    /// Goes elsewhere if there is not more time left than that.
    IfTooLong(Length, Pc),
    /// The thread, without its lock, sleeps for its task for as long as there is time, on that site.
    SleepUntilLate(NameId),
}

/// What is done in a computation of several native threads.
#[derive(Clone, Copy, Debug)]
pub enum TeamOp {
    /// The thread begins a computation, with native threads of its own.
    Begin {
        /// Which one.
        computation: ComputationId,
        /// How long, before the build makes it longer.
        length: Length,
        /// The program of native threads.
        native: Pc,
    },
    /// The thread, which may be a native one, does its piece of a region.
    Work,
    /// It waits until all have done theirs.
    Meet,
    /// Goes elsewhere if there is another region that it takes part in.
    IfMore(Pc),
    /// A native thread sleeps until there is something to do.
    Rest,
}

/// What is done in a computation that shares something with other threads.
#[derive(Clone, Copy, Debug)]
pub enum SharingOp {
    /// It begins; so long, before the build makes it longer.
    Begin(ComputationId, Length),
    /// A piece of it is done.
    Work,
    /// What that took longer because of others.
    Contend,
    /// Goes elsewhere if something is left of it.
    IfMore(Pc),
}

/// What is done with tasks.
#[derive(Clone, Copy, Debug)]
pub enum TaskOp {
    /// Takes the next tasks to arrive as the item at hand: up to `chunk` that arrive at one instant.
    NextArrival {
        /// The most tasks of an item.
        chunk: u32,
        /// Where to go when none has arrived yet.
        early: Pc,
        /// Where to go when no task is left.
        none: Pc,
    },
    /// The thread, without its lock, sleeps until the next task arrives.
    SleepUntilArrival,
    /// Runs the next task of the item at hand, and comes back here; goes on when none is left.
    RunItem,
    /// The thread has done all steps of its task.
    EndTask,
    /// The task of the thread has failed.
    FailTask,
    /// The tasks of the item at hand fail before they begin: nobody accepts them.
    Refuse,
    /// Event loops may accept the task of the item at hand; goes elsewhere if none polls and `room` tasks wait.
    Offer {
        /// The most tasks that wait.
        room: u32,
        /// Where to go when it is full.
        full: Pc,
    },
    /// Nothing more comes for event loops to accept.
    CloseListener,
    /// Goes back to where the task was begun.
    Return,
    /// The thread has done those steps of a coroutine that were offloaded.
    EndPart {
        /// Whether they were its last ones.
        last: bool,
        /// Whether they have failed.
        failed: bool,
    },
    /// Goes elsewhere if the steps that the thread's coroutine offloaded last have failed.
    IfPartFailed(Pc),
    /// Hands the results of the item at hand to whoever waits for them.
    Deliver,
    /// Collects the results that are there, in order of arrival.
    Collect {
        /// CPU time for those of an item.
        cost: ItemCostId,
        /// The most tasks of an item.
        chunk: u32,
        /// Where to go when the next one is not there.
        none: Pc,
        /// Where to go when all have been collected.
        all: Pc,
    },
    /// Jumps if the results of all tasks are there.
    IfAllDelivered(Pc),
}

/// What the thread of an event loop does.
#[derive(Clone, Copy, Debug)]
pub enum LoopOp {
    /// `gather`: each coroutine is to take its first step.
    Gather,
    /// It serves from now on: its coroutines are what it accepts.
    Listen,
    /// Goes elsewhere once the main coroutine has ended.
    IfOver(Pc),
    /// Prepares the poll: for how long it may wait. Goes elsewhere if there is something to do already.
    Look(Pc),
    /// Waits until the next timer is due or another thread writes to the self-pipe.
    Poll,
    /// Takes the timers that are due, and fixes how many handles this iteration runs.
    CollectTimers,
    /// Takes the next handle of the iteration, and pays for it; goes elsewhere if there is none left.
    NextHandle(Pc),
    /// Runs the handle at hand; a coroutine goes on where it stands.
    RunHandle,
    /// A coroutine's first step. If its task has not arrived yet, it stands at the next instruction, a wait, until then.
    Arrive(Pc),
    /// A coroutine ends, and `gather` hears of it.
    Leave,
}

/// A thread or process to start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Its program.
    pub program: Pc,
    /// Who is joined with it.
    pub group: Group,
    /// Whether it gets the item at hand, whose first task is from then on its task.
    pub with_item: bool,
}

impl Op {
    /// Visits each place that the instruction may lead to, but for the next one.
    pub(super) fn for_each_target(&mut self, mut visit: impl FnMut(&mut Pc)) {
        match self {
            Self::Block(Wait { ends, .. }) | Self::Suspend(Wait { ends, .. }) => {
                visit(&mut ends.done);
                visit(&mut ends.again);
                if ends.may_be_late() {
                    visit(&mut ends.late);
                }
            }
            Self::OnChannel(_, op) => op.for_each_target(visit),
            Self::OnTasks(op) => op.for_each_target(visit),
            Self::OnTry(op) => op.for_each_target(visit),
            Self::OnFan(_, op) => op.for_each_target(visit),
            Self::OnLoop(_, op) => op.for_each_target(visit),
            Self::Join { alive: one, all: other, .. }
            | Self::OnBarrier(_, BarrierOp::Meet { met: one, broken: other, .. })
            | Self::Offload { submit: one, part: other, .. } => {
                visit(one);
                visit(other);
            }
            Self::StartThread(Start { program: to, .. })
            | Self::StartProcess(Start { program: to, .. })
            | Self::TryObtain { obtained: to, .. }
            | Self::OnSite(_, SiteOp::TakeKept(to))
            | Self::OnLimiter(_, LimiterOp::Take(to))
            | Self::Once { again: to, .. }
            | Self::Grow { enough: to, .. }
            | Self::IfZero(_, to)
            | Self::OnTeam(TeamOp::Begin { native: to, .. } | TeamOp::IfMore(to))
            | Self::OnShared(SharingOp::IfMore(to))
            | Self::Jump(to) => visit(to),
            Self::Unlock
            | Self::Relock
            | Self::Spend { .. }
            | Self::SpendOnItem(_)
            | Self::Compute { .. }
            | Self::Sleep { .. }
            | Self::SetTimer(_)
            | Self::ServedRuns(_)
            | Self::OnBarrier(_, BarrierOp::Break)
            | Self::Release(_)
            | Self::Disconnect(_)
            | Self::OnSite(..)
            | Self::OnTeam(_)
            | Self::OnShared(_)
            | Self::Set(_)
            | Self::OnLimiter(..)
            | Self::Started
            | Self::EnterInterpreter
            | Self::LeaveInterpreter
            | Self::Idle(_)
            | Self::End
            | Self::Exit => {}
        }
    }
}

impl ChannelOp {
    fn for_each_target(&mut self, mut visit: impl FnMut(&mut Pc)) {
        match self {
            Self::Take { taken, nudged, closed } => {
                visit(taken);
                visit(nudged);
                visit(closed);
            }
            Self::Drain(to)
            | Self::PutWithin { full: to, .. }
            | Self::Poll { nothing: to, .. }
            | Self::TryTake(to)
            | Self::Once(to) => visit(to),
            Self::Put | Self::Nudge | Self::Close => {}
        }
    }
}

impl TaskOp {
    fn for_each_target(&mut self, mut visit: impl FnMut(&mut Pc)) {
        match self {
            Self::NextArrival { early: one, none: other, .. }
            | Self::Collect { none: one, all: other, .. } => {
                visit(one);
                visit(other);
            }
            Self::IfAllDelivered(to) | Self::IfPartFailed(to) | Self::Offer { full: to, .. } => {
                visit(to);
            }
            Self::SleepUntilArrival
            | Self::RunItem
            | Self::EndTask
            | Self::FailTask
            | Self::Refuse
            | Self::CloseListener
            | Self::Return
            | Self::EndPart { .. }
            | Self::Deliver => {}
        }
    }
}

impl TryOp {
    fn for_each_target(&mut self, mut visit: impl FnMut(&mut Pc)) {
        match self {
            Self::Leave(to) | Self::IfOutOfTime(to) | Self::IfTooLong(_, to) => {
                if *to != Pc::NOWHERE {
                    visit(to);
                }
            }
            Self::Begin(_) | Self::End | Self::Retry | Self::SleepUntilLate(_) => {}
        }
    }
}

impl LoopOp {
    fn for_each_target(&mut self, mut visit: impl FnMut(&mut Pc)) {
        match self {
            Self::IfOver(to) | Self::Look(to) | Self::NextHandle(to) | Self::Arrive(to) => {
                visit(to);
            }
            Self::Gather
            | Self::Listen
            | Self::Poll
            | Self::CollectTimers
            | Self::RunHandle
            | Self::Leave => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_small_for_a_script_may_have_millions() {
        assert!(size_of::<Instruction>() <= 40, "{} bytes", size_of::<Instruction>());
    }
}
