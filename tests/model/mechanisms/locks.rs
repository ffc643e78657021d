//! Locks of threads: who is handed one, and who has to be quick.

use crate::play::{MS, Play};

/// A thread that takes a lock again and again, and one that wants it once, a millisecond later.
fn greedy(profile: &str) -> Play {
    Play::under(
        profile,
        r#"
        machine.cores = 4
        [locks.db]
        [[tasks]]
        steps = [{ repeat = 100, steps = [{ with = "db", steps = [{ compute = "500us" }] }] }]
        [[tasks]]
        arrive = { at = ["1ms"] }
        steps = [{ with = "db", steps = [{ compute = "10us" }] }]
        [[tools]]
        use = "threading"
        interpreter = { lock = false }
        "#,
    )
}

#[test]
fn a_greedy_thread_starves_others_of_a_lock_until_3_13_and_for_a_millisecond_since_3_14() {
    let waits = |profile| greedy(profile).run("threading").done()[1] / MS;
    assert!(waits("cpython-3.13") > 20, "{}", waits("cpython-3.13"));
    assert!(waits("cpython-3.14") < 5, "{}", waits("cpython-3.14"));
    assert!(waits("cpython-3.13t") < 5, "3.13t has the lock of 3.14");
}

#[test]
fn under_ideal_a_lock_goes_to_the_longest_waiter() {
    assert_eq!(greedy("ideal").run("threading").done()[1], MS + MS / 2 + MS / 100);
}
