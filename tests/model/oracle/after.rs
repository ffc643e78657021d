//! Tasks that come after others, exactly: under every tool that starts them as soon as it can.

use crate::play::{MS, Play, run, scenario};

/// The makespan in milliseconds, when each task arrived, and when it was done.
fn played(tasks: &str, tool: &str) -> (u64, Vec<u64>, Vec<u64>) {
    let text = format!(
        "title = \"Stages\"\n[machine]\ncores = 8\n[interpreter]\nprofile = \"ideal\"\nlock = false\n\
         [sites.api]\nlatency = \"2ms\"\nfails = 1\n{tasks}\n[[tools]]\n{tool}\n"
    );
    let scenario = scenario(&text);
    let run = run(&scenario, &scenario.tools[0]);
    let mut lives: Vec<_> =
        run.heard.finished.iter().map(|life| (life.task, life.arrived, life.done)).collect();
    lives.sort_unstable();
    let arrived = lives.iter().map(|(_, arrived, _)| arrived.as_nanos() / MS).collect();
    let done = lives.iter().map(|(.., done)| done.as_nanos() / MS).collect();
    (run.totals.makespan.as_nanos() / MS, arrived, done)
}

/// Tools that have room for eight tasks at once.
const TOOLS: [&str; 8] = [
    "use = \"threading\"",
    "use = \"thread_pool\"\nworkers = 8",
    "use = \"asyncio\"",
    "use = \"to_thread\"",
    "use = \"multiprocessing\"",
    "use = \"multiprocessing_pool\"\nworkers = 8",
    "use = \"process_pool\"\nworkers = 8",
    "use = \"interpreter_pool\"\nworkers = 8",
];

const STAGES: &str = "[[tasks]]\nname = \"read\"\ncount = 3\nsteps = [{ wait = { cycle = [\"5ms\", \"9ms\", \"2ms\"] } }]\n";

#[test]
fn all_wait_for_the_last_one_of_the_stage_before() {
    let tasks =
        format!("{STAGES}[[tasks]]\nafter = \"read\"\ncount = 2\nsteps = [{{ wait = \"4ms\" }}]");
    let expected = (13, vec![0, 0, 0, 9, 9], vec![5, 9, 2, 13, 13]);
    for tool in TOOLS {
        assert_eq!(played(&tasks, tool), expected, "{tool}");
    }
}

#[test]
fn each_waits_for_its_own_one() {
    let tasks =
        format!("{STAGES}[[tasks]]\nafter = {{ each = \"read\" }}\nsteps = [{{ wait = \"4ms\" }}]");
    let expected = (13, vec![0, 0, 0, 5, 9, 2], vec![5, 9, 2, 9, 13, 6]);
    for tool in TOOLS {
        assert_eq!(played(&tasks, tool), expected, "{tool}");
    }
}

#[test]
fn a_diamond_takes_as_long_as_its_longest_way() {
    let tasks = format!(
        "{STAGES}[[tasks]]\nname = \"left\"\nafter = \"read\"\nsteps = [{{ wait = \"7ms\" }}]\n\
         [[tasks]]\nname = \"right\"\nafter = {{ each = \"read\" }}\nsteps = [{{ wait = \"1ms\" }}]\n\
         [[tasks]]\nname = \"join\"\nafter = {{ each = \"left\" }}\nsteps = [{{ wait = \"3ms\" }}]\n\
         [[tasks]]\nafter = \"right\"\nsteps = [{{ wait = \"1ms\" }}]"
    );
    for tool in TOOLS {
        let (makespan, arrived, _) = played(&tasks, tool);
        assert_eq!((makespan, &arrived[3..]), (19, &[9, 5, 9, 2, 16, 10][..]), "{tool}");
    }
}

#[test]
fn one_after_the_other_plays_in_order_of_arrival() {
    let tasks =
        format!("{STAGES}[[tasks]]\nafter = {{ each = \"read\" }}\nsteps = [{{ wait = \"4ms\" }}]");
    let expected = (28, vec![0, 0, 0, 5, 14, 16], vec![5, 14, 16, 20, 24, 28]);
    assert_eq!(played(&tasks, "use = \"sequential\""), expected);
}

#[test]
fn a_task_that_failed_is_done_too() {
    let tasks = "[[tasks]]\nname = \"call\"\nsteps = [{ wait = \"api\" }]\n\
         [[tasks]]\nafter = \"call\"\nsteps = [{ wait = \"4ms\" }]";
    for tool in TOOLS {
        assert_eq!(played(tasks, tool), (6, vec![0, 2], vec![2, 6]), "{tool}");
    }
}

#[test]
fn tasks_that_take_no_time_let_others_come_at_once() {
    let tasks = "[[tasks]]\nname = \"nothing\"\ncount = 3\nsteps = [{ wait = \"0ms\" }]\n\
         [[tasks]]\nname = \"again\"\nafter = { each = \"nothing\" }\nsteps = [{ wait = \"0ms\" }]\n\
         [[tasks]]\nafter = \"again\"\nsteps = [{ wait = \"4ms\" }]";
    for tool in TOOLS {
        assert_eq!(played(tasks, tool).0, 4, "{tool}");
    }
}

#[test]
fn those_of_clients_and_those_before_a_horizon_are_waited_for() {
    let tasks = "[run]\nuntil = \"10ms\"\n\
         [[tasks]]\nname = \"request\"\ncount = 3\narrive = { clients = 1, think = \"1ms\" }\nsteps = [{ wait = \"2ms\" }]\n\
         [[tasks]]\nname = \"beat\"\narrive = { every = \"4ms\" }\nsteps = [{ wait = \"1ms\" }]\n\
         [[tasks]]\nafter = { each = \"beat\" }\nsteps = [{ wait = \"1ms\" }]\n\
         [[tasks]]\nafter = \"request\"\nsteps = [{ wait = \"10ms\" }]";
    for tool in TOOLS {
        let (makespan, arrived, _) = played(tasks, tool);
        assert_eq!((makespan, arrived), (18, vec![0, 3, 6, 0, 4, 8, 1, 5, 9, 8]), "{tool}");
    }
}

#[test]
fn who_waits_for_nobody_comes_at_the_start() {
    let tasks = "[run]\nuntil = \"1ms\"\nwarm_up = \"0ms\"\n\
         [[tasks]]\nname = \"rare\"\narrive = { poisson = \"1/min\" }\nsteps = [{ wait = \"1ms\" }]\n\
         [[tasks]]\nafter = \"rare\"\nsteps = [{ wait = \"5ms\" }]";
    for tool in TOOLS {
        assert_eq!(played(tasks, tool), (5, vec![0], vec![5]), "{tool}");
    }
}

#[test]
fn clients_that_the_horizon_cuts_off_are_all_done_after_their_last_task() {
    let tasks = "[semaphores]\nslot = 1\n[run]\nuntil = \"10s\"\n\
         [[tasks]]\nname = \"a\"\narrive = { clients = 1, think = \"9s\" }\nsteps = [{ wait = \"1s\" }]\n\
         [[tasks]]\nafter = \"a\"\nsteps = [{ with = \"slot\", steps = [{ wait = \"20s\" }] }]\n\
         [[tasks]]\narrive = { clients = 1, think = \"1s\" }\n\
         steps = [{ with = \"slot\", steps = [{ wait = \"500ms\" }] }]";
    for tool in TOOLS {
        let expected = (21_500, vec![0, 1_000, 0, 1_500], vec![1_000, 21_000, 500, 21_500]);
        assert_eq!(played(tasks, tool), expected, "{tool}");
    }
}

#[test]
fn the_clients_of_a_pool_hear_from_futures_where_tasks_come_after_others() {
    let clients = "machine.cores = 8\n[[tasks]]\ncount = 2\narrive = { clients = 1, think = \"1ms\" }\nsteps = [{ wait = \"5ms\" }]\n";
    let stages = "[[tasks]]\nname = \"page\"\nsteps = [{ wait = \"1ms\" }]\n[[tasks]]\nafter = \"page\"\nsteps = [{ wait = \"1ms\" }]\n";
    let late = |tasks: &str, tool: &str| {
        let run = Play::under("cpython-3.13", tasks).run(tool);
        let life =
            |task: u32| run.heard.finished.iter().find(|it| it.task.0 == task).expect("done");
        let sent = life(1).arrived.saturating_since(life(0).done).as_nanos();
        sent - MS
    };
    for (tool, is_pool) in [
        ("process_pool", true),
        ("multiprocessing_pool", true),
        ("threading", false),
        ("multiprocessing", false),
    ] {
        assert_eq!(late(clients, tool), 0, "{tool}");
        assert_eq!(late(&[clients, stages].concat(), tool) > 0, is_pool, "{tool}");
    }
}
