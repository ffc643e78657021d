//! Stands in for rooms that are still being built: reads only titles and labels, and plays three tasks.

pub(super) mod scenario {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use sha2::{Digest, Sha256};

    use crate::model::{
        Arrival, Interpreter, Machine, Payload, Scenario, Setting, StartMethod, TaskEntry, Tool,
        ToolRun,
    };
    use crate::profile;
    use crate::time::SimDuration;

    pub(in crate::cli) struct Loaded {
        pub(in crate::cli) scenario: Scenario,
        pub(in crate::cli) inputs: Vec<Input>,
    }

    pub(in crate::cli) struct Input {
        pub(in crate::cli) name: String,
        pub(in crate::cli) sha256: String,
    }

    pub(in crate::cli) struct Faults {
        message: String,
        code: u8,
    }

    impl Faults {
        pub(in crate::cli) fn exit_code(&self) -> u8 {
            self.code
        }

        pub(in crate::cli) fn render(&self, _coloured: bool) -> String {
            self.message.clone()
        }
    }

    pub(in crate::cli) fn load(path: &Path, sets: &[String]) -> Result<Loaded, Faults> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Faults { message: format!("error: {name}: {error}"), code: 3 })?;
        if let Some(set) = sets.iter().find(|set| !set.contains('=')) {
            return Err(Faults { message: format!("error: --set {set}"), code: 2 });
        }
        let file: toml::Table = text
            .parse()
            .map_err(|error| Faults { message: format!("error: {name}: {error}"), code: 2 })?;
        let title = file.get("title").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        let labels = file.get("tools").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let tools = labels
            .iter()
            .filter_map(|tool| tool.get("use")?.as_str())
            .filter_map(|name| Tool::ALL.into_iter().find(|tool| tool.name() == name))
            .map(tool)
            .collect();
        let digest = Sha256::digest(text.as_bytes());
        let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let sha256 = bytes.concat();
        let tasks = vec![TaskEntry {
            name: String::new(),
            count: 3,
            arrive: Arrival::AtOnce,
            payload: Payload::default(),
            steps: Vec::new(),
        }];
        let scenario = Scenario {
            title,
            about: String::new(),
            seed: 0,
            tasks,
            semaphores: Vec::new(),
            queues: Vec::new(),
            tools,
        };
        Ok(Loaded { scenario, inputs: vec![Input { name, sha256 }] })
    }

    fn tool(tool: Tool) -> ToolRun {
        let profile: Arc<_> = profile::built_in(profile::DEFAULT).expect("a built-in profile");
        ToolRun {
            label: tool.name().to_owned(),
            tool,
            workers: 1,
            limit: None,
            chunk: 1,
            start: StartMethod::Fork,
            setting: Setting {
                machine: Machine {
                    cores: 4,
                    quantum: profile.machine.quantum.0,
                    wake_latency: profile.machine.wake_latency.0,
                },
                interpreter: Interpreter {
                    lock: true,
                    switch_interval: SimDuration::from_millis(5),
                    profile,
                },
                sites: Vec::new(),
                computations: Vec::new(),
            },
        }
    }

    pub(in crate::cli) fn schema() -> String {
        "{}\n".to_owned()
    }
}

pub(super) mod plan {
    use crate::ids::{NameId, TaskId};
    use crate::time::SimDuration;
    use crate::trace::Names;

    pub(in crate::cli) struct Plan {
        pub(in crate::cli) names: Names,
        pub(in crate::cli) machine: Machine,
        pub(in crate::cli) lock: Option<()>,
        pub(in crate::cli) sites: Vec<Site>,
        pub(in crate::cli) dead: bool,
    }

    pub(in crate::cli) struct Machine {
        pub(in crate::cli) cores: u32,
    }

    pub(in crate::cli) struct Site {
        pub(in crate::cli) name: NameId,
        pub(in crate::cli) connections: Option<u32>,
    }

    impl Plan {
        #[expect(clippy::unused_self, reason = "the signature is the point")]
        pub(in crate::cli) fn demanded(&self, task: TaskId, step: u32) -> Option<SimDuration> {
            (step == 0 && task.0 < 3).then(|| SimDuration::from_millis(1))
        }
    }
}

pub(super) mod tools {
    use std::io;

    use super::plan::{Machine, Plan};
    use crate::model::{Scenario, Tool, ToolRun};
    use crate::trace::Names;

    pub(in crate::cli) fn lay_out(
        scenario: &Scenario,
        run: &ToolRun,
        _replicate: u32,
    ) -> Result<Plan, io::Error> {
        if scenario.seed == u64::MAX {
            return Err(io::Error::other("too large"));
        }
        let dead = scenario.title.contains("deadlock") && run.tool != Tool::Sequential;
        Ok(Plan {
            names: Names::default(),
            machine: Machine { cores: run.setting.machine.cores },
            lock: Some(()),
            sites: Vec::new(),
            dead,
        })
    }
}

pub(super) mod engine {
    use super::plan::Plan;
    use crate::ids::{CoreId, NameId, ProcessId, TaskId, ThreadId};
    use crate::time::{SimDuration, SimTime};
    use crate::trace::{Finished, Outcome, Row, Sink, State, Stuck, Totals};

    pub(in crate::cli) fn simulate(plan: &Plan, sink: &mut dyn Sink) -> (Outcome, Totals) {
        let ms = |ms: u32| SimTime::from_nanos(u64::from(ms) * 1_000_000);
        for task in 0..3 {
            let row = |state, start, end, core: Option<CoreId>| Row {
                task: Some(TaskId(task)),
                step: 0,
                state,
                name: NameId::EMPTY,
                start: ms(start),
                end: ms(end),
                process: Some(ProcessId::MAIN),
                thread: core.map(|_| ThreadId::MAIN),
                core,
            };
            if task > 0 {
                sink.row(&row(State::Queued, 0, task, None));
            }
            sink.row(&row(State::Running, task, task + 1, Some(CoreId(0))));
            sink.finished(&Finished { task: TaskId(task), arrived: ms(0), done: ms(task + 1) });
        }
        let totals = Totals {
            makespan: SimDuration::from_millis(3),
            switches: 0,
            threads: 1,
            processes: 1,
            memory_bytes: 1 << 20,
        };
        let stuck = Stuck {
            task: Some(TaskId(0)),
            step: 0,
            thread: None,
            waits_for: "a permit of semaphore `slots`".to_owned(),
        };
        (if plan.dead { Outcome::Deadlocked(vec![stuck]) } else { Outcome::Finished }, totals)
    }
}
