//! One function a law.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::{AuditSetting, Findings, Law};
use crate::ids::TaskId;
use crate::time::{SimDuration, SimTime};
use crate::trace::{Ended, Finished, Passed, Row, State};

/// Every row has a positive length.
pub(super) fn length(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    for row in rows.iter().filter(|row| row.end <= row.start) {
        found.add(Law::Length, || format!("{} has no positive length", told(row, setting)));
    }
}

/// A row has a core exactly where its state uses one, and the core exists.
pub(super) fn core(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    for row in rows {
        match row.core {
            None if row.state.on_core() => {
                found.add(Law::Core, || format!("{} has no core", told(row, setting)));
            }
            Some(core) if !row.state.on_core() => {
                let message = || format!("{} uses core {} for nothing", told(row, setting), core.0);
                found.add(Law::Core, message);
            }
            Some(core) if core.0 >= setting.cores => {
                let message = || {
                    let (told, cores) = (told(row, setting), setting.cores);
                    format!("{told} is on core {}, but the machine has {cores} cores", core.0)
                };
                found.add(Law::Core, message);
            }
            _ => {}
        }
    }
}

/// The rows of one task partition the time from its arrival to its completion. The rows of a task
/// that never finished follow on each other.
pub(super) fn partition(
    rows: &[Row],
    finished: &[Finished],
    setting: &AuditSetting<'_>,
    found: &mut Findings,
) {
    let by_task = grouped(rows, |row| Some((row.task?, row.list)));
    let mut lives = BTreeMap::new();
    for life in finished {
        if lives.insert(life.task, life).is_some() {
            found.add(Law::Partition, || format!("task {} finished twice", life.task.0));
        }
    }
    for rows in by_task.values() {
        for pair in rows.windows(2).filter(|pair| pair[1].start != pair[0].end) {
            let kind = if pair[1].start > pair[0].end { "a gap" } else { "an overlap" };
            let message = || {
                let (first, second) = (told(pair[0], setting), told(pair[1], setting));
                format!("between {first} and {second} there is {kind}")
            };
            found.add(Law::Partition, message);
        }
    }
    for life in lives.values() {
        ends_meet(life, by_task.get(&(life.task, 0)).map_or(&[], Vec::as_slice), found);
    }
}

/// The first row of a finished task starts when it arrived, and its last row ends when it was done.
fn ends_meet(life: &Finished, rows: &[&Row], found: &mut Findings) {
    let task = life.task.0;
    let (arrived, done) = (life.arrived.as_nanos(), life.done.as_nanos());
    let Some((first, last)) = rows.first().zip(rows.last()) else {
        if arrived != done {
            let message = || format!("task {task} lived from {arrived} to {done} ns without a row");
            found.add(Law::Partition, message);
        }
        return;
    };
    if first.start != life.arrived {
        let start = first.start.as_nanos();
        let message = || format!("task {task} arrived at {arrived} ns, its rows begin at {start}");
        found.add(Law::Partition, message);
    }
    if last.end != life.done {
        let end = last.end.as_nanos();
        let message = || format!("task {task} was done at {done} ns, its rows end at {end}");
        found.add(Law::Partition, message);
    }
}

/// One row at a time on a core.
pub(super) fn one_on_a_core(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    for (core, rows) in grouped(rows, |row| row.core) {
        no_overlap(&rows, Law::OneOnACore, format_args!("on core {}", core.0), setting, found);
    }
}

/// One `running` row at a time under a lock.
pub(super) fn one_under_a_lock(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    if !setting.locked {
        return;
    }
    let running = |row: &Row| row.state == State::Running;
    for row in rows.iter().filter(|row| running(row)) {
        if row.process.is_none() || row.thread.is_none() {
            let message = || format!("{} names no process or no thread", told(row, setting));
            found.add(Law::OneUnderALock, message);
        }
    }
    if setting.per_thread_lock {
        for (thread, rows) in grouped(rows, |row| row.thread.filter(|_| running(row))) {
            let place = format_args!("under the lock of thread {}", thread.0);
            no_overlap(&rows, Law::OneUnderALock, place, setting, found);
        }
    } else {
        for (process, rows) in grouped(rows, |row| row.process.filter(|_| running(row))) {
            let place = format_args!("under the lock of process {}", process.0);
            no_overlap(&rows, Law::OneUnderALock, place, setting, found);
        }
    }
}

/// A thread is in one place at a time.
pub(super) fn one_place(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    for (thread, rows) in grouped(rows, |row| row.thread) {
        no_overlap(&rows, Law::OnePlace, format_args!("on thread {}", thread.0), setting, found);
    }
}

/// No core idles beside a `ready` thread. Tasks that wait for their event loop are on no thread and do not count.
pub(super) fn no_idle_core(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    let mut changes: BTreeMap<SimTime, i64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.core.is_some()) {
        *changes.entry(row.start).or_default() += 1;
        *changes.entry(row.end).or_default() -= 1;
    }
    // From each of these instants to the next one, that many cores are busy.
    let mut busy = 0;
    let mut steps: Vec<(SimTime, i64)> = vec![(SimTime::ZERO, 0)];
    for (at, change) in changes {
        busy += change;
        steps.push((at, busy));
    }
    let idle: Vec<(SimTime, SimTime, i64)> = steps
        .iter()
        .zip(steps.iter().skip(1).map(|(at, _)| *at).chain([SimTime::NEVER]))
        .filter(|((_, busy), _)| *busy < i64::from(setting.cores))
        .map(|((from, busy), to)| (*from, to, *busy))
        .filter(|(from, to, _)| from < to)
        .collect();
    for row in rows.iter().filter(|row| row.state == State::Ready && row.thread.is_some()) {
        let next = idle.partition_point(|(_, to, _)| *to <= row.start);
        let Some((from, _, busy)) = idle.get(next).filter(|(from, ..)| *from < row.end) else {
            continue;
        };
        let message = || {
            let (told, cores) = (told(row, setting), setting.cores);
            let at = (*from).max(row.start).as_nanos();
            format!("{told} wants a core while only {busy} of {cores} are busy, at {at} ns")
        };
        found.add(Law::NoIdleCore, message);
    }
}

/// A client has one task at a time: so no more tasks of its entry are there than clients.
pub(super) fn clients(lives: &[Finished], setting: &AuditSetting<'_>, found: &mut Findings) {
    for (tasks, clients) in &setting.clients {
        let mut changes: BTreeMap<SimTime, i64> = BTreeMap::new();
        for life in lives.iter().filter(|life| tasks.contains(&life.task.0)) {
            *changes.entry(life.arrived).or_default() += 1;
            *changes.entry(life.done).or_default() -= 1;
        }
        let mut there = 0;
        for (at, change) in changes {
            there += change;
            if there > i64::from(*clients) {
                let at = at.as_nanos();
                let message =
                    || format!("at {at} ns {there} tasks of {clients} clients are there at once");
                found.add(Law::Clients, message);
            }
        }
    }
}

/// A limiter never lets more through than its rate and its burst allow: of `burst` and one more tokens in a row, the last
/// one comes so long after the first as a token takes, of two more so long as two take, and so on.
pub(super) fn limiters(passed: &[Passed], setting: &AuditSetting<'_>, found: &mut Findings) {
    for (limiter, &(gap, burst)) in setting.limiters.iter().enumerate() {
        let of_it = passed.iter().filter(|it| it.limiter.index() == limiter);
        let mut instants: Vec<i128> = of_it.map(|it| it.at.as_nanos().into()).collect();
        instants.sort_unstable();
        let gap = i128::from(gap.as_nanos());
        // When each token came, less the time that all before it take: the latest of those before it.
        let mut latest: Option<i128> = None;
        for (number, at) in (0..).zip(instants) {
            let own = at - number * gap;
            if latest.is_some_and(|latest| own < latest - gap * i128::from(burst - 1)) {
                let message = || {
                    format!(
                        "at {at} ns limiter {limiter} lets more through than a token in {gap} ns"
                    )
                };
                found.add(Law::Limiter, message);
            }
            latest = Some(latest.map_or(own, |latest| latest.max(own)));
        }
    }
}

/// A site never has more waiters than connections.
pub(super) fn connections(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    for (site, connections) in &setting.sites {
        let mut changes: BTreeMap<SimTime, i64> = BTreeMap::new();
        let waits = |row: &&Row| matches!(row.state, State::Io | State::Suspended);
        // The event loop's own poll is no request, whatever it is called.
        let of_site = rows.iter().filter(|row| row.task.is_some() && row.name == *site);
        for row in of_site.filter(waits) {
            *changes.entry(row.start).or_default() += 1;
            *changes.entry(row.end).or_default() -= 1;
        }
        let mut waiting = 0;
        for (at, change) in changes {
            waiting += change;
            if waiting > i64::from(*connections) {
                let (name, at) = (setting.names.get(*site), at.as_nanos());
                let message = || {
                    format!(
                        "at {at} ns {waiting} wait on site `{name}`, which has {connections} connections"
                    )
                };
                found.add(Law::Connections, message);
            }
        }
    }
}

/// Delivered compute equals demanded compute: for each step of each finished task that has a row or computes.
pub(super) fn compute(
    rows: &[Row],
    finished: &[Finished],
    setting: &AuditSetting<'_>,
    found: &mut Findings,
) {
    let mut delivered: BTreeMap<(TaskId, u32), SimDuration> = BTreeMap::new();
    let mut last_step: BTreeMap<TaskId, u32> = BTreeMap::new();
    for (row, task) in rows.iter().filter_map(|row| row.task.map(|task| (row, task))) {
        let last = last_step.entry(task).or_default();
        *last = row.step.max(*last);
        if matches!(row.state, State::Running | State::Native) {
            *delivered.entry((task, row.step)).or_default() += row.length();
        }
    }
    let failed = finished.iter().filter(|life| life.ended == Ended::Failed);
    let failed: BTreeSet<TaskId> = failed.map(|life| life.task).collect();
    let done: BTreeSet<TaskId> = finished.iter().map(|life| life.task).collect();
    for (task, last) in last_step.into_iter().filter(|(task, _)| done.contains(task)) {
        for step in 0..=last {
            let wanted = (setting.demanded)(task, step).unwrap_or_default().as_nanos();
            let got = delivered.get(&(task, step)).copied().unwrap_or_default().as_nanos();
            // What a task that fails gives back is of a later step than the one that failed.
            let is_left_out = got == 0 && failed.contains(&task);
            let may_be_less = is_left_out || got < wanted && (setting.optional)(task, step);
            if got != wanted && !may_be_less {
                let task = task.0;
                let message =
                    || format!("step {step} of task {task} computed {got} ns instead of {wanted}");
                found.add(Law::Compute, message);
            }
        }
    }
}

/// The rows that have a key, by key, each group in the order of its starts.
fn grouped<K: Ord>(rows: &[Row], key: impl Fn(&Row) -> Option<K>) -> BTreeMap<K, Vec<&Row>> {
    let mut groups: BTreeMap<K, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().push(row);
        }
    }
    for group in groups.values_mut() {
        group.sort_by_key(|row| (row.start, row.end));
    }
    groups
}

/// Rows in the order of their starts never overlap. Compared with the row that reached furthest, so that
/// a long row which hides several short ones is seen each time.
fn no_overlap(
    rows: &[&Row],
    law: Law,
    place: impl Display,
    setting: &AuditSetting<'_>,
    found: &mut Findings,
) {
    let Some((mut furthest, rest)) = rows.split_first() else { return };
    for row in rest {
        if row.start < furthest.end {
            let message = || {
                let (first, second) = (told(furthest, setting), told(row, setting));
                format!("{first} and {second} overlap {place}")
            };
            found.add(law, message);
        }
        if row.end > furthest.end {
            furthest = row;
        }
    }
}

/// A row in words.
fn told(row: &Row, setting: &AuditSetting<'_>) -> String {
    let whose = match (row.task, row.thread) {
        (Some(task), _) => format!("task {} step {}", task.0, row.step),
        (None, Some(thread)) => format!("thread {}", thread.0),
        (None, None) => "nobody".to_owned(),
    };
    let name = setting.names.get(row.name);
    let name = if name.is_empty() { String::new() } else { format!(" `{name}`") };
    let (state, start, end) = (row.state.name(), row.start.as_nanos(), row.end.as_nanos());
    format!("row {state}{name} of {whose} ({start} to {end} ns)")
}
