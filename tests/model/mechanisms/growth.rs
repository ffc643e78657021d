//! The work of a run grows as its scenario does: twice as many tasks, workers and connections make about twice as many rows.
//!
//! One thing grows with the square, in real programs as here: of many threads that wait for one lock each wakes once in every
//! switch interval and finds it taken (docs/semantics.md, "Taking the lock"). It is bounded by what the cores can do.

use gilsim::run_with;
use gilsim::trace::{Row, Sink};

use crate::play::scenario;

/// Counts rows, those of no length left out.
#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn row(&mut self, _: &Row) {
        self.0 += 1;
    }
}

/// The rows of each tool of a scenario.
fn rows(text: &str) -> Vec<(String, u64)> {
    let scenario = scenario(text);
    let count = |run| {
        let mut count = Count::default();
        run_with(&scenario, run, 0, &mut count).expect("it is not too large");
        count.0
    };
    scenario.tools.iter().map(|run| (run.label.clone(), count(run))).collect()
}

/// Tasks as many as workers and connections, on every tool.
fn of_size(profile: &str, shared: &str, steps: &str, size: u32) -> String {
    let pools = ["thread_pool", "multiprocessing_pool", "process_pool"];
    let pools = pools.map(|pool| format!("{{ use = '{pool}', workers = {size} }}"));
    let others = ["sequential", "threading", "asyncio", "to_thread", "multiprocessing"];
    let tools = [pools.as_slice(), &others.map(|tool| format!("{{ use = '{tool}' }}"))].concat();
    format!(
        "interpreter.profile = '{profile}'\ntools = [{}]\n{}\n[[tasks]]\ncount = {size}\nsteps = [{steps}]",
        tools.join(", "),
        shared.replace("SIZE", &size.to_string()),
    )
}

#[test]
fn twice_as_many_tasks_workers_and_connections_make_twice_as_many_rows() {
    let kinds = [
        ("sites.s = { latency = '1000s', connections = SIZE }", "{ wait = 's' }"),
        ("sites.s = { latency = '1us', connections = 1 }", "{ wait = 's' }"),
        ("semaphores.m = 1", "{ acquire = 'm' }, { compute = '1us' }, { release = 'm' }"),
        ("queues.q = 0", "{ put = 'q' }, { get = 'q' }"),
        (
            "computations.c = { time = '10us', lock = 'released' }",
            "{ wait = '100s' }, { compute = 'c' }",
        ),
        ("", "{ offload = [{ compute = '10us' }] }, { yield = true }"),
    ];
    for profile in ["ideal", "cpython-3.13"] {
        for (shared, steps) in kinds {
            let [small, large] =
                [500, 1_000].map(|size| rows(&of_size(profile, shared, steps, size)));
            for ((tool, small), (_, large)) in small.into_iter().zip(large) {
                let most = small * 5 / 2;
                assert!(large <= most, "{tool}, {profile}, {steps}: {small} rows, then {large}");
            }
        }
    }
}

#[test]
fn under_the_exact_rules_threads_that_wait_for_the_lock_make_no_rows() {
    let text = |size| of_size("ideal", "", "{ wait = '1s' }, { compute = '20ms' }", size);
    let [small, large] = [500, 1_000].map(|size| rows(&text(size)));
    for ((tool, small), (_, large)) in small.into_iter().zip(large) {
        // Threads take turns every 5 ms: of each task that computes for 20 there are four.
        assert!(large <= small * 2 + 100, "{tool}: {small} rows, then {large}");
    }
}

#[test]
fn threads_that_lose_patience_wake_once_in_an_interval_and_no_more_than_cores_can_bear() {
    let text = |size: u32| {
        format!(
            "tools = [{{ use = 'threading' }}]\n[[tasks]]\ncount = {size}\nsteps = [{{ wait = '10s' }}, {{ compute = '5ms' }}]"
        )
    };
    for size in [200_u32, 400] {
        let scenario = scenario(&text(size));
        let mut count = Count::default();
        let run =
            run_with(&scenario, &scenario.tools[0], 0, &mut count).expect("it is not too large");
        let intervals = run.totals.makespan.as_nanos().saturating_sub(10_000_000_000) / 5_000_000;
        // Half of them wait, on average. A wake-up makes three rows: ready or waking up, switching, waiting again.
        let most = u64::from(size) * (intervals * 2 + 40);
        assert!(count.0 <= most, "{size}: {} rows in {intervals} intervals", count.0);
    }
}
