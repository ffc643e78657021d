//! What a person reads on the screen: the comparison and its verdict.
//!
//! A comparison is made from the rows of summary.csv and nothing else, so that screen and files
//! cannot disagree.

mod answers;
mod by_entry;
mod cause;
mod failures;
mod headline;
pub mod markdown;
pub mod screen;
mod shared;
mod verdict;
mod words;

pub use by_entry::entry_names;
pub(crate) use cause::{NOTICED, noticed, place};
pub use headline::headline;
pub(crate) use screen::{COUNT_HEADINGS, shown_counts};
pub(crate) use verdict::NEAR_PERCENT;
pub use verdict::verdict;
pub use words::{counted, list, one_line, percent, time};

use gilsim_core::model::ToolRun;
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::sink::summary::EntryResponses;
use gilsim_core::trace::Stuck;
use gilsim_core::workload::TooLarge;

/// What one tool made of a scenario.
#[derive(Clone, Debug)]
pub struct ToolResult<'a> {
    /// The tool with its settings.
    pub run: &'a ToolRun,
    /// Its numbers.
    pub ending: Ending,
    /// The response times of each entry, if the run finished.
    pub entries: Vec<EntryResponses>,
    /// Whether it is an open system whose load the tool cannot serve.
    pub unserved: bool,
}

/// How a tool's run ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// All tasks finished; the numbers, compared with the other tools'.
    Finished(Box<SummaryRow>),
    /// Nothing could happen any more while these waited. There is no row in the summary then.
    Deadlocked(Vec<Stuck>),
}

impl ToolResult<'_> {
    /// The numbers, where there are any.
    pub fn row(&self) -> Option<&SummaryRow> {
        match &self.ending {
            Ending::Finished(row) => Some(row),
            Ending::Deadlocked(_) => None,
        }
    }
}

/// Why a tool's run cannot be played.
pub fn too_large(label: &str, error: &TooLarge) -> String {
    format!("tool `{}`: {error}", one_line(label))
}

/// Who waits for what, a line each, for the first of those that are stuck.
pub fn deadlock(label: &str, stuck: &[Stuck]) -> String {
    const TOLD: usize = 10;
    let mut lines =
        vec![format!("`{}` deadlocks: nothing can happen any more while", one_line(label))];
    for one in stuck.iter().take(TOLD) {
        lines.push(format!("  {} waits for {}", who(one), one_line(&one.waits_for)));
    }
    if stuck.len() > TOLD {
        lines.push(format!("  and {} more wait", stuck.len() - TOLD));
    }
    lines.join("\n")
}

fn who(stuck: &Stuck) -> String {
    match (stuck.task, stuck.thread) {
        (Some(task), Some(thread)) => {
            format!("task {} (step {}, on thread {})", task.0, stuck.step, thread.0)
        }
        (Some(task), None) => format!("task {} (step {})", task.0, stuck.step),
        (None, Some(thread)) => format!("thread {}", thread.0),
        (None, None) => "the tool".to_owned(),
    }
}

#[doc(hidden)]
pub mod sample;

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::ids::{TaskId, ThreadId};

    #[test]
    fn a_deadlock_names_who_waits_for_what() {
        let stuck = |task, thread: Option<u32>| Stuck {
            task,
            step: 2,
            thread: thread.map(ThreadId),
            waits_for: "a permit of semaphore `slots`".to_owned(),
        };
        let all =
            [stuck(Some(TaskId(0)), Some(1)), stuck(Some(TaskId(1)), None), stuck(None, Some(0))];
        assert_eq!(
            deadlock("threading", &all),
            "`threading` deadlocks: nothing can happen any more while\
             \n  task 0 (step 2, on thread 1) waits for a permit of semaphore `slots`\
             \n  task 1 (step 2) waits for a permit of semaphore `slots`\
             \n  thread 0 waits for a permit of semaphore `slots`"
        );
        let many = vec![stuck(None, None); 12];
        assert!(deadlock("t", &many).ends_with("\n  and 2 more wait"));
    }
}
