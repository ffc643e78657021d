//! Real programs under `gilsim record`: they run as ever, and become scenarios. Skipped where there is no Python.

use std::fs;
use std::process::{Command, Output, Stdio};

use gilsim::record::RECORDER;

use crate::bench::{Bench, Ended};

/// How a program may end; the name of the way is its argument.
const WAYS: &str = include_str!("../record/ways.py");

/// A pool of threads with waits and computing.
const POOL: &str = include_str!("../record/pool.py");

/// Coroutines with a semaphore that offload computing to a pool.
const LOOP: &str = include_str!("../record/loop.py");

/// Pools of processes with chunks.
const PROCESSES: &str = include_str!("../record/processes.py");

/// A program with a secret in each place that a recorder could look at.
const SECRETS: &str = include_str!("../record/secrets.py");

/// The Python that is found, if one is.
#[expect(clippy::print_stderr, reason = "who runs the tests should know")]
fn python() -> Option<&'static str> {
    let mut command = Command::new("python3");
    let ended = command.arg("--version").stdin(Stdio::null()).output();
    let is_there = ended.is_ok_and(|ended| ended.status.success());
    if !is_there {
        eprintln!("skipped: there is no python3");
    }
    is_there.then_some("python3")
}

fn plain(bench: &Bench, arguments: &[&str]) -> Output {
    let mut command = Command::new(arguments[0]);
    command.args(&arguments[1..]).current_dir(bench.path(".")).stdin(Stdio::null());
    command.output().unwrap()
}

fn recorded(bench: &Bench, arguments: &[&str]) -> Ended {
    bench.run(&[&["record", "--quiet", "--out", "out", "--"], arguments].concat())
}

/// The makespan of the recorded tool, in nanoseconds.
fn makespan(bench: &Bench, name: &str, set: &[&str]) -> u64 {
    let file = format!("output/{name}/recording.toml");
    let run = ["run", &file, "--format", "csv", "-q", "--no-trace", "--no-chart"];
    let ended = bench.run(&[&run[..], &["--tool", "recorded"], set].concat()).expect(0);
    let out = ended.out();
    let row = out.lines().nth(1).unwrap();
    assert!(row.starts_with("recorded,"), "{row}");
    row.split(',').nth(2).unwrap().parse().unwrap()
}

#[test]
fn a_program_ends_as_it_does_without_being_recorded() {
    let Some(python) = python() else { return };
    let ways = WAYS.lines().filter_map(|line| line.trim().strip_prefix("def way_"));
    let ways: Vec<&str> = ways.filter_map(|line| line.split('(').next()).collect();
    assert!(ways.len() > 12, "{ways:?}");
    for way in ways {
        let bench = Bench::with("ways.py", WAYS);
        let arguments = [python, "ways.py", way];
        let (plain, watched) = (plain(&bench, &arguments), recorded(&bench, &arguments).0);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(watched.status, plain.status, "{way}: {}", text(&watched.stderr));
        assert_eq!(text(&watched.stdout), text(&plain.stdout), "{way}");
        assert_eq!(text(&watched.stderr), text(&plain.stderr), "{way}");
        let scenario = bench.read("out/recording.toml");
        assert!(scenario.contains("label = \"recorded\""), "{way}: {scenario}");
        bench.run(&["check", "out/recording.toml"]).expect(0);
    }
}

#[test]
fn a_signal_reaches_the_program_once_and_is_how_gilsim_ends() {
    let Some(python) = python() else { return };
    let bench = Bench::with("ways.py", WAYS);
    let arguments = ["record", "--quiet", "--out", "out", "--", python, "ways.py", "handles_term"];
    let mut child = bench.start(&arguments);
    let mut line = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let ended = Ended(child.wait_with_output().unwrap()).expect(5);
    assert_eq!(ended.out(), "signals: 1\n");
    assert!(bench.path("out/recording.toml").is_file());
}

#[test]
fn a_pool_becomes_a_scenario_whose_first_tool_is_the_pool() {
    let Some(python) = python() else { return };
    let bench = Bench::with("pool.py", POOL);
    let ended = bench.run(&["record", python, "pool.py", "40", "4"]).expect(0);
    assert_eq!(ended.out(), "40 done\n");
    let ended =
        ended.says("seen: 40 tasks (`work`) in a pool of 4 threads").says("waits for `sleep`");
    let _ = ended.says("wrote recording.toml to output/pool");
    // 40 sleeps of 20 ms by four at a time, and little computing.
    let four = makespan(&bench, "pool", &[]);
    assert!((200_000_000..400_000_000).contains(&four), "{four}");
    let eight = makespan(&bench, "pool", &["--set", "tools.recorded.workers=8"]);
    assert!(eight < four * 3 / 4, "{eight} with 8, {four} with 4");
}

#[test]
fn coroutines_become_a_scenario_with_their_semaphore_and_their_pool() {
    let Some(python) = python() else { return };
    let bench = Bench::with("loop.py", LOOP);
    let ended = bench.run(&["record", python, "loop.py", "40", "4"]).expect(0);
    let ended = ended.says("seen: 40 tasks (`job`) on an event loop").says("waits for `sleep`");
    assert_eq!(ended.out(), "40 done\n");
    let text = bench.read("output/loop/recording.toml");
    assert!(text.contains("[semaphores]\n\"semaphore 1\" = 4\n"), "{text}");
    assert!(
        text.contains("use = \"asyncio\"\noffload_workers = 2\nlabel = \"recorded\""),
        "{text}"
    );
    assert!(text.contains("{ offload = [{ compute = \"digest\""), "{text}");
    let four = makespan(&bench, "loop", &[]);
    // 40 sleeps of 20 ms by four at a time, and little computing.
    assert!((200_000_000..400_000_000).contains(&four), "{four}");
    let eight = makespan(&bench, "loop", &["--set", "semaphores.\"semaphore 1\"=8"]);
    assert!(eight < four * 3 / 4, "{eight} with 8, {four} with 4");
}

#[test]
fn pools_of_processes_become_scenarios_of_the_items_of_their_chunks() {
    let Some(python) = python() else { return };
    for (kind, tool) in [("executor", "process_pool"), ("pool", "multiprocessing_pool")] {
        let bench = Bench::with("processes.py", PROCESSES);
        let ended = bench.run(&["record", python, "processes.py", kind]).expect(0);
        let ended = ended.says("seen: 24 tasks (`work`) in a pool of 2 processes");
        assert_eq!(ended.out(), "24 done\n", "{kind}");
        let text = bench.read("output/processes/recording.toml");
        let settings = format!("use = \"{tool}\"\nworkers = 2\nchunk = 3\nstart = \"");
        assert!(text.contains(&settings), "{kind}: {text}");
        assert!(text.contains("count = 24\n"), "{kind}: {text}");
        // 24 sleeps of 20 ms by two at a time; processes start, and compute a little.
        let two = makespan(&bench, "processes", &[]);
        assert!((240_000_000..600_000_000).contains(&two), "{kind}: {two}");
    }
}

#[test]
fn no_secret_is_in_any_file_and_without_names_no_name_is() {
    let Some(python) = python() else { return };
    let bench = Bench::with("secrets.py", SECRETS);
    let mut command = bench.command(&["record", "--", python, "secrets.py", "hunter2-argument"]);
    command.env("PASSWORD", "hunter2-environment").env("TMPDIR", bench.path("."));
    let ended = Ended(command.output().unwrap()).expect(0);
    assert!(ended.err().contains("`fetch`"), "{}", ended.err());
    assert!(!ended.err().contains("hunter2"), "{}", ended.err());
    let files = bench.files("output");
    assert!(!files.is_empty());
    for file in &files {
        let text = fs::read(bench.path(file)).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("hunter2"), "{file}");
    }
    assert!(bench.read("output/secrets/recording.toml").contains("localhost:"));
    let arguments = ["record", "--anonymous", "--out", "out", python, "secrets.py", "x"];
    let ended = bench.run(&arguments).expect(0);
    let text = bench.read("out/recording.toml") + &ended.err();
    for name in ["localhost", "127.0.0.1", "fetch"] {
        assert!(!text.contains(name), "{name} is in {text}");
    }
    assert!(text.contains("[sites.\"site 1\"]"), "{text}");
}

#[test]
fn a_program_that_cannot_be_watched_runs_and_is_told_of() {
    let bench = Bench::new();
    let ended = bench.run(&["record", "sh", "-c", "echo out; exit 4"]).expect(4);
    assert_eq!(ended.out(), "out\n");
    let _ = ended.says("nothing was recorded: no Python ran");
    bench.run(&["record", "no-such-program"]).expect(3).says("cannot run `no-such-program`");
    bench.run(&["record"]).expect(2);
}

#[test]
fn what_would_help_most_is_said_at_once_where_it_is_asked_for() {
    let Some(python) = python() else { return };
    let bench = Bench::with("pool.py", POOL);
    let ended = bench.run(&["record", "--then", "whatif", python, "pool.py", "40", "4"]).expect(0);
    assert!(ended.out().starts_with("40 done\n"), "{}", ended.out());
    assert!(ended.out().contains("sleep"), "{}", ended.out());
}

#[test]
fn the_recorder_stays_what_every_python_since_3_8_reads() {
    for (name, text) in RECORDER {
        let ours = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        for line in ours {
            assert!(!line.contains(" match ") && !line.contains("except*"), "{name}: {line}");
        }
    }
}
