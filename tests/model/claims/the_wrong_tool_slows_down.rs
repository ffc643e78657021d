use crate::play::Play;

#[test]
fn processes_for_a_hundred_downloads_are_slower_than_asyncio_with_the_same_concurrency() {
    let pages = r#"
        [sites.web]
        latency = { uniform = ["1s", "2s"] }
        [[tasks]]
        count = 100
        payload = { send = "1kB", receive = "200kB" }
        steps = [{ wait = "web" }]
        [[tools]]
        use = "process_pool"
        workers = 10
        [[tools]]
        use = "multiprocessing_pool"
        workers = 10
        chunk = 1
        [[tools]]
        use = "asyncio"
        limit = 10
        [[tools]]
        use = "multiprocessing"
        [[tools]]
        use = "asyncio"
        label = "asyncio without limit"
    "#;
    let play = Play::under("cpython-3.13", pages);
    assert!(play.makespan("process_pool") > play.makespan("asyncio"));
    assert!(play.makespan("multiprocessing_pool") > play.makespan("asyncio"));
    assert!(play.makespan("multiprocessing") > play.makespan("asyncio without limit"));
}

#[test]
fn asyncio_for_matrices_is_slower_than_sequential() {
    let matrices = r#"
        [[tasks]]
        count = 8
        steps = [{ compute = "500ms" }]
    "#;
    let play = Play::under("cpython-3.13", matrices);
    assert!(play.makespan("asyncio") > play.makespan("sequential"));
}
