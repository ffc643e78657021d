use std::path::Path;

use crate::{Document, parse};
use gilsim_core::model::{Distribution, Scenario};
use gilsim_core::time::SimDuration;

const TEXT: &str = "sites.shop.latency = '1s'\nsemaphores.slots = 1\n\
    tasks = [{ name = 'page', steps = [{ wait = 'shop' }] }, { name = 'page', count = 2, steps = [{ wait = 'shop' }] }]\n";

const TOOLS: &str = "tools = [{ use = 'thread_pool', label = '10 threads' }, { use = 'asyncio' }, \
    { use = 'process_pool', machine = { cores = 2 } }]\n";

fn with(text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let loaded = parse(text, "shop.toml", Path::new(""), &sets);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn listed() -> String {
    format!("{TEXT}{TOOLS}")
}

#[test]
fn a_value_is_toml_or_else_a_bare_text() {
    let scenario = with(
        TEXT,
        &[
            "seed=0x10",
            "title=2024",
            "machine.quantum=3ms",
            " machine . cores = 7 ",
            "interpreter.profile=ideal",
            "interpreter.lock=false",
            "sites.shop.latency={uniform=[\"1s\",\"2s\"]}",
        ],
    );
    assert_eq!((scenario.seed, scenario.title.as_str()), (16, "2024"));
    let setting = &scenario.tools[0].setting;
    assert_eq!(setting.machine.cores, 7);
    assert_eq!(setting.machine.quantum, SimDuration::from_millis(3));
    assert_eq!(setting.interpreter.profile.name, "ideal");
    assert!(!setting.interpreter.lock);
    assert!(matches!(setting.sites[0].latency, Distribution::Uniform { .. }));
}

#[test]
fn a_distribution_can_be_set_by_its_own_keys() {
    let scenario = with(TEXT, &["sites.shop.latency.exponential=5ms"]);
    let mean = SimDuration::from_millis(5);
    assert_eq!(scenario.tools[0].setting.sites[0].latency, Distribution::Exponential { mean });
}

#[test]
fn a_name_of_tasks_means_every_entry_of_it() {
    let scenario = with(TEXT, &["tasks.page.count=5", "tasks.page.payload.send=1kB"]);
    let found: Vec<_> = scenario.tasks.iter().map(|e| (e.count, e.payload.send.bytes)).collect();
    assert_eq!(found, [(5, 1_000), (5, 1_000)]);
}

#[test]
fn a_label_reaches_its_tool_and_its_overrides() {
    let sets =
        ["tools.\"10 threads\".workers=3", "tools.process_pool.machine.cores=6", "machine.cores=9"];
    let scenario = with(&listed(), &sets);
    let cores: Vec<u32> = scenario.tools.iter().map(|run| run.setting.machine.cores).collect();
    assert_eq!(cores, [9, 9, 6], "a tool's own override wins");
    assert_eq!(scenario.tools[0].workers, 3);
}

#[test]
fn tools_workers_means_every_tool_that_takes_it() {
    let scenario = with(&listed(), &["tools.workers=3"]);
    let workers: Vec<u32> = scenario.tools.iter().map(|run| run.workers).collect();
    assert_eq!(workers, [3, 1, 3]);
}

#[test]
fn an_implied_tool_can_be_set() {
    let scenario = with(TEXT, &["tools.asyncio.limit=3", "tools.workers=7"]);
    assert_eq!(scenario.tools.len(), 9, "the others stay");
    for run in &scenario.tools {
        assert_eq!(run.limit, run.tool.takes(gilsim_core::tools::OwnKey::Limit).then_some(3));
        assert!(!run.tool.takes(gilsim_core::tools::OwnKey::Workers) || run.workers == 7);
    }
}

#[test]
fn an_implied_tool_that_the_python_lacks_is_missed_only_when_it_is_named() {
    let older = "interpreter.profile=cpython-3.13";
    assert_eq!(with(TEXT, &["tools.workers=2", older]).tools.len(), 8);
    let named = ["tools.interpreter_pool.workers=2".to_owned(), older.to_owned()];
    let faults = parse(TEXT, "shop.toml", Path::new(""), &named).expect_err("3.13 lacks it");
    assert!(faults.to_string().contains("Python 3.13 has no `interpreter_pool`"), "{faults}");
    assert_eq!(with(TEXT, &["tools.interpreter_pool.workers=2"]).tools.len(), 9);
}

#[test]
fn a_setting_that_is_refused_changes_nothing() {
    let mut document = Document::parse(TEXT, "shop.toml", Path::new(""));
    for (key, value) in
        [("tools.limits", "3"), ("sites.bank.latency", "1s"), ("machine.cores", "[1")]
    {
        assert!(document.set("--vary", key, value).is_err(), "{key}");
    }
    document.set("--vary", "machine.cores", "2").unwrap();
    let scenario = document.resolve().unwrap().scenario;
    assert_eq!(scenario.tools[0].setting.machine.cores, 2);
    assert_eq!(scenario.tools[0].setting.sites.len(), 1);
}

#[test]
fn a_clone_is_changed_without_its_original() {
    let original = Document::parse(&listed(), "shop.toml", Path::new(""));
    let mut clone = original.clone();
    clone.set("--vary", "sites.shop.connections", "2").unwrap();
    let connections = |document: &Document| {
        document.resolve().unwrap().scenario.tools[0].setting.sites[0].connections
    };
    assert_eq!((connections(&original), connections(&clone)), (None, Some(2)));
}

#[test]
fn an_equals_sign_in_quotes_belongs_to_the_key() {
    let text = format!("{TEXT}tools = [{{ use = 'thread_pool', label = 'a=\"b\"' }}]");
    let scenario = with(&text, &["tools.\"a=\\\"b\\\"\".workers=3"]);
    assert_eq!(scenario.tools[0].workers, 3);
    assert_eq!(with(&text, &["tools.'a=\"b\"'.workers=3"]).tools[0].workers, 3);
}

#[test]
fn a_faulty_value_is_shown_where_the_option_says_it() {
    let mut document = Document::parse(TEXT, "shop.toml", Path::new(""));
    document.set("--vary", "machine.cores", "0").unwrap();
    let faults = document.resolve().expect_err("no cores");
    assert!(faults.to_string().contains("--vary machine.cores=0"), "{faults}");
    assert_eq!(faults.places().collect::<Vec<_>>(), [("command line", 1, 22)]);
}
