//! Whose tasks are answered soonest, where the makespans do not tell tools apart.

use super::cause::Finisher;
use super::verdict::NEAR_PERCENT;
use super::words::{one_line, time};
use gilsim_core::sink::row::SummaryRow;

/// A percentile of response times in which tools differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Percentile {
    P95,
    P50,
}

impl Percentile {
    /// The one in which these tools differ most; `None` where they are as good as equal in both.
    pub(super) fn telling(tools: &[Finisher<'_>]) -> Option<Self> {
        let differ = |percentile: Self| {
            let (least, most) = percentile.ends(tools);
            most * 100 > least * u128::from(100 + NEAR_PERCENT)
        };
        // `most / least`, compared without a division by zero.
        let (p95, p50) = (Self::P95.ends(tools), Self::P50.ends(tools));
        let first = if p50.1 * p95.0 > p95.1 * p50.0 { Self::P50 } else { Self::P95 };
        differ(first).then_some(first)
    }

    /// The least and the largest among tools.
    fn ends(self, tools: &[Finisher<'_>]) -> (u128, u128) {
        let times = || tools.iter().map(|(_, row)| u128::from(self.of(row)));
        (times().min().unwrap_or(0), times().max().unwrap_or(0))
    }

    /// In nanoseconds.
    pub(super) const fn of(self, row: &SummaryRow) -> u64 {
        match self {
            Self::P95 => row.response.p95_ns,
            Self::P50 => row.response.p50_ns,
        }
    }

    /// Which part of a tool's tasks is answered within it.
    pub(super) const fn part(self) -> &'static str {
        match self {
            Self::P95 => "95 %",
            Self::P50 => "half",
        }
    }
}

/// Among tools of one makespan: whose tasks are answered soonest, where that differs.
pub(super) fn soonest(tools: &[Finisher<'_>]) -> Option<String> {
    let percentile = Percentile::telling(tools)?;
    let of = |(_, row): &&Finisher<'_>| percentile.of(row);
    let (soonest, latest) = (tools.iter().min_by_key(of)?, tools.iter().max_by_key(of)?);
    let label = |(run, _): &Finisher<'_>| one_line(&run.label);
    Some(format!(
        "{} answers soonest: {} of its tasks within {}, those of {} within {}.",
        label(soonest),
        percentile.part(),
        time(of(&soonest)),
        label(latest),
        time(of(&latest)),
    ))
}
