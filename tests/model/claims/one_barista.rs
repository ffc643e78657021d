use crate::play::{Play, S};

/// An order takes 2 s to take, the milk heats 60 s by itself, the coffee takes 4 s to make.
#[test]
fn one_barista_keeps_several_orders_in_the_air_at_once() {
    let play = Play::of(
        r#"
        [machine]
        cores = 1
        [[tasks]]
        count = 3
        steps = [{ compute = "2s" }, { wait = "60s" }, { compute = "4s" }]
        "#,
    );
    assert_eq!(play.makespan("sequential"), 3 * 66 * S);
    // The first milk is hot at 62; three coffees are made one after the other.
    assert_eq!(play.makespan("asyncio"), (62 + 3 * 4) * S);
}
