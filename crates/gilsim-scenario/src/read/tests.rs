use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Faults, Input, Loaded, limits, parse};
use gilsim_core::ids::{ComputationId, QueueId, SemaphoreId, SiteId};
use gilsim_core::model::{
    Arrival, Distribution, LockMode, OffloadTo, Parcel, Payload, Scenario, StartMethod, StepSpec,
    Tool, WaitOn, Work,
};
use gilsim_core::time::{SimDuration, SimTime};

fn load(text: &str) -> Result<Loaded, Faults> {
    parse(text, "folder/pages.toml", Path::new(""), &[])
}

fn scenario(text: &str) -> Scenario {
    load(text).unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn refusal(text: &str) -> String {
    load(text).expect_err("the scenario is broken").to_string()
}

/// A scenario of one task with these steps.
fn steps_of(steps: &str) -> Vec<StepSpec> {
    let text = format!(
        "sites.shop.latency = '1s'\ncomputations.parse.time = '1ms'\nsemaphores.slots = 2\n\
         queues.jobs = 0\ntasks = [{{ steps = [{steps}] }}]"
    );
    scenario(&text).tasks.remove(0).steps
}

fn latency_of(distribution: &str) -> Distribution {
    let text = format!("sites.a.latency = {distribution}\n{ONE_TASK}");
    scenario(&text).tools[0].setting.sites[0].latency.clone()
}

const ONE_TASK: &str = "[[tasks]]\nsteps = [{ wait = '1s' }]\n";

const fn ms(ms: u64) -> SimDuration {
    SimDuration::from_millis(ms)
}

#[test]
fn what_a_scenario_does_not_say_has_its_default() {
    let scenario = scenario(ONE_TASK);
    assert_eq!((scenario.title.as_str(), scenario.about.as_str(), scenario.seed), ("pages", "", 0));
    let entry = &scenario.tasks[0];
    assert_eq!((entry.name.as_str(), entry.count), ("", 1));
    assert!(matches!(entry.arrive, Arrival::AtOnce));
    assert_eq!(entry.payload, Payload::default());
    let tools: Vec<&str> = scenario.tools.iter().map(|run| run.label.as_str()).collect();
    let listed = Tool::ALL.into_iter().filter(|tool| !tool.is_server());
    let all: Vec<&str> = listed.map(Tool::name).collect();
    assert_eq!(tools, all, "3.14 has every tool");
    let setting = &scenario.tools[0].setting;
    assert_eq!(setting.machine.cores, 4);
    assert_eq!(setting.machine.quantum, setting.interpreter.profile.machine.quantum.0);
    assert_eq!(setting.interpreter.profile.name, "cpython-3.14");
    assert!(setting.interpreter.lock);
    assert_eq!(setting.interpreter.switch_interval, ms(5));
    let pool = &scenario.tools[2];
    assert_eq!((pool.workers, pool.limit, pool.chunk), (8, None, 1));
    assert_eq!(pool.start, StartMethod::Forkserver);
}

#[test]
fn a_profile_of_a_python_that_is_newer_than_all_known_names_the_newest() {
    for (asked, newest) in [("cpython-3.16", "cpython-3.15"), ("cpython-3.20t", "cpython-3.15t")] {
        let text = format!("interpreter.profile = '{asked}'\n{ONE_TASK}");
        let faults = load(&text).unwrap_err().to_string();
        assert!(
            faults.contains(&format!("the newest that gilsim knows is `{newest}`")),
            "{faults}"
        );
    }
}

#[test]
fn what_a_scenario_says_is_kept() {
    let scenario = scenario(
        "title = 'T'\nabout = 'A'\nseed = 18446744073709551615\n\
         machine = { cores = 8, quantum = '3ms', wake_latency = '0s' }\n\
         interpreter = { profile = 'ideal', lock = false, switch_interval = '1ms' }\n\
         sites.shop = { latency = '1s', connections = 6 }\n\
         computations.sort = { time = '20ms', lock = 'kept' }\n\
         [semaphores]\nb = 2\na = 1\n[queues]\njobs = 100\nany = 0\n\
         [[tasks]]\nname = 'page'\ncount = 100\npayload = { send = '1kB', send_objects = 21, receive = '2KiB', pickle = '3us' }\n\
         steps = [{ wait = 'shop' }]\n\
         [[tools]]\nuse = 'process_pool'\nlabel = 'four'\nworkers = 4\nchunk = 5\nstart = 'spawn'\n",
    );
    assert_eq!((scenario.title.as_str(), scenario.about.as_str()), ("T", "A"));
    assert_eq!(scenario.seed, u64::MAX);
    let permits: Vec<_> =
        scenario.semaphores.iter().map(|s| (s.name.as_str(), s.permits)).collect();
    assert_eq!(permits, [("b", 2), ("a", 1)], "in file order");
    let queues: Vec<_> = scenario.queues.iter().map(|q| (q.name.as_str(), q.capacity)).collect();
    assert_eq!(queues, [("jobs", Some(100)), ("any", None)]);
    let payload = scenario.tasks[0].payload;
    let [send, receive] =
        [(1_000, 21), (2_048, 1)].map(|(bytes, objects)| Parcel { bytes, objects });
    let pickle = Some(SimDuration::from_micros(3));
    assert_eq!(payload, Payload { send, receive, pickle, unpickle: None });
    let [run] = scenario.tools.as_slice() else { panic!("one tool is listed") };
    assert_eq!((run.label.as_str(), run.tool), ("four", Tool::ProcessPool));
    assert_eq!((run.workers, run.chunk, run.start), (4, 5, StartMethod::Spawn));
    assert_eq!((run.setting.machine.cores, run.setting.machine.quantum), (8, ms(3)));
    assert!(!run.setting.interpreter.lock);
    assert_eq!(run.setting.interpreter.switch_interval, ms(1));
    assert_eq!(run.setting.sites[0].connections, Some(6));
    assert_eq!(run.setting.computations[0].lock, LockMode::Kept);
}

#[test]
fn every_distribution_may_stand_for_a_duration() {
    assert_eq!(latency_of("'1ms'"), Distribution::Constant(ms(1)));
    let (low, high) = (ms(1), ms(2));
    assert_eq!(latency_of("{ uniform = ['1ms', '2ms'] }"), Distribution::Uniform { low, high });
    assert_eq!(latency_of("{ exponential = '1ms' }"), Distribution::Exponential { mean: low });
    let normal = Distribution::Normal { mean: low, sd: high };
    assert_eq!(latency_of("{ normal = ['1ms', '2ms'] }"), normal);
    let log_normal = Distribution::LogNormal { p50: low, p99: high };
    assert_eq!(latency_of("{ lognormal = { p50 = '1ms', p99 = '2ms' } }"), log_normal);
    let pareto = Distribution::Pareto { min: low, shape: 2.0 };
    assert_eq!(latency_of("{ pareto = { min = '1ms', shape = 2 } }"), pareto);
    let cycle = Distribution::Cycle([high, low].into());
    assert_eq!(latency_of("{ cycle = ['2ms', '1ms'] }"), cycle);
}

#[test]
fn every_step_is_read() {
    let steps = steps_of(
        "{ wait = 'shop' }, { wait = '1ms' }, { block = { exponential = '1ms' } }, \
         { compute = 'parse' }, { compute = '1ms' }, { yield = true }, { acquire = 'slots' }, \
         { release = 'slots' }, { put = 'jobs' }, { get = 'jobs' }, \
         { offload = [{ yield = true }], to = 'processes' }, { offload = [{ yield = true }] }, \
         { repeat = 3, steps = [{ yield = true }] }",
    );
    let constant = Distribution::Constant(ms(1));
    let expected = [
        StepSpec::Wait(WaitOn::Site(SiteId(0))),
        StepSpec::Wait(WaitOn::Time(constant.clone())),
        StepSpec::Block(WaitOn::Time(Distribution::Exponential { mean: ms(1) })),
        StepSpec::Compute(Work::Named(ComputationId(0))),
        StepSpec::Compute(Work::Time(constant)),
        StepSpec::Yield,
        StepSpec::Acquire(SemaphoreId(0)),
        StepSpec::Release(SemaphoreId(0)),
        StepSpec::Put(QueueId(0)),
        StepSpec::Get(QueueId(0)),
        StepSpec::Offload { to: OffloadTo::Processes, steps: vec![StepSpec::Yield] },
        StepSpec::Offload { to: OffloadTo::Threads, steps: vec![StepSpec::Yield] },
        StepSpec::Repeat { times: 3, steps: vec![StepSpec::Yield] },
    ];
    assert_eq!(format!("{steps:?}"), format!("{expected:?}"));
}

#[test]
fn steps_may_be_nested_sixteen_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let open = "{ repeat = 1, steps = [".repeat(depth);
        format!("{open}{{ yield = true }}{}", "] }".repeat(depth))
    };
    assert_eq!(steps_of(&nested(16)).len(), 1);
    let text = format!("tasks = [{{ steps = [{}] }}]", nested(17));
    assert!(refusal(&text).contains("nested more than 16 deep"));
}

#[test]
fn arrivals_are_read_and_give_the_count() {
    let entry = |arrive: &str| {
        let text = format!("[[tasks]]\narrive = {arrive}\nsteps = [{{ wait = '1s' }}]");
        scenario(&text).tasks.remove(0)
    };
    assert!(matches!(entry("'at once'").arrive, Arrival::AtOnce));
    assert!(matches!(
        entry("{ every = '10ms' }").arrive,
        Arrival::Every(Distribution::Constant(gap)) if gap == ms(10)
    ));
    assert!(matches!(
        entry("{ poisson = '0.5/ms' }").arrive,
        Arrival::Poisson { per_second } if per_second.total_cmp(&500.0).is_eq()
    ));
    let at = entry("{ at = ['3ms', '0s', '1ms'] }");
    let Arrival::At(instants) = at.arrive else { panic!("{:?}", at.arrive) };
    assert_eq!(at.count, 3);
    assert_eq!(instants.map_nanos(), [3_000_000, 0, 1_000_000]);
}

trait MapNanos {
    fn map_nanos(&self) -> Vec<u64>;
}

impl MapNanos for [SimTime] {
    fn map_nanos(&self) -> Vec<u64> {
        self.iter().map(|instant| instant.as_nanos()).collect()
    }
}

#[test]
fn a_count_must_agree_with_the_instants() {
    let text = |count: u32| {
        format!(
            "tasks = [{{ count = {count}, arrive = {{ at = ['0s', '1s'] }}, steps = [{{ wait = '1s' }}] }}]"
        )
    };
    assert_eq!(scenario(&text(2)).tasks[0].count, 2);
    assert!(refusal(&text(3)).contains("`count` is 3, but `arrive` has 2 instants"));
}

#[test]
fn an_override_merges_down_to_the_keys_and_replaces_a_duration_whole() {
    let scenario = scenario(
        "machine = { cores = 8, quantum = '3ms' }\n\
         sites.shop = { latency = { uniform = ['1s', '2s'] }, connections = 6 }\n\
         sites.bank.latency = '9s'\n\
         computations.sort = { time = '20ms', lock = 'kept' }\n\
         [[tasks]]\nsteps = [{ wait = 'shop' }]\n\
         [[tools]]\nuse = 'thread_pool'\nmachine.cores = 1\n\
         interpreter = { profile = 'cpython-3.13t' }\n\
         sites.shop = { latency = { exponential = '1s' } }\ncomputations.sort.time = '1ms'\n\
         [[tools]]\nuse = 'asyncio'\nlimit = 3\n",
    );
    let (over, plain) = (&scenario.tools[0], &scenario.tools[1]);
    assert_eq!((over.setting.machine.cores, over.setting.machine.quantum), (1, ms(3)));
    assert_eq!(over.workers, 5, "the default follows the tool's own cores");
    assert!(!over.setting.interpreter.lock, "the lock follows the tool's own profile");
    let shop = &over.setting.sites[0];
    assert_eq!(shop.latency, Distribution::Exponential { mean: SimDuration::from_secs(1) });
    assert_eq!(shop.connections, Some(6));
    assert_eq!(over.setting.sites[1].name, "bank");
    let sort = &over.setting.computations[0];
    assert_eq!((&sort.time, sort.lock), (&Distribution::Constant(ms(1)), LockMode::Kept));
    assert_eq!((plain.setting.machine.cores, plain.limit), (8, Some(3)));
    assert!(plain.setting.interpreter.lock);
}

#[test]
fn the_default_tools_are_those_of_the_profile() {
    let count = |profile: &str| {
        scenario(&format!("interpreter.profile = '{profile}'\n{ONE_TASK}")).tools.len()
    };
    assert_eq!(count("cpython-3.8"), 7);
    assert_eq!(count("cpython-3.13"), 8);
    assert_eq!(count("cpython-3.14"), 9);
    assert_eq!(count("ideal"), 9);
}

#[test]
fn a_pool_of_processes_takes_the_defaults_of_its_python() {
    let text = "interpreter.profile = 'cpython-3.14'\n\
        tasks = [{ count = 100, steps = [{ wait = '1s' }] }]\n\
        tools = [{ use = 'multiprocessing_pool', workers = 3 }]";
    let run = &scenario(text).tools[0];
    assert_eq!((run.chunk, run.start), (9, StartMethod::Forkserver));
}

#[test]
fn a_lock_may_be_put_on_a_free_threaded_build() {
    let text = format!("interpreter = {{ profile = 'cpython-3.14t', lock = true }}\n{ONE_TASK}");
    assert!(scenario(&text).tools[0].setting.interpreter.lock);
}

#[test]
fn names_may_be_any_key_but_a_duration_or_nothing() {
    let text =
        "sites.\"the shop, 2\".latency = '1s'\ntasks = [{ steps = [{ wait = 'the shop, 2' }] }]";
    assert_eq!(scenario(text).tools[0].setting.sites[0].name, "the shop, 2");
    for name in ["5ms", "", " ", "a\\nb"] {
        assert!(load(&format!("sites.\"{name}\".latency = '1s'\n{ONE_TASK}")).is_err(), "{name}");
    }
}

#[test]
fn byte_order_mark_and_line_ends_of_windows_change_nothing() {
    let text = format!("\u{feff}{}", ONE_TASK.replace('\n', "\r\n"));
    assert_eq!(scenario(&text).tasks.len(), 1);
    let faults = load(&text.replace("wait", "wiat")).expect_err("misspelt");
    assert_eq!(faults.places().collect::<Vec<_>>(), [("folder/pages.toml", 2, 12)]);
    let faults = load("\u{feff}sede = 1").expect_err("misspelt");
    assert!(faults.places().any(|place| place == ("folder/pages.toml", 1, 1)), "{faults}");
}

#[test]
fn an_empty_file_needs_tasks() {
    for text in ["", "\n", "\u{feff}", "# nothing\n", "tasks = []"] {
        assert!(refusal(text).contains("tasks"), "{text}");
    }
}

#[test]
fn a_manifest_names_the_files_as_written_and_never_absolute() {
    let loaded = load(ONE_TASK).unwrap();
    let sha256 = crate::files::digest(ONE_TASK.as_bytes());
    assert_eq!(loaded.inputs, [Input { name: "folder/pages.toml".to_owned(), sha256 }]);
    let loaded = parse(ONE_TASK, "/somewhere/pages.toml", Path::new(""), &[]).unwrap();
    assert_eq!(loaded.inputs[0].name, "pages.toml");
}

/// The scenario `folder/shop.toml` among these files of its folder.
fn load_among(files: &[(&str, &[u8])]) -> Result<Loaded, Faults> {
    let path = |name: &str| Path::new("folder").join(name);
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|(name, bytes)| (path(name), bytes.to_vec())).collect();
    crate::load_from(Arc::new(files), &path("shop.toml"), &[])
}

#[test]
fn data_files_and_own_profiles_are_read_beside_the_scenario() {
    let profile = include_str!("../../../gilsim-core/src/profile/ideal.toml")
        .replace("\"ideal\"", "\"mine\"");
    let text = "interpreter.profile = 'mine.toml'\nsites.a.latency = { samples = 'measured.csv' }\n\
        sites.b.latency = { samples = 'measured.csv' }\n\
        tasks = [{ arrive = { csv = 'arrivals.csv' }, steps = [{ wait = 'a' }] }]";
    let loaded = load_among(&[
        ("measured.csv", b"latency\n1ms\n0.002\n"),
        ("arrivals.csv", b"0\n0.5\n"),
        ("mine.toml", profile.as_bytes()),
        ("shop.toml", text.as_bytes()),
    ]);
    let loaded = loaded.unwrap_or_else(|faults| panic!("{faults}"));
    let names: Vec<&str> = loaded.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["folder/shop.toml", "mine.toml", "measured.csv", "arrivals.csv"]);
    let scenario = loaded.scenario;
    assert_eq!(scenario.tasks[0].count, 2);
    let setting = &scenario.tools[0].setting;
    assert_eq!(setting.interpreter.profile.name, "mine");
    assert_eq!(setting.sites[1].latency, Distribution::Samples([ms(1), ms(2)].into()));
}

#[test]
fn bytes_that_are_not_utf8_are_found_where_they_stand() {
    let latin = b"\xef\xbb\xbfseed = 1\ntitle = \"caf\xe9\"\n";
    let faults = load_among(&[("shop.toml", latin)]).expect_err("Latin-1");
    let places: Vec<_> = faults.places().map(|(_, line, column)| (line, column)).collect();
    assert_eq!((places, faults.exit_code()), (vec![(2, 13)], 2));
}

#[test]
fn a_missing_data_file_is_exit_code_3_where_it_is_named() {
    let faults =
        load("sites.a.latency = { samples = 'none.csv' }\n[[tasks]]\nsteps = [{ wait = 'a' }]")
            .expect_err("the file is missing");
    assert_eq!(faults.exit_code(), 3);
    assert_eq!(faults.places().collect::<Vec<_>>(), [("folder/pages.toml", 1, 31)]);
}

#[test]
fn limits_hold_exactly() {
    let with_count = |count: u64| {
        load(&format!("tasks = [{{ count = {count}, steps = [{{ yield = true }}] }}]"))
    };
    assert!(with_count(10_000_000).is_ok());
    assert!(with_count(10_000_001).is_err());
    let with_steps = |count: u64, times: u64| {
        load(&format!(
            "tasks = [{{ count = {count}, steps = [{{ repeat = {times}, steps = [{{ yield = true }}] }}] }}]"
        ))
    };
    assert!(with_steps(20, 10_000_000).is_ok());
    assert!(with_steps(21, 10_000_000).is_err());
    let with_time = |wait: &str| {
        load(&format!(
            "tasks = [{{ count = 2, steps = [{{ wait = '{wait}' }}] }}]\ntools = [{{ use = 'asyncio' }}]"
        ))
    };
    assert!(with_time("2305843009213693952ns").is_ok());
    assert!(with_time("2305843009213693953ns").is_err());
}

#[test]
fn tools_and_what_they_copy_are_limited() {
    let text = |tools: usize, sites: usize| {
        let tools = (0..tools).map(|index| format!("{{ use = 'asyncio', label = '{index}' }},"));
        let sites = (0..sites).map(|index| format!("s{index}.latency = '1s'\n"));
        format!(
            "tools = [{}]\ntasks = [{{ steps = [{{ wait = '1s' }}] }}]\n[sites]\n{}",
            tools.collect::<String>(),
            sites.collect::<String>()
        )
    };
    assert!(load(&text(1_000, 2_000)).is_ok());
    assert!(refusal(&text(1_000, 2_001)).contains("2001 sites and computations"));
    assert!(refusal(&text(1_001, 0)).contains("1001 tools"));
}

#[test]
fn time_is_counted_with_the_factor_of_the_profile() {
    let text = |profile: &str| {
        format!(
            "interpreter.profile = '{profile}'\n\
             tasks = [{{ count = 2, steps = [{{ compute = '2000000000s' }}] }}]"
        )
    };
    assert!(load(&text("cpython-3.13")).is_ok());
    assert!(load(&text("cpython-3.13t")).is_err(), "1.4 times as much is too much");
}

#[test]
fn a_large_file_is_read_at_once_with_all_its_faults() {
    let entry = "[[tasks]]\nname = 'page'\nsteps = [{ wait = '1s' }, { wiat = '1s' }]\n";
    let text = entry.repeat(1 << 14);
    let faults = load(&text).expect_err("misspelt");
    assert_eq!(faults.count(), 1 << 14);
    assert!(faults.to_string().ends_with("and 15384 more"));
    let one_line = format!("tasks = [{}]", "{ steps = [{ wiat = '1s' }] }, ".repeat(1 << 14));
    assert_eq!(
        load(&one_line).expect_err("misspelt").to_string().matches("did you mean").count(),
        1_000
    );
}

#[test]
fn a_list_of_plain_numbers_fills_no_memory_with_its_faults() {
    let list = "1,".repeat(limits::LIST_FAULTS + 9);
    let text = format!("tasks = [{{ steps = [{{ wait = {{ cycle = [{list}] }} }}] }}]");
    assert_eq!(load(&text).expect_err("no units").count(), limits::LIST_FAULTS);
}
