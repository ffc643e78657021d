use crate::play::{MS, Play};

/// The tasks wait first, so that all threads are born before any of them computes.
#[test]
fn even_with_eight_cores_threads_take_turns_of_one_switch_interval() {
    let play = Play::of(
        r#"
        [machine]
        cores = 8
        [[tasks]]
        count = 3
        steps = [{ wait = "10ms" }, { compute = "10ms" }]
        "#,
    );
    let turn = |task, start| (task, start * MS, (start + 5) * MS);
    let round_robin =
        [turn(0, 10), turn(1, 15), turn(2, 20), turn(0, 25), turn(1, 30), turn(2, 35)];
    assert_eq!(play.run("threading").turns(), round_robin);
}

#[test]
fn a_longer_switch_interval_makes_longer_turns() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 2
        steps = [{ wait = "10ms" }, { compute = "16ms" }]
        [[tools]]
        use = "threading"
        interpreter = { switch_interval = "8ms" }
        "#,
    );
    let turn = |task, start| (task, start * MS, (start + 8) * MS);
    assert_eq!(play.run("threading").turns(), [turn(0, 10), turn(1, 18), turn(0, 26), turn(1, 34)]);
}
