//! An OS thread: where it stands in its program, and what it is doing.

use crate::ids::{CoreId, LockId, NameId, ProcessId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::{ChannelId, Group, Pc};
use crate::time::{SimDuration, SimTime};
use crate::trace::State;

use super::obtain::Thing;

/// An OS thread.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Thread {
    pub(super) process: ProcessId,
    pub(super) group: Group,
    /// The lock it runs under now.
    pub(super) lock: Option<LockId>,
    /// The lock of its own interpreter, where it has made one.
    pub(super) own_lock: Option<LockId>,
    /// Whether it has made an interpreter of its own.
    pub(super) has_interpreter: bool,
    pub(super) holds: bool,

    pub(super) pc: Pc,
    /// How far it is within the instruction at `pc`.
    pub(super) stage: u8,
    pub(super) item: Item,
    /// The next task of the item.
    pub(super) item_at: u32,
    /// The next thread to join.
    pub(super) join_at: u32,

    pub(super) status: Status,
    pub(super) then: Then,
    pub(super) burst: Burst,
    /// What a core does before it goes on with the burst: waking the thread, or switching to it.
    pub(super) entry_left: SimDuration,
    pub(super) entry_name: NameId,
    pub(super) woken: bool,
    /// CPU time of the wake-up that it has just made, for its next bookkeeping.
    pub(super) owes: SimDuration,

    pub(super) core: Option<CoreId>,
    pub(super) last_core: Option<CoreId>,
    /// CPU time in nanoseconds, counted from where the thread was placed when it woke (EEVDF).
    pub(super) vruntime: u64,
    /// Up to there it is protected from those who wake.
    pub(super) deadline: u64,
    /// How far it had fallen behind the average of its core when it left it, in nanoseconds; below zero it had
    /// run ahead.
    pub(super) lag: i64,
    pub(super) lag_since: SimTime,

    /// Whether it has been off its core since it last took its lock.
    pub(super) was_off_core: bool,
    /// The lock's count of windows when its current patience began.
    pub(super) window: u64,

    pub(super) started: bool,
    pub(super) parent: ThreadId,
    /// The thread or process that it started last.
    pub(super) child: ThreadId,
    pub(super) joiner: Option<ThreadId>,
    pub(super) task: Option<TaskId>,
    pub(super) row: Option<OpenRow>,
}

/// The tasks that a thread has at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Item {
    /// The position of the first one in the order of arrival; of a coroutine's item, the task itself.
    pub(super) first: u32,
    /// How many there are.
    pub(super) count: u32,
    /// Where in the script to stop; `None` runs whole tasks.
    pub(super) until: Option<u32>,
    /// Whether it was sent by a coroutine.
    pub(super) from_coroutine: bool,
}

impl Item {
    pub(super) const NONE: Self = Self { first: 0, count: 0, until: None, from_coroutine: false };
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

/// What a blocked thread waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// A timer.
    Time,
    /// The started event of a child.
    Started(ThreadId),
    /// The end of a child.
    Joined(ThreadId),
    /// An item of a channel.
    Channel(ChannelId),
    /// Something that others have.
    For(Thing),
    /// The result of a task.
    Result(TaskId),
    /// The results of all tasks.
    AllResults,
    /// The event loop's poll.
    Poll,
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

/// A row that has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OpenRow {
    pub(super) state: State,
    pub(super) name: NameId,
    pub(super) step: u32,
    pub(super) since: SimTime,
}

/// Where CPU time counts from, far enough from 0 for others to fall behind.
const START: u64 = 1 << 48;

impl Thread {
    /// A thread that is about to run `program` under `lock`.
    pub(super) fn new(process: ProcessId, lock: Option<LockId>, program: Pc, group: Group) -> Self {
        Self {
            process,
            group,
            lock,
            own_lock: None,
            has_interpreter: false,
            holds: false,
            pc: program,
            stage: 0,
            item: Item::NONE,
            item_at: 0,
            join_at: 0,
            status: Status::Active,
            then: Then::TakeLock,
            burst: Burst::NONE,
            entry_left: SimDuration::ZERO,
            entry_name: NameId::EMPTY,
            woken: false,
            owes: SimDuration::ZERO,
            core: None,
            last_core: None,
            vruntime: START,
            deadline: START,
            // It has none, but an earlier deadline than others (`PLACE_DEADLINE_INITIAL`): it goes first.
            lag: 1,
            lag_since: SimTime::ZERO,
            was_off_core: false,
            window: 0,
            started: false,
            parent: ThreadId::MAIN,
            child: ThreadId::MAIN,
            joiner: None,
            task: None,
            row: None,
        }
    }

    /// It has to come in for so long before it goes on.
    pub(super) fn enter_for(&mut self, length: SimDuration, name: NameId) {
        self.entry_left = length;
        self.entry_name = name;
    }

    /// It comes onto a core: where it has passed its deadline, it gets another one.
    pub(super) fn renew_deadline(&mut self, base_slice: SimDuration) {
        if self.vruntime >= self.deadline {
            self.deadline = self.vruntime + base_slice.as_nanos();
        }
    }

    /// Whether it has work of some length that it can do on a core as it is.
    pub(super) fn is_working(&self) -> bool {
        let needs_lock = self.burst.lock != LockMode::Released && self.lock.is_some();
        let can_go_on = self.status == Status::Active && (self.holds || !needs_lock);
        !self.entry_left.is_zero() || (!self.burst.left.is_zero() && can_go_on)
    }
}
