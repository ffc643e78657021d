//! The set-up in plain words: what the program does, where, and with which tools.

use std::fmt::Write as _;

use super::Paragraph;
use crate::report::{counted, list, one_line, time};
use gilsim_core::model::{
    After, Arrival, Distribution, Fan, LockMode, Object, OffloadTo, Payload, Scenario, Server,
    Setting, Spends, StepSpec, TaskEntry, ToolRun, Try, Until,
};
use gilsim_core::time::SimDuration;

/// How many values of a cycle are named.
const VALUES_NAMED: usize = 6;

pub(super) fn set_up(scenario: &Scenario) -> Vec<Paragraph> {
    let facts: Vec<Vec<String>> = scenario.tools.iter().map(|run| facts(&run.setting)).collect();
    let shared = |index: usize| facts.iter().all(|own| own[index] == facts[0][index]);
    let common = (0..facts[0].len()).filter(|index| shared(*index) && !facts[0][*index].is_empty());
    let common = common.map(|index| facts[0][index].clone());
    let tools = scenario.tools.iter().zip(&facts).flat_map(|(run, own)| {
        let own =
            own.iter().enumerate().filter(|(index, fact)| !shared(*index) && !fact.is_empty());
        let own = own.map(|(_, fact)| format!("  {fact}"));
        std::iter::once(tool(run)).chain(own).collect::<Vec<_>>()
    });
    let paragraphs = [
        Paragraph { heading: "What is to be done", lines: work(scenario) },
        Paragraph { heading: "Where", lines: common.collect() },
        Paragraph { heading: "By what", lines: tools.collect() },
    ];
    paragraphs.into_iter().filter(|paragraph| !paragraph.lines.is_empty()).collect()
}

/// Tasks with their steps, and what they share.
fn work(scenario: &Scenario) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in &scenario.tasks {
        lines.push(tasks(entry, scenario));
        program(&entry.steps, scenario, 1, &mut lines);
        if let Some(payload) = payload(entry.payload) {
            lines.push(format!("  {payload}"));
        }
    }
    for semaphore in &scenario.semaphores {
        let permits = counted(semaphore.permits.into(), "permit");
        lines.push(format!("{} has {permits}.", quoted(&semaphore.name)));
    }
    for lock in &scenario.locks {
        lines.push(format!("{} is a lock: one task holds it at a time.", quoted(&lock.name)));
    }
    gates(scenario, &mut lines);
    for queue in &scenario.queues {
        let items = queue.capacity.map_or_else(
            || "any number of items".to_owned(),
            |capacity| format!("at most {}", counted(capacity.into(), "item")),
        );
        lines.push(format!("{} holds {items}.", quoted(&queue.name)));
    }
    if let Some(horizon) = scenario.horizon {
        let until = time(horizon.until.as_nanos());
        let warm_up = match horizon.warm_up.as_nanos() {
            0 => String::new(),
            warm_up => format!("; those of the first {} do not count", time(warm_up)),
        };
        lines.push(format!("Tasks arrive for {until}{warm_up}."));
    }
    lines
}

/// Events, barriers and limiters.
fn gates(scenario: &Scenario, lines: &mut Vec<String>) {
    for flag in &scenario.flags {
        lines.push(format!("{} is an event that is not set at the start.", quoted(&flag.name)));
    }
    for barrier in &scenario.barriers {
        let parties = counted(barrier.parties.into(), "task");
        lines.push(format!("{} is a barrier of {parties}.", quoted(&barrier.name)));
    }
    for limiter in &scenario.limiters {
        let (gap, burst) = (limiter.gap, counted(limiter.burst.into(), "token"));
        let name = quoted(&limiter.name);
        lines.push(format!(
            "{name} is a limiter: who passes takes a token. There are {burst} at most and at the start; one comes every {gap}."
        ));
    }
}

fn tasks(entry: &TaskEntry, scenario: &Scenario) -> String {
    let name =
        if entry.name.is_empty() { String::new() } else { format!(" {}", quoted(&entry.name)) };
    let count = match (entry.endless, entry.count) {
        (true, _) => "Tasks".to_owned(),
        (false, count) => counted(count.into(), "task"),
    };
    let one = entry.count == 1 && !entry.endless;
    let when = match &entry.arrive {
        Arrival::AtOnce if one => "there from the start".to_owned(),
        Arrival::AtOnce => "all there from the start".to_owned(),
        Arrival::Every(Distribution::Constant(gap)) => format!("one every {gap}"),
        Arrival::Every(gap) => format!("one after another, {} apart", length(gap)),
        Arrival::Poisson { per_second } => format!("at random, {per_second} a second on average"),
        Arrival::Clients { clients, think } => {
            let clients = counted((*clients).into(), "client");
            let think = match think {
                Distribution::Constant(think) if think.is_zero() => String::new(),
                think => format!(", {} later", length(think)),
            };
            format!(
                "sent by {clients}, each of which sends its next one when its last is done{think}"
            )
        }
        Arrival::After(after) => {
            let others = quoted(&scenario.tasks[after.entry()].name);
            match after {
                After::All(_) => format!("there when all tasks of {others} are done"),
                After::Each(_) => {
                    format!("each there when the task of {others} with its number is done")
                }
            }
        }
        Arrival::At(instants) => {
            let ends = instants.iter().min().zip(instants.iter().max());
            ends.map_or_else(String::new, |(first, last)| {
                format!("at set times from {} to {}", time(first.as_nanos()), time(last.as_nanos()))
            })
        }
    };
    let each = if one { "It:" } else { "Each of them:" };
    format!("{count}{name}, {when}. {each}")
}

/// A line a step, those within others further to the right.
fn program(steps: &[StepSpec], scenario: &Scenario, depth: usize, lines: &mut Vec<String>) {
    for step in steps {
        let line = step.kind().words.replace("{}", &object(step, scenario));
        lines.push(format!("{}{line}", "  ".repeat(depth)));
        for (number, (_, inner)) in step.within().enumerate() {
            if number > 0 {
                let then = if matches!(step.object(), Object::Lists(_)) {
                    "and"
                } else {
                    "and if that fails"
                };
                lines.push(format!("{}{then}:", "  ".repeat(depth)));
            }
            program(inner, scenario, depth + 1, lines);
        }
    }
}

/// What a step is about, in words that fill those of its kind.
fn object(step: &StepSpec, scenario: &Scenario) -> String {
    let setting = &scenario.tools[0].setting;
    let computes = step.kind().spends == Some(Spends::Computing);
    match step.object() {
        Object::Nothing => String::new(),
        Object::Site(id) => quoted(&setting.sites[id.index()].name),
        Object::Computation(id) => quoted(&setting.computations[id.index()].name),
        Object::Time(time) if computes => format!("in Python for {}", length(time)),
        Object::Time(time) => length(time),
        Object::Semaphore(id) => quoted(&scenario.semaphores[id.index()].name),
        Object::Lock(id) => quoted(&scenario.locks[id.index()].name),
        Object::Flag(id) => quoted(&scenario.flags[id.index()].name),
        Object::Barrier(id) => quoted(&scenario.barriers[id.index()].name),
        Object::Limiter(id) => quoted(&scenario.limiters[id.index()].name),
        Object::Queue(id) => quoted(&scenario.queues[id.index()].name),
        Object::Executor(OffloadTo::Threads) => "a thread of a pool".to_owned(),
        Object::Executor(OffloadTo::Processes) => "a process of a pool".to_owned(),
        Object::Attempts(attempts) => tried(attempts),
        Object::Lists(fan) => lists_of(fan),
        Object::Times(times) => times.to_string(),
    }
}

/// How many lists of steps there are, where that is not seen, and what one that fails does to the others.
fn lists_of(fan: &Fan) -> String {
    let is_seen = fan.lists.iter().all(|lists| lists.times == 1);
    let counts: Vec<String> = fan.lists.iter().map(|lists| lists.times.to_string()).collect();
    let counts = if is_seen { String::new() } else { format!(", {} times", counts.join(" and ")) };
    let cancels = match fan.until {
        Until::OneFails => " (one that fails cancels the others)",
        Until::AllEnd | Until::OneEnds => "",
    };
    format!("{cancels}{counts}")
}

/// How often steps are tried, and how long each attempt may take.
fn tried(attempts: &Try) -> String {
    let times = attempts.retry.map_or_else(String::new, |retry| {
        let times = counted(retry.times.into(), "more time");
        let [shortest, longest] = retry.wait(0);
        let wait = if longest.is_zero() {
            String::new()
        } else if shortest == longest {
            format!(", the first after {longest}")
        } else {
            format!(", the first after {shortest} to {longest}")
        };
        let factor = if retry.grows() {
            format!(", each further wait {} times as long", retry.factor)
        } else {
            String::new()
        };
        format!(", up to {times} if that fails{wait}{factor}")
    });
    let limit = attempts
        .timeout
        .map_or_else(String::new, |timeout| format!(", each attempt for {timeout} at most"));
    format!("{times}{limit}")
}

fn payload(payload: Payload) -> Option<String> {
    let sizes: Vec<String> = [(payload.send.bytes, "in"), (payload.receive.bytes, "back")]
        .into_iter()
        .filter(|(bytes, _)| *bytes > 0)
        .map(|(bytes, way)| format!("{} {way}", size(bytes)))
        .collect();
    (!sizes.is_empty())
        .then(|| format!("(where it is done in another process: {}, pickled)", list(&sizes)))
}

fn size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    let unit =
        units.into_iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(unit / 10));
    match unit {
        Some((name, unit)) if bytes.is_multiple_of(unit) => format!("{} {name}", bytes / unit),
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
        None => counted(bytes, "byte"),
    }
}

/// What holds for a run, in the same order for every run; empty where there is nothing to say.
fn facts(setting: &Setting) -> Vec<String> {
    let (machine, interpreter) = (&setting.machine, &setting.interpreter);
    let costs = &interpreter.profile.machine;
    let differs = |own: SimDuration, usual: SimDuration, fact: String| {
        if own == usual { String::new() } else { fact }
    };
    let python = match interpreter.profile.name.as_str() {
        "ideal" => "an ideal Python, in which nothing costs anything".to_owned(),
        name => format!("{}, with what it costs", one_line(name)),
    };
    let lock = if interpreter.lock {
        format!(
            "It has a GIL; who wants it asks the holder to give way after {}.",
            interpreter.switch_interval
        )
    } else {
        "It has no GIL.".to_owned()
    };
    let cores = counted(machine.cores.into(), "core");
    let quantum = format!("Threads that share a core take turns of {}.", machine.quantum);
    let wake = format!("A thread that is woken starts after {}.", machine.wake_latency);
    let mut facts = vec![
        format!("The machine has {cores}."),
        differs(machine.quantum, costs.quantum.0, quantum),
        differs(machine.wake_latency, costs.wake_latency.0, wake),
        format!("The interpreter is {python}."),
        lock,
    ];
    facts.extend(setting.sites.iter().map(|site| {
        let connections = site.connections.map_or_else(String::new, |most| {
            format!(", {} at once", counted(most.into(), "request"))
        });
        let (name, server) = (quoted(&site.name), server(site.server));
        format!("{name} answers after {}{connections}{server}.", length(&site.latency))
    }));
    facts.extend(setting.computations.iter().map(|work| {
        let kind = match work.lock {
            LockMode::Held => "Python code",
            LockMode::Kept => "one C call that never lets go of the GIL",
            LockMode::Released => "C code that lets go of the GIL",
        };
        format!("{} needs a core for {}: {kind}.", quoted(&work.name), length(&work.time))
    }));
    facts
}

/// What a request takes besides, in words that go on from how long the answer takes.
fn server(server: Server) -> String {
    let mut words = String::new();
    if !server.connect.is_zero() {
        let kept =
            if server.drops_connections { "each" } else { "each of which is kept for the next" };
        let _ = write!(words, ", over connections that take {} to be made, {kept}", server.connect);
    }
    if !server.per_concurrent.is_zero() {
        let _ =
            write!(words, ", and {} more for each other request in flight", server.per_concurrent);
    }
    if !server.turn.is_zero() {
        let _ = write!(words, ", and lets one request in every {}", server.turn);
    }
    words
}

/// A distribution in words that go on from "takes".
fn length(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Constant(length) => length.to_string(),
        Distribution::Uniform { low, high } => format!("{low} to {high}"),
        Distribution::Exponential { mean } => format!("{mean} on average (exponential)"),
        Distribution::Normal { mean, sd } => {
            format!("{mean} on average (normal, standard deviation {sd})")
        }
        Distribution::LogNormal { p50, p99 } => {
            format!("{p50} in the median, {p99} at the 99th percentile (log-normal)")
        }
        Distribution::Pareto { min, shape } => format!("{min} or longer (Pareto, shape {shape})"),
        Distribution::Cycle(values) => {
            let named: Vec<String> =
                values.iter().take(VALUES_NAMED).map(ToString::to_string).collect();
            match values.len() - named.len() {
                0 => format!("{} in turn", list(&named)),
                more => format!("{} and {more} more lengths in turn", named.join(", ")),
            }
        }
        Distribution::Samples(values) => {
            let ends = values.iter().min().zip(values.iter().max());
            ends.map_or_else(String::new, |(least, most)| format!("{least} to {most}, as measured"))
        }
    }
}

/// The label of a tool and what it does.
fn tool(run: &ToolRun) -> String {
    format!("{}: {}", one_line(&run.label), (run.descriptor().does)(run))
}

fn quoted(name: &str) -> String {
    format!("`{}`", one_line(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_where_they_are_round() {
        let shown = [(1, "1 byte"), (999, "999 bytes"), (1_000, "1 kB"), (1_500, "1.5 kB")];
        for (bytes, text) in shown {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(size(1_234_567), "1234567 bytes");
    }

    #[test]
    fn distributions_go_on_from_takes() {
        let ms = SimDuration::from_millis;
        let cycle: Vec<SimDuration> = (1..=8).map(ms).collect();
        let shown = [
            (Distribution::Uniform { low: ms(1), high: ms(2) }, "1 ms to 2 ms"),
            (Distribution::Cycle(cycle[..2].into()), "1 ms and 2 ms in turn"),
            (
                Distribution::Cycle(cycle.into()),
                "1 ms, 2 ms, 3 ms, 4 ms, 5 ms, 6 ms and 2 more lengths in turn",
            ),
        ];
        for (distribution, text) in shown {
            assert_eq!(length(&distribution), text);
        }
    }
}
