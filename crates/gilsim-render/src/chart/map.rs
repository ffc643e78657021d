//! A map of winners: two parameters, the colour of the best tool in each cell, and a line round the cells in which the
//! second best is close.

use super::canvas::{self, At, Canvas, Stroke};
use super::layout::{GUTTER, MARGIN, PLOT, WIDTH, headline};
use super::palette::{Hue, Pattern, Theme};
use super::svg::Heading;
use super::words::{Font, clean};

/// A map of a figure.
pub struct Map<'a> {
    /// The finding.
    pub title: &'a str,
    /// The parameters.
    pub subtitle: &'a str,
    /// The figure in words.
    pub description: &'a str,
    /// What is along the lower edge, and what along the left one.
    pub axes: [&'a str; 2],
    /// The names of the columns; those that are empty have no tick.
    pub columns: Vec<String>,
    /// The names of the rows, from the bottom to the top; those that are empty have no tick.
    pub rows: Vec<String>,
    /// The tools that are compared.
    pub players: Vec<Player<'a>>,
    /// The cells of each row.
    pub cells: Vec<Vec<Square>>,
    /// What a close cell is, for the legend.
    pub close: &'a str,
    /// The colours.
    pub theme: Theme,
}

/// The tools that are compared.
pub struct Player<'a> {
    /// The name.
    pub label: &'a str,
    /// The colour.
    pub hue: Hue,
}

/// A cell of a map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Square {
    /// The number of the player who wins.
    pub winner: usize,
    /// Whether the second one is close.
    pub close: bool,
}

const TOP: i32 = 1_060;
const ROW: i32 = 180;

/// Draws a map as an SVG document. The same map has the same bytes on every machine.
pub fn map(map: &Map<'_>) -> String {
    let heading = Heading { title: clean(map.title), description: clean(map.description) };
    let sheet = Sheet { bottom: TOP + ROW * size(map.rows.len()), columns: map.columns.len() };
    canvas::draw((WIDTH, sheet.bottom + 900), map.theme, &heading, |canvas| {
        let [title, subtitle] = headline(map.title, map.subtitle);
        canvas.headline(&title, &subtitle);
        for (row, cells) in map.cells.iter().enumerate() {
            sheet.row(canvas, map, row, cells);
        }
        sheet.contour(canvas, map);
        sheet.axes(canvas, map);
        sheet.names(canvas, map);
        sheet.legend(canvas, map);
    })
}

fn size(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(0)
}

/// Neighbours in a row that are the same in some respect: from which column to before which.
fn stretches<T: PartialEq>(cells: &[Square], of: impl Fn(&Square) -> T) -> Vec<(usize, usize)> {
    let mut from = 0;
    let groups = cells.chunk_by(|one, next| of(one) == of(next));
    groups
        .map(|group| {
            let stretch = (from, from + group.len());
            from = stretch.1;
            stretch
        })
        .collect()
}

/// Where things stand.
struct Sheet {
    bottom: i32,
    columns: usize,
}

impl Sheet {
    fn x(&self, column: usize) -> i32 {
        PLOT.0 + (PLOT.1 - PLOT.0) * size(column) / size(self.columns).max(1)
    }

    const fn y(&self, row: i32) -> i32 {
        self.bottom - ROW * row
    }

    fn row(&self, canvas: &mut Canvas, map: &Map<'_>, row: usize, cells: &[Square]) {
        let (top, bottom) = (self.y(size(row) + 1), self.y(size(row)));
        for (from, to) in stretches(cells, |cell| cell.winner) {
            let player = &map.players[cells[from].winner];
            let frame = (self.x(from), top, self.x(to), bottom);
            canvas.bar(frame, canvas.colors.hue(player.hue), false, clean(player.label));
        }
        for (from, to) in stretches(cells, |cell| cell.close) {
            if cells[from].close {
                canvas.overlay((self.x(from), top, self.x(to), bottom), Pattern::Dots);
            }
        }
    }

    /// The line between cells that are close and cells that are not.
    fn contour(&self, canvas: &mut Canvas, map: &Map<'_>) {
        let ink = canvas.colors.ink;
        for (row, cells) in (0_i32..).zip(&map.cells) {
            for (_, to) in stretches(cells, |cell| cell.close) {
                if to < cells.len() {
                    let x = self.x(to);
                    canvas.stroke(&[(x, self.y(row)), (x, self.y(row + 1))], ink, 15);
                }
            }
        }
        for (row, pair) in (1_i32..).zip(map.cells.windows(2)) {
            let differs = |column: &usize| pair[0][*column].close != pair[1][*column].close;
            let columns: Vec<usize> = (0..self.columns).filter(differs).collect();
            for group in columns.chunk_by(|one, next| one + 1 == *next) {
                let (from, to) = (self.x(group[0]), self.x(group[group.len() - 1] + 1));
                canvas.stroke(&[(from, self.y(row)), (to, self.y(row))], ink, 15);
            }
        }
    }

    fn axes(&self, canvas: &mut Canvas, map: &Map<'_>) {
        let muted = canvas.colors.muted;
        for (column, name) in map.columns.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let x = self.x(column).midpoint(self.x(column + 1));
            canvas.line((x, self.bottom), (x, self.bottom + 40), muted, Stroke::Solid);
            canvas.text(name, At::Middle(x, self.bottom + 170), Font::SMALL, muted);
        }
        for (row, name) in (0_i32..).zip(&map.rows).filter(|(_, name)| !name.is_empty()) {
            let y = self.y(row) - ROW / 2;
            canvas.line((PLOT.0 - 40, y), (PLOT.0, y), muted, Stroke::Solid);
            canvas.text(name, At::End(GUTTER + 40, y + 40), Font::SMALL, muted);
        }
        let [along, up] = map.axes;
        let middle = PLOT.0.midpoint(PLOT.1);
        canvas.text(along, At::Middle(middle, self.bottom + 350), Font::SMALL_BOLD, muted);
        canvas.text(up, At::Start(MARGIN, TOP - 80), Font::SMALL_BOLD, muted);
    }

    /// The name of each player in the middle of where it wins, where there is room.
    fn names(&self, canvas: &mut Canvas, map: &Map<'_>) {
        for (index, player) in map.players.iter().enumerate() {
            let rows = map.cells.iter().enumerate().flat_map(|(row, cells)| {
                let won = move |&(from, _): &(usize, usize)| cells[from].winner == index;
                let wins = stretches(cells, |cell| cell.winner).into_iter().filter(won);
                wins.map(move |(from, to)| (row, from, to))
            });
            let rows: Vec<_> = rows.collect();
            let Some(widest) = rows.iter().map(|(_, from, to)| to - from).max() else { continue };
            let wide: Vec<_> =
                rows.iter().filter(|(_, from, to)| (to - from) * 10 >= widest * 9).collect();
            let (row, from, to) = *wide[wide.len() / 2];
            let room = self.x(to) - self.x(from) - 100;
            if Font::SMALL_BOLD.width(player.label) > room {
                continue;
            }
            let at = self.x(from).midpoint(self.x(to));
            let baseline = self.y(size(row)) - ROW / 2 + 40;
            let color = canvas.colors.on_hue(player.hue);
            // The dots would make it hard to read.
            let half = Font::SMALL_BOLD.width(player.label) / 2 + 60;
            let frame = (at - half, baseline - 130, at + half, baseline + 50);
            canvas.fill(frame, canvas.colors.hue(player.hue));
            canvas.text(player.label, At::Middle(at, baseline), Font::SMALL_BOLD, color);
        }
    }

    fn legend(&self, canvas: &mut Canvas, map: &Map<'_>) {
        let ink = canvas.colors.ink;
        let (mut left, top) = (MARGIN, self.bottom + 460);
        for player in &map.players {
            let label = clean(player.label);
            let color = canvas.colors.hue(player.hue);
            canvas.bar((left, top, left + 180, top + 120), color, true, String::new());
            canvas.text(&label, At::Start(left + 230, top + 100), Font::SMALL, ink);
            left += 230 + Font::SMALL.width(&label) + 260;
        }
        let top = top + 210;
        let frame = (MARGIN, top, MARGIN + 180, top + 120);
        canvas.bar(frame, canvas.colors.background, true, String::new());
        canvas.overlay(frame, Pattern::Dots);
        canvas.text(map.close, At::Start(MARGIN + 230, top + 100), Font::SMALL, ink);
    }
}
