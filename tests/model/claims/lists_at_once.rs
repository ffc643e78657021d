//! Fan-out: a task does lists of steps at the same time, and goes on when all have ended, or the first.

use crate::play::{MS, Play, Run, play};
use gilsim::ids::TaskId;
use gilsim::trace::{Ended, Incident, Outcome, Row, Sink, State};

/// Tools that do the lists of a task at the same time, and those that do one after the other.
const AT_ONCE: [&str; 3] = ["asyncio", "threading", "thread_pool"];
const IN_TURN: [&str; 4] = ["sequential", "to_thread", "multiprocessing", "process_pool"];

fn failed(run: &Run) -> usize {
    run.heard.finished.iter().filter(|it| it.ended == Ended::Failed).count()
}

fn of(step: &str) -> Play {
    Play::of(&format!("[machine]\ncores = 8\n[[tasks]]\nsteps = [{step}, {{ wait = \"1ms\" }}]"))
}

/// When the only task of a run is done, in milliseconds, and whether it has failed.
fn done(step: &str, tool: &str) -> (u64, bool) {
    let run = of(step).run(tool);
    (run.done()[0] / MS, failed(&run) == 1)
}

/// Counts the lists that are cancelled.
#[derive(Default)]
struct Cancelled(u32);

impl Sink for Cancelled {
    fn row(&mut self, _row: &Row) {}
    fn happened(&mut self, task: TaskId, incident: Incident) {
        assert_eq!(task, TaskId(0), "a list is told as its task");
        self.0 += u32::from(incident == Incident::Cancelled);
    }
}

fn cancelled(text: &str, tool: &str) -> u32 {
    let text = format!("{text}\n[[tools]]\nuse = \"{tool}\"\ninterpreter.profile = \"ideal\"\n");
    let scenario = crate::play::scenario(&text);
    let mut counts = Cancelled::default();
    play(&crate::play::plan(&scenario, &scenario.tools[0]), &mut counts);
    counts.0
}

#[test]
fn all_lists_take_as_long_as_the_longest_or_as_all_of_them() {
    let step = r#"{ all = [[{ wait = "10ms" }, { wait = "20ms" }], [{ wait = "50ms" }], [{ wait = "5ms" }]] }"#;
    for tool in AT_ONCE {
        assert_eq!(done(step, tool), (51, false), "{tool}");
    }
    for tool in IN_TURN {
        assert_eq!(done(step, tool), (86, false), "{tool}");
    }
}

#[test]
fn lists_that_are_alike_are_written_once() {
    let step = r#"{ all = true, each = 7, steps = [{ wait = "10ms" }] }"#;
    let more = r#"{ all = [[{ wait = "30ms" }]], each = 2, steps = [{ wait = "10ms" }] }"#;
    for tool in AT_ONCE {
        assert_eq!(done(step, tool), (11, false), "{tool}");
        assert_eq!(done(more, tool), (31, false), "{tool}");
    }
    for tool in IN_TURN {
        assert_eq!(done(step, tool), (71, false), "{tool}");
        assert_eq!(done(more, tool), (51, false), "{tool}");
    }
}

#[test]
fn the_first_list_to_end_is_the_end_of_all() {
    let step = r#"{ first = [[{ wait = "30ms" }], [{ wait = "10ms" }], [{ wait = "50ms" }]] }"#;
    let fails = r#"{ first = [[{ wait = "30ms" }], [{ wait = "10ms" }, { fail = true }]] }"#;
    let makespan = |tool| of(step).run(tool).totals.makespan.as_nanos() / MS;
    for tool in AT_ONCE {
        assert_eq!(done(step, tool), (11, false), "{tool}");
        assert_eq!(done(fails, tool), (10, true), "{tool}");
        // Threads cannot be cancelled.
        assert_eq!(makespan(tool), if tool == "asyncio" { 11 } else { 50 }, "{tool}");
    }
    for tool in IN_TURN {
        assert_eq!(done(step, tool), (31, false), "the first in turn is the first: {tool}");
        assert_eq!(makespan(tool), 31, "{tool}");
    }
}

#[test]
fn a_list_that_fails_lets_the_others_go_on_or_cancels_them() {
    let lists =
        r#"[[{ wait = "10ms" }, { fail = true }], [{ wait = "30ms" }], [{ wait = "60ms" }]]"#;
    let (wait, cancel) =
        (format!("{{ all = {lists} }}"), format!("{{ all = {lists}, on_failure = \"cancel\" }}"));
    for tool in AT_ONCE {
        assert_eq!(done(&wait, tool), (60, true), "{tool}");
        assert_eq!(done(&cancel, tool), (10, true), "{tool}");
        let makespan = of(&cancel).run(tool).totals.makespan.as_nanos() / MS;
        assert_eq!(makespan, if tool == "asyncio" { 10 } else { 60 }, "{tool}");
        let text = format!("[machine]\ncores = 8\n[[tasks]]\nsteps = [{cancel}]");
        assert_eq!(cancelled(&text, tool), if tool == "asyncio" { 2 } else { 0 }, "{tool}");
    }
    for tool in IN_TURN {
        assert_eq!(done(&wait, tool), (100, true), "{tool}");
        assert_eq!(done(&cancel, tool), (10, true), "{tool}");
    }
}

#[test]
fn what_a_list_holds_is_given_back_when_it_is_cancelled() {
    let text = r#"
        [locks]
        db = {}
        [semaphores]
        slots = 1
        [[tasks]]
        steps = [
          { try = [{ all = [
            [{ with = "db", steps = [{ wait = "1s" }] }],
            [{ acquire = "slots" }, { wait = "1s" }, { release = "slots" }],
            [{ wait = "10ms" }, { fail = true }],
          ], on_failure = "cancel" }], otherwise = [{ wait = "1ms" }] },
          { with = "db", steps = [{ acquire = "slots" }, { wait = "1ms" }, { release = "slots" }] },
        ]
    "#;
    assert_eq!(Play::of(text).run("asyncio").done(), [12 * MS]);
    assert_eq!(cancelled(text, "asyncio"), 2);
    // A thread goes on, and has the lock for as long as it takes.
    assert_eq!(Play::of(text).run("threading").done(), [1001 * MS]);
}

#[test]
fn three_of_five_siblings_stop_at_their_next_await() {
    // Two have ended when the third fails at 25 ms; one waits, and one computes until 40 ms, which nobody interrupts.
    let text = r#"
        [machine]
        cores = 4
        [[tasks]]
        steps = [{ all = [
          [{ wait = "10ms" }], [{ wait = "20ms" }], [{ wait = "25ms" }, { fail = true }],
          [{ wait = "100ms" }], [{ wait = "22ms" }, { compute = "18ms" }, { wait = "100ms" }],
        ], on_failure = "cancel" }]
    "#;
    let run = Play::of(text).run("asyncio");
    assert_eq!((run.done(), failed(&run)), (vec![40 * MS], 1));
    assert_eq!(cancelled(text, "asyncio"), 2);
}

#[test]
fn what_a_cancelled_list_has_offloaded_goes_on_in_its_thread() {
    let text = r#"
        [machine]
        cores = 4
        [[tasks]]
        steps = [{ first = [[{ wait = "10ms" }], [{ offload = [{ block = "1s" }] }]] }, { wait = "1ms" }]
    "#;
    let run = Play::of(text).run("asyncio");
    assert_eq!(run.done(), [11 * MS]);
    assert_eq!(run.totals.makespan.as_nanos(), 1000 * MS);
}

#[test]
fn lists_within_lists_are_waited_for_and_cancelled_with_those_around_them() {
    let inner = r#"{ all = [[{ wait = "20ms" }], [{ wait = "40ms" }]] }"#;
    let both = format!("{{ all = [[{inner}, {inner}], [{{ wait = \"30ms\" }}]] }}");
    let first = format!("{{ first = [[{inner}, {inner}], [{{ wait = \"30ms\" }}]] }}");
    for tool in AT_ONCE {
        assert_eq!(done(&both, tool), (81, false), "{tool}");
        assert_eq!(done(&first, tool), (31, false), "{tool}");
    }
    for tool in IN_TURN {
        assert_eq!(done(&both, tool), (151, false), "{tool}");
        assert_eq!(done(&first, tool), (121, false), "{tool}");
    }
    let text = format!("[[tasks]]\nsteps = [{first}]");
    // The list itself, and the one that was under way within it.
    assert_eq!(cancelled(&text, "asyncio"), 2);
}

#[test]
fn who_runs_out_of_time_gives_its_lists_up() {
    let step = r#"{
        try = [{ all = [[{ wait = "api" }], [{ wait = "api" }, { wait = "api" }]] }], timeout = "50ms",
        otherwise = [{ wait = "4ms" }] }"#;
    let text = |site: &str, cores: u32| {
        format!(
            "[machine]\ncores = {cores}\n[sites.api]\nlatency = \"{site}\"\n[[tasks]]\nsteps = [{step}]"
        )
    };
    for tool in AT_ONCE {
        assert_eq!(Play::of(&text("20ms", 8)).run(tool).done(), [40 * MS], "{tool}");
        let late = Play::of(&text("30ms", 8)).run(tool);
        assert_eq!((late.done(), failed(&late)), (vec![54 * MS], 0), "{tool}");
    }
    for tool in ["sequential", "to_thread"] {
        // One after the other: the second one's second wait would end at 60 ms.
        let late = Play::of(&text("20ms", 8)).run(tool);
        assert_eq!((late.done(), failed(&late)), (vec![54 * MS], 0), "{tool}");
    }
    assert_eq!(cancelled(&text("30ms", 8), "asyncio"), 1);
}

#[test]
fn an_executor_whose_workers_all_wait_for_lists_locks_up() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 2
        steps = [{ all = [[{ wait = "1ms" }], [{ wait = "1ms" }]] }]
        [[tools]]
        use = "thread_pool"
        workers = 2
        [[tools]]
        use = "thread_pool"
        label = "three"
        workers = 3
        "#,
    );
    let run = play.run("three");
    // The third worker does the lists of the first task, then two do those of the second.
    assert_eq!(run.done(), [2 * MS, 3 * MS]);
    let Outcome::Deadlocked(stuck) = play.run("thread_pool").outcome else { panic!("it locks up") };
    assert_eq!(stuck.len(), 2);
    assert!(stuck[0].waits_for.contains("no worker has begun"), "{}", stuck[0].waits_for);
}

#[test]
fn lists_that_no_worker_has_begun_are_cancelled() {
    let text = r#"
        [[tasks]]
        steps = [{ first = [[{ wait = "10ms" }], [{ wait = "20ms" }], [{ wait = "30ms" }]] }, { wait = "1ms" }]
        [[tools]]
        use = "thread_pool"
        workers = 2
        interpreter.profile = "ideal"
    "#;
    let scenario = crate::play::scenario(text);
    let mut counts = Cancelled::default();
    let run = play(&crate::play::plan(&scenario, &scenario.tools[0]), &mut counts);
    // One worker does the task, the other its lists, one after the other; the second has begun when the first ends.
    assert_eq!(run.done(), [11 * MS]);
    assert_eq!(counts.0, 1);
    assert_eq!(run.totals.makespan.as_nanos(), 30 * MS);
}

#[test]
fn rows_of_lists_are_rows_of_their_task_and_those_done_for_nobody_are_not() {
    let step = r#"{ first = [[{ wait = "10ms" }], [{ compute = "30ms" }]] }"#;
    let text = format!("[machine]\ncores = 2\n[[tasks]]\nsteps = [{step}]");
    for tool in ["asyncio", "threading", "thread_pool"] {
        let run = Play::of(&text).run(tool);
        let rows = || run.heard.rows.iter().filter(|row| row.task.is_some());
        assert!(
            rows().all(|row| row.task == Some(TaskId(0)) && row.end <= run.heard.finished[0].done)
        );
        assert!(rows().any(|row| row.list == 1 && row.step == 0), "{tool}");
        assert!(rows().any(|row| row.list == 2 && row.step == 1), "{tool}");
        assert!(
            rows().any(|row| row.list == 0 && row.step == 2 && row.state == State::Sync),
            "{tool}"
        );
    }
}

#[test]
fn draws_of_lists_are_those_of_every_tool() {
    let play = Play::of(
        r#"
        [sites.api]
        latency = { exponential = "10ms" }
        [[tasks]]
        count = 20
        steps = [{ all = true, each = 3, steps = [{ wait = "api" }] }]
        "#,
    );
    let sorted = |tool: &str| {
        let mut done = play.run(tool).done();
        done.sort_unstable();
        done
    };
    let longest = sorted("asyncio");
    assert_eq!(sorted("threading"), longest);
    // One after the other they take longer, each time.
    let sums = sorted("multiprocessing");
    assert!(longest.iter().zip(&sums).all(|(longest, sum)| longest < sum));
}

#[test]
fn who_gives_up_when_the_first_list_has_just_ended_cancels_the_others_all_the_same() {
    // The computation keeps the loop until 5 ms. Then it has ended, the other list has begun, and time is over.
    let text = r#"
        [[tasks]]
        steps = [{
          try = [{ first = [[{ compute = "5ms" }], [{ wait = "6ms" }]] }], timeout = "1ms", otherwise = [{ wait = "1ms" }]
        }]
    "#;
    let run = Play::of(text).run("asyncio");
    assert_eq!((run.done(), failed(&run)), (vec![6 * MS], 0));
    assert_eq!(run.totals.makespan.as_nanos(), 6 * MS);
    assert_eq!(cancelled(text, "asyncio"), 1);
}
