//! Computations of several native threads, and those that share something: exactly.

use gilsim::trace::{Outcome, State};

use crate::play::{MS, Run, run, scenario};

/// Tasks that compute 120 ms each, on four cores, the first tool of the scenario.
fn compute(more: &str, tasks: u32, tool: &str, cores: u32) -> Run {
    let text = format!(
        "title = \"Native\"\n[machine]\ncores = {cores}\n[interpreter]\nprofile = \"ideal\"\n\
         [computations.svd]\ntime = \"120ms\"\nlock = \"released\"\n{more}\n\
         [[tasks]]\ncount = {tasks}\nsteps = [{{ compute = \"svd\" }}]\n[[tools]]\n{tool}\n"
    );
    let scenario = scenario(&text);
    let run = run(&scenario, &scenario.tools[0]);
    assert_eq!(run.outcome, Outcome::Finished);
    run
}

const ONE: &str = "use = \"sequential\"";
const THREADS: &str = "use = \"threading\"";

fn makespan(run: &Run) -> u64 {
    run.totals.makespan.as_nanos() / MS
}

/// The time that threads spent in a state, in milliseconds.
fn spent(run: &Run, state: State) -> u64 {
    let rows = run.heard.rows.iter().filter(|row| row.state == state);
    rows.map(|row| (row.end - row.start).as_nanos()).sum::<u64>() / MS
}

#[test]
fn native_threads_share_a_computation_evenly_on_enough_cores() {
    for barrier in ["spin", "sleep"] {
        for regions in [1, 10] {
            let team = format!("threads = 4\nbarrier = \"{barrier}\"\nregions = {regions}");
            let run = compute(&team, 1, ONE, 4);
            assert_eq!(makespan(&run), 30, "{team}");
            assert_eq!(spent(&run, State::Native), 120, "all of it is done: {team}");
            assert_eq!(run.totals.threads, 4, "the one that computes takes part");
        }
    }
}

#[test]
fn native_threads_are_kept_for_the_next_computation() {
    let run = compute("threads = 4", 3, ONE, 4);
    assert_eq!((makespan(&run), run.totals.threads), (90, 4));
}

#[test]
fn each_thread_of_python_has_native_threads_of_its_own() {
    let run = compute("threads = 4\nbarrier = \"sleep\"", 2, THREADS, 8);
    assert_eq!((makespan(&run), run.totals.threads), (30, 9), "main, two, and three for each");
}

#[test]
fn who_sleeps_at_the_barrier_wastes_nothing_on_too_few_cores() {
    let run = compute("threads = 4\nbarrier = \"sleep\"", 1, ONE, 2);
    assert_eq!(makespan(&run), 60);
}

#[test]
fn who_spins_at_the_barrier_keeps_its_core_from_those_with_work() {
    // Three threads of 40 ms on two cores, in slices of 4 ms. One that is done spins for whole slices.
    let spun = compute("threads = 3\nbarrier = \"spin\"", 1, ONE, 2);
    let slept = compute("threads = 3\nbarrier = \"sleep\"", 1, ONE, 2);
    assert!(makespan(&slept) < makespan(&spun), "{} and {}", makespan(&slept), makespan(&spun));
    assert_eq!(spent(&spun, State::Native), 120, "spinning is not work");
    let idle = 2 * makespan(&slept) - spent(&slept, State::Native);
    assert!(spent(&spun, State::Overhead) > idle);
}

#[test]
fn what_a_division_leaves_over_is_done_by_the_thread_that_computes() {
    let run = compute("threads = 7\nregions = 11", 1, ONE, 7);
    let native = run.heard.rows.iter().filter(|row| row.state == State::Native);
    assert_eq!(native.map(|row| (row.end - row.start).as_nanos()).sum::<u64>(), 120 * MS);
}

/// The makespan in milliseconds of so many threads that share so much, without a lock.
fn sharing(shared: &str, tasks: u32, lock: bool) -> u64 {
    let tool = format!("use = \"threading\"\ninterpreter = {{ lock = {lock} }}");
    let run = compute(&format!("shared = {shared}"), tasks, &tool, 8);
    assert_eq!(spent(&run, State::Native), 120 * u64::from(tasks), "waiting is not work");
    makespan(&run)
}

#[test]
fn what_is_shared_goes_one_by_one_without_a_lock() {
    assert_eq!(sharing("0.25", 1, false), 120, "one thread alone waits for nobody");
    assert_eq!(sharing("0.25", 4, false), 120, "four times a quarter fits");
    assert_eq!(sharing("0.25", 8, false), 240, "eight times a quarter is twice the work of one");
    assert_eq!(sharing("1.0", 8, false), 960, "as one after the other");
}

#[test]
fn sharing_costs_nothing_where_there_is_a_lock() {
    assert_eq!(sharing("1.0", 8, true), 120, "the computation has given it up");
}
