//! The keys of scenario files: one set of tables that the reader, `--set` and the JSON Schema share.

use super::limits;
use crate::model::Tool;

/// The keys of one kind of table.
#[derive(Debug)]
pub(super) struct Keys {
    /// What messages call such a table: `[machine]`, `a site`.
    pub(super) what: &'static str,
    /// What the table is for.
    pub(super) about: &'static str,
    /// The keys in the order of the documentation.
    pub(super) all: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it says, with its unit and its default.
    pub(super) about: &'static str,
    /// A value as JSON, for the documentation.
    pub(super) example: &'static str,
    /// Whether the table makes no sense without it.
    pub(super) required: bool,
}

/// What may stand at a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// `true`.
    True,
    /// A whole number within both bounds.
    Whole(u64, u64),
    /// A positive number.
    Positive,
    /// One length of time.
    Duration,
    /// A list of so many lengths of time, or of at least one.
    Durations(Option<usize>),
    /// A length of time or a distribution of them.
    Distribution,
    /// A number of bytes.
    Size,
    /// Events in a unit of time.
    Rate,
    /// One of several words.
    Choice(&'static [&'static str]),
    /// A built-in profile or the path of a profile file.
    Profile,
    /// The path of a data file.
    DataFile,
    /// The name of a site, or a length of time or a distribution.
    SiteOrTime,
    /// The name of a computation, or a length of time or a distribution.
    ComputationOrTime,
    /// A name that another table gives.
    Name,
    /// A table.
    Table(&'static Keys),
    /// A table in which each key is a name and each value such a table.
    Map(&'static Keys),
    /// A table in which each key is a name and each value a whole number within both bounds.
    Amounts(u64, u64),
    /// A list of tables, known by the value of a key of theirs.
    List(&'static Keys),
    /// A list of steps.
    Steps,
    /// When tasks arrive.
    Arrival,
}

const fn key(name: &'static str, kind: Kind, about: &'static str, example: &'static str) -> Key {
    Key { name, kind, about, example, required: false }
}

const fn required(
    name: &'static str,
    kind: Kind,
    about: &'static str,
    example: &'static str,
) -> Key {
    Key { name, kind, about, example, required: true }
}

impl Keys {
    /// The key of that name.
    pub(super) fn find(&self, name: &str) -> Option<&'static Key> {
        self.all.iter().find(|key| key.name == name)
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|key| key.name)
    }
}

/// The whole file.
pub(super) static ROOT: Keys = Keys {
    what: "a scenario",
    about: "What a program waits on and computes, and the concurrency tools it is played through.",
    all: &[
        key(
            "title",
            Kind::Text,
            "One line that says what the scenario is about; the file's stem by default.",
            r#""Download 100 pages and parse each""#,
        ),
        key(
            "about",
            Kind::Text,
            "What it shows and what to look at.",
            r#""Threads overlap the waits.""#,
        ),
        key("seed", Kind::Whole(0, u64::MAX), "The only source of randomness; 0 by default.", "42"),
        key("machine", Kind::Table(&MACHINE), "The machine.", r#"{ "cores": 8 }"#),
        key(
            "interpreter",
            Kind::Table(&INTERPRETER),
            "The Python interpreter.",
            r#"{ "profile": "cpython-3.13" }"#,
        ),
        key(
            "sites",
            Kind::Map(&SITE),
            "What lies outside the program and is waited on, by name.",
            r#"{ "shop": { "latency": "1s" } }"#,
        ),
        key(
            "computations",
            Kind::Map(&COMPUTATION),
            "Named pieces of CPU work.",
            r#"{ "parse": { "time": "20ms" } }"#,
        ),
        key(
            "semaphores",
            Kind::Amounts(1, limits::AMOUNT),
            "Semaphores that all tasks of a run share: their permits by name, at least 1.",
            r#"{ "slots": 10 }"#,
        ),
        key(
            "queues",
            Kind::Amounts(0, limits::AMOUNT),
            "Queues that all tasks of a run share: how many items each holds, 0 for no bound.",
            r#"{ "jobs": 100 }"#,
        ),
        required(
            "tasks",
            Kind::List(&TASK),
            "What is to be done: groups of equal tasks.",
            r#"[{ "steps": [{ "wait": "1s" }] }]"#,
        ),
        key(
            "tools",
            Kind::List(&TOOL),
            "One run each; every tool that the profile's Python has by default.",
            r#"[{ "use": "asyncio" }]"#,
        ),
    ],
};

/// `[machine]`.
pub(super) static MACHINE: Keys = Keys {
    what: "`machine`",
    about: "The machine.",
    all: &[
        key("cores", Kind::Whole(1, limits::CORES), "Processor cores; 4 by default.", "8"),
        key(
            "quantum",
            Kind::Duration,
            "OS time slice when runnable threads outnumber cores, positive; the profile's by default.",
            r#""4ms""#,
        ),
        key(
            "wake_latency",
            Kind::Duration,
            "On an idle core, from a thread's wake-up to its first instruction; the profile's by default.",
            r#""5us""#,
        ),
    ],
};

/// `[interpreter]`.
pub(super) static INTERPRETER: Keys = Keys {
    what: "`interpreter`",
    about: "The Python interpreter.",
    all: &[
        key(
            "profile",
            Kind::Profile,
            "A built-in cost profile or the path of a profile file, relative to the scenario; cpython-3.13 by default.",
            r#""cpython-3.13""#,
        ),
        key(
            "lock",
            Kind::Boolean,
            "Whether there is an interpreter-wide lock (GIL); the profile's by default.",
            "true",
        ),
        key(
            "switch_interval",
            Kind::Duration,
            "How long a waiter for the lock waits before it asks the holder to give way, positive; the profile's by default.",
            r#""5ms""#,
        ),
    ],
};

/// A table of `[sites]`.
pub(super) static SITE: Keys = Keys {
    what: "a site",
    about: "Something outside the program that is waited on.",
    all: &[
        required(
            "latency",
            Kind::Distribution,
            "How long an answer takes.",
            r#"{ "uniform": ["1s", "2s"] }"#,
        ),
        key(
            "connections",
            Kind::Whole(1, limits::AMOUNT),
            "Requests in flight at once, the rest queue at the site; no limit by default.",
            "6",
        ),
    ],
};

/// A table of `[computations]`.
pub(super) static COMPUTATION: Keys = Keys {
    what: "a computation",
    about: "A named piece of CPU work.",
    all: &[
        required("time", Kind::Distribution, "CPU time.", r#""20ms""#),
        key(
            "lock",
            Kind::Choice(&LOCK_MODES),
            "held: Python code, gives way each switch interval (default). kept: one C call that never gives way. released: C code that drops the lock.",
            r#""held""#,
        ),
    ],
};

/// An entry of `[[tasks]]`.
pub(super) static TASK: Keys = Keys {
    what: "`[[tasks]]`",
    about: "A group of tasks that do the same steps.",
    all: &[
        key("name", Kind::Text, "For people; need not be unique.", r#""page""#),
        key(
            "count",
            Kind::Whole(1, limits::TASKS),
            "How many tasks; by default the number of instants of `arrive`, else 1.",
            "100",
        ),
        key(
            "arrive",
            Kind::Arrival,
            "When the tasks arrive; all at once by default.",
            r#"{ "every": "10ms" }"#,
        ),
        key(
            "payload",
            Kind::Table(&PAYLOAD),
            "What crosses a process boundary for each task, pickled; nothing by default.",
            r#"{ "send": "1kB", "receive": "200kB" }"#,
        ),
        required(
            "steps",
            Kind::Steps,
            "What each task does, in order.",
            r#"[{ "wait": "shop" }, { "compute": "parse" }]"#,
        ),
    ],
};

/// The `payload` of tasks.
pub(super) static PAYLOAD: Keys = Keys {
    what: "`payload`",
    about: "Bytes that are pickled for a task when it crosses a process boundary.",
    all: &[
        key("send", Kind::Size, "From the parent to the worker; 0B by default.", r#""1kB""#),
        key("receive", Kind::Size, "From the worker back; 0B by default.", r#""200kB""#),
    ],
};

/// The forms of `arrive` that are tables.
pub(super) static ARRIVAL: Keys = Keys {
    what: "`arrive`",
    about: "When tasks arrive.",
    all: &[
        key(
            "every",
            Kind::Distribution,
            "The first at the start, each next one this long after the one before.",
            r#""10ms""#,
        ),
        key(
            "poisson",
            Kind::Rate,
            "At random, so many on average in a unit of time: /ns, /us, /ms, /s or /min.",
            r#""100/s""#,
        ),
        key(
            "at",
            Kind::Durations(None),
            "At these instants after the start, one per task.",
            r#"["0ms", "3ms"]"#,
        ),
        key(
            "csv",
            Kind::DataFile,
            "At the instants in the first column of a file, relative to the scenario; plain numbers are seconds.",
            r#""arrivals.csv""#,
        ),
    ],
};

/// The forms of a distribution.
pub(super) static DISTRIBUTION: Keys = Keys {
    what: "a distribution",
    about: "A distribution of durations.",
    all: &[
        key(
            "uniform",
            Kind::Durations(Some(2)),
            "Evenly between the shortest and the longest.",
            r#"["1s", "2s"]"#,
        ),
        key("exponential", Kind::Duration, "Exponential with this mean.", r#""10ms""#),
        key(
            "normal",
            Kind::Durations(Some(2)),
            "Normal with this mean and standard deviation, never below 0.",
            r#"["10ms", "2ms"]"#,
        ),
        key(
            "lognormal",
            Kind::Table(&LOGNORMAL),
            "Log-normal with this median and 99th percentile.",
            r#"{ "p50": "10ms", "p99": "80ms" }"#,
        ),
        key(
            "pareto",
            Kind::Table(&PARETO),
            "Pareto with this minimum and shape.",
            r#"{ "min": "10ms", "shape": 1.5 }"#,
        ),
        key(
            "cycle",
            Kind::Durations(None),
            "Task i of its entry starts at value i; further draws go on from there, round and round.",
            r#"["1ms", "2ms", "3ms"]"#,
        ),
        key(
            "samples",
            Kind::DataFile,
            "Draws with replacement from the first column of a file, relative to the scenario; plain numbers are seconds.",
            r#""measured.csv""#,
        ),
    ],
};

/// The parameters of `lognormal`.
pub(super) static LOGNORMAL: Keys = Keys {
    what: "`lognormal`",
    about: "Two percentiles of a log-normal distribution.",
    all: &[
        required("p50", Kind::Duration, "The median, positive.", r#""10ms""#),
        required("p99", Kind::Duration, "The 99th percentile, at least the median.", r#""80ms""#),
    ],
};

/// The parameters of `pareto`.
pub(super) static PARETO: Keys = Keys {
    what: "`pareto`",
    about: "The parameters of a Pareto distribution.",
    all: &[
        required("min", Kind::Duration, "The shortest value.", r#""10ms""#),
        required(
            "shape",
            Kind::Positive,
            "The shape (alpha), positive: the smaller, the heavier the tail.",
            "1.5",
        ),
    ],
};

/// A step: one of [`VERBS`] and what belongs to it.
pub(super) static STEP: Keys = Keys {
    what: "a step",
    about: "One step of a task.",
    all: &[
        key(
            "wait",
            Kind::SiteOrTime,
            "Waits on a site or for a time: blocks a thread, is an await point in asyncio.",
            r#""shop""#,
        ),
        key(
            "block",
            Kind::SiteOrTime,
            "Waits on a site or for a time and blocks the thread even inside a coroutine.",
            r#""10ms""#,
        ),
        key(
            "compute",
            Kind::ComputationOrTime,
            "Burns CPU: a computation, or a time of Python code.",
            r#""parse""#,
        ),
        key(
            "yield",
            Kind::True,
            "`asyncio.sleep(0)`; under threads, gives the processor away.",
            "true",
        ),
        key("acquire", Kind::Name, "Takes a permit of a semaphore, waiting for one.", r#""slots""#),
        key("release", Kind::Name, "Gives a permit of a semaphore back.", r#""slots""#),
        key("put", Kind::Name, "Puts an item into a queue, waiting for room.", r#""jobs""#),
        key("get", Kind::Name, "Takes an item from a queue, waiting for one.", r#""jobs""#),
        key(
            "offload",
            Kind::Steps,
            "Runs steps in an executor; inline under tools without an event loop.",
            r#"[{ "compute": "20ms" }]"#,
        ),
        key(
            "to",
            Kind::Choice(&EXECUTORS),
            "With `offload`: which executor; threads by default.",
            r#""processes""#,
        ),
        key("repeat", Kind::Whole(1, limits::LEAF_STEPS), "Runs `steps` so many times.", "10"),
        key("steps", Kind::Steps, "With `repeat`: what is repeated.", r#"[{ "wait": "shop" }]"#),
    ],
};

/// The keys of [`STEP`] that say what a step does.
pub(super) const VERBS: [&str; 10] =
    ["wait", "block", "compute", "yield", "acquire", "release", "put", "get", "offload", "repeat"];

/// An entry of `[[tools]]`.
pub(super) static TOOL: Keys = Keys {
    what: "`[[tools]]`",
    about: "One run of the scenario: a tool with its settings.",
    all: &[
        required("use", Kind::Choice(&TOOL_NAMES), "Which tool.", r#""thread_pool""#),
        key(
            "label",
            Kind::Text,
            "What the results are filed under; the value of `use` by default.",
            r#""10 threads""#,
        ),
        key(
            "workers",
            Kind::Whole(1, limits::WORKERS),
            "Workers of a pool; the default of the profile's Python.",
            "10",
        ),
        key(
            "limit",
            Kind::Whole(1, limits::AMOUNT),
            "asyncio: a semaphore of this size round each task; none by default.",
            "10",
        ),
        key(
            "chunk",
            Kind::Whole(1, limits::AMOUNT),
            "Tasks per message to a worker; the default of the profile's Python.",
            "1",
        ),
        key(
            "start",
            Kind::Choice(&START_METHODS),
            "How processes are started; the default of the profile's Python.",
            r#""fork""#,
        ),
        key(
            "machine",
            Kind::Table(&MACHINE),
            "Overrides keys of the machine for this tool.",
            r#"{ "cores": 1 }"#,
        ),
        key(
            "interpreter",
            Kind::Table(&INTERPRETER),
            "Overrides keys of the interpreter for this tool.",
            r#"{ "lock": false }"#,
        ),
        key(
            "sites",
            Kind::Map(&SITE),
            "Overrides keys of sites for this tool.",
            r#"{ "shop": { "connections": 2 } }"#,
        ),
        key(
            "computations",
            Kind::Map(&COMPUTATION),
            "Overrides keys of computations for this tool.",
            r#"{ "parse": { "time": "5ms" } }"#,
        ),
    ],
};

/// The names of all tools.
pub(super) static TOOL_NAMES: [&str; Tool::ALL.len()] = {
    let mut names = [""; Tool::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Tool::ALL[index].name();
        index += 1;
    }
    names
};

/// The names of the lock modes of computations.
pub(super) static LOCK_MODES: [&str; 3] = ["held", "kept", "released"];

/// The names of the executors of `offload`.
pub(super) static EXECUTORS: [&str; 2] = ["threads", "processes"];

/// The names of the start methods.
pub(super) static START_METHODS: [&str; 3] = ["fork", "spawn", "forkserver"];
