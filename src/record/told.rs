//! What people are told of a recording: what was seen, and what the scenario does not show.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::choice::{Part, Program};
use super::scenario::{Names, Play};
use super::spans::{Doings, On, Source};
use super::steps::Step;
use super::waits::nanos;

/// The share of the time from which on what is not represented is worth a warning.
const MUCH: f64 = 0.1;

/// What is told of.
pub(super) struct Seen<'a> {
    pub(super) program: &'a Program,
    pub(super) doings: &'a Doings,
    pub(super) play: &'a Play,
    pub(super) parts: &'a [Part],
    pub(super) simplified: usize,
}

/// The lines, and what follows for the scenario.
pub(super) struct Told {
    lines: Vec<String>,
    is_released: bool,
}

impl Told {
    pub(super) fn of(seen: &Seen<'_>, names: &mut Names) -> Self {
        let is_released = seen.play.is_released && seen.program.is_locked;
        let mut lines = vec![seen.what(names), seen.how_busy(is_released)];
        lines.extend(seen.not_represented());
        lines.extend(seen.notes());
        Self { lines, is_released }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }

    /// What computations do with the lock.
    pub(super) const fn lock(&self) -> &'static str {
        if self.is_released { "released" } else { "held" }
    }
}

fn collect_sites<'a>(steps: &'a [Step], sites: &mut BTreeSet<&'a Rc<str>>) {
    for step in steps {
        match step {
            Step::Wait(site, _) => {
                sites.insert(site);
            }
            Step::Offload(_, steps) => collect_sites(steps, sites),
            Step::Compute(_) | Step::Acquire(_) | Step::Release(_) => {}
        }
    }
}

impl Seen<'_> {
    fn what(&self, names: &mut Names) -> String {
        let tasks = &self.play.tasks;
        let (mut functions, mut sites) = (BTreeSet::new(), BTreeSet::new());
        for task in tasks {
            functions.insert(&task.name);
            collect_sites(&task.steps, &mut sites);
        }
        let shown = |kind, all: BTreeSet<&Rc<str>>, names: &mut Names| {
            let mut list: Vec<String> =
                all.iter().take(4).map(|name| format!("`{}`", names.shown(kind, name))).collect();
            if all.len() > 4 {
                list.push(format!("{} more", all.len() - 4));
            }
            list.join(", ")
        };
        let sites = match shown("site", sites, names) {
            sites if sites.is_empty() => "no waits outside the program".to_owned(),
            sites => format!("waits for {sites}"),
        };
        let (count, length) = (tasks.len(), seconds(self.play.to - self.play.from));
        match self.play.part.source {
            Source::Main => format!("seen: the main thread alone, {length}; {sites}"),
            Source::Pool(_) | Source::Processes(_) | Source::Thread | Source::Loop(_) => {
                let functions = shown("computation", functions, names);
                let how = match self.play.part.source {
                    Source::Pool(_) => {
                        format!("in a pool of {} threads", self.play.workers.unwrap_or(1))
                    }
                    Source::Processes(_) => {
                        format!("in a pool of {} processes", self.play.workers.unwrap_or(1))
                    }
                    Source::Loop(_) => "on an event loop".to_owned(),
                    Source::Thread | Source::Main => "each in a thread of its own".to_owned(),
                };
                let tasks = if count == 1 { "task" } else { "tasks" };
                format!("seen: {count} {tasks} ({functions}) {how}, {length}; {sites}")
            }
        }
    }

    fn how_busy(&self, is_released: bool) -> String {
        let Play { from, to, .. } = *self.play;
        let used = nanos(self.program.used.between(from, to)) / nanos((to - from).max(1));
        let cores = percent(used / f64::from(self.program.cores.max(1)));
        if !self.program.is_locked {
            return format!("cores {cores} busy; there is no lock");
        }
        if matches!(self.play.part.source, Source::Processes(_)) {
            return format!("cores {cores} busy; each process has a lock of its own");
        }
        if is_released {
            return format!("cores {cores} busy: computing gives the lock up");
        }
        format!("lock {} busy, cores {cores}; computing is taken to hold the lock", percent(used))
    }

    /// What the scenario lacks, each with its share of the time.
    fn not_represented(&self) -> Vec<String> {
        let Play { from, to, left_out, part, .. } = *self.play;
        let whole = nanos((self.doings.end - self.doings.begin).max(1));
        let of_run = |time: i64| nanos(time.max(0)) / whole;
        let of_tasks = |time: i64| nanos(time) / nanos(left_out.all.max(1));
        let mut shares = Vec::new();
        if part.source != Source::Main {
            let around = (from - self.doings.begin) + (self.doings.end - to);
            shares.push(("the program before and after these tasks", of_run(around), "of the run"));
            let meanwhile = of_run(self.main_thread_meanwhile());
            shares.push(("the main thread's own code meanwhile", meanwhile, "of the run"));
            let others: i64 = self.other_parts();
            let all = others + part.time;
            let share = nanos(others) / nanos(all.max(1));
            shares.push(("other threads and pools", share, "of all work"));
        }
        shares.push((
            "waits for other threads and tasks",
            of_tasks(left_out.for_others),
            "of task time",
        ));
        shares.push(("short and rare waits", of_tasks(left_out.waits), "of task time"));
        let worth = |share: f64| share >= 0.005;
        let told: Vec<String> = shares
            .iter()
            .filter(|(_, share, _)| worth(*share))
            .map(|(what, share, of)| format!("{what} ({} {of})", percent(*share)))
            .collect();
        let mut lines = Vec::new();
        if !told.is_empty() {
            let is_much = shares.iter().any(|(_, share, _)| *share > MUCH);
            let warning = if is_much { "warning: " } else { "" };
            lines.push(format!("{warning}not represented: {}", told.join(", ")));
        }
        let unseen = of_tasks(left_out.unseen);
        if worth(unseen) {
            let warning = if unseen > MUCH { "warning: " } else { "" };
            lines.push(format!(
                "{warning}unseen waits are {} of task time: no hook saw what for (a driver in C, files, locks)",
                percent(unseen)
            ));
        }
        lines
    }

    fn main_thread_meanwhile(&self) -> i64 {
        let Play { from, to, .. } = *self.play;
        let main = self.doings.spans.iter().filter(|span| span.source == Source::Main);
        let pieces = main.flat_map(|span| &span.pieces);
        let of_main = pieces.filter(|piece| piece.from >= from && piece.to <= to);
        let of_main = of_main.map(|piece| piece.cpu).sum::<i64>();
        match self.play.part.source {
            // The loop's own work is simulated.
            Source::Loop(_) => {
                let roots = self.doings.spans.iter().filter(|span| span.is_root);
                roots.flat_map(|span| &span.pieces).map(|piece| piece.cpu).sum()
            }
            _ => of_main,
        }
    }

    /// Waiting and computing of other parts, without the main thread's.
    fn other_parts(&self) -> i64 {
        let others = self.parts.iter().filter(|part| **part != self.play.part);
        others.filter(|part| part.source != Source::Main).map(|part| part.time).sum()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let tasks = |count: usize| format!("{count} {}", if count == 1 { "task" } else { "tasks" });
        if self.play.cut_off > 0 {
            notes.push(format!("{} had not ended, and left out", tasks(self.play.cut_off)));
        }
        let failed = self.play.tasks.iter().filter(|task| task.has_failed).count();
        if failed > 0 {
            notes.push(format!("{} failed; the scenario lets them end", tasks(failed)));
        }
        if self.simplified > 0 {
            notes.push(format!("the steps of {} were simplified", tasks(self.simplified)));
        }
        if self.is_dependent() {
            notes.push(
                "tasks were asked for after others had ended: the scenario has them arrive when they did".to_owned(),
            );
        }
        if self.program.is_cut_off {
            notes.push(
                "the log was full before the program ended: the scenario is of its first part"
                    .to_owned(),
            );
        }
        notes
    }

    /// Whether the main thread waited for tasks before it asked for more.
    fn is_dependent(&self) -> bool {
        if !self.play.is_spread {
            return false;
        }
        let main = self.doings.spans.iter().filter(|span| span.source == Source::Main);
        let waits = main.flat_map(|span| &span.pieces).filter_map(|piece| piece.wait.as_ref());
        let Some(last) = self.play.tasks.iter().map(|task| task.arrives).max() else {
            return false;
        };
        let mut before = waits.filter(|wait| wait.begin >= self.play.from && wait.end <= last);
        before.any(|wait| matches!(wait.on, On::Others(_)))
    }
}

fn seconds(nanos: i64) -> String {
    format!("{:.3} s", super::waits::nanos(nanos) / 1e9)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
