//! A step that fails ends its task, and nothing else.

use crate::play::{MS, Play, S};
use gilsim::trace::Ended;

const TOOLS: [&str; 9] = [
    "sequential",
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
fn a_task_ends_where_it_fails_and_the_others_go_on() {
    let play = Play::of(
        r#"
        [machine]
        cores = 4
        [[tasks]]
        steps = [{ wait = "10ms" }, { fail = true }, { wait = "1s" }]
        [[tasks]]
        steps = [{ wait = "20ms" }]
        "#,
    );
    for tool in TOOLS.into_iter().filter(|tool| *tool != "sequential") {
        let run = play.run(tool);
        assert_eq!(run.done(), [10 * MS, 20 * MS], "{tool}");
        let mut ended: Vec<_> = run.heard.finished.iter().map(|it| (it.task.0, it.ended)).collect();
        ended.sort_by_key(|(task, _)| *task);
        assert_eq!(ended, [(0, Ended::Failed), (1, Ended::Well)], "{tool}");
    }
    assert_eq!(play.run("sequential").done(), [10 * MS, 30 * MS]);
}

#[test]
fn what_an_executor_fails_to_do_fails_its_coroutine() {
    for to in ["threads", "processes"] {
        let play = Play::of(&format!(
            r#"
            [[tasks]]
            steps = [{{ offload = [{{ wait = "10ms" }}, {{ fail = true }}], to = "{to}" }}, {{ wait = "1s" }}]
            "#
        ));
        let run = play.run("asyncio");
        assert_eq!(run.done(), [10 * MS], "{to}");
        assert_eq!(run.heard.finished[0].ended, Ended::Failed, "{to}");
    }
}

#[test]
fn the_same_waits_fail_under_every_tool() {
    let play = Play::of(
        r#"
        [sites.api]
        latency = { exponential = "1ms" }
        fails = 0.2
        [[tasks]]
        count = 200
        steps = [{ wait = "api" }, { wait = "api" }]
        "#,
    );
    let failed = |tool: &str| {
        let finished = play.run(tool).heard.finished;
        let failed = finished.iter().filter(|it| it.ended == Ended::Failed);
        let mut failed: Vec<u32> = failed.map(|it| it.task.0).collect();
        failed.sort_unstable();
        failed
    };
    let expected = failed("sequential");
    // Of 200 tasks 0.2 + 0.8 * 0.2 fail on average: 72, with a standard deviation of 6.8.
    assert!((54..90).contains(&expected.len()), "{}", expected.len());
    for tool in TOOLS {
        assert_eq!(failed(tool), expected, "{tool}");
    }
}

#[test]
fn a_wait_that_fails_takes_its_own_time_and_leaves_the_others_theirs() {
    let text = |more: &str| {
        format!(
            r#"
            [sites.api]
            latency = {{ uniform = ["10ms", "20ms"] }}
            {more}
            [[tasks]]
            count = 50
            steps = [{{ wait = "api" }}]
            "#
        )
    };
    let sound = Play::of(&text("")).run("asyncio").done();
    let some = Play::of(&text("fails = 0.5\nfails_after = \"1s\"")).run("asyncio");
    let mut finished = some.heard.finished.clone();
    finished.sort_by_key(|it| it.task);
    for (it, sound) in finished.iter().zip(&sound) {
        let expected = if it.ended == Ended::Failed { S } else { *sound };
        assert_eq!(it.done.as_nanos(), expected);
    }
    let every = Play::of(&text("fails = 1"));
    assert_eq!(every.run("asyncio").done(), sound, "an answer takes as long if it is a refusal");
}

#[test]
fn what_is_held_is_given_back_where_a_step_fails() {
    let play = Play::of(
        r#"
        machine.cores = 4
        [locks.db]
        [semaphores]
        slots = 1
        [[tasks]]
        count = 3
        steps = [
          { with = "slots", steps = [{ with = "db", steps = [{ wait = "10ms" }, { fail = true }] }] },
          { wait = "1s" },
        ]
        "#,
    );
    for tool in TOOLS {
        assert_eq!(play.run(tool).done(), [10 * MS, 20 * MS, 30 * MS], "{tool}");
    }
}
