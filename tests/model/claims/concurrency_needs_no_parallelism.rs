use crate::play::{MS, Play};

#[test]
fn tasks_that_alternate_on_one_core_never_run_at_the_same_time() {
    let play = Play::of(
        r#"
        [machine]
        cores = 1
        [[tasks]]
        count = 4
        steps = [{ repeat = 3, steps = [{ compute = "10ms" }, { wait = "10ms" }] }]
        "#,
    );
    for tool in ["threading", "asyncio", "multiprocessing"] {
        let turns = play.run(tool).turns();
        assert!(turns.windows(2).all(|pair| pair[0].2 <= pair[1].1), "{tool}");
        assert_eq!(
            turns.iter().map(|(_, start, end)| end - start).sum::<u64>(),
            120 * MS,
            "{tool}"
        );
    }
}
