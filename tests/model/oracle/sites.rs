//! Sites whose connections take time and whose servers slow down: exactly, and against queueing theory.

use super::queueing::{assert_within_99_percent, in_order};
use crate::play::{MS, run, scenario};

/// When each of some tasks was done that send requests to a site, in milliseconds.
fn done(site: &str, tasks: &str, tool: &str) -> Vec<u64> {
    let text = format!(
        "title = \"Requests\"\n[machine]\ncores = 8\n[interpreter]\nprofile = \"ideal\"\n\
         [sites.db]\n{site}\n[[tasks]]\n{tasks}\n[[tools]]\n{tool}\n"
    );
    let scenario = scenario(&text);
    let run = run(&scenario, &scenario.tools[0]);
    run.done().into_iter().map(|done| done / MS).collect()
}

const THREE_WAITS: &str = "count = 2\nsteps = [{ repeat = 3, steps = [{ wait = \"db\" }] }]";

#[test]
fn a_kept_connection_is_made_once_and_one_that_is_not_kept_each_time() {
    let kept = "latency = \"10ms\"\nconnect = \"5ms\"";
    let dropped = format!("{kept}\nkeep_alive = false");
    for tool in ["use = \"threading\"", "use = \"asyncio\"", "use = \"to_thread\""] {
        assert_eq!(done(kept, THREE_WAITS, tool), [35, 35], "{tool}");
        assert_eq!(done(&dropped, THREE_WAITS, tool), [45, 45], "{tool}");
    }
    assert_eq!(done(kept, THREE_WAITS, "use = \"sequential\""), [35, 65]);
}

#[test]
fn a_process_and_an_interpreter_keep_connections_of_their_own() {
    let site = "latency = \"10ms\"\nconnect = \"5ms\"";
    let tasks = "count = 4\nsteps = [{ wait = \"db\" }]";
    assert_eq!(done(site, tasks, "use = \"multiprocessing\""), [15; 4]);
    for pool in ["process_pool", "interpreter_pool"] {
        let tool = format!("use = \"{pool}\"\nworkers = 2");
        assert_eq!(done(site, tasks, &tool), [15, 15, 25, 25], "{pool}");
    }
    assert_eq!(done(site, tasks, "use = \"sequential\""), [15, 25, 35, 45]);
}

#[test]
fn an_answer_takes_longer_for_each_other_request_in_flight() {
    let site = "latency = { base = \"10ms\", per_concurrent = \"2ms\" }";
    let tasks = "count = 3\nsteps = [{ repeat = 2, steps = [{ wait = \"db\" }] }]";
    for tool in ["use = \"threading\"", "use = \"asyncio\"", "use = \"multiprocessing\""] {
        // They take 10, 12 and 14 ms. The second ones each begin beside the two others.
        assert_eq!(done(site, tasks, tool), [24, 26, 28], "{tool}");
    }
    assert_eq!(done(site, tasks, "use = \"sequential\""), [20, 40, 60]);
}

#[test]
fn a_server_lets_so_many_requests_in_and_the_rest_queue() {
    let site = "latency = \"10ms\"\ncapacity = \"200/s\"";
    let tasks = "count = 4\nsteps = [{ wait = \"db\" }]";
    for tool in ["use = \"threading\"", "use = \"asyncio\"", "use = \"multiprocessing\""] {
        assert_eq!(done(site, tasks, tool), [10, 15, 20, 25], "{tool}");
    }
}

#[test]
fn requests_at_random_to_a_server_of_some_capacity_are_m_d_1() {
    let (turn, load) = (0.01, 0.6);
    let responses = in_order(
        "title = \"M/D/1\"\nseed = 4\n[interpreter]\nprofile = \"ideal\"\n\
         [sites.db]\nlatency = \"30ms\"\ncapacity = \"100/s\"\n\
         [[tasks]]\ncount = 200_000\narrive = { poisson = \"60/s\" }\nsteps = [{ wait = \"db\" }]\n\
         [[tools]]\nuse = \"asyncio\"\n",
    );
    assert_within_99_percent(&responses, 0.03 + load * turn / (2.0 * (1.0 - load)));
}
