//! Events, barriers and limiters under `ideal`.

use crate::play::{MS, Play, US};
use gilsim::profile::Cost;
use gilsim::time::SimDuration;
use gilsim::trace::{Ended, Outcome};

const TOOLS: [&str; 8] = [
    "threading",
    "thread_pool",
    "asyncio",
    "to_thread",
    "multiprocessing",
    "multiprocessing_pool",
    "process_pool",
    "interpreter_pool",
];

#[test]
fn whoever_waits_for_an_event_goes_on_when_it_is_set_and_nobody_waits_later() {
    let play = Play::of(
        r#"
        machine.cores = 4
        [events.ready]
        [[tasks]]
        count = 2
        steps = [{ wait_for = "ready" }, { wait = "10ms" }]
        [[tasks]]
        steps = [{ wait = "20ms" }, { set = "ready" }, { set = "ready" }]
        [[tasks]]
        steps = [{ wait = "25ms" }, { wait_for = "ready" }]
        "#,
    );
    for tool in TOOLS {
        assert_eq!(play.run(tool).done(), [30 * MS, 30 * MS, 20 * MS, 25 * MS], "{tool}");
    }
}

#[test]
fn at_a_barrier_all_wait_for_the_last_one_again_and_again() {
    let play = Play::of(
        r#"
        machine.cores = 4
        [barriers]
        phase = 3
        [[tasks]]
        count = 3
        steps = [
          { repeat = 4, steps = [{ wait = { cycle = ["1ms", "2ms", "9ms", "4ms"] } }, { meet = "phase" }] },
        ]
        "#,
    );
    // Of 1, 2, 9, then of 2, 9, 4, of 9, 4, 1 and of 4, 1, 2.
    for tool in TOOLS {
        assert_eq!(play.run(tool).done(), [31 * MS; 3], "{tool}");
    }
}

#[test]
fn a_task_too_few_at_a_barrier_is_a_deadlock_that_is_named() {
    let play = Play::of("barriers.phase = 3\n[[tasks]]\ncount = 2\nsteps = [{ meet = \"phase\" }]");
    for tool in TOOLS {
        let Outcome::Deadlocked(stuck) = play.run(tool).outcome else { panic!("{tool} ends") };
        let waits: Vec<&str> = stuck.iter().map(|it| it.waits_for.as_str()).collect();
        assert_eq!(waits, ["others at barrier `phase`"; 2], "{tool}");
    }
}

/// When each task is done, in microseconds, and whether it failed, where processes need 1 ms under the lock of a barrier to come
/// to it.
fn at_slow_barrier(tasks: &str) -> Vec<(u64, bool)> {
    let play = Play::of(&format!("machine.cores = 4\n{tasks}")).with_profile(|profile| {
        profile.shared.gates.meet = Cost(SimDuration::from_millis(1));
        profile.shared.process_gates = profile.shared.gates;
    });
    let run = play.run("multiprocessing");
    assert_eq!(run.outcome, Outcome::Finished);
    let mut lives = run.heard.finished;
    lives.sort_by_key(|life| life.task);
    let end = |at: u64, ended: Ended| (at / US, ended == Ended::Failed);
    lives.iter().map(|life| end(life.done.as_nanos(), life.ended)).collect()
}

#[test]
fn who_waits_for_the_lock_of_a_barrier_while_it_breaks_sees_it_broken() {
    // The second one holds the lock from 49.5 ms on. The first gives up at 50 ms and waits for it, and the third after it.
    let ends = at_slow_barrier(
        r#"
        [barriers]
        phase = 3
        [[tasks]]
        steps = [{ try = [{ meet = "phase" }], timeout = "50ms" }]
        [[tasks]]
        steps = [{ wait = "49500us" }, { meet = "phase" }]
        [[tasks]]
        steps = [{ wait = "50200us" }, { meet = "phase" }]
        "#,
    );
    assert_eq!(ends, [(50_500, true), (50_500, true), (51_500, true)]);
}

#[test]
fn who_has_met_does_not_mind_that_the_next_meeting_breaks() {
    // The second and third meet at 11 ms; the first, which has waited for the lock meanwhile, is too late for another one.
    let ends = at_slow_barrier(
        r#"
        [barriers]
        phase = 2
        [[tasks]]
        steps = [{ wait = "10200us" }, { try = [{ meet = "phase" }], timeout = "500us" }]
        [[tasks]]
        steps = [{ meet = "phase" }]
        [[tasks]]
        steps = [{ wait = "10ms" }, { meet = "phase" }]
        "#,
    );
    assert_eq!(ends.iter().map(|end| end.1).collect::<Vec<_>>(), [true, false, false]);
}

/// When each of `count` tasks passes that come one every `gap` milliseconds.
fn passes(tool: &str, count: usize, gap: u64, limiter: &str) -> Vec<u64> {
    let play = Play::of(&format!(
        "machine.cores = 64\nlimiters.api = {limiter}\n[[tasks]]\ncount = {count}\n\
         arrive = {{ every = \"{gap}ms\" }}\nsteps = [{{ pass = \"api\" }}]\n\
         [[tools]]\nuse = \"{tool}\"\n"
    ));
    let mut done = play.run(tool).done();
    done.sort_unstable();
    done.into_iter().map(|at| at / MS).collect()
}

/// A token bucket in closed form: task n passes at the latest of its arrival and, of each task m up to it, that one's
/// arrival and a gap for each task behind it but for the burst.
fn bucket(arrivals: &[u64], gap: u64, burst: u64) -> Vec<u64> {
    let tokens = |after: usize| (after as u64).saturating_sub(burst - 1) * gap;
    let pass = |n: usize| (0..=n).map(|m| arrivals[m] + tokens(n - m)).max().unwrap_or(0);
    (0..arrivals.len()).map(pass).collect()
}

#[test]
fn a_limiter_is_a_token_bucket_exactly() {
    for tool in ["threading", "asyncio", "to_thread", "multiprocessing", "thread_pool"] {
        for (limiter, gap, burst) in
            [(r#""100/s""#, 10, 1), (r#"{ rate = "100/s", burst = 5 }"#, 10, 5)]
        {
            for every in [0, 3, 10, 17] {
                let arrivals: Vec<u64> = (0..20).map(|n| n * every).collect();
                let expected = bucket(&arrivals, gap, burst);
                // So many workers that none is waited for.
                let count = if tool == "thread_pool" { 8_usize } else { 20 };
                let expected = expected[..count].to_vec();
                assert_eq!(passes(tool, count, every, limiter), expected, "{tool} {every} {burst}");
            }
        }
    }
}
