use crate::play::Play;

const SCENARIO: &str = r#"
    [[tasks]]
    count = 2000
    steps = [{ wait = "1s" }]
"#;

#[test]
fn threads_are_as_good_for_io_as_asyncio() {
    let play = Play::of(SCENARIO);
    assert_eq!(play.makespan("threading"), play.makespan("asyncio"));
}

#[test]
fn asyncio_does_without_the_overhead_of_threads() {
    let play = Play::under("cpython-3.13", SCENARIO);
    let [threads, coroutines] = ["threading", "asyncio"].map(|tool| play.run(tool).totals);
    assert!(coroutines.makespan < threads.makespan);
    assert!(coroutines.memory_bytes < threads.memory_bytes);
}
