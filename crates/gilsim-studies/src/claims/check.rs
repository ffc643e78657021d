//! The search for a counter-example, and for a smallest one.

use std::sync::atomic::{AtomicU64, Ordering};

use super::case::{self, Case, middle, rounded_up};
use super::play::{Came, Seen, Trial};
use super::{Claim, CounterExample, Stop, Verdict};
use crate::listener::Listener;
use crate::threads;
use gilsim_scenario::claims::{ClaimFile, NamedProfile, Values};

/// How often a case is drawn until `when` is true of it, where that can be evaluated without playing.
const DRAWS: u64 = 1_000;

/// The same where it takes runs.
const DRAWS_PLAYED: u64 = 20;

/// Cases that are played at most to make a counter-example smaller.
const SHRINKS: u32 = 2_000;

/// How a claim is tested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    pub(super) cases: u32,
    pub(super) seed: u64,
}

/// What a case of a search came to.
enum Found {
    Failed { case: Case, profile: usize, seen: Seen },
    Stopped(Stop),
}

/// Tests a claim.
///
/// # Errors
/// When no case counts, a scenario is wrong, an expression has no value, or the audit finds a law broken.
pub(super) fn claim(
    file: &ClaimFile,
    claim: &Claim,
    search: Search,
    listener: &dyn Listener,
) -> Result<Verdict, Stop> {
    let trial = Trial { file, claim, listener };
    let counted = AtomicU64::new(0);
    let found = threads::first(search.cases, |number| {
        let found = trial.search(search.seed, number.into(), &counted);
        listener.played(1);
        found.map(|found| (number, found))
    });
    let counted = counted.into_inner();
    match found {
        Some((_, Found::Stopped(stop))) => Err(stop),
        Some((number, Found::Failed { case, profile, seen })) => {
            let smallest = trial.smallest(number.into(), case, profile, seen)?;
            Ok(Verdict {
                counted: u64::from(number) + 1,
                of: search.cases.into(),
                counter: Some(smallest),
            })
        }
        None if counted == 0 => Err(trial.never(search.cases.into())),
        None => Ok(Verdict { counted, of: search.cases.into(), counter: None }),
    }
}

impl Trial<'_> {
    /// The profiles that each case is played under; `None` is that of the scenario.
    fn profiles(&self) -> Vec<Option<&NamedProfile>> {
        let named: Vec<Option<&NamedProfile>> = self.claim.text.profiles.iter().map(Some).collect();
        if named.is_empty() { vec![None] } else { named }
    }

    fn draws(&self) -> u64 {
        match (&self.claim.when, self.is_cheap()) {
            (None, _) => 1,
            (_, true) => DRAWS,
            (_, false) => DRAWS_PLAYED,
        }
    }

    /// Draws a case until one counts, and plays it under every profile.
    fn search(&self, seeded: u64, number: u64, counted: &AtomicU64) -> Option<Found> {
        for attempt in 0..self.draws() {
            let given = &self.claim.text.given;
            let case = Case::draw(given, seeded, self.claim.number as u64, number, attempt);
            let mut counts = false;
            for (position, profile) in self.profiles().into_iter().enumerate() {
                match self.play(&case, profile) {
                    Ok(Came::NotCounted) => {}
                    Ok(Came::Held) => counts = true,
                    Ok(Came::Failed(seen)) => {
                        return Some(Found::Failed { case, profile: position, seen });
                    }
                    Err(stop) => return Some(Found::Stopped(stop)),
                }
            }
            if counts {
                counted.fetch_add(1, Ordering::Relaxed);
                return None;
            }
        }
        None
    }

    /// The fault of a claim of which no case counts.
    fn never(&self, cases: u64) -> Stop {
        let draws = cases.saturating_mul(self.draws());
        let text = self.claim.text.when.as_ref().unwrap_or(&self.claim.text.expect);
        let title = format!("`when` is false in all {draws} cases that were drawn");
        let fault = text.fault(0..text.text().len(), title);
        let fault = fault
            .label("never true")
            .help("make `when` true more often, or widen the ranges of `given`");
        Stop::Faults(self.file.faults(vec![fault]))
    }

    /// A counter-example of which no value can be made smaller, alone or all together, towards its low end; but durations
    /// have few digits where they can.
    fn smallest(
        &self,
        number: u64,
        case: Case,
        profile: usize,
        seen: Seen,
    ) -> Result<CounterExample, Stop> {
        let profile = self.profiles()[profile];
        let mut shrinking = Shrinking { trial: self, profile, case, seen, played: 0 };
        while shrinking.round()? {}
        shrinking.round_durations()?;
        let Shrinking { case, seen, .. } = shrinking;
        let text = self.filled(&case, profile).text;
        Ok(CounterExample {
            number,
            case,
            profile: profile.map(|profile| profile.name.clone()),
            seen,
            text,
        })
    }
}

/// A counter-example that becomes smaller.
struct Shrinking<'a, 't> {
    trial: &'a Trial<'t>,
    profile: Option<&'a NamedProfile>,
    case: Case,
    seen: Seen,
    played: u32,
}

impl Shrinking<'_, '_> {
    /// Makes it smaller where it can; whether it could.
    fn round(&mut self) -> Result<bool, Stop> {
        let given = &self.trial.claim.text.given;
        let mut smaller = false;
        while self.take(self.case.halved(given))? {
            smaller = true;
        }
        for (position, given) in given.iter().enumerate() {
            let low = case::ends(&given.values).0;
            if self.case.0[position] == low {
                continue;
            }
            smaller |= self.take(self.case.with(position, low))? || self.bisect(position, low)?;
        }
        Ok(smaller)
    }

    /// Finds the smallest value between one that is no counter-example and the present one.
    fn bisect(&mut self, position: usize, low: u64) -> Result<bool, Stop> {
        let (mut holds, mut smaller) = (low, false);
        while self.case.0[position] - holds > 1 {
            let value = middle(holds, self.case.0[position]);
            if self.take(self.case.with(position, value))? {
                smaller = true;
            } else {
                holds = value;
            }
            if self.played >= SHRINKS {
                break;
            }
        }
        Ok(smaller)
    }

    /// Makes durations longer by a tenth or less where they have few digits then: the case is to be read by people.
    fn round_durations(&mut self) -> Result<(), Stop> {
        for (position, given) in self.trial.claim.text.given.iter().enumerate() {
            let Values::Durations(_, high) = given.values else { continue };
            for digits in [2, 3] {
                let rounded = rounded_up(self.case.0[position], digits).min(high);
                if rounded == self.case.0[position]
                    || self.take(self.case.with(position, rounded))?
                {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes a case for the counter-example if it is another one and is one.
    fn take(&mut self, case: Case) -> Result<bool, Stop> {
        if case == self.case || self.played >= SHRINKS {
            return Ok(false);
        }
        self.played += 1;
        match self.trial.play(&case, self.profile)? {
            Came::Failed(seen) => {
                self.case = case;
                self.seen = seen;
                Ok(true)
            }
            Came::NotCounted | Came::Held => Ok(false),
        }
    }
}
