//! The keys of a scenario, its setting and its tools.

use super::super::limits;
use super::{Keys, Kind, TASK, key, required};
use gilsim_core::model::Tool;

/// The whole file.
#[rustfmt::skip] // A row a key.
pub(crate) static ROOT: Keys = Keys {
    what: "a scenario",
    about: "What a program waits on and computes, and the concurrency tools it is played through.",
    all: &[
        key("title", Kind::Text,
            "One line that says what the scenario is about; the file's stem by default.",
            r#""Download 100 pages and parse each""#),
        key("about", Kind::Text, "What it shows and what to look at.", r#""Threads overlap the waits.""#),
        key("seed", Kind::Whole(0, u64::MAX), "The only source of randomness; 0 by default.", "42"),
        key("run", Kind::Table(&RUN),
            "How long tasks arrive, in an open system.", r#"{ "until": "10min", "warm_up": "1min" }"#),
        key("machine", Kind::Table(&MACHINE), "The machine.", r#"{ "cores": 8 }"#),
        key("interpreter", Kind::Table(&INTERPRETER), "The Python interpreter.", r#"{ "profile": "cpython-3.14" }"#),
        key("sites", Kind::Map(&SITE),
            "What lies outside the program and is waited on, by name.", r#"{ "shop": { "latency": "1s" } }"#),
        key("computations", Kind::Map(&COMPUTATION), "Named pieces of CPU work.", r#"{ "parse": { "time": "20ms" } }"#),
        key("semaphores", Kind::Amounts(1, limits::AMOUNT),
            "Semaphores that all tasks of a run share: their permits by name, at least 1.", r#"{ "slots": 10 }"#),
        key("locks", Kind::Map(&LOCK),
            "Locks that all tasks of a run share, by name: `with` holds them. A lock has one holder.", r#"{ "db": {} }"#),
        key("events", Kind::Map(&EVENT),
            "Events that all tasks of a run share, by name: `set` sets one, `wait_for` waits until it is set.",
            r#"{ "ready": {} }"#),
        key("barriers", Kind::Amounts(1, limits::AMOUNT),
            "Barriers that all tasks of a run share: how many tasks `meet` there, by name.", r#"{ "phase": 4 }"#),
        key("limiters", Kind::Limiters,
            "Limiters that all tasks of a run share, by name: how many `pass` in a unit of time. Each is a token bucket, \
             full at the start; who comes first is first to pass.", r#"{ "api": "10/s" }"#),
        key("queues", Kind::Amounts(0, limits::AMOUNT),
            "Queues that all tasks of a run share: how many items each holds, 0 for no bound.", r#"{ "jobs": 100 }"#),
        required("tasks", Kind::List(&TASK),
            "What is to be done: groups of equal tasks.", r#"[{ "steps": [{ "wait": "1s" }] }]"#),
        key("tools", Kind::List(&TOOL),
            "One run each; every tool that the profile's Python has by default.", r#"[{ "use": "asyncio" }]"#),
    ],
};

/// `[run]`.
#[rustfmt::skip] // A row a key.
pub(crate) static RUN: Keys = Keys {
    what: "`run`",
    about: "The horizon of an open system.",
    all: &[
        required("until", Kind::Duration,
            "Tasks arrive before this time, those of `every` and `poisson` without a `count` up to it; what has \
             arrived is finished.", r#""10min""#),
        key("warm_up", Kind::Duration,
            "Response times are those of tasks that arrive from this time on, shorter than `until`; zero by default.",
            r#""1min""#),
    ],
};

/// `[machine]`.
#[rustfmt::skip] // A row a key.
pub(crate) static MACHINE: Keys = Keys {
    what: "`machine`",
    about: "The machine.",
    all: &[
        key("cores", Kind::Whole(1, limits::CORES), "Processor cores; 4 by default.", "8"),
        key("quantum", Kind::Duration,
            "OS time slice when runnable threads outnumber cores, positive; the profile's by default.", r#""4ms""#),
        key("wake_latency", Kind::Duration,
            "On an idle core, from a thread's wake-up to its first instruction; the profile's by default.", r#""5us""#),
    ],
};

/// `[interpreter]`.
#[rustfmt::skip] // A row a key.
pub(crate) static INTERPRETER: Keys = Keys {
    what: "`interpreter`",
    about: "The Python interpreter.",
    all: &[
        key("profile", Kind::Profile,
            "A built-in cost profile or the path of a profile file, relative to the scenario; cpython-3.14 by \
             default.", r#""cpython-3.14""#),
        key("lock", Kind::Boolean,
            "Whether there is an interpreter-wide lock (GIL); the profile's by default.", "true"),
        key("switch_interval", Kind::Duration,
            "How long a waiter for the lock waits before it asks the holder to give way, positive; the profile's by \
             default.", r#""5ms""#),
    ],
};

/// A table of `[sites]`.
#[rustfmt::skip] // A row a key.
pub(crate) static SITE: Keys = Keys {
    what: "a site",
    about: "Something outside the program that is waited on.",
    all: &[
        required("latency", Kind::Latency,
            "How long an answer takes; with `base` and `per_concurrent`, longer the more requests there are.",
            r#"{ "uniform": ["1s", "2s"] }"#),
        key("connections", Kind::Whole(1, limits::AMOUNT),
            "Requests in flight at once, the rest queue at the site; no limit by default.", "6"),
        key("fails", Kind::Share,
            "The share of waits that fail, from 0 to 1; 0 by default.", "0.02"),
        key("fails_after", Kind::Duration,
            "How long a wait takes that fails; as long as an answer by default.", r#""1s""#),
        key("connect", Kind::Duration,
            "How long a connection takes to be made: a request without a kept one pays it first; none by default.",
            r#""30ms""#),
        key("keep_alive", Kind::Boolean,
            "Whether a connection is kept for the next request of its process; true by default.", "true"),
        key("capacity", Kind::Rate,
            "So many requests in a unit of time get their turn, evenly, and the rest queue; no limit by default.",
            r#""200/s""#),
    ],
};

/// A `latency` that depends on load.
#[rustfmt::skip] // A row a key.
pub(crate) static LATENCY: Keys = Keys {
    what: "`latency`",
    about: "How long an answer takes that is slower under load.",
    all: &[
        required("base", Kind::Distribution, "How long an answer takes without other requests.", r#""50ms""#),
        required("per_concurrent", Kind::Duration,
            "How much longer it takes for each other request that is in flight when it is sent.", r#""2ms""#),
    ],
};

/// A table of `[locks]`.
pub(crate) static LOCK: Keys = Keys { what: "a lock", about: "A lock has no keys.", all: &[] };

/// A table of `[events]`.
pub(crate) static EVENT: Keys = Keys { what: "an event", about: "An event has no keys.", all: &[] };

/// A limiter that is a table.
#[rustfmt::skip] // A row a key.
pub(crate) static LIMITER: Keys = Keys {
    what: "a limiter",
    about: "A limiter with its burst.",
    all: &[
        required("rate", Kind::Rate, "How many pass in a unit of time: /ns, /us, /ms, /s or /min.", r#""10/s""#),
        key("burst", Kind::Whole(1, limits::AMOUNT),
            "How many may pass at once after a pause; 1 by default.", "5"),
    ],
};

/// A table of `[computations]`.
#[rustfmt::skip] // A row a key.
pub(crate) static COMPUTATION: Keys = Keys {
    what: "a computation",
    about: "A named piece of CPU work.",
    all: &[
        required("time", Kind::Distribution, "CPU time.", r#""20ms""#),
        key("lock", Kind::Choice(&LOCK_MODES),
            "held: Python code, gives way each switch interval (default). kept: one C call that never gives way. \
             released: C code that drops the lock.", r#""held""#),
        key("threads", Kind::Whole(1, limits::NATIVE_THREADS),
            "Native threads that do it, as BLAS has, the one that computes included, each thread of Python with its own; \
             1 by default.", "10"),
        key("barrier", Kind::Choice(&BARRIERS),
            "How they wait for each other at the end of a region. spin: they burn CPU time (default). sleep: they sleep.",
            r#""spin""#),
        key("regions", Kind::Whole(1, limits::REGIONS),
            "In so many regions, one after the other, they do it; 1 by default.", "100"),
        key("shared", Kind::Share,
            "The share of it, from 0 to 1, that needs something all threads of the process touch: it goes one by one in \
             free-threaded builds; 0 by default.", "0.3"),
    ],
};

/// An entry of `[[tools]]`.
#[rustfmt::skip] // A row a key.
pub(crate) static TOOL: Keys = Keys {
    what: "`[[tools]]`",
    about: "One run of the scenario: a tool with its settings.",
    all: &[
        required("use", Kind::Choice(&TOOL_NAMES), "Which tool.", r#""thread_pool""#),
        key("label", Kind::Text, "What the results are filed under; the value of `use` by default.", r#""10 threads""#),
        key("workers", Kind::Whole(1, limits::WORKERS),
            "Workers of a pool; the default of the profile's Python.", "10"),
        key("limit", Kind::Whole(1, limits::AMOUNT),
            "asyncio: a semaphore of this size round each task; none by default.", "10"),
        key("chunk", Kind::Whole(1, limits::AMOUNT),
            "Tasks per message to a worker; the default of the profile's Python.", "1"),
        key("start", Kind::Choice(&START_METHODS),
            "How processes are started; the default of the profile's Python.", r#""fork""#),
        key("worker_init", Kind::Duration,
            "CPU time of each worker before its first task, for imports and connections; none by default.", r#""3s""#),
        key("offload_workers", Kind::Whole(1, limits::WORKERS),
            "Threads of the event loop's default executor; the default of the profile's Python.", "40"),
        key("processes", Kind::Whole(1, limits::WORKERS), "Processes of the server; 1 by default.", "4"),
        key("threads", Kind::Whole(1, limits::WORKERS),
            "Threads of each process that do requests; 1 by default, where the process does them itself.", "4"),
        key("backlog", Kind::Whole(0, limits::AMOUNT),
            "How many requests wait to be accepted at most, a further one fails; 2048 by default.", "2048"),
        key("accept", Kind::Choice(&ACCEPTS),
            "kernel: whichever process is woken accepts, even if its threads are busy (default). even: an idle thread \
             accepts.", r#""kernel""#),
        key("loop", Kind::Boolean,
            "server: whether each process has an event loop in place of threads; false by default.", "true"),
        key("machine", Kind::Table(&MACHINE), "Overrides keys of the machine for this tool.", r#"{ "cores": 1 }"#),
        key("interpreter", Kind::Table(&INTERPRETER),
            "Overrides keys of the interpreter for this tool.", r#"{ "lock": false }"#),
        key("sites", Kind::Map(&SITE), "Overrides keys of sites for this tool.", r#"{ "shop": { "connections": 2 } }"#),
        key("computations", Kind::Map(&COMPUTATION),
            "Overrides keys of computations for this tool.", r#"{ "parse": { "time": "5ms" } }"#),
    ],
};

/// The names of all tools.
pub(crate) static TOOL_NAMES: [&str; Tool::ALL.len()] = {
    let mut names = [""; Tool::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Tool::ALL[index].name();
        index += 1;
    }
    names
};

/// The names of the lock modes of computations.
pub(crate) static LOCK_MODES: [&str; 3] = ["held", "kept", "released"];

/// How native threads wait for each other.
pub(crate) static BARRIERS: [&str; 2] = ["spin", "sleep"];

/// Who may accept requests.
pub(crate) static ACCEPTS: [&str; 2] = ["kernel", "even"];

/// The names of the start methods.
pub(crate) static START_METHODS: [&str; 3] = ["fork", "spawn", "forkserver"];
