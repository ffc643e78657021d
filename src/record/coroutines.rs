//! What the coroutines of an event loop did, each as a span: its steps are pieces, what woke it is what it had waited for.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::log::{Event, Kind, Process};
use super::spans::{Doings, Fate, On, Piece, Request, Source, Span, Wait};

/// A coroutine that has not ended.
struct Running {
    span: Span,
    /// What it did within the step that is still going on, and when.
    marks: Vec<(i64, On)>,
    /// Until when its time is accounted for.
    at: i64,
}

/// The coroutines of a thread.
#[derive(Default)]
pub(super) struct Coroutines {
    running: BTreeMap<u32, Running>,
}

/// Whether a record is of a coroutine rather than of its thread.
pub(super) const fn is_of_a_coroutine(event: &Event) -> bool {
    match event.kind {
        Kind::Acquire | Kind::Release => event.number != 0,
        Kind::CoroutineBegins
        | Kind::CoroutineEnds
        | Kind::Offload
        | Kind::BySite
        | Kind::ByTimer
        | Kind::ByTask
        | Kind::ByExecutor => true,
        _ => false,
    }
}

impl Coroutines {
    /// Hears a record that [`is_of_a_coroutine`].
    pub(super) fn hear(
        &mut self,
        process: &Process,
        lane: usize,
        event: &Event,
        doings: &mut Doings,
    ) {
        let name = process.name(event.name);
        if event.kind == Kind::CoroutineBegins {
            let number = i64::from(event.number);
            let source = Source::Loop(lane);
            let Event { begin, end, .. } = *event;
            doings.requests.push(Request { source, number, begin, end });
            let is_root = event.more == 0;
            let span = Span { is_root, ..Span::new(source, lane, name, number, begin) };
            self.running.insert(event.number, Running { span, marks: Vec::new(), at: begin });
            return;
        }
        let Some(running) = self.running.get_mut(&event.number) else { return };
        match event.kind {
            Kind::Acquire => running.marks.push((event.begin, On::Acquire(name))),
            Kind::Release => running.marks.push((event.begin, On::Release(name))),
            Kind::Offload => {
                running.marks.push((event.begin, On::Offload(event.more)));
                doings.offloads.insert(event.more, lane);
            }
            Kind::CoroutineEnds => {
                running.span.fate = Fate::of(event);
                doings.spans.extend(self.running.remove(&event.number).map(|ended| ended.span));
            }
            _ => running.step(event, name),
        }
    }

    /// Those that are still running.
    pub(super) fn cut_off(self) -> impl Iterator<Item = Span> {
        self.running.into_values().map(|running| running.span)
    }
}

impl Running {
    /// A step is over: what woke it ended the wait before.
    fn step(&mut self, event: &Event, name: Rc<str>) {
        if let Some(last) = self.span.pieces.last_mut() {
            let on = match event.kind {
                Kind::BySite | Kind::ByTimer => On::Site(name),
                Kind::ByExecutor => On::Others("executor".into()),
                _ => On::Others("task".into()),
            };
            let length = (event.more - self.at).clamp(0, event.begin - self.at);
            let (begin, end) = (self.at, event.begin);
            last.wait = Some(Wait { on, begin, end, known: Some(length), is_asked: true, length });
        }
        let whole = (event.end - event.begin).max(1);
        let (mut from, mut left) = (event.begin, event.cpu);
        for (at, on) in std::mem::take(&mut self.marks) {
            let cpu = (event.cpu.saturating_mul(at - from) / whole).clamp(0, left.max(0));
            left -= cpu;
            let wait =
                Some(Wait { on, begin: at, end: at, known: None, is_asked: false, length: 0 });
            self.span.pieces.push(Piece { from, to: at, cpu, wait });
            from = at;
        }
        self.span.pieces.push(Piece { from, to: event.end, cpu: left, wait: None });
        self.span.end = event.end;
        self.at = event.end;
    }
}
