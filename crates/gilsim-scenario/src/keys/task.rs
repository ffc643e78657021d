//! The keys of tasks: arrivals, steps, distributions.

use super::super::limits;
use super::{Keys, Kind, key, required};

/// An entry of `[[tasks]]`.
pub(crate) static TASK: Keys = Keys {
    what: "`[[tasks]]`",
    about: "A group of tasks that do the same steps.",
    all: &[
        key("name", Kind::Text, "For people; need not be unique.", r#""page""#),
        key(
            "count",
            Kind::Whole(1, limits::TASKS),
            "How many tasks; by default the number of instants of `arrive`, as many as arrive before `run.until`, else 1.",
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
pub(crate) static PAYLOAD: Keys = Keys {
    what: "`payload`",
    about: "Bytes that are pickled for a task when it crosses a process boundary.",
    all: &[
        key("send", Kind::Size, "From the parent to the worker; 0B by default.", r#""1kB""#),
        key("receive", Kind::Size, "From the worker back; 0B by default.", r#""200kB""#),
    ],
};

/// The forms of `arrive` that are tables.
pub(crate) static ARRIVAL: Keys = Keys {
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
pub(crate) static DISTRIBUTION: Keys = Keys {
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
pub(crate) static LOGNORMAL: Keys = Keys {
    what: "`lognormal`",
    about: "Two percentiles of a log-normal distribution.",
    all: &[
        required("p50", Kind::Duration, "The median, positive.", r#""10ms""#),
        required("p99", Kind::Duration, "The 99th percentile, at least the median.", r#""80ms""#),
    ],
};

/// The parameters of `pareto`.
pub(crate) static PARETO: Keys = Keys {
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
pub(crate) static STEP: Keys = Keys {
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
pub(crate) const VERBS: [&str; 10] =
    ["wait", "block", "compute", "yield", "acquire", "release", "put", "get", "offload", "repeat"];

/// The names of the executors of `offload`.
pub(crate) static EXECUTORS: [&str; 2] = ["threads", "processes"];
