use crate::play::Play;

fn assert_best(play: &Play, best: &str, others: &[&str]) {
    for other in others {
        assert!(play.makespan(best) < play.makespan(other), "{best} against {other}");
    }
}

#[test]
fn thousands_of_connections_are_for_asyncio() {
    let play = Play::under(
        "cpython-3.13",
        "[[tasks]]\ncount = 3000\nsteps = [{ wait = \"1s\" }, { compute = \"20us\" }]\n",
    );
    assert_best(&play, "asyncio", &["sequential", "threading", "thread_pool", "process_pool"]);
}

/// Without an asyncio library the waits block, and only threads let them overlap.
#[test]
fn io_in_legacy_code_is_for_threads() {
    let play = Play::of("[[tasks]]\ncount = 20\nsteps = [{ block = \"1s\" }]\n");
    assert_eq!(play.makespan("asyncio"), play.makespan("sequential"));
    assert_eq!(play.makespan("sequential"), 20 * play.makespan("threading"));
}

#[test]
fn heavy_computation_on_multiple_cores_is_for_multiprocessing() {
    let play = Play::under(
        "cpython-3.13",
        "[machine]\ncores = 4\n[[tasks]]\ncount = 4\nsteps = [{ compute = \"1s\" }]\n",
    );
    assert_best(&play, "multiprocessing", &["sequential", "threading", "thread_pool", "asyncio"]);
}

#[test]
fn concurrent_futures_does_as_well_as_threads_and_processes_made_by_hand() {
    let play = Play::of(
        r#"
        [machine]
        cores = 4
        [[tasks]]
        count = 4
        steps = [{ wait = "300ms" }, { compute = "100ms" }]
        [[tools]]
        use = "threading"
        [[tools]]
        use = "thread_pool"
        workers = 4
        [[tools]]
        use = "multiprocessing"
        [[tools]]
        use = "process_pool"
        workers = 4
        "#,
    );
    assert_eq!(play.makespan("thread_pool"), play.makespan("threading"));
    assert_eq!(play.makespan("process_pool"), play.makespan("multiprocessing"));
}
