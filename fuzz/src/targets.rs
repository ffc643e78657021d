//! What is fuzzed: each function takes any bytes and panics when gilsim does what it never should.
//!
//! `tests/model/fuzz_targets.rs` calls them with the corpora and with random bytes on stable Rust; the programs in
//! `fuzz/fuzz_targets/` hand them to libFuzzer.

use std::fs;
use std::path::Path;

use gilsim::Listener;
use gilsim::Prepared;
use gilsim::claims::{Stop, Suite};
use gilsim::engine::simulate;
use gilsim::ids::TaskId;
use gilsim::import::{self, Arrivals, Options};
use gilsim::model::{Parcel, Scenario, ToolRun};
use gilsim::plan::Plan;
use gilsim::scenario::{Document, Faults, parse};
use gilsim::sink::audit::{Audit, AuditSetting};
use gilsim::sink::summary::Summary;
use gilsim::sweep::{Grid, Refusal, Shard, Study, Vary, journal};
use gilsim::time::SimDuration;
use gilsim::trace::Outcome;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::wild;

/// A target's name, which is that of its seeds too, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 8] = [
    ("scenario", scenario),
    ("data_file", data_file),
    ("recording", recording),
    ("set", set),
    ("vary", vary),
    ("claims", claims),
    ("profile", profile),
    ("engine", engine),
];

/// A scenario for settings and varied values.
const BASE: &str = r#"
title = "A base"
seed = 3
[machine]
cores = 2
[interpreter]
profile = "ideal"
[sites.shop]
latency = { uniform = ["1ms", "2ms"] }
connections = 2
[computations.parse]
time = "3ms"
[semaphores]
slots = 2
[locks.db]
[events.ready]
[barriers]
phase = 1
[limiters]
api = { rate = "100/s", burst = 2 }
[queues]
jobs = 3
[[tasks]]
name = "page"
count = 3
arrive = { every = "1ms" }
steps = [
  { acquire = "slots" }, { wait = "shop" }, { release = "slots" },
  { repeat = 2, steps = [{ with = "db", steps = [{ compute = "parse" }] }] }, { put = "jobs" }, { get = "jobs" },
  { set = "ready" }, { wait_for = "ready" }, { meet = "phase" }, { pass = "api" },
]
[[tools]]
use = "thread_pool"
label = "two threads"
workers = 2
[[tools]]
use = "asyncio"
"#;

/// Texts of scenario files. What is right is played, if it is small.
pub fn scenario(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse(text, "fuzz.toml", Path::new("/nowhere"), &[]) {
        Ok(loaded) => play(&loaded.scenario),
        Err(faults) => told(&faults),
    }
}

/// Measured durations and instants of arrival: the first byte chooses.
pub fn data_file(bytes: &[u8]) {
    let Some((kind, file)) = bytes.split_first() else { return };
    let entry = match kind % 2 {
        0 => "steps = [{ wait = { samples = \"data.csv\" } }]",
        _ => "arrive = { csv = \"data.csv\" }\nsteps = [{ wait = \"1ms\" }]",
    };
    let text = format!(
        "[interpreter]\nprofile = \"ideal\"\n[[tasks]]\n{entry}\n[[tools]]\nuse = \"threading\"\n"
    );
    in_folder("data.csv", file, |folder| match parse(&text, "fuzz.toml", folder, &[]) {
        Ok(loaded) => play(&loaded.scenario),
        Err(faults) => told(&faults),
    });
}

/// Recordings: the first byte chooses HAR, curl or CSV, and what becomes of the timing. What comes out is a scenario that
/// is right.
pub fn recording(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let text = match import::decode(file) {
        Ok(text) => text,
        Err(error) => return assert!(!error.message().is_empty()),
    };
    let recording = match choice % 3 {
        0 => import::har(&text),
        1 => import::curl(&text),
        _ => import::csv(&text),
    };
    let recording = match recording {
        Ok(recording) => recording,
        Err(error) => {
            let lines = text.lines().count().max(1) + 1;
            assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error:?}");
            return;
        }
    };
    let arrivals = match choice / 3 % 3 {
        0 => Arrivals::AtOnce,
        1 => Arrivals::InOrder,
        _ => Arrivals::Recorded,
    };
    let page = (choice / 9 % 2 == 1).then_some(1);
    let Ok(text) = recording.scenario(&Options { arrivals, page }) else { return };
    if let Err(faults) = parse(&text, "imported.toml", Path::new("/nowhere"), &[]) {
        panic!("an imported scenario is wrong:\n{faults}\n{text}");
    }
}

/// Settings KEY=VALUE, one a line.
pub fn set(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let sets: Vec<String> = text.lines().take(4).map(str::to_owned).collect();
    match parse(BASE, "base.toml", Path::new("/nowhere"), &sets) {
        Ok(loaded) => play(&loaded.scenario),
        Err(faults) => told(&faults),
    }
}

/// Values KEY=VALUES: what is understood means the same when it is written again, and its first and last points are
/// scenarios or have faults that can be told.
pub fn vary(bytes: &[u8]) {
    // The journal of a study is read whatever stands in it.
    let header = journal::header("study", Shard::WHOLE);
    let no_keys = Grid::new(Vec::new()).expect("no keys make one point");
    let _ = journal::read(&[header.as_bytes(), bytes].concat(), &header, &no_keys);
    let _ = journal::read(bytes, &header, &no_keys);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let vary = match Vary::parse(text) {
        Ok(vary) => vary,
        Err(wrong) => return assert!(!wrong.is_empty()),
    };
    let written = vary.text();
    let again = Vary::parse(&written).map(|again| again.text());
    assert_eq!(again.as_ref(), Ok(&written), "{text:?}");
    let count = vary.count();
    assert!(count > 0);
    let Ok(grid) = Grid::new(vec![vary]) else { return };
    assert_eq!(grid.count(), count);
    let study = Study {
        document: Document::parse(BASE, "base.toml", Path::new("/nowhere")),
        grid,
        seed: None,
        labels: Vec::new(),
        entry: None,
        replicates: 1,
        until: None,
        shard: Shard::WHOLE,
    };
    if let Err(refusals) = study.check() {
        return refusals.iter().for_each(refused);
    }
    for point in [0, study.point_count() - 1] {
        match study.scenario(point) {
            Ok(scenario) => play(&scenario),
            Err(refusal) => refused(&refusal),
        }
    }
}

fn refused(refusal: &Refusal) {
    match refusal {
        Refusal::Faults(faults) => told(faults),
        Refusal::Wrong(wrong) => assert!(!wrong.is_empty()),
    }
}

/// Claims files. Those that are right are tested with two cases, if their scenarios are small.
pub fn claims(bytes: &[u8]) {
    in_folder("claims.toml", bytes, |folder| match Suite::read(&folder.join("claims.toml")) {
        Ok(suite) => (0..suite.count().min(4)).for_each(|claim| test(&suite, claim, folder)),
        Err(faults) => told(&faults),
    });
}

fn test(suite: &Suite, claim: usize, folder: &Path) {
    match suite.check(claim, 2, 0, &SmallOnly) {
        Ok(verdict) => {
            let counter = suite.counter_example(claim, &verdict, folder);
            assert!(counter.is_none_or(|text| !text.is_empty()));
        }
        Err(Stop::Faults(faults)) => told(&faults),
        Err(Stop::Wrong(wrong)) => assert!(!wrong.is_empty()),
        Err(Stop::Bug(bug)) => panic!("{bug}"),
    }
}

/// Lets small scenarios be played alone.
struct SmallOnly;

impl Listener for SmallOnly {
    fn admit(&self, scenario: &Scenario, run: &ToolRun) -> Result<(), String> {
        let is_small = is_small(scenario)
            && Prepared::new(scenario, run, 0).is_ok_and(|it| is_short(&it.plan, run));
        if is_small { Ok(()) } else { Err("too large for here".to_owned()) }
    }
}

/// Profile files.
pub fn profile(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let base = BASE.replace("\"ideal\"", "\"./mine.toml\"");
    in_folder("mine.toml", text.as_bytes(), |folder| {
        // It is not played: a computation that costs years in slices of nanoseconds is right, and takes years.
        if let Err(faults) = parse(&base, "base.toml", folder, &[]) {
            told(&faults);
        }
    });
}

/// Small scenarios of nearly all that the format has, chosen by the bytes, through every tool of a profile.
pub fn engine(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    // Python 3.8 lacks a tool that these scenarios list.
    let profiles: Vec<&str> =
        gilsim::profile::names().filter(|name| *name != "cpython-3.8").collect();
    let profile = profiles[usize::from(*choice) % profiles.len()];
    let chooser = TestRng::from_seed(RngAlgorithm::ChaCha, &folded(bytes));
    let mut runner = TestRunner::new_with_rng(Config::default(), chooser);
    let Ok(tree) = wild::scenarios(wild::Chance::Random).new_tree(&mut runner) else { return };
    let text = tree.current().toml(profile, 1);
    match parse(&text, "wild.toml", Path::new("/nowhere"), &[]) {
        Ok(loaded) => play(&loaded.scenario),
        Err(faults) => panic!("{faults}\n{text}"),
    }
}

/// All bytes in 32. A chooser that takes the bytes as they come runs out of them, and rejects zeros for ever.
fn folded(bytes: &[u8]) -> [u8; 32] {
    let mut seed = [0; 32];
    for (place, byte) in bytes.iter().enumerate() {
        let slot: &mut u8 = &mut seed[place % 32];
        *slot = slot.wrapping_mul(31).wrapping_add(*byte);
    }
    seed
}

/// Does something in a folder of this thread in which a file has these bytes.
fn in_folder(name: &str, bytes: &[u8], work: impl FnOnce(&Path)) {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder can be made");
    }
    FOLDER.with(|folder| {
        fs::write(folder.path().join(name), bytes).expect("a file can be written");
        work(folder.path());
    });
}

/// Faults can be shown and have places that exist.
fn told(faults: &Faults) {
    assert!(faults.count() > 0 && matches!(faults.exit_code(), 2 | 3));
    assert!(faults.places().all(|(_, line, column)| line > 0 && column > 0));
    let (plain, coloured) = (faults.render(false), faults.render(true));
    assert!(plain.starts_with("error"), "{plain}");
    assert!(!plain.contains('\u{1b}') && coloured.contains('\u{1b}'));
}

/// Tasks, leaf steps and turns on a core that a scenario may have to be played here: fuzzing is many short runs.
const TASKS: u64 = 64;
const THREADS: u32 = 64;
const STEPS: u64 = 2_000;
const TURNS: u64 = 20_000;

/// The shortest time slice that is played, in nanoseconds: a profile's own costs are cut into slices too.
const SLICE: u64 = 100_000;

/// Plays every tool under the audit, unless that would take long.
fn play(scenario: &Scenario) {
    if !is_small(scenario) {
        return;
    }
    for run in &scenario.tools {
        // Time that cannot be counted is refused, here or at its end.
        let Ok(Prepared { plan, .. }) = Prepared::new(scenario, run, 0) else { continue };
        if is_short(&plan, run) {
            play_audited(scenario, run, &plan);
        }
    }
}

/// Whether tasks, tools and workers are few.
fn is_small(scenario: &Scenario) -> bool {
    let tasks: u64 = scenario.tasks.iter().map(|entry| u64::from(entry.count)).sum();
    let has_few = |run: &ToolRun| run.workers <= THREADS;
    tasks <= TASKS && scenario.tools.len() <= 16 && scenario.tools.iter().all(has_few)
}

/// Whether the steps are few and the CPU time is few slices.
fn is_short(plan: &Plan, run: &ToolRun) -> bool {
    let slice = plan.machine.quantum.min(run.setting.interpreter.switch_interval).as_nanos();
    if slice < SLICE {
        return false;
    }
    let wake = plan.machine.wake_latency.as_nanos() / slice;
    let (mut steps, mut turns) = (0_u64, 0_u64);
    for number in 0..plan.workload.task_count() {
        let task = TaskId(number);
        let leaves = plan.workload.script(plan.workload.entry_of(task)).len() as u64;
        steps = steps.saturating_add(leaves + 1);
        if steps > STEPS {
            return false;
        }
        let payload = plan.workload.payload(task);
        // Pickling takes about a nanosecond a byte, and some tens of them an object.
        let nanos = |it: Parcel| it.bytes.saturating_add(100 * u64::from(it.objects));
        let measured = [payload.pickle, payload.unpickle].into_iter().flatten();
        let measured: u64 = measured.map(SimDuration::as_nanos).fold(0, u64::saturating_add);
        let pickling = nanos(payload.send).saturating_add(nanos(payload.receive));
        turns = turns.saturating_add(pickling.saturating_add(2 * measured.min(1 << 62)) / slice);
        for leaf in 0..u32::try_from(leaves).unwrap_or(u32::MAX) {
            let demand = plan.demanded(task, leaf).map_or(0, SimDuration::as_nanos);
            turns = turns.saturating_add(demand / slice + wake);
        }
    }
    turns <= TURNS
}

fn play_audited(scenario: &Scenario, run: &ToolRun, plan: &Plan) {
    let mut audit = Audit::new(AuditSetting::of(run, plan));
    let (outcome, totals) = simulate(plan, &mut audit);
    if let Outcome::Deadlocked(stuck) = &outcome {
        assert!(!stuck.is_empty() && stuck.iter().all(|stuck| !stuck.waits_for.is_empty()));
    }
    let broken: Vec<String> = audit.check().iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{}, {}: {broken:#?}", scenario.title, run.label);
    let again = simulate(plan, &mut None::<Summary>);
    assert_eq!((outcome, totals), again, "{}", run.label);
}
