//! Steps that are tried: timeouts, retries, and what is done otherwise.

use super::{Functions, Node};
use crate::program::body::{Body, World};
use crate::program::literal::{seconds, string};
use crate::program::shape::count;
use gilsim_core::ids::SemaphoreId;
use gilsim_core::model::{Object, Retry, StepSpec, Try};

impl Functions<'_> {
    /// Tries steps, and does others when the last attempt has failed.
    pub(super) fn tried(
        &mut self,
        body: &mut Body,
        spec: &Try,
        (steps, otherwise): (&[Node<'_>], &[Node<'_>]),
        depth: usize,
    ) {
        self.features.insert("fails".to_owned());
        let outer_times = body.times.clone();
        body.tries += 1;
        let level = body.tries;
        self.given_to_attempts(body, spec, (steps, otherwise), depth);
        body.note(depth, &format!("first_{level} = task.step"));
        let is_repeated = spec.attempts() > 1;
        let inside = depth + usize::from(is_repeated);
        if is_repeated {
            let attempts = spec.attempts();
            body.line(depth, &format!("for attempt_{level} in range({attempts}):"));
            let leaves = count(steps, Node::leaves) + u32::from(spec.waits() > 0);
            body.note(inside, &format!("task.step = first_{level} + attempt_{level} * {leaves}"));
        }
        self.attempt(body, spec, steps, inside);
        self.caught(body, spec, inside);
        body.times.clone_from(&outer_times);
        if is_repeated {
            body.line(depth, "else:");
        }
        let before = count(steps, Node::leaves) * spec.attempts() + spec.waits();
        body.note(depth + 1, &format!("task.step = first_{level} + {before}"));
        if body.named.is_none() && count(otherwise, Node::given) > 0 {
            body.times = format!("rest_{level}");
        }
        body.tries -= 1;
        if spec.otherwise.is_none() {
            self.raise(body, depth + 1, "every attempt has failed");
        }
        self.steps(body, otherwise, depth + 1);
        body.times = outer_times;
        let all = before + count(otherwise, Node::leaves);
        body.note(depth, &format!("task.step = first_{level} + {all}"));
    }

    /// Each attempt has times of its own, needed or not.
    fn given_to_attempts(
        &mut self,
        body: &mut Body,
        spec: &Try,
        (steps, otherwise): (&[Node<'_>], &[Node<'_>]),
        depth: usize,
    ) {
        if body.named.is_some() {
            return;
        }
        let (level, times) = (body.tries, body.times.clone());
        let mut take = |name: &str, count: u32| {
            if count > 0 {
                self.features.insert("islice".to_owned());
                body.line(depth, &format!("{name}_{level} = iter([*islice({times}, {count})])"));
            }
        };
        let each = count(steps, Node::given);
        let waits = if spec.draws_waits() { spec.waits() } else { 0 };
        take("tries", each * spec.attempts() + waits);
        take("rest", count(otherwise, Node::given));
    }

    /// One attempt, up to where it has succeeded.
    fn attempt(&mut self, body: &mut Body, spec: &Try, steps: &[Node<'_>], depth: usize) {
        let level = body.tries;
        let given = count(steps, Node::given);
        if body.named.is_none() && given > 0 {
            let line = format!("times_{level} = iter([*islice(tries_{level}, {given})])");
            body.line(depth, &line);
            body.times = format!("times_{level}");
        }
        if spec.draws_waits() {
            body.line(depth, &format!("wait_{level} = next(tries_{level}, 0)"));
        }
        let is_thread = body.world != World::Coroutine;
        if let Some(timeout) = spec.timeout.filter(|_| is_thread) {
            self.features.insert("late".to_owned());
            let outer =
                if body.limits > 0 { format!("*{}, ", body.limits_name()) } else { String::new() };
            body.limits += 1;
            let end = format!("time.monotonic() + {}", seconds(timeout));
            let comma = if outer.is_empty() { "," } else { "" };
            body.line(depth, &format!("{} = ({outer}{end}{comma})", body.limits_name()));
        }
        body.line(depth, "try:");
        let mut inside = depth + 1;
        if let Some(timeout) = spec.timeout.filter(|_| !is_thread) {
            self.features.insert("timeouts".to_owned());
            body.line(inside, &format!("async with asyncio.timeout({}):", seconds(timeout)));
            inside += 1;
        }
        let before = body.lines.len();
        self.steps(body, steps, inside);
        if body.lines.len() == before {
            body.line(inside, "pass");
        }
        if spec.attempts() > 1 {
            body.line(depth + 1, "break");
        }
        body.limits -= usize::from(spec.timeout.is_some() && is_thread);
    }

    /// What is done when an attempt has failed.
    fn caught(&mut self, body: &mut Body, spec: &Try, depth: usize) {
        self.features.insert("tries".to_owned());
        let level = body.tries;
        if body.world == World::Coroutine {
            body.line(depth, "except (Failed, asyncio.TimeoutError) as problem:");
            body.line(depth + 1, "note_problem(problem)");
        } else {
            body.line(depth, "except Failed as problem:");
            body.line(depth + 1, &format!("note_problem(problem, {})", body.limits));
        }
        let Some(retry) = spec.retry.filter(|_| spec.attempts() > 1) else { return };
        let last = spec.attempts() - 1;
        body.line(depth + 1, &format!("if attempt_{level} < {last}:"));
        if spec.waits() > 0 {
            let wait = back_off(body, spec, &retry);
            let (sleep, state) = match body.world {
                World::Coroutine => ("await asyncio.sleep", "suspended"),
                World::Thread | World::Part => ("time.sleep", "io"),
            };
            body.line(depth + 2, &format!("{sleep}({wait})"));
            body.note(depth + 2, &format!("task.done(\"{state}\")"));
        }
        body.line(depth + 2, "RETRIES.append(1)");
    }

    /// Takes a permit or a lock while there is time.
    pub(super) fn take(&mut self, body: &Body, owner: &str) -> String {
        self.features.insert("takes_late".to_owned());
        format!("take({}, {owner})", body.limits_name())
    }

    /// Takes a permit, and gives it back if the attempt fails before it does.
    pub(super) fn acquired(
        &mut self,
        body: &mut Body,
        id: SemaphoreId,
        rest: &[Node<'_>],
        depth: usize,
    ) {
        self.with_semaphore(body, depth, id, "acquire");
        let releases =
            |node: &Node<'_>| matches!(node, Node::Leaf(spec, _) if gives_back(spec, id));
        let end = rest.iter().position(releases).unwrap_or(rest.len());
        let (held, behind) = rest.split_at(end);
        if !held.is_empty() {
            body.line(depth, "try:");
            self.steps(body, held, depth + 1);
            body.line(depth, "except BaseException:");
            let name = string(&self.scenario.semaphores[id.index()].name);
            let give = self.call_at_once(body.world, &format!("SEMAPHORES[{name}].release"));
            body.line(depth + 1, &give);
            body.line(depth + 1, "raise");
        }
        self.steps(body, behind, depth);
    }
}

/// Whether the step gives a permit of that semaphore back.
fn gives_back(spec: &StepSpec, semaphore: SemaphoreId) -> bool {
    spec.object() == Object::Semaphore(semaphore) && !spec.kind().waits_for_tasks
}

/// How long it takes until the next attempt.
fn back_off(body: &Body, spec: &Try, retry: &Retry) -> String {
    if spec.draws_waits() {
        return format!("wait_{}", body.tries);
    }
    let backoff = seconds(retry.backoff);
    if !retry.grows() {
        return backoff;
    }
    format!("{backoff} * {} ** attempt_{}", retry.factor, body.tries)
}
