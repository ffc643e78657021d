//! Mean response times of queues with known formulas.
//!
//! Each run has 200,000 customers at a fixed seed. The first of 40 batches is thrown away, and the standard error comes
//! from the means of the others (5,000 customers are some hundred times as long as the queue remembers at 60 % load).
//! The band is 4 standard errors wide on either side: by chance a right simulator leaves it once in 3,500 seeds
//! (Student's t, 38 degrees of freedom). The band must also be narrower than 6 % of the mean, or the test would say little.

#![allow(clippy::cast_precision_loss, reason = "statistics, not time")]

use gilsim::engine::simulate;
use gilsim::trace::{Finished, Outcome, Row, Sink};

use crate::play::{self, MS, scenario};

const CUSTOMERS: usize = 200_000;
const BATCHES: usize = 40;

/// Poisson arrivals in a second, and the mean service time in seconds that makes 60 % load of one server.
const ARRIVALS: f64 = 60.0;
const SERVICE: f64 = 0.01;
const LOAD: f64 = ARRIVALS * SERVICE;

/// The responses in seconds, in the order in which tasks arrived.
struct Responses(Vec<f64>);

impl Sink for Responses {
    fn row(&mut self, _row: &Row) {}
    fn finished(&mut self, finished: &Finished) {
        self.0[finished.task.index()] = (finished.done - finished.arrived).as_secs_f64();
    }
}

fn responses(step: &str, tool: &str, per_second: f64) -> Vec<f64> {
    let text = format!(
        "title = \"A queue\"\nseed = 11\n[interpreter]\nprofile = \"ideal\"\n\
         [[tasks]]\ncount = {CUSTOMERS}\narrive = {{ poisson = \"{per_second}/s\" }}\n\
         steps = [{{ {step} }}]\n[[tools]]\n{tool}\n"
    );
    let scenario = scenario(&text);
    let mut responses = Responses(vec![0.0; CUSTOMERS]);
    let plan = play::plan(&scenario, &scenario.tools[0]);
    let (outcome, _) = simulate(&plan, &mut responses);
    assert_eq!(outcome, Outcome::Finished);
    responses.0
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean and its standard error by batch means.
fn batch_means(responses: &[f64]) -> (f64, f64) {
    let size = responses.len() / BATCHES;
    let means: Vec<f64> = responses[size..].chunks_exact(size).map(mean).collect();
    let centre = mean(&means);
    let variance =
        means.iter().map(|mean| (mean - centre).powi(2)).sum::<f64>() / (means.len() - 1) as f64;
    (centre, (variance / means.len() as f64).sqrt())
}

/// The mean of what comes one after the other, and the half width of its band.
pub(crate) fn band(values: &[f64]) -> (f64, f64) {
    let size = values.len() / BATCHES;
    let (mean, error) = batch_means(&values[values.len() - size * BATCHES..]);
    (mean, 4.0 * error)
}

fn assert_mean(responses: &[f64], expected: f64) {
    let (mean, error) = batch_means(responses);
    let band = 4.0 * error;
    assert!((mean - expected).abs() <= band, "{mean} is not {expected} ± {band}");
    assert!(band < 0.06 * expected, "a band of ± {band} round {expected} says little");
}

/// The responses in seconds of a scenario of one tool, in the order in which its tasks were done.
pub(crate) fn in_order(text: &str) -> Vec<f64> {
    struct Done(Vec<f64>);
    impl Sink for Done {
        fn row(&mut self, _row: &Row) {}
        fn finished(&mut self, finished: &Finished) {
            self.0.push((finished.done - finished.arrived).as_secs_f64());
        }
    }
    let scenario = scenario(text);
    let mut responses = Done(Vec::new());
    let plan = play::plan(&scenario, &scenario.tools[0]);
    let (outcome, _) = simulate(&plan, &mut responses);
    assert_eq!(outcome, Outcome::Finished);
    responses.0
}

/// The number of standard errors to either side that a right simulator leaves once in a hundred seeds (Student's t, 38
/// degrees of freedom).
const T_99: f64 = 2.712;

/// The mean is as expected within its 99 % band, which is narrow.
pub(crate) fn assert_within_99_percent(values: &[f64], expected: f64) {
    let (mean, error) = batch_means(values);
    let band = T_99 * error;
    assert!((mean - expected).abs() <= band, "{mean} is not {expected} ± {band}");
    assert!(band < 0.06 * expected, "a band of ± {band} round {expected} says little");
}

/// The mean wait before service in M/G/1 (Pollaczek and Khinchine), from the second moment of the service.
fn pollaczek_khinchine(second_moment: f64) -> f64 {
    ARRIVALS * second_moment / (2.0 * (1.0 - LOAD))
}

/// The probability that a customer of M/M/c waits (Erlang's C), by the recursion of Erlang's B.
pub(crate) fn erlang_c(servers: u32, offered: f64) -> f64 {
    let blocked = (1..=servers)
        .fold(1.0, |blocked, n| offered * blocked / (f64::from(n) + offered * blocked));
    let load = offered / f64::from(servers);
    blocked / (1.0 - load * (1.0 - blocked))
}

#[test]
fn erlangs_c_of_one_server_is_its_load() {
    assert!((erlang_c(1, 0.6) - 0.6).abs() < 1e-12);
    assert!((erlang_c(2, 1.0) - 1.0 / 3.0).abs() < 1e-12);
}

#[test]
fn exponential_work_done_in_sequence_is_m_m_1() {
    let step = "compute = { exponential = \"10ms\" }";
    let responses = responses(step, "use = \"sequential\"", ARRIVALS);
    assert_mean(&responses, SERVICE / (1.0 - LOAD));
}

#[test]
fn a_pool_of_three_threads_that_wait_is_m_m_3() {
    let step = "wait = { exponential = \"10ms\" }";
    let per_second = 3.0 * ARRIVALS;
    let responses = responses(step, "use = \"thread_pool\"\nworkers = 3", per_second);
    let waits = erlang_c(3, 3.0 * LOAD) / (3.0 / SERVICE - per_second);
    assert_mean(&responses, SERVICE + waits);
}

#[test]
fn a_pool_of_one_process_with_work_of_one_length_is_m_d_1() {
    let responses =
        responses("compute = \"10ms\"", "use = \"process_pool\"\nworkers = 1", ARRIVALS);
    assert_mean(&responses, SERVICE + pollaczek_khinchine(SERVICE * SERVICE));
    let shortest = responses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((shortest - 10.0 * MS as f64 / 1e9).abs() < 1e-12, "nobody is served in less");
}

#[test]
fn asyncio_with_a_limit_of_one_and_uniform_waits_is_m_g_1() {
    let (low, high) = (0.002, 0.018);
    let step = "wait = { uniform = [\"2ms\", \"18ms\"] }";
    let responses = responses(step, "use = \"asyncio\"\nlimit = 1", ARRIVALS);
    let second_moment = (low * low + low * high + high * high) / 3.0;
    assert_mean(&responses, SERVICE + pollaczek_khinchine(second_moment));
}
