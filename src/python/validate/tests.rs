//! Validation against programs that ran as these tests say.

use std::path::Path;

use super::*;
use gilsim_core::profile;

const SCENARIO: &str = r#"
[interpreter]
profile = "ideal"
[machine]
cores = 4
[[tasks]]
count = 2
steps = [{ wait = "1ms" }, { compute = "2ms" }]
[[tasks]]
steps = [{ repeat = 2, steps = [{ compute = { uniform = ["1ms", "2ms"] } }] }]
[[tools]]
use = "sequential"
[[tools]]
use = "interpreter_pool"
"#;

fn scenario(text: &str) -> Scenario {
    gilsim_scenario::parse(text, "a.toml", Path::new("."), &[]).unwrap().scenario
}

fn python(minor: u8, locked: bool) -> Identity {
    let version = format!("3.{minor}.0");
    let [implementation, executable] = ["CPython", "/usr/bin/python3"].map(str::to_owned);
    Identity { implementation, version, minor, locked, cores: 2, executable }
}

fn ms(ms: u64) -> SimDuration {
    SimDuration::from_millis(ms)
}

/// A repetition of [`SCENARIO`] whose four computations took so many milliseconds.
fn repetition(makespan: u64, work: [u64; 4]) -> Repetition {
    let steps = [(0, 1), (1, 1), (2, 0), (2, 1)];
    let work = steps.into_iter().zip(work);
    Repetition {
        times: Times {
            makespan: ms(makespan),
            responses: Some(Responses { p50: ms(3), p95: ms(4) }),
        },
        work: work.map(|((task, step), took)| (TaskId(task), step, ms(took))).collect(),
        notes: Notes::default(),
        intervals: Vec::new(),
    }
}

#[test]
fn a_repetition_is_predicted_with_the_work_that_it_really_did() {
    let scenario = scenario(SCENARIO);
    let run = &scenario.tools[0];
    let found = compared(&scenario, run, &[repetition(20, [3, 5, 7, 11])]).unwrap();
    let [makespan, p50, p95] = &found[..] else { panic!("{found:?}") };
    assert_eq!((makespan.predicted, makespan.measured), (ms(2 + 3 + 5 + 7 + 11), ms(20)));
    assert_eq!(makespan.error(), Some(0.4));
    assert!(makespan.is_within(0.41) && !makespan.is_within(0.39));
    // One task after the other ends at 4, 10 and 28 ms.
    assert_eq!((p50.predicted, p95.predicted), (ms(10), ms(28)));
}

#[test]
fn what_notes_cost_is_predicted_with_the_rest() {
    let scenario = scenario(SCENARIO);
    let mut run = repetition(20, [2; 4]);
    run.notes = Notes { step: ms(100), computation: ms(1_000), ..Notes::default() };
    let found = compared(&scenario, &scenario.tools[0], &[run]).unwrap();
    // Each of the three tasks has a note before it, two have one after a wait; four come after computations.
    assert_eq!(found[0].predicted, ms(2 + 4 * 2 + (3 + 2) * 100 + 4 * 1_000));
    let json =
        "{\"makespan_ns\": 9, \"responses_ns\": [5], \"note_ns\": 7, \"computation_ns\": 8}\n";
    let [step, computation] = [7, 8].map(SimDuration::from_nanos);
    let found = repetitions(json, "", 1).unwrap();
    assert_eq!(found[0].notes, Notes { step, computation, bytes: NOTE.0, objects: NOTE.1 });
}

#[test]
fn medians_are_compared_and_the_spread_is_that_of_the_measurements() {
    let scenario = scenario(SCENARIO);
    let runs = [(30, 3), (10, 1), (20, 2)].map(|(makespan, each)| repetition(makespan, [each; 4]));
    let found = compared(&scenario, &scenario.tools[0], &runs).unwrap();
    let makespan = &found[0];
    assert_eq!((makespan.predicted, makespan.measured), (ms(2 + 4 * 2), ms(20)));
    assert_eq!((makespan.shortest, makespan.longest), (ms(10), ms(30)));
    assert_eq!(makespan.error(), Some(-0.5));
}

#[test]
fn a_miss_of_half_the_spread_is_noise_and_one_beyond_it_counts_whole() {
    let comparison = |predicted| Comparison {
        metric: "makespan",
        predicted: ms(predicted),
        measured: ms(100),
        shortest: ms(96),
        longest: ms(106),
    };
    assert!(comparison(105).is_within(0.0) && comparison(95).is_within(0.0));
    assert!(!comparison(106).is_within(0.05) && !comparison(94).is_within(0.05));
    assert!(comparison(106).is_within(0.07));
}

#[test]
fn work_that_the_scenario_does_not_have_is_refused() {
    let scenario = scenario(SCENARIO);
    for (task, step) in [(0, 0), (0, 2), (2, 2), (3, 0)] {
        let mut run = repetition(1, [1; 4]);
        run.work.push((TaskId(task), step, ms(1)));
        let error = compared(&scenario, &scenario.tools[0], &[run]).unwrap_err().to_string();
        assert!(error.contains(&format!("step {step} of task {task}")), "{error}");
    }
    assert!(compared(&scenario, &scenario.tools[0], &[]).is_err());
}

#[test]
fn a_run_is_fitted_to_the_machine_and_the_python() {
    let scenario = scenario(SCENARIO);
    let profile = profile::built_in("cpython-3.13t").unwrap();
    let run = fitted(&scenario.tools[0], &profile, &python(13, false)).unwrap();
    assert_eq!(run.setting.machine.cores, 2);
    assert_eq!(run.setting.machine.quantum, profile.machine.quantum.0);
    assert!(!run.setting.interpreter.lock);
    assert_eq!(run.setting.interpreter.profile.compute_permille, 1_000);
}

#[test]
fn a_python_that_cannot_do_the_run_says_why() {
    let mut scenario = scenario(SCENARIO);
    let profile = profile::built_in("cpython-3.12").unwrap();
    let error = fitted(&scenario.tools[1], &profile, &python(12, true)).unwrap_err().to_string();
    assert_eq!(
        error,
        "Python 3.12.0 has no interpreter_pool: InterpreterPoolExecutor came with Python 3.14"
    );
    scenario.tools[0].setting.interpreter.lock = false;
    let error = fitted(&scenario.tools[0], &profile, &python(12, true)).unwrap_err().to_string();
    assert!(error.ends_with("take a free-threaded build"), "{error}");
}

#[test]
fn a_deadlock_is_found_before_a_program_would_hang() {
    let text = "[semaphores]\na = 1\n[[tasks]]\nsteps = [{ acquire = \"a\" }, { acquire = \"a\" }]\n\
                [[tools]]\nuse = \"threading\"\n";
    let scenario = scenario(text);
    let error = forecast(&scenario, &scenario.tools[0]).unwrap_err();
    assert!(matches!(&error, ValidationError::Deadlock(stuck) if !stuck.is_empty()), "{error:?}");
}

const HEAD: &str =
    "tool,replicate,task,step,state,name,start_ns,end_ns,process,thread,core,cpu_ns\n";

#[test]
fn output_is_read_by_the_names_of_its_columns() {
    let json = "{\"tool\": \"t\", \"makespan_ns\": 9, \"responses_ns\": [5, 3]}\n\
                {\"makespan_ns\": 8, \"responses_ns\": [1, 2]}\n";
    let trace = format!("{HEAD}\"a,b\",1,0,2,running,x,3,9,0,0,,7\nt,0,1,0,io,,0,4,,,,\n");
    let found = repetitions(json, &trace, 2).unwrap();
    assert_eq!(found[0].times.responses.map(|it| it.p50), Some(SimDuration::from_nanos(3)));
    assert_eq!(found[0].work, []);
    assert_eq!(found[1].times.makespan, SimDuration::from_nanos(8));
    assert_eq!(found[1].work, [(TaskId(0), 2, SimDuration::from_nanos(7))]);
    let [interval] = &found[1].intervals[..] else { panic!("{found:?}") };
    assert_eq!((interval.state, interval.name.as_str()), (State::Running, "x"));
    assert_eq!((interval.start, interval.end, interval.cpu), (3, 9, Some(7)));
}

#[test]
fn of_a_program_that_was_stopped_the_finished_repetitions_count() {
    let json = "{\"makespan_ns\": 9, \"responses_ns\": [5]}\n{\"makespan_ns\": 8, \"respo";
    let trace = format!("{HEAD}t,0,0,0,running,,0,4,0,0,,3\nt,1,0,0,running,,0,4,0,0,,3\nt,1,0,");
    let found = repetitions(json, &trace, 1).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].work, [(TaskId(0), 0, SimDuration::from_nanos(3))]);
    assert_eq!(repetitions("", "", 1), Ok(Vec::new()));
}

#[test]
fn output_that_is_not_a_programs_is_refused() {
    let json = "{\"makespan_ns\": 9, \"responses_ns\": [5]}\n";
    let told = |json: &str, rows: &str, tasks: usize| {
        repetitions(json, &format!("{HEAD}{rows}"), tasks).unwrap_err().to_string()
    };
    let row = |step: &str, state: &str, cpu: u64| format!("t,0,0,{step},{state},,0,1,0,0,,{cpu}\n");
    assert!(told("{\n", "", 1).starts_with("the program's output cannot be used: EOF"));
    assert!(told(json, "", 2).contains("1 tasks ended, and there are 2"));
    assert!(told(json, &row("x", "running", 1), 1).contains("invalid digit"));
    assert!(told(json, &row("0", "idle", 1), 1).contains("no state `idle`"));
    let long = [row("0", "running", u64::MAX), row("1", "running", u64::MAX)].concat();
    assert!(told(json, &long, 1).contains("10 years"));
}

#[test]
fn the_lanes_are_those_of_the_median_repetition_and_of_its_prediction() {
    let scenario = scenario(SCENARIO);
    let mut runs = [(30, 3), (10, 1), (20, 2)].map(|(span, each)| repetition(span, [each; 4]));
    let interval = Interval {
        task: TaskId(0),
        state: State::Running,
        name: String::new(),
        start: 0,
        end: 5,
        cpu: Some(4),
    };
    runs[2].intervals.push(interval.clone());
    let found = lanes(&scenario, &scenario.tools[0], &runs).unwrap();
    assert_eq!((found.tasks, found.measured_end), (3, ms(20)));
    assert_eq!(found.predicted_end, ms(2 + 4 * 2));
    assert_eq!(found.measured, [interval]);
    let computing = found.predicted.iter().filter(|one| one.state == State::Running);
    let computed: u64 = computing.map(|one| one.end - one.start).sum();
    assert_eq!(SimDuration::from_nanos(computed), ms(4 * 2));
    assert!(lanes(&scenario, &scenario.tools[0], &[]).is_err());
}

#[test]
fn of_many_tasks_every_so_many_has_its_lane() {
    assert_eq!([0, 1, 20, 21, 100].map(super::lanes::stride), [1, 1, 1, 2, 5]);
}
