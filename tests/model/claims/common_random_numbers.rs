use crate::play::Play;
use gilsim::trace::State;

#[test]
fn every_tool_waits_for_the_same_draws() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 25
        steps = [{ wait = { exponential = "80ms" } }, { compute = { uniform = ["1ms", "9ms"] } }]
        "#,
    );
    let work = |tool| play.run(tool).total(State::Running);
    let waits = |tool| play.run(tool).total(State::Io);
    for tool in ["threading", "thread_pool", "multiprocessing", "process_pool"] {
        assert_eq!(work(tool), work("sequential"), "{tool}");
        assert_eq!(waits(tool), waits("sequential"), "{tool}");
    }
    assert_eq!(work("asyncio"), work("sequential"));
    assert_eq!(play.run("asyncio").total(State::Suspended), waits("sequential"));
    let sum = work("sequential") + waits("sequential");
    assert_eq!(play.makespan("sequential"), sum);
}
