//! Which part of a program becomes the scenario: one pool, the threads that it starts, or its main thread.

use super::log::Process;
use super::spans::{Doings, On, Source, Span, doings};
use super::waits::{self, Used};

/// What all processes did, corrected.
pub(super) struct Program {
    pub(super) processes: Vec<Doings>,
    pub(super) used: Used,
    pub(super) minor: u8,
    pub(super) is_locked: bool,
    pub(super) cores: u32,
    pub(super) is_cut_off: bool,
}

/// The part that is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Part {
    pub(super) process: usize,
    pub(super) source: Source,
    /// Waiting and computing, in nanoseconds.
    pub(super) time: i64,
}

impl Program {
    pub(super) fn of(processes: &[Process]) -> Self {
        let mut all = Vec::new();
        for process in processes {
            let mut doings = doings(process);
            if process.locked {
                waits::correct(&mut doings.spans);
            }
            all.push(doings);
        }
        for (number, process) in processes.iter().enumerate() {
            let of_a_pool = |span: &mut Span| matches!(span.source, Source::Processes(_));
            let moved: Vec<Span> = all[number].spans.extract_if(.., of_a_pool).collect();
            let Some(Source::Processes(pool)) = moved.first().map(|span| span.source) else {
                continue;
            };
            let owner = owner(processes, &all, process, pool).unwrap_or(number);
            all[owner].spans.extend(moved);
        }
        let first = processes.first();
        Self {
            used: Used::by(all.iter().flat_map(|doings| &doings.spans)),
            processes: all,
            minor: first.map_or(0, |process| process.minor),
            is_locked: first.is_none_or(|process| process.locked),
            cores: first.map_or(1, |process| process.cores),
            is_cut_off: processes.iter().any(|process| process.is_full),
        }
    }

    /// All parts, the one with the most time first. What a pool does for coroutines belongs to their loop. The main thread
    /// comes first only where it does twice as much as another part, for what it does for the others is in its time.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for (process, doings) in self.processes.iter().enumerate() {
            for span in &doings.spans {
                let (source, time) = (doings.part_of(span), time(span));
                match parts.iter_mut().find(|part| (part.process, part.source) == (process, source))
                {
                    Some(part) => part.time += time,
                    None => parts.push(Part { process, source, time }),
                }
            }
        }
        let worth =
            |part: &Part| if part.source == Source::Main { part.time / 2 } else { part.time };
        parts.sort_by_key(|part| std::cmp::Reverse(worth(part)));
        parts
    }
}

impl Doings {
    /// The part that a span belongs to.
    pub(super) fn part_of(&self, span: &Span) -> Source {
        let lane = match span.source {
            Source::Pool(_) => self.offloads.get(&span.number),
            Source::Processes(_) | Source::Thread | Source::Main | Source::Loop(_) => None,
        };
        lane.map_or(span.source, |lane| Source::Loop(*lane))
    }
}

/// The process that made the pool of a worker: the one that started it, or the one that started that, as a fork server.
fn owner(processes: &[Process], all: &[Doings], worker: &Process, pool: u32) -> Option<usize> {
    let mut parent = worker.ids.1;
    for _ in 0..8 {
        let place = processes.iter().position(|process| process.ids.0 == parent)?;
        if all[place].pools.iter().any(|known| known.number == pool) {
            return Some(place);
        }
        parent = processes[place].ids.1;
    }
    None
}

/// What a span computes, and waits for outside of the program.
pub(super) fn time(span: &Span) -> i64 {
    let of_piece = |piece: &super::spans::Piece| {
        let waited = piece.wait.as_ref().filter(|wait| matches!(wait.on, On::Site(_)));
        piece.cpu + waited.map_or(0, |wait| wait.length)
    };
    span.pieces.iter().map(of_piece).sum()
}
