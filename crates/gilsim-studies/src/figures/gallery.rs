//! The figures: the sentence that each amounts to, with the numbers of its runs, and what it leaves out.

use super::scenarios::{
    BARISTA, BLOCKED_LOOP, CONVOY, GIL_IO, GIL_TURNS, IN_FLIGHT, ONE_BY_ONE, THREE_TIMELINES,
    WRONG_TOOL,
};
use super::timelines::{Stage, Timelines};
use super::{Figure, Picture, speed_up, which_tool};
use gilsim_core::ids::TaskId;
use gilsim_render::chart::{self, Part, Theme};

macro_rules! figure {
    ($name:literal, $draw:path) => {
        Figure {
            name: $name,
            files: [concat!($name, ".svg"), concat!($name, ".png"), concat!($name, ".alt.txt")],
            draw: $draw,
        }
    };
}

/// All figures, in the order of the article.
pub static FIGURES: [Figure; 10] = [
    figure!("three-timelines", three_timelines),
    figure!("one-by-one", one_by_one),
    figure!("barista", barista),
    figure!("gil-turns", gil_turns),
    figure!("gil-io", gil_io),
    figure!("wrong-tool", wrong_tool),
    figure!("speed-up", speed_up::draw),
    figure!("which-tool", which_tool::draw),
    figure!("convoy", convoy),
    figure!("blocked-loop", blocked_loop),
];

/// The times of threads and of coroutines in a sentence.
fn either(threads: &str, coroutines: &str) -> String {
    if threads == coroutines {
        format!("{threads}, in threads as in asyncio")
    } else {
        format!("{threads} in threads and {coroutines} in asyncio")
    }
}

/// A time beside that of one task after the other.
fn beside(time: &str, alone: &str) -> String {
    if time == alone {
        ", no less than one by one".to_owned()
    } else {
        format!(" ({alone} one by one)")
    }
}

fn three_timelines(theme: Theme) -> Picture {
    let stages = [Stage::of(&THREE_TIMELINES)];
    let [parallel, concurrent, asynchronous] = stages[0].times();
    Timelines {
        title: format!(
            "Two tasks at once: side by side on two cores in {parallel}, by turns in {concurrent}, each in the \
             other's pauses in {asynchronous}"
        ),
        stages: &stages,
        notes: &[
            "two processes, two cores: both compute at the same time",
            "two threads, one core, one lock: they take turns",
            "one thread: while one task is suspended at its await, the other goes on",
        ],
        groups: &[],
        without: &[Part::Attendants, Part::Locks, Part::Sites],
        theme,
    }
    .draw()
}

fn one_by_one(theme: Theme) -> Picture {
    let stages = [Stage::of(&ONE_BY_ONE), Stage::of(&IN_FLIGHT)];
    let [alone] = stages[0].times();
    let [threads, coroutines] = stages[1].times();
    let worked = chart::duration(stages[0].played[0].worked);
    Timelines {
        title: format!(
            "100 pages one by one take {alone}, of which a core works for {worked}; all in flight at once they \
             take {}",
            either(&threads, &coroutines)
        ),
        stages: &stages,
        notes: &["each request waits for the one before", "a thread for each page", "one thread"],
        groups: &[],
        without: &[Part::Attendants, Part::Locks],
        theme,
    }
    .draw()
}

fn barista(theme: Theme) -> Picture {
    let stages = [Stage::of(&BARISTA)];
    let [watching, juggling, three] = stages[0].times();
    Timelines {
        title: format!(
            "One barista with six orders in the air needs {juggling}, three who each watch their own milk {three}, \
             one who watches it {watching}"
        ),
        stages: &stages,
        notes: &[
            "the barista watches the milk",
            "while milk heats, the next order is taken: concurrency",
            "each has one customer at a time: parallelism",
        ],
        groups: &[],
        without: &[Part::Attendants, Part::Locks, Part::Cores, Part::Sites],
        theme,
    }
    .draw()
}

fn gil_turns(theme: Theme) -> Picture {
    let stages = [Stage::of(&GIL_TURNS)];
    let [alone, threads, processes] = stages[0].times();
    Timelines {
        title: format!(
            "Eight cores, one GIL: four threads take turns and need {threads}{}; four processes need {processes}",
            beside(&threads, &alone)
        ),
        stages: &stages,
        notes: &["", "four threads share one lock", "each process has a lock and a core of its own"],
        groups: &[],
        without: &[Part::Attendants],
        theme,
    }
    .draw()
}

fn gil_io(theme: Theme) -> Picture {
    let stages = [Stage::of(&GIL_IO)];
    let [alone, threads, coroutines] = stages[0].times();
    Timelines {
        title: format!(
            "Nobody holds the lock while waiting: four requests take {}, and {alone} one by one",
            either(&threads, &coroutines)
        ),
        stages: &stages,
        notes: &["", "the lock is free while all four wait", "one thread does the same"],
        groups: &[],
        without: &[Part::Attendants, Part::Cores],
        theme,
    }
    .draw()
}

fn wrong_tool(theme: Theme) -> Picture {
    let stages = [Stage::of(&WRONG_TOOL)];
    let [requests, processes, fast, matrices, asyncio, pool] = stages[0].times();
    let (waiting, computing) = ("100 requests of 5 ms each", "100 matrices of 20 ms each");
    let memory = stages[0].played[1].row.memory_bytes / 1_000_000;
    let born = stages[0].played[1].row.processes;
    Timelines {
        title: format!(
            "The wrong tool: processes make 100 requests take {processes} instead of {fast}, asyncio leaves 100 \
             matrices at {asyncio} instead of {pool}"
        ),
        stages: &stages,
        notes: &[
            "",
            &format!("{born} processes, about {memory} MB; one by one it is {requests}"),
            "",
            "",
            &format!("the loop is busy with one matrix after the other; one by one it is {matrices}"),
            "8 workers",
        ],
        groups: &[waiting, waiting, waiting, computing, computing, computing],
        without: &[Part::Attendants, Part::Locks, Part::Sites],
        theme,
    }
    .draw()
}

fn convoy(theme: Theme) -> Picture {
    let stages = [Stage::of(&CONVOY)];
    let ends = stages[0].played.iter().map(|played| chart::duration(played.end(TaskId(0))));
    let [slow, quick, free] = <[String; 3]>::try_from(ends.collect::<Vec<_>>())
        .unwrap_or_else(|_| unreachable!("the convoy has three runs"));
    Timelines {
        title: format!(
            "Beside a thread that computes, ten waits of 2 ms take {slow}, each a switch interval of 5 ms more; \
             without the lock {free}"
        ),
        stages: &stages,
        notes: &[
            "T1 wakes up and waits for the lock, ten times",
            &format!("asking sooner: T1 is done after {quick}"),
            &format!("T1 is done after {free}"),
        ],
        groups: &[],
        without: &[Part::Attendants, Part::Sites, Part::Cores],
        theme,
    }
    .draw()
}

fn blocked_loop(theme: Theme) -> Picture {
    let stages = [Stage::of(&BLOCKED_LOOP)];
    let [blocked, offloaded] = stages[0].times();
    Timelines {
        title: format!(
            "One blocking call of 60 ms stops every coroutine of its loop, and all is done after {blocked}; in a \
             thread it stops none: {offloaded}"
        ),
        stages: &stages,
        notes: &[
            "the three hearts are ready, but their loop's thread is stuck in the call",
            "the call waits in a thread of its own, and no heart misses a beat",
        ],
        groups: &[],
        without: &[Part::Cores, Part::Locks, Part::Sites],
        theme,
    }
    .draw()
}
