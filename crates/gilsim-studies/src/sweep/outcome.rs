//! What the rows of a sweep say: means with their intervals, the best values, the knee, the law of scalability.
//!
//! All of it is made from the rows of sweep.csv, so that no result depends on how the study was played.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::ser::Serializer;

use super::grid::Grid;
use super::play::Block;
use super::rows;
use super::statistics::Estimate;
use super::usl::Usl;
use gilsim_core::model::Goal;
use gilsim_core::sink::row::{SummaryRow, Value};
use gilsim_render::table::json;

/// The columns that are summed up over replicates.
pub const METRICS: [&str; 9] = [
    "makespan_ns",
    "speedup",
    "throughput_per_s",
    "response_mean_ns",
    "response_p50_ns",
    "response_p95_ns",
    "response_p99_ns",
    "cpu_busy_share",
    "memory_bytes",
];

/// How much slower than the best the knee may be, in hundredths of what cells are compared by.
pub(super) const KNEE_PERCENT: u32 = 5;

/// What one tool did at one point.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// The point as its place among all points with rows, from 0.
    pub point: usize,
    /// The values of the varied keys.
    pub values: Vec<String>,
    /// The tool's label.
    pub tool: String,
    /// How many replicates it finished.
    pub replicates: usize,
    /// In the order of [`METRICS`]; none where no replicate has a value.
    pub metrics: [Option<Estimate>; METRICS.len()],
}

/// One tool along one key, the others fixed.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// The tool's label.
    pub tool: String,
    /// The values of the other keys, in their order.
    pub fixed: Vec<(String, String)>,
    /// The cells along it, as positions in [`Outcome::cells`].
    pub cells: Vec<usize>,
    /// The cell of the best mean, by the goal; the first of several. Where the key is a count, the smallest count whose mean is no
    /// worse than the best beyond the noise of the replicates, or the one from which the line is level.
    pub best: usize,
    /// Whether the mean is the same at all values.
    pub flat: bool,
    /// The cells of the smallest and the largest value of the unbroken stretch round the best one in which means are near the
    /// best; only where the key is a count. The smallest is the knee.
    pub near: Option<[usize; 2]>,
    /// Whether that stretch has several values and reaches the largest of all.
    pub is_level: bool,
    /// The fit, where the key is a count, there are enough values, and throughput is not what arrives.
    pub usl: Option<Usl>,
}

/// What a sweep found.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The varied keys.
    pub keys: Vec<String>,
    /// Which key lines run along: the count of the most values, else the last key. None where nothing is varied.
    pub axis: Option<usize>,
    /// In the order of sweep.csv.
    pub cells: Vec<Cell>,
    /// In the order of their first cells.
    pub lines: Vec<Line>,
    /// What cells are compared by.
    pub goal: Goal,
    /// The cell of the best mean.
    pub best: Option<usize>,
}

impl Cell {
    /// The cell of a row, without its numbers.
    fn begin(point: usize, values: &[String], row: &SummaryRow) -> Self {
        let (values, tool) = (values.to_vec(), row.tool.clone());
        Self { point, values, tool, replicates: 0, metrics: [None; METRICS.len()] }
    }

    /// The same with the numbers of its rows.
    fn of(self, rows: &[&SummaryRow]) -> Self {
        let values = |metric: &str| -> Vec<f64> {
            rows.iter().filter_map(|row| row.value(metric).and_then(Value::number)).collect()
        };
        let metrics = METRICS.map(|metric| Estimate::of(&values(metric)));
        Self { replicates: rows.len(), metrics, ..self }
    }

    /// The estimate of a metric.
    pub fn metric(&self, name: &str) -> Option<&Estimate> {
        METRICS
            .iter()
            .position(|metric| *metric == name)
            .and_then(|index| self.metrics[index].as_ref())
    }

    /// The mean of what cells are compared by, in nanoseconds. Every cell has a makespan.
    pub fn mean(&self, goal: Goal) -> f64 {
        self.metric(goal.column()).map_or(f64::INFINITY, |estimate| estimate.mean)
    }
}

impl Outcome {
    /// What finished blocks of a study over that grid say.
    pub fn of(grid: &Grid, blocks: &[Block], goal: Goal) -> Self {
        let keys: Vec<String> = grid.varied().iter().map(|vary| vary.key().to_owned()).collect();
        let cells = cells(grid, blocks);
        let axis = axis(&keys, &cells);
        let mut outcome = Self { keys, axis, cells, lines: Vec::new(), goal, best: None };
        let all: Vec<usize> = (0..outcome.cells.len()).collect();
        outcome.best = outcome.fastest(&all);
        outcome.lines = outcome.lines();
        // The line that the best cell is on may know one that is as good.
        let line = outcome
            .lines
            .iter()
            .find(|line| line.cells.iter().any(|cell| Some(*cell) == outcome.best));
        outcome.best = line.map(|line| line.best).or(outcome.best);
        outcome
    }

    fn fastest(&self, cells: &[usize]) -> Option<usize> {
        cells.iter().copied().min_by(|one, other| self.mean(*one).total_cmp(&self.mean(*other)))
    }

    /// The mean of a cell by the goal, in nanoseconds.
    pub fn mean(&self, cell: usize) -> f64 {
        self.cells[cell].mean(self.goal)
    }

    fn lines(&self) -> Vec<Line> {
        let Some(axis) = self.axis else { return Vec::new() };
        let mut places: BTreeMap<(Vec<&str>, &str), usize> = BTreeMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            let mut fixed: Vec<&str> = cell.values.iter().map(String::as_str).collect();
            fixed.remove(axis);
            let place = *places.entry((fixed, &cell.tool)).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(index);
        }
        groups.into_iter().filter_map(|cells| self.line(axis, cells)).collect()
    }

    fn line(&self, axis: usize, cells: Vec<usize>) -> Option<Line> {
        let best = self.fastest(&cells)?;
        let first = &self.cells[cells[0]];
        let others = self.keys.iter().cloned().zip(first.values.iter().cloned()).enumerate();
        let fixed = others.filter(|(index, _)| *index != axis).map(|(_, pair)| pair).collect();
        let flat =
            cells.iter().all(|cell| self.mean(*cell).total_cmp(&self.mean(cells[0])).is_eq());
        let counts =
            cells.iter().map(|cell| Some((count(&self.cells[*cell].values[axis])?, *cell)));
        let counts: Option<Vec<(f64, usize)>> =
            if is_count_key(&self.keys[axis]) { counts.collect() } else { None };
        let mut line = Line {
            tool: first.tool.clone(),
            fixed,
            cells,
            best,
            flat,
            near: None,
            is_level: false,
            usl: None,
        };
        if let Some(mut counts) = counts.filter(|counts| counts.len() > 1 && !flat) {
            counts.sort_by(|one, other| one.0.total_cmp(&other.0));
            self.level(&mut line, &counts);
            let throughput = |cell: usize| Some(self.cells[cell].metric("throughput_per_s")?.mean);
            let points = counts.iter().map(|(count, cell)| Some((*count, throughput(*cell)?)));
            let points = points.collect::<Option<Vec<_>>>();
            line.usl =
                points.filter(|_| self.goal == Goal::Makespan).and_then(|points| Usl::fit(&points));
        }
        Some(line)
    }

    /// Finds the stretch of ascending counts in which means are near the best, and the smallest count that is as good.
    fn level(&self, line: &mut Line, counts: &[(f64, usize)]) {
        let lowest = line.best;
        let slowest = self.mean(lowest) * (1.0 + f64::from(KNEE_PERCENT) / 100.0);
        let is_near = |(_, cell): &&(f64, usize)| self.mean(*cell) <= slowest;
        let at = counts.iter().position(|(_, cell)| *cell == lowest).unwrap_or(0);
        let first = at - counts[..at].iter().rev().take_while(is_near).count();
        let last = at + counts[at + 1..].iter().take_while(is_near).count();
        line.near = Some([counts[first].1, counts[last].1]);
        line.is_level = first < last && last + 1 == counts.len();
        let as_good = |(_, cell): &&(f64, usize)| line.is_level || self.is_noise(*cell, lowest);
        line.best = counts[first..=at].iter().find(as_good).map_or(lowest, |(_, cell)| *cell);
    }

    /// Whether the means of two cells differ by no more than their intervals leave open.
    fn is_noise(&self, one: usize, other: usize) -> bool {
        let half = |cell: usize| {
            let estimate = self.cells[cell].metric(self.goal.column());
            estimate.and_then(|estimate| estimate.ci95_half_width).unwrap_or(0.0)
        };
        (self.mean(one) - self.mean(other)).abs() <= libm::hypot(half(one), half(other))
    }

    /// summary.json.
    pub fn json(&self) -> Vec<u8> {
        json(&Document::of(self))
    }
}

/// The key that is a count, of several the one with the most values; else the last.
fn axis(keys: &[String], cells: &[Cell]) -> Option<usize> {
    let values = |key: usize| -> BTreeSet<&str> {
        cells.iter().map(|cell| cell.values[key].as_str()).collect()
    };
    let is_count = |key: &usize| {
        is_count_key(&keys[*key]) && values(*key).iter().all(|value| count(value).is_some())
    };
    let counts = (0..keys.len()).filter(is_count);
    counts.max_by_key(|key| values(*key).len()).or(keys.len().checked_sub(1))
}

/// Whether the numbers of a key count something: those of a seed do not.
fn is_count_key(key: &str) -> bool {
    key != "seed"
}

/// A value that counts: a whole number above zero.
pub(super) fn count(value: &str) -> Option<f64> {
    let count: u32 = value.replace('_', "").parse().ok()?;
    (count > 0).then(|| f64::from(count))
}

/// A cell for each tool of each point that has rows. Neighbours whose values look the same are one point.
fn cells(grid: &Grid, blocks: &[Block]) -> Vec<Cell> {
    let mut cells: Vec<(Cell, Vec<&SummaryRow>)> = Vec::new();
    for (point, rows) in rows::by_point(blocks) {
        let values = grid.shown_values(point);
        for row in rows {
            let last = cells.last_mut();
            let is_same = |cell: &Cell| cell.values == values;
            match last {
                Some((cell, rows)) if is_same(cell) && cell.tool == row.tool => rows.push(row),
                last => {
                    let point =
                        last.map_or(0, |(last, _)| last.point + usize::from(!is_same(last)));
                    cells.push((Cell::begin(point, &values, row), vec![row]));
                }
            }
        }
    }
    cells.into_iter().map(|(cell, rows)| cell.of(&rows)).collect()
}

/// summary.json as it is written.
#[derive(Serialize)]
struct Document<'o> {
    interval: &'static str,
    points: Vec<CellDocument<'o>>,
    lines: Vec<LineDocument<'o>>,
    best: Option<PlaceDocument<'o>>,
}

#[derive(Serialize)]
struct CellDocument<'o> {
    values: Named<'o, &'o str>,
    tool: &'o str,
    replicates: usize,
    #[serde(flatten)]
    metrics: Named<'o, Option<Estimate>>,
}

#[derive(Serialize)]
struct LineDocument<'o> {
    tool: &'o str,
    fixed: Named<'o, &'o str>,
    along: &'o str,
    best: PlaceDocument<'o>,
    knee: Option<PlaceDocument<'o>>,
    near_until: Option<PlaceDocument<'o>>,
    usl: Option<Usl>,
}

#[derive(Serialize)]
struct PlaceDocument<'o> {
    values: Named<'o, &'o str>,
    tool: &'o str,
    #[serde(flatten)]
    mean: Named<'o, f64>,
}

/// An object: each value under its name.
struct Named<'o, V>(Vec<(&'o str, V)>);

impl<V: Serialize> Serialize for Named<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'o> Document<'o> {
    fn of(outcome: &'o Outcome) -> Self {
        let pairs = |cell: &'o Cell| {
            let keys = outcome.keys.iter().map(String::as_str);
            Named(keys.zip(cell.values.iter().map(String::as_str)).collect())
        };
        let place = |index: usize| {
            let cell = &outcome.cells[index];
            let mean = Named(vec![(outcome.goal.column(), outcome.mean(index))]);
            PlaceDocument { values: pairs(cell), tool: &cell.tool, mean }
        };
        let cell = |cell: &'o Cell| CellDocument {
            values: pairs(cell),
            tool: &cell.tool,
            replicates: cell.replicates,
            metrics: Named(METRICS.into_iter().zip(cell.metrics).collect()),
        };
        let line = |line: &'o Line| LineDocument {
            tool: &line.tool,
            fixed: Named(
                line.fixed.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            ),
            along: outcome.axis.map_or("", |axis| &outcome.keys[axis]),
            best: place(line.best),
            knee: line.near.map(|[knee, _]| place(knee)),
            near_until: line.near.map(|[_, last]| place(last)),
            usl: line.usl,
        };
        Self {
            interval: "95 %, Student's t over replicates",
            points: outcome.cells.iter().map(cell).collect(),
            lines: outcome.lines.iter().map(line).collect(),
            best: outcome.best.map(place),
        }
    }
}

/// Outcomes made by hand, for tests.
#[cfg(test)]
pub(super) mod sample {
    use super::*;
    use crate::sweep::{ToolRows, Vary};
    use gilsim_core::sink::sample::{life, totals};
    use gilsim_core::sink::summary::Summary;
    use gilsim_core::trace::Sink as _;

    /// The row of a run of one task.
    pub(in crate::sweep) fn row(tool: &str, replicate: u32, makespan: u64) -> SummaryRow {
        let mut summary = Summary::default();
        summary.finished(&life(0, 0, makespan));
        summary.finish(tool, replicate, 1, &totals(makespan))
    }

    /// A sweep of the tool `a` over counts `k`, each twice with the same makespan in milliseconds.
    pub(in crate::sweep) fn outcome(times: &[(u32, u64)]) -> Outcome {
        let counts: Vec<String> = times.iter().map(|(count, _)| count.to_string()).collect();
        let vary = Vary::parse(&format!("k={}", counts.join(","))).unwrap();
        let grid = Grid::new(vec![vary]).unwrap();
        let block = |(point, (_, ms)): (u64, &(u32, u64))| {
            let rows = [0, 1].map(|replicate| row("a", replicate, ms * 1_000_000));
            let tools = vec![ToolRows { rows: rows.to_vec(), ..ToolRows::default() }];
            Block { point, first: 0, count: 2, tools }
        };
        let blocks: Vec<Block> = (0..).zip(times).map(block).collect();
        Outcome::of(&grid, &blocks, Goal::Makespan)
    }
}

#[cfg(test)]
mod tests {
    use super::sample::row;
    use super::*;
    use crate::sweep::{ToolRows, Vary};

    /// A sweep with one row per point and tool for each of two makespans in nanoseconds; points in the order of the grid.
    fn outcome(vary: &[&str], rows: &[(&str, &str, [u64; 2])]) -> Outcome {
        let grid = Grid::new(vary.iter().map(|text| Vary::parse(text).unwrap()).collect()).unwrap();
        let mut blocks: Vec<Block> = Vec::new();
        for (values, tool, makespans) in rows {
            let point = u64::try_from(blocks.len()).unwrap();
            let is_next = point < u64::try_from(grid.count()).unwrap()
                && grid.shown_values(point).join(",") == *values;
            if is_next {
                blocks.push(Block { point, first: 0, count: 2, tools: Vec::new() });
            }
            let rows = [0, 1].map(|replicate| row(tool, replicate, makespans[replicate as usize]));
            let tools = &mut blocks.last_mut().unwrap().tools;
            tools.push(ToolRows { rows: rows.to_vec(), ..ToolRows::default() });
        }
        Outcome::of(&grid, &blocks, Goal::Makespan)
    }

    #[test]
    fn replicates_of_a_tool_at_a_point_are_summed_up() {
        let outcome =
            outcome(&["k=1,2"], &[("1", "a", [10, 30]), ("1", "b", [7, 7]), ("2", "a", [4, 4])]);
        let cells: Vec<(usize, &str, usize, f64)> = outcome
            .cells
            .iter()
            .map(|c| (c.point, c.tool.as_str(), c.replicates, c.mean(Goal::Makespan)))
            .collect();
        assert_eq!(cells, [(0, "a", 2, 20.0), (0, "b", 2, 7.0), (1, "a", 2, 4.0)]);
        assert_eq!(outcome.best, Some(2));
        assert_eq!(outcome.cells[0].metric("speedup"), None);
    }

    #[test]
    fn the_knee_is_the_smallest_count_that_is_nearly_the_best() {
        let rows = [("8", "a", [100, 100]), ("4", "a", [104, 104]), ("2", "a", [110, 110])];
        let line = outcome(&["k=8,4,2"], &rows).lines.remove(0);
        assert_eq!((line.best, line.near, line.is_level), (1, Some([1, 0]), true));
        let by_name = [("x", "a", [100, 100]), ("y", "a", [90, 90])];
        let line = outcome(&["k=x,y"], &by_name).lines.remove(0);
        assert_eq!((line.best, line.near, line.usl), (1, None, None));
    }

    #[test]
    fn what_is_worse_beyond_a_stretch_is_not_in_it() {
        // 8 and 16 are worse by 6 and 16 percent; 32 is near again, beyond a gap.
        let times =
            [("4", 120), ("5", 104), ("6", 100), ("7", 103), ("8", 106), ("16", 116), ("32", 101)];
        let rows = times.map(|(value, time)| (value, "a", [time, time]));
        let line = outcome(&["k=4,5,6,7,8,16,32"], &rows).lines.remove(0);
        assert_eq!((line.best, line.near, line.is_level), (2, Some([1, 3]), false));
    }

    #[test]
    fn the_best_is_the_smallest_count_that_noise_does_not_tell_from_it() {
        let rows = [("4", "a", [200, 210]), ("6", "a", [99, 103]), ("15", "a", [98, 102])];
        let outcome = outcome(&["k=4,6,15"], &rows);
        assert_eq!((outcome.lines[0].best, outcome.best), (1, Some(1)));
        assert_eq!((outcome.lines[0].near, outcome.lines[0].is_level), (Some([1, 2]), true));
    }

    #[test]
    fn a_line_that_nothing_changes_has_no_knee_and_no_law() {
        let rows = [("1", "a", [5, 7]), ("2", "a", [5, 7]), ("3", "a", [5, 7])];
        let line = outcome(&["k=1..3"], &rows).lines.remove(0);
        assert_eq!((line.flat, line.near, line.usl), (true, None, None));
    }

    #[test]
    fn lines_run_along_the_count_of_the_most_values() {
        let rows = [
            ("1,x", "a", [9, 9]),
            ("1,y", "a", [8, 8]),
            ("2,x", "a", [6, 6]),
            ("2,y", "a", [5, 5]),
            ("3,x", "a", [5, 5]),
            ("3,y", "a", [4, 4]),
        ];
        let outcome = outcome(&["k=1..3", "l=x,y"], &rows);
        assert_eq!(outcome.axis, Some(0));
        let lines: Vec<_> =
            outcome.lines.iter().map(|l| (l.fixed[0].1.as_str(), l.cells.clone())).collect();
        assert_eq!(lines, [("x", vec![0, 2, 4]), ("y", vec![1, 3, 5])]);
        assert!(outcome.lines.iter().all(|line| line.usl.is_some()));
    }
}
