use crate::play::{Play, S};

#[test]
fn parallelism_requires_multiple_cores() {
    let play = Play::of(
        r#"
        [machine]
        cores = 1
        [[tasks]]
        count = 4
        steps = [{ compute = "1s" }]
        [[tools]]
        use = "multiprocessing"
        [[tools]]
        use = "multiprocessing"
        label = "several baristas"
        machine = { cores = 4 }
        "#,
    );
    assert_eq!(play.makespan("multiprocessing"), 4 * S);
    assert_eq!(play.makespan("several baristas"), S);
}
