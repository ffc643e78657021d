use crate::play::{MS, Play};

#[test]
fn a_pool_or_a_limit_of_ten_makes_ten_requests_at_a_time() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 100
        steps = [{ wait = "100ms" }]
        [[tools]]
        use = "thread_pool"
        workers = 10
        [[tools]]
        use = "process_pool"
        workers = 10
        [[tools]]
        use = "asyncio"
        limit = 10
        "#,
    );
    for tool in ["thread_pool", "process_pool", "asyncio"] {
        assert_eq!(play.makespan(tool), 1000 * MS, "{tool}");
    }
}

#[test]
fn a_site_with_six_connections_answers_six_at_a_time_whatever_the_tool() {
    let play = Play::of(
        r#"
        [sites.shop]
        latency = "100ms"
        connections = 6
        [[tasks]]
        count = 60
        steps = [{ wait = "shop" }]
        "#,
    );
    for tool in ["threading", "asyncio", "multiprocessing"] {
        assert_eq!(play.makespan(tool), 1000 * MS, "{tool}");
    }
}
