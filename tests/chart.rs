//! Charts of runs written by hand: what is in the documents, and whether there is ink where there should be.
#![allow(missing_docs, reason = "a test")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers written by hand")]

#[path = "chart/script.rs"]
mod script;

use std::path::Path;

use gilsim::chart::{Chart, Panel, Theme, alt_text, png, svg};
use script::{Run, S};

fn panel<'a>(label: &'a str, run: &'a Run, cores: u32) -> Panel<'a> {
    Panel { label, note: "", recording: &run.recording, names: &run.names, cores, task_name: None }
}

fn chart<'a>(title: &'a str, subtitle: &'a str, panels: Vec<Panel<'a>>) -> Chart<'a> {
    Chart { title, subtitle, panels, theme: Theme::Auto }
}

#[test]
#[ignore = "writes figures to look at into target/tmp"]
fn preview() {
    let runs = [script::gil_turns(4, 5), script::coroutines(), script::process_pool()];
    let [gil, loops, pool] = &runs;
    let (threads, every) = (script::downloads_by_threads(100), script::every_state());
    let sequential = script::downloads_one_by_one(100, 1480_000_000);
    let coroutines = script::downloads_by_coroutines(100);
    let fine = script::gil_turns(4, 5000);
    let page = |task: gilsim::ids::TaskId| format!("page {}", task.0);
    let named = Panel { task_name: Some(&page), ..panel("asyncio", loops, 1) };
    let charts = [
        (
            "gil-turns",
            chart(
                "",
                "threading, 4 tasks, 2 cores, cpython-3.13, seed 1",
                vec![panel("threading", gil, 2)],
            ),
        ),
        (
            "asyncio",
            chart(
                "One blocking call stalls the five other coroutines",
                "asyncio, 6 tasks, 1 core",
                vec![named],
            ),
        ),
        (
            "process-pool",
            chart(
                "Two processes, each with its own lock and core",
                "process_pool, 2 workers",
                vec![panel("process_pool", pool, 4)],
            ),
        ),
        (
            "threads-100",
            chart("", "threading, 100 tasks, 8 cores", vec![panel("threading", &threads, 8)]),
        ),
        (
            "every-state",
            chart("Every state in a lane of its own", "by hand", vec![panel("all", &every, 6)]),
        ),
        (
            "fine",
            chart(
                "Turns too short to see",
                "threading, 4 tasks of 25 s",
                vec![panel("threading", &fine, 2)],
            ),
        ),
        (
            "pair",
            chart(
                "",
                "4 tasks of 25 ms each, cpython-3.13, seed 1",
                vec![
                    panel("threading", gil, 2),
                    panel("process_pool", pool, 2),
                    panel("asyncio", loops, 2),
                ],
            ),
        ),
        (
            "download",
            chart(
                "",
                "100 pages, 1.5 s each, 10 connections, 20 ms of parsing; 4 cores, cpython-3.13, seed 42",
                vec![
                    panel("sequential", &sequential, 8),
                    panel("threading", &threads, 8),
                    panel("asyncio", &coroutines, 8),
                    panel("process_pool", pool, 8),
                ],
            ),
        ),
    ];
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, chart) in charts {
        let document = svg(&chart);
        std::fs::write(directory.join(format!("{name}.svg")), &document).unwrap();
        std::fs::write(directory.join(format!("{name}.png")), png(&document).unwrap()).unwrap();
        let dark = svg(&Chart { theme: Theme::Dark, ..chart });
        std::fs::write(directory.join(format!("{name}-dark.png")), png(&dark).unwrap()).unwrap();
        assert!(document.len() as u64 > 1000 && S > 0);
    }
}

#[test]
fn alt_text_names_makespan_lock_share_and_worst_waiter() {
    let run = script::gil_turns(4, 5);
    let text = alt_text(&chart("", "", vec![panel("threading", &run, 2)]));
    assert!(text.contains("threading: makespan 103 ms; GIL held 99 % of it"), "{text}");
    assert!(text.contains("T4 waits longest, 75 ms"), "{text}");
}
