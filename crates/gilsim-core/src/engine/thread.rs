//! An OS thread: where it stands in its program, and what it is doing.

use crate::ids::{CoreId, LockId, Maybe, NameId, ProcessId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::{Group, Pc};
use crate::time::{SimDuration, SimTime};
use crate::trace::State;

/// An OS thread: 128 bytes, for there may be millions.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Thread {
    pub(super) process: ProcessId,
    pub(super) group: Group,
    /// The lock it runs under now.
    pub(super) lock: Maybe<LockId>,
    pub(super) holds: bool,

    /// Where it goes on; while it is blocked at a `Block`, that instruction.
    pub(super) pc: Pc,
    /// The leaf step that its instruction belongs to.
    pub(super) step: u32,
    /// Where it goes back to when it has done its task.
    pub(super) back: Pc,
    pub(super) item: Item,
    /// How many tasks of the item it has done.
    pub(super) done: u32,
    /// All threads before this one that it is to join have been joined.
    pub(super) joined: ThreadId,

    pub(super) status: Status,
    pub(super) then: Then,
    pub(super) burst: Burst,
    /// What has to be done before it goes on with the burst, and how much of that is left.
    pub(super) entry: Entry,
    pub(super) entry_left: SimDuration,
    pub(super) woken: bool,
    /// Whether it was woken from a wait with a time-out, and has not been on a core since.
    pub(super) had_timer: bool,
    /// CPU time of the wake-up that it has just made, and of cold caches, for its next bookkeeping.
    pub(super) owes: SimDuration,

    pub(super) core: Maybe<CoreId>,
    pub(super) last_core: Maybe<CoreId>,
    /// Whether it has been off its core since it last took its lock.
    pub(super) was_off_core: bool,

    pub(super) started: bool,
    /// Whether whoever joins it need not wait any more.
    pub(super) ended: bool,
    pub(super) parent: ThreadId,
    /// The thread or process that it started last.
    pub(super) child: ThreadId,
    pub(super) joiner: Maybe<ThreadId>,
    pub(super) task: Maybe<TaskId>,
    /// The row that has begun, in which step of the task, and when.
    pub(super) row: Option<(State, NameId)>,
    pub(super) row_step: u32,
    pub(super) row_since: SimTime,
}

/// The tasks that a thread has at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Item {
    /// The position of the first one in the order of arrival; of a coroutine's item, the task itself.
    pub(super) first: u32,
    /// How many there are.
    pub(super) count: u32,
    /// Where the steps start that a coroutine offloaded; of whole tasks, nowhere.
    part: Pc,
}

impl Item {
    pub(super) const NONE: Self = Self::of_tasks(0, 0);

    /// So many tasks in order of arrival, from that position on.
    pub(super) const fn of_tasks(first: u32, count: u32) -> Self {
        Self { first, count, part: Pc::NOWHERE }
    }

    /// What a coroutine offloads: the steps that start there.
    pub(super) const fn of_coroutine(task: TaskId, part: Pc) -> Self {
        Self { first: task.0, count: 1, part }
    }

    /// Where the steps start that a coroutine offloaded, if one did.
    pub(super) fn part(self) -> Option<Pc> {
        (self.part != Pc::NOWHERE).then_some(self.part)
    }
}

/// Whether a thread runs, waits, and for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    /// On a core, or taking a step of no length.
    Active,
    /// Wants a core.
    Ready,
    /// Waits for its lock.
    LockWait,
    /// Gave its lock up on request and waits until somebody has taken it.
    Ousted,
    /// Blocked without the lock.
    Blocked(Wait),
    /// Gone.
    Dead,
}

impl Status {
    /// Whether it is a wait that a timer ends, at the latest: waiters for the interpreter lock have one, too.
    pub(super) const fn has_timer(self) -> bool {
        matches!(self, Self::LockWait | Self::Blocked(Wait::Time | Wait::Poll))
    }
}

/// What a blocked thread waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// A timer.
    Time,
    /// The poll of its event loop.
    Poll,
    /// What its instruction says.
    Block,
    /// The other threads that do a computation with it.
    Team,
}

/// What a thread does as soon as it can.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Then {
    /// Takes its lock, then goes on.
    TakeLock,
    /// Asks the holder of its lock to give way, if nothing has changed meanwhile.
    AskHolder,
    /// Goes on as it is.
    GoOn,
}

/// What a thread does on a core before it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// It wakes up, on a core that idled.
    Waking,
    /// The core switches to it.
    Switching,
    /// It takes its lock.
    Retaking,
}

/// Work of positive length on a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Burst {
    pub(super) left: SimDuration,
    pub(super) state: State,
    pub(super) lock: LockMode,
    pub(super) name: NameId,
}

impl Burst {
    pub(super) const NONE: Self = Self {
        left: SimDuration::ZERO,
        state: State::Running,
        lock: LockMode::Held,
        name: NameId::EMPTY,
    };
}

impl Thread {
    /// A thread that is about to run `program` under `lock`.
    pub(super) fn new(process: ProcessId, lock: Option<LockId>, program: Pc, group: Group) -> Self {
        Self {
            process,
            group,
            lock: lock.into(),
            holds: false,
            pc: program,
            step: 0,
            back: program,
            item: Item::NONE,
            done: 0,
            joined: ThreadId::MAIN,
            status: Status::Active,
            then: Then::GoOn,
            burst: Burst::NONE,
            entry: Entry::Waking,
            entry_left: SimDuration::ZERO,
            woken: false,
            had_timer: false,
            owes: SimDuration::ZERO,
            core: Maybe::NONE,
            last_core: Maybe::NONE,
            was_off_core: false,
            started: false,
            ended: false,
            parent: ThreadId::MAIN,
            child: ThreadId::MAIN,
            joiner: Maybe::NONE,
            task: Maybe::NONE,
            row: None,
            row_step: 0,
            row_since: SimTime::ZERO,
        }
    }

    /// It has to come in for so long before it goes on.
    pub(super) fn enter_for(&mut self, length: SimDuration, entry: Entry) {
        self.entry_left = length;
        self.entry = entry;
    }

    /// Whether it has work of some length that it can do on a core as it is.
    pub(super) fn is_working(&self) -> bool {
        let needs_lock = self.burst.lock != LockMode::Released && self.lock.is_some();
        let can_go_on = self.status == Status::Active && (self.holds || !needs_lock);
        !self.entry_left.is_zero() || (!self.burst.left.is_zero() && can_go_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_small() {
        assert!(size_of::<Thread>() <= 128, "{} bytes", size_of::<Thread>());
    }
}
