use crate::play::Play;

const SCENARIO: &str = r#"
    [machine]
    cores = 4
    [[tasks]]
    count = 4
    steps = [{ compute = "10ms" }]
"#;

#[test]
fn a_thread_is_a_worker_inside_a_single_process() {
    let run = Play::of(SCENARIO).run("threading");
    assert_eq!((run.totals.threads, run.totals.processes), (5, 1));
}

#[test]
fn a_process_has_memory_of_its_own_and_takes_more_of_it_than_a_thread() {
    let play = Play::under("cpython-3.13", SCENARIO);
    let [threads, processes] = ["threading", "multiprocessing"].map(|tool| play.run(tool).totals);
    assert_eq!(processes.processes, 5);
    assert!(processes.memory_bytes > threads.memory_bytes);
}
