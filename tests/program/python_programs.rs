//! Programs that `gilsim python` prints: their text, without running them.
//!
//! `UPDATE_GOLDEN=1 cargo test --test program python_programs` writes the expected programs anew.

mod build;

use build::{
    arriving, closed, closed_and_staged, entry, everything, fanning, ms, offloading, pages,
    program, scenario, staged, tiny_program, tool,
};
use gilsim::model::{
    Arrival, Distribution, Horizon, OffloadTo, Parcel, Payload, Scenario, StartMethod, StepSpec,
    TaskEntry, Tool, ToolRun, WaitOn, Work,
};
use gilsim::time::{SimDuration, SimTime};
use gilsim::workload::settled;

/// Compares with the program in `tests/python_programs`.
fn assert_is_printed(name: &str, program: &str) {
    let path = format!("{}/tests/python_programs/{name}.py", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, program).expect("the expected program can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("an expected program");
    assert!(program == expected, "{name}.py differs; this was printed:\n{program}");
}

/// A run of the tool on a Python that has it.
fn run(which: Tool) -> ToolRun {
    let profile = if which == Tool::InterpreterPool { "cpython-3.14" } else { "cpython-3.13" };
    tool(which, profile)
}

/// The tools that programs are printed for.
fn printed_tools() -> impl Iterator<Item = Tool> {
    Tool::ALL.into_iter().filter(|tool| !tool.is_server())
}

fn all_scenarios() -> [Scenario; 9] {
    [
        fanning(),
        pages(),
        everything(),
        arriving(),
        closed(),
        staged(),
        closed_and_staged(),
        offloading(true, OffloadTo::Threads),
        offloading(true, OffloadTo::Processes),
    ]
}

#[test]
fn pages_in_a_thread_pool_are_an_ordinary_program() {
    assert_is_printed("pages_thread_pool", &program(&pages(), &run(Tool::ThreadPool)));
}

#[test]
fn every_step_in_a_process_pool_shares_what_processes_can_share() {
    let mut run = run(Tool::ProcessPool);
    run.start = StartMethod::Spawn;
    assert_is_printed("everything_process_pool", &program(&everything(), &run));
}

#[test]
fn a_coroutine_offloads_to_threads_under_a_limit() {
    let mut run = run(Tool::Asyncio);
    run.limit = Some(3);
    let scenario = offloading(true, OffloadTo::Threads);
    assert_is_printed("offloading_asyncio", &program(&scenario, &run));
}

#[test]
fn arrivals_reach_a_multiprocessing_pool_in_batches() {
    let mut run = run(Tool::MultiprocessingPool);
    run.chunk = 2;
    assert_is_printed("arriving_pool", &program(&arriving(), &run));
}

#[test]
fn clients_of_a_thread_pool_are_heard_by_the_main_thread() {
    assert_is_printed("closed_thread_pool", &program(&closed(), &run(Tool::ThreadPool)));
}

#[test]
fn clients_of_an_event_loop_are_coroutines() {
    assert_is_printed("closed_asyncio", &program(&closed(), &run(Tool::Asyncio)));
}

#[test]
fn a_process_pool_hears_from_futures_which_jobs_are_done() {
    assert_is_printed("staged_process_pool", &program(&staged(), &run(Tool::ProcessPool)));
}

#[test]
fn coroutines_wait_for_those_before_them() {
    assert_is_printed("staged_asyncio", &program(&staged(), &run(Tool::Asyncio)));
}

#[test]
fn lists_of_steps_are_coroutines_or_go_to_the_executor() {
    assert_is_printed("fanning_asyncio", &program(&fanning(), &run(Tool::Asyncio)));
    assert_is_printed("fanning_thread_pool", &program(&fanning(), &run(Tool::ThreadPool)));
    assert_is_printed("fanning_threading", &program(&fanning(), &run(Tool::Threading)));
    assert_is_printed("fanning_sequential", &program(&fanning(), &run(Tool::Sequential)));
}

#[test]
fn whoever_waits_for_an_entry_of_which_nothing_arrives_comes_at_the_start() {
    let mut scenario = staged();
    let rare = Arrival::Poisson { per_second: 1e-6 };
    scenario.tasks[0] = TaskEntry { endless: true, arrive: rare, ..scenario.tasks[0].clone() };
    let (until, warm_up) = (SimTime::from_nanos(1_000_000), SimTime::ZERO);
    scenario.horizon = Some(Horizon { until, warm_up });
    let settled = settled(&scenario, 0).expect("there are few tasks");
    assert_eq!(settled.tasks.iter().map(|entry| entry.count).collect::<Vec<_>>(), [0, 0, 1]);
    assert!(settled.tasks[1..].iter().all(|entry| matches!(entry.arrive, Arrival::AtOnce)));
    for which in printed_tools() {
        let text = program(&settled, &run(which));
        assert!(!text.contains("AFTER"), "{}: {text}", which.name());
    }
}

#[test]
fn interpreters_share_descriptors() {
    let text = program(&everything(), &run(Tool::InterpreterPool));
    assert!(text.contains("if sys.version_info < (3, 14):"), "{text}");
    assert!(text.contains("QUEUES[\"jobs\"] = Items(4)"), "{text}");
    assert!(text.contains("os.eventfd"), "{text}");
}

#[test]
fn every_tool_plays_every_scenario_once_with_no_mark_of_the_template_left() {
    for which in printed_tools() {
        for scenario in all_scenarios() {
            let text = program(&scenario, &run(which));
            let plays = text.lines().filter(|line| line.starts_with("def play(")).count();
            assert_eq!(plays, 1, "{} of {}", which.name(), scenario.title);
            assert!(!text.contains("@@"), "{} of {}", which.name(), scenario.title);
            assert!(!text.contains("\n#?") && !text.contains("\n#."), "{}", which.name());
            assert!(text.ends_with("    main()\n"), "{}", which.name());
        }
    }
}

#[test]
fn a_step_calls_only_methods_that_the_program_has() {
    for which in printed_tools() {
        for scenario in all_scenarios() {
            let text = program(&scenario, &run(which));
            for call in text.split("task.").skip(1) {
                let end = call.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
                let method = &call[..end];
                let is_known = text.contains(&format!("    def {method}(self"))
                    || text.contains(&format!("    async def {method}(self"))
                    || ["", "loop", "notes", "step"].contains(&method);
                assert!(is_known, "{method} of {}: {}", which.name(), scenario.title);
            }
        }
    }
}

/// The part of a program that a run without `--trace` uses.
fn plain(text: &str) -> &str {
    text.split("\n# And with --trace: ").next().unwrap()
}

#[test]
fn without_a_trace_no_step_is_noted() {
    for which in printed_tools() {
        for scenario in all_scenarios() {
            let text = program(&scenario, &run(which));
            let plain = plain(&text);
            assert!(plain.len() < text.len() && plain.contains("\ndef play(work, "), "{plain}");
            for mark in ["task.", "Task(", "notes", "thread_time_ns"] {
                assert!(!plain.contains(mark), "{mark} of {}: {plain}", which.name());
            }
        }
    }
}

fn compute(nanos: u64) -> StepSpec {
    StepSpec::Compute(Work::Time(Distribution::Constant(SimDuration::from_nanos(nanos))))
}

#[test]
fn a_tiny_task_is_its_function_and_what_is_sent_is_its_number() {
    let tiny = scenario("Tiny", vec![entry("", 1_000, vec![compute(50)])]);
    let mut run = run(Tool::ProcessPool);
    run.chunk = 100;
    let text = tiny_program(&tiny, &run);
    let function =
        "def do_task(number):\n    \"\"\"Do one task.\"\"\"\n    held(TURNS[\"50 ns\"])\n\n\n";
    assert!(text.contains(function), "{text}");
    assert!(text.contains("    work = trace_task if arguments.trace else do_task\n"), "{text}");
    assert!(text.contains("    return list(range(count)), [0] * count\n"), "{text}");
    assert!(text.contains("executor.map(work, jobs, chunksize=CHUNK)"), "{text}");
    assert!(!text.contains("run_task"), "{text}");
    let timed = program(&tiny, &run);
    assert!(timed.contains("    do_task(job)\n    return time.monotonic_ns()\n"), "{timed}");
}

#[test]
fn lists_of_objects_are_sent_and_come_back() {
    let mut moving = entry("", 2, vec![compute(50)]);
    let [send, receive] = [(44, 21), (0, 1)].map(|(bytes, objects)| Parcel { bytes, objects });
    moving.payload = Payload { send, receive, ..Payload::default() };
    let text = program(&scenario("Moving", vec![moving]), &run(Tool::MultiprocessingPool));
    assert!(text.contains("    ((44, 21), (0, 1)),  # do_task\n"), "{text}");
    let jobs = "return [(given, parcel(*PAYLOADS[0][0])) for given in range(count)]";
    assert!(text.contains(jobs), "{text}");
    assert!(text.contains("return time.monotonic_ns(), parcel(*PAYLOADS[0][1])"), "{text}");
}

#[test]
fn workers_compute_first_where_the_tool_says_so() {
    let starts = [
        (Tool::ThreadPool, "        WORKERS, initializer=start_worker\n"),
        (Tool::ProcessPool, "        initializer=start_worker,\n        initargs=INHERITED,\n"),
        (Tool::MultiprocessingPool, "context.Pool(WORKERS, start_worker, INHERITED)"),
        (Tool::Multiprocessing, "    start_worker(*inherited)\n    results.put("),
        (Tool::InterpreterPool, "        initializer=start_worker,\n        initargs=INHERITED,\n"),
    ];
    for (which, start) in starts {
        let mut run = run(which);
        let waits = scenario("", vec![entry("", 1, vec![StepSpec::Wait(WaitOn::Time(ms(1)))])]);
        assert!(!program(&waits, &run).contains("start_worker"), "{}", which.name());
        run.worker_init = SimDuration::from_millis(3);
        let text = program(&waits, &run);
        assert!(text.contains(start), "{}: {text}", which.name());
        assert!(text.contains("    held(TURNS[\"worker_init\"])\n"), "{}: {text}", which.name());
        assert!(text.contains("    \"worker_init\": (held, 0.003),\n"), "{}", which.name());
    }
}

#[test]
fn children_import_what_real_programs_import_and_other_programs_only_what_they_need() {
    let imports = |text: &str| {
        ["asyncio", "concurrent.futures", "hashlib", "multiprocessing", "threading"]
            .iter()
            .filter(|module| text.contains(&format!("\nimport {module}\n")))
            .count()
    };
    assert_eq!(imports(&program(&pages(), &run(Tool::ProcessPool))), 5);
    assert_eq!(imports(&program(&pages(), &run(Tool::Multiprocessing))), 5);
    assert_eq!(imports(&program(&pages(), &run(Tool::Sequential))), 1);
}

#[test]
fn a_python_without_to_thread_uses_run_in_executor_and_joins_its_threads() {
    let scenario = offloading(false, OffloadTo::Threads);
    let old = program(&scenario, &tool(Tool::Asyncio, "cpython-3.8"));
    assert!(
        old.contains("await asyncio.get_running_loop().run_in_executor(None, do_job_part_1, hash")
    );
    assert!(old.contains("with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:"));
    let new = program(&scenario, &tool(Tool::Asyncio, "cpython-3.9"));
    assert!(new.contains("await asyncio.to_thread(do_job_part_1, hash"));
}

#[test]
fn a_switch_interval_of_its_own_is_set_and_the_usual_one_is_not() {
    let mut run = run(Tool::Threading);
    assert!(!program(&pages(), &run).contains("setswitchinterval"));
    run.setting.interpreter.switch_interval = SimDuration::from_micros(500);
    assert!(program(&pages(), &run).contains("\nsys.setswitchinterval(0.0005)\n"));
}

#[test]
fn computations_take_as_much_longer_as_the_profile_says() {
    let free_threaded = tool(Tool::Threading, "cpython-3.13t");
    let text = program(&pages(), &free_threaded);
    assert!(text.contains("    \"parse\": (held, 0.007),\n"), "{text}");
    assert!(text.contains("free-threaded build"), "{text}");
}

#[test]
fn a_million_constant_steps_are_a_loop_of_one_line() {
    let wait = StepSpec::Wait(WaitOn::Time(ms(1)));
    let steps = vec![StepSpec::Repeat { times: 1_000_000, steps: vec![wait] }];
    let text = program(&scenario("Long", vec![entry("", 2, steps)]), &run(Tool::Threading));
    assert!(text.contains("for _ in range(1000000):\n        time.sleep(0.001)\n\n"), "{text}");
    assert!(text.contains("    (do_task, 2),\n"), "{text}");
}

#[test]
fn names_of_entries_that_are_no_identifiers_become_some_that_differ() {
    let entries = ["class", "日本", "\"\"\"\\", "class!"];
    let tasks = entries.iter().zip(1..).map(|(name, times)| {
        entry(name, 1, vec![StepSpec::Repeat { times, steps: vec![StepSpec::Yield] }])
    });
    let text = program(&scenario("\"\"\"", tasks.collect()), &run(Tool::Threading));
    for name in ["do_class", "do_task", "do_task_2", "do_class_2"] {
        assert!(text.contains(&format!("def {name}(number):")), "{name}: {text}");
    }
    assert_eq!(text.matches("\"\"\"").count() % 2, 0);
}
