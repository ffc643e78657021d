use crate::play::Play;
use gilsim::trace::Outcome;

#[test]
fn tasks_that_wait_for_each_other_are_named_with_what_they_wait_for() {
    let play = Play::of(
        r#"
        [semaphores]
        left = 1
        right = 1
        [[tasks]]
        steps = [{ acquire = "left" }, { wait = "1ms" }, { acquire = "right" }]
        [[tasks]]
        steps = [{ acquire = "right" }, { wait = "1ms" }, { acquire = "left" }]
        "#,
    );
    for tool in ["threading", "asyncio", "multiprocessing"] {
        let Outcome::Deadlocked(stuck) = play.run(tool).outcome else { panic!("{tool} finished") };
        for (task, semaphore) in [(0, "right"), (1, "left")] {
            let names = |id: Option<gilsim::ids::TaskId>| id.is_some_and(|id| id.0 == task);
            let one = stuck.iter().find(|stuck| names(stuck.task)).expect("both are named");
            assert!(one.waits_for.contains(semaphore), "{tool}: {}", one.waits_for);
        }
    }
}
