use crate::play::{MS, Play};

#[test]
fn computations_that_release_the_lock_overlap_under_it() {
    let play = Play::of(
        r#"
        [machine]
        cores = 4
        [computations.hash]
        time = "100ms"
        lock = "released"
        [[tasks]]
        count = 8
        steps = [{ compute = "hash" }]
        "#,
    );
    assert_eq!(play.makespan("sequential"), 800 * MS);
    assert_eq!(play.makespan("threading"), 200 * MS);
}
