//! `gilsim whatif` and heat maps as a shell sees them, and what-if studies whose answers are known.

use std::collections::BTreeMap;
use std::fs;

use crate::bench::Bench;

/// Makespans in milliseconds by tool, kind, name and percent.
fn study(scenario: &str) -> BTreeMap<(String, String, String, String), u64> {
    let bench = Bench::with("page.toml", format!("interpreter.profile = \"ideal\"\n{scenario}"));
    let output = bench.run(&["whatif", "page.toml", "--format", "csv", "--quiet"]).expect(0);
    let text = output.out();
    let rows = text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect());
    rows.map(|row: Vec<String>| {
        let key = (row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone());
        (key, row[4].parse::<u64>().unwrap() / 1_000_000)
    })
    .collect()
}

const TASKS: &str = "
[sites.shop]
latency = \"1s\"
connections = 10
[computations.parse]
time = \"100ms\"
[[tasks]]
count = 4
steps = [{ wait = \"shop\" }, { compute = \"parse\" }]
[[tools]]
use = \"sequential\"
[[tools]]
use = \"threading\"
[[tools]]
use = \"thread_pool\"
workers = 3
[[tools]]
use = \"asyncio\"
limit = 2
";

#[test]
fn a_site_that_all_wait_for_shortens_the_makespan_by_its_share() {
    let found = study(TASKS);
    let at = |tool: &str, kind: &str, name: &str, percent: u64| {
        let percent = if percent == 0 { String::new() } else { percent.to_string() };
        found[&(tool.to_owned(), kind.to_owned(), name.to_owned(), percent)]
    };
    for percent in (10..=100).step_by(10) {
        let (site, parse) = (1_000 * (100 - percent) / 100, 100 * (100 - percent) / 100);
        // One after the other everything adds up; side by side the waits are one, and the lock adds up the rest.
        assert_eq!(at("sequential", "site", "shop", percent), 4 * (site + 100));
        assert_eq!(at("sequential", "computation", "parse", percent), 4 * (1_000 + parse));
        assert_eq!(at("threading", "site", "shop", percent), site + 400);
        assert_eq!(at("threading", "computation", "parse", percent), 1_000 + 4 * parse);
    }
    assert_eq!(at("sequential", "baseline", "", 0), 4_400);
    // Without the lock the computations overlap; with it another core is of no use.
    assert_eq!(at("threading", "no_lock", "", 0), 1_100);
    assert_eq!(at("threading", "one_more_core", "", 0), 1_400);
    // Three workers need two rounds for four tasks, four need one.
    assert_eq!(at("thread_pool", "one_more_worker", "", 0), 1_400);
    assert!(at("thread_pool", "baseline", "", 0) > 2_100);
    assert!(at("asyncio", "one_more_in_limit", "", 0) <= at("asyncio", "baseline", "", 0));
}

#[test]
fn one_more_core_and_connection_help_where_there_are_too_few() {
    // So many tasks of a second each that need the only connection, and the only core.
    let study = |requests: u32, computations: u32| {
        let found = study(&format!(
            "machine.cores = 1
[sites.shop]
latency = \"1s\"
connections = 1
[[tasks]]
count = {requests}
steps = [{{ wait = \"shop\" }}]
[[tasks]]
count = {computations}
steps = [{{ compute = \"1s\" }}]
[[tools]]
use = \"multiprocessing\"
"
        ));
        move |kind: &str, name: &str| {
            let [tool, kind, name] = ["multiprocessing", kind, name].map(str::to_owned);
            found[&(tool, kind, name, String::new())]
        }
    };
    let crowded_site = study(3, 1);
    assert_eq!(crowded_site("baseline", ""), 3_000);
    assert_eq!(crowded_site("one_more_connection", "shop"), 2_000);
    assert_eq!(crowded_site("one_more_core", ""), 3_000);
    let crowded_core = study(1, 3);
    assert_eq!(crowded_core("baseline", ""), 3_000);
    assert_eq!(crowded_core("one_more_connection", "shop"), 3_000);
    // Three computations of a second take two cores a second and a half where they share, two where they do not.
    assert!((1_500..=2_000).contains(&crowded_core("one_more_core", "")));
    let both = study(2, 2);
    assert_eq!(both("one_more_core", ""), 2_000, "the site is as slow");
    assert_eq!(both("one_more_connection", "shop"), 2_000, "so is the core");
}

#[test]
fn one_more_permit_and_slot_help_where_there_are_too_few() {
    let found = study(
        "semaphores.slots = 1
queues.jobs = 1
queues.endless = 0
[[tasks]]
count = 2
steps = [{ acquire = \"slots\" }, { wait = \"1s\" }, { release = \"slots\" }]
[[tasks]]
steps = [{ put = \"jobs\" }, { put = \"jobs\" }, { wait = \"3s\" }]
[[tasks]]
steps = [{ wait = \"2s\" }, { get = \"jobs\" }]
[[tools]]
use = \"asyncio\"
",
    );
    let at = |kind: &str, name: &str| {
        let key = ["asyncio", kind, name, ""].map(str::to_owned);
        found.get(&key.into()).copied()
    };
    // The second `put` waits two seconds for room. The semaphore lets one task wait after the other, in two.
    assert_eq!(at("baseline", ""), Some(5_000));
    assert_eq!(at("one_more_slot", "jobs"), Some(3_000));
    assert_eq!(at("one_more_permit", "slots"), Some(5_000));
    assert_eq!(at("one_more_slot", "endless"), None, "it has room for all");
}

/// Two tasks that wait for one permit, and one that takes longer.
const SERVICE: &str = "interpreter.profile = \"ideal\"
semaphores.slots = 1
[[tasks]]
name = \"health\"
count = 2
steps = [{ acquire = \"slots\" }, { wait = \"1s\" }, { release = \"slots\" }]
[[tasks]]
name = \"report\"
steps = [{ wait = \"9s\" }]
[[tools]]
use = \"asyncio\"
";

#[test]
fn an_entry_can_be_what_is_to_become_faster() {
    let bench = Bench::with("service.toml", SERVICE);
    let all = bench.run(&["whatif", "service.toml"]).expect(0).out();
    assert!(all.contains("asyncio: 9 s, 95 % of tasks within 9 s"), "{all}");
    let health = bench.run(&["whatif", "service.toml", "--entry", "health"]).expect(0).out();
    assert!(health.starts_with("service: response times of `health`\n"), "{health}");
    assert!(health.contains("asyncio: 9 s, 95 % of tasks `health` within 2 s"), "{health}");
    let finding = "95 % of tasks `health` are done within 1 s then, not 2 s.\n";
    assert!(health.ends_with(finding), "{health}");
    assert!(health.contains("one more permit of semaphore slots"), "{health}");
    let manifest = bench.read("output/service/whatif/manifest.json");
    assert!(manifest.contains("\"--entry\""), "{manifest}");
    bench
        .run(&["whatif", "service.toml", "--entry", "helth"])
        .expect(2)
        .says("error: service.toml has no [[tasks]] of the name `helth`; did you mean `health`?");
}

#[test]
fn a_sweep_can_be_over_the_response_times_of_an_entry() {
    let bench = Bench::with("service.toml", SERVICE);
    let wrong = ["sweep", "service.toml", "--vary", "semaphores.slots=1,2", "--entry", "helth"];
    let told = bench.run(&wrong).expect(2).err();
    assert_eq!(told.matches("no [[tasks]] of the name `helth`").count(), 1, "{told}");
    let sweep = ["sweep", "service.toml", "--vary", "semaphores.slots=1,2", "--entry", "health"];
    let p95 = |arguments: &[&str]| -> Vec<String> {
        let csv = bench.run(&[arguments, &["--format", "csv"]].concat()).expect(0).out();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let place = reader.headers().unwrap().iter().position(|it| it == "response_p95_ns");
        reader.records().map(|row| row.unwrap()[place.unwrap()].to_owned()).collect()
    };
    assert_eq!(p95(&sweep), ["2000000000", "1000000000"]);
    let best = bench.read("output/service/sweep/summary.json");
    let best: serde_json::Value = serde_json::from_str(&best).unwrap();
    assert_eq!(best["best"]["response_p95_ns"], 1e9);
    assert_eq!(p95(&sweep[..4]), ["9000000000", "9000000000"]);
    let unknown = [&sweep[..5], &["x"]].concat();
    bench.run(&unknown).expect(2).says("has no [[tasks]] of the name `x`; it has health, report");
}

#[test]
fn costs_of_a_profile_are_ranked_and_those_that_change_nothing_left_out() {
    let bench = Bench::with(
        "page.toml",
        "[[tasks]]\ncount = 50\nsteps = [{ wait = \"1ms\" }]\n[[tools]]\nuse = \"threading\"\n",
    );
    let output = bench.run(&["whatif", "page.toml", "--format", "json"]).expect(0);
    let studies: serde_json::Value = serde_json::from_slice(&output.0.stdout).unwrap();
    let effects = studies[0]["effects"].as_array().unwrap();
    let names: Vec<&str> = effects.iter().map(|effect| effect["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"thread.start") && names.contains(&"machine.wake_latency"),
        "{names:?}"
    );
    assert!(
        !names.contains(&"event_loop.start") && !names.contains(&"process.fork.parent"),
        "{names:?}"
    );
    let compared = |effect: &serde_json::Value| {
        let points = effect["points"].as_array().unwrap();
        let point = points.iter().find(|point| point["faster_percent"] == 50).unwrap_or(&points[0]);
        (point["makespan_ns"].as_u64().unwrap(), point["response_p95_ns"].as_u64().unwrap())
    };
    assert!(effects.is_sorted_by_key(compared), "{studies}");
    for file in ["whatif.csv", "whatif.svg", "whatif.png", "manifest.json"] {
        assert!(bench.path("output/page/whatif").join(file).is_file(), "{file}");
    }
}

#[test]
fn what_if_does_not_depend_on_the_number_of_jobs() {
    let text = TASKS.replace("\"1s\"", "{ exponential = \"1s\" }");
    let files = ["1", "3"].map(|jobs| {
        let bench = Bench::with("page.toml", &text);
        bench.run(&["whatif", "page.toml", "--jobs", jobs, "--seed", "9"]).expect(0);
        let place = bench.path("output/page/whatif");
        ["whatif.csv", "whatif.svg", "manifest.json"]
            .map(|file| fs::read(place.join(file)).unwrap())
    });
    assert_eq!(files[0], files[1]);
}

#[test]
fn the_screen_says_what_helps_most() {
    let bench = Bench::with(
        "page.toml",
        format!("title = \"Pages\"\ninterpreter.profile = \"ideal\"\n{TASKS}"),
    );
    for (format, rule) in [("table", "─"), ("markdown", "| --- | ---: |")] {
        let arguments = ["whatif", "page.toml", "--tool", "threading", "--format", format];
        let output = bench.run(&arguments);
        let shown = output.out();
        for told in ["Pages\n", "threading: 1.4 s", rule, "site shop", "-35.7 %", "no lock"] {
            assert!(shown.contains(told), "{told}: {shown}");
        }
        let best =
            "What helps threading most: site shop, twice as fast. It takes 900 ms then, not 1.4 s.";
        assert!(shown.contains(best), "{shown}");
    }
}

#[test]
fn a_deadlock_and_a_wrong_scenario_are_told() {
    let stuck = "[queues]\njobs = 1\n[[tasks]]\nsteps = [{ get = \"jobs\" }]\n[[tools]]\nuse = \"threading\"\n";
    let bench = Bench::with("page.toml", stuck);
    let output = bench.run(&["whatif", "page.toml"]);
    let output = output.expect(1);
    assert!(output.err().contains("`threading` deadlocks"), "{}", output.err());
    for (arguments, told) in [
        (["whatif", "page.toml", "--set", "machine.core=2"], "did you mean `cores`?"),
        (["whatif", "page.toml", "--tool", "treading"], "did you mean `threading`?"),
    ] {
        let output = bench.run(&arguments);
        let output = output.expect(2);
        assert!(output.err().contains(told), "{}", output.err());
    }
}

#[test]
fn a_sweep_over_two_keys_has_a_heat_map_with_a_panel_per_tool() {
    let bench = Bench::with("page.toml", format!("interpreter.profile = \"ideal\"\n{TASKS}"));
    let arguments =
        ["sweep", "page.toml", "--vary", "machine.cores=1,2", "--vary", "tools.workers=1..4"];
    bench.run(&arguments).expect(0);
    let place = bench.path("output/page/sweep");
    assert!(place.join("heat.png").is_file() && !place.join("lines.svg").exists());
    let svg = fs::read_to_string(place.join("heat.svg")).unwrap();
    for text in [
        ">sequential</text>",
        ">thread_pool</text>",
        ">4.4 s</text>",
        "tools.workers=4, machine.cores=2",
    ] {
        assert!(svg.contains(text), "{text}: {svg}");
    }
}
