//! What a sound scenario probably does not mean: names that no step uses, and permits that are never given back.

use std::collections::BTreeSet;

use gilsim_core::ids::SemaphoreId;
use gilsim_core::model::{Object, Scenario, StepSpec};

/// A sentence for each such thing, without a full stop.
pub fn warnings(scenario: &Scenario) -> Vec<String> {
    unused(scenario).into_iter().chain(kept_permits(scenario)).collect()
}

/// The names that the steps use, by what they name.
#[derive(Default)]
struct Used {
    sites: BTreeSet<usize>,
    computations: BTreeSet<usize>,
    semaphores: BTreeSet<usize>,
    locks: BTreeSet<usize>,
    queues: BTreeSet<usize>,
    events: BTreeSet<usize>,
    barriers: BTreeSet<usize>,
    limiters: BTreeSet<usize>,
}

impl Used {
    fn add(&mut self, steps: &[StepSpec]) {
        for step in steps {
            match step.object() {
                Object::Site(id) => _ = self.sites.insert(id.index()),
                Object::Computation(id) => _ = self.computations.insert(id.index()),
                Object::Semaphore(id) => _ = self.semaphores.insert(id.index()),
                Object::Lock(id) => _ = self.locks.insert(id.index()),
                Object::Queue(id) => _ = self.queues.insert(id.index()),
                Object::Flag(id) => _ = self.events.insert(id.index()),
                Object::Barrier(id) => _ = self.barriers.insert(id.index()),
                Object::Limiter(id) => _ = self.limiters.insert(id.index()),
                Object::Nothing
                | Object::Time(_)
                | Object::Executor(_)
                | Object::Attempts(_)
                | Object::Lists(_)
                | Object::Times(_) => {}
            }
            for (_, steps) in step.within() {
                self.add(steps);
            }
        }
    }
}

/// The names that no step uses.
fn unused(scenario: &Scenario) -> Vec<String> {
    let mut used = Used::default();
    for entry in &scenario.tasks {
        used.add(&entry.steps);
    }
    // All tools have sites and computations of the same names.
    let setting = &scenario.tools[0].setting;
    let groups: [(&str, Vec<&str>, BTreeSet<usize>); 8] = [
        ("site", setting.sites.iter().map(|site| site.name.as_str()).collect(), used.sites),
        (
            "computation",
            setting.computations.iter().map(|one| one.name.as_str()).collect(),
            used.computations,
        ),
        (
            "semaphore",
            scenario.semaphores.iter().map(|one| one.name.as_str()).collect(),
            used.semaphores,
        ),
        ("lock", scenario.locks.iter().map(|one| one.name.as_str()).collect(), used.locks),
        ("queue", scenario.queues.iter().map(|one| one.name.as_str()).collect(), used.queues),
        ("event", scenario.flags.iter().map(|one| one.name.as_str()).collect(), used.events),
        ("barrier", scenario.barriers.iter().map(|one| one.name.as_str()).collect(), used.barriers),
        ("limiter", scenario.limiters.iter().map(|one| one.name.as_str()).collect(), used.limiters),
    ];
    let told = groups.into_iter().flat_map(|(what, names, used)| {
        let unused = names.into_iter().enumerate().filter(move |(at, _)| !used.contains(at));
        unused.map(move |(_, name)| format!("no step uses {what} `{}`", crate::shortened(name)))
    });
    told.collect()
}

/// The semaphores of which all tasks together take more permits than they give back: one task may give back what another
/// takes.
fn kept_permits(scenario: &Scenario) -> Vec<String> {
    let semaphores = scenario.semaphores.iter().enumerate();
    let told = semaphores.filter_map(|(at, semaphore)| {
        let (taken, given) = turns_of_all(scenario, SemaphoreId::at(at))?;
        let name = crate::shortened(&semaphore.name);
        (taken > given).then(|| {
            let back = match given {
                0 => "never given back".to_owned(),
                _ => format!("given back {}", times(given)),
            };
            let taken = times(taken);
            format!("a `release` of semaphore `{name}` is missing: its permits are taken {taken} and {back}")
        })
    });
    told.collect()
}

/// How many permits of that semaphore all tasks take and give back. How many tasks an entry without an end has is not known:
/// then those of one task of each, unless one gives back what another takes.
fn turns_of_all(scenario: &Scenario, semaphore: SemaphoreId) -> Option<(u128, u128)> {
    let is_endless = scenario.tasks.iter().any(|entry| entry.endless);
    let mut all = (0, 0);
    for entry in &scenario.tasks {
        let (taken, given) = turns(&entry.steps, semaphore);
        if is_endless && given > taken {
            return None;
        }
        let count = if is_endless { 1 } else { u128::from(entry.count) };
        all = (all.0 + taken * count, all.1 + given * count);
    }
    Some(all)
}

fn times(count: u128) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// How many permits of that semaphore these steps take and give back.
fn turns(steps: &[StepSpec], semaphore: SemaphoreId) -> (u128, u128) {
    let mut turns = (0, 0);
    for step in steps {
        // A `with` gives back what it takes.
        if step.object() == Object::Semaphore(semaphore) && step.within().next().is_none() {
            // Of the two kinds that name a semaphore, the one that takes a permit may wait for it.
            if step.kind().waits_for_tasks { turns.0 += 1 } else { turns.1 += 1 }
        }
        // Whatever an attempt has taken, it gives back when it fails: one that succeeds is what counts.
        let once = matches!(step.object(), Object::Attempts(_));
        for (times, steps) in step.within() {
            let times = if once { 1 } else { times };
            let (taken, given) = self::turns(steps, semaphore);
            turns.0 += taken * u128::from(times);
            turns.1 += given * u128::from(times);
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn of(text: &str) -> Vec<String> {
        warnings(&crate::parse(text, "a.toml", Path::new(""), &[]).expect("it is sound").scenario)
    }

    #[test]
    fn a_name_that_no_step_uses_is_told() {
        let text = "semaphores.slots = 1\nqueues.jobs = 1\nsites.shop.latency = '1s'\nsites.bank.latency = '1s'\n\
            computations.parse.time = '1s'\n\
            tasks = [{ steps = [{ repeat = 2, steps = [{ wait = 'shop' }] }] }]";
        assert_eq!(
            of(text),
            [
                "no step uses site `bank`",
                "no step uses computation `parse`",
                "no step uses semaphore `slots`",
                "no step uses queue `jobs`"
            ]
        );
    }

    #[test]
    fn a_permit_that_nobody_gives_back_is_told() {
        let scenario = |tasks: &str| of(&format!("semaphores.slots = 5\ntasks = [{tasks}]"));
        let take = "{ acquire = 'slots' }";
        let give = "{ release = 'slots' }";
        let kept = scenario(&format!("{{ count = 4, steps = [{take}, {{ wait = '1s' }}] }}"));
        assert_eq!(
            kept,
            [
                "a `release` of semaphore `slots` is missing: its permits are taken 4 times and never given back"
            ]
        );
        let kept = scenario(&format!(
            "{{ steps = [{{ repeat = 3, steps = [{take}, {give}, {take}] }}, {give}] }}"
        ));
        assert_eq!(
            kept,
            [
                "a `release` of semaphore `slots` is missing: its permits are taken 6 times and given back 4 times"
            ]
        );
        let paired =
            scenario(&format!("{{ steps = [{{ repeat = 3, steps = [{take}, {give}] }}] }}"));
        assert!(paired.is_empty(), "{paired:?}");
        // What one entry takes another one gives back.
        let handed = scenario(&format!(
            "{{ count = 6, steps = [{take}] }}, {{ count = 2, steps = [{{ repeat = 3, steps = [{give}] }}] }}"
        ));
        assert!(handed.is_empty(), "{handed:?}");
    }

    #[test]
    fn of_tasks_without_an_end_only_what_none_gives_back_is_told() {
        let scenario =
            |tasks: &str| of(&format!("run.until = '1s'\nsemaphores.slots = 5\ntasks = [{tasks}]"));
        let takes = "{ arrive = { every = '10ms' }, steps = [{ acquire = 'slots' }] }";
        let gives = "{ arrive = { every = '10ms' }, steps = [{ release = 'slots' }] }";
        assert_eq!(
            scenario(takes),
            [
                "a `release` of semaphore `slots` is missing: its permits are taken once and never given back"
            ]
        );
        assert!(scenario(&format!("{takes}, {gives}")).is_empty());
    }
}
