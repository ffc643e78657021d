//! Closed loops: clients that wait for their answers, against mean value analysis and birth and death, and exactly.
//!
//! The bands are those of 99 % (Student's t, 38 degrees of freedom) round batch means at a fixed seed, and narrow.

#![allow(clippy::cast_precision_loss, reason = "statistics, not time")]

use super::queueing::{assert_within_99_percent, in_order};
use crate::play::{MS, run, scenario};

const TASKS: usize = 120_000;

fn responses(clients: u32, think: &str, step: &str, tool: &str) -> Vec<f64> {
    in_order(&format!(
        "title = \"A closed loop\"\nseed = 3\n[interpreter]\nprofile = \"ideal\"\n\
         [[tasks]]\ncount = {TASKS}\narrive = {{ clients = {clients}, think = {think} }}\n\
         steps = [{{ {step} }}]\n[[tools]]\n{tool}\n"
    ))
}

/// The mean response of a closed network of one exponential server and a delay, by mean value analysis (Reiser and
/// Lavenberg, 1980).
fn mean_value_analysis(clients: u32, think: f64, service: f64) -> f64 {
    let (mut response, mut queue) = (0.0, 0.0);
    for n in 1..=clients {
        response = service * (1.0 + queue);
        queue = f64::from(n) * response / (think + response);
    }
    response
}

/// The same of several servers (machine repairmen), by birth and death: with n of the clients there, the others think.
fn repairmen(clients: u32, servers: u32, think: f64, service: f64) -> f64 {
    let mut weight = 1.0;
    let (mut weights, mut there, mut thinking) = (1.0, 0.0, f64::from(clients));
    for n in 1..=clients {
        let served = f64::from(n.min(servers)) / service;
        weight *= f64::from(clients - n + 1) / think / served;
        weights += weight;
        there += weight * f64::from(n);
        thinking += weight * f64::from(clients - n);
    }
    let throughput = thinking / weights / think;
    there / weights / throughput
}

#[test]
fn both_formulas_agree_on_one_repairman() {
    let one = repairmen(10, 1, 0.05, 0.01);
    assert!((one - mean_value_analysis(10, 0.05, 0.01)).abs() < 1e-12);
}

#[test]
fn ten_clients_of_one_server_are_the_machine_repairman() {
    let step = "compute = { exponential = \"10ms\" }";
    let think = "{ exponential = \"50ms\" }";
    for tool in ["use = \"sequential\"", "use = \"process_pool\"\nworkers = 1"] {
        let responses = responses(10, think, step, tool);
        assert_within_99_percent(&responses, mean_value_analysis(10, 0.05, 0.01));
    }
}

#[test]
fn twelve_clients_of_three_threads_are_three_repairmen() {
    let step = "wait = { exponential = \"10ms\" }";
    let think = "{ exponential = \"20ms\" }";
    let expected = repairmen(12, 3, 0.02, 0.01);
    for tool in ["use = \"thread_pool\"\nworkers = 3", "use = \"asyncio\"\nlimit = 3"] {
        assert_within_99_percent(&responses(12, think, step, tool), expected);
    }
}

/// The makespan in milliseconds, and when each task was done.
fn played(tasks: &str, tool: &str) -> (u64, Vec<u64>) {
    let text = format!(
        "title = \"A closed loop\"\n[machine]\ncores = 2\n[interpreter]\nprofile = \"ideal\"\n{tasks}\n[[tools]]\n{tool}\n"
    );
    let scenario = scenario(&text);
    let run = run(&scenario, &scenario.tools[0]);
    let done = run.done().into_iter().map(|done| done / MS).collect();
    (run.totals.makespan.as_nanos() / MS, done)
}

const TOOLS: [&str; 8] = [
    "use = \"sequential\"",
    "use = \"threading\"",
    "use = \"thread_pool\"\nworkers = 2",
    "use = \"asyncio\"",
    "use = \"to_thread\"",
    "use = \"multiprocessing\"",
    "use = \"process_pool\"\nworkers = 2",
    "use = \"interpreter_pool\"\nworkers = 2",
];

#[test]
fn one_client_sends_its_next_task_a_think_time_after_its_answer() {
    let tasks = "[[tasks]]\ncount = 4\narrive = { clients = 1, think = \"3ms\" }\nsteps = [{ compute = \"2ms\" }]";
    for tool in TOOLS {
        assert_eq!(played(tasks, tool), (17, vec![2, 7, 12, 17]), "{tool}");
    }
}

#[test]
fn clients_are_dealt_tasks_as_they_come_free() {
    let cycle = "{ cycle = [\"5ms\", \"1ms\", \"1ms\", \"1ms\"] }";
    let tasks =
        format!("[[tasks]]\ncount = 5\narrive = {{ clients = 2 }}\nsteps = [{{ wait = {cycle} }}]");
    for tool in &TOOLS[1..] {
        assert_eq!(played(&tasks, tool), (8, vec![5, 1, 2, 3, 8]), "{tool}");
    }
}

#[test]
fn no_client_sends_a_task_at_the_horizon() {
    let tasks = "[run]\nuntil = \"10ms\"\n[[tasks]]\narrive = { clients = 2, think = \"3ms\" }\n\
        steps = [{ wait = \"2ms\" }]";
    for tool in &TOOLS[1..] {
        assert_eq!(played(tasks, tool), (7, vec![2, 2, 7, 7]), "{tool}");
    }
}

#[test]
fn a_count_ends_what_clients_send_before_the_horizon() {
    let tasks = "[run]\nuntil = \"1s\"\n[[tasks]]\ncount = 3\narrive = { clients = 2, think = \"3ms\" }\n\
        steps = [{ wait = \"2ms\" }]";
    for tool in &TOOLS[1..] {
        assert_eq!(played(tasks, tool), (7, vec![2, 2, 7]), "{tool}");
    }
}
