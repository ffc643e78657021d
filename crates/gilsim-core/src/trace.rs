//! What happened in a run: the rows of the trace, and the sinks that receive them.

use std::collections::BTreeMap;

use crate::ids::{CoreId, LimiterId, LockId, NameId, ProcessId, TaskId, ThreadId};
use crate::time::{SimDuration, SimTime};

/// What a task or a thread was doing (docs/contract.md, "States").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// On a core in Python code, holding the lock where there is one.
    Running,
    /// On a core in code that released the lock.
    Native,
    /// On a core in bookkeeping.
    Overhead,
    /// Could run: its thread wants a core, or (name `loop`) its event loop is busy or itself waiting.
    Ready,
    /// Wants the interpreter lock.
    LockWait,
    /// Its thread is blocked on a site or a wait.
    Io,
    /// At an await point; its thread is free.
    Suspended,
    /// Waits for a semaphore, a queue, an executor, asyncio's `limit` or a free connection of a site.
    Sync,
    /// Not started: in a backlog, its thread unborn, no worker yet.
    Queued,
}

impl State {
    /// All states, in the order of the columns of summary.csv.
    pub const ALL: [Self; 9] = [
        Self::Running,
        Self::Native,
        Self::Overhead,
        Self::Ready,
        Self::LockWait,
        Self::Io,
        Self::Suspended,
        Self::Sync,
        Self::Queued,
    ];

    /// The name that trace.csv uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Native => "native",
            Self::Overhead => "overhead",
            Self::Ready => "ready",
            Self::LockWait => "lock_wait",
            Self::Io => "io",
            Self::Suspended => "suspended",
            Self::Sync => "sync",
            Self::Queued => "queued",
        }
    }

    /// Whether a row of this state occupies a core.
    pub const fn on_core(self) -> bool {
        matches!(self, Self::Running | Self::Native | Self::Overhead)
    }
}

/// One interval of the trace. Its length is positive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The task it belongs to, if any.
    pub task: Option<TaskId>,
    /// The list of the task's steps that it belongs to, of those that are done at the same time; 0 is the task itself.
    pub list: u32,
    /// The leaf step as executed, from 0; meaningless without a task.
    pub step: u32,
    /// What was done.
    pub state: State,
    /// Site, computation, semaphore, queue or kind of overhead; may be the empty name.
    pub name: NameId,
    /// When it began.
    pub start: SimTime,
    /// When it ended; after `start`.
    pub end: SimTime,
    /// The process, where there is one.
    pub process: Option<ProcessId>,
    /// The thread that the row occupies; none for a coroutine that is off its loop's thread, or a task not started.
    pub thread: Option<ThreadId>,
    /// The core in use.
    pub core: Option<CoreId>,
}

impl Row {
    /// How long it lasted.
    pub fn length(&self) -> SimDuration {
        self.end - self.start
    }
}

/// A thread's hold of an interpreter lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// The lock.
    pub lock: LockId,
    /// Who held it.
    pub thread: ThreadId,
    /// When it was taken.
    pub start: SimTime,
    /// When it was given up; may equal `start`.
    pub end: SimTime,
}

/// The life of one task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finished {
    /// The task.
    pub task: TaskId,
    /// When it arrived.
    pub arrived: SimTime,
    /// When its last step ended where it ran.
    pub done: SimTime,
    /// How it ended.
    pub ended: Ended,
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It has done its steps.
    Well,
    /// A step failed, and nothing caught that.
    Failed,
}

/// A task has taken a token of a limiter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    /// Which limiter.
    pub limiter: LimiterId,
    /// Which task.
    pub task: TaskId,
    /// From when on the token is there.
    pub at: SimTime,
}

/// Something that happens to a task and ends no row of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Incident {
    /// An attempt ran out of time.
    TimedOut,
    /// Another attempt begins.
    Retried,
    /// A list of steps was cancelled.
    Cancelled,
}

/// Listens to a run. Rows of one task, one thread or one core come in the order of their time;
/// rows of different ones need not.
pub trait Sink {
    /// An interval ended.
    fn row(&mut self, row: &Row);

    /// A task's last step ended.
    fn finished(&mut self, _finished: &Finished) {}

    /// Something happened to a task.
    fn happened(&mut self, _task: TaskId, _incident: Incident) {}

    /// A lock was given up.
    fn hold(&mut self, _hold: &Hold) {}

    /// A task took a token of a limiter.
    fn passed(&mut self, _passed: &Passed) {}
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn row(&mut self, row: &Row) {
        (**self).row(row);
    }
    fn finished(&mut self, finished: &Finished) {
        (**self).finished(finished);
    }
    fn happened(&mut self, task: TaskId, incident: Incident) {
        (**self).happened(task, incident);
    }
    fn hold(&mut self, hold: &Hold) {
        (**self).hold(hold);
    }
    fn passed(&mut self, passed: &Passed) {
        (**self).passed(passed);
    }
}

impl<S: Sink> Sink for Option<S> {
    fn row(&mut self, row: &Row) {
        if let Some(sink) = self {
            sink.row(row);
        }
    }
    fn finished(&mut self, finished: &Finished) {
        if let Some(sink) = self {
            sink.finished(finished);
        }
    }
    fn happened(&mut self, task: TaskId, incident: Incident) {
        if let Some(sink) = self {
            sink.happened(task, incident);
        }
    }
    fn hold(&mut self, hold: &Hold) {
        if let Some(sink) = self {
            sink.hold(hold);
        }
    }
    fn passed(&mut self, passed: &Passed) {
        if let Some(sink) = self {
            sink.passed(passed);
        }
    }
}

impl<A: Sink, B: Sink> Sink for (A, B) {
    fn row(&mut self, row: &Row) {
        self.0.row(row);
        self.1.row(row);
    }
    fn finished(&mut self, finished: &Finished) {
        self.0.finished(finished);
        self.1.finished(finished);
    }
    fn happened(&mut self, task: TaskId, incident: Incident) {
        self.0.happened(task, incident);
        self.1.happened(task, incident);
    }
    fn hold(&mut self, hold: &Hold) {
        self.0.hold(hold);
        self.1.hold(hold);
    }
    fn passed(&mut self, passed: &Passed) {
        self.0.passed(passed);
        self.1.passed(passed);
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Every task finished and everything was shut down.
    Finished,
    /// Simulated time passed 2^62 ns (146 years), more than gilsim counts.
    TooLong,
    /// Nothing can happen any more, and these still wait.
    Deadlocked(Vec<Stuck>),
}

/// A task or thread that waits for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// The task, if it is one; else it is a thread of the tool.
    pub task: Option<TaskId>,
    /// The leaf step it is in.
    pub step: u32,
    /// The thread it is on, if any.
    pub thread: Option<ThreadId>,
    /// What it waits for, in words: ``a permit of semaphore `slots` ``.
    pub waits_for: String,
}

/// What the engine counted over one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Totals {
    /// From just before the pool, loop or first thread is made until all is shut down and joined.
    pub makespan: SimDuration,
    /// Changes of lock holder.
    pub switches: u64,
    /// Threads created in all, main included.
    pub threads: u32,
    /// Processes created in all, main included.
    pub processes: u32,
    /// An estimate of the memory that the real program would take, in bytes.
    pub memory_bytes: u64,
}

/// The names of a run's rows: sites, computations, semaphores, queues, kinds of overhead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    texts: Vec<String>,
    ids: BTreeMap<String, NameId>,
}

impl NameId {
    /// The empty name, of bare durations.
    pub const EMPTY: Self = Self(0);
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { texts: Vec::new(), ids: BTreeMap::new() };
        names.intern("");
        names
    }
}

impl Names {
    /// The text of a name.
    pub fn get(&self, name: NameId) -> &str {
        &self.texts[name.index()]
    }

    /// The id of a name that is there.
    pub fn find(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    /// Adds a name, or finds it where it is there already.
    pub fn intern(&mut self, name: &str) -> NameId {
        if let Some(id) = self.find(name) {
            return id;
        }
        let id = NameId::at(self.texts.len());
        self.texts.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }

    /// All names, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
}
