use crate::play::Play;
use gilsim::trace::{Hold, State};

#[test]
fn at_most_one_thread_holds_the_lock_at_any_instant() {
    let play = Play::of(
        r#"
        [machine]
        cores = 4
        [computations.hash]
        time = "7ms"
        lock = "released"
        [[tasks]]
        count = 12
        arrive = { every = "3ms" }
        steps = [{ compute = "9ms" }, { wait = "4ms" }, { compute = "hash" }, { compute = "6ms" }]
        "#,
    );
    for tool in ["threading", "thread_pool", "to_thread"] {
        let run = play.run(tool);
        let mut holds = run.heard.holds;
        holds.sort_by_key(|hold| (hold.start, hold.end));
        assert!(holds.windows(2).all(|pair| pair[0].end <= pair[1].start), "{tool}");
        let covers = |row: &gilsim::trace::Row, hold: &Hold| {
            Some(hold.thread) == row.thread && hold.start <= row.start && row.end <= hold.end
        };
        let mut running = run.heard.rows.iter().filter(|row| row.state == State::Running);
        assert!(running.all(|row| holds.iter().any(|hold| covers(row, hold))), "{tool}");
    }
}
