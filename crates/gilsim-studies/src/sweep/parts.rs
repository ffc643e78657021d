//! The parts of a sharded study, and how they are joined.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::grouped;
use super::rows;
use super::shard::Shard;
use super::values::Vary;
use gilsim_core::sink::row::SummaryRow;

/// What the manifest of a sweep says of the part that it stands beside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Part {
    /// The checksum of all that makes the results of the study: equal for its parts, and for no other's.
    pub study: String,
    /// The varied keys, texts `KEY=VALUES`.
    pub vary: Vec<String>,
    /// How many points the whole study has.
    pub points: u64,
    /// Which of them this part has.
    pub shard: Shard,
    /// The SHA-256 of sweep.csv in hexadecimal digits.
    pub sweep_csv_sha256: String,
}

/// A part with its sweep.csv.
#[derive(Clone, Debug)]
pub struct Given {
    /// What messages call it.
    pub name: String,
    /// What its manifest says.
    pub part: Part,
    /// Its sweep.csv.
    pub csv: Vec<u8>,
}

/// The sweep.csv of the whole study, from all its parts in any order.
///
/// # Errors
/// When parts are of different studies, missing, repeated, or changed; in sentences.
pub fn join(parts: &[Given]) -> Result<Vec<u8>, String> {
    let first = parts.first().ok_or("there is nothing to join")?;
    for other in parts {
        check_same_study(first, other)?;
    }
    check_complete(parts)?;
    let vary: Result<Vec<Vary>, String> =
        first.part.vary.iter().map(|text| Vary::parse(text)).collect();
    let grid = vary.and_then(Grid::new);
    let grid =
        grid.map_err(|wrong| format!("the manifest of `{}` is damaged: {wrong}", first.name))?;
    let places = Places::of(&grid, first.part.points);
    let mut rows: Vec<(u64, SummaryRow)> = Vec::new();
    for given in parts {
        let damaged = || format!("`{}` is damaged: make this part again", given.name);
        rows.extend(read(given, &places).ok_or_else(damaged)?);
    }
    // Stable: the rows of a point are all in one part and keep their order.
    rows.sort_by_key(|(point, _)| *point);
    let points = rows.chunk_by(|one, other| one.0 == other.0);
    let points = points.map(|rows| (rows[0].0, rows.iter().map(|(_, row)| row).collect()));
    Ok(rows::csv(&grid, points))
}

fn check_same_study(first: &Given, other: &Given) -> Result<(), String> {
    let (one, two) = (&first.part, &other.part);
    let names = format!("`{}` and `{}`", first.name, other.name);
    if (&one.study, &one.vary, one.points) != (&two.study, &two.vary, two.points) {
        return Err(format!(
            "{names} are parts of different studies: scenario, seed, --vary, --replicates, --set, --tool and \
             the version of gilsim must be the same for all parts"
        ));
    }
    if one.shard.of != two.shard.of {
        return Err(format!(
            "{names} do not fit together: one is part {}, the other part {}",
            one.shard, two.shard
        ));
    }
    Ok(())
}

fn check_complete(parts: &[Given]) -> Result<(), String> {
    const TOLD: usize = 10;
    let of = parts[0].part.shard.of;
    let mut by_index: BTreeMap<u64, &Given> = BTreeMap::new();
    for given in parts {
        if let Some(earlier) = by_index.insert(given.part.shard.index, given) {
            let shard = given.part.shard;
            return Err(format!("`{}` and `{}` are both part {shard}", earlier.name, given.name));
        }
    }
    let lacking = of - by_index.len() as u64;
    if lacking == 0 {
        return Ok(());
    }
    let mut told: Vec<String> = (1..=of)
        .filter(|index| !by_index.contains_key(index))
        .take(TOLD)
        .map(|index| Shard { index, of }.to_string())
        .collect();
    if lacking > TOLD as u64 {
        told.push(format!("and {} more", grouped(lacking - TOLD as u64)));
    }
    let (part, it) = if lacking == 1 { ("part", "is") } else { ("parts", "are") };
    Err(format!(
        "{part} {} {it} missing: run the same sweep with --shard {}",
        told.join(", "),
        told[0]
    ))
}

/// Which point some values stand for.
struct Places<'g> {
    grid: &'g Grid,
    /// For each key the index of each value.
    by_key: Vec<BTreeMap<String, u64>>,
    counts: Vec<u64>,
}

impl<'g> Places<'g> {
    fn of(grid: &'g Grid, points: u64) -> Self {
        let shown = |vary: &Vary| -> (BTreeMap<String, u64>, u64) {
            let count = u64::try_from(vary.count()).unwrap_or(u64::MAX).min(points);
            let value = |index| (super::values::without_folders(&vary.value(index)), index);
            ((0..count).map(value).collect(), count)
        };
        let (by_key, counts) = grid.varied().iter().map(shown).unzip();
        Self { grid, by_key, counts }
    }

    fn point(&self, record: &csv::StringRecord) -> Option<u64> {
        let mut point: u64 = 0;
        for (index, (values, count)) in self.by_key.iter().zip(&self.counts).enumerate() {
            let place = values.get(record.get(index)?)?;
            point = point.checked_mul(*count)?.checked_add(*place)?;
        }
        Some(point)
    }
}

/// The rows of a part with the points they belong to; `None` where it is damaged.
fn read(given: &Given, places: &Places<'_>) -> Option<Vec<(u64, SummaryRow)>> {
    let mut reader = csv::Reader::from_reader(given.csv.as_slice());
    if !rows::headings(places.grid).eq(reader.headers().ok()?) {
        return None;
    }
    let row = |record: csv::StringRecord| {
        let point = places.point(&record).filter(|point| given.part.shard.has(*point))?;
        Some((point, rows::parsed(&record, places.counts.len())?))
    };
    reader.records().map(|record| row(record.ok()?)).collect()
}
