//! Golden traces: a difference here is a change of behaviour, to be explained in the changelog under
//! **Traces**. `UPDATE_GOLDEN=1 cargo test --test model golden` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use gilsim::formats::csv::TraceCsv;
use gilsim::trace::Outcome;

/// The trace of every tool of a scenario, as `run` writes it.
fn trace(path: &Path) -> String {
    let loaded = gilsim::scenario::load(path, &[]).unwrap_or_else(|faults| panic!("{faults}"));
    let mut csv = TraceCsv::new(Vec::new());
    for tool in &loaded.scenario.tools {
        let plan = gilsim::Prepared::new(&loaded.scenario, tool, 0).expect("small demands").plan;
        csv.begin(&tool.label, 0, &plan.names);
        let (outcome, _) = gilsim::engine::simulate(&plan, &mut csv);
        assert_eq!(outcome, Outcome::Finished, "{}", tool.label);
    }
    String::from_utf8(csv.finish().expect("memory takes all")).expect("traces are text")
}

fn check(name: &str) {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let golden: PathBuf = scenario.with_extension("csv");
    let now = trace(&scenario);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &now).expect("the golden trace can be written");
    }
    let before = fs::read_to_string(&golden).expect("the golden trace is there");
    let first = before.lines().zip(now.lines()).position(|(before, now)| before != now);
    assert!(
        before == now,
        "{name}: the trace differs from line {:?} on",
        first.map(|line| line + 1)
    );
}

#[test]
fn threads_pools_and_processes_keep_their_traces() {
    check("threads-take-turns.toml");
}

#[test]
fn coroutines_keep_their_traces() {
    check("coroutines.toml");
}

#[test]
fn every_tool_with_costs_keeps_its_trace() {
    check("real-costs.toml");
}
