use crate::play::{MS, Play};

#[test]
fn with_no_waiter_nobody_is_ever_interrupted() {
    let play = Play::of(
        r#"
        [[tasks]]
        steps = [{ wait = "1ms" }, { compute = "100ms" }]
        "#,
    );
    let run = play.run("threading");
    assert_eq!(run.turns(), [(0, MS, 101 * MS)]);
}
