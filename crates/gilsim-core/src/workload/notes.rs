//! What it costs that a program notes what its tasks do.

use crate::time::SimDuration;

use super::{Action, Length, Spent, Step, Workload, position};

/// What each note costs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Notes {
    /// CPU time after each step, and before the first one.
    pub step: SimDuration,
    /// CPU time after each computation, in place of `step`.
    pub computation: SimDuration,
    /// What a note adds to what comes back from another process.
    pub bytes: u64,
    /// The same in Python objects.
    pub objects: u32,
}

impl Workload {
    /// Adds what notes cost to every step. No length is checked again or may be set after that.
    pub fn add_notes(&mut self, notes: &Notes) {
        if *notes == Notes::default() {
            return;
        }
        let scripts = std::mem::take(&mut self.steps);
        for entry in &mut self.entries {
            let script = &scripts[entry.script.clone()];
            let begin = self.steps.len();
            self.steps.extend(noted(script, notes));
            entry.script = begin..self.steps.len();
            let leaves = script.iter().filter(|step| step.action.is_leaf()).count();
            let count = leaves as u64 + 1;
            let receive = &mut entry.payload.receive;
            receive.bytes += notes.bytes * count;
            let objects = u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(notes.objects);
            receive.objects = receive.objects.saturating_add(objects);
        }
    }
}

/// The script with a computation for each note.
fn noted(script: &[Step], notes: &Notes) -> Vec<Step> {
    let note = |leaf, length| Step { leaf, action: Action::computing(Length::Constant(length)) };
    // Where each step of the script stands among those with notes.
    let mut places = Vec::with_capacity(script.len());
    let mut steps = Vec::with_capacity(2 * script.len() + 1);
    steps.extend(script.first().map(|step| note(step.leaf, notes.step)));
    for step in script {
        places.push(position(steps.len()));
        steps.push(*step);
        if step.action.is_leaf() {
            let computes = matches!(step.action.spends(), Some((Spent::Computing(_), _)));
            let length = if computes { notes.computation } else { notes.step };
            steps.push(note(step.leaf, length));
        }
    }
    for step in &mut steps {
        if let Some(end) = step.action.end_mut() {
            *end = places[*end as usize];
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OffloadTo;

    #[test]
    fn every_step_has_its_note_and_offloads_end_where_they_did() {
        let time = |nanos| Length::Constant(SimDuration::from_nanos(nanos));
        let actions = [
            Action::Wait(None, time(10)),
            Action::OffloadBegin(OffloadTo::Threads, 3),
            Action::computing(time(20)),
            Action::OffloadEnd,
            Action::Yield,
        ];
        let leaves = [0, 1, 1, 2, 2];
        let script: Vec<Step> =
            leaves.into_iter().zip(actions).map(|(leaf, action)| Step { leaf, action }).collect();
        let [step, computation] = [1, 2].map(SimDuration::from_nanos);
        let found = noted(&script, &Notes { step, computation, bytes: 0, objects: 0 });
        let note = |nanos| Action::computing(time(nanos));
        let expected = [
            (0, note(1)),
            (0, actions[0]),
            (0, note(1)),
            (1, Action::OffloadBegin(OffloadTo::Threads, 6)),
            (1, actions[2]),
            (1, note(2)),
            (2, actions[3]),
            (2, actions[4]),
            (2, note(1)),
        ];
        let found: Vec<(u32, Action)> = found.iter().map(|it| (it.leaf, it.action)).collect();
        assert_eq!(found, expected);
    }
}
