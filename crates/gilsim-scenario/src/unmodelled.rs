//! Words for what programs have and gilsim has not.

use super::fault::Fault;
use super::source::Place;
use super::tree::shortened;

/// Where the reader finds what is not modelled.
const LIMITS: &str = "see README.md, \"Limits\"";

/// What serves in the place of something that is missing.
const INSTEAD: [(&str, &str); 1] = [("sleep", "`wait` for a time, or `block` the thread for one")];

/// What has a table of its own, and is used by steps of other names.
const ELSEWHERE: [(&str, &str); 13] = [
    ("gather", "tasks are gathered as they are; within one: { all = [[...], [...]] }"),
    ("taskgroup", "a step has one: { all = [[...], [...]], on_failure = \"cancel\" }"),
    (
        "cancel",
        "a list that fails cancels the others: { all = [[...], [...]], on_failure = \"cancel\" }",
    ),
    ("timeout", "steps that are tried have one: { try = [...], timeout = \"5s\" }"),
    ("deadline", "steps that are tried have one: { try = [...], timeout = \"5s\" }"),
    ("retry", "steps that are tried have it: { try = [...], retry = { times = 3 } }"),
    ("retries", "steps that are tried have them: { try = [...], retry = { times = 3 } }"),
    ("lock", "a name in `[locks]` is a lock: hold it with { with = NAME, steps = [...] }"),
    ("mutex", "a name in `[locks]` is a lock: hold it with { with = NAME, steps = [...] }"),
    ("rlock", "a name in `[locks]` is a lock that its holder cannot take again"),
    ("event", "a name in `[events]` is one: `set` it, and `wait_for` it"),
    ("barrier", "a name in `[barriers]` is one: tasks `meet` there"),
    ("limiter", "a name in `[limiters]` is one: tasks `pass` it"),
];

/// What has no stand-in.
const NAMES: [&str; 29] = [
    "anyio",
    "bandwidth",
    "cache",
    "cancellation",
    "celery",
    "condition",
    "curio",
    "dask",
    "disk",
    "eventlet",
    "gc",
    "gevent",
    "gpu",
    "greenlet",
    "interrupt",
    "joblib",
    "network",
    "numa",
    "pipe",
    "priority",
    "ray",
    "shared_memory",
    "signal",
    "socket",
    "subprocess",
    "trio",
    "twisted",
    "uvloop",
    "shield",
];

/// The fault of something called `word`, where that is a thing that gilsim does not model, or has elsewhere.
pub(super) fn fault(word: &str, place: Place) -> Option<Fault> {
    let names = [word.to_lowercase(), plain(word)];
    let is_it = |known: &str| names.iter().any(|name| name == known);
    if let Some((_, elsewhere)) = ELSEWHERE.iter().find(|(known, _)| is_it(known)) {
        let title = format!("`{}` does not stand here", shortened(word));
        return Some(Fault::new(place, title).label(*elsewhere));
    }
    let fault = Fault::new(place, format!("gilsim has no `{}`", shortened(word)));
    if let Some((_, instead)) = INSTEAD.iter().find(|(known, _)| is_it(known)) {
        return Some(fault.label(*instead).help(format!("what is not modelled: {LIMITS}")));
    }
    NAMES.iter().any(|known| is_it(known)).then(|| fault.label("this is not modelled").help(LIMITS))
}

/// The word in lower case, with `_` for `-`, and no plural.
pub(super) fn plain(word: &str) -> String {
    let lower = word.to_lowercase().replace('-', "_");
    lower.strip_suffix('s').unwrap_or(&lower).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn no_word_of_the_steps_the_tasks_or_the_tools_is_said_to_be_missing() {
        for keys in [&keys::STEP, &keys::TASK, &keys::TOOL, &keys::ROOT] {
            let elsewhere = |name| ELSEWHERE.iter().any(|(known, _)| *known == plain(name));
            let mut others = keys.names().filter(|name| !elsewhere(name));
            assert!(others.all(|name| fault(name, Place::NOWHERE).is_none()));
        }
        let tools = gilsim_core::model::Tool::ALL.iter();
        assert!(tools.copied().all(|tool| fault(tool.name(), Place::NOWHERE).is_none()));
    }
}
