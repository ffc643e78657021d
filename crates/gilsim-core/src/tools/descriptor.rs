//! What there is to know of a tool besides its programs.

use crate::model::{Tool, ToolRun};

use super::builder::Builder;

/// What there is to know of a tool. It stands in the tool's own file; whoever wants to know a fact asks here, and
/// nobody else asks which tool it is.
#[derive(Debug)]
pub struct Descriptor {
    /// The name that scenarios use.
    pub name: &'static str,
    /// Which Python brought it; `None` where every Python that gilsim knows has it.
    pub since: Option<Since>,
    /// What runs a task.
    pub carrier: Carrier,
    /// How many of these there are.
    pub carriers: Carriers,
    /// Whether the main thread runs an event loop.
    pub has_loop: bool,
    /// The keys of `[[tools]]` that it takes besides those that every tool takes.
    pub takes: &'static [OwnKey],
    /// How many workers it has on so many cores when nothing is said.
    pub default_workers: fn(cores: u32) -> u32,
    /// How many of so many tasks a message to one of so many workers carries when nothing is said.
    pub default_chunk: fn(tasks: u32, workers: u32) -> u32,
    /// What it does, said by a quiz.
    pub does: fn(&ToolRun) -> String,
    /// What the tasks are done by, said by a printed program.
    pub done_by: fn(&ToolRun) -> String,
    /// Writes the programs of its threads.
    pub(super) write: fn(&mut Builder<'_>),
}

/// Since when Python has a tool.
#[derive(Debug)]
pub struct Since {
    /// The minor version of Python 3.
    pub python: u8,
    /// The sentence that says so.
    pub words: &'static str,
}

/// What runs a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    /// A thread of the main process, under its lock.
    Thread,
    /// A thread with an interpreter, and so a lock, of its own.
    Interpreter,
    /// A process with an interpreter, and so a lock, of its own.
    Process,
    /// A coroutine on the event loop.
    Coroutine,
}

/// How many carriers there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carriers {
    /// One, which does a task after the other.
    One,
    /// One for each task.
    OnePerTask,
    /// So many workers.
    Workers,
}

/// A key of `[[tools]]` that only some tools take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnKey {
    /// `workers`.
    Workers,
    /// `limit`.
    Limit,
    /// `chunk`.
    Chunk,
    /// `start`.
    Start,
    /// `worker_init`.
    WorkerInit,
    /// `offload_workers`.
    OffloadWorkers,
    /// `processes`.
    Processes,
    /// `threads`.
    Threads,
    /// `backlog`.
    Backlog,
    /// `accept`.
    Accept,
    /// `loop`.
    Loop,
}

impl OwnKey {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 11] = [
        Self::Workers,
        Self::Limit,
        Self::Chunk,
        Self::Start,
        Self::WorkerInit,
        Self::OffloadWorkers,
        Self::Processes,
        Self::Threads,
        Self::Backlog,
        Self::Accept,
        Self::Loop,
    ];

    /// The name that scenarios use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workers => "workers",
            Self::Limit => "limit",
            Self::Chunk => "chunk",
            Self::Start => "start",
            Self::WorkerInit => "worker_init",
            Self::OffloadWorkers => "offload_workers",
            Self::Processes => "processes",
            Self::Threads => "threads",
            Self::Backlog => "backlog",
            Self::Accept => "accept",
            Self::Loop => "loop",
        }
    }

    /// The names of the tools that take it.
    pub fn takers(self) -> Vec<&'static str> {
        Tool::ALL.into_iter().filter(|tool| tool.takes(self)).map(Tool::name).collect()
    }
}

impl Tool {
    /// The name that scenarios use.
    pub const fn name(self) -> &'static str {
        self.descriptor().name
    }

    /// Since when Python has it, if not always.
    pub const fn since(self) -> Option<&'static Since> {
        self.descriptor().since.as_ref()
    }

    /// Its workers on so many cores, where a scenario says nothing.
    pub fn default_workers(self, cores: u32) -> u32 {
        (self.descriptor().default_workers)(cores)
    }

    /// The tasks of a message to a worker, of so many tasks and workers, where a scenario says nothing.
    pub fn default_chunk(self, tasks: u32, workers: u32) -> u32 {
        (self.descriptor().default_chunk)(tasks, workers)
    }

    /// Whether a fixed number of workers do the tasks.
    pub const fn has_workers(self) -> bool {
        matches!(self.descriptor().carriers, Carriers::Workers)
    }

    /// Whether the tool takes that key.
    pub fn takes(self, key: OwnKey) -> bool {
        self.descriptor().takes.contains(&key)
    }

    /// Whether it serves requests from outside. It is played only where a scenario lists it.
    pub fn is_server(self) -> bool {
        self.takes(OwnKey::Processes)
    }

    /// Whether a task runs under a lock that is not the main thread's.
    pub const fn has_own_locks(self) -> bool {
        matches!(self.descriptor().carrier, Carrier::Process | Carrier::Interpreter)
    }

    /// Whether the tool does one task after the other: what others are measured against.
    pub const fn is_one_at_a_time(self) -> bool {
        matches!(self.descriptor().carriers, Carriers::One)
    }
}

impl ToolRun {
    /// Whether it is a server whose processes do requests on threads.
    pub fn is_server_of_workers(&self) -> bool {
        self.tool.is_server() && !self.serving.on_loops
    }

    /// How many event loops it has, if it has any.
    pub const fn event_loops(&self) -> u32 {
        if self.serving.on_loops { self.serving.processes } else { 1 }
    }
}

/// `3 threads`.
pub(super) fn threads(run: &ToolRun) -> String {
    let s = if run.workers == 1 { "" } else { "s" };
    format!("{} thread{s}", run.workers)
}

/// `3 processes started by fork, 2 tasks a message`.
pub(super) fn processes(run: &ToolRun) -> String {
    let es = if run.workers == 1 { "" } else { "es" };
    let chunk = match run.chunk {
        1 => String::new(),
        chunk => format!(", {chunk} tasks a message"),
    };
    format!("{} process{es} started by {}{chunk}", run.workers, run.start.name())
}

/// A message carries one task.
pub(super) const fn one_task(_tasks: u32, _workers: u32) -> u32 {
    1
}
