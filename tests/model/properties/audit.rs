//! gilsim's own audit of a run.

use gilsim::ids::NameId;
use gilsim::model::{Scenario, Tool, ToolRun};
use gilsim::plan::{KernelRules, Plan};
use gilsim::sink::audit::{Audit, AuditSetting, Followed, Held};

use crate::play::{self, Run};

/// Plays one tool and returns the run with what the audit found, in words.
pub fn audited(scenario: &Scenario, tool: &ToolRun) -> (Run, Vec<String>) {
    let plan = play::plan(scenario, tool);
    let mut audit = Audit::new(AuditSetting {
        cores: tool.setting.machine.cores,
        locked: tool.setting.interpreter.lock,
        wakes_in_place: matches!(plan.machine.kernel, KernelRules::InPlace { .. }),
        per_thread_lock: tool.tool == Tool::InterpreterPool,
        sites: limited_sites(tool, &plan),
        clients: plan.workload.closed_loops(),
        followers: Followed::all(&plan.workload),
        held: Held::of(&plan),
        limiters: plan.limiters.iter().map(|it| (it.gap, it.burst)).collect(),
        demanded: Box::new(|task, leaf| plan.demanded(task, leaf)),
        optional: Box::new(|task, leaf| plan.workload.may_be_left_out(task, leaf)),
        names: &plan.names,
    });
    let run = play::play(&plan, &mut audit);
    let findings = audit.check().iter().map(ToString::to_string).collect();
    (run, findings)
}

fn limited_sites(tool: &ToolRun, plan: &Plan) -> Vec<(NameId, u32)> {
    let position = |name: &str| plan.names.iter().position(|known| known == name);
    let sites = tool.setting.sites.iter();
    sites.filter_map(|site| Some((NameId::at(position(&site.name)?), site.connections?))).collect()
}
