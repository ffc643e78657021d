//! Draws levels over time: shares of tasks in each state, busy cores, requests in flight.

use super::canvas::{At, Canvas, Stroke};
use super::gantt::View;
use super::layout::{Content, GUTTER, Level, MARGIN, Row};
use super::words::{Font, clean};
use super::{Panel, describe, palette};
use crate::lanes::{Recording, Timeline, as_float};
use gilsim_core::trace::State;

/// The states from the bottom of a stack to its top: work, then what is lost, then waits. `queued` stays blank.
const STACK: [State; 8] = [
    State::Running,
    State::Native,
    State::Overhead,
    State::LockWait,
    State::Ready,
    State::Sync,
    State::Io,
    State::Suspended,
];

/// In how many parts of a run a figure looks for the most tasks under way.
pub(super) const COLUMNS: usize = 800;

/// What the top of the stack of tasks stands for.
pub(super) struct Top {
    /// So many tasks.
    pub(super) tasks: f64,
    /// Whether these are all there are.
    pub(super) is_all: bool,
}

impl Top {
    /// All tasks; or the most that are under way at once, where these are so few that they would be a line on the floor. The
    /// run is looked at in so many columns.
    pub(super) fn of(recording: &Recording, columns: usize) -> Self {
        let all = as_float(recording.task_count.max(1) as u128);
        let levels = recording.shares.levels(recording.makespan, columns);
        let under_way = |level: &[f64; 9]| STACK.iter().map(|state| level[*state as usize]).sum();
        let most = levels.iter().map(under_way).fold(0.0, f64::max);
        if most * 5.0 < all && most > 0.0 {
            Self { tasks: most.ceil(), is_all: false }
        } else {
            Self { tasks: all, is_all: true }
        }
    }
}

/// What stands in the gutter beside a level.
pub(super) fn label(canvas: &mut Canvas, panel: Panel<'_>, row: &Row<'_>, content: &Content<'_>) {
    let (name, detail) = match content {
        Content::Shares => return shares_label(canvas, panel, row),
        Content::Cores => ("busy cores".to_owned(), format!("of {}", panel.cores)),
        Content::Level(level) => {
            // Where the peaks are shorter than a column, only their mean over it is known.
            let most = number(level.most);
            let word = if most.contains('.') { "mean up to" } else { "max" };
            (level.label.clone(), format!("{}, {word} {most}", level.unit))
        }
        Content::Heading(_) | Content::Lane(_) | Content::Idle { .. } => return,
    };
    let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
    let (room, middle) = (GUTTER - MARGIN, row.top + row.height / 2);
    let left = panel.recording.shows_coroutines();
    let at = |y| if left { At::Start(MARGIN, y) } else { At::End(GUTTER, y) };
    canvas.cut_text(&name, room, at(middle - 10), Font::LANE, ink);
    canvas.cut_text(&detail, room, at(middle + 120), Font::TINY, muted);
}

/// What stands beside the stack of tasks, with its scale.
fn shares_label(canvas: &mut Canvas, panel: Panel<'_>, row: &Row<'_>) {
    let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
    let tasks = format!("{} tasks", panel.recording.task_count);
    canvas.text(&tasks, At::Start(MARGIN, row.top + 270), Font::SMALL_BOLD, ink);
    let top = Top::of(panel.recording, COLUMNS);
    let measure = if top.is_all { "share in" } else { "number in" };
    for (text, y) in [(measure, 410), ("each state", 540)] {
        canvas.text(text, At::Start(MARGIN, row.top + y), Font::SMALL, muted);
    }
    for percent in [0, 50, 100] {
        let text = if top.is_all {
            format!("{percent} %")
        } else {
            number(top.tasks * f64::from(percent) / 100.0)
        };
        let y = row.top + row.height * (100 - percent) / 100;
        canvas.text(&text, At::End(GUTTER + 60, y + 40), Font::SMALL, muted);
        canvas.line((GUTTER + 80, y), (GUTTER + 120, y), muted, Stroke::Solid);
    }
}

/// A number of things as people read it: whole where it is whole.
fn number(value: f64) -> String {
    let tenths = (value * 10.0).round();
    if (tenths / 10.0).fract() == 0.0 {
        format!("{:.0}", tenths / 10.0)
    } else {
        format!("{:.1}", tenths / 10.0)
    }
}

pub(super) fn draw(
    canvas: &mut Canvas,
    panel: Panel<'_>,
    row: &Row<'_>,
    content: &Content<'_>,
    view: View,
) {
    let recording = panel.recording;
    let end = view.x(recording.makespan);
    let rule = canvas.colors.rule;
    let floor = row.top + row.height;
    canvas.line((view.left, floor), (end, floor), rule, Stroke::Solid);
    let columns = usize::try_from((end - view.left) / 10).unwrap_or(0).max(1);
    let stack = Stack { view, run: recording.makespan, floor, height: row.height, columns };
    let locked = describe::has_lock(&panel);
    match content {
        Content::Shares => {
            let levels = recording.shares.levels(recording.makespan, columns);
            let of = Top::of(recording, COLUMNS).tasks;
            let levels = levels.iter().map(|level| STACK.map(|state| level[state as usize] / of));
            let series = STACK.map(|state| (state, palette::wording(state, locked).to_owned()));
            stack.draw(canvas, levels, &series);
        }
        Content::Cores => {
            let levels = recording.busy.levels(recording.makespan, columns);
            let of = f64::from(panel.cores.max(1));
            let levels = levels.iter().map(|level| level.map(|busy| busy / of));
            let series = [State::Running, State::Native, State::Overhead]
                .map(|state| (state, palette::wording(state, locked).to_owned()));
            stack.draw(canvas, levels, &series);
            let top = row.top;
            canvas.line((view.left, top), (end, top), rule, Stroke::Solid);
        }
        Content::Level(Level { label, unit, timeline, most, locks }) => {
            let levels = fine_levels(timeline, recording.makespan, columns);
            let stack = Stack { columns: levels.len(), ..stack };
            let levels = levels.iter().map(|level| [level[0] / most]);
            let state = if *locks { State::Running } else { State::Io };
            let title = clean(&format!("{label}: {unit}, at most {}", number(*most)));
            stack.draw(canvas, levels, &[(state, title)]);
        }
        Content::Heading(_) | Content::Lane(_) | Content::Idle { .. } => {}
    }
}

/// Levels in quarters of a pixel, where steps stand where they are; in pixels where there are too many steps for that.
fn fine_levels(timeline: &Timeline<1>, run: u64, columns: usize) -> Vec<[f64; 1]> {
    let fine = timeline.levels(run, columns * 4);
    let steps = fine.windows(2).filter(|pair| (pair[0][0] - pair[1][0]).abs() > 1e-9).count();
    if steps <= columns { fine } else { timeline.levels(run, columns) }
}

/// Levels between 0 and 1 piled on a floor, a column of about a pixel each.
struct Stack {
    view: View,
    run: u64,
    floor: i32,
    height: i32,
    columns: usize,
}

impl Stack {
    fn draw<const N: usize>(
        &self,
        canvas: &mut Canvas,
        levels: impl Iterator<Item = [f64; N]>,
        series: &[(State, String); N],
    ) {
        let mut edges: Vec<Vec<i32>> = vec![Vec::with_capacity(self.columns); N + 1];
        for level in levels {
            let mut sum = 0.0;
            edges[0].push(self.floor);
            for (index, share) in level.iter().enumerate() {
                sum += share;
                edges[index + 1].push(self.floor - self.rise(sum));
            }
        }
        for (pair, (state, title)) in edges.windows(2).zip(series) {
            let Some(color) = canvas.colors.state(*state) else { continue };
            for points in self.outlines(&pair[0], &pair[1]) {
                canvas.area(&points, color, title.clone());
                if let Some(pattern) = palette::pattern(*state) {
                    canvas.area_overlay(&points, pattern);
                }
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a share of the height, clamped to it")]
    fn rise(&self, share: f64) -> i32 {
        (share.clamp(0.0, 1.0) * f64::from(self.height)).round() as i32
    }

    fn x(&self, column: usize) -> i32 {
        let time = u128::from(self.run) * column as u128 / self.columns as u128;
        self.view.x(u64::try_from(time).unwrap_or(self.run))
    }

    /// The outlines of an area between two edges, one for each stretch where it has a height.
    fn outlines(&self, lower: &[i32], upper: &[i32]) -> Vec<Vec<(i32, i32)>> {
        let mut outlines = Vec::new();
        let mut column = 0;
        while column < lower.len() {
            let Some(first) = (column..lower.len()).find(|&at| upper[at] < lower[at]) else {
                break;
            };
            let last =
                (first..lower.len()).find(|&at| upper[at] >= lower[at]).unwrap_or(lower.len());
            let mut points = self.edge(upper, first, last);
            points.extend(self.edge(lower, first, last).into_iter().rev());
            outlines.push(points);
            column = last;
        }
        outlines
    }

    /// The steps of one edge from left to right, with nothing between two corners.
    fn edge(&self, heights: &[i32], first: usize, last: usize) -> Vec<(i32, i32)> {
        let mut points: Vec<(i32, i32)> = Vec::new();
        for (column, &y) in heights.iter().enumerate().take(last).skip(first) {
            match points.last_mut() {
                Some(corner) if corner.1 == y => corner.0 = self.x(column + 1),
                _ => points.extend([(self.x(column), y), (self.x(column + 1), y)]),
            }
        }
        points
    }
}
