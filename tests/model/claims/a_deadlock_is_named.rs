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

#[test]
fn idle_workers_who_wait_for_work_are_not_named() {
    let text = "[queues]\nnever = 1\n[[tasks]]\nsteps = [{ get = \"never\" }]\n";
    for tool in ["process_pool", "multiprocessing_pool"] {
        let play = Play::of(&format!("{text}[[tools]]\nuse = \"{tool}\"\nworkers = 4\n"));
        let Outcome::Deadlocked(stuck) = play.run(tool).outcome else { panic!("{tool} finished") };
        let said: Vec<&str> = stuck.iter().map(|stuck| stuck.waits_for.as_str()).collect();
        assert_eq!(said, ["an item of queue `never`"], "{tool}");
    }
}

#[test]
fn tasks_that_no_worker_has_taken_are_not_named() {
    let text = "[queues]\nnever = 1\n[[tasks]]\ncount = 3\nsteps = [{ get = \"never\" }]\n";
    for tool in ["thread_pool", "process_pool"] {
        let play = Play::of(&format!("{text}[[tools]]\nuse = \"{tool}\"\nworkers = 1\n"));
        let Outcome::Deadlocked(stuck) = play.run(tool).outcome else { panic!("{tool} finished") };
        let named: Vec<Option<u32>> = stuck.iter().map(|it| it.task.map(|it| it.0)).collect();
        assert_eq!(named, [Some(0)], "{tool}");
    }
}
