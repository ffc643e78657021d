use serde_json::Value;

use super::*;
use gilsim_core::sink::sample::{Place, row};

/// A file with what `write` puts into it, read back.
fn written(
    setting: &RunSetting<'_>,
    write: impl FnOnce(&mut PerfettoTrace<Vec<u8>>),
) -> Vec<Value> {
    let mut trace = PerfettoTrace::new(Vec::new());
    trace.begin(setting);
    write(&mut trace);
    events(trace)
}

fn events(trace: PerfettoTrace<Vec<u8>>) -> Vec<Value> {
    let text = String::from_utf8(trace.finish().unwrap()).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    document["traceEvents"].as_array().unwrap().clone()
}

fn setting<'a>(names: &'a Names, sites: &'a [NameId]) -> RunSetting<'a> {
    RunSetting { label: "pool", names, sites, coroutines: false }
}

/// The events of a phase.
fn of<'a>(events: &'a [Value], phase: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["ph"] == phase).collect()
}

/// What a track is called, with its process.
fn track(events: &[Value], event: &Value) -> (String, String) {
    let find = |kind: &str, on: &dyn Fn(&Value) -> bool| {
        let found = of(events, "M").into_iter().find(|it| it["name"] == kind && on(it));
        found.unwrap()["args"]["name"].as_str().unwrap().to_owned()
    };
    let in_process = |it: &Value| it["pid"] == event["pid"];
    (
        find("process_name", &in_process),
        find("thread_name", &|it| in_process(it) && it["tid"] == event["tid"]),
    )
}

#[test]
fn a_row_on_a_core_is_a_slice_of_its_thread_and_of_its_core() {
    let mut names = Names::default();
    let parse = names.intern("parse");
    let events = written(&setting(&names, &[]), |trace| {
        let at = row(State::Running, 1_500, 2_000_001).name(parse);
        trace.row(&at.task(7).step(2).process(1).thread(3).core(0));
    });
    let slices = of(&events, "X");
    assert_eq!(slices.len(), 2);
    assert_eq!(track(&events, slices[0]), ("pool: process 1".into(), "T3".into()));
    assert_eq!(slices[0]["name"], "running parse");
    assert_eq!((slices[0]["ts"].as_f64(), slices[0]["dur"].as_f64()), (Some(1.5), Some(1998.501)));
    assert_eq!(
        slices[0]["args"],
        serde_json::json!({"task": 7, "step": 2, "thread": 3, "core": 0})
    );
    assert_eq!(track(&events, slices[1]), ("pool: resources".into(), "core 0".into()));
    assert_eq!(slices[1]["name"], "T3: running parse");
}

#[test]
fn an_arrow_leads_from_the_arrival_of_a_task_to_its_start() {
    let names = Names::default();
    let events = written(&setting(&names, &[]), |trace| {
        trace.row(&row(State::Queued, 0, 5_000).task(4));
        trace.row(&row(State::LockWait, 5_000, 6_000).task(4).thread(1));
        trace.row(&row(State::Running, 6_000, 9_000).task(4).thread(1).core(0));
    });
    let (starts, ends) = (of(&events, "s"), of(&events, "f"));
    assert_eq!((starts.len(), ends.len()), (1, 1));
    assert_eq!(starts[0]["id"], ends[0]["id"]);
    assert_eq!((starts[0]["ts"].as_u64(), ends[0]["ts"].as_u64()), (Some(0), Some(5)));
    assert_eq!(track(&events, starts[0]), ("pool: tasks not started".into(), "task 4".into()));
    assert_eq!(track(&events, ends[0]).1, "T1");
}

#[test]
fn coroutines_are_lanes_of_the_main_process_and_have_all_their_rows() {
    let names = Names::default();
    let setting = RunSetting { coroutines: true, ..setting(&names, &[]) };
    let events = written(&setting, |trace| {
        trace.row(&row(State::Suspended, 0, 5).task(0).process(0));
        trace.row(&row(State::Running, 5, 6).task(0).process(0).thread(0).core(1));
    });
    let tracks: Vec<_> = of(&events, "X").iter().map(|slice| track(&events, slice)).collect();
    let main = || "pool: process 0".to_owned();
    let expected = [
        (main(), "task 0".into()),
        (main(), "main".into()),
        (main(), "task 0".into()),
        ("pool: resources".into(), "core 1".into()),
    ];
    assert_eq!(tracks, expected);
}

#[test]
fn requests_in_flight_begin_and_end_on_their_site() {
    let mut names = Names::default();
    let (shop, other) = (names.intern("shop"), names.intern("jobs"));
    let sites = [shop];
    let events = written(&setting(&names, &sites), |trace| {
        trace.row(&row(State::Io, 10, 30).task(1).name(shop).thread(1));
        trace.row(&row(State::Sync, 30, 40).task(1).name(other).thread(1));
        trace.row(&row(State::Sync, 40, 50).task(1).name(shop).thread(1));
    });
    let (begins, ends) = (of(&events, "b"), of(&events, "e"));
    assert_eq!((begins.len(), ends.len()), (1, 1), "waiting for a connection is no request");
    assert_eq!((&begins[0]["name"], begins[0]["id2"] == ends[0]["id2"]), (&"shop".into(), true));
}

#[test]
fn holds_of_a_lock_are_named_by_their_threads_and_those_of_no_length_are_left_out() {
    let names = Names::default();
    let hold = |thread, start, end| Hold {
        lock: LockId(0),
        thread: ThreadId(thread),
        start: SimTime::from_nanos(start),
        end: SimTime::from_nanos(end),
    };
    let events = written(&setting(&names, &[]), |trace| {
        trace.hold(&hold(0, 0, 0));
        trace.hold(&hold(2, 0, 7));
    });
    let slices = of(&events, "X");
    assert_eq!((slices.len(), &slices[0]["name"]), (1, &"T2".into()));
    assert_eq!(track(&events, slices[0]), ("pool: resources".into(), "GIL".into()));
}

#[test]
fn tools_share_no_process_and_come_in_their_order() {
    let names = Names::default();
    let mut trace = PerfettoTrace::new(Vec::new());
    for label in ["first", "second"] {
        trace.begin(&RunSetting { label, ..setting(&names, &[]) });
        trace.row(&row(State::Queued, 0, 1));
        trace.row(&row(State::Running, 1, 2).process(2).thread(1).core(0));
    }
    let events = events(trace);
    let mut sorted: Vec<(u64, u64)> = of(&events, "M")
        .iter()
        .filter(|event| event["name"] == "process_sort_index")
        .map(|event| {
            (event["args"]["sort_index"].as_u64().unwrap(), event["pid"].as_u64().unwrap())
        })
        .collect();
    sorted.sort_unstable();
    let label = |pid: u64| {
        let mut all = of(&events, "M").into_iter();
        let event = all.find(|it| it["name"] == "process_name" && it["pid"] == pid).unwrap();
        event["args"]["name"].as_str().unwrap().split(':').next().unwrap().to_owned()
    };
    let labels: Vec<String> = sorted.iter().map(|(_, pid)| label(*pid)).collect();
    assert_eq!(labels, [vec!["first".to_owned(); 5], vec!["second".to_owned(); 5]].concat());
    let pids: std::collections::BTreeSet<u64> = sorted.iter().map(|(_, pid)| *pid).collect();
    assert_eq!(pids.len(), 10, "no two groups share a number");
}

#[test]
fn any_label_and_any_name_is_read_back_as_it_was() {
    for text in ["<script>alert(\"1\")</script>", "a\\b\"c", "two\nlines", "naïve ☕ 名前", "\u{1}"]
    {
        let mut names = Names::default();
        let id = names.intern(text);
        let sites = [id];
        let setting = RunSetting { label: text, ..setting(&names, &sites) };
        let events = written(&setting, |trace| {
            trace.row(&row(State::Io, 0, 1).name(id).process(0).thread(0));
        });
        assert_eq!(of(&events, "X")[0]["name"], format!("io {text}"));
        assert_eq!(of(&events, "b")[0]["name"], text);
        assert_eq!(track(&events, of(&events, "X")[0]).0, format!("{text}: process 0"));
    }
}
