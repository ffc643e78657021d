//! Where everything stands: from a chart to rows with their places, in tenths of a pixel.

use std::collections::BTreeSet;
use std::ops::Range;

use plotters::coord::ranged1d::Ranged;

use super::axis::TimeAxis;
use super::words::{Font, clean};
use super::{Chart, Panel, Part, legend};
use crate::lanes::{LockRecord, Piece, Recording, ThreadRecord, Timeline};
use gilsim_core::ids::ProcessId;
use gilsim_core::trace::State;

pub(super) const WIDTH: i32 = 9600;
pub(super) const MARGIN: i32 = 120;
/// Left and right end of the axis of time.
pub(super) const PLOT: (i32, i32) = (1400, 9400);
/// Right end of the lanes' labels.
pub(super) const GUTTER: i32 = 1280;
/// How far the coroutines of a loop are indented.
pub(super) const INDENT: i32 = 160;

/// Lanes in a panel above which they are drawn at half the height.
const COMFORTABLE: usize = 16;
/// Lanes of cores in a figure above which cores are shown as one level.
const MOST_CORE_LANES: u32 = 16;
/// Locks of one panel above which they are shown as one level.
const MOST_LOCK_LANES: usize = 8;
/// In how many parts of the run the highest level is looked for.
const LEVEL_COLUMNS: usize = 3200;
/// Lanes of sites in a panel.
const MOST_SITES: usize = 8;

/// A chart with everything in its place.
pub(super) struct Layout<'a> {
    pub(super) title: Vec<String>,
    pub(super) subtitle: Vec<String>,
    pub(super) panels: Vec<PanelLayout<'a>>,
    /// The states that the legend explains.
    pub(super) states: Vec<State>,
    /// Whether a lane has bars thinner than a pixel.
    pub(super) merged: bool,
    pub(super) legend_top: i32,
    pub(super) height: i32,
}

/// A panel with everything in its place.
pub(super) struct PanelLayout<'a> {
    pub(super) panel: Panel<'a>,
    pub(super) axis: TimeAxis,
    /// The baseline of the heading of the panels that begin with this one.
    pub(super) group: Option<i32>,
    /// The baseline of its heading; none where the figure has but one panel.
    pub(super) heading: Option<i32>,
    /// The baseline of what stands above the lanes: the makespan.
    pub(super) band: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
    pub(super) rows: Vec<Row<'a>>,
    /// Left and right end of the magnified lanes, if there are any.
    pub(super) inset: Option<(i32, i32)>,
}

/// A row of a panel.
pub(super) struct Row<'a> {
    pub(super) top: i32,
    pub(super) height: i32,
    pub(super) content: Content<'a>,
}

/// What a row shows.
pub(super) enum Content<'a> {
    Heading(String),
    Lane(Lane<'a>),
    /// Cores that nothing ever ran on.
    Idle {
        label: String,
        left: bool,
    },
    /// Stacked shares of all tasks in each state.
    Shares,
    /// Stacked numbers of busy cores.
    Cores,
    /// A number over time.
    Level(Level<'a>),
}

/// A number over time.
pub(super) struct Level<'a> {
    pub(super) label: String,
    pub(super) unit: &'static str,
    pub(super) timeline: &'a Timeline<1>,
    pub(super) most: f64,
    /// Of locks, not of requests.
    pub(super) locks: bool,
}

/// The heading of a process's lanes.
pub(super) struct Group {
    pub(super) label: String,
    /// Whether a rule stands above it.
    pub(super) ruled: bool,
}

/// A lane of bars.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four things about a lane that have nothing to do with each other"
)]
pub(super) struct Lane<'a> {
    pub(super) label: String,
    /// The process that begins with this lane.
    pub(super) group: Option<Group>,
    pub(super) indented: bool,
    /// Labels stand left where some are indented.
    pub(super) left: bool,
    /// A core or a lock: its bars are named by thread, not by what is computed.
    pub(super) resource: bool,
    /// Half as high: the lock of a process, beside the thread that has it to itself.
    pub(super) slim: bool,
    pub(super) pieces: &'a [Piece],
}

impl<'a> Layout<'a> {
    pub(super) fn of(chart: &Chart<'a>) -> Self {
        let [title, subtitle] = headline(chart.title, chart.subtitle);
        let mut y = 60
            + lines(&title) * 200
            + lines(&subtitle) * 160
            + if chart.panels.len() > 1 { 160 } else { 100 };
        let mut panels: Vec<PanelLayout<'a>> = Vec::new();
        for panel in &chart.panels {
            let begins = panels.last().is_none_or(|last| last.panel.group != panel.group);
            let group = (begins && !panel.group.is_empty()).then_some(y + 200);
            let top = group.map_or(y, |baseline| baseline + 110);
            let mut placed = place(*panel, chart, top);
            // Room for the labels of the axis below the lanes.
            y = placed.bottom + 280;
            placed.group = group;
            panels.push(placed);
        }
        let merged = panels.iter().any(has_thin_bars);
        let states = State::ALL.into_iter().filter(|state| occurs(*state, &panels)).collect();
        let mut layout = Self { title, subtitle, panels, states, merged, legend_top: y, height: y };
        layout.height = y + legend::height(chart, &layout) + 60;
        layout
    }
}

/// The title and the line below it, in the lines that they take.
pub(super) fn headline(title: &str, subtitle: &str) -> [Vec<String>; 2] {
    let room = WIDTH - 2 * MARGIN;
    let title = Font::TITLE.wrap_evenly(&clean(title), room, 2);
    [title, Font::SUBTITLE.wrap(&clean(subtitle), room, 2)]
}

fn lines(wrapped: &[String]) -> i32 {
    i32::try_from(wrapped.len()).unwrap_or(0)
}

/// Whether a state is to be seen, or has a share of task time.
fn occurs(state: State, panels: &[PanelLayout<'_>]) -> bool {
    let drawn = |piece: &Piece| match &piece.merged {
        Some(merged) => merged.times[state as usize] > 0,
        None => piece.state == state,
    };
    panels.iter().any(|placed| {
        let mut lanes = placed.rows.iter().filter_map(|row| match &row.content {
            Content::Lane(lane) => Some(lane),
            _ => None,
        });
        placed.panel.recording.totals[state as usize] > 0
            || lanes.any(|lane| lane.pieces.iter().any(drawn))
    })
}

/// The axis of time of a panel and of those that share it.
fn shared_axis(panel: Panel<'_>, chart: &Chart<'_>) -> TimeAxis {
    let together = chart.panels.iter().filter(|other| other.group == panel.group);
    TimeAxis::until(together.map(|other| other.recording.makespan).max().unwrap_or(0))
}

fn place<'a>(panel: Panel<'a>, chart: &Chart<'a>, y: i32) -> PanelLayout<'a> {
    let panels = chart.panels.len();
    let axis = shared_axis(panel, chart);
    let contents = contents(panel, panels, chart.without);
    let lanes = contents.iter().filter(|content| matches!(content, Content::Lane(_))).count();
    let compact = lanes > COMFORTABLE;
    let heading = (panels > 1).then_some(y + 160);
    let band = y + if heading.is_some() { 360 } else { 100 };
    let inset = inset(panel, axis);
    let top = band + if inset.is_some() { 210 } else { 50 };
    let mut bottom = top;
    let mut rows = Vec::new();
    for content in contents {
        let (height, gap) = measure(&content, compact, panels);
        let top = bottom + lead(&content);
        rows.push(Row { top, height, content });
        bottom = top + height + gap;
    }
    PanelLayout { panel, axis, group: None, heading, band, top, bottom, rows, inset }
}

fn has_thin_bars(placed: &PanelLayout<'_>) -> bool {
    let pixel = match placed.inset {
        Some((left, right)) => TimeAxis::until(placed.panel.recording.makespan).pixel(right - left),
        None => placed.axis.pixel(PLOT.1 - PLOT.0),
    };
    placed.rows.iter().any(|row| match &row.content {
        Content::Lane(lane) => lane
            .pieces
            .iter()
            .any(|piece| piece.merged.is_some() || piece.end - piece.start < pixel),
        _ => false,
    })
}

/// Room above a row, for the rule between two processes or the label at the top of a scale.
fn lead(content: &Content<'_>) -> i32 {
    match content {
        Content::Lane(Lane { group: Some(group), .. }) if group.ruled => 40,
        Content::Shares => 60,
        _ => 0,
    }
}

/// Height of a row and of the gap below it.
const fn measure(content: &Content<'_>, compact: bool, panels: usize) -> (i32, i32) {
    match content {
        Content::Heading(_) => (190, 50),
        Content::Lane(_) | Content::Idle { .. } if compact => (120, 40),
        Content::Lane(lane) if lane.slim => (140, 60),
        Content::Lane(_) | Content::Idle { .. } => (220, 80),
        Content::Shares if panels > 3 => (1000, 120),
        Content::Shares => (1600, 120),
        Content::Cores | Content::Level(_) => (300, 80),
    }
}

/// Where the magnified lanes stand: beside the lanes of a run that takes a fifth of the axis or less.
fn inset(panel: Panel<'_>, axis: TimeAxis) -> Option<(i32, i32)> {
    let makespan = panel.recording.makespan;
    let end = axis.map(&makespan, PLOT);
    if makespan == 0 || (end - PLOT.0) * 5 > PLOT.1 - PLOT.0 {
        return None;
    }
    let label = Font::SMALL_BOLD.width(&panel.end());
    Some((end + label.max(400) + 200, PLOT.1))
}

fn contents<'a>(panel: Panel<'a>, panels: usize, without: &[Part]) -> Vec<Content<'a>> {
    let mut rows = vec![Content::Heading("WORKERS".to_owned())];
    let recording = panel.recording;
    let attended = without.contains(&Part::Attendants);
    let shown = |thread: &&ThreadRecord| !attended || recording.works(thread);
    let threads: Vec<_> = recording.lanes.threads.iter().filter(shown).collect();
    let processes: BTreeSet<ProcessId> = threads.iter().map(|thread| thread.process).collect();
    let locks = !without.contains(&Part::Locks);
    let locks_in_groups = processes.len() > 1
        && recording
            .lanes
            .locks
            .iter()
            .all(|lock| lock.pieces.is_some() && processes.contains(&lock.process));
    for &process in &processes {
        let first = rows.len();
        let own = threads.iter().filter(|thread| thread.process == process);
        own.for_each(|thread| worker(&mut rows, panel, thread));
        if locks_in_groups && locks {
            let locks: Vec<_> =
                recording.lanes.locks.iter().filter(|lock| lock.process == process).collect();
            lock_lanes(&mut rows, &locks, recording, true);
        }
        if processes.len() > 1
            && let Some(Content::Lane(lane)) = rows.get_mut(first)
        {
            // The heading has its own rule.
            let label = format!("process {}", process.0);
            lane.group = Some(Group { label, ruled: first > 1 });
        }
    }
    if recording.crowded {
        rows.push(Content::Shares);
    }
    let heading = rows.len();
    if locks && !locks_in_groups {
        locks_together(&mut rows, recording);
    }
    if !without.contains(&Part::Cores) {
        cores(&mut rows, panel, panels);
    }
    if rows.len() > heading {
        rows.insert(heading, Content::Heading("RESOURCES".to_owned()));
    }
    if !without.contains(&Part::Sites) {
        sites(&mut rows, panel);
    }
    rows
}

/// A thread's lane, and below it those of the coroutines of its loop.
fn worker<'a>(rows: &mut Vec<Content<'a>>, panel: Panel<'a>, thread: &'a ThreadRecord) {
    let recording = panel.recording;
    let left = recording.shows_coroutines();
    let lane = |label: String, pieces: &'a [Piece], indented: bool| {
        let (group, resource, slim) = (None, false, false);
        Content::Lane(Lane { label, group, indented, left, resource, slim, pieces })
    };
    rows.push(lane(thread.thread.name(), &thread.pieces, false));
    if recording.crowded {
        return;
    }
    for coroutine in recording.lanes.coroutines.iter().filter(|own| own.home == thread.thread) {
        rows.push(lane(panel.task(coroutine.task), &coroutine.pieces, true));
    }
}

fn lock_lanes<'a>(
    rows: &mut Vec<Content<'a>>,
    locks: &[&'a LockRecord],
    recording: &'a Recording,
    slim: bool,
) {
    let left = recording.shows_coroutines();
    for (index, lock) in locks.iter().enumerate() {
        let label = if locks.len() > 1 { format!("GIL {index}") } else { "GIL".to_owned() };
        let pieces = lock.pieces.as_deref().unwrap_or_default();
        rows.push(resource(label, left, slim, pieces));
    }
}

/// The lane of a lock or a core.
const fn resource(label: String, left: bool, slim: bool, pieces: &[Piece]) -> Content<'_> {
    let (group, indented, resource) = (None, false, true);
    Content::Lane(Lane { label, group, indented, left, resource, slim, pieces })
}

fn locks_together<'a>(rows: &mut Vec<Content<'a>>, recording: &'a Recording) {
    let locks: Vec<_> = recording.lanes.locks.iter().collect();
    if locks.len() <= MOST_LOCK_LANES {
        lock_lanes(rows, &locks, recording, false);
    } else {
        let label = format!("{} GILs", locks.len());
        rows.extend(level(label, "held", &recording.held, recording.makespan, true));
    }
}

fn cores<'a>(rows: &mut Vec<Content<'a>>, panel: Panel<'a>, panels: usize) {
    let recording = panel.recording;
    let figure_lanes = u32::try_from(panels).unwrap_or(u32::MAX).saturating_mul(panel.cores);
    if figure_lanes > MOST_CORE_LANES {
        rows.push(Content::Cores);
        return;
    }
    let left = recording.shows_coroutines();
    let used = recording.lanes.cores.iter().filter(|(core, _)| core.0 < panel.cores);
    let mut idle_from = 0;
    for (core, pieces) in used {
        idle(rows, idle_from..core.0, left);
        idle_from = core.0 + 1;
        rows.push(resource(format!("core {}", core.0), left, false, pieces));
    }
    idle(rows, idle_from..panel.cores, left);
}

/// One row for neighbouring cores that nothing ever ran on.
fn idle(rows: &mut Vec<Content<'_>>, cores: Range<u32>, left: bool) {
    let label = match cores.len() {
        0 => return,
        1 => format!("core {}", cores.start),
        _ => format!("cores {}–{}", cores.start, cores.end - 1),
    };
    rows.push(Content::Idle { label, left });
}

fn sites<'a>(rows: &mut Vec<Content<'a>>, panel: Panel<'a>) {
    let recording = panel.recording;
    let mut lanes = recording.sites.iter().filter_map(|(name, timeline)| {
        let label = clean(panel.names.get(*name));
        level(label, "in flight", timeline, recording.makespan, false)
    });
    let shown: Vec<Content<'_>> = lanes.by_ref().take(MOST_SITES).collect();
    if shown.is_empty() {
        return;
    }
    let more = match lanes.count() {
        0 => String::new(),
        more => format!(" ({} OF {})", shown.len(), shown.len() + more),
    };
    rows.push(Content::Heading(format!("SITES{more}")));
    rows.extend(shown);
}

/// The row of a number over time; none where it is zero all along.
fn level<'a>(
    label: String,
    unit: &'static str,
    timeline: &'a Timeline<1>,
    makespan: u64,
    locks: bool,
) -> Option<Content<'a>> {
    let levels = timeline.levels(makespan, LEVEL_COLUMNS);
    let most = levels.iter().fold(0.0, |most: f64, level| most.max(level[0]));
    (most > 0.0).then_some(Content::Level(Level { label, unit, timeline, most, locks }))
}
