use std::collections::BTreeSet;

use crate::play::{MS, Play};
use gilsim::trace::State;

#[test]
fn each_process_has_its_own_lock_and_its_own_core() {
    let play = Play::of(
        r#"
        [machine]
        cores = 8
        [[tasks]]
        count = 8
        steps = [{ compute = "100ms" }]
        "#,
    );
    let run = play.run("multiprocessing");
    assert_eq!(run.totals.makespan.as_nanos(), 100 * MS);
    assert_eq!(run.total(State::LockWait), 0);
    let running = || run.heard.rows.iter().filter(|row| row.state == State::Running);
    assert_eq!(running().map(|row| row.process).collect::<BTreeSet<_>>().len(), 8);
    assert_eq!(running().map(|row| row.core).collect::<BTreeSet<_>>().len(), 8);
}
