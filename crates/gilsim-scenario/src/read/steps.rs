//! The steps of a task.

use super::fields::Fields;
use super::values::wrong_duration;
use super::{Index, Names, Reader};
use crate::fault::Fault;
use crate::keys::Kind;
use crate::tree::{Node, Value, shortened};
use crate::{keys, limits};
use gilsim_core::ids::{
    BarrierId, ComputationId, FlagId, LimiterId, MutexId, QueueId, SemaphoreId, SiteId,
};
use gilsim_core::model::{
    Distribution, Form, Guard, OffloadTo, Retry, StepKind, StepSpec, Takes, Try, WaitOn, Work,
};
use gilsim_core::time::{DurationError, SimDuration};

/// What stands where a name or a duration may stand.
enum NameOrTime {
    Name(usize),
    Time(Distribution),
}

impl Reader<'_> {
    /// A list of at least one step. `depth` counts the lists around it.
    pub(super) fn steps(
        &mut self,
        node: &Node,
        names: &Names<'_>,
        depth: usize,
    ) -> Option<Vec<StepSpec>> {
        let Some(items) = node.as_list() else {
            return self.expected(node, "a list of steps like [{ wait = \"1s\" }]");
        };
        if items.is_empty() {
            let fault = Fault::new(node.place, "there are no steps in this list");
            return self.refuse(fault.label("expected at least one step like { wait = \"1s\" }"));
        }
        if depth > limits::NESTING {
            let title = format!("steps are nested more than {} deep", limits::NESTING);
            return self.refuse(Fault::new(node.place, title).label("too deep"));
        }
        let steps: Vec<_> = items.iter().map(|item| self.step(item, names, depth)).collect();
        steps.into_iter().collect()
    }

    fn step(&mut self, node: &Node, names: &Names<'_>, depth: usize) -> Option<StepSpec> {
        if node.as_table().is_none() {
            return self.expected(node, "a step like { wait = \"1s\" }");
        }
        let fields = self.fields(node, &keys::STEP)?;
        let entry = self.only_form(&fields, &keys::VERBS)?;
        let kind = StepKind::ALL.into_iter().find(|kind| kind.key == &*entry.key)?;
        self.refuse_stray(&fields, kind);
        let value = &entry.node;
        match kind.form {
            Form::SiteOrTime(make) => self.wait_on(value, names).map(make),
            Form::ComputationOrTime(make) => self.work(value, names).map(make),
            Form::True(make) => self.is_true(value).then(make),
            Form::Semaphore(make) => self.semaphore(value, names).map(make),
            Form::GuardFor(make) => {
                let guard = self.guard(value, names);
                let steps = self.further_steps(&fields, kind, names, depth);
                Some(make(guard?, steps?))
            }
            Form::Queue(make) => self.queue(value, names).map(make),
            Form::Flag(make) => {
                self.name(value, "event", &names.events).map(|index| make(FlagId::at(index)))
            }
            Form::Barrier(make) => {
                self.name(value, "barrier", &names.barriers).map(|index| make(BarrierId::at(index)))
            }
            Form::Limiter(make) => {
                self.name(value, "limiter", &names.limiters).map(|index| make(LimiterId::at(index)))
            }
            Form::StepsFor(make) => {
                let to = self.executor(&fields, kind);
                Some(make(to, self.steps(value, names, depth + 1)?))
            }
            Form::Attempts(make) => {
                let steps = self.steps(value, names, depth + 1);
                let attempts = self.attempts(&fields, kind, names, depth)?;
                Some(make(Try { steps: steps?, ..attempts }))
            }
            Form::Lists(make) => self.fan(value, &fields, names, depth).map(make),
            Form::Times(make) => {
                let times = self.amount(&fields, kind.key);
                let steps = self.further_steps(&fields, kind, names, depth);
                Some(make(times?, steps?))
            }
        }
    }

    /// A further key belongs to the step of its kind alone.
    fn refuse_stray(&mut self, fields: &Fields<'_>, kind: &StepKind) {
        for entry in fields.entries() {
            let is_its =
                |of: &&StepKind| of.further.iter().any(|further| further.key == &*entry.key);
            let owners: Vec<&str> =
                StepKind::ALL.into_iter().filter(is_its).map(|of| of.key).collect();
            if !owners.is_empty() && !owners.contains(&kind.key) {
                let owners = owners.join("` or `");
                let title = format!("`{}` belongs to `{owners}`", entry.key);
                let fault = Fault::new(entry.place, title);
                self.faults.push(fault.label(format!("there is no `{owners}` in this step")));
            }
        }
    }

    fn wait_on(&mut self, node: &Node, names: &Names<'_>) -> Option<WaitOn> {
        let other = ("computation", &names.computations, "compute");
        Some(match self.name_or_time(node, "site", &names.sites, other)? {
            NameOrTime::Name(index) => WaitOn::Site(SiteId::at(index)),
            NameOrTime::Time(time) => WaitOn::Time(time),
        })
    }

    fn work(&mut self, node: &Node, names: &Names<'_>) -> Option<Work> {
        let other = ("site", &names.sites, "wait");
        Some(match self.name_or_time(node, "computation", &names.computations, other)? {
            NameOrTime::Name(index) => Work::Named(ComputationId::at(index)),
            NameOrTime::Time(time) => Work::Time(time),
        })
    }

    /// The name of a `what`, a duration or a distribution. `other` is what the name may be instead.
    fn name_or_time(
        &mut self,
        node: &Node,
        what: &str,
        names: &Index<'_>,
        other: (&str, &Index<'_>, &str),
    ) -> Option<NameOrTime> {
        let Value::Text(text) = &node.value else {
            return self.distribution(node).map(NameOrTime::Time);
        };
        if let Some(index) = names.get(text) {
            return Some(NameOrTime::Name(index));
        }
        match text.parse::<SimDuration>() {
            Ok(duration) => Some(NameOrTime::Time(Distribution::Constant(duration))),
            Err(error) => self.refuse(neither(node, text, error, what, names, other)),
        }
    }

    fn is_true(&mut self, node: &Node) -> bool {
        let is_true = matches!(node.value, Value::Boolean(true));
        if !is_true {
            self.expected::<()>(node, "true");
        }
        is_true
    }

    fn semaphore(&mut self, node: &Node, names: &Names<'_>) -> Option<SemaphoreId> {
        if let Some(text) = node.as_text().filter(|text| names.locks.get(text).is_some()) {
            let shown = shortened(text);
            let label = format!("write {{ with = \"{shown}\", steps = [...] }}");
            let title = format!("`{shown}` is a lock, not a semaphore");
            return self.refuse(Fault::new(node.place, title).label(label));
        }
        self.name(node, "semaphore", &names.semaphores).map(SemaphoreId::at)
    }

    /// What `with` holds: a semaphore or a lock.
    fn guard(&mut self, node: &Node, names: &Names<'_>) -> Option<Guard> {
        let Some(text) = node.as_text() else {
            return self.expected(node, "the name of a lock or a semaphore");
        };
        let lock = names.locks.get(text).map(|index| Guard::Lock(MutexId::at(index)));
        let semaphore = names.semaphores.get(text);
        let found = lock.or(semaphore.map(|index| Guard::Semaphore(SemaphoreId::at(index))));
        if found.is_none() {
            let title = format!("there is no lock or semaphore `{}`", shortened(text));
            let label = "expected a name of `[locks]` or `[semaphores]`";
            let known = names.locks.names().chain(names.semaphores.names());
            self.faults.push(Fault::new(node.place, title).label(label).suggest(text, known));
        }
        found
    }

    fn queue(&mut self, node: &Node, names: &Names<'_>) -> Option<QueueId> {
        self.name(node, "queue", &names.queues).map(QueueId::at)
    }

    /// The position of the `what` that `node` names.
    fn name(&mut self, node: &Node, what: &str, names: &Index<'_>) -> Option<usize> {
        let Some(text) = node.as_text() else {
            let article = if what == "event" { "an" } else { "a" };
            return self.expected(node, &format!("the name of {article} {what}"));
        };
        let found = names.get(text);
        if found.is_none() {
            let title = format!("there is no {what} `{}`", shortened(text));
            let fault =
                Fault::new(node.place, title).label(format!("expected a name of `[{what}s]`"));
            self.faults.push(fault.suggest(text, names.names()));
        }
        found
    }

    fn executor(&mut self, fields: &Fields<'_>, kind: &StepKind) -> OffloadTo {
        match kind.further.first().and_then(|further| self.choice(fields, further.key)) {
            Some(1) => OffloadTo::Processes,
            _ => OffloadTo::Threads,
        }
    }

    /// What stands beside steps that are tried.
    fn attempts(
        &mut self,
        fields: &Fields<'_>,
        kind: &StepKind,
        names: &Names<'_>,
        depth: usize,
    ) -> Option<Try> {
        let mut attempts = Try { steps: Vec::new(), timeout: None, retry: None, otherwise: None };
        let before = self.faults.len();
        for further in kind.further {
            let Some(node) = fields.get(further.key) else { continue };
            match further.takes {
                Takes::Time => attempts.timeout = self.positive_duration_at(fields, further.key),
                Takes::Retry => attempts.retry = self.retry(node),
                Takes::Steps => attempts.otherwise = self.steps(node, names, depth + 1),
                Takes::Executor | Takes::OnFailure | Takes::Amount => {}
            }
        }
        (self.faults.len() == before).then_some(attempts)
    }

    fn retry(&mut self, node: &Node) -> Option<Retry> {
        let fields = self.fields(node, &keys::RETRY)?;
        let times = self.required(&fields, "times").and_then(|_| self.amount(&fields, "times"));
        let backoff = self.duration_at(&fields, "backoff").unwrap_or_default();
        let factor = match fields.get("factor") {
            Some(node) => self.positive(node),
            None => Some(1.0),
        };
        let jitter = self.share(&fields, "jitter").unwrap_or(0.0);
        Some(Retry { times: times?, backoff, factor: factor?, jitter })
    }

    /// The steps at the further key of a step.
    fn further_steps(
        &mut self,
        fields: &Fields<'_>,
        kind: &StepKind,
        names: &Names<'_>,
        depth: usize,
    ) -> Option<Vec<StepSpec>> {
        let further = kind.further.first()?;
        if let Some(node) = fields.get(further.key) {
            return self.steps(node, names, depth + 1);
        }
        let (_, what) = further.about.split_once(": ").unwrap_or_default();
        let title = format!("`{}` needs `{}`", kind.key, further.key);
        let label = format!("expected `{}`: {}", further.key, what.trim_end_matches('.'));
        self.refuse(Fault::missing(fields.place, title).label(label))
    }
}

/// What may stand at the key of a step of that form.
pub(crate) const fn value_kind(form: Form) -> Kind {
    match form {
        Form::SiteOrTime(_) => Kind::SiteOrTime,
        Form::ComputationOrTime(_) => Kind::ComputationOrTime,
        Form::True(_) => Kind::True,
        Form::Semaphore(_)
        | Form::Queue(_)
        | Form::Flag(_)
        | Form::Barrier(_)
        | Form::Limiter(_)
        | Form::GuardFor(_) => Kind::Name,
        Form::StepsFor(_) | Form::Attempts(_) => Kind::Steps,
        Form::Lists(_) => Kind::Lists,
        Form::Times(_) => Kind::Whole(1, limits::LEAF_STEPS),
    }
}

/// What may stand at a further key of a step.
pub(crate) const fn further_kind(takes: Takes) -> Kind {
    match takes {
        Takes::Executor => Kind::Choice(&keys::EXECUTORS),
        Takes::Steps => Kind::Steps,
        Takes::Time => Kind::Duration,
        Takes::Retry => Kind::Table(&keys::RETRY),
        Takes::OnFailure => Kind::Choice(&keys::ON_FAILURE),
        Takes::Amount => Kind::Whole(1, limits::LEAF_STEPS),
    }
}

/// The fault of a text that is neither a name nor a duration.
fn neither(
    node: &Node,
    text: &str,
    error: DurationError,
    what: &str,
    names: &Index<'_>,
    (other_what, other_names, other_verb): (&str, &Index<'_>, &str),
) -> Fault {
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return wrong_duration(node, text, error);
    }
    let shown = shortened(text);
    let fault = Fault::new(node.place, format!("`{shown}` is neither a {what} nor a duration"));
    if other_names.get(text).is_some() {
        let way_out = format!("it is a {other_what}: write {{ {other_verb} = \"{shown}\" }}");
        return fault.label(way_out);
    }
    let fault = fault.label(format!("expected a {what} or a duration like \"20ms\""));
    fault.suggest(text, names.names())
}
