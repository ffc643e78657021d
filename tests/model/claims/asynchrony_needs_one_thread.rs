use crate::play::{Play, S};

#[test]
fn asyncio_is_concurrent_on_a_single_thread() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 20
        steps = [{ wait = "1s" }]
        "#,
    );
    let run = play.run("asyncio");
    assert_eq!(run.totals.makespan.as_nanos(), S);
    assert_eq!((run.totals.threads, run.totals.processes), (1, 1));
    assert!(run.heard.rows.iter().all(|row| row.thread.is_none_or(|thread| thread.0 == 0)));
}
