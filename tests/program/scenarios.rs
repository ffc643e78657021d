//! The scenarios of this repository: each says what it shows, runs to its end under its tools, and
//! takes as long as its comment was written for.
//!
//! `UPDATE_GOLDEN=1 cargo test --test program scenarios` rewrites `tests/scenarios/makespans.csv`. Read the
//! comments of the scenarios whose lines changed: they cite these numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gilsim::Prepared;
use gilsim::engine::simulate;
use gilsim::model::{Tool, ToolRun};
use gilsim::plan::Plan;
use gilsim::scenario::{Faults, Loaded, load, load_from};
use gilsim::sink::audit::{Audit, AuditSetting};
use gilsim::trace::Outcome;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scenario_files() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("scenarios")).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    files.sort();
    assert!(!files.is_empty(), "scenarios/ holds no scenario");
    files
}

fn stem(file: &Path) -> &str {
    file.file_stem().and_then(|stem| stem.to_str()).expect("scenarios have plain names")
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join("scenarios").join(name)).expect("the scenario is there")
}

fn tools_of(name: &str) -> Vec<ToolRun> {
    let path = root().join("scenarios").join(name);
    load(&path, &[]).unwrap_or_else(|faults| panic!("{faults}")).scenario.tools
}

/// The comment that a scenario opens with, without its marks.
fn opening_comment(text: &str) -> String {
    let comments = text.lines().skip(1).take_while(|line| line.starts_with('#'));
    comments.map(|line| line.trim_start_matches('#').trim_start()).collect::<Vec<_>>().join("\n")
}

/// All files of some folders, and what they hold.
fn in_memory(folders: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries =
        folders.iter().flat_map(|folder| fs::read_dir(root().join(folder)).expect("it is there"));
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let files = paths.filter(|path| path.is_file());
    files.map(|path| (path.clone(), fs::read(path).expect("it can be read"))).collect()
}

#[test]
fn files_in_memory_are_read_like_those_on_the_disk() {
    let files = in_memory(&["scenarios", "tests/broken", "tests/broken/data"]);
    let shown = |loaded: Result<Loaded, Faults>| match loaded {
        Ok(loaded) => format!("{loaded:?}"),
        Err(faults) => {
            // What a disk and a map say of a file that is not there differs.
            let told = faults.to_string().replace("No such file or directory (os error 2)", "…");
            format!("{}, exit code {}", told.replace("entity not found", "…"), faults.exit_code())
        }
    };
    let scenarios = files.keys().filter(|path| path.extension().is_some_and(|it| it == "toml"));
    let (mut sound, mut broken) = (0, 0);
    for path in scenarios {
        let on_disk = load(path, &[]);
        *if on_disk.is_ok() { &mut sound } else { &mut broken } += 1;
        let in_memory = load_from(Arc::new(files.clone()), path, &[]);
        assert_eq!(shown(on_disk), shown(in_memory), "{}", path.display());
    }
    assert!(sound >= 30 && broken >= 15, "{sound} sound ones, {broken} broken ones");
}

#[test]
fn every_scenario_opens_with_what_it_shows_and_what_to_look_at() {
    for file in scenario_files() {
        let name = stem(&file);
        let text = fs::read_to_string(&file).expect("it can be read");
        let comment = opening_comment(&text);
        assert_eq!(text.lines().next(), Some("#:schema ./gilsim.schema.json"), "{name}");
        assert!(comment.contains("What it shows: "), "{name}: {comment}");
        assert!(comment.contains("What to look at:"), "{name}: {comment}");
        let scenario = load(&file, &[]).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        assert!(!scenario.title.is_empty() && !scenario.about.is_empty(), "{name}");
    }
}

#[test]
fn the_first_scenario_lists_its_five_tools_and_no_machine() {
    let tools = tools_of("download-100-pages.toml");
    let tools: Vec<Tool> = tools.iter().map(|run| run.tool).collect();
    let five =
        [Tool::Sequential, Tool::Threading, Tool::ThreadPool, Tool::Asyncio, Tool::ProcessPool];
    assert_eq!(tools, five);
    assert!(!text("download-100-pages.toml").contains("machine"));
}

#[test]
fn every_tool_is_shown_by_a_scenario() {
    let files = scenario_files();
    let shown = |tool: &Tool| {
        files.iter().any(|file| {
            let loaded = load(file, &[]).unwrap_or_else(|faults| panic!("{faults}"));
            loaded.scenario.tools.iter().any(|run| run.tool == *tool)
        })
    };
    let missing: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| !shown(tool)).collect();
    assert!(missing.is_empty(), "no scenario shows {missing:?}");
}

#[test]
fn one_by_one_and_in_flight_differ_in_their_words_and_tools_alone() {
    let body = |name: &str| -> Vec<String> {
        let text = text(name);
        let until_tools = text.lines().take_while(|line| *line != "[[tools]]");
        let words = ["#", "title", "about"];
        let said = until_tools.filter(|line| !words.iter().any(|word| line.starts_with(word)));
        said.map(str::to_owned).collect()
    };
    assert_eq!(body("one-by-one.toml"), body("in-flight.toml"));
}

#[test]
fn every_scenario_runs_to_its_end_within_the_laws_and_takes_as_long_as_it_says() {
    let mut found = String::from("scenario,tool,makespan_ns\n");
    for file in scenario_files() {
        let scenario = load(&file, &[]).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        for run in &scenario.tools {
            let prepared =
                Prepared::new(&scenario, run, 0).unwrap_or_else(|error| panic!("{error}"));
            let plan = prepared.plan;
            let makespan = play_audited(&plan, run, stem(&file));
            writeln!(found, "{},\"{}\",{makespan}", stem(&file), run.label)
                .expect("a String takes all");
        }
    }
    let golden = root().join("tests/scenarios/makespans.csv");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &found).expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    let differs = |(is, was): &(&str, &str)| is != was;
    let first = found.lines().zip(expected.lines()).find(differs);
    assert!(
        found == expected,
        "a makespan changed; is, was: {first:?}. See the comment at the top of this file."
    );
}

/// The makespan in nanoseconds of a run that ends and breaks no law.
fn play_audited(plan: &Plan, run: &ToolRun, name: &str) -> u64 {
    let mut audit = Audit::new(AuditSetting::of(run, plan));
    let (outcome, totals) = simulate(plan, &mut audit);
    assert_eq!(outcome, Outcome::Finished, "{name}, {}", run.label);
    let broken: Vec<String> = audit.check().iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{name}, {}: {broken:#?}", run.label);
    totals.makespan.as_nanos()
}
