//! How far a long run is, on a terminal.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use gilsim_core::trace::{Finished, Row, Sink};
use gilsim_render::report::one_line;
use gilsim_studies::Listener;

/// Runs that are shorter show nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many things happen between two looks at the clock.
const GRAIN: u32 = 4_096;

/// Counts finished tasks and shows them once the run has gone on for a while.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// When the bar was made, until it is shown.
    hidden_since: Option<Instant>,
    finished: u64,
    happened: u32,
}

impl Progress {
    /// Progress over that many tasks, where stderr is a terminal.
    pub(super) fn on_terminal(tasks: u64) -> Option<Self> {
        io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(tasks), ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len} tasks, {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            Self { bar, hidden_since: Some(Instant::now()), finished: 0, happened: 0 }
        })
    }

    /// Says which tool comes next.
    pub(super) fn begin(&self, label: &str) {
        self.bar.set_message(one_line(label));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn happen(&mut self) {
        self.happened += 1;
        if self.happened < GRAIN {
            return;
        }
        self.happened = 0;
        if self.hidden_since.is_some_and(|since| since.elapsed() > PATIENCE) {
            self.hidden_since = None;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(self.finished);
    }
}

/// Counts the runs of a study, from any thread, and shows them where there is a terminal to show them on.
#[derive(Debug)]
pub(super) struct Runs(Option<ProgressBar>);

impl Runs {
    /// Progress over no runs yet: shown where stderr is a terminal, unless the command is to be quiet.
    pub(super) fn on_terminal(quiet: bool) -> Self {
        Self((!quiet && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(0);
            let style =
                ProgressStyle::with_template("[{wide_bar}] {human_pos}/{human_len} runs, {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        }))
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Listener for Runs {
    fn expect(&self, runs: u64) {
        if let Some(bar) = &self.0 {
            bar.inc_length(runs);
        }
    }

    fn played(&self, runs: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(runs);
        }
    }
}

impl Sink for Progress {
    fn row(&mut self, _row: &Row) {
        self.happen();
    }

    fn finished(&mut self, _finished: &Finished) {
        self.finished += 1;
        self.happen();
    }
}

/// Says on a terminal what is being waited for, and for how long already.
#[derive(Debug)]
pub(super) struct Spinner(ProgressBar);

impl Spinner {
    /// A spinner beside a message, where stderr is a terminal.
    pub(super) fn on_terminal(message: &str) -> Option<Self> {
        io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_message(one_line(message));
            bar.enable_steady_tick(Duration::from_millis(100));
            Self(bar)
        })
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
