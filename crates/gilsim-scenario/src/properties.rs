//! Whatever a file holds, reading it ends in a scenario or in faults that point into it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Document, Faults, Loaded, parse};

/// A scenario with every key that there is.
const WHOLE: &str = r#"
title = "T"
about = "A"
seed = 1
machine = { cores = 8, quantum = "4ms", wake_latency = "5us" }
interpreter = { profile = "ideal", lock = true, switch_interval = "5ms" }
[sites]
a = { latency = { uniform = ["1s", "2s"] }, connections = 6, fails = 0.5, fails_after = "1s" }
b.latency = { exponential = "1s" }
c.latency = { normal = ["1s", "2s"] }
d.latency = { lognormal = { p50 = "1s", p99 = "2s" } }
e.latency = { pareto = { min = "1s", shape = 1.5 } }
f.latency = { cycle = ["1s", "2s"] }
[computations.parse]
time = "20ms"
lock = "held"
[semaphores]
slots = 10
[queues]
jobs = 100
[[tasks]]
name = "page"
count = 2
arrive = { at = ["0ms", "3ms"] }
payload = { send = "1kB", receive = "200kB" }
steps = [
  { wait = "a" }, { block = "1s" }, { compute = "parse" }, { yield = true }, { acquire = "slots" },
  { release = "slots" }, { put = "jobs" }, { get = "jobs" }, # a comment
  { offload = [{ compute = "1ms" }], to = "processes" }, { repeat = 10, steps = [{ wait = "b" }] },
  { all = [[{ wait = "a" }]], on_failure = "cancel", each = 2, steps = [{ yield = true }] },
  { first = [[{ wait = "a" }], [{ compute = "1ms" }]] },
  { fail = true }, { try = [{ wait = "a" }], timeout = "1s", otherwise = [{ yield = true }],
    retry = { times = 2, backoff = "1ms", factor = 2, jitter = 0.5 } },
]
[[tasks]]
arrive = { every = "10ms" }
steps = [{ wait = "1s" }]
[[tasks]]
arrive = { poisson = "100/s" }
steps = [{ wait = "1s" }]
[[tools]]
use = "process_pool"
label = "pool"
workers = 10
chunk = 2
start = "spawn"
machine = { cores = 1 }
interpreter.lock = false
sites.a.latency = "1s"
computations.parse.time = "1ms"
[[tools]]
use = "asyncio"
limit = 3
"#;

fn outcome(text: &str) -> Result<Loaded, Faults> {
    parse(text, "whole.toml", Path::new("/nowhere"), &[])
}

/// Whether all places lie within the text and all messages can be shown.
fn well_placed(faults: &Faults, text: &str) -> Result<(), TestCaseError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for (name, line, column) in faults.places() {
        if name == "whole.toml" {
            prop_assert!((1..=lines.len()).contains(&line), "line {line}");
            prop_assert!((1..=lines[line - 1] + 1).contains(&column), "column {column}");
        }
    }
    prop_assert!(faults.count() > 0);
    prop_assert!(faults.render(false).contains("error: "));
    prop_assert!(!faults.render(true).is_empty());
    Ok(())
}

/// Pieces of scenarios, right and wrong.
#[rustfmt::skip] // Many a row.
const PIECES: [&str; 37] = [
    "[", "]", "{", "}", "\"", "'", "=", "\n", "\r\n", ",", ".", "#", "\0", "é", "\u{1b}[31m",
    "[[tasks]]", "[tasks]", "steps = [", "{ wait = ", "5ms", "\"5ms\"", "-1", "0", "1e400", "nan",
    "9999999999999999999999", "true", "\"\"\"", "1979-05-27", "samples", "repeat", "\\u",
    "[sites.a]", "machine.cores", "\"cpython-3.8\"", "\t", "\u{feff}",
];

/// One of the pieces, or a few letters.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,6}", prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),]
}

#[test]
fn the_whole_scenario_is_sound() {
    assert!(outcome(WHOLE).is_ok(), "{}", outcome(WHOLE).unwrap_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_scenario_is_read_or_refused_with_places_in_it(
        changes in prop::collection::vec((0..WHOLE.len(), 0_usize..12, piece()), 1..4),
    ) {
        let mut text = WHOLE.to_owned();
        for (at, length, piece) in changes {
            let floor = |byte: usize| (0..=byte.min(text.len())).rev().find(|b| text.is_char_boundary(*b)).unwrap_or(0);
            let range = floor(at)..floor(at + length);
            text.replace_range(range, &piece);
        }
        if let Err(faults) = outcome(&text) {
            well_placed(&faults, &text)?;
        }
    }

    #[test]
    fn pieces_in_any_order_are_read_or_refused_with_places_in_them(pieces in prop::collection::vec(piece(), 0..20)) {
        let text = pieces.concat();
        if let Err(faults) = outcome(&text) {
            well_placed(&faults, &text)?;
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), good in any::<bool>()) {
        let mut all = if good { WHOLE.as_bytes().to_vec() } else { Vec::new() };
        all.extend(bytes);
        let path = Path::new("bytes.toml");
        let files = BTreeMap::from([(path.to_owned(), all)]);
        if let Err(faults) = super::load_from(Arc::new(files), path, &[]) {
            prop_assert!(faults.count() > 0 && !faults.to_string().is_empty());
            prop_assert_eq!(faults.exit_code(), 2);
        }
    }

    #[test]
    fn any_setting_is_taken_or_refused(key in prop::collection::vec(piece(), 0..4), value in piece(), path in prop::sample::select(vec![
        "", "machine.", "sites.", "sites.a.", "tasks.page.", "tools.", "tools.pool.", "tools.pool.sites.a.", "semaphores.", "title",
    ])) {
        let mut document = Document::parse(WHOLE, "whole.toml", Path::new(""));
        let key = format!("{path}{}", key.concat());
        let outcome = document.set("--set", &key, &value).map(|()| document.resolve());
        if let Err(faults) = outcome.and_then(|resolved| resolved) {
            prop_assert!(faults.count() > 0 && !faults.to_string().is_empty());
        }
    }

    #[test]
    fn a_data_file_of_any_text_is_read_or_refused(rows in prop::collection::vec(piece(), 0..6)) {
        let text = rows.join("\n");
        let file = super::data_file::DataFile::parse(text);
        prop_assert_eq!(file.values.is_empty() && file.faults.is_empty(), false);
        for fault in &file.faults {
            prop_assert!(file.text.get(fault.span.clone()).is_some());
        }
    }
}
