//! What a scenario says, validated and resolved: plain data that knows no TOML.

mod attempts;
mod fan;
mod step;
mod within;

use std::sync::Arc;

use crate::ids::TaskId;
use crate::profile::Profile;
use crate::time::{SimDuration, SimTime};
pub use crate::tools::Tool;

pub use attempts::{Retry, Try};
pub use fan::{Fan, Lists, Until};
pub use step::{
    Form, Further, Guard, Object, OffloadTo, Spends, StepKind, StepSpec, Takes, WaitOn, Work,
};

/// A validated scenario: what is to be done, and with which tools.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// One line that says what the scenario is about.
    pub title: String,
    /// Prose for the reader; may be empty.
    pub about: String,
    /// The only source of randomness.
    pub seed: u64,
    /// How long tasks arrive, where the scenario is an open system.
    pub horizon: Option<Horizon>,
    /// The `[[tasks]]` entries in file order.
    pub tasks: Vec<TaskEntry>,
    /// The entry whose response times are those of the runs, and which runs are compared by; else all tasks count.
    pub watched: Option<usize>,
    /// Semaphores that all tasks of a run share, in file order.
    pub semaphores: Vec<Semaphore>,
    /// Locks that all tasks of a run share, in file order.
    pub locks: Vec<Mutex>,
    /// Events that all tasks of a run share, in file order.
    pub flags: Vec<Flag>,
    /// Barriers that all tasks of a run share, in file order.
    pub barriers: Vec<Barrier>,
    /// Limiters that all tasks of a run share, in file order.
    pub limiters: Vec<Limiter>,
    /// Queues that all tasks of a run share, in file order.
    pub queues: Vec<Queue>,
    /// One run each, in file order; never empty.
    pub tools: Vec<ToolRun>,
}

/// The number by which runs are compared: less is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// The makespan.
    Makespan,
    /// The 95th percentile of response times: an open system takes as long as its tasks arrive, under any tool.
    ResponseP95,
}

impl Goal {
    /// Its column of summary.csv.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Makespan => "makespan_ns",
            Self::ResponseP95 => "response_p95_ns",
        }
    }

    /// Which of a run's two numbers it is.
    pub const fn of(self, makespan_ns: u64, response_p95_ns: u64) -> u64 {
        match self {
            Self::Makespan => makespan_ns,
            Self::ResponseP95 => response_p95_ns,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Makespan => Self::ResponseP95,
            Self::ResponseP95 => Self::Makespan,
        }
    }

    /// What it is called in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Makespan => "makespan",
            Self::ResponseP95 => "p95 response time",
        }
    }
}

impl Scenario {
    /// What its runs are compared by.
    pub const fn goal(&self) -> Goal {
        if self.horizon.is_some() || self.watched.is_some() {
            Goal::ResponseP95
        } else {
            Goal::Makespan
        }
    }

    /// From when on tasks count in response times: the start, unless there is a warm-up.
    pub fn warm_up(&self) -> SimTime {
        self.horizon.map_or(SimTime::ZERO, |horizon| horizon.warm_up)
    }

    /// The entry of that name, as its position; of several the first.
    pub fn entry_named(&self, name: &str) -> Option<usize> {
        self.tasks.iter().position(|entry| entry.name == name)
    }

    /// How many tasks there are; of entries without an end, those of the draw that was settled or about as many.
    pub fn task_count(&self) -> u64 {
        self.tasks.iter().map(|entry| u64::from(entry.count)).sum()
    }

    /// The label that speed-ups are measured against: `sequential`, else that of the first sequential run.
    pub fn yardstick(&self) -> Option<&str> {
        let mut sequential = self.tools.iter().filter(|run| run.tool.is_one_at_a_time());
        let first = sequential.clone().next()?;
        let named = sequential.find(|run| run.label == run.tool.name());
        Some(named.unwrap_or(first).label.as_str())
    }

    /// What a task is called for people: its entry's name, with its number in the trace where the entry has several.
    /// One without a name, or after an entry without an end, is `task` and that number.
    pub fn task_name(&self, task: TaskId) -> String {
        let mut end = 0;
        let bounded = self.tasks.iter().take_while(|entry| !entry.endless);
        let mut ends = bounded.map(|entry| {
            end += entry.count;
            (entry, end)
        });
        match ends.find(|(_, end)| task.0 < *end) {
            Some((entry, _)) if entry.name.is_empty() => format!("task {}", task.0),
            Some((entry, _)) if entry.count == 1 => entry.name.clone(),
            Some((entry, _)) => format!("{} {}", entry.name, task.0),
            None => format!("task {}", task.0),
        }
    }
}

/// `[run]`: tasks arrive until an instant, and count from another on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Horizon {
    /// Tasks arrive before it; positive.
    pub until: SimTime,
    /// Tasks that arrive from it on count in response times; before `until`.
    pub warm_up: SimTime,
}

/// A semaphore of the scenario.
#[derive(Clone, Debug)]
pub struct Semaphore {
    /// Its key in `[semaphores]`.
    pub name: String,
    /// Permits at the start; at least 1.
    pub permits: u32,
}

/// A lock of the scenario: `threading.Lock`, `asyncio.Lock` or `multiprocessing.Lock`, by tool.
#[derive(Clone, Debug)]
pub struct Mutex {
    /// Its key in `[locks]`.
    pub name: String,
}

/// An event of the scenario, as `threading.Event` is one; an event of the engine is something else. Once set, it stays so.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its key in `[events]`.
    pub name: String,
}

/// A barrier of the scenario: so many tasks wait for each other there, again and again.
#[derive(Clone, Debug)]
pub struct Barrier {
    /// Its key in `[barriers]`.
    pub name: String,
    /// How many tasks meet; at least 1.
    pub parties: u32,
}

/// A limiter of the scenario: a token bucket, full at the start. Who comes first is first to pass.
#[derive(Clone, Debug)]
pub struct Limiter {
    /// Its key in `[limiters]`.
    pub name: String,
    /// In what time a token comes; at least 1 ns.
    pub gap: SimDuration,
    /// How many tokens there are at most; at least 1.
    pub burst: u32,
}

/// A queue of the scenario. Its items carry nothing: only their number matters.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its key in `[queues]`.
    pub name: String,
    /// How many items it holds at most; `None` is unbounded.
    pub capacity: Option<u32>,
}

/// One `[[tasks]]` entry: tasks that do the same steps.
#[derive(Clone, Debug)]
pub struct TaskEntry {
    /// For people; need not be unique, may be empty.
    pub name: String,
    /// How many tasks, fewer where the horizon comes first; about how many where the entry is `endless`.
    pub count: u32,
    /// Whether tasks arrive until the horizon, however many they are.
    pub endless: bool,
    /// When they arrive.
    pub arrive: Arrival,
    /// What crosses a process boundary for each of them.
    pub payload: Payload,
    /// What each of them does, in order.
    pub steps: Vec<StepSpec>,
}

/// When the tasks of an entry arrive.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// All at the start.
    AtOnce,
    /// The first at the start, each next one a gap after the one before it.
    Every(Distribution),
    /// A Poisson process: the first after one exponential gap.
    Poisson {
        /// Mean arrivals in a second; finite and positive.
        per_second: f64,
    },
    /// At these instants, one per task, ascending or not.
    At(Arc<[SimTime]>),
    /// A closed loop: each client sends its next task a think time after its last one is answered, the first at the start.
    /// The entry's tasks are dealt out as clients come free.
    Clients {
        /// How many there are; at least 1.
        clients: u32,
        /// How long each thinks before its next task; the draw belongs to that task.
        think: Distribution,
    },
    /// Tasks of an entry before this one are done.
    After(After),
}

/// What tasks wait for before they arrive. A task that failed is done, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// For all tasks of the entry at that position.
    All(usize),
    /// Task i for task i of the entry at that position, which has as many tasks.
    Each(usize),
}

impl After {
    /// The position of the entry that is waited for.
    pub const fn entry(self) -> usize {
        match self {
            Self::All(entry) | Self::Each(entry) => entry,
        }
    }
}

/// What is pickled for a task when it crosses a process boundary.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Payload {
    /// From the parent to the worker.
    pub send: Parcel,
    /// From the worker back.
    pub receive: Parcel,
    /// CPU time of pickling a parcel that is not empty, if somebody measured it.
    pub pickle: Option<SimDuration>,
    /// CPU time of unpickling one, likewise.
    pub unpickle: Option<SimDuration>,
}

/// What crosses one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// Its size.
    pub bytes: u64,
    /// The number of Python objects that it is made of: at least 1.
    pub objects: u32,
}

impl Default for Parcel {
    /// One object of no size.
    fn default() -> Self {
        Self { bytes: 0, objects: 1 }
    }
}

impl Payload {
    /// Whether it is more than one object of no size, either way.
    pub fn is_something(self) -> bool {
        self != Self::default()
    }
}

/// A duration, or a distribution of durations.
#[derive(Clone, PartialEq, Debug)]
pub enum Distribution {
    /// Always the same.
    Constant(SimDuration),
    /// Uniform over the whole nanoseconds of `low..=high`.
    Uniform {
        /// The shortest.
        low: SimDuration,
        /// The longest; not below `low`.
        high: SimDuration,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: SimDuration,
    },
    /// Normal, never below zero.
    Normal {
        /// The mean before clamping.
        mean: SimDuration,
        /// The standard deviation before clamping.
        sd: SimDuration,
    },
    /// Log-normal, given by two percentiles.
    LogNormal {
        /// The median; positive.
        p50: SimDuration,
        /// The 99th percentile; not below `p50`.
        p99: SimDuration,
    },
    /// Pareto.
    Pareto {
        /// The scale: the shortest value.
        min: SimDuration,
        /// The shape (alpha); finite and positive.
        shape: f64,
    },
    /// Task i of its entry starts at value i; further draws go round from there. Never empty.
    Cycle(Arc<[SimDuration]>),
    /// Draws with replacement from measured durations. Never empty.
    Samples(Arc<[SimDuration]>),
}

/// One run of the scenario: a tool with its settings.
#[derive(Clone, Debug)]
pub struct ToolRun {
    /// What the results are filed under; unique in the scenario.
    pub label: String,
    /// Which tool.
    pub tool: Tool,
    /// Workers of a pool; the profile's default where the scenario says nothing. 1 where the tool has none.
    pub workers: u32,
    /// asyncio: a semaphore round each task.
    pub limit: Option<u32>,
    /// Tasks per message to a worker; the profile's default where the scenario says nothing.
    pub chunk: u32,
    /// How processes are started; the profile's default where the scenario says nothing.
    pub start: StartMethod,
    /// CPU time of each worker before its first task, under its lock.
    pub worker_init: SimDuration,
    /// Threads of the event loop's default executor; as many as the profile's Python takes where the scenario says nothing.
    pub offload_workers: Option<u32>,
    /// The processes and threads of a server.
    pub serving: Serving,
    /// Machine, interpreter, sites and computations after this tool's overrides.
    pub setting: Setting,
}

/// How a server serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Serving {
    /// Processes that accept requests; at least 1.
    pub processes: u32,
    /// Threads of each that do the work; at least 1.
    pub threads: u32,
    /// How many requests wait at most to be accepted; a further one is refused.
    pub backlog: u32,
    /// Who accepts.
    pub accept: Accept,
    /// Whether each process has an event loop in place of threads.
    pub on_loops: bool,
}

impl Default for Serving {
    /// One process that does one request after the other, behind gunicorn's backlog.
    fn default() -> Self {
        let accept = Accept::Kernel;
        Self { processes: 1, threads: 1, backlog: 2_048, accept, on_loops: false }
    }
}

/// Who accepts the requests to a server of several threads a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accept {
    /// Whichever process the kernel wakes, even if its threads are busy while those of another one idle.
    Kernel,
    /// A thread that is idle, of whichever process.
    Even,
}

impl Accept {
    /// The name that scenarios use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Even => "even",
        }
    }
}

/// How `multiprocessing` starts a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartMethod {
    /// Copies the parent.
    Fork,
    /// Starts a fresh interpreter.
    Spawn,
    /// Forks a clean server process.
    Forkserver,
}

impl StartMethod {
    /// The name that scenarios use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Spawn => "spawn",
            Self::Forkserver => "forkserver",
        }
    }
}

/// Machine, interpreter, sites and computations of one run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The machine.
    pub machine: Machine,
    /// The interpreter.
    pub interpreter: Interpreter,
    /// The sites, in file order.
    pub sites: Vec<Site>,
    /// The computations, in file order.
    pub computations: Vec<Computation>,
}

/// The machine: what the scenario says, else what the profile says.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Cores; at least 1.
    pub cores: u32,
    /// OS time slice when runnable threads outnumber cores; positive.
    pub quantum: SimDuration,
    /// Idle core: wake-up to first instruction.
    pub wake_latency: SimDuration,
}

/// The interpreter: what the scenario says, else what the profile says.
#[derive(Clone, Debug)]
pub struct Interpreter {
    /// Costs, rules and defaults.
    pub profile: Arc<Profile>,
    /// Whether there is an interpreter-wide lock.
    pub lock: bool,
    /// How long a waiter waits before it asks the holder to give way; positive.
    pub switch_interval: SimDuration,
}

/// Something outside the program that is waited on.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its key in `[sites]`.
    pub name: String,
    /// How long an answer takes.
    pub latency: Distribution,
    /// Requests in flight at once; the rest queue. `None` is no limit.
    pub connections: Option<u32>,
    /// The share of waits that fail, from 0 to 1.
    pub fails: f64,
    /// How long a wait takes that fails; as long as an answer where nothing is said.
    pub fails_after: Option<SimDuration>,
    /// What a request takes besides: a connection, and what other requests make of it.
    pub server: Server,
}

/// How a site's server is reached, and how its load makes it slower.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Server {
    /// How long a connection takes to be made.
    pub connect: SimDuration,
    /// Whether each request makes a connection of its own, and none is kept for the next one.
    pub drops_connections: bool,
    /// How much longer an answer takes for each other request that is in flight when it is sent.
    pub per_concurrent: SimDuration,
    /// Requests get their turn one by one, so long after each other at least.
    pub turn: SimDuration,
}

impl Server {
    /// Whether an answer takes longer for other requests.
    pub fn slows_down(self) -> bool {
        !(self.per_concurrent.is_zero() && self.turn.is_zero())
    }
}

/// A named piece of CPU work.
#[derive(Clone, Debug)]
pub struct Computation {
    /// Its key in `[computations]`.
    pub name: String,
    /// CPU time.
    pub time: Distribution,
    /// What it does with the interpreter lock.
    pub lock: LockMode,
    /// How it uses several cores.
    pub parallel: Parallel,
}

/// How a computation uses several cores, and how they get in each other's way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parallel {
    /// Threads that do it, the one that computes included: at least 1.
    pub threads: u32,
    /// In so many regions one after the other, at the end of each of which they wait for each other: at least 1.
    pub regions: u32,
    /// How they wait.
    pub barrier: NativeBarrier,
    /// How much of it, in thousandths, needs something that all threads of the process touch.
    pub shared_permille: u32,
}

/// How native threads wait for each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NativeBarrier {
    /// They burn CPU time meanwhile.
    Spin,
    /// They sleep.
    Sleep,
}

impl Default for Parallel {
    /// One thread that shares nothing.
    fn default() -> Self {
        Self { threads: 1, regions: 1, barrier: NativeBarrier::Spin, shared_permille: 0 }
    }
}

impl Parallel {
    /// What each thread does in a region of a computation of that length, and what is left over for the one that computes.
    pub fn pieces(&self, whole: SimDuration) -> (SimDuration, SimDuration) {
        let parts = u64::from(self.threads) * u64::from(self.regions);
        let piece = SimDuration::from_nanos(whole.as_nanos() / parts);
        (piece, whole - piece * parts)
    }

    /// What the thread that computes does itself.
    pub fn own_part(&self, whole: SimDuration) -> SimDuration {
        let (piece, rest) = self.pieces(whole);
        piece * u64::from(self.regions) + rest
    }
}

/// What a computation does with the interpreter lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockMode {
    /// Python code: gives way each switch interval.
    Held,
    /// One C call that never gives way.
    Kept,
    /// C code that drops the lock while it works.
    Released,
}

impl LockMode {
    /// The name that scenarios use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Kept => "kept",
            Self::Released => "released",
        }
    }
}
