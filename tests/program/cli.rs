//! The program as a shell sees it: exit codes, streams, files.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::bench::{Bench, DEADLOCK, Ended};

const TWO_TOOLS: &str = r#"
title = "Three waits"
[interpreter]
profile = "ideal"
[[tasks]]
count = 3
steps = [{ wait = "1ms" }, { compute = "2ms" }]
[[tools]]
use = "sequential"
[[tools]]
use = "asyncio"
"#;

#[test]
fn help_and_version_are_results() {
    let bench = Bench::new();
    let help = bench.run(&["--help"]).expect(0).out();
    for command in [
        "run",
        "check",
        "import",
        "python",
        "validate",
        "calibrate",
        "schema",
        "completions",
        "man",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
    assert!(help.contains("Exit status:"), "{help}");
    let version = bench.run(&["--version"]).expect(0).out();
    assert_eq!(version, concat!("gilsim ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// `UPDATE_GOLDEN=1 cargo test --test program cli` rewrites the table in README.md.
#[test]
fn the_readme_shows_what_its_first_command_prints() {
    let readme = include_str!("../../README.md");
    let shown = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let bench = Bench::new();
    bench.write("a.toml", include_str!("../../scenarios/download-100-pages.toml"));
    let printed = bench.run(&["run", "a.toml", "--no-trace", "--no-chart"]).expect(0).out();
    let table: String = printed.split_inclusive('\n').skip(3).take(shown.lines().count()).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        return fs::write(path, readme.replace(shown, &table)).unwrap();
    }
    assert_eq!(shown, table, "the table in README.md is stale");
}

#[test]
fn a_wrong_command_line_is_told_on_stderr_with_the_nearest_word() {
    let bench = Bench::new();
    bench.run(&[] as &[&str]).expect(2).says("Usage: gilsim");
    bench.run(&["chek"]).expect(2).says("'check'");
    bench.run(&["run", "a.toml", "--outt", "x"]).expect(2).says("'--out'");
    bench.run(&["run"]).expect(2).says("<FILE>...");
    bench.run(&["run", "a.toml", "--seed", "-1"]).expect(2).says("--seed");
    bench.run(&["run", "a.toml", "--format", "xml"]).expect(2).says("markdown");
    assert!(bench.files(".").is_empty());
}

#[test]
fn a_scenario_that_is_not_there_is_a_file_error() {
    let bench = Bench::new();
    bench.run(&["run", "no-such.toml"]).expect(3).says("no-such.toml");
    bench.run(&["check", "no-such.toml"]).expect(3).says("no-such.toml");
    assert!(bench.files(".").is_empty());
}

#[test]
fn two_scenarios_of_one_name_do_not_share_a_folder() {
    let bench = Bench::new();
    fs::create_dir(bench.path("other")).unwrap();
    bench.write("a.toml", TWO_TOOLS).write("other/a.toml", TWO_TOOLS);
    let ended = bench.run(&["run", "a.toml", "other/a.toml"]).expect(2);
    ended.says("`a.toml` and `other/a.toml` would both write to `output/a`");
    bench.run(&["run", "a.toml", "a.toml"]).expect(2);
    bench.run(&["run", ".."]).expect(2).says("`..` names no file");
    assert!(bench.files("output").is_empty());
}

#[test]
fn completions_exist_for_every_shell() {
    let bench = Bench::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(bench.run(&["completions", shell]).expect(0).out().contains("gilsim"), "{shell}");
    }
    bench.run(&["completions", "tcsh"]).expect(2).says("fish");
}

#[test]
fn the_manual_and_the_schema_are_printed() {
    let bench = Bench::new();
    let manual = bench.run(&["man"]).expect(0).out();
    assert!(manual.contains("GILSIM RUN"), "{manual}");
    let schema = bench.run(&["schema"]).expect(0).out();
    assert!(schema.starts_with('{') && schema.ends_with("}\n"), "{schema}");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_file_error_and_leaves_nothing() {
    let bench = Bench::new();
    bench.write("a.toml", TWO_TOOLS).write("taken", "");
    let ended = bench.run(&["run", "a.toml", "--out", "taken"]).expect(3);
    assert!(ended.says("cannot write `taken/a`").says("--out").out().is_empty());
    assert_eq!(bench.files("."), ["a.toml", "taken"]);
}

#[test]
fn a_folder_in_the_way_of_a_file_leaves_nothing_half_written() {
    let bench = Bench::new();
    bench.write("a.toml", TWO_TOOLS);
    fs::create_dir_all(bench.path("output/a/manifest.json")).unwrap();
    bench.run(&["run", "a.toml"]).expect(3).says("output/a/manifest.json");
    assert!(bench.files("output").is_empty());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    bench.write("a.toml", TWO_TOOLS);
    for arguments in [&["run", "a.toml"][..], &["--help"], &["man"], &["check", "a.toml"]] {
        let mut command = bench.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panic") && !stderr.contains("bug"), "{stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_a_file_error() {
    let bench = Bench::new();
    bench.write("a.toml", TWO_TOOLS);
    for arguments in [&["run", "a.toml"][..], &["man"], &["--help"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = Ended(bench.command(arguments).stdout(full).output().unwrap());
        ended.expect(3).says("standard output");
    }
}

/// What needs the scenario reader and the engine.
mod played {
    use super::*;

    /// Takes long enough to be interrupted, and writes a lot.
    const LONG: &str = r#"
[[tasks]]
count = 100000
steps = [{ repeat = 1000, steps = [{ wait = "1ms" }] }]
[[tools]]
use = "sequential"
"#;

    const RESULTS: [&str; 4] = [
        "output/a/manifest.json",
        "output/a/summary.csv",
        "output/a/summary.json",
        "output/a/trace.csv",
    ];

    impl Bench {
        /// A folder with a scenario in it.
        fn with_scenario() -> Self {
            let bench = Self::new();
            bench.write("a.toml", TWO_TOOLS);
            bench
        }

        fn bytes(&self, name: &str) -> Vec<u8> {
            fs::read(self.path(name)).unwrap()
        }
    }

    #[test]
    fn a_run_prints_a_comparison_and_writes_its_files() {
        let bench = Bench::with_scenario();
        let ended = bench.run(&["run", "a.toml", "--no-chart", "--audit"]).expect(0);
        let out = ended.out();
        assert!(out.starts_with("Three waits\n3 tasks, 4 cores, ideal, seed 0\n"), "{out}");
        assert_eq!(
            out.lines().last().unwrap(),
            "asyncio wins: 7 ms, 1.29 times as fast as sequential. sequential takes 9 ms: one task at a time, \
             so its tasks spent 50 % of their time queued behind one another."
        );
        assert!(!out.contains('\u{1b}'), "{out}");
        assert_eq!(bench.files("output"), RESULTS);
        ended.says("wrote trace.csv, summary.csv, summary.json, manifest.json to output/a");
    }

    #[test]
    fn printed_csv_and_json_are_the_files() {
        let bench = Bench::with_scenario();
        let printed = |format| bench.run(&["run", "a.toml", "--format", format]).expect(0).out();
        assert_eq!(printed("csv").into_bytes(), bench.bytes("output/a/summary.csv"));
        assert_eq!(printed("json").into_bytes(), bench.bytes("output/a/summary.json"));
        let markdown = printed("markdown");
        assert!(markdown.contains("\n| sequential | 9 ms |"), "{markdown}");
    }

    #[test]
    fn quiet_prints_only_results_that_are_asked_for() {
        let bench = Bench::with_scenario();
        let ended = bench.run(&["run", "a.toml", "--quiet"]).expect(0);
        assert_eq!((ended.out(), ended.err()), (String::new(), String::new()));
        let ended = bench.run(&["run", "a.toml", "--quiet", "--format", "csv"]).expect(0);
        assert!(ended.out().starts_with("tool,") && ended.err().is_empty());
    }

    #[test]
    fn files_that_are_asked_for_are_written_and_go_when_they_are_not() {
        let bench = Bench::with_scenario();
        let ended = bench.run(&["run", "a.toml", "--no-chart", "--html", "--perfetto", "--audit"]);
        let wrote = "wrote trace.csv, trace.perfetto.json, summary.csv, summary.json, gantt.html, manifest.json";
        ended.expect(0).says(wrote);
        let page = String::from_utf8(bench.bytes("output/a/gantt.html")).unwrap();
        assert!(page.contains("<title>Three waits</title>") && page.ends_with("</html>\n"));
        let file = bench.bytes("output/a/trace.perfetto.json");
        let trace: serde_json::Value = serde_json::from_slice(&file).unwrap();
        assert!(trace["traceEvents"].as_array().unwrap().len() > 10);
        bench.run(&["run", "a.toml", "--no-chart"]).expect(0);
        assert_eq!(bench.files("output"), RESULTS);
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_anywhere() {
        let bench = Bench::with_scenario();
        for out in ["one", "two/deep"] {
            bench.run(&["run", "a.toml", "--html", "--perfetto", "--out", out]).expect(0);
        }
        for file in bench.files("one/a") {
            let other = file.replacen("one", "two/deep", 1);
            assert_eq!(bench.bytes(&file), bench.bytes(&other), "{file}");
        }
        assert_eq!(bench.files("one").len(), bench.files("two").len());
    }

    #[test]
    fn the_manifest_says_how_to_make_the_bytes_again() {
        let bench = Bench::with_scenario();
        let path = bench.path("a.toml");
        let arguments =
            ["run", path.to_str().unwrap(), "--set", "machine.cores=2", "--seed", "7", "--quiet"];
        bench.run(&[&arguments[..], &["--out", "x"]].concat()).expect(0);
        let manifest: serde_json::Value =
            serde_json::from_slice(&bench.bytes("x/a/manifest.json")).unwrap();
        assert_eq!(manifest["command"], "run");
        assert_eq!(manifest["seed"], 7);
        assert_eq!(manifest["scenario"]["file"], "a.toml");
        assert_eq!(manifest["scenario"]["sha256"].as_str().unwrap().len(), 64);
        let arguments = serde_json::json!(["--set", "machine.cores=2", "--seed", "7"]);
        assert_eq!(manifest["arguments"], arguments);
    }

    #[test]
    fn only_the_tools_asked_for_are_played() {
        let bench = Bench::with_scenario();
        let only = |label| bench.run(&["run", "a.toml", "--tool", label, "--format", "csv"]);
        let csv = only("asyncio").expect(0).out();
        assert_eq!(csv.lines().count(), 2, "{csv}");
        only("asynco").expect(2).says("did you mean `asyncio`?");
        only("gevent").expect(2).says("sequential, asyncio");
    }

    #[test]
    fn what_a_run_does_not_write_does_not_stay_from_the_one_before() {
        let bench = Bench::with_scenario();
        bench.run(&["run", "a.toml"]).expect(0);
        bench.write("output/a/notes.txt", "mine");
        bench.run(&["run", "a.toml", "--no-chart", "--no-trace"]).expect(0);
        assert_eq!(
            bench.files("output"),
            [RESULTS[0], "output/a/notes.txt", RESULTS[1], RESULTS[2]]
        );
    }

    #[test]
    fn a_deadlock_is_told_and_the_other_tools_are_written() {
        let bench = Bench::new();
        bench.write("a.toml", DEADLOCK);
        let ended = bench.run(&["run", "a.toml", "--audit", "--no-chart"]).expect(1);
        assert!(ended.out().trim_end().ends_with("asyncio deadlocks."), "{}", ended.out());
        let ended = ended.says("`asyncio` deadlocks: nothing can happen any more while");
        ended.says("task 0 (step 2) waits for a permit of semaphore `b`");
        let summary = String::from_utf8(bench.bytes("output/a/summary.csv")).unwrap();
        assert_eq!(summary.lines().count(), 2, "{summary}");
        let with_entries: Vec<&str> =
            std::iter::once("output/a/entries.csv").chain(RESULTS).collect();
        assert_eq!(bench.files("output"), with_entries);
    }

    #[test]
    fn all_faults_of_all_files_are_told_and_nothing_is_run() {
        let bench = Bench::with_scenario();
        bench.write("b.toml", "[machine]\ncoers = 2\n[[tasks]]\nsteps = [{ wiat = \"1s\" }]\n");
        bench.write("c.toml", "seed = \"x\"\n");
        let ended = bench.run(&["run", "a.toml", "b.toml", "c.toml"]).expect(2);
        let ended = ended.says("b.toml:2:1").says("b.toml:4:12").says("c.toml:1:8");
        assert!(ended.out().is_empty());
        assert!(bench.files("output").is_empty());
    }

    #[test]
    fn check_tells_what_is_wrong_and_what_is_not() {
        let bench = Bench::with_scenario();
        let ended = bench.run(&["check", "a.toml"]).expect(0);
        assert_eq!(ended.out(), "a.toml: ok, 3 tasks for 2 tools\n");
        bench.write("b.toml", "[machine]\ncoers = 2\n");
        let ended = bench.run(&["check", "a.toml", "b.toml"]).expect(2).says("coers");
        assert!(ended.out().starts_with("a.toml: ok"));
    }

    #[test]
    fn several_scenarios_each_have_their_folder() {
        let bench = Bench::with_scenario();
        bench.write("b.toml", TWO_TOOLS);
        let out = bench.run(&["run", "a.toml", "b.toml"]).expect(0).out();
        assert_eq!(out.matches("Three waits").count(), 2, "{out}");
        assert_eq!(bench.bytes("output/a/trace.csv"), bench.bytes("output/b/trace.csv"));
    }

    #[cfg(unix)]
    #[test]
    fn an_interrupt_ends_with_130_and_leaves_no_file() {
        use std::thread::sleep;
        use std::time::{Duration, Instant};

        for signal in ["-INT", "-TERM"] {
            let bench = Bench::new();
            bench.write("a.toml", LONG);
            let mut command = bench.command(&["run", "a.toml"]);
            let mut child = command.stderr(Stdio::null()).spawn().unwrap();
            let started = Instant::now();
            let grows = |path: &String| fs::metadata(bench.path(path)).is_ok_and(|f| f.len() > 0);
            while !bench.files("output").iter().any(grows) {
                assert!(started.elapsed() < Duration::from_secs(60), "no trace is being written");
                sleep(Duration::from_millis(10));
            }
            let pid = child.id().to_string();
            assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
            assert_eq!(bench.files("."), ["a.toml"]);
            assert!(!bench.path("output").exists());
        }
    }
}

/// Two entries of one name, and a tool that makes one wait for the other.
#[test]
fn a_scenario_of_several_entries_reports_each() {
    let bench = Bench::new();
    let text = "interpreter.profile = \"ideal\"\n\
                [[tasks]]\nname = \"health\"\ncount = 2\nsteps = [{ wait = \"1ms\" }]\n\
                [[tasks]]\nname = \"report\"\nsteps = [{ compute = \"30ms\" }]\n\
                [[tools]]\nuse = \"sequential\"\n[[tools]]\nuse = \"asyncio\"\n";
    bench.write("a.toml", text);
    let ended = bench.run(&["run", "a.toml", "--no-chart", "--no-trace"]).expect(0);
    let shown = ended.out();
    assert!(
        shown.contains("entry") && shown.contains("health") && shown.contains("1.5 ms"),
        "{shown}"
    );
    let entries = bench.read("output/a/entries.csv");
    let expected = "tool,replicate,entry,name,tasks,response_mean_ns,response_p50_ns,response_p95_ns,\
                    response_p99_ns,response_max_ns,failed,timed_out,cancelled,retries\n\
                    sequential,0,0,health,2,1500000,1000000,2000000,2000000,2000000,0,0,0,0\n\
                    sequential,0,1,report,1,32000000,32000000,32000000,32000000,32000000,0,0,0,0\n\
                    asyncio,0,0,health,2,30000000,30000000,30000000,30000000,30000000,0,0,0,0\n\
                    asyncio,0,1,report,1,30000000,30000000,30000000,30000000,30000000,0,0,0,0\n";
    assert_eq!(entries, expected);
    let summary: serde_json::Value =
        serde_json::from_str(&bench.read("output/a/summary.json")).unwrap();
    assert_eq!(summary[0]["entries"][1]["name"], "report");
    assert_eq!(summary[1]["entries"][0]["response_p95_ns"], 30_000_000);
    bench.run(&["run", "a.toml", "--set", "tasks.report.count=1", "--quiet"]).expect(0);
}

#[test]
fn check_and_run_warn_of_what_is_probably_not_meant() {
    let bench = Bench::new();
    bench.write(
        "a.toml",
        "semaphores.slots = 2\nsites.shop.latency = '1s'\n\
         tasks = [{ steps = [{ acquire = 'slots' }, { wait = '1s' }] }]\ntools = [{ use = 'asyncio' }]\n",
    );
    let unused = "warning: `a.toml`: no step uses site `shop`";
    let kept = "a `release` of semaphore `slots` is missing: its permits are taken once and never given back";
    let checked = bench.run(&["check", "a.toml"]).expect(0).says(unused).says(kept);
    assert_eq!(checked.err().lines().count(), 2, "{}", checked.err());
    let line = format!("{unused}; {kept}\n");
    bench.run(&["run", "a.toml"]).expect(0).says(&line);
    assert_eq!(bench.run(&["run", "a.toml", "--quiet"]).expect(0).err(), "");
}
