//! Sweeps as a shell sees them: results, shards, interruptions.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::bench::{Bench, DEADLOCK};

const PAGES: &str = r#"
title = "Pages"
seed = 42
[sites.shop]
latency = { uniform = ["1s", "2s"] }
connections = 6
[[tasks]]
name = "page"
count = 12
steps = [{ wait = "shop" }, { compute = "20ms" }]
[[tools]]
use = "sequential"
[[tools]]
use = "thread_pool"
label = "some, threads"
[[tools]]
use = "asyncio"
"#;

/// A folder with a scenario.
fn bench(scenario: &str) -> Bench {
    Bench::with("a.toml", scenario)
}

#[track_caller]
fn refuses(bench: &Bench, arguments: &[&str], code: i32, told: &str) {
    let ended = bench.run(&[&["sweep", "a.toml"], arguments].concat()).expect(code).says(told);
    assert!(ended.out().is_empty() && !bench.path("output").exists(), "{arguments:?}");
}

const GRID: [&str; 8] = [
    "sweep",
    "a.toml",
    "--vary",
    "machine.cores=1,4",
    "--vary",
    "tools.workers=1..7 step 3",
    "--replicates",
    "3",
];

#[test]
fn a_sweep_has_a_row_per_point_tool_and_replicate() {
    let bench = bench(PAGES);
    let csv = bench.run(&[&GRID[..], &["--format", "csv"]].concat()).expect(0).out();
    assert_eq!(csv, bench.read("output/a/sweep/sweep.csv"));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..5], ["machine.cores", "tools.workers", "tool", "replicate", "makespan_ns"]);
    let keys =
        reader.records().map(|row| row.unwrap().iter().take(4).collect::<Vec<_>>().join(" "));
    let keys: Vec<String> = keys.collect();
    assert_eq!(keys.len(), 2 * 3 * 3 * 3);
    assert_eq!(keys[0], "1 1 sequential 0");
    assert_eq!(keys[4], "1 1 some, threads 1");
    assert_eq!(keys[9], "1 4 sequential 0");
    assert_eq!(keys[53], "4 7 asyncio 2");
    let mut names: Vec<_> = fs::read_dir(bench.path("output/a/sweep"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["heat.png", "heat.svg", "manifest.json", "summary.json", "sweep.csv"]);
}

#[test]
fn a_sweep_over_one_key_has_a_line_chart() {
    let bench = bench(PAGES);
    bench.run(&["sweep", "a.toml", "--vary", "tools.workers=1..4", "--replicates", "2"]).expect(0);
    let svg = bench.read("output/a/sweep/lines.svg");
    assert!(svg.contains("Makespan over tools.workers") && svg.contains(">some, threads</text>"));
    assert!(fs::read(bench.path("output/a/sweep/lines.png")).unwrap().starts_with(b"\x89PNG"));
    bench.run(&GRID).expect(0);
    assert!(!bench.path("output/a/sweep/lines.svg").exists());
}

#[test]
fn a_point_of_a_sweep_is_a_run_with_those_settings() {
    let bench = bench(PAGES);
    let csv = bench.run(&[&GRID[..], &["--format", "csv"]].concat()).expect(0).out();
    let run = [
        "run",
        "a.toml",
        "--no-trace",
        "--no-chart",
        "--format",
        "csv",
        "--set",
        "machine.cores=4",
        "--set",
        "tools.workers=7",
    ];
    let run = bench.run(&run).expect(0).out();
    for row in run.lines().skip(1) {
        assert!(csv.contains(&format!("\n4,7,{row}\n")), "{row}");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_jobs() {
    let bench = bench(PAGES);
    for out in ["one", "three"] {
        let jobs = if out == "one" { "1" } else { "3" };
        bench.run(&[&GRID[..], &["--out", out, "--jobs", jobs, "--quiet"]].concat()).expect(0);
    }
    for name in ["sweep.csv", "summary.json", "manifest.json"] {
        let of = |out: &str| bench.read(format!("{out}/a/sweep/{name}"));
        assert_eq!(of("one"), of("three"), "{name}");
    }
}

#[test]
fn replicates_have_the_same_draws_at_every_point() {
    let bench = bench(PAGES);
    let csv = bench
        .run(&[&GRID[..], &["--format", "csv", "--tool", "sequential"]].concat())
        .expect(0)
        .out();
    let makespans: Vec<&str> =
        csv.lines().skip(1).map(|row| row.split(',').nth(4).unwrap()).collect();
    assert_eq!(makespans.len(), 18);
    assert!(makespans.chunks(3).all(|point| point == &makespans[..3]), "{makespans:?}");
    assert_ne!(makespans[0], makespans[1]);
}

#[test]
fn shards_join_to_the_whole_in_any_order() {
    let bench = bench(PAGES);
    bench.run(&[&GRID[..], &["--quiet"]].concat()).expect(0);
    for shard in ["1/4", "2/4", "3/4", "4/4", "2/4"] {
        bench.run(&[&GRID[..], &["--quiet", "--shard", shard]].concat()).expect(0);
    }
    let part = |index: u32| format!("output/a/sweep/{index}-of-4/sweep.csv");
    let merged = bench.run(&["merge", &part(3), &part(1), &part(4), &part(2)]).expect(0).out();
    assert_eq!(merged, bench.read("output/a/sweep/sweep.csv"));
    assert_eq!(bench.run(&["merge", "output/a/sweep/sweep.csv"]).expect(0).out(), merged);
}

#[test]
fn parts_that_do_not_fit_together_are_refused() {
    let bench = bench(PAGES);
    for shard in ["1/3", "2/3", "3/3"] {
        bench.run(&[&GRID[..], &["--quiet", "--shard", shard]].concat()).expect(0);
    }
    bench
        .run(&[&GRID[..], &["--quiet", "--seed", "7", "--shard", "3/3", "--out", "other"]].concat())
        .expect(0);
    bench.run(&[&GRID[..], &["--quiet", "--shard", "2/2"]].concat()).expect(0);
    let part = |index: u32| format!("output/a/sweep/{index}-of-3/sweep.csv");
    let told = |parts: &[&str], code: i32| {
        let ended = bench.run(&[&["merge"], parts].concat()).expect(code);
        assert!(ended.out().is_empty());
        ended.err()
    };
    let (one, two, three) = (part(1), part(2), part(3));
    assert!(told(&[&one, &three], 2).contains("part 2/3 is missing"));
    assert!(told(&[&one], 2).contains("parts 2/3, 3/3 are missing"));
    assert!(told(&[&one, &two, &two, &three], 2).contains("both part 2/3"));
    assert!(told(&[&one, &two, "other/a/sweep/3-of-3/sweep.csv"], 2).contains("different studies"));
    assert!(told(&[&one, "output/a/sweep/2-of-2/sweep.csv"], 2).contains("do not fit together"));
    assert!(told(&[&one, "nowhere/sweep.csv"], 3).contains("cannot read `nowhere/sweep.csv`"));
    fs::write(bench.path("lone.csv"), "a,b\n").unwrap();
    assert!(told(&["lone.csv"], 3).contains("manifest.json"));
    let changed = bench.read(&two).replacen("sequential", "Sequential", 1);
    fs::write(bench.path(&two), changed).unwrap();
    assert!(told(&[&one, &two, &three], 2).contains("was changed since"));
}

#[test]
fn impossible_studies_are_refused_before_anything_is_played() {
    let bench = bench(PAGES);
    refuses(&bench, &[], 2, "nothing to vary");
    refuses(&bench, &["--vary", "machine.cores=8..1"], 2, "write 1..8");
    refuses(&bench, &["--vary", "machine.cores=1.."], 2, "whole numbers");
    refuses(&bench, &["--vary", "machine.coers=1,2"], 2, "did you mean `cores`?");
    refuses(&bench, &["--vary", "tools.sum.workers=1,2"], 2, "no tool is labelled `sum`");
    refuses(&bench, &["--vary", "machine.cores=1,0,2"], 2, "--vary machine.cores=0");
    refuses(&bench, &["--vary", "machine.cores=0..8"], 2, "--vary machine.cores=0");
    refuses(
        &bench,
        &["--vary", "machine.cores=1,2", "--vary", "machine.cores=3"],
        2,
        "given twice",
    );
    refuses(
        &bench,
        &["--vary", "machine.cores=1", "--tool", "asynco"],
        2,
        "did you mean `asyncio`?",
    );
    refuses(&bench, &["--vary", "seed=1..3", "--seed", "1"], 2, "exclude each other");
    refuses(&bench, &["--vary", "machine.cores=1", "--shard", "3/2"], 2, "i/n");
    refuses(&bench, &["--vary", "machine.cores=1", "--replicates", "0"], 2, "--replicates");
    refuses(&bench, &["--vary", "machine.cores=1", "--until-ci", "0%"], 2, "above 0 %");
    refuses(&bench, &["--vary", "sites.shop.latency={ uniform = [\"1s\""], 2, "--vary");
    bench.run(&["sweep", "b.toml", "--vary", "machine.cores=1"]).expect(3);
}

#[test]
fn enormous_studies_say_how_many_runs_they_would_be() {
    let bench = bench(PAGES);
    let seeds = ["--vary", "seed=1..500000"];
    refuses(
        &bench,
        &seeds,
        2,
        "that would be 1,500,000 runs (500,000 points × 3 tools × 1 replicate)",
    );
    refuses(&bench, &seeds, 2, "--allow-large");
    let endless =
        ["--vary", "seed=0..18446744073709551615", "--vary", "machine.cores=1..4", "--allow-large"];
    refuses(&bench, &endless, 2, "more than anybody can play");
}

#[test]
fn replicates_are_added_until_the_interval_is_narrow() {
    let bench = bench(PAGES);
    let sweep =
        ["sweep", "a.toml", "--vary", "tools.workers=1,6", "--until-ci", "2%", "--format", "json"];
    let summary: serde_json::Value =
        serde_json::from_str(&bench.run(&sweep).expect(0).out()).unwrap();
    let points = summary["points"].as_array().unwrap();
    assert_eq!(points.len(), 6);
    for point in points {
        let makespan = &point["makespan_ns"];
        let half = makespan["ci95_half_width"].as_f64().unwrap();
        assert!(half <= 0.02 * makespan["mean"].as_f64().unwrap(), "{point}");
        assert!(point["replicates"].as_u64().unwrap() >= 10, "{point}");
    }
}

#[test]
fn the_screen_names_the_best_value_and_the_knee() {
    let bench = bench(PAGES);
    let out = bench
        .run(&["sweep", "a.toml", "--vary", "tools.workers=1..8", "--replicates", "4"])
        .expect(0)
        .out();
    assert!(out.starts_with("Pages\n\n"), "{out}");
    assert!(out.contains("sequential: "), "{out}");
    assert!(out.contains(" whatever tools.workers"), "{out}");
    // Six connections: more workers are no better.
    assert!(out.contains("some, threads: level from tools.workers=6 on ("), "{out}");
    assert!(!out.contains("scalability law"), "{out}");
    assert!(out.contains("\nBest: "), "{out}");
}

#[test]
fn a_deadlock_at_a_point_is_told_and_the_rest_is_written() {
    let bench = bench(DEADLOCK);
    let ended = bench.run(&["sweep", "a.toml", "--vary", "semaphores.a=1,2"]).expect(1);
    assert!(ended.err().contains("at semaphores.a=1: `asyncio` deadlocks"), "{}", ended.err());
    assert!(!ended.err().contains("semaphores.a=2"), "{}", ended.err());
    assert_eq!(bench.read("output/a/sweep/sweep.csv").lines().count(), 4);
    // A tool that never finishes keeps its column.
    let ended = bench.run(&["sweep", "a.toml", "--vary", "machine.cores=1,2"]).expect(1);
    assert!(ended.out().contains("asyncio\n"), "{}", ended.out());
    assert_eq!(ended.out().matches("deadlock").count(), 2, "{}", ended.out());
}

/// How much of the journal is there, in bytes.
fn journalled(bench: &Bench, folder: &str) -> u64 {
    fs::metadata(bench.path(folder).join("sweep.partial")).map_or(0, |file| file.len())
}

/// Interrupts a sweep at many moments, and takes it up as often. `more` are further arguments.
fn kill_and_resume(more: &[&str], folder: &str) {
    let bench = bench(PAGES);
    let sweep =
        ["sweep", "a.toml", "--vary", "tools.workers=1..40", "--replicates", "100", "--quiet"];
    let sweep = [&sweep[..], more].concat();
    bench.run(&[&sweep[..], &["--out", "whole"]].concat()).expect(0);
    let mut seed = 7_u64;
    let (mut kept, mut in_between) = (0, 0);
    for _ in 0..20 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut child = bench.command(&sweep).spawn().unwrap();
        let enough = Instant::now() + Duration::from_millis(5 + (seed >> 33) % 90);
        while Instant::now() < enough && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let now = journalled(&bench, folder);
        assert!(now >= kept || now == 0, "{now} bytes are left of {kept}");
        in_between += u32::from(now > kept);
        kept = now;
        if bench.path(folder).join("manifest.json").exists() && now == 0 {
            break;
        }
    }
    assert!(in_between >= 3, "it was interrupted between two blocks {in_between} times only");
    bench.run(&sweep).expect(0);
    for name in ["sweep.csv", "summary.json", "manifest.json"] {
        let path = format!("{folder}/{name}");
        let whole = bench.read(path.replacen("output", "whole", 1));
        assert!(bench.read(&path) == whole, "{name} is not the same");
    }
    assert_eq!(journalled(&bench, folder), 0);
}

#[test]
fn a_sweep_killed_at_any_moment_loses_nothing() {
    kill_and_resume(&[], "output/a/sweep");
}

#[test]
fn a_shard_killed_at_any_moment_loses_nothing() {
    kill_and_resume(&["--shard", "2/2"], "output/a/sweep/2-of-2");
}

#[test]
fn an_interrupted_sweep_says_what_it_has_already() {
    let bench = bench(PAGES);
    let sweep = [
        "sweep",
        "a.toml",
        "--vary",
        "tools.workers=1..100",
        "--replicates",
        "1000",
        "--jobs",
        "1",
    ];
    let mut child =
        bench.command(&sweep).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    while journalled(&bench, "output/a/sweep") < 20_000 {
        assert!(child.try_wait().unwrap().is_none(), "the sweep was not to end so soon");
        sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!bench.path("output/a/sweep/sweep.csv").exists());
    let other = ["sweep", "a.toml", "--vary", "tools.workers=1,2"];
    let told = bench.run(&other).expect(0).err();
    assert!(told.contains("an interrupted sweep with other settings is kept"), "{told}");
    let mut child =
        bench.command(&sweep).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_millis(300));
    child.kill().unwrap();
    let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(told.contains(" runs were finished before the sweep was interrupted"), "{told}");
}
