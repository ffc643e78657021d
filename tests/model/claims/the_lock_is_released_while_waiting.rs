use crate::play::{MS, Play};

/// The others wait for the network while the last one computes, and nobody waits for the lock.
#[test]
fn the_lock_is_released_while_waiting_for_the_network() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 30
        steps = [{ wait = "500ms" }]
        [[tasks]]
        steps = [{ compute = "400ms" }]
        "#,
    );
    let run = play.run("threading");
    assert_eq!(run.totals.makespan.as_nanos(), 500 * MS);
    assert_eq!(run.done()[30], 400 * MS);
    assert_eq!(play.makespan("sequential"), (30 * 500 + 400) * MS);
}
