//! The table of tasks.

use std::fmt::Write as _;

use crate::program::Drawn;
use crate::program::literal::seconds;
use crate::program::shape::{Given, Shape, Value};
use crate::program::steps::{Pair, computes, lock_and_name};
use crate::program::values::sender;
use gilsim_core::ids::TaskId;
use gilsim_core::model::{Arrival, Parcel, Payload, Scenario, TaskEntry, ToolRun};
use gilsim_core::time::SimTime;
use gilsim_core::tools::OwnKey;

/// Who sends the tasks of an entry, if clients do or they come after others, as it stands before their times.
fn sent_by(number: usize, entry: &TaskEntry) -> String {
    match entry.arrive {
        Arrival::Clients { .. } | Arrival::After(_) => sender(number) + ":",
        _ => String::new(),
    }
}

/// The most lines of a table that counts alike tasks.
const MOST_COUNTS: usize = 40;

/// The tasks of a scenario, as the program lists them.
pub(super) struct Tasks<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) tool: &'a ToolRun,
    pub(super) shapes: &'a [Shape<'a>],
    /// The shape of each entry.
    pub(super) shape_of: &'a [usize],
    /// The functions of each shape.
    pub(super) names: &'a [Pair],
}

impl Tasks<'_> {
    /// Whether clients send some.
    pub(super) fn have_clients(&self) -> bool {
        self.scenario.tasks.iter().any(|entry| matches!(entry.arrive, Arrival::Clients { .. }))
    }

    /// Whether some come after others.
    pub(super) fn have_followers(&self) -> bool {
        self.scenario.tasks.iter().any(|entry| matches!(entry.arrive, Arrival::After(_)))
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.scenario.tasks.iter().map(|entry| entry.count).sum()
    }

    /// How many tasks of one shape follow each other.
    fn runs(&self) -> Vec<(usize, u32)> {
        let mut runs: Vec<(usize, u32)> = Vec::new();
        for (entry, shape) in self.scenario.tasks.iter().zip(self.shape_of) {
            match runs.last_mut() {
                Some((last, count)) if last == shape => *count += entry.count,
                _ => runs.push((*shape, entry.count)),
            }
        }
        runs
    }

    /// The table of tasks where they differ in nothing but their steps.
    pub(super) fn counts(&self) -> String {
        let mut table = String::from("# What is to be done, and how often.\nTASKS = [\n");
        for (shape, count) in self.runs() {
            writeln!(table, "    ({}, {count}),", self.names[shape].plain).expect("text grows");
        }
        table + "]"
    }

    /// The table of tasks with their arrivals and times.
    pub(super) fn table(&self, drawn: &Drawn<'_>, is_timed: bool) -> String {
        let (has_clients, has_followers) = (self.have_clients(), self.have_followers());
        let columns = match is_timed {
            true if has_clients => {
                "when it arrives (of a client's: how\n# long after the answer before it), and how long"
            }
            true if has_followers => {
                "when it arrives (0 if it waits\n# for others that AFTER tells), and how long"
            }
            true => "when it arrives, and how long",
            false => "and how long",
        };
        let mut table = format!(
            "# A line for each task: what it does, {columns} its\n# waits and computations take, in \
             seconds.\nTASKS = \"\"\"\n"
        );
        let shapes = self.scenario.tasks.iter().zip(self.shape_of).enumerate();
        let shapes = shapes.flat_map(|(number, (entry, shape))| {
            (0..entry.count).map(move |_| (sent_by(number, entry), *shape))
        });
        for (task, (sender, shape)) in (0..).map(TaskId).zip(shapes) {
            table.push_str(&self.names[shape].plain);
            if is_timed {
                let arrival = (drawn.arrivals)(task).saturating_since(SimTime::ZERO);
                table.extend([" ", &sender, &seconds(arrival)]);
            }
            for value in Given::of(task, &self.shapes[shape].steps, drawn) {
                table.extend([" ", &self.word(&value)]);
            }
            table.push('\n');
        }
        table + "\"\"\""
    }

    /// A value as the table has it: of a computation with the way it computes.
    fn word(&self, value: &Value<'_>) -> String {
        let setting = &self.tool.setting;
        let (spec, time) = match value {
            Value::Fails(fails) => return u8::from(*fails).to_string(),
            Value::Seconds(time) => return seconds(*time),
            Value::Time(spec, time) => (*spec, *time),
        };
        if !computes(spec) {
            return seconds(time);
        }
        let (lock, _) = lock_and_name(spec, setting);
        let permille = setting.interpreter.profile.compute_permille;
        format!("{}:{}", lock.name(), seconds(time.scaled(permille.into(), 1_000)))
    }

    /// Whether they differ in nothing but their steps, with few changes from one kind to another.
    pub(super) fn are_countable(&self) -> bool {
        let mut steps = self.shapes.iter().flat_map(|shape| &shape.steps);
        steps.all(|step| step.given() == 0) && self.runs().len() <= MOST_COUNTS
    }

    /// Whether anything of theirs crosses a process boundary.
    pub(super) fn have_payload(&self) -> bool {
        let is_sent = |payload: Payload| payload.send.bytes + payload.receive.bytes > 0;
        self.tool.tool.takes(OwnKey::Start)
            && self.shapes.iter().any(|shape| is_sent(shape.payload))
    }

    /// The table of what crosses process boundaries.
    pub(super) fn payloads(&self) -> String {
        let parcel = |parcel: Parcel| format!("({}, {})", parcel.bytes, parcel.objects);
        let line = |(names, shape): (&Pair, &Shape<'_>)| {
            let Payload { send, receive, .. } = shape.payload;
            format!("    ({}, {}),  # {}", parcel(send), parcel(receive), names.plain)
        };
        let lines: Vec<String> = self.names.iter().zip(self.shapes).map(line).collect();
        lines.join("\n")
    }
}
