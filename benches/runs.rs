//! Whole runs without the files around them, and what is made of runs: the trace, the picture; and the reading of a
//! scenario. `benches/peers/run.py` measures the same models from the command line.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gilsim::Prepared;
use gilsim::chart::{Chart, Panel, Theme, svg};
use gilsim::engine::{simulate, simulate_for};
use gilsim::formats::csv::TraceCsv;
use gilsim::ids::{CoreId, NameId, ProcessId, TaskId, ThreadId};
use gilsim::lanes::{Recorder, Recording};
use gilsim::model::Scenario;
use gilsim::plan::Plan;
use gilsim::scenario::{load, parse};
use gilsim::sink::summary::Summary;
use gilsim::time::{SimDuration, SimTime};
use gilsim::trace::{Names, Row, Sink, State};

fn scenario(model: &str) -> Scenario {
    let file = format!("{}/benches/scenarios/{model}.toml", env!("CARGO_MANIFEST_DIR"));
    match load(Path::new(&file), &[]) {
        Ok(loaded) => loaded.scenario,
        Err(faults) => panic!("{faults}"),
    }
}

fn plan(scenario: &Scenario) -> Plan {
    Prepared::new(scenario, &scenario.tools[0], 0).expect("the model fits").plan
}

/// The models A, B, D, E and F: draws and simulation, a million units of work each.
fn models(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("runs");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(1_000_000));
    for model in ["a", "b", "d", "e", "f"] {
        let scenario = scenario(model);
        group.bench_function(model, |bencher| {
            bencher.iter(|| {
                let plan = plan(&scenario);
                let mut summary = Summary::default();
                let (_, totals) = simulate_for(&plan, &mut summary);
                summary.finish("tool", 0, plan.machine.cores, &totals)
            });
        });
    }
    group.finish();
}

/// A million rows of tasks that take turns on eight cores.
fn rows(mut each: impl FnMut(&Row)) {
    for number in 0..1_000_000_u32 {
        let turn = number / 8;
        each(&Row {
            task: Some(TaskId(number % 1_000)),
            list: 0,
            step: number / 1_000,
            state: State::ALL[(number % 1_000 + turn) as usize % State::ALL.len()],
            name: NameId::EMPTY,
            start: SimTime::from_nanos(u64::from(turn) * 1_000),
            end: SimTime::from_nanos(u64::from(turn) * 1_000 + 900),
            process: Some(ProcessId::MAIN),
            thread: Some(ThreadId(number % 1_000)),
            core: Some(CoreId(number % 8)),
        });
    }
}

/// G: writing a trace of a million rows, and model A with a trace and without.
fn traces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trace");
    group.sample_size(10).throughput(Throughput::Elements(1_000_000));
    let names = Names::default();
    group.bench_function("a million rows", |bencher| {
        bencher.iter(|| {
            let mut trace = TraceCsv::new(std::io::sink());
            trace.begin("tool", 0, &names);
            rows(|row| trace.row(row));
            trace.finish()
        });
    });
    let plan = plan(&scenario("a"));
    group.bench_function("run a with its trace", |bencher| {
        bencher.iter(|| {
            let mut trace = TraceCsv::new(std::io::sink());
            trace.begin("tool", 0, &plan.names);
            let mut summary = Summary::default();
            simulate(&plan, &mut (&mut summary, &mut trace))
        });
    });
    group.finish();
}

fn recording() -> Recording {
    let mut recorder = Recorder::new([]);
    rows(|row| recorder.row(row));
    recorder.finish(SimDuration::from_nanos(125_000_000))
}

/// H: recording a million intervals, and drawing them.
fn charts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("chart");
    group.sample_size(10).throughput(Throughput::Elements(1_000_000));
    group.bench_function("record a million intervals", |bencher| bencher.iter(recording));
    let (recording, names) = (recording(), Names::default());
    group.bench_function("draw a million intervals", |bencher| {
        bencher.iter(|| {
            let panels = vec![Panel {
                label: "tool",
                note: "",
                group: "",
                recording: &recording,
                names: &names,
                cores: 8,
                deadlocked: false,
                task_name: None,
            }];
            svg(&Chart { title: "", subtitle: "", panels, without: &[], theme: Theme::Auto })
        });
    });
    group.finish();
}

/// I: reading and checking a scenario of a megabyte.
fn reading(criterion: &mut Criterion) {
    let mut text = String::from("tools = [{ use = \"threading\" }]\n");
    for task in 0.. {
        let steps = "steps = [{ wait = { uniform = [\"1ms\", \"2ms\"] } }, { compute = \"20us\" }]";
        writeln!(text, "[[tasks]]\nname = \"task {task}\"\ncount = 3\n{steps}")
            .expect("a text grows");
        if text.len() > 1_000_000 {
            break;
        }
    }
    let mut group = criterion.benchmark_group("scenario");
    group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read a megabyte", |bencher| {
        bencher.iter(|| parse(black_box(&text), "large.toml", Path::new("."), &[]).is_ok());
    });
    group.finish();
}

criterion_group!(benches, models, traces, charts, reading);
criterion_main!(benches);
