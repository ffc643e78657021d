use crate::play::{Play, S};
use gilsim::trace::State;

const PAGES: &str = r#"
    [sites.web]
    latency = { cycle = ["1s", "2s"] }
    [[tasks]]
    count = 100
    steps = [{ wait = "web" }]
"#;

#[test]
fn a_hundred_pages_one_by_one_take_the_sum_of_all_waits() {
    assert_eq!(Play::of(PAGES).makespan("sequential"), 150 * S);
}

#[test]
fn while_one_request_waits_the_others_are_sent() {
    let play = Play::of(PAGES);
    assert_eq!(play.makespan("threading"), 2 * S);
    assert_eq!(play.makespan("asyncio"), 2 * S);
}

#[test]
fn waiting_for_pages_the_cpu_sits_idle() {
    let run = Play::of(PAGES).run("sequential");
    for state in State::ALL.into_iter().filter(|state| state.on_core()) {
        assert_eq!(run.total(state), 0, "{}", state.name());
    }
}
