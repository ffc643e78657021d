//! The messages for broken scenarios, each read by a person and kept beside its scenario.
//!
//! `UPDATE_GOLDEN=1 cargo test --test program scenario_messages` rewrites them.

use std::path::Path;

use crate::bench::{compare, compare_all};
use gilsim::scenario;

#[test]
fn every_broken_scenario_gets_its_messages() {
    compare_all("tests/broken", |path| {
        let faults = scenario::load(path, &[]).expect_err("the scenario is broken");
        format!("{faults}\nexit code {}\n", faults.exit_code())
    });
}

#[test]
fn every_broken_setting_gets_its_message() {
    let settings = [
        "machine.coers=3",
        "machine.cores=0",
        "machine.cores=many",
        "machine=8",
        "machine.cores",
        "machine.cores=",
        "machine.cores.number=8",
        "sites.shpo.latency=1s",
        "sites.shop.latncy=1s",
        "sites.shop.latency=5 sec",
        "sites.shop.latency={uniform=[\"1s\", \"2s\"",
        "sites.shop.latency.unifrom=[\"1s\", \"2s\"]",
        "interpreter.profile=ideel",
        "tasks.pag.count=3",
        "tasks.page=3",
        "tools.10 threads.workers=4",
        "tools.\"10 thread\".workers=4",
        "tools.\"10 threads\".limit=4",
        "tools.limit=4",
        "tools.asyncio.machine.cores=4",
        "sede=3",
    ];
    let text = "sites.shop.latency = '1s'\n\
        tasks = [{ name = 'page', steps = [{ wait = 'shop' }] }]\n\
        tools = [{ use = 'thread_pool', label = '10 threads' }, { use = 'threading' }]\n";
    let messages = settings.map(|setting| {
        let sets = [setting.to_owned()];
        let faults = scenario::parse(text, "shop.toml", Path::new(""), &sets).expect_err(setting);
        format!("{faults}\n")
    });
    compare(Path::new("tests/broken/settings.txt"), &messages.join("\n")).unwrap();
}

#[test]
fn a_missing_scenario_says_so_with_exit_code_3() {
    let faults = scenario::load(Path::new("tests/broken/none.toml"), &[]).expect_err("missing");
    assert_eq!(faults.exit_code(), 3);
    let message = "error: cannot read `tests/broken/none.toml`: No such file or directory";
    assert!(faults.to_string().starts_with(message), "{faults}");
}

#[test]
fn the_committed_schema_is_what_the_program_prints() {
    let path = Path::new("scenarios/gilsim.schema.json");
    let stale = "the schema is stale: cargo run -- schema > scenarios/gilsim.schema.json";
    compare(path, &scenario::schema()).expect(stale);
}
