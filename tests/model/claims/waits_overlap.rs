use crate::play::{Play, S};

#[test]
fn threads_or_coroutines_that_only_wait_take_as_long_as_the_longest() {
    let play = Play::of(
        r#"
        [machine]
        cores = 1
        [[tasks]]
        count = 50
        steps = [{ wait = { cycle = ["1s", "3s", "2s"] } }]
        "#,
    );
    for tool in ["threading", "asyncio", "multiprocessing"] {
        assert_eq!(play.makespan(tool), 3 * S, "{tool}");
    }
}
