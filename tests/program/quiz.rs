//! `gilsim run --quiz`: it asks and tells nothing, and what `--reveal` tells is what summary.json says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::bench::{Bench, Ended};
use serde_json::Value;

/// One tool, whose tasks need what only a later task gives.
const STUCK: &str = r#"
title = "Sequential code waits for itself"
[interpreter]
profile = "ideal"
[queues]
jobs = 0
[[tasks]]
name = "consumer"
steps = [{ get = "jobs" }, { compute = "1ms" }]
[[tasks]]
name = "producer"
steps = [{ compute = "2ms" }, { put = "jobs" }]
[[tools]]
use = "sequential"
[[tools]]
use = "threading"
"#;

/// An open system that one thread cannot serve and asyncio can.
const OPEN: &str = r#"
[run]
until = "2s"
[interpreter]
profile = "ideal"
[[tasks]]
name = "request"
arrive = { every = "10ms" }
steps = [{ wait = "50ms" }]
[[tools]]
use = "thread_pool"
workers = 1
[[tools]]
use = "asyncio"
"#;

fn run(folder: &Bench, arguments: &[&str]) -> Ended {
    folder.run(&[&["run"], arguments].concat())
}

/// A folder that holds a scenario as `a.toml`.
fn folder(scenario: &str) -> Bench {
    Bench::with("a.toml", scenario)
}

/// The quiz with its answers, and the rows of summary.json.
fn revealed(folder: &Bench, file: &str, code: i32) -> (Value, Vec<Value>) {
    let arguments = [file, "--quiz", "--reveal", "--format", "json", "--no-trace", "--no-chart"];
    let quiz = run(folder, &arguments).expect(code).out();
    let stem = Path::new(file).file_stem().unwrap();
    let summary = folder.path("output").join(stem).join("summary.json");
    let summary: Value = serde_json::from_slice(&fs::read(summary).unwrap()).unwrap();
    let rows = summary["tools"].as_array().or(summary.as_array()).unwrap().clone();
    (serde_json::from_str(&quiz).unwrap(), rows)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn answers(question: &Value) -> Vec<String> {
    let options = texts(&question["options"]);
    let right = question["answers"].as_array().unwrap();
    right
        .iter()
        .map(|index| options[usize::try_from(index.as_u64().unwrap()).unwrap()].clone())
        .collect()
}

/// The only question that begins and ends so.
fn question<'q>(quiz: &'q Value, begins: &str, ends: &str) -> &'q Value {
    let fits = |question: &&Value| {
        let asks = question["asks"].as_str().unwrap();
        asks.starts_with(begins) && asks.ends_with(ends)
    };
    let mut found = quiz["questions"].as_array().unwrap().iter().filter(fits);
    found.next().filter(|_| found.next().is_none()).unwrap()
}

/// `about 2 s` in nanoseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in a test")]
fn nanos(option: &str) -> u64 {
    let (number, unit) = option.trim_start_matches("about ").split_once(' ').unwrap();
    let unit = match unit {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "min" => 60e9,
        _ => panic!("{option}"),
    };
    (number.parse::<f64>().unwrap() * unit) as u64
}

#[test]
fn a_quiz_asks_the_same_twice_and_writes_no_file() {
    let folder = folder(STUCK);
    let first = run(&folder, &["a.toml", "--quiz"]).expect(0);
    let text = first.out();
    assert_eq!(run(&folder, &["a.toml", "--quiz"]).out(), text);
    assert_eq!(first.err(), "");
    assert_eq!(folder.files(""), ["a.toml"]);
    for expected in ["1. Which tool finishes first?", "takes an item from `jobs`", "--reveal"] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(!text.contains('→') && !text.contains("waits for itself"), "{text}");
}

#[test]
fn what_is_asked_does_not_depend_on_what_happens() {
    // The same program; with another seed and other costs other tools win.
    let settings: [&[&str]; 3] = [
        &["--set", "sites.web.latency=1ms", "--set", "computations.parse.time=100ms"],
        &["--set", "sites.web.latency=3s", "--set", "interpreter.profile=ideal"],
        &["--set", "machine.cores=1", "--seed", "8"],
    ];
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/download-100-pages.toml");
    let folder = Bench::new();
    let (mut asked, mut winners) = (BTreeSet::new(), BTreeSet::new());
    for setting in settings {
        let ask = [&[scenario, "--quiz", "--format", "json"], setting].concat();
        let quiz: Value = serde_json::from_str(&run(&folder, &ask).expect(0).out()).unwrap();
        let questions = quiz["questions"].as_array().unwrap();
        asked.insert(questions.iter().map(|one| one["asks"].to_string()).collect::<Vec<_>>());
        assert!(
            questions
                .iter()
                .all(|one| one.get("answers").is_none() && one.get("because").is_none())
        );
        let tell = [&ask[..], &["--reveal", "--no-trace", "--no-chart"]].concat();
        let told: Value = serde_json::from_str(&run(&folder, &tell).expect(0).out()).unwrap();
        winners.insert(answers(question(&told, "Which tool", "")));
    }
    assert_eq!(asked.len(), 1, "{asked:#?}");
    assert!(winners.len() > 1, "{winners:?}");
}

/// Looks up each answer in the rows of summary.json by a rule of its own. Returns the positions of the right times.
fn check_against_summary(quiz: &Value, rows: &[Value]) -> Vec<u64> {
    let number = |row: &Value, column: &str| row[column].as_f64().unwrap();
    let over_time = quiz["questions"][0]["asks"].as_str().unwrap().contains("answered");
    let column = if over_time { "response_p95_ns" } else { "makespan_ns" };
    let mut places = Vec::new();
    for asked in quiz["questions"].as_array().unwrap() {
        let asks = asked["asks"].as_str().unwrap();
        let answers = answers(asked);
        let row = rows.iter().filter(|row| {
            let tool = row["tool"].as_str().unwrap();
            [format!(" does {tool} take?"), format!(" under {tool}?"), format!(" of {tool} spend")]
                .iter()
                .any(|end| asks.contains(end))
        });
        let row = row.max_by_key(|row| row["tool"].as_str().unwrap().len());
        if asks.starts_with("Which tool") || asks.starts_with("Under which tool") {
            let best = rows.iter().map(|row| number(row, column)).fold(f64::INFINITY, f64::min);
            let near = rows.iter().filter(|row| number(row, column) <= best * 1.05);
            let near: Vec<&str> = near.map(|row| row["tool"].as_str().unwrap()).collect();
            assert_eq!(answers, near, "{asks}");
        } else if asks.starts_with("Roughly") || asks.starts_with("How soon") {
            let real = number(row.unwrap(), column);
            #[expect(clippy::cast_precision_loss, reason = "a time in a test")]
            let far = |option: &String| (nanos(option) as f64 - real).abs();
            let options = texts(&asked["options"]);
            let times = options.iter().filter(|option| option.starts_with("about"));
            let nearest = times.min_by(|a, b| far(a).total_cmp(&far(b))).unwrap();
            assert_eq!(answers, std::slice::from_ref(nearest), "{asks} {real}");
            assert!(far(nearest) <= real * 0.051, "{asks}: {nearest} for {real}");
            places.push(asked["answers"][0].as_u64().unwrap());
        } else if asks.starts_with("Where") {
            // The reason lists the states in order; the first has the share of the row's largest column.
            let row = row.unwrap().as_object().unwrap();
            let shares = row
                .iter()
                .filter(|(column, _)| column.ends_with("_share") && *column != "cpu_busy_share");
            let most = shares.filter_map(|(_, share)| share.as_f64()).fold(0.0, f64::max);
            let because = asked["because"].as_str().unwrap();
            let (percent, place) = because.split_once(" % ").unwrap();
            let percent: f64 = percent.trim_start_matches('<').parse().unwrap();
            assert!((percent - most * 100.0).abs() < 0.6, "{because}: {most}");
            let first = answers.iter().find(|answer| place.starts_with(answer.as_str()));
            assert!(first.is_some(), "{because}: {answers:?}");
        } else if asks.starts_with("Whose tasks wait longest for the GIL") {
            let wait =
                |row: &Value| number(row, "lock_wait_share") * number(row, "response_mean_ns");
            let noticed: Vec<&Value> =
                rows.iter().filter(|row| number(row, "lock_wait_share") >= 0.01).collect();
            let most = noticed.iter().map(|row| wait(row)).fold(0.0, f64::max);
            let near = noticed.iter().filter(|row| wait(row) * 1.0501 >= most);
            let near: Vec<&str> = near.map(|row| row["tool"].as_str().unwrap()).collect();
            if near.is_empty() {
                assert!(answers[0].starts_with("nobody's"), "{asks} {answers:?}");
            } else {
                assert_eq!(answers, near, "{asks}");
            }
        }
    }
    places
}

#[test]
fn answers_are_what_the_summaries_of_all_scenarios_say() {
    let folder = Bench::new();
    let mut places = BTreeSet::new();
    let scenarios = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios")).unwrap();
    let mut checked = 0;
    for entry in scenarios {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let (quiz, rows) = revealed(&folder, path.to_str().unwrap(), 0);
            places.extend(check_against_summary(&quiz, &rows));
            checked += 1;
        }
    }
    assert!(checked > 20);
    assert_eq!(places, (0..4).collect(), "the right time stands at every place");
}

#[test]
fn one_tool_is_asked_about_too() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/download-100-pages.toml");
    let folder = Bench::new();
    let text = run(&folder, &[scenario, "--quiz", "--tool", "thread_pool"]).expect(0).out();
    assert!(text.contains("1. Roughly how long does thread_pool take?"), "{text}");
    assert!(text.contains("2. Where do the tasks of thread_pool spend most of their time?"));
    assert!(!text.contains("Which tool") && !text.contains("Whose"), "{text}");
}

#[test]
fn a_deadlock_is_for_the_reader_to_find() {
    let folder = folder(STUCK);
    let (quiz, _) = revealed(&folder, "a.toml", 1);
    assert_eq!(answers(question(&quiz, "Which tool", "")), ["threading"]);
    let how_long = answers(question(&quiz, "Roughly how long does sequential", ""));
    assert_eq!(how_long, ["for ever: it never finishes"]);
    let place = answers(question(&quiz, "Where do the tasks of sequential", ""));
    assert_eq!(place, ["cannot be said: it never finishes"]);
    let stuck = question(&quiz, "Which of them never finish", "");
    assert_eq!(answers(stuck), ["sequential"]);
    assert!(stuck["because"].as_str().unwrap().contains("an item of queue `jobs`"), "{stuck}");
    let all = format!("{STUCK}[[tools]]\nuse = \"sequential\"\nlabel = \"again\"\n");
    folder.write("a.toml", &all);
    let output =
        run(&folder, &["a.toml", "--quiz", "--reveal", "--tool", "sequential", "--tool", "again"]);
    let text = output.expect(1).out();
    assert!(text.contains(" → C) none: no tool finishes"), "{text}");
}

/// The share of their time in which a task waits for others, under a tool, in the rows of the trace.
fn waiting_share(trace: &Path, tool: &str, task: &str) -> f64 {
    let (mut all, mut waiting) = (0.0, 0.0);
    for row in csv::Reader::from_path(trace).unwrap().records() {
        let row = row.unwrap();
        let length = row[7].parse::<f64>().unwrap() - row[6].parse::<f64>().unwrap();
        if &row[0] == tool && &row[2] == task {
            all += length;
            waiting += if ["lock_wait", "ready", "sync", "queued"].contains(&&row[4]) {
                length
            } else {
                0.0
            };
        }
    }
    waiting / all
}

#[test]
fn whose_tasks_wait_is_asked_where_they_have_names_and_answered_by_the_trace() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/convoy.toml");
    let folder = Bench::new();
    let arguments = ["run", scenario, "--quiz", "--reveal", "--format", "json", "--no-chart"];
    let quiz: Value = serde_json::from_str(&folder.run(&arguments).expect(0).out()).unwrap();
    let who = |tool: &str| {
        let begins = format!("Under {tool}, whose tasks wait for others");
        answers(question(&quiz, &begins, ""))
    };
    assert_eq!(who("threading"), ["requests"]);
    assert_eq!(who("no lock"), ["nobody's: less than 1 % each"]);
    let trace = folder.path("output/convoy/trace.csv");
    assert!(waiting_share(&trace, "threading", "0") > 0.5, "the requests wait for the lock");
    assert!(waiting_share(&trace, "threading", "1") < 0.2);
    assert!(
        waiting_share(&trace, "no lock", "0").max(waiting_share(&trace, "no lock", "1")) < 0.01
    );
}

#[test]
fn who_keeps_up_with_an_open_load_is_asked() {
    let folder = folder(OPEN);
    let (quiz, rows) = revealed(&folder, "a.toml", 0);
    let load = question(&quiz, "Which of them keep up", "");
    assert_eq!(answers(load), ["asyncio"]);
    assert_eq!(answers(question(&quiz, "Under which tool", "")), ["asyncio"]);
    check_against_summary(&quiz, &rows);
}

#[test]
fn answers_come_with_the_schedule_and_the_usual_files() {
    let folder = folder(OPEN);
    let text = run(&folder, &["a.toml", "--quiz", "--reveal", "--html"]).expect(0).out();
    for expected in ["asyncio: a coroutine", " → B) asyncio\n", "The schedule\n", "makespan"] {
        assert!(text.contains(expected), "{text}");
    }
    let schedule = text.split("The schedule\n").nth(1).unwrap();
    let lane = schedule.lines().find(|line| line.trim_start().starts_with("T1 ")).unwrap();
    assert_eq!(lane.matches('.').count(), 56, "the only worker waits all the time: {lane}");
    for file in ["trace.csv", "summary.csv", "gantt.svg", "gantt.html", "manifest.json"] {
        assert!(folder.path("output/a").join(file).is_file(), "{file}");
    }
}

#[test]
fn names_reach_a_page_as_text() {
    let name = "```<script>alert(1)</script>";
    let scenario = OPEN.replace("\"request\"", &format!("{name:?}"));
    let scenario =
        scenario.replace("use = \"asyncio\"", &format!("use = \"asyncio\"\nlabel = {name:?}"));
    let folder = folder(&scenario);
    let page =
        run(&folder, &["a.toml", "--quiz", "--reveal", "--format", "markdown"]).expect(0).out();
    let outside: String = page.split("````").step_by(2).collect();
    assert!(outside.contains("\\<script\\>"), "{outside}");
    assert!(!outside.replace("\\<", "").contains('<'), "{outside}");
}

#[test]
fn what_a_quiz_does_not_give_is_refused() {
    let folder = folder(OPEN);
    let cases: [(&[&str], &str); 4] = [
        (&["a.toml", "--reveal"], "--quiz"),
        (
            &["a.toml", "--quiz", "--html"],
            "--html asks for a file, and --quiz writes none before --reveal",
        ),
        (&["a.toml", "--quiz", "--perfetto"], "--perfetto asks for a file"),
        (&["a.toml", "--quiz", "--format", "csv"], "a quiz is no table"),
    ];
    for (arguments, expected) in cases {
        run(&folder, arguments).expect(2).says(expected);
    }
}
