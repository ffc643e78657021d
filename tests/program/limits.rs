//! Scenarios that are absurd and allowed run, or are refused up front with what would be right; they never
//! hang, overflow or panic.

use crate::bench::{Bench, Ended};

/// Runs a scenario; if it is refused nothing is left behind.
fn run(text: &str) -> Ended {
    let bench = Bench::with("absurd.toml", text);
    let ended = bench.run(&["run", "absurd.toml", "--no-trace", "--no-chart", "--quiet"]);
    let is_summed_up = bench.path("output/absurd/summary.csv").exists();
    assert_ne!(ended.code() == Some(2), is_summed_up, "{}", ended.err());
    ended
}

/// The sentence that says why a run is refused.
fn refusal(text: &str) -> String {
    run(text).expect(2).err()
}

fn runs(text: &str) {
    run(text).expect(0);
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
