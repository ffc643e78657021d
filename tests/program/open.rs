//! Open systems as a shell sees them: `[run]`, queues.csv, summary.json, warnings.

use std::fs;

use crate::bench::Bench;

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

#[test]
fn an_open_system_leaves_its_queues_and_their_means() {
    let bench = Bench::with("web.toml", OPEN);
    let output = bench.run(&["run", "web.toml", "--audit"]).expect(0);
    assert!(!output.err().contains("warning"), "{}", output.err());
    let shown = output.out();
    assert!(shown.contains("about 1200 tasks in 20 s, measured from 5 s on"), "{shown}");
    let of_run = bench.path("output/web");
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
    assert!(
        csv.lines().next().unwrap().ends_with(",memory_bytes,failed,timed_out,cancelled,retries"),
        "{csv}"
    );
}

#[test]
fn a_load_that_cannot_be_served_is_told_for_each_tool() {
    let bench = Bench::with("web.toml", OPEN);
    let set = "tasks.arrive={ poisson = \"140/s\" }";
    let named = OPEN.replace("[[tasks]]", "[[tasks]]\nname = \"tasks\"");
    fs::write(bench.path("web.toml"), named).unwrap();
    let set = set.replace("tasks.arrive", "tasks.tasks.arrive");
    let output = bench.run(&["run", "web.toml", "--set", &set, "--tool", "sequential"]).expect(0);
    let told = "warning: `sequential`: the load cannot be served: it asks for 1";
    assert!(output.err().contains(told), "{}", output.err());
    let shown = output.out();
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
        (
            "poisson = \"60/s\"",
            "every = \"0ms\"",
            "gaps of no length put endlessly many tasks before `until`",
        ),
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
        let bench = Bench::with("web.toml", &text);
        let output = bench.run(&["run", "web.toml"]);
        let output = output.expect(2);
        assert!(output.err().contains(told), "{told}: {}", output.err());
        assert!(output.err().contains("web.toml:"), "{told}: {}", output.err());
        assert!(!bench.path("output").exists());
    }
}

#[test]
fn a_count_and_a_horizon_stop_at_whichever_comes_first() {
    let tasks = |count: &str, until: &str| {
        let bench = Bench::with(
            "web.toml",
            OPEN.replace("[[tasks]]", &format!("[[tasks]]\ncount = {count}")),
        );
        let until = format!("run.until={until}");
        let settings = ["--set", &until, "--set", "run.warm_up=0s"];
        let arguments = [&["run", "web.toml", "--format", "json", "--no-chart"][..], &settings];
        let output = bench.run(&arguments.concat()).expect(0);
        let rows: serde_json::Value = serde_json::from_slice(&output.0.stdout).unwrap();
        rows[0]["tasks"].as_u64().unwrap()
    };
    assert_eq!(tasks("50", "20s"), 50);
    let fewer = tasks("50", "500ms");
    assert!((10..50).contains(&fewer), "{fewer}");
}

#[test]
fn sweeps_and_programs_take_the_horizon_too() {
    let bench = Bench::with("web.toml", OPEN);
    let arguments =
        ["sweep", "web.toml", "--vary", "run.until=10s,20s", "--format", "csv", "--quiet"];
    let output = bench.run(&arguments).expect(0);
    let swept = output.out();
    let run_csv = bench.run(&["run", "web.toml", "--format", "csv", "--quiet"]).expect(0).out();
    let row = run_csv.lines().nth(1).unwrap();
    assert!(swept.contains(&format!("20s,{row}")), "{swept}\n{row}");
    bench.run(&["python", "web.toml", "--tool", "thread_pool"]).expect(0);
}

#[test]
fn sweeps_and_what_if_studies_go_by_response_times_and_tell_of_loads_that_cannot_be_served() {
    let bench = Bench::with("web.toml", OPEN);
    let arguments = ["sweep", "web.toml", "--vary", "interpreter.lock=true,false"];
    let ended =
        bench.run(&[&arguments[..], &["--format", "json", "--tool", "thread_pool"]].concat());
    let summary: serde_json::Value = serde_json::from_str(&ended.expect(0).out()).unwrap();
    assert!(summary["best"]["makespan_ns"].is_null(), "{summary}");
    let best = summary["best"]["response_p95_ns"].as_f64().unwrap();
    assert_eq!(summary["best"]["values"]["interpreter.lock"], "false");
    for point in summary["points"].as_array().unwrap() {
        assert!(point["response_p95_ns"]["mean"].as_f64().unwrap() >= best, "{summary}");
    }
    bench.write("web.toml", OPEN.replace("60/s", "150/s"));
    let ended = bench
        .run(&["sweep", "web.toml", "--vary", "run.until=20s,30s"])
        .expect(0)
        .says("at run.until=20s: warning: `thread_pool`: the load");
    assert!(
        ended.err().contains("at run.until=30s: warning: `sequential`: the load"),
        "{}",
        ended.err()
    );
    bench.write("web.toml", OPEN);
    let shown = bench.run(&["whatif", "web.toml", "--tool", "thread_pool"]).expect(0).out();
    assert!(shown.contains("makespan then"), "{shown}");
    assert!(shown.contains("95 % of tasks are done within"), "{shown}");
}

#[test]
fn response_times_that_nobody_has_are_told_and_win_nothing() {
    let text = OPEN.replace("arrive = { poisson = \"60/s\" }", "arrive = { at = [\"1s\"] }");
    let bench = Bench::with("web.toml", text);
    let told = "there are no response times";
    let ended = bench.run(&["run", "web.toml"]).expect(0).says(told);
    assert!(ended.out().ends_with("No response time is above zero.\n"), "{}", ended.out());
    bench.run(&["sweep", "web.toml", "--vary", "machine.cores=1,2"]).expect(0).says(told);
    bench.run(&["whatif", "web.toml"]).expect(0).says(told);
}

#[test]
fn what_if_studies_tell_of_loads_that_cannot_be_served() {
    let bench = Bench::with("web.toml", OPEN.replace("60/s", "150/s"));
    let arguments = ["whatif", "web.toml", "--tool", "sequential"];
    bench.run(&arguments).expect(0).says("warning: `sequential`: the load cannot be served");
}
