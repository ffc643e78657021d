//! Attempts: what fails or runs out of time is tried again, then something else is done.

use crate::play::{MS, Play, Run, S, play};
use gilsim::ids::TaskId;
use gilsim::trace::{Ended, Incident, Outcome, Sink};

const IN_THREADS: [&str; 4] = ["threading", "thread_pool", "to_thread", "multiprocessing"];

fn failed(run: &Run) -> usize {
    run.heard.finished.iter().filter(|it| it.ended == Ended::Failed).count()
}

#[test]
fn an_attempt_that_fails_is_made_again_after_a_growing_wait() {
    let text = |more: &str| {
        format!(
            "[[tasks]]\nsteps = [{{ try = [{{ wait = \"10ms\" }}, {{ fail = true }}], {more} }}, {{ wait = \"1s\" }}]"
        )
    };
    let retry = "retry = { times = 3, backoff = \"100ms\", factor = 2 }";
    for tool in IN_THREADS.into_iter().chain(["asyncio", "sequential"]) {
        let run = Play::of(&text(retry)).run(tool);
        assert_eq!(run.done(), [4 * 10 * MS + 100 * MS + 200 * MS + 400 * MS], "{tool}");
        assert_eq!(failed(&run), 1, "{tool}");
        let caught = Play::of(&text(&format!("{retry}, otherwise = [{{ compute = \"5ms\" }}]")));
        let run = caught.run(tool);
        assert_eq!(run.done(), [745 * MS + S], "{tool}");
        assert_eq!(failed(&run), 0, "{tool}");
    }
}

#[test]
fn an_attempt_that_succeeds_is_the_last() {
    // Of four tries of each of 100 tasks, half fail: each try has draws of its own.
    let play = Play::of(
        r#"
        [sites.api]
        latency = "10ms"
        fails = 0.5
        [[tasks]]
        count = 100
        steps = [{ try = [{ wait = "api" }], retry = { times = 3 } }]
        "#,
    );
    let run = play.run("asyncio");
    let mut by_length = [0_usize; 5];
    for it in &run.heard.finished {
        let length = (it.done - it.arrived).as_nanos() / (10 * MS);
        by_length[length as usize] += 1;
        assert!(it.ended == Ended::Well || length == 4);
    }
    assert_eq!(by_length.iter().sum::<usize>(), 100);
    assert!((35..65).contains(&by_length[1]), "{by_length:?}");
    assert!(by_length[4] > failed(&run), "{by_length:?}");
    for tool in IN_THREADS {
        assert_eq!(failed(&play.run(tool)), failed(&run), "{tool}");
    }
}

#[test]
fn a_coroutine_gives_up_at_its_deadline_where_it_waits() {
    let done = |steps: &str| {
        let text = format!("[[tasks]]\nsteps = [{{ try = [{steps}], timeout = \"50ms\" }}]");
        let run = Play::of(&text).run("asyncio");
        (run.done()[0] / MS, failed(&run))
    };
    assert_eq!(done(r#"{ wait = "40ms" }"#), (40, 0));
    assert_eq!(done(r#"{ wait = "60ms" }"#), (50, 1));
    // A computation or a blocking call goes on; it gives up at the next await, or not at all.
    assert_eq!(done(r#"{ compute = "60ms" }"#), (60, 0));
    assert_eq!(done(r#"{ block = "60ms" }"#), (60, 0));
    assert_eq!(done(r#"{ compute = "60ms" }, { wait = "1ms" }"#), (60, 1));
    assert_eq!(done(r#"{ compute = "60ms" }, { yield = true }, { wait = "1s" }"#), (60, 1));
}

#[test]
fn a_thread_gives_up_only_waits_that_take_a_timeout() {
    let done = |tool: &str, steps: &str| {
        let text = format!(
            "[sites.slow]\nlatency = \"60ms\"\n[sites.quick]\nlatency = \"5ms\"\n\
             [[tasks]]\nsteps = [{{ try = [{steps}], timeout = \"50ms\" }}]"
        );
        let run = Play::of(&text).run(tool);
        (run.done()[0] / MS, failed(&run))
    };
    for tool in IN_THREADS {
        assert_eq!(done(tool, r#"{ wait = "slow" }"#), (50, 1), "{tool}");
        assert_eq!(done(tool, r#"{ block = "slow" }"#), (50, 1), "{tool}");
        assert_eq!(done(tool, r#"{ wait = "60ms" }"#), (60, 0), "`time.sleep` takes none: {tool}");
        assert_eq!(done(tool, r#"{ compute = "60ms" }"#), (60, 0), "{tool}");
        let late = r#"{ compute = "60ms" }, { wait = "quick" }"#;
        assert_eq!(done(tool, late), (60, 1), "the next wait gives up at once: {tool}");
    }
}

#[test]
fn a_thread_gives_up_an_event_and_goes_on_if_it_is_set_in_time() {
    let text = |set: u64| {
        format!(
            "[events.ready]\n[[tasks]]\nsteps = [{{ try = [{{ wait_for = \"ready\" }}], timeout = \"50ms\", otherwise = [{{ wait = \"1ms\" }}] }}]\n\
             [[tasks]]\nsteps = [{{ wait = \"{set}ms\" }}, {{ set = \"ready\" }}]"
        )
    };
    for tool in IN_THREADS {
        let done = |set| Play::of(&text(set)).run(tool).done()[0] / MS;
        assert_eq!((done(40), done(60)), (40, 51), "{tool}");
    }
}

#[test]
fn a_barrier_that_a_thread_gives_up_is_broken_and_one_of_an_event_loop_is_not() {
    let text = r#"
        machine.cores = 4
        [barriers]
        phase = 2
        [[tasks]]
        steps = [{ try = [{ meet = "phase" }], timeout = "50ms" }]
        [[tasks]]
        steps = [{ wait = "80ms" }, { meet = "phase" }]
        [[tasks]]
        steps = [{ wait = "90ms" }, { meet = "phase" }]
    "#;
    let ends = |tool: &str| {
        let run = Play::of(text).run(tool);
        let done: Vec<u64> = run.done().iter().map(|at| at / MS).collect();
        (done, failed(&run))
    };
    for tool in IN_THREADS {
        assert_eq!(ends(tool), (vec![50, 80, 90], 3), "{tool}");
    }
    assert_eq!(ends("asyncio"), (vec![50, 90, 90], 1));
}

#[test]
fn who_waits_at_a_barrier_fails_when_another_thread_gives_up() {
    let text = r#"
        machine.cores = 4
        [barriers]
        phase = 3
        [[tasks]]
        steps = [{ try = [{ meet = "phase" }], timeout = "50ms", otherwise = [{ wait = "1ms" }] }]
        [[tasks]]
        steps = [{ meet = "phase" }, { wait = "1ms" }]
        [[tasks]]
        steps = [{ wait = "60ms" }, { try = [{ meet = "phase" }], otherwise = [{ wait = "1ms" }] }]
    "#;
    for tool in IN_THREADS {
        let run = Play::of(text).run(tool);
        let done: Vec<u64> = run.done().iter().map(|at| at / MS).collect();
        assert_eq!((done, failed(&run)), (vec![51, 50, 61], 1), "{tool}");
    }
}

/// A hundred requests to a pool of 15 connections, under tools that begin all of them at once.
fn requests(steps: &str) -> Play {
    Play::of(&format!(
        "machine.cores = 4\nsemaphores.pool = 15\n[[tasks]]\ncount = 100\nsteps = [{steps}]\n\
         [[tools]]\nuse = \"threading\"\n[[tools]]\nuse = \"asyncio\"\n[[tools]]\nuse = \"thread_pool\"\nworkers = 100\n"
    ))
}

#[test]
fn fifteen_connections_lock_up_under_requests_that_take_two_each() {
    let second = r#"{ with = "pool", steps = [{ wait = "10ms" }] }"#;
    let hangs =
        requests(&format!("{{ with = \"pool\", steps = [{{ wait = \"50ms\" }}, {second}] }}"));
    let one_at_a_time =
        requests(&format!("{{ with = \"pool\", steps = [{{ wait = \"50ms\" }}] }}, {second}"));
    for tool in ["threading", "asyncio", "thread_pool"] {
        let Outcome::Deadlocked(stuck) = hangs.run(tool).outcome else { panic!("{tool} ends") };
        assert_eq!(stuck.len(), 100, "{tool}");
        assert!(stuck.iter().all(|it| it.waits_for == "a permit of semaphore `pool`"), "{tool}");
        assert_eq!(failed(&one_at_a_time.run(tool)), 0, "{tool}");
    }
}

#[test]
fn requests_that_lock_up_give_up_after_the_30_s_of_the_pool() {
    let checkout = r#"{ try = [{ acquire = "pool" }], timeout = "30s" }"#;
    let release = r#"{ release = "pool" }, { release = "pool" }"#;
    let play = requests(&format!(
        "{{ try = [{checkout}, {{ wait = \"50ms\" }}, {checkout}, {{ wait = \"10ms\" }}, {release}] }}"
    ));
    // Of those that hold one connection and give up the second at one instant, each thread that does frees one for the next:
    // a thread looks once more when its time is over. A coroutine does not.
    for (tool, lost) in [("threading", 93), ("asyncio", 100), ("thread_pool", 93)] {
        let run = play.run(tool);
        let mut done = run.done();
        done.sort_unstable();
        assert_eq!(failed(&run), lost, "{tool}");
        assert_eq!((done[84], done[85]), (30_000 * MS, 30_050 * MS), "{tool}");
    }
}

#[test]
fn of_1000_calls_100_at_a_time_800_are_lost_where_the_timeout_includes_the_wait_for_a_place() {
    let text = |steps: &str| {
        format!(
            "[semaphores]\nplaces = 100\n[sites.api]\nlatency = \"2s\"\n\
             [[tasks]]\ncount = 1000\nsteps = [{steps}]"
        )
    };
    let place =
        |inner: &str| format!("{{ acquire = \"places\" }}, {inner}, {{ release = \"places\" }}");
    let wait = "{ wait = \"api\" }";
    let within = format!("{{ try = [{}], timeout = \"5s\" }}", place(wait));
    let around = place(&format!("{{ try = [{wait}], timeout = \"5s\" }}"));
    for tool in ["asyncio", "threading"] {
        let run = Play::of(&text(&within)).run(tool);
        // Two rounds of 100 are answered; the third has 1 s left and needs 2.
        assert_eq!(failed(&run), 800, "{tool}");
        assert_eq!(run.totals.makespan.as_nanos(), 5 * S, "{tool}");
        let run = Play::of(&text(&around)).run(tool);
        assert_eq!(failed(&run), 0, "{tool}");
        assert_eq!(run.totals.makespan.as_nanos(), 20 * S, "{tool}");
    }
}

#[test]
fn what_an_attempt_has_taken_it_gives_back() {
    let play = Play::of(
        r#"
        [semaphores]
        place = 1
        [sites.api]
        latency = "1s"
        connections = 1
        [[tasks]]
        count = 3
        steps = [
          { try = [{ acquire = "place" }, { wait = "api" }, { release = "place" }], timeout = "100ms", otherwise = [{ wait = "1ms" }] },
          { acquire = "place" }, { release = "place" },
          { wait = "api" },
        ]
        "#,
    );
    for tool in ["asyncio", "threading", "multiprocessing"] {
        let run = play.run(tool);
        assert_eq!(run.done(), [1101 * MS, 2101 * MS, 3101 * MS], "{tool}");
    }
}

#[test]
fn the_outermost_deadline_that_is_over_counts() {
    let play = Play::of(
        r#"
        [sites.api]
        latency = "1s"
        [[tasks]]
        steps = [{
          try = [{ try = [{ wait = "api" }], timeout = "30ms", retry = { times = 9 }, otherwise = [{ wait = "1ms" }] }],
          timeout = "70ms",
          otherwise = [{ wait = "5ms" }],
        }]
        "#,
    );
    for tool in ["asyncio", "threading"] {
        let run = play.run(tool);
        assert_eq!(run.done(), [75 * MS], "{tool}");
        assert_eq!(failed(&run), 0, "{tool}");
    }
}

/// Counts what happens.
#[derive(Default)]
struct Counts {
    timed_out: u32,
    retried: u32,
}

impl Sink for Counts {
    fn row(&mut self, _row: &gilsim::trace::Row) {}
    fn happened(&mut self, task: TaskId, incident: Incident) {
        assert_eq!(task, TaskId(0));
        match incident {
            Incident::TimedOut => self.timed_out += 1,
            Incident::Retried => self.retried += 1,
            Incident::Cancelled => panic!("nothing is cancelled"),
        }
    }
}

#[test]
fn attempts_that_time_out_and_those_after_the_first_are_counted() {
    let text = r#"
        [sites.api]
        latency = "1s"
        [[tasks]]
        steps = [{ try = [{ wait = "api" }], timeout = "10ms", retry = { times = 4 }, otherwise = [{ wait = "1ms" }] }]
        [[tools]]
        use = "asyncio"
        interpreter = { profile = "ideal" }
        [[tools]]
        use = "threading"
        interpreter = { profile = "ideal" }
    "#;
    let scenario = crate::play::scenario(text);
    for tool in &scenario.tools {
        let mut counts = Counts::default();
        let run = play(&crate::play::plan(&scenario, tool), &mut counts);
        assert_eq!((counts.timed_out, counts.retried), (5, 4), "{}", tool.label);
        assert_eq!(run.done(), [51 * MS]);
    }
}

#[test]
fn offloaded_work_goes_on_when_nobody_waits_for_it_and_keeps_its_worker() {
    // Eight threads: those of the first eight tasks are busy until 1 s, and what the ninth offloads has not begun when that
    // gives up, so it is dropped.
    let play = Play::of(
        r#"
        [machine]
        cores = 4
        [[tasks]]
        count = 9
        steps = [
          { try = [{ offload = [{ block = "1s" }] }], timeout = "100ms", otherwise = [{ wait = "1ms" }] },
          { offload = [{ block = "10ms" }] },
        ]
        "#,
    );
    let run = play.run("asyncio");
    // All give up at 100 ms; their second parts wait for a thread: eight begin at 1 s, the ninth 10 ms later.
    let mut done = run.done();
    done.sort_unstable();
    assert_eq!(done[..8], [1010 * MS; 8]);
    assert_eq!(done[8], 1020 * MS);
    assert_eq!(failed(&run), 0);
}

#[test]
fn what_an_executor_computes_for_nobody_takes_its_time_all_the_same() {
    for to in ["threads", "processes"] {
        let play = Play::of(&format!(
            r#"
            [machine]
            cores = 2
            [[tasks]]
            steps = [{{ try = [{{ offload = [{{ compute = "100ms" }}, {{ fail = true }}], to = "{to}" }}], timeout = "20ms", otherwise = [{{ wait = "1ms" }}] }}]
            "#
        ));
        let run = play.run("asyncio");
        // Where the worker is a thread, the loop gets the lock a switch interval after it wants it, each time.
        let most = if to == "threads" { 45 } else { 21 };
        assert!(run.done()[0] <= most * MS, "{to}: {:?}", run.done());
        assert_eq!(run.totals.makespan.as_nanos(), 100 * MS, "{to}");
        assert_eq!(failed(&run), 0, "{to}");
    }
}
