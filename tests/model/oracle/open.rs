//! Open systems over a horizon against queueing theory, and what a horizon means.
//!
//! Each queue has some 120,000 customers at a fixed seed. Means over time come from the stretches of queues.csv, in 40
//! batches after the warm-up; the bands are those of `queueing`: 4 standard errors wide on either side, and narrow.

#![allow(clippy::cast_precision_loss, reason = "statistics, not time")]

use gilsim::engine::simulate;
use gilsim::formats;
use gilsim::open::{OpenReport, Queues, offered};
use gilsim::sink::fraction::Fraction;
use gilsim::sink::row::SummaryRow;
use gilsim::sink::summary::Summary;
use gilsim::trace::{Finished, Outcome, Row, Sink};

use super::queueing::{band, erlang_c};
use crate::play::{self, scenario};

/// Tasks with their responses in seconds, in the order in which they were done.
#[derive(Default)]
struct Responses(Vec<(u32, f64, f64)>);

impl Sink for Responses {
    fn row(&mut self, _row: &Row) {}
    fn finished(&mut self, finished: &Finished) {
        let response = (finished.done - finished.arrived).as_secs_f64();
        self.0.push((finished.task.0, finished.arrived.as_nanos() as f64 / 1e9, response));
    }
}

/// A run of an open system.
struct Open {
    row: SummaryRow,
    report: OpenReport,
    /// Tasks in the system and waiting in it, by stretch.
    in_system: Vec<f64>,
    waiting: Vec<f64>,
    /// Task, arrival and response in seconds, in the order of arrival.
    tasks: Vec<(u32, f64, f64)>,
    /// What its computation or wait was drawn as, by task, in seconds.
    drawn: Vec<f64>,
}

fn open(head: &str, arrive: &str, step: &str, tool: &str) -> Open {
    let text = format!(
        "title = \"A queue\"\nseed = 5\n{head}\n\
         [[tasks]]\narrive = {{ {arrive} }}\nsteps = [{{ {step} }}]\n[[tools]]\n{tool}\n"
    );
    let scenario = scenario(&text);
    let horizon = scenario.horizon.expect("an open system");
    let run = &scenario.tools[0];
    let plan = play::plan(&scenario, run);
    let mut queues = Queues::new(&plan, horizon);
    let mut summary = Summary::counting_from(scenario.warm_up());
    let mut responses = Responses::default();
    let (outcome, totals) = simulate(&plan, &mut ((&mut queues, &mut summary), &mut responses));
    assert_eq!(outcome, Outcome::Finished);
    let report = OpenReport::of(&queues, horizon, &offered(&plan, run));
    let csv = formats::queues::csv(&[("t", &queues)]);
    let csv = String::from_utf8(csv).expect("it is text");
    let system = csv.lines().filter(|line| line.starts_with("t,0,system,"));
    let field = |line: &str, at: usize| {
        line.split(',').nth(at).and_then(|field| field.parse().ok()).expect("a number")
    };
    let lines: Vec<&str> = system.collect();
    let mut tasks = responses.0;
    tasks.sort_unstable_by_key(|(task, ..)| *task);
    let lengths = tasks.iter().map(|(task, ..)| {
        plan.workload
            .leaf_length(gilsim::ids::TaskId(*task), 0)
            .map_or(0.0, gilsim::time::SimDuration::as_secs_f64)
    });
    Open {
        row: summary.finish("t", 0, plan.machine.cores, &totals),
        report,
        in_system: lines.iter().map(|line| field(line, 6)).collect(),
        waiting: lines.iter().map(|line| field(line, 7)).collect(),
        drawn: lengths.collect(),
        tasks,
    }
}

const IDEAL: &str = "run.until = \"2000s\"\nrun.warm_up = \"50s\"\ninterpreter.profile = \"ideal\"";
const SERVICE: f64 = 0.01;

fn assert_within(values: &[f64], expected: f64) {
    let (mean, band) = band(values);
    assert!((mean - expected).abs() <= band, "{mean} is not {expected} ± {band}");
    assert!(band < 0.12 * expected, "a band of ± {band} round {expected} says little");
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[test]
fn one_thread_with_exponential_work_is_m_m_1() {
    let step = "compute = { exponential = \"10ms\" }";
    let queue = open(IDEAL, "poisson = \"60/s\"", step, "use = \"sequential\"");
    // L = ρ / (1 − ρ), Lq = ρ² / (1 − ρ), and responses are exponential with rate μ − λ.
    assert_within(&queue.in_system[13..], 1.5);
    assert_within(&queue.waiting[13..], 0.9);
    let rate = 1.0 / SERVICE - 60.0;
    for (percentile, times) in [
        (queue.row.response.p50_ns, std::f64::consts::LN_2),
        (queue.row.response.p95_ns, 2.995_732),
        (queue.row.response.p99_ns, 4.605_170),
    ] {
        let expected = times / rate;
        assert!(
            (seconds(percentile) / expected - 1.0).abs() < 0.05,
            "{percentile} is not {expected}"
        );
    }
    let cores = &queue.report.resources[0];
    assert_eq!(cores.kind, "cores");
    assert!((cores.busy_mean.expect("there is one").as_f64() - 0.6).abs() < 0.01);
    assert!(queue.report.served);
}

#[test]
fn a_pool_of_three_that_waits_is_m_m_3() {
    let step = "wait = { exponential = \"10ms\" }";
    let tool = "use = \"thread_pool\"\nworkers = 3";
    let queue = open(IDEAL, "poisson = \"210/s\"", step, tool);
    let waits = erlang_c(3, 2.1);
    assert_within(&queue.waiting[13..], waits * 0.7 / 0.3);
    assert_within(&queue.in_system[13..], 2.1 + waits * 0.7 / 0.3);
}

#[test]
fn work_of_one_length_is_m_d_1() {
    let tool = "use = \"thread_pool\"\nworkers = 1";
    let queue = open(IDEAL, "poisson = \"60/s\"", "compute = \"10ms\"", tool);
    assert_within(&queue.waiting[13..], 0.36 / (2.0 * 0.4));
}

#[test]
fn waits_of_many_lengths_are_m_g_1() {
    // E[S²] of a uniform length is (a² + ab + b²) / 3.
    let step = "wait = { uniform = [\"2ms\", \"18ms\"] }";
    let queue = open(IDEAL, "poisson = \"60/s\"", step, "use = \"asyncio\"\nlimit = 1");
    let second_moment = (4.0 + 36.0 + 324.0) / 3.0 * 1e-6;
    assert_within(&queue.waiting[13..], 60.0 * 60.0 * second_moment / (2.0 * 0.4));
}

/// Threads that take turns on one core in slices far shorter than their work.
const SHARED: &str = "run.until = \"1000s\"\nrun.warm_up = \"50s\"\ninterpreter.profile = \"ideal\"\n\
    interpreter.lock = false\nmachine.cores = 1\nmachine.quantum = \"200us\"";

#[test]
fn threads_that_share_a_core_are_m_m_1_ps() {
    let step = "compute = { exponential = \"10ms\" }";
    let queue = open(SHARED, "poisson = \"60/s\"", step, "use = \"threading\"");
    assert_within(&queue.in_system[25..], 1.5);
}

#[test]
fn processor_sharing_does_not_care_how_work_is_distributed() {
    // Under FIFO this heavy a tail would make the queue several times as long as under exponential work.
    let step = "compute = { lognormal = { p50 = \"5ms\", p99 = \"77.7ms\" } }";
    let queue = open(SHARED, "poisson = \"60/s\"", step, "use = \"threading\"");
    let offered = queue.report.resources[0].offered_load.expect("there is one").as_f64();
    let (long, short): (Vec<_>, Vec<_>) = queue
        .tasks
        .iter()
        .zip(&queue.drawn)
        .filter(|((_, at, _), _)| *at >= 50.0)
        .partition(|(_, drawn)| **drawn > 0.01);
    // Each is slowed down alike: E[T | S = x] = x / (1 − ρ).
    for (name, class) in [("long", long), ("short", short)] {
        let slowdown = class.iter().map(|((.., response), _)| response).sum::<f64>()
            / class.iter().map(|(_, drawn)| **drawn).sum::<f64>();
        let expected = 1.0 / (1.0 - offered);
        assert!((slowdown / expected - 1.0).abs() < 0.1, "{name}: {slowdown} is not {expected}");
    }
}

#[test]
fn tasks_arrive_before_the_horizon_and_are_finished_after_it() {
    let head = |until: &str| format!("run.until = \"{until}\"\ninterpreter.profile = \"ideal\"");
    let queue = open(&head("1s"), "every = \"10ms\"", "wait = \"5s\"", "use = \"threading\"");
    assert_eq!((queue.report.arrived, queue.row.tasks), (100, 100));
    assert_eq!(queue.row.makespan_ns, 5_990_000_000);
    assert_eq!(queue.report.in_system_mean, Fraction::of(505, 10));
    // The same draws, some more: those of the shorter horizon do not change.
    let (short, long) = (head("20s"), head("30s"));
    let step = "wait = { exponential = \"10ms\" }";
    let [short, long] =
        [short, long].map(|head| open(&head, "poisson = \"60/s\"", step, "use = \"threading\""));
    assert!(long.tasks.len() > short.tasks.len() + 400);
    assert_eq!(short.tasks[..], long.tasks[..short.tasks.len()]);
}

#[test]
fn tasks_that_arrive_before_the_warm_up_is_over_do_not_count_in_responses() {
    let head = "run.until = \"1s\"\nrun.warm_up = \"500ms\"\ninterpreter.profile = \"ideal\"";
    let step = "wait = { cycle = [\"1ms\", \"2ms\"] }";
    let arrive = "every = { cycle = [\"900ms\", \"50ms\"] }";
    let queue = open(head, arrive, step, "use = \"threading\"");
    assert_eq!((queue.report.arrived, queue.report.counted), (3, 2));
    assert_eq!((queue.row.tasks, queue.row.response.mean_ns), (3, 1_500_000));
}

#[test]
fn a_load_above_what_can_be_done_is_told() {
    let head = "run.until = \"60s\"\ninterpreter.profile = \"ideal\"\nsites.s = { latency = \"10ms\", connections = 2 }";
    let warning = |rate: &str, step: &str, tool: &str| {
        open(head, &format!("poisson = \"{rate}\""), step, tool).report.warning()
    };
    let told = |rate: &str, step: &str, tool: &str, words: &str| {
        let warning = warning(rate, step, tool).unwrap_or_default();
        assert!(warning.contains(words), "{rate} {step} {tool}: {warning}");
    };
    told("250/s", "wait = \"s\"", "use = \"asyncio\"", "what the 2 connections of `s` can do");
    told("130/s", "compute = \"10ms\"", "use = \"threading\"", "what the interpreter lock can do");
    told("130/s", "compute = \"10ms\"", "use = \"asyncio\"", "can do");
    told("130/s", "wait = \"10ms\"", "use = \"sequential\"", "what the worker can do");
    told("500/s", "compute = \"10ms\"", "use = \"multiprocessing\"", "what the 4 cores can do");
    told(
        "500/s",
        "wait = \"10ms\"",
        "use = \"thread_pool\"\nworkers = 4",
        "what the 4 workers can do",
    );
    told(
        "500/s",
        "wait = \"10ms\"",
        "use = \"asyncio\"\nlimit = 4",
        "what asyncio's `limit` can do",
    );
    for (rate, step, tool) in [
        ("170/s", "wait = \"s\"", "use = \"asyncio\""),
        ("80/s", "compute = \"10ms\"", "use = \"threading\""),
        ("80/s", "compute = \"10ms\"", "use = \"sequential\""),
        ("50/s", "wait = \"20s\"", "use = \"threading\""),
        ("320/s", "compute = \"10ms\"", "use = \"process_pool\"\nworkers = 4"),
    ] {
        assert_eq!(warning(rate, step, tool), None, "{rate} {step} {tool}");
    }
    // Nothing that is known of beforehand is asked for too much, but tasks wait for tasks.
    let text = open(
        head,
        "poisson = \"90/s\"",
        "acquire = \"one\" }, { wait = \"15ms\" }, { release = \"one\"",
        "use = \"threading\"\n[semaphores]\none = 1",
    );
    assert!(text.report.warning().unwrap_or_default().contains("ever more tasks wait"));
}

#[test]
fn tasks_that_come_after_all_of_others_are_no_load_before_the_horizon_and_those_after_each_are() {
    let warning = |after: &str| {
        let text = format!(
            "title = \"Stages\"\nrun = {{ until = \"1s\", warm_up = \"0ms\" }}\ninterpreter.profile = \"ideal\"\n\
             [[tasks]]\nname = \"page\"\narrive = {{ every = \"100ms\" }}\nsteps = [{{ compute = \"1ms\" }}]\n\
             [[tasks]]\nafter = {after}\nsteps = [{{ compute = \"150ms\" }}]\n[[tools]]\nuse = \"threading\"\n"
        );
        let scenario = scenario(&text);
        let run = gilsim::run(&scenario, &scenario.tools[0], 0).expect("a small run");
        run.warning()
    };
    assert_eq!(warning("\"page\"\ncount = 10"), None);
    let told = warning("{ each = \"page\" }").unwrap_or_default();
    assert!(told.contains("what the interpreter lock can do"), "{told}");
}
