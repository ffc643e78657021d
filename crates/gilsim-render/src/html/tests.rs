use serde_json::Value;

use super::*;
use crate::lanes::Recorder;
use gilsim_core::ids::{CoreId, LockId, NameId, ProcessId, TaskId, ThreadId};
use gilsim_core::time::{SimDuration, SimTime};
use gilsim_core::trace::{Hold, Row, Sink};

const SCRIPT_TAG: &str = "</script><script>alert(\"1\")</script>'&<!--";

fn row(state: State, name: NameId, start: u64, end: u64) -> Row {
    let core = state.on_core().then_some(CoreId(0));
    Row {
        task: Some(TaskId(0)),
        list: 0,
        step: 0,
        state,
        name,
        start: SimTime::from_nanos(start),
        end: SimTime::from_nanos(end),
        process: Some(ProcessId::MAIN),
        thread: Some(ThreadId::MAIN),
        core,
    }
}

/// A page of one run, in which everything that has a name is called `name`.
fn page_of(name: &str) -> String {
    let mut names = Names::default();
    let id = names.intern(name);
    let mut listener = Recorder::new([id]).for_page(false, 1);
    listener.row(&row(State::Running, id, 0, 1_000));
    listener.row(&row(State::Io, id, 1_000, 4_000));
    let (start, end) = (SimTime::from_nanos(0), SimTime::from_nanos(1_000));
    listener.hold(&Hold { lock: LockId(0), thread: ThreadId::MAIN, start, end });
    let recorded = listener.finish(SimDuration::from_nanos(5_000));
    let run = Run {
        label: name,
        note: name,
        recorded: &recorded,
        every: recorded.every().unwrap(),
        names: &names,
        cores: 2,
        deadlocked: true,
    };
    page(&Page {
        title: name,
        subtitle: name,
        verdict: name,
        tasks: vec![(name, 1)],
        runs: vec![run],
    })
}

/// What the script is given.
fn embedded(document: &str) -> Value {
    let start = document.find("type=\"application/json\">").unwrap() + 24;
    let end = start + document[start..].find("</script>").unwrap();
    serde_json::from_str(&document[start..end]).unwrap()
}

#[test]
fn a_script_tag_in_every_name_stays_a_text() {
    let document = page_of(SCRIPT_TAG);
    assert_eq!(document.matches("<script").count(), 2, "the data and the script");
    assert_eq!(document.matches("</script").count(), 2);
    assert!(!document.contains("alert(\""));
    let data = embedded(&document);
    let run = &data["runs"][0];
    for text in [&run["label"], &run["note"], &run["names"][1], &data["tasks"][0][0]] {
        assert_eq!(text, SCRIPT_TAG);
    }
}

#[test]
fn only_the_script_whose_checksum_is_named_may_run_and_nothing_may_be_loaded() {
    let document = page_of("shop");
    let script = document.rsplit("<script>").next().unwrap().split("</script>").next().unwrap();
    let hash = STANDARD.encode(Sha256::digest(script));
    assert!(document.contains(&format!("script-src 'sha256-{hash}'")));
    assert!(document.contains("default-src 'none'"));
    for outside in ["http://", "https://", "@import", "url(", " src=", "<link"] {
        assert!(!document.contains(outside), "{outside}");
    }
}

#[test]
fn rows_come_from_top_to_bottom_as_in_the_picture() {
    let data = embedded(&page_of("shop"));
    let rows = data["runs"][0]["rows"].as_array().unwrap();
    let told = |row: &Value| {
        let text = ["heading", "label", "remark"].iter().find_map(|key| row[*key].as_str());
        text.unwrap().to_owned()
    };
    let expected = [
        "workers",
        "main",
        "resources",
        "GIL",
        "core 0",
        "1 more core is never used",
        "sites: requests in flight",
        "shop",
    ];
    assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(rows[1]["count"], 2);
}

#[test]
fn the_table_says_what_the_picture_shows() {
    let document = page_of("shop");
    let table = document.split("<table").nth(1).unwrap().split("</table>").next().unwrap();
    for text in ["25.0 %", "75.0 %", "blocked on I/O", "deadlocks after 5 µs", "scope=\"row\""] {
        assert!(table.contains(text), "{text}: {table}");
    }
}

#[test]
fn what_is_filled_in_is_not_filled_in_again() {
    assert_eq!(fill("a {{x}} b {{y}}", |part| format!("{{{{{part}}}}}")), "a {{x}} b {{y}}");
}
