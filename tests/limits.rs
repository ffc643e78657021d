//! Scenarios that are absurd and allowed run, or are refused up front with what would be right; they never
//! hang, overflow or panic.

use std::path::Path;
use std::process::Command;

struct Run {
    code: Option<i32>,
    messages: String,
}

fn run(text: &str) -> Run {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("absurd.toml");
    std::fs::write(&file, text).expect("a file can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_gilsim"))
        .args(["run", "--no-trace", "--no-chart", "--quiet", "--out"])
        .arg(folder.path().join("out"))
        .arg(&file)
        .output()
        .expect("gilsim starts");
    let refused = output.status.code() == Some(2);
    assert_eq!(refused, !has_summary(folder.path()), "a refused run leaves nothing behind");
    Run {
        code: output.status.code(),
        messages: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

fn has_summary(folder: &Path) -> bool {
    folder.join("out/absurd/summary.csv").exists()
}

/// The sentence that says why a run is refused.
fn refusal(text: &str) -> String {
    let run = run(text);
    assert_eq!(run.code, Some(2), "{}", run.messages);
    run.messages
}

fn runs(text: &str) {
    let run = run(text);
    assert_eq!(run.code, Some(0), "{}", run.messages);
}

#[test]
fn time_slices_of_a_nanosecond_are_refused_where_they_would_never_end() {
    let text = |time| {
        format!(
            "machine = {{ cores = 1, quantum = '1ns' }}\ninterpreter = {{ profile = 'ideal', lock = false }}\n\
             tasks = [{{ count = 3, steps = [{{ compute = '{time}' }}] }}]\ntools = [{{ use = 'threading' }}]"
        )
    };
    let said = refusal(&text("20s"));
    assert!(said.contains("take turns at the lock or the cores 60000000000 times"), "{said}");
    assert!(said.contains("use a longer `switch_interval` and `quantum`"), "{said}");
    runs(&text("1us"));
}

#[test]
fn computations_of_years_run_where_nobody_takes_turns() {
    let text = |tool| {
        format!(
            "interpreter.profile = 'ideal'\n\
             tasks = [{{ count = 3, steps = [{{ compute = '10000000min' }}] }}]\ntools = [{{ use = '{tool}' }}]"
        )
    };
    runs(&text("sequential"));
    runs(&text("asyncio"));
    runs(&text("multiprocessing"));
    assert!(
        refusal(&text("threading"))
            .contains("tool `threading`: threads of this run may take turns")
    );
}

#[test]
fn more_than_a_century_of_waiting_is_refused() {
    let said = refusal("tasks = [{ count = 2, steps = [{ wait = '50000000min' }] }]");
    assert!(said.contains("the tasks together ask for 190 years"), "{said}");
}

#[test]
fn a_terabyte_of_payload_is_played_in_a_moment() {
    let text = |count| {
        format!(
            "tasks = [{{ count = {count}, payload = {{ send = '1000GB', receive = '1000GB' }}, steps = [{{ compute = '1s' }}] }}]\n\
             tools = [{{ use = 'multiprocessing_pool' }}]"
        )
    };
    runs(&text(2));
    assert!(refusal(&text(10_000_000)).contains("the tasks together ask for"));
}

#[test]
fn repeats_within_repeats_are_counted_before_they_are_unrolled() {
    let nested = |depth| {
        let steps = (0..depth).fold("{ wait = '1ns' }".to_owned(), |steps, _| {
            format!("{{ repeat = 10, steps = [{steps}] }}")
        });
        format!("tasks = [{{ steps = [{steps}] }}]\ntools = [{{ use = 'sequential' }}]")
    };
    runs(&nested(4));
    assert!(refusal(&nested(10)).contains("10000000000 steps with every `repeat` unrolled"));
}

#[test]
fn four_thousand_cores_are_no_burden() {
    runs(
        "machine.cores = 4096\ntasks = [{ count = 5000, steps = [{ compute = '1ms' }] }]\n\
         tools = [{ use = 'process_pool' }, { use = 'threading' }]",
    );
}

#[test]
fn threads_that_all_want_the_lock_at_once_are_no_burden() {
    runs(
        "interpreter.profile = 'ideal'\n\
         tasks = [{ count = 4000, steps = [{ wait = '10s' }, { compute = '6ms' }] }]\ntools = [{ use = 'threading' }]",
    );
}
