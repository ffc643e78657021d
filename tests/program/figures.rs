//! The figures of the article: those that are committed are those that the code makes, to the byte, in debug and in
//! release builds; and no name, whatever is in it, gets out of its place in a chart.
//!
//! `UPDATE_GOLDEN=1 cargo test --test program figures` draws the committed figures again. Look at them, and read their titles.
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use gilsim::chart::Theme;
use gilsim::figures::{Drawn, FIGURES, draw};
use resvg::usvg::{Options, Tree};

fn committed() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/output/figures"))
}

fn drawn() -> Vec<Drawn> {
    draw(&FIGURES.iter().collect::<Vec<_>>(), Theme::Auto).unwrap()
}

#[test]
fn committed_figures_are_what_the_code_makes() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut names = BTreeSet::new();
    for Drawn { figure, title, svg, png, alt } in drawn() {
        assert!(!svg.contains('…'), "{}: a text of the figure is cut", figure.name);
        assert!(alt.starts_with(&title) && alt.len() > title.len() + 80, "{}: {alt}", figure.name);
        for (name, bytes) in figure.files.iter().zip([svg.as_bytes(), &png, alt.as_bytes()]) {
            let path = committed().join(name);
            if update {
                fs::write(&path, bytes).unwrap();
            }
            let same = fs::read(&path).is_ok_and(|known| known == bytes);
            assert!(
                same,
                "output/figures/{name} differs: UPDATE_GOLDEN=1 cargo test --test program figures"
            );
            names.insert((*name).to_owned());
        }
    }
    let entries = fs::read_dir(committed()).unwrap();
    let there: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, names, "output/figures holds the figures and nothing else");
}

#[test]
fn the_gallery_shows_every_figure_and_the_command_that_makes_it() {
    let gallery = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gallery.md");
    let gallery = fs::read_to_string(gallery).unwrap();
    for figure in &FIGURES {
        let shown = format!("(../output/figures/{}.svg)", figure.name);
        let command = format!("gilsim figures {}", figure.name);
        assert!(gallery.contains(&shown) && gallery.contains(&command), "{}", figure.name);
    }
}

const EVIL: &str = r#"<script>alert("1")</script>"#;

/// A scenario with a script in every name that there is.
fn evil_scenario() -> String {
    r#"
title = '@'
[sites.'@']
latency = "5ms"
[computations.'@']
time = "5ms"
[semaphores]
'@' = 1
[queues]
'@' = 0
[[tasks]]
name = '@'
count = 3
steps = [{ acquire = '@' }, { wait = '@' }, { compute = '@' }, { put = '@' }, { get = '@' }, { release = '@' }]
[[tools]]
use = "asyncio"
label = '@ 1'
[[tools]]
use = "threading"
label = '@ 2'
[[tools]]
use = "process_pool"
label = '@ 3 שלום 名前 🦀'
machine = { cores = 1 }
"#
    .replace('@', EVIL)
    // Semaphores and queues cannot be shared between processes, so that run waits on none.
    .replace("[[tools]]\nuse = \"process_pool\"", "[[tools]]\nuse = \"to_thread\"")
}

#[test]
fn a_script_in_every_name_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evil.toml");
    fs::write(&file, evil_scenario()).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_gilsim"))
        .args(["run", "--quiet", "--html", "--perfetto", "--out"])
        .arg(folder.path())
        .arg(&file)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let read = |name: &str| fs::read_to_string(folder.path().join("evil").join(name)).unwrap();
    let svg = read("gantt.svg");
    assert!(!svg.contains("<script") && !svg.contains("alert(\""), "a name got out of its place");
    assert!(svg.contains("&lt;script&gt;alert(&quot;1&quot;)"), "the names are there");
    Tree::from_str(&svg, &Options::default()).unwrap();

    let page = read("gantt.html");
    assert_eq!(page.matches("<script").count(), 2, "the page's data and its own script");
    assert!(!page.contains(EVIL), "a name got out of its place");

    for (name, column) in [("trace.csv", "name"), ("trace.csv", "tool"), ("summary.csv", "tool")] {
        let text = read(name);
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let at = rows.headers().unwrap().iter().position(|known| known == column).unwrap();
        let named =
            rows.records().filter(|row| row.as_ref().unwrap()[at].starts_with(EVIL)).count();
        assert!(named >= 3, "{named} names in {name}");
    }
    for name in ["summary.json", "trace.perfetto.json"] {
        let text = read(name);
        let _: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(text.contains(&serde_json::to_string(EVIL).unwrap()[1..20]), "{name}");
    }
}
