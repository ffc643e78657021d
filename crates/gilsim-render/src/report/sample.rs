//! Results made by hand, for tests.

use super::{Ending, ToolResult};
use gilsim_core::model::{
    Arrival, Interpreter, Machine, Payload, Scenario, Serving, Setting, StartMethod, TaskEntry,
    Tool, ToolRun,
};
use gilsim_core::profile;
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::sink::summary::compare;
use gilsim_core::time::SimDuration;
use gilsim_core::tools::OwnKey;

/// A tool on 4 cores under the profile `ideal`, with 8 workers where it takes any.
pub fn tool(tool: Tool) -> ToolRun {
    let profile = profile::built_in("ideal").expect("a built-in profile");
    ToolRun {
        label: tool.name().to_owned(),
        tool,
        workers: if tool.takes(OwnKey::Workers) { 8 } else { 1 },
        limit: None,
        chunk: 1,
        start: StartMethod::Fork,
        worker_init: SimDuration::ZERO,
        offload_workers: None,
        serving: Serving::default(),
        setting: Setting {
            machine: Machine {
                cores: 4,
                quantum: SimDuration::from_millis(4),
                wake_latency: SimDuration::ZERO,
            },
            interpreter: Interpreter {
                profile,
                lock: true,
                switch_interval: SimDuration::from_millis(5),
            },
            sites: Vec::new(),
            computations: Vec::new(),
        },
    }
}

/// Results compared with each other.
pub fn results(tools: &[ToolRun], mut rows: Vec<SummaryRow>) -> Vec<ToolResult<'_>> {
    compare(&mut rows, Some("sequential"));
    tools
        .iter()
        .zip(rows)
        .map(|(run, row)| ToolResult {
            run,
            ending: Ending::Finished(Box::new(row)),
            entries: Vec::new(),
            unserved: false,
        })
        .collect()
}

/// A scenario of 100 tasks that do nothing, with these tools.
pub fn scenario(title: &str, tools: &[ToolRun]) -> Scenario {
    Scenario {
        title: title.to_owned(),
        about: String::new(),
        seed: 42,
        horizon: None,
        tasks: vec![TaskEntry {
            endless: false,
            name: String::new(),
            count: 100,
            arrive: Arrival::AtOnce,
            payload: Payload::default(),
            steps: Vec::new(),
        }],
        watched: None,
        semaphores: Vec::new(),
        locks: Vec::new(),
        flags: Vec::new(),
        barriers: Vec::new(),
        limiters: Vec::new(),
        queues: Vec::new(),
        tools: tools.to_vec(),
    }
}
