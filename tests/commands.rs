//! Commands that make something of other files or of a real Python, as a shell sees them.

#![expect(clippy::unwrap_used, reason = "what does not work in a test fails it")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder of its own to run the program in.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        Ended(command.output().unwrap())
    }
}

/// How a run of the program ended.
struct Ended(Output);

impl Ended {
    fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    fn expect(self, code: i32) -> Self {
        let (out, err) = (self.out(), self.err());
        assert_eq!(self.0.status.code(), Some(code), "stdout:\n{out}\nstderr:\n{err}");
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.err().contains(text), "`{text}` is not in stderr:\n{}", self.err());
        self
    }
}

mod import {
    use super::*;

    const QUIRKS: &str = include_str!("import/quirks.har");
    const TWO_PAGES: &str = include_str!("import/two-pages.har");
    const CURL: &str = include_str!("import/curl.jsonl");
    const TABLE: &str = include_str!("import/table.csv");

    #[test]
    fn a_printed_scenario_is_one_that_check_and_run_take() {
        let recordings = [("har", QUIRKS), ("har", TWO_PAGES), ("curl", CURL), ("csv", TABLE)];
        for (kind, recording) in recordings {
            for options in [&[][..], &["--keep-order"]] {
                let bench = Bench::new();
                bench.write("recording", recording);
                let arguments = [&["import", kind, "recording"], options].concat();
                let scenario = bench.run(&arguments).expect(0).out();
                bench.write("a.toml", &scenario);
                bench.run(&["check", "a.toml"]).expect(0);
                let ended = bench.run(&["run", "a.toml", "--no-chart", "--audit"]).expect(0);
                assert!(ended.out().contains("\nasyncio "), "{kind}: {}", ended.out());
            }
        }
    }

    #[test]
    fn what_is_left_out_is_told_beside_the_scenario_and_not_in_its_place() {
        let bench = Bench::new();
        bench.write("a.har", QUIRKS);
        let ended = bench.run(&["import", "har", "a.har"]).expect(0);
        let ended = ended.says("left out of the recording: 1 from the browser's cache, 2 without");
        assert!(ended.out().starts_with("# Made by `gilsim import`"), "{}", ended.out());
        bench.write("b.csv", TABLE);
        assert_eq!(bench.run(&["import", "csv", "b.csv"]).expect(0).err(), "");
    }

    #[test]
    fn one_page_of_several_can_be_taken() {
        let bench = Bench::new();
        bench.write("a.har", TWO_PAGES);
        let all = bench.run(&["import", "har", "a.har"]).expect(0).says("4 page loads");
        let page = bench.run(&["import", "har", "a.har", "--page", "2"]).expect(0);
        assert!(!page.err().contains("page loads"), "{}", page.err());
        assert!(page.out().len() < all.out().len());
        let ended = bench.run(&["import", "har", "a.har", "--page", "5"]).expect(2);
        ended.says("error: a.har: there is no page 5: the recording has 1 to 4");
    }

    #[test]
    fn recorded_timing_becomes_arrivals() {
        let bench = Bench::new();
        bench.write("a.har", QUIRKS);
        let arguments = ["import", "har", "a.har", "--keep-timing"];
        let ended = bench.run(&arguments).expect(0);
        assert!(ended.out().contains("arrive = { at = [\"0ms\", \"250ms\", \"500ms\"] }"));
        bench.run(&[&arguments[..], &["--keep-order"]].concat()).expect(2).says("--keep-order");
    }

    #[test]
    fn a_recording_that_is_none_is_refused_with_its_place() {
        let bench = Bench::new();
        bench
            .write("a.har", "{\n  \"log\": [}\n")
            .write("empty.har", "")
            .write("zip.har", "PK\x03\x04");
        let ended = bench.run(&["import", "har", "a.har"]).expect(2).says("error: a.har:2:");
        assert_eq!(ended.out(), "");
        bench.run(&["import", "har", "empty.har"]).expect(2).says("empty.har: the file is empty");
        bench.run(&["import", "har", "zip.har"]).expect(2).says("unpack it first");
        bench.write("a.csv", "host,latency\nshop.example,fast\n");
        bench.run(&["import", "csv", "a.csv"]).expect(2).says("error: a.csv:2");
        bench.run(&["import", "pcap", "a.csv"]).expect(2).says("[possible values: har, curl, csv]");
    }

    #[test]
    fn a_recording_that_is_not_there_is_a_file_error() {
        let bench = Bench::new();
        bench.run(&["import", "har", "no.har"]).expect(3).says("cannot read `no.har`");
        bench.run(&["import", "har", "."]).expect(3).says("cannot read `.`");
    }
}

/// Draws, arrivals and two tools; `ideal`, so that its trace has the draws as they are.
const DRAWN: &str = r#"
title = "Drawn visits"
seed = 5
[interpreter]
profile = "ideal"
[sites.shop]
latency = { uniform = ["1ms", "9ms"] }
[[tasks]]
count = 4
arrive = { every = "10ms" }
steps = [{ wait = "shop" }, { compute = { exponential = "1ms" } }]
[[tools]]
use = "asyncio"
[[tools]]
use = "thread_pool"
workers = 2
label = "two threads"
"#;

mod python {
    use super::*;

    /// The lines of the program's table of tasks, in words.
    fn table(program: &str) -> Vec<Vec<&str>> {
        let table = program.split("TASKS = \"\"\"\n").nth(1).unwrap();
        let lines = table.split("\n\"\"\"").next().unwrap().lines();
        lines.map(|line| line.split(' ').collect()).collect()
    }

    /// Seconds as the program writes them, in nanoseconds.
    fn nanos(seconds: &str) -> u64 {
        let (whole, part) = seconds.split_once('.').unwrap();
        format!("{whole}{part:0<9}").parse().unwrap()
    }

    #[test]
    fn the_program_has_the_draws_of_the_trace() {
        let bench = Bench::new();
        bench.write("a.toml", DRAWN);
        let program = bench.run(&["python", "a.toml", "--tool", "asyncio"]).expect(0);
        let program = program.out();
        bench.run(&["run", "a.toml", "--no-chart", "--tool", "asyncio"]).expect(0);
        let trace = fs::read_to_string(bench.path("output/a/trace.csv")).unwrap();
        let took = |task: usize, state: &str| {
            let rows = trace.lines().map(|row| row.split(',').collect::<Vec<_>>());
            let rows = rows.filter(|row| row[2] == task.to_string() && row[4] == state);
            rows.map(|row| row[7].parse::<u64>().unwrap() - row[6].parse::<u64>().unwrap()).sum()
        };
        let table = table(&program);
        assert_eq!(table.len(), 4, "{program}");
        for (task, line) in table.iter().enumerate() {
            let [arrival, wait, compute] = [1, 2, 3].map(|column| nanos(line[column]));
            assert_eq!(arrival, 10_000_000 * task as u64);
            assert_eq!([wait, compute], [took(task, "suspended"), took(task, "running")], "{task}");
        }
    }

    #[test]
    fn the_same_scenario_prints_the_same_program_and_another_seed_another_one() {
        let bench = Bench::new();
        bench.write("a.toml", DRAWN);
        let printed = |more: &[&str]| {
            let arguments = [&["python", "a.toml", "--tool", "two threads"], more].concat();
            bench.run(&arguments).expect(0).out()
        };
        let program = printed(&[]);
        assert!(program.starts_with("\"\"\"Drawn visits.\n"), "{program}");
        assert!(program.ends_with("\n    main()\n"), "{program}");
        assert_eq!(program, printed(&["--seed", "5"]));
        assert_ne!(program, printed(&["--seed", "6"]));
        let slow = printed(&["--set", "sites.shop.latency=2s"]);
        assert!(slow.contains("task.wait(2.0, \"shop\")"), "{slow}");
    }

    #[test]
    fn a_tool_goes_by_its_label_or_its_name_and_alone_by_neither() {
        let bench = Bench::new();
        bench.write("a.toml", DRAWN);
        let of = |tool: &[&str]| bench.run(&[&["python", "a.toml"], tool].concat());
        assert_eq!(
            of(&["--tool", "thread_pool"]).expect(0).out(),
            of(&["--tool", "two threads"]).expect(0).out()
        );
        of(&["--tool", "asynco"]).expect(2).says("did you mean `asyncio`?");
        of(&["--tool", "gevent"]).expect(2).says("it has asyncio, two threads");
        of(&[]).expect(2).says("choose one with --tool LABEL: asyncio, two threads");
        bench.write("one.toml", DRAWN.split("[[tools]]\nuse = \"thread").next().unwrap());
        assert!(bench.run(&["python", "one.toml"]).expect(0).out().contains("asyncio.run("));
        bench.run(&["python", "no.toml"]).expect(3).says("no.toml");
    }
}

/// A Python that says what it is when asked to, and else does what `script` says.
#[cfg(unix)]
fn fake_python(bench: &Bench, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;

    let identity = r#"{"implementation": "CPython", "version": "3.12.1", "minor": 12, "locked": true, "cores": 2}"#;
    let text =
        format!("#!/bin/sh\nif [ \"$1\" = -c ]; then echo '{identity}'; exit; fi\n{script}\n");
    bench.write(name, text);
    fs::set_permissions(bench.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// What `calibrate.py` prints, with one measure.
fn calibration(others: f64) -> String {
    format!(
        r#"{{"python": "3.12.1", "minor": 12, "free_threaded": false, "kernel": "6.18", "cores": 2,
"seconds": 45.2, "others": {others}, "extra": {{}}, "measures": {{"thread.start":
{{"median": 25130.4, "low": 20000, "high": 30000, "samples": 7}}}}}}"#
    )
}

#[cfg(unix)]
mod calibrate {
    use super::*;

    #[test]
    fn a_printed_profile_is_one_that_a_scenario_takes() {
        let bench = Bench::new();
        fake_python(&bench, "py", &format!("cat <<'END'\n{}\nEND", calibration(0.02)));
        let ended = bench.run(&["calibrate", "--python", "./py"]).expect(0);
        assert_eq!(ended.err(), "");
        assert!(ended.out().starts_with("# CPython 3.12.1 on Linux 6.18"), "{}", ended.out());
        bench.write("mine.toml", ended.out()).write("a.toml", DRAWN);
        let arguments =
            ["run", "a.toml", "--no-chart", "--set", "interpreter.profile=\"mine.toml\""];
        let ended = bench.run(&arguments).expect(0);
        assert!(ended.out().contains("cpython-3.12.1 as calibrated"), "{}", ended.out());
    }

    #[test]
    fn the_program_is_run_from_a_file_that_does_not_stay() {
        let bench = Bench::new();
        fake_python(&bench, "py", "echo \"$1\" > where; head -c 20 \"$1\" > what; exit 3");
        bench.run(&["calibrate", "--python", "./py"]).expect(3);
        assert!(fs::read_to_string(bench.path("what")).unwrap().starts_with("\"\"\""));
        let program = fs::read_to_string(bench.path("where")).unwrap();
        assert!(!fs::exists(program.trim()).unwrap(), "{program}");
    }

    #[test]
    fn a_busy_machine_is_warned_about() {
        let bench = Bench::new();
        fake_python(&bench, "py", &format!("cat <<'END'\n{}\nEND", calibration(0.2)));
        let ended = bench.run(&["calibrate", "--python", "./py"]).expect(0);
        ended.says("warning: other programs took 20 % of the cores while `./py` was measured");
    }

    #[test]
    fn a_python_that_cannot_be_run_or_measured_is_told() {
        let bench = Bench::new();
        let of = |script: &str| {
            fake_python(&bench, "py", script);
            let ended = bench.run(&["calibrate", "--python", "./py"]).expect(3);
            assert_eq!(ended.out(), "");
            ended
        };
        of("echo 'OSError: [Errno 24]' >&2; exit 1").says("exit status: 1: OSError: [Errno 24]");
        of("echo '{}'").says("`./py`: the measurements cannot be read");
        of("true").says("the measurements cannot be read");
        let ended = bench.run(&["calibrate", "--python", "no-such-python"]).expect(3);
        ended.says("error: cannot run `no-such-python`");
    }

    #[test]
    fn an_interrupt_ends_the_program_that_measures_too() {
        use std::time::{Duration, Instant};

        let bench = Bench::new();
        fake_python(&bench, "py", "echo $$ > began; sleep 100; touch ended");
        let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
        command.args(["calibrate", "--python", "./py"]).current_dir(bench.0.path());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while fs::read_to_string(bench.path("began")).unwrap_or_default().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(60), "the program is not being run");
            std::thread::sleep(Duration::from_millis(10));
        }
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let measuring = fs::read_to_string(bench.path("began")).unwrap();
        let alive = || Command::new("kill").args(["-0", measuring.trim()]).output().unwrap();
        while alive().status.success() {
            assert!(began.elapsed() < Duration::from_secs(60), "the program is still running");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
