//! The keys of tasks: arrivals, steps, distributions.

use super::super::limits;
use super::{Key, Keys, Kind, key, required};
use crate::read::{further_kind, value_kind};
use gilsim_core::model::StepKind;

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
            "after",
            Kind::After,
            "In place of `arrive`: they arrive when every task of an entry above is done, or with `each` task i when task i of it is.",
            r#""page""#,
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
    about: "What is pickled for a task when it crosses a process boundary.",
    all: &[
        key("send", Kind::Size, "From the parent to the worker; 0B by default.", r#""1kB""#),
        key(
            "send_objects",
            Kind::Whole(1, limits::PAYLOAD_OBJECTS),
            "Of how many Python objects that is made: a list of 20 numbers is 21; 1 by default, as bytes are.",
            "21",
        ),
        key("receive", Kind::Size, "From the worker back; 0B by default.", r#""200kB""#),
        key(
            "receive_objects",
            Kind::Whole(1, limits::PAYLOAD_OBJECTS),
            "Of how many Python objects that is made; 1 by default.",
            "21",
        ),
        key(
            "pickle",
            Kind::Duration,
            "CPU time of pickling it, each way that something goes, where it was measured; else it follows from bytes and objects.",
            r#""3us""#,
        ),
        key("unpickle", Kind::Duration, "CPU time of unpickling it, likewise.", r#""2us""#),
    ],
};

/// The `after` of tasks, where it is a table.
pub(crate) static AFTER: Keys = Keys {
    what: "`after`",
    about: "Task i arrives when task i of another entry is done.",
    all: &[required(
        "each",
        Kind::Name,
        "The name of that entry, which stands above and has as many tasks.",
        r#""page""#,
    )],
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
        key(
            "clients",
            Kind::Whole(1, limits::TASKS),
            "A closed loop: each of so many clients sends its next task when its last one is answered, the first at the start. `count` is the total of all clients.",
            "32",
        ),
        key(
            THINK,
            Kind::Distribution,
            "With `clients`: how long a client waits before it sends its next task; not at all by default.",
            r#""1s""#,
        ),
    ],
};

/// The key of [`ARRIVAL`] that stands beside another one.
pub(crate) const THINK: &str = "think";

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

/// A step: the key of its kind, and perhaps a further one.
pub(crate) static STEP: Keys =
    Keys { what: "a step", about: "One step of a task.", all: &STEP_KEYS };

/// The keys of all kinds of steps, each followed by its further one.
static STEP_KEYS: [Key; step_keys(None)] = {
    let mut keys = [key("", Kind::True, "", ""); step_keys(None)];
    let mut index = 0;
    while index < VERBS.len() {
        let kind = StepKind::ALL[index];
        let mut at = step_keys(Some(index));
        keys[at] = key(kind.key, value_kind(kind.form), kind.about, kind.example);
        let mut beside = 0;
        while beside < kind.further.len() {
            let further = &kind.further[beside];
            if !is_listed_before(index, further.key) {
                at += 1;
                let takes = further_kind(further.takes);
                keys[at] = key(further.key, takes, further.about, further.example);
            }
            beside += 1;
        }
        index += 1;
    }
    keys
};

/// How many keys the kinds before that one have; all of them if there is none.
const fn step_keys(before: Option<usize>) -> usize {
    let end = match before {
        Some(end) => end,
        None => StepKind::ALL.len(),
    };
    let (mut count, mut index) = (0, 0);
    while index < end {
        count += 1;
        let further = StepKind::ALL[index].further;
        let mut beside = 0;
        while beside < further.len() {
            count += !is_listed_before(index, further[beside].key) as usize;
            beside += 1;
        }
        index += 1;
    }
    count
}

/// Whether a kind before that one has that further key, too.
const fn is_listed_before(kind: usize, key: &str) -> bool {
    let mut index = 0;
    while index < kind {
        let further = StepKind::ALL[index].further;
        let mut beside = 0;
        while beside < further.len() {
            if is_same(further[beside].key.as_bytes(), key.as_bytes()) {
                return true;
            }
            beside += 1;
        }
        index += 1;
    }
    false
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The keys of [`STEP`] that say what a step does.
pub(crate) static VERBS: [&str; StepKind::ALL.len()] = {
    let mut verbs = [""; StepKind::ALL.len()];
    let mut index = 0;
    while index < verbs.len() {
        verbs[index] = StepKind::ALL[index].key;
        index += 1;
    }
    verbs
};

/// The `retry` of a `try`.
pub(crate) static RETRY: Keys = Keys {
    what: "`retry`",
    about: "Attempts after the first, each when the one before it has failed.",
    all: &[
        required("times", Kind::Whole(0, limits::AMOUNT), "How many at most.", "3"),
        key(
            "backoff",
            Kind::Duration,
            "How long after a failure the first of them begins; at once by default.",
            r#""100ms""#,
        ),
        key(
            "factor",
            Kind::Positive,
            "How many times longer each further wait is; 1 by default.",
            "2",
        ),
        key(
            "jitter",
            Kind::Share,
            "By which share of itself a wait is longer or shorter at most, drawn evenly; 0 by default.",
            "0.1",
        ),
    ],
};

/// What a list of steps that fails does to the others of an `all`.
pub(crate) static ON_FAILURE: [&str; 2] = ["wait", "cancel"];

/// The names of the executors of `offload`.
pub(crate) static EXECUTORS: [&str; 2] = ["threads", "processes"];
