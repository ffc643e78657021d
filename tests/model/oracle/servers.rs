//! Servers: what they refuse and how long the rest takes, exactly and against queueing theory.

#![allow(clippy::cast_precision_loss, reason = "statistics, not time")]

use gilsim::engine::simulate;
use gilsim::trace::{Ended, Finished, Outcome, Row, Sink};

use super::queueing::assert_within_99_percent;
use crate::play::{self, MS, run, scenario};

/// The responses in seconds of the tasks that were served, and of all tasks 1 where one was refused.
#[derive(Default)]
struct Served {
    responses: Vec<f64>,
    refused: Vec<f64>,
}

impl Sink for Served {
    fn row(&mut self, _row: &Row) {}
    fn finished(&mut self, finished: &Finished) {
        let is_refused = finished.ended == Ended::Failed;
        self.refused.push(f64::from(u8::from(is_refused)));
        if !is_refused {
            self.responses.push((finished.done - finished.arrived).as_secs_f64());
        }
    }
}

/// Arrivals in a second, and the mean service time in seconds: three erlangs.
const ARRIVALS: f64 = 300.0;
const SERVICE: f64 = 0.01;

fn served(setting: &str) -> Served {
    let scenario = scenario(&format!(
        "title = \"Requests\"\nseed = 8\n[interpreter]\nprofile = \"ideal\"\n\
         [[tasks]]\ncount = 200_000\narrive = {{ poisson = \"{ARRIVALS}/s\" }}\n\
         steps = [{{ wait = {{ exponential = \"10ms\" }} }}]\n[[tools]]\nuse = \"server\"\n{setting}\n"
    ));
    let mut served = Served::default();
    let (outcome, _) = simulate(&play::plan(&scenario, &scenario.tools[0]), &mut served);
    assert_eq!(outcome, Outcome::Finished);
    served
}

/// The probabilities of so many being there in M/M/c/K, from 0 to c plus the backlog.
fn mmck(servers: u32, backlog: u32) -> Vec<f64> {
    let offered = ARRIVALS * SERVICE;
    let mut weights = vec![1.0];
    for n in 1..=servers + backlog {
        weights.push(weights[weights.len() - 1] * offered / f64::from(n.min(servers)));
    }
    let all: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / all).collect()
}

#[test]
fn a_server_without_a_backlog_refuses_as_erlang_says() {
    let refused = mmck(4, 0)[4];
    assert!((refused - 0.206_106_870).abs() < 1e-8, "Erlang B of 4 servers and 3 erlangs");
    let settings = ["processes = 4", "processes = 1\nthreads = 4\naccept = \"even\""];
    for setting in settings {
        let served = served(&format!("{setting}\nbacklog = 0"));
        assert_within_99_percent(&served.refused, refused);
        assert_within_99_percent(&served.responses, SERVICE);
    }
}

#[test]
fn a_server_with_a_backlog_is_m_m_c_k() {
    let there = mmck(4, 3);
    let served = served("processes = 2\nthreads = 2\naccept = \"even\"\nbacklog = 3");
    assert_within_99_percent(&served.refused, there[7]);
    let number: f64 = there.iter().enumerate().map(|(n, share)| n as f64 * share).sum();
    assert_within_99_percent(&served.responses, number / (ARRIVALS * (1.0 - there[7])));
}

/// When each of ten requests at once was done that wait 10 ms, in milliseconds, and how many processes and threads there were.
fn ten(setting: &str) -> (Vec<u64>, u32, u32) {
    let text = format!(
        "title = \"Requests\"\n[machine]\ncores = 1\n[interpreter]\nprofile = \"ideal\"\n\
         [[tasks]]\ncount = 10\nsteps = [{{ wait = \"10ms\" }}]\n[[tools]]\nuse = \"server\"\n{setting}\n"
    );
    let scenario = scenario(&text);
    let run = run(&scenario, &scenario.tools[0]);
    assert_eq!(run.outcome, Outcome::Finished);
    let mut done: Vec<u64> = run.done().into_iter().map(|done| done / MS).collect();
    done.sort_unstable();
    (done, run.totals.processes, run.totals.threads)
}

#[test]
fn a_process_of_one_thread_does_one_request_after_the_other() {
    let expected = vec![10, 10, 20, 20, 30, 30, 40, 40, 50, 50];
    assert_eq!(ten("processes = 2"), (expected, 3, 3));
}

#[test]
fn idle_threads_accept_evenly() {
    let expected = vec![10, 10, 10, 10, 20, 20, 20, 20, 30, 30];
    assert_eq!(ten("processes = 2\nthreads = 2\naccept = \"even\""), (expected, 3, 7));
}

#[test]
fn a_process_that_the_kernel_wakes_accepts_though_its_threads_are_busy() {
    let (done, processes, threads) = ten("processes = 2\nthreads = 2");
    assert_eq!((done.len(), processes, threads), (10, 3, 7));
    assert!(done[9] > 30, "one of them has more than half of the requests: {done:?}");
}

/// When each request of a server of event loops was done, in milliseconds; `steps` is what each does.
fn on_loops(setting: &str, tasks: &str, steps: &str) -> Vec<u64> {
    let text = format!(
        "title = \"Requests\"\n[machine]\ncores = 4\n[interpreter]\nprofile = \"ideal\"\n\
         [[tasks]]\n{tasks}\nsteps = [{steps}]\n[[tools]]\nuse = \"server\"\nloop = true\n{setting}\n"
    );
    let scenario = scenario(&text);
    let run = run(&scenario, &scenario.tools[0]);
    assert_eq!(run.outcome, Outcome::Finished);
    let mut done: Vec<u64> = run.done().into_iter().map(|done| done / MS).collect();
    done.sort_unstable();
    done
}

#[test]
fn an_event_loop_serves_all_requests_that_wait_at_once() {
    assert_eq!(on_loops("", "count = 10", "{ wait = \"10ms\" }"), vec![10; 10]);
    let blocked = on_loops("", "count = 4", "{ block = \"10ms\" }");
    assert_eq!(blocked, [10, 20, 30, 40], "a wait that blocks holds all others up");
}

#[test]
fn loops_that_accept_evenly_share_the_computing() {
    let done = on_loops("processes = 2\naccept = \"even\"", "count = 4", "{ compute = \"10ms\" }");
    assert_eq!(done, [10, 10, 20, 20]);
}

#[test]
fn the_first_loop_that_the_kernel_wakes_accepts_all_that_has_come() {
    let done = on_loops("processes = 2", "count = 4", "{ compute = \"10ms\" }");
    assert_eq!(done, [10, 20, 30, 40], "under ideal the first loop is faster than the second");
}

#[test]
fn a_loop_that_is_busy_accepts_when_it_polls_next() {
    let tasks = "count = 3\narrive = { at = [\"0ms\", \"1ms\", \"2ms\"] }";
    let done = on_loops("processes = 2", tasks, "{ compute = \"10ms\" }");
    assert_eq!(done, [10, 11, 20], "the third is accepted by whichever loop polls first");
}

#[test]
fn each_process_offloads_to_threads_of_its_own() {
    let setting = "processes = 2\naccept = \"even\"\noffload_workers = 2";
    let done = on_loops(setting, "count = 10", "{ offload = [{ block = \"10ms\" }] }");
    assert_eq!(done, [10, 10, 10, 10, 20, 20, 20, 20, 30, 30]);
}

#[test]
fn clients_of_loops_send_their_next_request_when_they_are_answered() {
    let tasks = "count = 6\narrive = { clients = 2, think = \"5ms\" }";
    assert_eq!(on_loops("", tasks, "{ wait = \"10ms\" }"), [10, 10, 25, 25, 40, 40]);
    let offloaded = on_loops("", tasks, "{ offload = [{ block = \"10ms\" }] }");
    assert_eq!(offloaded, [10, 10, 25, 25, 40, 40]);
}

#[test]
fn what_finds_the_backlog_of_a_busy_loop_full_is_refused() {
    let tasks = "count = 4\narrive = { at = [\"0ms\", \"1ms\", \"2ms\", \"3ms\"] }";
    let done = on_loops("backlog = 1", tasks, "{ compute = \"10ms\" }");
    assert_eq!(done, [2, 3, 10, 20], "the third and the fourth end as they arrive");
}
