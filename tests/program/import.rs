//! Recordings become scenarios that hold host names and exact numbers, and nothing else.

use std::fmt::Write as _;
use std::path::Path;

use gilsim::import::{self, Arrivals, ImportError, Options, Recording};
use gilsim::time::SimDuration;
use gilsim_scenario::limits::SCENARIO_BYTES;
use proptest::prelude::*;

use super::bench::Bench;

const QUIRKS: &str = include_str!("../import/quirks.har");
const TWO_PAGES: &str = include_str!("../import/two-pages.har");
const CURL_JSON: &str = include_str!("../import/curl.jsonl");
const CURL_LINES: &str = include_str!("../import/curl.txt");
const TABLE: &str = include_str!("../import/table.csv");

const RECORDED: Options = Options { arrivals: Arrivals::Recorded, page: None };

fn at_once(recording: &Recording) -> String {
    recording.scenario(&Options::default()).unwrap()
}

/// The scenario from its first site on, without the tools, which are always the same.
fn body(scenario: &str) -> &str {
    let start = scenario.find("[sites.").unwrap();
    let end = scenario.find("[[tools]]").unwrap();
    &scenario[start..end]
}

fn table(scenario: &str) -> toml::Table {
    scenario.parse().unwrap()
}

/// The latencies of a site in nanoseconds, read back as a scenario reads them.
fn latencies(scenario: &toml::Table, host: &str) -> Vec<u64> {
    let latency = &scenario["sites"][host]["latency"];
    let one =
        |value: &toml::Value| value.as_str().unwrap().parse::<SimDuration>().unwrap().as_nanos();
    latency.get("cycle").map_or_else(
        || vec![one(latency)],
        |cycle| cycle.as_array().unwrap().iter().map(one).collect(),
    )
}

fn fault(found: Result<Recording, ImportError>) -> (String, Option<usize>, Option<usize>) {
    let error = found.unwrap_err();
    (error.message().to_owned(), error.line(), error.column())
}

#[test]
fn a_recording_with_every_quirk_becomes_this_scenario() {
    let recording = import::har(QUIRKS).unwrap();
    assert_eq!(recording.requests(), 5);
    assert_eq!(
        recording.left_out().unwrap(),
        "1 from the browser's cache, 2 without a host (data: and the like), \
         2 WebSockets or event streams, 2 without timings or of zero time"
    );
    let scenario = recording.scenario(&RECORDED).unwrap();
    assert!(scenario.contains("title = \"5 requests to 3 hosts, recorded by a browser\"\n"));
    let expected = r#"[sites."shop.example"]
latency = { cycle = ["109.102ms", "10ms", "15.25ms"] }
connections = 100

[sites."[2001:db8::1]:8443"]
latency = "7ms"
connections = 6

[sites."cdn.example"]
latency = "60ms"
connections = 100

[[tasks]]
name = "shop.example"
arrive = { at = ["0ms", "250ms", "500ms"] }
payload = { receive = "506B" }
steps = [{ wait = "shop.example" }]

[[tasks]]
name = "[2001:db8::1]:8443"
arrive = { at = ["125ms"] }
steps = [{ wait = "[2001:db8::1]:8443" }]

[[tasks]]
name = "cdn.example"
arrive = { at = ["125ms"] }
steps = [{ wait = "cdn.example" }]

"#;
    assert_eq!(body(&scenario), expected);
}

#[test]
fn handshakes_within_connect_and_beside_it_are_told_apart_entry_by_entry() {
    let entry = |time: &str, phases: &str| {
        format!(
            r#"{{"request": {{"url": "https://a/"}}, "time": {time}, "timings": {{"dns": -1, "send": 0, "receive": 0, {phases}}}}}"#
        )
    };
    let firefox = entry("247", r#""blocked": 89, "connect": 32, "ssl": 66, "wait": 60"#);
    let mitmproxy = entry("489.44", r#""connect": 123.66, "ssl": 246.80, "wait": 118.98"#);
    let chrome = entry("302.5", r#""blocked": 2.5, "connect": 200, "ssl": 150, "wait": 100"#);
    let of = |creator: &str, entries: &[&String]| {
        let entries: Vec<&str> = entries.iter().map(|entry| entry.as_str()).collect();
        let creator = format!(r#""creator": {{"name": "{creator}"}}, "#);
        let har = format!(r#"{{"log": {{{creator}"entries": [{}]}}}}"#, entries.join(","));
        latencies(&table(&at_once(&import::har(&har).unwrap())), "a")
    };
    assert_eq!(
        of("all of them", &[&firefox, &mitmproxy, &chrome]),
        [158_000_000, 489_440_000, 300_000_000]
    );
    // Its time is the sum of all phases, though the handshake lies within `connect`.
    let playwright = entry("450", r#""connect": 200, "ssl": 150, "wait": 100"#);
    assert_eq!(of("Playwright", &[&playwright]), [300_000_000]);
    assert_eq!(of("Firefox", &[&playwright]), [450_000_000]);
}

#[test]
fn no_secret_of_a_recording_reaches_the_scenario() {
    let recordings = [
        import::har(QUIRKS),
        import::curl(CURL_JSON),
        import::curl(CURL_LINES),
        import::csv(TABLE),
    ];
    for recording in recordings {
        let recording = recording.unwrap();
        for arrivals in [Arrivals::AtOnce, Arrivals::InOrder] {
            let scenario = recording.scenario(&Options { arrivals, page: None }).unwrap();
            assert!(!scenario.contains("hush"), "{scenario}");
            assert!(!scenario.contains("203.0.113.7"), "{scenario}");
        }
    }
}

#[test]
fn arrivals_are_dropped_ordered_or_kept() {
    let recording = import::har(QUIRKS).unwrap();
    let of_shop = |arrivals| {
        let scenario = table(&recording.scenario(&Options { arrivals, page: None }).unwrap());
        let task = scenario["tasks"][0].as_table().unwrap().clone();
        (task.get("count").cloned(), task.get("arrive").map(ToString::to_string))
    };
    assert_eq!(of_shop(Arrivals::AtOnce), (Some(3.into()), None));
    let ordered = r#"{ at = ["0ms", "3ns", "4ns"] }"#;
    assert_eq!(of_shop(Arrivals::InOrder), (None, Some(ordered.to_owned())));
    let recorded = r#"{ at = ["0ms", "250ms", "500ms"] }"#;
    assert_eq!(of_shop(Arrivals::Recorded), (None, Some(recorded.to_owned())));
}

#[test]
fn one_page_of_several_can_be_taken() {
    let recording = import::har(TWO_PAGES).unwrap();
    assert_eq!(recording.pages(), 4, "three are listed, and an entry names one more");
    let of_page = |page| recording.scenario(&Options { page: Some(page), ..RECORDED });
    let second = table(&of_page(2).unwrap());
    assert_eq!(second["sites"].as_table().unwrap().len(), 2);
    assert_eq!(latencies(&second, "one.example"), [50_000_000]);
    assert_eq!(second["tasks"][1]["arrive"]["at"][0].as_str(), Some("999.9ms"));
    let messages = [
        (0, "there is no page 0: the recording has 1 to 4"),
        (3, "page 3 has no request that could be replayed"),
        (5, "there is no page 5: the recording has 1 to 4"),
    ];
    for (page, message) in messages {
        assert_eq!(of_page(page).unwrap_err().message(), message);
    }
}

#[test]
fn gaps_that_were_not_recorded_cannot_be_kept() {
    for (recording, unknown) in
        [(import::har(TWO_PAGES), "1 of its 4"), (import::curl(CURL_JSON), "3 of its 3")]
    {
        let error = recording.unwrap().scenario(&RECORDED).unwrap_err();
        let message = format!(
            "the recording does not say when {unknown} requests started, so their gaps cannot be kept; \
             --keep-order keeps their order"
        );
        assert_eq!(error.message(), message);
    }
    let millennium = QUIRKS.replace("2024-03-01T09:00:00.500Z", "1024-03-01T09:00:00.500Z");
    let error = import::har(&millennium).unwrap().scenario(&RECORDED).unwrap_err();
    assert_eq!(error.message(), "the requests started more than 100 years apart");
}

#[test]
fn both_forms_of_curl_give_the_same_sites() {
    let sites = r#"[sites."shop.example"]
latency = { cycle = ["123.456ms", "20ms"] }
connections = 100

[sites."api.example:8080"]
latency = "250ms"
connections = 6

"#;
    let json = import::curl(CURL_JSON).unwrap();
    assert_eq!(json.left_out().as_deref(), Some("1 failed"));
    let scenario = at_once(&json);
    assert!(body(&scenario).starts_with(sites), "{scenario}");
    assert!(scenario.contains("payload = { receive = \"768B\" }\n"));

    let lines = import::curl(CURL_LINES).unwrap();
    assert_eq!(lines.left_out().as_deref(), Some("1 failed"));
    let scenario = at_once(&lines);
    assert!(body(&scenario).starts_with(sites), "{scenario}");
    assert!(scenario.contains("[sites.\"files.example\"]\nlatency = \"1.5s\"\n\n"), "no limit");
}

#[test]
fn transfers_of_curl_may_stand_in_an_array() {
    let plain = at_once(&import::curl(CURL_JSON).unwrap());
    let separate = CURL_JSON.replace("}{", "}\n{");
    let transfers: Vec<&str> = separate.lines().collect();
    let whole = format!("[{}]", transfers.join(","));
    let two = format!("\n[{},\n {}]\n[]\n[{}]\n", transfers[0], transfers[1], transfers[2]);
    let on = |array: &str| import::curl(array).map(|recording| at_once(&recording));
    assert_eq!(on(&whole), Ok(plain.clone()));
    assert_eq!(on(&format!("{two}[{}]", transfers[3])), Ok(plain));

    let whole = |message: &str| (message.to_owned(), None, None);
    assert_eq!(fault(import::curl("[]")), whole("the recording has no entries"));
    let comma = format!("[{},\n]", transfers[0]);
    assert_eq!(
        fault(import::curl(&comma)),
        ("this is not JSON: trailing comma".to_owned(), Some(2), Some(1))
    );
    let nested = format!("[{},\n [1]]", transfers[0]);
    assert_eq!(fault(import::curl(&nested)).1, Some(2));
    let cut = format!("[{},", transfers[0]);
    assert!(fault(import::curl(&cut)).0.starts_with("the file ends in the middle"));
}

#[test]
fn a_table_is_read_with_its_columns_in_any_order() {
    let recording = import::csv(TABLE).unwrap();
    assert_eq!((recording.requests(), recording.left_out()), (4, None));
    let expected = r#"[sites."shop.example"]
latency = { cycle = ["1ms", "20ms", "2.5us"] }
connections = 4

[sites."api.example"]
latency = "30.5ms"

[[tasks]]
name = "shop.example"
arrive = { at = ["0ms", "250ms", "750ms"] }
steps = [{ wait = "shop.example" }]

[[tasks]]
name = "api.example"
arrive = { at = ["450ms"] }
steps = [{ wait = "api.example" }]

"#;
    assert_eq!(body(&recording.scenario(&RECORDED).unwrap()), expected);
}

#[test]
fn a_recording_that_is_no_har_is_refused_with_its_place() {
    let cut = &QUIRKS[..QUIRKS.find("postData").unwrap()];
    let cut_line = cut.lines().count();
    let (message, line, _) = fault(import::har(cut));
    assert_eq!(
        message,
        "the file ends in the middle: it was cut short, so record or export it again"
    );
    assert_eq!(line, Some(cut_line));

    let whole = |message: &str| (message.to_owned(), None, None);
    assert_eq!(fault(import::har("")), whole("the file is empty"));
    assert_eq!(fault(import::har("\u{feff}\n ")), whole("the file is empty"));
    let empty = r#"{"log": {"pages": null, "entries": []}}"#;
    assert_eq!(fault(import::har(empty)), whole("the recording has no entries"));

    let placed = |message: &str, line, column| (message.to_owned(), Some(line), Some(column));
    assert_eq!(fault(import::har("<html>")), placed("this is not JSON: expected value", 1, 1));
    assert_eq!(
        fault(import::har("{\"entries\":\n []}")),
        placed("this is JSON, but not a HAR recording: missing field `log`", 2, 4)
    );
    assert_eq!(
        fault(import::har("{\"log\": null}")).0,
        "this is JSON, but not a HAR recording: invalid type: null, \
         expected an object that holds `entries`"
    );
}

#[test]
fn a_recording_without_timings_is_refused_with_the_reason() {
    let bare = r#"{"log": {"entries": [
        {"request": {"url": "http://shop.example/"}},
        {"request": {"url": "http://shop.example/"}, "time": -1, "timings": {"wait": -1}},
        {"request": {"url": "about:blank"}, "time": 3}]}}"#;
    let (message, ..) = fault(import::har(bare));
    assert_eq!(
        message,
        "no entry of the recording can be replayed: 1 without a host (data: and the like), \
         2 without timings or of zero time"
    );
}

#[test]
fn a_time_that_is_no_time_is_refused_where_it_stands() {
    let entry = |wait: &str| {
        import::har(&format!(
            "{{\"log\": {{\"entries\": [\n  {{\"request\": {{\"url\": \"http://a/\"}},\n    \
             \"timings\": {{\"wait\": {wait}}}}}]}}}}"
        ))
    };
    let placed = |message: &str| (message.to_owned(), Some(3), Some(25));
    assert_eq!(fault(entry("\"12\"")), placed("a time should be a number of milliseconds"));
    assert_eq!(fault(entry("{}")), placed("a time should be a number of milliseconds"));
    assert_eq!(fault(entry("1e300")), placed("a time should not be longer than 100 years"));
    let century = "3155760000000, \"receive\": 3155760000000";
    assert_eq!(fault(entry(century)), placed("a time should not be longer than 100 years"));
}

#[test]
fn a_start_that_is_no_instant_is_refused_where_it_stands() {
    let message = "`startedDateTime` should be an instant like `2024-03-01T09:00:00.250Z`";
    for wrong in ["\"yesterday\"", "\"2024-13-01T09:00:00Z\"", "1709280000000", "{}", "\"\\ud800\""]
    {
        let har = QUIRKS.replace("\"2024-03-01T09:00:00.500Z\"", wrong);
        assert_eq!(fault(import::har(&har)), (message.to_owned(), Some(33), Some(28)), "{wrong}");
    }
    for unknown in ["null", "\"\""] {
        let har = QUIRKS.replace("\"2024-03-01T09:00:00.500Z\"", unknown);
        let error = import::har(&har).unwrap().scenario(&RECORDED).unwrap_err();
        assert!(error.message().contains("when 1 of its 5 requests started"), "{error}");
    }
}

#[test]
fn what_curl_did_not_print_is_refused_with_its_place() {
    let (message, line, column) = fault(import::curl("http://a.example/ 0.1\n<!doctype html>\n"));
    assert!(message.contains("-o /dev/null -w '%{json}\\n'"), "{message}");
    assert_eq!((line, column), (Some(2), Some(1)));
    assert_eq!(
        fault(import::curl("http://a.example/ fast")),
        ("a time should be a number of seconds".to_owned(), Some(1), Some(19))
    );
    let (message, line, _) = fault(import::curl("{\"url_effective\": \"http://a/\"}\n"));
    assert_eq!(message, "this is JSON, but not the output of curl: missing field `time_total`");
    assert_eq!(line, Some(1));
    let (message, line, _) = fault(import::curl(&CURL_JSON[..CURL_JSON.len() - 9]));
    assert!(message.starts_with("the file ends in the middle"), "{message}");
    assert_eq!(line, Some(3));
    let down = r#"{"exitcode":6,"time_total":0.1,"url_effective":"http://down.example/"}"#;
    let (message, ..) = fault(import::curl(down));
    assert_eq!(message, "no entry of the recording can be replayed: 1 failed");
}

#[test]
fn a_table_with_a_wrong_cell_is_refused_with_its_place() {
    let cases = [
        ("name,latency\n", (1, 1), "names no column `host`"),
        ("host,time\n", (1, 1), "names no column `latency`"),
        ("\n\r\nname,latency\n", (3, 1), "names no column `host`"),
        ("host,latency\na.example,0x10", (2, 11), "`latency`: the units are"),
        ("host,latency\na.example, soon", (2, 12), "`latency`: a duration starts with a number"),
        ("host,latency\na.example\nb,1", (2, 10), "`latency`: a duration starts with a number"),
        ("host,latency\n\"a.example\",\"5 sec\"", (2, 14), "`latency`: the units are"),
        ("host,latency\na,1\n\na,-1", (4, 3), "`latency`: a time should not be below"),
        ("host,latency\na.example,4e9", (2, 11), "`latency`: a time should not be longer"),
        ("host,latency\nnot a host,1", (2, 1), "`host`: this is not the name of a host"),
        ("host,latency,start\na.example,1,noon", (2, 13), "`start`: a duration starts"),
        ("host,x,latency\na.example,,noon", (2, 12), "`latency`: a duration starts"),
        ("x,host,latency\n\"1,\n2\",a,noon", (3, 6), "`latency`: a duration starts"),
        (
            "host,latency,connections\na.example,1,0",
            (2, 13),
            "`connections`: a whole number from 1",
        ),
        (
            "host,latency,connections\na.example,1,6\nA.example,1,7",
            (3, 13),
            "`connections`: a.example has 7 here and 6 on line 2",
        ),
    ];
    for (text, place, message) in cases {
        let (found, line, column) = fault(import::csv(text));
        assert!(found.contains(message), "{text:?}: {found}");
        assert_eq!((line, column), (Some(place.0), Some(place.1)), "{text:?}");
    }
    let quoted = "x,host,latency\n\"with \"\"quotes\"\"\",a,noon";
    assert_eq!(fault(import::csv(quoted)).1, Some(2));
    assert_eq!(fault(import::csv("host,latency\n")).0, "the recording has no entries");
    assert_eq!(fault(import::csv("\n")).0, "the file is empty");
}

#[test]
fn a_table_with_other_separators_than_commas_is_told_so() {
    let cases = [
        ("host;latency\na.example;0,095\n", 5, "semicolons", "tr ';' ','"),
        ("\"host\";\"latency\"\n", 7, "semicolons", "tr ';' ','"),
        ("latency\thost\n20ms\ta.example\n", 8, "tabs", r"tr '\t' ','"),
        ("name|time\na.example|1\n", 5, "bars", "tr '|' ','"),
    ];
    for (text, column, called, way_out) in cases {
        for (before, line) in [("", 1), ("\n\r\n", 3)] {
            let (message, found, at) = fault(import::csv(&format!("{before}{text}")));
            let start = format!("the cells are separated by {called}, where commas are expected");
            assert!(message.starts_with(&start), "{message}");
            assert!(message.contains(way_out), "{message}");
            assert_eq!((found, at), (Some(line), Some(column)), "{text:?}");
        }
    }
    let (message, ..) = fault(import::csv("host,time;or so\n"));
    assert!(message.contains("names no column `latency`"), "{message}");
}

#[test]
fn an_error_names_as_much_of_the_place_as_is_known() {
    assert_eq!(import::csv("").unwrap_err().to_string(), "the file is empty");
    let error = import::csv("host,latency\na b,1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 1: `host`: this is not the name of a host, like `api.example`"
    );
    let error = import::har("{]").unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 2: this is not JSON: key must be a string");
}

#[test]
fn a_file_is_read_whatever_its_byte_order_mark() {
    let plain = at_once(&import::har(QUIRKS).unwrap());
    let marked = format!("\u{feff}{QUIRKS}");
    let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [QUIRKS.as_bytes(), marked.as_bytes(), &little, &big] {
        let text = import::decode(bytes).unwrap();
        assert_eq!(at_once(&import::har(&text).unwrap()), plain);
    }
    let message = |bytes: &[u8]| import::decode(bytes).unwrap_err().to_string();
    assert_eq!(message(b"PK\x03\x04rest"), "the file is compressed: unpack it first");
    assert_eq!(
        message(b"{\n\xff}"),
        "line 2, column 1: the file is not UTF-8 text: save it again with the encoding UTF-8"
    );
    assert_eq!(
        message(&[0xFF, 0xFE, 0x00, 0xD8]),
        "the file is not UTF-16, as its first bytes say it is"
    );
}

#[test]
fn a_body_of_ten_million_bytes_changes_nothing() {
    let large = QUIRKS.replace(
        "\"text\": \"hush\"",
        &format!("\"text\": \"{}\"", "\\u00e9\\n".repeat(1_250_000)),
    );
    assert!(large.len() > 10_000_000);
    let scenario = at_once(&import::har(&large).unwrap());
    assert_eq!(scenario, at_once(&import::har(QUIRKS).unwrap()));
}

#[test]
fn the_news_front_page_is_a_scenario_of_292_requests_to_96_hosts() {
    let scenario = table(include_str!("../../scenarios/news-front-page.toml"));
    let hosts = scenario["sites"].as_table().unwrap();
    assert_eq!(hosts.len(), 96);
    let tasks = scenario["tasks"].as_array().unwrap();
    let count: i64 = tasks.iter().map(|task| task["count"].as_integer().unwrap()).sum();
    assert_eq!(count, 292);
    let total: u64 = hosts
        .keys()
        .zip(tasks)
        .map(|(host, task)| {
            assert_eq!(task["steps"][0]["wait"].as_str(), Some(host.as_str()));
            let count = usize::try_from(task["count"].as_integer().unwrap()).unwrap();
            latencies(&scenario, host).iter().cycle().take(count).sum::<u64>()
        })
        .sum();
    assert_eq!(total, 36_146_860_000, "the recording's latencies add up to 36.14686 s");
}

/// An entry as a browser might write it: what should be kept, and what should not.
#[derive(Clone, Debug)]
struct Entry {
    host: String,
    port: Option<u16>,
    phases: [u64; 5],
    blocked: u64,
    secret: String,
}

fn entry() -> impl Strategy<Value = Entry> {
    (
        "[a-c]\\.example",
        proptest::option::of(1_u16..),
        proptest::array::uniform5(0_u64..10_000_000_000),
        0_u64..10_000_000_000,
        "[ -~é\u{1F600}]{0,20}",
    )
        .prop_map(|(host, port, phases, blocked, secret)| Entry {
            host,
            port,
            phases,
            blocked,
            secret,
        })
}

/// A HAR file of `entries`, written by hand so that times are plain decimal milliseconds.
fn har_of(entries: &[Entry]) -> String {
    let mut text = String::from(r#"{"log": {"entries": ["#);
    for (index, entry) in entries.iter().enumerate() {
        let millis = |nanos: u64| format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        // A secret may hold what ends an authority, so within one it stands as an escape.
        let password: String =
            entry.secret.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
        let port = entry.port.map(|port| format!(":{port}")).unwrap_or_default();
        let url = format!("https://u:{password}@{}{port}/{}", entry.host, entry.secret);
        let [dns, connect, send, wait, receive] = entry.phases.map(millis);
        let comma = if index > 0 { "," } else { "" };
        write!(
            text,
            r#"{comma}{{"pageref": {secret}, "comment": {secret}, "request": {{"url": {url}, "headers": [{{"value": {secret}}}]}},
            "response": {{"content": {{"text": {secret}}}}},
            "timings": {{"blocked": {blocked}, "dns": {dns}, "connect": {connect}, "ssl": -1, "send": {send}, "wait": {wait}, "receive": {receive}}}}}"#,
            secret = quoted(&entry.secret),
            url = quoted(&url),
            blocked = millis(entry.blocked),
        )
        .unwrap();
    }
    text + "]}}"
}

fn site_of(entry: &Entry) -> String {
    match entry.port {
        Some(port) if port != 443 => format!("{}:{port}", entry.host),
        _ => entry.host.clone(),
    }
}

type Reader = fn(&str) -> Result<Recording, ImportError>;

proptest! {
    #[test]
    fn the_latency_of_every_request_is_kept_to_the_nanosecond(
        mut entries in proptest::collection::vec(entry(), 1..20),
    ) {
        for entry in &mut entries {
            entry.phases[3] += 1;
        }
        let scenario = table(&at_once(&import::har(&har_of(&entries)).unwrap()));
        for site in entries.iter().map(site_of) {
            let measured: Vec<u64> = entries
                .iter()
                .filter(|entry| site_of(entry) == site)
                .map(|entry| entry.phases.iter().sum())
                .collect();
            let kept = latencies(&scenario, &site);
            prop_assert_eq!(kept.iter().copied().cycle().take(measured.len()).collect::<Vec<_>>(), measured);
        }
    }

    #[test]
    fn a_scenario_depends_on_hosts_and_numbers_alone(
        entries in proptest::collection::vec(entry(), 1..10),
    ) {
        let mut bland = entries.clone();
        for entry in &mut bland {
            entry.secret.clear();
            entry.blocked = 0;
        }
        let scenario = |entries: &[Entry]| import::har(&har_of(entries)).map(|found| at_once(&found));
        prop_assert_eq!(scenario(&entries), scenario(&bland));
    }

    #[test]
    fn a_damaged_recording_is_read_or_refused_but_never_breaks_the_reader(
        form in 0_usize..4,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..40, "[ -~\\n\u{e9}]{0,6}"), 1..6),
    ) {
        let (read, text): (Reader, _) = [
            (import::har as Reader, QUIRKS),
            (import::curl, CURL_JSON),
            (import::curl, CURL_LINES),
            (import::csv, TABLE),
        ][form];
        let mut chars: Vec<char> = text.chars().collect();
        for (at, length, insert) in damage {
            let start = at.index(chars.len() + 1);
            let end = (start + length).min(chars.len());
            chars.splice(start..end, insert.chars());
        }
        let damaged: String = chars.into_iter().collect();
        if let Ok(recording) = read(&damaged) {
            for arrivals in [Arrivals::AtOnce, Arrivals::InOrder, Arrivals::Recorded] {
                if let Ok(scenario) = recording.scenario(&Options { arrivals, page: None }) {
                    prop_assert!(scenario.parse::<toml::Table>().is_ok(), "{}", scenario);
                }
            }
        }
    }

    #[test]
    fn a_json_value_in_the_place_of_another_is_read_or_refused(
        place in any::<prop::sample::Index>(),
        value in prop_oneof![
            Just("null"), Just("true"), Just("-1"), Just("1e999"), Just("0.1e-7"), Just("18446744073709551616"),
            Just("\"\""), Just("\"http://a.example\""), Just("\"\\ud800\""), Just("[]"), Just("[[],[]]"), Just("{}"),
        ],
    ) {
        // Every value of the file stands behind a colon; the new one takes its place up to the next comma or end.
        let colons: Vec<usize> = QUIRKS.match_indices("\": ").map(|(at, _)| at + 3).collect();
        let start = colons[place.index(colons.len())];
        let end = start + value_length(&QUIRKS[start..]);
        let changed = format!("{}{value}{}", &QUIRKS[..start], &QUIRKS[end..]);
        if let Ok(recording) = import::har(&changed) {
            prop_assert!(at_once(&recording).parse::<toml::Table>().is_ok());
        }
    }
}

/// Bytes of the JSON value that `text` begins with.
fn value_length(text: &str) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next().unwrap().unwrap();
    values.byte_offset()
}

/// docs/import.md, "When it is refused".
#[test]
fn a_million_requests_with_their_gaps_become_a_scenario_that_is_read() {
    let mut table = String::from("host,latency,start\n");
    for row in 0..1_000_000_u64 {
        // Nine digits everywhere, over a day.
        let (latency, start) = (1 + row * 7_919 % 999_999_999, row * 86_400_123);
        let (seconds, nanos) = (start / 1_000_000_000, start % 1_000_000_000);
        writeln!(table, "h{}.shop.example,0.{latency:09},{seconds}.{nanos:09}", row % 1_000)
            .unwrap();
    }
    let bench = Bench::new();
    let scenario = bench.run_on(table, &["import", "csv", "-", "--keep-timing"]).expect(0).out();
    assert!(scenario.len() > 30_000_000, "{}", scenario.len());
    let check = bench.run_on(scenario, &["check", "-"]).expect(0);
    assert_eq!(check.out(), "standard input: ok, 1000000 tasks for 4 tools\n");
}

#[test]
fn requests_to_too_many_hosts_are_refused_with_the_way_out() {
    let mut table = String::from("host,latency,start\n");
    for row in 0..330_000 {
        writeln!(table, "{row}.a.very.long.name.of.a.host.example,1,0.{row:06}").unwrap();
    }
    let bench = Bench::with("hosts.csv", table);
    let refused = |more: &[&str]| bench.run(&[&["import", "csv", "hosts.csv"], more].concat());
    let most = format!("and {SCENARIO_BYTES} are the most that gilsim reads: ");
    refused(&[]).expect(2).says(&format!("{most}record less"));
    let without = "let all requests arrive at once, without --keep-order and --keep-timing, or";
    refused(&["--keep-timing"]).expect(2).says(&format!("{most}{without} record less"));
}

#[test]
fn requests_that_take_centuries_are_refused() {
    let table = "host,latency,start\na,2s,1e9\na,2e9,0\nb,2e9,0\n";
    let recording = import::csv(table).unwrap();
    for options in [Options::default(), RECORDED] {
        let error = recording.scenario(&options).unwrap_err();
        assert_eq!(error.message(), "the requests take more than 100 years together");
    }
    // Several hosts may be asked late: their requests arrive in the same years.
    let table = "host,latency,start\nc,1,0\na,1,3e9\nb,1,3e9\n";
    let scenario = import::csv(table).unwrap().scenario(&RECORDED).unwrap();
    gilsim::parse(&scenario, "late.toml", Path::new(""), &[]).unwrap();
}
