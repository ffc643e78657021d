//! Commands that make something of other files or of a real Python, as a shell sees them.

use std::fs;
use std::process::{Command, Stdio};

use crate::bench::{Bench, Ended};

mod import {
    use super::*;

    const QUIRKS: &str = include_str!("../import/quirks.har");
    const TWO_PAGES: &str = include_str!("../import/two-pages.har");
    const CURL: &str = include_str!("../import/curl.jsonl");
    const TABLE: &str = include_str!("../import/table.csv");

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

    /// Seconds as the program writes them, in nanoseconds; of a computation, behind the way it computes.
    fn nanos(word: &str) -> u64 {
        let seconds = word.trim_start_matches("held:");
        let (whole, part) = seconds.split_once('.').unwrap();
        format!("{whole}{part:0<9}").parse().unwrap()
    }

    #[test]
    fn a_program_that_will_hang_comes_with_a_warning() {
        let bench = Bench::new();
        let text = "[queues]\nitems = 1\n[[tasks]]\ncount = 2\nsteps = [{ put = \"items\" }]\n";
        bench.write("a.toml", text);
        let ended = bench.run(&["python", "a.toml", "--tool", "threading"]).expect(0);
        assert!(ended.out().ends_with("main()\n"), "{}", ended.out());
        ended.says("warning: this program hangs when it is run: `threading` deadlocks");
    }

    #[test]
    fn when_a_task_ends_is_noted_unless_that_is_a_good_part_of_its_work() {
        let bench = Bench::new();
        let printed = |steps: &str| {
            bench.write("a.toml", format!("[[tasks]]\ncount = 9\nsteps = [{steps}]\n"));
            bench.run(&["python", "a.toml", "--tool", "thread_pool"]).expect(0).out()
        };
        let is_timed = |steps: &str| printed(steps).contains("return time.monotonic_ns()");
        assert!(!is_timed("{ compute = \"3us\" }"));
        assert!(is_timed("{ compute = \"60us\" }"));
        assert!(!is_timed("{ repeat = 20, steps = [{ compute = \"100ns\" }] }"));
        assert!(is_timed("{ repeat = 50, steps = [{ compute = \"100ns\" }] }"));
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
            rows.map(|row| row[7].parse::<u64>().unwrap() - row[6].parse::<u64>().unwrap())
                .sum::<u64>()
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
        assert!(slow.contains("time.sleep(2.0)\n    held("), "{slow}");
        assert!(slow.contains("time.sleep(2.0)\n    task.done(\"io\", \"shop\")"), "{slow}");
    }

    #[test]
    fn what_belongs_to_an_event_loop_is_not_sent_to_the_children_of_an_offload() {
        let bench = Bench::new();
        let offloads = |inner: &str| {
            let text = format!(
                "[semaphores]\nslots = 2\n[[tasks]]\nsteps = [{{ acquire = \"slots\" }}, {{ offload = \
                 [{{ compute = \"1ms\" }}{inner}], to = \"processes\" }}, {{ release = \"slots\" }}]\n\
                 [[tools]]\nuse = \"asyncio\"\n"
            );
            bench.write("a.toml", text);
            bench.run(&["python", "a.toml"]).expect(0).out()
        };
        let apart = offloads("");
        assert!(apart.contains("\nINHERITED = (TURNS,)  # what children take over\n"), "{apart}");
        let shared = offloads(", { release = \"slots\" }, { acquire = \"slots\" }");
        assert!(shared.contains("\nINHERITED = (TURNS, SEMAPHORES)  #"), "{shared}");
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

    let identity = r#"{"implementation": "CPython", "version": "3.12.1", "minor": 12, "locked": true, "cores": 2,
"executable": "/opt/one"}"#;
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
        of("echo 'OSError: [Errno 24]' >&2; exit 1")
            .says("exit status: 1 and said:\n  OSError: [Errno 24]");
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
        command.args(["calibrate", "--python", "./py"]).current_dir(bench.path("."));
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

#[cfg(unix)]
mod validate {
    use super::*;

    /// Under `ideal` its makespan is the sum of its wait and its computation.
    const SCENARIO: &str = r#"
[[tasks]]
steps = [{ wait = "1ms" }, { compute = "2ms" }]
[[tools]]
use = "sequential"
[[tools]]
use = "threading"
"#;

    /// A Python whose programs warm up in 100 ms, then take 10 ms, 4 of them computing. The threaded one crashes.
    fn bench_with_python() -> Bench {
        let bench = Bench::new();
        bench.write("a.toml", SCENARIO).write("calibration.json", calibration(0.0)).write(
            "printed.json",
            "{\"makespan_ns\": 100000000, \"responses_ns\": [100000000]}\n\
             {\"makespan_ns\": 10000000, \"responses_ns\": [10000000]}\n",
        );
        bench.write(
            "trace.csv",
            "tool,replicate,task,step,state,name,start_ns,end_ns,process,thread,core,cpu_ns\n\
             t,0,0,1,running,,0,90000000,0,0,,50000000\n\
             t,1,0,0,io,,0,1000000,0,0,,\n\
             t,1,0,1,running,,1000000,10000000,0,0,,4000000\n",
        );
        let script = "case \"$1\" in *calibrate.py) cat calibration.json; exit;; esac\n\
                      if grep -q 'LABEL = \"threading\"' \"$1\"; then echo 'E: no' >&2; exit 1; fi\n\
                      [ \"$2 $3 $4 $5\" = '--json --repeats 2 --trace' ] || exit 9\n\
                      cp trace.csv \"$6\" && cat printed.json";
        fake_python(&bench, "py", script);
        bench
    }

    const ARGUMENTS: [&str; 6] = ["validate", "a.toml", "--python", "./py", "--repeats", "1"];

    #[test]
    fn a_prediction_is_made_for_the_work_that_was_measured() {
        let bench = bench_with_python();
        let more = ["--profile", "ideal", "--tool", "sequential", "--format", "csv"];
        let ended = bench.run(&[&ARGUMENTS[..], &more].concat()).expect(0);
        let csv = ended.out();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 4, "{csv}");
        assert_eq!(
            lines[1],
            "a.toml,./py,3.12.1,2,sequential,1,makespan,5000000,10000000,10000000,10000000,-0.500000"
        );
        let files = ["validation.csv", "scatter.svg", "scatter.png"].map(str::to_owned);
        let drawn = ["svg", "png"].map(|kind| format!("lanes-a-3.12.1.{kind}"));
        let files = [&files[..], &drawn].concat().join(", ");
        assert!(ended.err().ends_with(&format!("wrote {files} to output/validation\n")));
        assert_eq!(
            fs::read_to_string(bench.path("output/validation/validation.csv")).unwrap(),
            csv
        );
    }

    #[test]
    fn charts_set_the_lanes_of_a_task_and_all_times_beside_each_other() {
        let bench = bench_with_python();
        let more = ["--profile", "ideal", "--tool", "sequential", "--out", "here"];
        bench.run(&[&ARGUMENTS[..], &more].concat()).expect(0);
        let read = |name: &str| fs::read_to_string(bench.path("here/validation").join(name));
        let lanes = read("lanes-a-3.12.1.svg").unwrap();
        for text in [
            "Makespan predicted with an error of 50.0 %",
            "a.toml on CPython 3.12.1, 2 cores",
            "measured 10 ms, predicted 5 ms (\u{2212}50.0 %)",
            "task 0, measured: computing, 44.4 % CPU time in 9 ms",
            "task 0, predicted: blocked on I/O, 0 s to 1 ms",
        ] {
            assert!(lanes.contains(text), "{text}: {lanes}");
        }
        let scatter = read("scatter.svg").unwrap();
        let text = "makespan of sequential, a on 3.12.1: predicted 5 ms, measured 10 ms";
        assert!(scatter.contains(text), "{scatter}");
        let png = fs::read(bench.path("here/validation/scatter.png")).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 10_000);
        // Without charts, those of the time before go.
        let more = [&more[..], &["--no-chart"]].concat();
        bench.run(&[&ARGUMENTS[..], &more].concat()).expect(0);
        let left = fs::read_dir(bench.path("here/validation")).unwrap().count();
        assert_eq!(left, 1);
    }

    #[test]
    fn programs_of_tiny_steps_are_run_without_a_trace() {
        let bench = bench_with_python();
        bench.write("a.toml", SCENARIO.replace("1ms", "1us").replace("2ms", "2us"));
        let script = "[ \"$*\" = \"$1 --json --repeats 2\" ] || exit 9\n\
                      grep -q 'arguments.trace else do_task' \"$1\" || exit 8\n\
                      echo '{\"makespan_ns\": 9000}'; echo '{\"makespan_ns\": 4000}'";
        fake_python(&bench, "py", script);
        let more = ["--profile", "ideal", "--tool", "sequential", "--format", "csv"];
        let ended = bench.run(&[&ARGUMENTS[..], &more].concat()).expect(0);
        let csv = ended.out();
        assert_eq!(csv.lines().count(), 2, "{csv}");
        assert!(csv.contains(",sequential,1,makespan,3000,4000,4000,4000,-0.25"), "{csv}");
        assert!(
            ended
                .err()
                .ends_with("wrote validation.csv, scatter.svg, scatter.png to output/validation\n")
        );
    }

    #[test]
    fn a_miss_beyond_the_tolerance_is_exit_code_1() {
        let bench = bench_with_python();
        let of = |percent| {
            let more = ["--profile", "ideal", "--tool", "sequential", "--tolerance", percent];
            bench.run(&[&ARGUMENTS[..], &more].concat())
        };
        let ended = of("49").expect(1);
        let last = ended.out().lines().last().unwrap().to_owned();
        assert!(last.ends_with("; 3 of 3 predictions are off by more than 49 %"), "{last}");
        of("50%").expect(0);
        of("much").expect(2).says("a number of percent is expected");
    }

    #[test]
    fn what_was_measured_before_a_crash_is_kept() {
        let bench = bench_with_python();
        let more = ["--profile", "ideal", "--format", "json"];
        let ended = bench.run(&[&ARGUMENTS[..], &more].concat()).expect(3);
        let ended = ended.says("error: a.toml, tool `threading`: `./py` ended with exit status: 1");
        let json: serde_json::Value = serde_json::from_str(&ended.out()).unwrap();
        assert_eq!(json.as_array().unwrap().len(), 3);
        assert_eq!(json[0]["predicted_ns"], 5_000_000);
    }

    #[test]
    fn what_was_measured_before_an_interrupt_is_kept() {
        use std::time::{Duration, Instant};

        let bench = bench_with_python();
        let script = "if grep -q 'LABEL = \"threading\"' \"$1\"; then echo $$ > began; sleep 100; fi\n\
                      cp trace.csv \"$6\" && cat printed.json";
        fake_python(&bench, "py", script);
        let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
        command.args(ARGUMENTS).args(["--profile", "ideal", "--format", "csv", "--no-chart"]);
        command.current_dir(bench.path(".")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let began = Instant::now();
        while fs::read_to_string(bench.path("began")).unwrap_or_default().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(60), "the program is not being run");
            std::thread::sleep(Duration::from_millis(10));
        }
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let ended = Ended(child.wait_with_output().unwrap()).expect(130);
        let ended = ended.says("interrupted: what was measured so far is kept");
        assert!(!ended.err().contains("error"), "{}", ended.err());
        let csv = ended.out();
        assert_eq!(csv.matches(",sequential,1,").count(), 3, "{csv}");
        assert_eq!(csv.lines().count(), 4, "{csv}");
        let written = fs::read_to_string(bench.path("output/validation/validation.csv")).unwrap();
        assert_eq!(written, csv);
    }

    #[test]
    fn repetitions_before_a_crash_count_and_those_of_a_program_that_fails_at_once_do_not() {
        let bench = bench_with_python();
        let crash = "cp trace.csv \"$6\"; cat printed.json; printf '{\"make'; kill -9 $$";
        fake_python(&bench, "py", crash);
        let more = ["--profile", "ideal", "--tool", "sequential", "--format", "csv", "--repeats"];
        let ended = bench.run(&[&ARGUMENTS[..4], &more, &["5"]].concat()).expect(3);
        let ended = ended.says("tool `sequential`: `./py` ended with signal: 9");
        let csv = ended.out();
        assert!(csv.contains(",sequential,1,makespan,5000000,10000000,"), "{csv}");
        fake_python(&bench, "py", "kill -9 $$");
        let ended = bench.run(&[&ARGUMENTS[..4], &more, &["5"]].concat()).expect(3);
        assert_eq!(ended.err().matches("error: ").count(), 1, "{}", ended.err());
        assert_eq!(ended.out().lines().count(), 1);
    }

    #[test]
    fn one_python_that_is_missing_does_not_stop_the_others() {
        let bench = bench_with_python();
        let more = ["--python", "no-such-python", "--profile", "ideal", "--tool", "sequential"];
        let ended = bench.run(&[&ARGUMENTS[..], &more].concat()).expect(3);
        let ended = ended.says("error: cannot run `no-such-python`");
        let heading = "a.toml on CPython 3.12.1 (./py), 2 cores, 1 repeat\n";
        assert!(ended.out().starts_with(heading), "{}", ended.out());
    }

    #[test]
    fn without_a_profile_the_python_is_calibrated_first() {
        let bench = bench_with_python();
        let more = ["--tool", "sequential", "--format", "csv"];
        let ended = bench.run(&[&ARGUMENTS[..], &more].concat()).expect(0);
        assert_eq!(ended.out().lines().count(), 4, "{}", ended.out());
        bench.write("calibration.json", "{}");
        let ended = bench.run(&[&ARGUMENTS[..], &more].concat()).expect(3);
        assert_eq!(ended.says("the measurements cannot be read").out().lines().count(), 1);
    }

    #[test]
    fn a_profile_that_is_none_or_of_another_python_is_refused() {
        let bench = bench_with_python();
        bench.write("broken.toml", "name = \"x\"\npython = -1\n");
        let of = |profile| bench.run(&[&ARGUMENTS[..], &["--profile", profile]].concat());
        of("broken.toml").expect(2).says("error: broken.toml:");
        of("no-such.toml").expect(3).says("cannot read `no-such.toml`");
        let ended = of("cpython-3.13").expect(3);
        assert!(ended.says("is Python 3.12.1, but the profile").out().contains("Nothing"));
    }

    /// Takes nothing but what the shell has built in: there is nothing else on the `PATH` of these tests.
    fn install(bench: &Bench, name: &str, version: &str, executable: &str) {
        use std::os::unix::fs::PermissionsExt;

        let minor = version.split('.').nth(1).unwrap();
        let text = format!(
            "#!/bin/sh\n[ \"$1\" = -c ] || {{ echo 'E: no more' >&2; exit 1; }}\n\
             echo '{{\"implementation\": \"CPython\", \"version\": \"{version}\", \"minor\": {minor}, \
             \"locked\": true, \"cores\": 2, \"executable\": \"{executable}\"}}'\n"
        );
        fs::create_dir_all(bench.path("bin")).unwrap();
        bench.write(&format!("bin/{name}"), text);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(bench.path("bin").join(name), mode).unwrap();
    }

    fn with_installed(bench: &Bench, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
        command.args(arguments).current_dir(bench.path(".")).env("PATH", bench.path("bin"));
        Ended(command.stdin(Stdio::null()).output().unwrap())
    }

    #[test]
    fn without_a_python_named_every_one_that_is_found_is_run_once() {
        let bench = bench_with_python();
        install(&bench, "python3", "3.12.1", "/opt/a");
        install(&bench, "python3.12", "3.12.1", "/opt/a");
        install(&bench, "python3.13", "3.13.0", "/opt/b");
        install(&bench, "python3.9", "3.7.2", "/opt/too-old");
        bench.write("bin/python3.11", "no program at all");
        let arguments = ["validate", "a.toml", "--profile", "ideal", "--tool", "sequential"];
        let err = with_installed(&bench, &arguments).expect(3).err();
        let told = |name: &str| err.matches(&format!("`{name}` ended with exit status: 1")).count();
        assert_eq!([told("python3"), told("python3.13")], [1, 1], "{err}");
        assert_eq!(err.matches("error: ").count(), 2, "{err}");
        let of_13 = ["validate", "a.toml", "--profile", "cpython-3.13", "--tool", "sequential"];
        let err = with_installed(&bench, &of_13).expect(3).err();
        assert!(err.contains("`python3.13`") && err.matches("error: ").count() == 1, "{err}");
    }

    #[test]
    fn no_python_at_all_is_told_with_the_way_out() {
        let bench = bench_with_python();
        fs::create_dir(bench.path("bin")).unwrap();
        let ended = with_installed(&bench, &["validate", "a.toml"]).expect(3);
        ended.says("error: no Python (CPython) was found; name one with --python");
        let of_9 = ["validate", "a.toml", "--profile", "cpython-3.9"];
        with_installed(&bench, &of_9).expect(3).says("no Python (3.9) was found");
    }

    #[test]
    fn a_python_newer_than_all_known_is_measured_under_the_newest_rules_and_that_is_said_before() {
        let bench = bench_with_python();
        install(&bench, "new", "3.99.0", "/opt/new");
        let ended = bench.run(&["calibrate", "--python", "bin/new"]).expect(3);
        let ended = ended
            .says("note: `bin/new` is Python 3.99.0, and the newest that gilsim knows is 3.15");
        ended.says("E: no more");
        install(&bench, "old", "3.7.2", "/opt/old");
        let ended = bench.run(&["calibrate", "--python", "bin/old"]).expect(3);
        ended.says("error: `bin/old` is CPython 3.7.2: gilsim models CPython from 3.8 on");
    }

    #[test]
    fn a_python_too_old_for_gilsim_or_for_a_tool_is_told_and_the_rest_is_kept() {
        let bench = bench_with_python();
        install(&bench, "old", "3.7.2", "/opt/old");
        let ended = bench.run(&["validate", "a.toml", "--python", "bin/old", "--profile", "ideal"]);
        ended
            .expect(3)
            .says("error: `bin/old` is CPython 3.7.2: gilsim models CPython from 3.8 on");
        let text = "[interpreter]\nprofile = \"cpython-3.14\"\n[[tasks]]\nsteps = [{ wait = \"1ms\" },\
                    { compute = \"2ms\" }]\n[[tools]]\nuse = \"interpreter_pool\"\n\
                    [[tools]]\nuse = \"sequential\"\n";
        bench.write("a.toml", text);
        let more = ["--profile", "cpython-3.12", "--format", "csv"];
        let ended = bench.run(&[&ARGUMENTS[..], &more].concat()).expect(3);
        let ended = ended.says("has no interpreter_pool: InterpreterPoolExecutor came with");
        assert_eq!(ended.out().lines().count(), 4, "{}", ended.out());
    }

    #[test]
    fn a_deadlock_is_told_and_its_program_is_not_run() {
        let bench = bench_with_python();
        let stuck = "[semaphores]\na = 1\n[[tasks]]\nsteps = [{ acquire = \"a\" }, { acquire = \"a\" }]\n\
                     [[tools]]\nuse = \"threading\"\n";
        bench.write("a.toml", stuck);
        let ended = bench.run(&[&ARGUMENTS[..], &["--profile", "ideal"]].concat()).expect(1);
        ended.says("it deadlocks in the simulation, so it was not run").says("semaphore `a`");
    }

    #[test]
    fn faults_of_scenarios_are_told_before_anything_is_measured() {
        let bench = bench_with_python();
        bench.write("b.toml", "[machine]\ncoers = 2\n");
        bench
            .run(&["validate", "a.toml", "b.toml", "--python", "nosuch"])
            .expect(2)
            .says("b.toml:2:1");
        bench.run(&["validate", "c.toml"]).expect(3).says("c.toml");
    }
}
