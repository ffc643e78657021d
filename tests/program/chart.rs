//! Charts of runs written by hand: what is in the documents, and whether there is ink where there should be.
#![allow(clippy::cast_possible_truncation, reason = "small numbers written by hand")]

mod script;

use std::path::Path;

use gilsim::chart::{Chart, Panel, PngError, Theme, alt_text, png, svg};
use gilsim::ids::TaskId;
use gilsim::trace::State;
use proptest::prelude::*;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Options, Tree};
use script::{MS, Run, S, Script, task, thread};

fn panel<'a>(label: &'a str, run: &'a Run, cores: u32) -> Panel<'a> {
    Panel {
        label,
        note: "",
        group: "",
        recording: &run.recording,
        names: &run.names,
        cores,
        deadlocked: false,
        task_name: None,
    }
}

fn chart<'a>(title: &'a str, subtitle: &'a str, panels: Vec<Panel<'a>>) -> Chart<'a> {
    Chart { title, subtitle, panels, without: &[], theme: Theme::Auto }
}

/// Writes a figure where it can be looked at.
fn save(name: &str, chart: &Chart<'_>) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let document = svg(chart);
    std::fs::write(directory.join(format!("{name}.svg")), &document).unwrap();
    std::fs::write(directory.join(format!("{name}.png")), png(&document).unwrap()).unwrap();
    let dark = Chart { panels: chart.panels.clone(), theme: Theme::Dark, ..*chart };
    std::fs::write(directory.join(format!("{name}-dark.png")), png(&svg(&dark)).unwrap()).unwrap();
}

#[test]
#[ignore = "writes figures to look at into target/tmp"]
fn preview_of_single_runs() {
    let page = |task: TaskId| format!("page {}", task.0);
    let loops = script::coroutines();
    let named = Panel { task_name: Some(&page), ..panel("asyncio", &loops, 1) };
    save("asyncio", &chart("One blocking call stalls the others", "6 tasks, 1 core", vec![named]));
    for (name, run, cores) in [
        ("gil-turns", script::gil_turns(4, 5), 2),
        ("fine", script::gil_turns(4, 5000), 2),
        ("compact", script::downloads_by_threads(30), 8),
        ("process-pool", script::process_pool(), 4),
        ("threads-100", script::downloads_by_threads(100), 8),
        ("every-state", script::every_state(), 6),
    ] {
        save(name, &chart("", "cpython-3.13, seed 1", vec![panel("a_tool", &run, cores)]));
    }
}

#[test]
#[ignore = "writes figures to look at into target/tmp"]
fn preview_of_comparisons() {
    let (gil, loops) = (script::gil_turns(4, 5), script::coroutines());
    let (pool, threads) = (script::process_pool(), script::downloads_by_threads(100));
    let sequential = script::downloads_one_by_one(100, 1480 * MS);
    let coroutines = script::downloads_by_coroutines(100);
    let pair = vec![
        Panel { note: "4 threads", ..panel("threading", &gil, 2) },
        panel("process_pool", &pool, 2),
        panel("asyncio", &loops, 2),
    ];
    save("pair", &chart("", "4 tasks of 25 ms, seed 1", pair));
    let downloads = vec![
        panel("sequential", &sequential, 8),
        panel("threading", &threads, 8),
        panel("asyncio", &coroutines, 8),
        panel("process_pool", &pool, 8),
    ];
    save("download", &chart("", "100 pages, 10 connections, 8 cores, seed 42", downloads));
    let long = "שם ארוך מאוד 名前が長い 🦀 очень длинное имя <b>&</b> ".repeat(5);
    let name = |_: TaskId| long.clone();
    let strange = Panel { note: &long, task_name: Some(&name), ..panel(&long, &loops, 2) };
    save("strange", &chart(&long, &long, vec![strange, panel("other", &gil, 2)]));
}

#[test]
fn alt_text_names_makespan_lock_share_and_worst_waiter() {
    let run = script::gil_turns(4, 5);
    let text = alt_text(&chart("", "", vec![panel("threading", &run, 2)]));
    assert!(text.contains("threading: makespan 103 ms; GIL held 99 % of it"), "{text}");
    assert!(text.contains("T4 waits longest, 75 ms"), "{text}");
}

/// What a figure says above its runs.
const FINDING: &str = "a tool takes 103 ms: its tasks spend most of their time waiting for the GIL";

fn one(run: &Run) -> String {
    svg(&chart(FINDING, "", vec![panel("tool", run, 2)]))
}

/// How many pixels of a rectangle (of the SVG's pixels) differ from the background.
fn ink(document: &str, (left, top, right, bottom): (u32, u32, u32, u32)) -> usize {
    let pixels = Pixmap::decode_png(&png(document).unwrap()).unwrap();
    let background = pixels.pixel(0, 0).unwrap();
    (top * 2..bottom * 2)
        .flat_map(|y| (left * 2..right * 2).map(move |x| (x, y)))
        .filter(|&(x, y)| pixels.pixel(x, y).unwrap() != background)
        .count()
}

#[test]
fn the_png_has_ink_where_the_title_and_the_labels_are() {
    let document = one(&script::gil_turns(4, 5));
    assert!(ink(&document, (12, 8, 400, 30)) > 2000, "the title");
    assert!(ink(&document, (90, 80, 130, 110)) > 50, "the label of the first lane");
    assert_eq!(ink(&document, (0, 0, 960, 8)), 0, "the upper margin");
}

#[test]
fn the_png_is_twice_as_large_as_the_svg() {
    let document = one(&script::every_state());
    let pixels = Pixmap::decode_png(&png(&document).unwrap()).unwrap();
    let height: u32 =
        document.split(" height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    assert_eq!((pixels.width(), pixels.height()), (1920, height * 2));
}

#[test]
fn a_text_that_is_no_svg_is_an_error_and_no_panic() {
    assert!(matches!(png("not a figure"), Err(PngError::Document(_))));
    let huge = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900000\" height=\"900000\"/>";
    assert_eq!(png(huge), Err(PngError::TooLarge));
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (first, second) = (script::process_pool(), script::process_pool());
    assert_eq!(one(&first), one(&second));
    assert_eq!(png(&one(&first)), png(&one(&second)));
}

#[test]
fn the_document_is_an_image_with_a_name_and_a_description() {
    let document = one(&script::gil_turns(4, 5));
    assert!(document.starts_with(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"t d\""
    ));
    assert!(document.contains(&format!("<title id=\"t\">{FINDING}</title>")));
    assert!(document.contains("<desc id=\"d\">Timeline of one run. tool: makespan 103 ms;"));
}

#[test]
fn names_with_markup_are_text_in_every_place() {
    let bad = "<script>alert(\"1\")</script> & 'x'";
    let mut run = Script::new(&[bad]);
    run.row(thread(0).core(0).task(0), State::Running, bad, 0, 40 * MS);
    run.row(task(1), State::Suspended, bad, 0, 90 * MS);
    run.row(thread(0).task(1), State::Io, bad, 40 * MS, 100 * MS);
    run.hold(0, 0, 0, 40 * MS);
    let run = run.end(100 * MS);
    let name = |_: TaskId| bad.to_owned();
    let panels = vec![
        Panel { note: bad, task_name: Some(&name), ..panel(bad, &run, 1) },
        Panel { task_name: Some(&name), ..panel("other", &run, 1) },
    ];
    let document = svg(&chart(bad, bad, panels));
    assert!(!document.contains("<script") && document.contains("&lt;script&gt;"));
    assert!(png(&document).is_ok(), "still well-formed");
}

#[test]
fn names_of_any_language_and_length_are_cut_and_kept_whole_in_the_hover_text() {
    let long = "שם ארוך מאוד 名前が長い 🦀 очень длинное имя ".repeat(20);
    let mut run = Script::new(&[&long]);
    run.row(thread(0).core(0).task(0), State::Running, &long, 0, 40 * MS);
    run.row(task(0), State::Suspended, &long, 40 * MS, 90 * MS);
    let run = run.end(100 * MS);
    let name = |_: TaskId| format!("{long}\u{202E}\u{0}\n");
    let label = Panel { task_name: Some(&name), ..panel(&long, &run, 1) };
    let document = svg(&chart(&long, &long, vec![label, panel("short", &run, 1)]));
    assert!(document.contains(&format!("<title>{long}</title>")));
    assert!(!document.contains('\u{202E}') && !document.contains('\u{0}'));
    assert!(png(&document).is_ok());
}

#[test]
fn the_legend_names_every_state_that_occurs_and_no_other() {
    let all = one(&script::every_state());
    for state in [
        "running Python",
        "native code",
        "overhead",
        "ready",
        "waiting for the GIL",
        "blocked on I/O",
        "suspended at await",
        "waiting: permit",
        "queued, not started",
    ] {
        assert!(all.contains(&format!(">{state}")), "{state}");
    }
    let turns = one(&script::gil_turns(4, 5));
    assert!(
        turns.contains(">waiting for the GIL · 73.0 %<") && !turns.contains(">suspended at await")
    );
}

#[test]
fn a_task_on_its_loops_thread_is_in_its_own_lane_and_in_the_loops() {
    let document = one(&script::coroutines());
    assert!(document.contains(
        "<title>task 0: running Python (holds the GIL), 40 ms to 48 ms (8 ms), parse</title>"
    ));
    assert!(document.contains(
        "<title>main: running Python (holds the GIL), 40 ms to 48 ms (8 ms), parse, task 0</title>"
    ));
    let (thread, coroutine) = (document.find(">main</text>"), document.find(">task 0</text>"));
    assert!(thread < coroutine && coroutine.is_some());
}

#[test]
fn each_process_is_a_group_with_a_lock_of_its_own() {
    let document = one(&script::process_pool());
    let places: Vec<_> = ["process 0", "process 1", "process 2"]
        .map(|label| document.find(&format!(">{label}</text>")).unwrap())
        .into();
    assert!(places.is_sorted());
    assert_eq!(document.matches(">GIL</text>").count(), 3);
}

#[test]
fn above_forty_workers_a_panel_shows_shares_and_says_so() {
    let note = "Above 40 threads and coroutines";
    let few = one(&script::downloads_by_threads(39));
    assert!(!few.contains(note) && few.contains(">T39</text>"));
    let many = one(&script::downloads_by_threads(40));
    assert!(many.contains(note) && !many.contains(">T39</text>"));
    assert!(many.contains(">main</text>") && many.contains(">40 tasks</text>"));
}

#[test]
fn a_run_that_the_shared_axis_dwarfs_is_magnified_beside_itself() {
    let long = script::downloads_one_by_one(100, 1480 * MS);
    let short = script::gil_turns(4, 5);
    let document =
        svg(&chart("", "", vec![panel("sequential", &long, 2), panel("threading", &short, 2)]));
    assert_eq!(document.matches("the same lanes, ").count(), 1);
    assert!(document.contains(">150 s</text>") && document.contains(">103 ms</text>"));
    let similar = svg(&chart("", "", vec![panel("a", &short, 2), panel("b", &short, 2)]));
    assert!(!similar.contains("the same lanes, "));
}

#[test]
fn a_lone_interval_thinner_than_a_pixel_is_drawn_and_not_widened() {
    let mut run = Script::new(&[]);
    run.row(thread(0).core(0).task(0), State::Native, "", S / 2, S / 2 + 1);
    let document = one(&run.end(S));
    let bars: Vec<_> = document
        .lines()
        .filter(|line| line.contains("#559A78") && !line.contains("width=\"180\""))
        .collect();
    assert!(
        !bars.is_empty()
            // A tenth of a pixel's ink, over half a pixel, so that no renderer drops it.
            && bars.iter().all(|bar| {
                bar.contains(" width=\"5\"") && bar.contains(" opacity=\"0.2\"")
                    || bar.starts_with("<style")
            }),
        "{bars:?}"
    );
}

#[test]
fn tasks_of_which_few_are_under_way_at_once_are_counted_instead_of_shared() {
    let mut one_by_one = Script::new(&[]);
    let mut together = Script::new(&[]);
    for number in 0..60 {
        let (on, at) = (thread(number).task(number), u64::from(number) * MS);
        one_by_one.row(on, State::Io, "", at, at + MS);
        together.row(on, State::Io, "", 0, 60 * MS);
    }
    let few = one(&one_by_one.end(60 * MS));
    assert!(few.contains(">number in</text>") && !few.contains(">share in</text>"));
    assert!(few.contains(">1</text>") && !few.contains(">50 %</text>"), "one at once, at the top");
    let all = one(&together.end(60 * MS));
    assert!(all.contains(">share in</text>") && all.contains(">50 %</text>"));
}

#[test]
fn more_sites_than_are_shown_are_said_to_be_there() {
    let names: Vec<String> = (0..10).map(|number| format!("site {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut run = Script::new(&names);
    for (number, name) in (0..).zip(&names) {
        run.row(thread(number).task(number), State::Io, name, 0, 9 * MS);
    }
    assert!(one(&run.end(9 * MS)).contains(">SITES (8 OF 10)</text>"));
}

#[test]
fn a_run_that_deadlocks_is_never_called_done() {
    let (short, long) = (Script::new(&[]).end(5 * MS), Script::new(&[]).end(16 * MS));
    let stuck = |label| Panel { deadlocked: true, ..panel(label, &short, 1) };
    let document = svg(&chart("", "", vec![stuck("a"), panel("b", &long, 1), stuck("c")]));
    assert!(document.contains("a: deadlocks after 5 ms;") && document.contains(">deadlock</text>"));
    assert!(!document.contains(">5 ms</text>"));
    let text = gilsim::chart::text(&[stuck("a"), panel("b", &long, 1)]);
    assert!(text.starts_with("  a                   deadlocks after 5 ms\n"), "{text}");
}

#[test]
fn a_figure_of_a_million_intervals_is_no_larger_than_one_of_few_thousand() {
    let (few, many) = (script::gil_turns(4, 1_000), script::gil_turns(4, 125_000));
    let (few, many) = (one(&few).len(), one(&many).len());
    assert!(many < few * 3 / 2, "{many} bytes, and {few} of few");
}

#[test]
fn themes_differ_in_colours_alone() {
    let run = script::every_state();
    let of = |theme| svg(&Chart { theme, ..chart("", "", vec![panel("all", &run, 2)]) });
    let (light, dark, auto) = (of(Theme::Light), of(Theme::Dark), of(Theme::Auto));
    assert!(auto.contains("prefers-color-scheme: dark") && !light.contains("<style>"));
    assert!(!dark.contains("<style>") && dark.contains("#97BBE9") && !dark.contains("#2A5A95"));
    assert_eq!(png(&auto), png(&light), "a PNG is light unless it is asked to be dark");
    assert_eq!(light.lines().count(), dark.lines().count());
}

#[test]
fn a_figure_of_nothing_is_still_a_figure() {
    let nothing = Script::new(&["shop"]).end(0);
    assert!(png(&one(&nothing)).is_ok());
    assert!(png(&svg(&chart("", "", Vec::new()))).is_ok());
    assert_eq!(nothing.recording.lock_held_share(), None);
}

#[test]
fn the_longest_times_there_are_make_a_figure() {
    const LONGEST: u64 = u64::MAX / 2;
    let mut run = Script::new(&["shop"]);
    run.row(thread(0).core(0).task(0), State::Io, "shop", 0, LONGEST - 1);
    run.row(thread(0).core(0).task(0), State::Running, "", LONGEST - 1, LONGEST);
    run.hold(0, 0, LONGEST - 1, LONGEST);
    let run = run.end(LONGEST);
    let short = script::gil_turns(4, 5);
    assert!(
        png(&svg(&chart("", "", vec![panel("long", &run, 2), panel("short", &short, 2)]))).is_ok()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_in_a_run_it_has_a_well_formed_figure(
        rows in prop::collection::vec((0..9_usize, 0..60_u32, 0..70_u32, 0..20_u32, 0..90_u64, 1..90_u64), 0..300),
        cores in 0..2000_u32,
    ) {
        let mut run = Script::new(&["shop"]);
        let mut now = 0;
        for &(state, worker, job, core, gap, length) in &rows {
            now += gap;
            let mut on = if worker < 45 { thread(worker).process(worker / 9) } else { task(job) };
            on.task = (job < 60).then_some(job).or(on.task);
            let state = State::ALL[state];
            on.core = (state.on_core() && on.thread.is_some()).then_some(core);
            run.row(on, state, "shop", now, now + length);
            run.hold(worker % 12, worker, now, now + length / 2);
            now += length / 3;
        }
        let run = run.end(now + 100);
        let dwarf = script::downloads_one_by_one(2, 40_000);
        let document = svg(&chart("", "", vec![panel("any", &run, cores), panel("other", &dwarf, 1)]));
        prop_assert!(Tree::from_str(&document, &Options::default()).is_ok());
    }
}

#[test]
fn a_task_has_its_number_in_the_trace() {
    let text = "tools = [{ use = 'asyncio' }]\n[[tasks]]\nname = 'page'\ncount = 2\nsteps = [{ wait = '1s' }]\n\
                [[tasks]]\nname = 'probe'\nsteps = [{ wait = '1s' }]\n[[tasks]]\nname = 'page'\ncount = 2\n\
                steps = [{ wait = '1s' }]\n[[tasks]]\ncount = 2\nsteps = [{ wait = '1s' }]";
    let scenario = gilsim::scenario::parse(text, "a.toml", Path::new("."), &[]);
    let scenario = scenario.expect("it is right").scenario;
    let names = (0..7).map(|task| scenario.task_name(TaskId(task)));
    let expected = ["page 0", "page 1", "probe", "page 3", "page 4", "task 5", "task 6"];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}
