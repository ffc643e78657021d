//! Open systems as a shell sees them: `[run]`, queues.csv, summary.json, warnings.

#![expect(clippy::unwrap_used, reason = "what does not work in a test fails it")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const OPEN: &str = "\
seed = 3
[run]
until = \"20s\"
warm_up = \"5s\"
[interpreter]
profile = \"ideal\"
[[tasks]]
arrive = { poisson = \"60/s\" }
steps = [{ compute = { exponential = \"10ms\" } }]
[[tools]]
use = \"thread_pool\"
workers = 4
[[tools]]
use = \"sequential\"
";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn with(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("web.toml"), text).unwrap();
    folder
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_open_system_leaves_its_queues_and_their_means() {
    let folder = with(OPEN);
    let output = run(folder.path(), &["run", "web.toml", "--audit"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
    let shown = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(shown.contains("about 1200 tasks in 20 s, measured from 5 s on"), "{shown}");
    let of_run = folder.path().join("output/web");
    let queues = fs::read_to_string(of_run.join("queues.csv")).unwrap();
    assert!(
        queues.starts_with("tool,replicate,kind,name,start_ns,end_ns,busy,waiting\n"),
        "{queues}"
    );
    let system = queues.lines().filter(|line| line.starts_with("sequential,0,system,"));
    let fields: Vec<Vec<&str>> = system.map(|line| line.split(',').collect()).collect();
    assert_eq!((fields.len(), fields[0][4], fields[499][5]), (500, "0", "20000000000"));
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(of_run.join("summary.json")).unwrap()).unwrap();
    let open = &summary[1]["open"];
    // Little's law over the whole: the mean of the stretches after the warm-up is the mean of the summary.
    let means = fields[125..].iter().map(|fields| fields[6].parse::<f64>().unwrap());
    let mean = means.sum::<f64>() / 375.0;
    assert!((open["in_system_mean"].as_f64().unwrap() - mean).abs() < 1e-5, "{open}");
    assert_eq!(open["served"], true);
    // The columns of summary.csv are what they were.
    let csv = fs::read_to_string(of_run.join("summary.csv")).unwrap();
    assert!(csv.lines().next().unwrap().ends_with(",threads,processes,memory_bytes"), "{csv}");
}

#[test]
fn a_load_that_cannot_be_served_is_told_for_each_tool() {
    let folder = with(OPEN);
    let set = "tasks.arrive={ poisson = \"140/s\" }";
    let named = OPEN.replace("[[tasks]]", "[[tasks]]\nname = \"tasks\"");
    fs::write(folder.path().join("web.toml"), named).unwrap();
    let set = set.replace("tasks.arrive", "tasks.tasks.arrive");
    let output = run(folder.path(), &["run", "web.toml", "--set", &set, "--tool", "sequential"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = "warning: `sequential`: the load cannot be served: it asks for 1";
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("sequential does not keep up with the load."), "{shown}");
}

#[test]
fn what_is_no_horizon_is_told_with_its_place() {
    for (from, to, told) in [
        ("until = \"20s\"\n", "", "`run` needs `until`"),
        ("\"20s\"", "\"0s\"", "zero"),
        ("\"20s\"", "20", "expected a unit and quotes"),
        ("\"5s\"", "\"20s\"", "`warm_up` is not shorter than `until`"),
        ("warm_up", "warmup", "did you mean `warm_up`?"),
        ("poisson = \"60/s\"", "every = \"0ms\"", "there is no end of tasks before `until`"),
        (
            "poisson = \"60/s\"",
            "poisson = \"900000/s\"",
            "about 18000000 tasks arrive before `until`",
        ),
        (
            "poisson = \"60/s\"",
            "at = [\"20s\"]",
            "no task of this entry arrives before `run.until`",
        ),
    ] {
        let text = OPEN.replace(from, to);
        assert_ne!(text, OPEN, "{from}");
        let folder = with(&text);
        let output = run(folder.path(), &["run", "web.toml"]);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(stderr(&output).contains(told), "{told}: {}", stderr(&output));
        assert!(stderr(&output).contains("web.toml:"), "{told}: {}", stderr(&output));
        assert!(!folder.path().join("output").exists());
    }
}

#[test]
fn a_count_and_a_horizon_stop_at_whichever_comes_first() {
    let tasks = |count: &str, until: &str| {
        let folder = with(&OPEN.replace("[[tasks]]", &format!("[[tasks]]\ncount = {count}")));
        let until = format!("run.until={until}");
        let output = run(
            folder.path(),
            &[
                "run",
                "web.toml",
                "--set",
                &until,
                "--set",
                "run.warm_up=0s",
                "--format",
                "json",
                "--no-chart",
            ],
        );
        let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        rows[0]["tasks"].as_u64().unwrap()
    };
    assert_eq!(tasks("50", "20s"), 50);
    let fewer = tasks("50", "500ms");
    assert!((10..50).contains(&fewer), "{fewer}");
}

#[test]
fn sweeps_and_programs_take_the_horizon_too() {
    let folder = with(OPEN);
    let arguments =
        ["sweep", "web.toml", "--vary", "run.until=10s,20s", "--format", "csv", "--quiet"];
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let swept = String::from_utf8(output.stdout).unwrap();
    let run_csv = run(folder.path(), &["run", "web.toml", "--format", "csv", "--quiet"]).stdout;
    let row = String::from_utf8(run_csv).unwrap().lines().nth(1).unwrap().to_owned();
    assert!(swept.contains(&format!("20s,{row}")), "{swept}\n{row}");
    let output = run(folder.path(), &["python", "web.toml", "--tool", "thread_pool"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
