use crate::play::{MS, Play};

#[test]
fn sequential_time_is_the_sum_of_all_waits_and_computations() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 10
        steps = [{ wait = { cycle = ["10ms", "20ms", "30ms"] } }, { compute = "7ms" }, { block = "3ms" }]
        [[tasks]]
        steps = [{ repeat = 4, steps = [{ compute = "11ms" }] }]
        "#,
    );
    // Ten tasks of 10, 20, 30, 10, … and 7 + 3 each, then 4 × 11.
    assert_eq!(play.makespan("sequential"), (190 + 10 * 10 + 44) * MS);
}
