//! The rules of the house as a test: which room of the crates may use which, and which outside crate; how
//! long files get; what no file may contain. ARCHITECTURE.md says why.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gilsim::model::{StepKind, Tool};

/// A room: a file or a folder of a crate's `src/`.
struct Room {
    name: &'static str,
    /// The rooms that it may use.
    rooms: &'static [&'static str],
    /// The outside crates that it may use.
    crates: &'static [&'static str],
}

const fn room(
    name: &'static str,
    rooms: &'static [&'static str],
    crates: &'static [&'static str],
) -> Room {
    Room { name, rooms, crates }
}

const ROOMS: [Room; 33] = [
    room("lib", &["scenario"], &[]),
    room("main", &["cli"], &[]),
    // gilsim-core: plain data.
    room("time", &[], &[]),
    room("ids", &[], &[]),
    room("trace", &["ids", "time"], &[]),
    room("model", &["ids", "profile", "time", "tools"], &["libm"]),
    room("profile", &["model", "time"], &["serde", "toml"]),
    // gilsim-core: the way through.
    room("workload", &["ids", "model", "time"], &["libm", "rand", "rand_chacha"]),
    room("plan", &["ids", "model", "time", "trace", "workload"], &[]),
    room("tools", &["ids", "model", "plan", "profile", "time", "trace", "workload"], &[]),
    room(
        "engine",
        &["ids", "model", "plan", "time", "trace", "workload"],
        &["priority_queue", "rustc_hash"],
    ),
    // gilsim-core: who listens, and what is made of it.
    room("sink", &["ids", "model", "plan", "time", "tools", "trace", "workload"], &["serde"]),
    room(
        "open",
        &["ids", "model", "plan", "sink", "time", "tools", "trace", "workload"],
        &["serde"],
    ),
    // gilsim-core: the one way to play.
    room(
        "run",
        &["engine", "ids", "model", "open", "plan", "sink", "tools", "trace", "workload"],
        &[],
    ),
    // gilsim-scenario.
    room(
        "scenario",
        &["ids", "model", "profile", "time", "tools"],
        &["annotate_snippets", "csv", "serde_json", "sha2", "strsim", "toml"],
    ),
    // gilsim-render.
    room("lanes", &["ids", "time", "trace"], &[]),
    room(
        "chart",
        &["ids", "lanes", "time", "trace"],
        &["libm", "plotters", "plotters_backend", "resvg"],
    ),
    room("html", &["chart", "ids", "lanes", "trace"], &["base64", "serde_json", "sha2"]),
    room("table", &[], &["comfy_table", "csv", "serde", "serde_json"]),
    room(
        "formats",
        &["ids", "open", "report", "sink", "table", "time", "trace"],
        &["csv", "serde", "serde_json"],
    ),
    room(
        "report",
        &["model", "profile", "sink", "table", "time", "tools", "trace", "workload"],
        &[],
    ),
    room(
        "quiz",
        &["ids", "model", "report", "sink", "table", "time", "trace", "workload"],
        &["serde_json"],
    ),
    room("program", &["ids", "model", "time", "tools", "workload"], &[]),
    // gilsim-studies.
    room("threads", &[], &["rayon"]),
    room("listener", &["model"], &[]),
    room(
        "figures",
        &[
            "chart", "ids", "lanes", "model", "report", "run", "scenario", "sink", "threads",
            "time", "tools", "trace",
        ],
        &[],
    ),
    room(
        "sweep",
        &["listener", "model", "report", "run", "scenario", "sink", "table", "threads", "time"],
        &["csv", "libm", "serde", "serde_json"],
    ),
    room(
        "claims",
        &[
            "listener", "model", "report", "run", "scenario", "sink", "table", "threads", "time",
            "workload",
        ],
        &["cel", "libm", "serde", "serde_json"],
    ),
    room(
        "whatif",
        &[
            "listener", "model", "profile", "report", "run", "sink", "table", "threads", "time",
            "tools",
        ],
        &["serde", "serde_json"],
    ),
    // The program.
    room("import", &["time"], &["csv", "serde", "serde_json"]),
    room("record", &["import", "time"], &["serde", "serde_json"]),
    room(
        "python",
        &[
            "chart", "ids", "model", "profile", "report", "run", "sink", "table", "time", "trace",
            "workload",
        ],
        &["csv", "serde", "serde_json", "tempfile", "toml"],
    ),
    // The edge: it may use every room.
    room(
        "cli",
        &[
            "chart", "claims", "figures", "formats", "html", "ids", "import", "lanes", "model",
            "open", "profile", "program", "python", "quiz", "record", "report", "run", "scenario",
            "sink", "sweep", "table", "threads", "time", "tools", "trace", "whatif", "workload",
        ],
        &[
            "clap",
            "clap_complete",
            "clap_mangen",
            "ctrlc",
            "indicatif",
            "libm",
            "serde",
            "serde_json",
            "tempfile",
        ],
    ),
];

/// Crates that only tests and benchmarks use.
const TEST_CRATES: [&str; 2] = ["criterion", "proptest"];

/// Crates that one file of their room has to itself.
const OWN_FILE: [(&str, &str); 7] = [
    ("priority_queue", "engine/queue.rs"),
    ("rustc_hash", "engine/queue.rs"),
    ("annotate_snippets", "gilsim-scenario/src/fault.rs"),
    ("resvg", "chart/png.rs"),
    ("cel", "claims/parse.rs"),
    ("ctrlc", "cli/interrupt.rs"),
    ("rayon", "gilsim-studies/src/threads.rs"),
];

/// The most lines of code in a file, without comments, blank lines and tests.
const LINES_MAX: usize = 400;

/// What stands in no file of `src/`, not even in a comment.
const BANNED: [&str; 8] = [
    "TODO",
    "FIXME",
    "XXX",
    "HACK",
    "todo!",
    "unimplemented!",
    "not implemented",
    "not yet implemented",
];

/// A source file, without its tests.
struct Source {
    /// Its path below the repository, with slashes.
    path: String,
    /// All of it but the tests.
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        let (crate_folder, below) = self.path.split_once("src/").expect("sources are in src/");
        if crate_folder.ends_with("gilsim-scenario/") {
            return "scenario";
        }
        let first = below.split('/').next().expect("a path has a first part");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Whether it is of the one crate that is a single room.
    fn is_of_the_scenario_crate(&self) -> bool {
        self.room() == "scenario"
    }

    /// The lines that are neither blank nor comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with("//"))
    }

    /// The first parts of all paths `first::…`, and of all paths `crate::second::…` the second.
    fn uses(&self) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let (mut crates, mut rooms) = (BTreeSet::new(), BTreeSet::new());
        for line in self.code() {
            let parts: Vec<&str> = line.split("::").collect();
            for pair in parts.windows(2) {
                let (before, after) = (last_word(pair[0]), first_word(pair[1]));
                match before {
                    "crate" if self.is_of_the_scenario_crate() => false,
                    "gilsim_scenario" => rooms.insert("scenario"),
                    "crate" | "gilsim" | "gilsim_core" | "gilsim_render" | "gilsim_studies" => {
                        rooms.insert(after)
                    }
                    _ if pair[0] == before && parts[0] != pair[0] => false,
                    _ => crates.insert(before),
                };
            }
        }
        (crates, rooms)
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn last_word(text: &str) -> &str {
    text.rsplit(|letter| !is_of_word(letter)).next().unwrap_or("")
}

fn first_word(text: &str) -> &str {
    text.split(|letter| !is_of_word(letter)).next().unwrap_or("")
}

/// Where the sources of the program and of the crates below it are.
const ROOTS: [&str; 5] = [
    "src",
    "crates/gilsim-core/src",
    "crates/gilsim-scenario/src",
    "crates/gilsim-render/src",
    "crates/gilsim-studies/src",
];

/// All source files but those that hold tests alone.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut tests) = (Vec::new(), BTreeSet::new());
    let mut folders: Vec<PathBuf> = ROOTS.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folders of sources can be read") {
            let path = entry.expect("folders of sources can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                let below = path.strip_prefix(root).expect("it is in the repository");
                let path = below.to_str().expect("plain names").replace('\\', "/");
                let (text, test_files) = without_tests(&text, &path);
                tests.extend(test_files);
                found.push(Source { path, text });
            }
        }
    }
    found.retain(|source| !tests.contains(&source.path));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The text without the module of tests at its end, and the files that it declares to be tests.
fn without_tests(text: &str, path: &str) -> (String, Vec<String>) {
    let (mut kept, mut files) = (String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        let next = lines.next().unwrap_or("");
        let Some((_, module)) = next.split_once("mod ") else { continue };
        match module.strip_suffix(';') {
            Some(module) => files.push(child(path, module)),
            None => break,
        }
    }
    (kept, files)
}

/// The file of a module that another file declares.
fn child(path: &str, module: &str) -> String {
    let folder =
        ["/mod.rs", "/lib.rs", ".rs"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    format!("{folder}/{module}.rs")
}

fn dependencies() -> BTreeSet<String> {
    let manifest = include_str!("../../Cargo.toml");
    let from = manifest.split("[workspace.dependencies]\n").nth(1).expect("there are some");
    let section = from.split("\n[").next().unwrap_or("");
    let names = section.lines().filter_map(|line| line.split_once(" = "));
    let names = names.map(|(name, _)| name.replace('-', "_"));
    names
        .filter(|name| !name.starts_with("gilsim") && !TEST_CRATES.contains(&name.as_str()))
        .collect()
}

#[test]
fn every_file_belongs_to_a_room_and_every_room_has_a_file() {
    let files = sources();
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    let seen: BTreeSet<&str> = files.iter().map(Source::room).collect();
    assert_eq!(
        seen, rooms,
        "the map in this file and in ARCHITECTURE.md names all rooms of the crates"
    );
}

#[test]
fn rooms_use_only_the_rooms_and_crates_that_the_map_allows() {
    let outside = dependencies();
    let (files, mut faults) = (sources(), Vec::new());
    for source in &files {
        let Some(room) = ROOMS.iter().find(|room| room.name == source.room()) else { continue };
        let (crates, rooms) = source.uses();
        for used in rooms {
            let known = ROOMS.iter().any(|room| room.name == used);
            if known && used != room.name && !room.rooms.contains(&used) {
                faults.push(format!("{} uses the room {used}", source.path));
            }
        }
        for used in crates.iter().filter(|used| outside.contains(**used)) {
            let own_module = is_module_of(&files, room.name, used);
            if !room.crates.contains(used) && !own_module {
                faults.push(format!("{} uses the crate {used}", source.path));
            }
            let owner = OWN_FILE.iter().find(|(name, _)| name == used);
            if owner.is_some_and(|(_, file)| !source.path.ends_with(file)) {
                faults.push(format!("{} uses the crate {used}, not its own", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Whether the room has a module of that name, which a path may mean instead of the crate.
fn is_module_of(files: &[Source], room: &str, module: &str) -> bool {
    let (file, folder) = (format!("/{module}.rs"), format!("/{module}/"));
    let has = |path: &str| path.ends_with(&file) || path.contains(&folder);
    files.iter().any(|source| source.room() == room && has(&source.path))
}

#[test]
fn the_map_allows_nothing_that_is_not_used() {
    let files = sources();
    let mut idle = Vec::new();
    for room in ROOMS.iter().filter(|room| room.name != "cli") {
        let (mut crates, mut rooms) = (BTreeSet::new(), BTreeSet::new());
        for source in files.iter().filter(|source| source.room() == room.name) {
            let used = source.uses();
            crates.extend(used.0);
            rooms.extend(used.1);
        }
        let unused = room.rooms.iter().filter(|it| !rooms.contains(*it));
        let unused = unused.chain(room.crates.iter().filter(|it| !crates.contains(*it)));
        idle.extend(unused.map(|it| format!("{} does not use {it}", room.name)));
    }
    assert!(idle.is_empty(), "{idle:#?}");
}

#[test]
fn every_dependency_is_used_by_a_room_of_the_map() {
    let allowed: BTreeSet<&str> =
        ROOMS.iter().flat_map(|room| room.crates.iter().copied()).collect();
    for dependency in dependencies() {
        assert!(allowed.contains(dependency.as_str()), "no room may use {dependency}");
    }
}

/// The cells of the rows of the table in ARCHITECTURE.md that begins with that heading.
fn table_of_the_architecture(heading: &str) -> Vec<Vec<String>> {
    let document = include_str!("../../ARCHITECTURE.md");
    let lines = document.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.map(cells).collect()
}

/// Whether a cell of that table is the path of a room: `crates/gilsim-core/src/engine/`, say.
fn is_path_of(cell: &str, room: &str) -> bool {
    let path = cell.trim_matches('`');
    let is_crate = path == format!("crates/gilsim-{room}/");
    is_crate
        || [format!("src/{room}/"), format!("src/{room}.rs")].iter().any(|end| path.ends_with(end))
}

#[test]
fn the_map_of_rooms_in_the_architecture_is_this_one() {
    let rows = table_of_the_architecture("| room | holds |");
    for room in ROOMS.iter().filter(|room| !["lib", "main", "cli"].contains(&room.name)) {
        let row = rows.iter().find(|row| is_path_of(&row[0], room.name));
        let row = row.unwrap_or_else(|| panic!("no row for {}", room.name));
        let listed = |cell: &str| -> BTreeSet<String> {
            cell.split(", ")
                .filter(|name| !name.is_empty())
                .map(|it| it.replace('-', "_"))
                .collect()
        };
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            (listed(&row[2]), listed(&row[3])),
            (of(room.rooms), of(room.crates)),
            "{}",
            row[0]
        );
    }
}

#[test]
fn the_architecture_names_every_dependency_and_no_other() {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().expect("it is TOML");
    let names = |table: &toml::Table, suffix: &str| -> BTreeSet<String> {
        table.keys().map(|name| format!("{name}{suffix}")).collect()
    };
    let table = |name: &str| manifest[name].as_table().expect("it is a table");
    let unix = &table("target")["cfg(unix)"]["dependencies"];
    let unix = names(unix.as_table().expect("it is a table"), " (Unix)");
    let all = names(manifest["workspace"]["dependencies"].as_table().expect("a table"), "");
    let all: BTreeSet<String> = all.into_iter().filter(|it| !it.starts_with("gilsim")).collect();
    let with_tests = |name: String| {
        if TEST_CRATES.contains(&name.as_str()) { format!("{name} (tests)") } else { name }
    };
    let all: BTreeSet<String> = all.into_iter().map(with_tests).chain(unix).collect();
    let rows = table_of_the_architecture("| crate | for |");
    let mut told = BTreeSet::new();
    for row in &rows {
        let (names, suffix) = row[0].split_once(" (").unwrap_or((&row[0], ""));
        let suffix = if suffix.is_empty() { String::new() } else { format!(" ({suffix}") };
        told.extend(names.split(", ").map(|name| format!("{name}{suffix}")));
        assert!(row[1].len() > 10, "no reason for {}", row[0]);
    }
    assert_eq!(told, all);
}

#[test]
fn no_file_is_too_long_to_read_at_one_sitting() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.code().count();
        if lines > LINES_MAX {
            faults.push(format!("{} has {lines} lines of code, over {LINES_MAX}", source.path));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_file_puts_anything_off() {
    let mut faults = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            let put_off = BANNED.iter().find(|banned| line.contains(**banned));
            if let Some(banned) = put_off {
                faults.push(format!("{}:{}: `{banned}`", source.path, number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The one file below the program that reads files. A feature of its crate leaves it out, as a browser has to.
const DISK: &str = "crates/gilsim-scenario/src/disk.rs";

#[test]
fn only_the_edges_read_files_clocks_and_arguments() {
    const EDGES: [&str; 3] = ["cli", "main", "python"];
    const DOORS: [&str; 7] = [
        "std::fs",
        "std::thread",
        "std::env",
        "std::process",
        "std::time",
        "TcpStream",
        "std::{", // It would hide the others.
    ];
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !EDGES.contains(&source.room())) {
        for line in source.code() {
            let found = DOORS.iter().filter(|door| line.contains(**door));
            let found = found.filter(|door| source.path != DISK || **door != "std::fs");
            faults.extend(found.map(|door| format!("{} uses {door}", source.path)));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn documents_name_no_room_that_does_not_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let at_the_root = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    let in_docs = ["docs/semantics.md", "docs/contract.md", "docs/accuracy.md"];
    for document in at_the_root.into_iter().chain(in_docs) {
        let text = fs::read_to_string(root.join(document)).expect("the document is there");
        let code = text.split('`').skip(1).step_by(2);
        let folders = ["src/", "crates/", "tests/", "scenarios/", "docs/", "examples/", ".ci/"];
        for path in code.filter(|code| folders.iter().any(|folder| code.starts_with(folder))) {
            let plain = path.chars().all(|letter| is_of_word(letter) || "/.-".contains(letter));
            assert!(!plain || root.join(path).exists(), "{document} names {path}");
        }
    }
}

#[test]
fn the_architecture_names_no_file_of_a_room_that_does_not_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = include_str!("../../ARCHITECTURE.md").split('`').skip(1).step_by(2);
    let of_a_room = |path: &&str| {
        let first = path.split_once('/').map_or("", |(first, _)| first);
        ROOMS.iter().any(|room| room.name == first)
    };
    for path in code.filter(of_a_room) {
        let folders = ROOTS.iter().map(|folder| root.join(folder)).chain([root.to_path_buf()]);
        assert!(folders.into_iter().any(|folder| folder.join(path).exists()), "there is no {path}");
    }
}

#[test]
fn no_cell_of_a_table_in_the_architecture_is_longer_than_two_lines() {
    const TWO_LINES: usize = 200;
    let rows = include_str!("../../ARCHITECTURE.md").lines().filter(|line| line.starts_with('|'));
    for cell in rows.flat_map(|row| row.split('|')) {
        assert!(cell.trim().chars().count() <= TWO_LINES, "too long: {cell}");
    }
}

/// The texts of all files that may cite a document, by their paths from the root; this file is about citations and makes none.
fn citing_files() -> Vec<(String, String)> {
    const ROOTS: [&str; 8] =
        ["src", "crates", "tests", "benches", "python", "scenarios", "claims", "fuzz"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = ROOTS.map(|name| root.join(name)).into();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            let below = path.strip_prefix(root).expect("it is in the repository");
            let name = below.to_str().expect("plain names").replace('\\', "/");
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
            if path.is_dir() && !["target", "corpus", ".venv"].iter().any(|it| name.ends_with(it)) {
                folders.push(path);
            } else if ["rs", "toml", "py"].contains(&ending) && name != "tests/program/tidy.rs" {
                let text = fs::read(&path).expect("a file can be read");
                found.push((name, String::from_utf8_lossy(&text).into_owned()));
            }
        }
    }
    found
}

/// What a text cites: documents of `docs/` by their names, and the headings there. Citations may go over lines of comments.
fn citations(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(|line| line.trim().trim_start_matches(['/', '!', '#']).trim());
    let text = lines.collect::<Vec<_>>().join(" ");
    let tails = text.split("docs/").skip(1);
    let cited = tails.filter_map(|tail| {
        let (name, rest) = tail.split_once(".md, \"")?;
        let (heading, _) = rest.split_once('"')?;
        name.chars().all(is_of_word).then(|| (name.to_owned(), heading.to_owned()))
    });
    cited.collect()
}

/// The headings of a document, without what stands in its blocks of code.
fn headings(document: &str) -> BTreeSet<String> {
    let outside = document.split("```").step_by(2).flat_map(str::lines);
    let headings = outside.filter(|line| line.starts_with('#'));
    headings.map(|line| line.trim_start_matches('#').trim().to_owned()).collect()
}

#[test]
fn every_rule_that_code_cites_stands_in_a_document_under_its_heading() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let (mut faults, mut count) = (Vec::new(), 0);
    for (file, text) in citing_files() {
        for (document, heading) in citations(&text) {
            count += 1;
            let found = fs::read_to_string(docs.join(format!("{document}.md")));
            if !found.is_ok_and(|text| headings(&text).contains(&heading)) {
                faults.push(format!("{file}: docs/{document}.md has no heading \"{heading}\""));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(count > 30, "only {count} citations were found");
}

#[test]
fn no_code_cites_what_is_not_in_the_repository() {
    const ELSEWHERE: [&str; 4] =
        ["product contract", "design notes", "semantics, section", "contract, section"];
    let by_number = |line: &str, document: &str| {
        let mut tails = line.split(document).skip(1);
        tails.any(|tail| tail.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let mut faults = Vec::new();
    for (file, text) in citing_files() {
        for (number, line) in text.lines().enumerate() {
            let numbered = by_number(line, "semantics ") || by_number(line, "(section ");
            if numbered || ELSEWHERE.iter().any(|it| line.contains(it)) {
                faults.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "cite a heading, as in docs/contract.md, \"Exit codes\": {faults:#?}"
    );
}

#[test]
fn a_citation_is_found_across_lines_and_a_heading_outside_of_code() {
    let text = "/// Rules (docs/a.md, \"One\n/// two\"; docs/b.md, \"Three\"), and docs/c.md\n";
    let pair = |document: &str, heading: &str| (document.to_owned(), heading.to_owned());
    assert_eq!(citations(text), [pair("a", "One two"), pair("b", "Three")]);
    let document = "# A\n```toml\n# no heading\n```\n### B c\n";
    assert_eq!(headings(document).into_iter().collect::<Vec<_>>(), ["A", "B c"]);
}

#[test]
fn a_test_module_is_not_read_as_code() {
    let text = "use a::b;\n#[cfg(test)]\nmod tests {\n    use c::d;\n}\n";
    assert_eq!(without_tests(text, "x.rs"), ("use a::b;\n".to_owned(), vec![]));
    let text = "#[cfg(test)]\nmod more;\nuse a::b;\n";
    assert_eq!(without_tests(text, "x/y.rs").1, ["x/y/more.rs"]);
    assert_eq!(without_tests(text, "x/mod.rs").1, ["x/more.rs"]);
}

#[test]
fn a_path_is_taken_apart_into_crates_and_rooms() {
    let text = "use crate::time::SimTime;\nlet a = toml::from_str(x::y::z);\n// csv::Writer\n";
    let source = Source { path: "src/x.rs".to_owned(), text: text.to_owned() };
    let (crates, rooms) = source.uses();
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["time"]);
    assert!(crates.contains("toml") && crates.contains("x"));
    assert!(!crates.contains("csv") && !crates.contains("time") && !crates.contains("y"));
}

/// The most files that a new tool, or a new kind of step, may have to change.
const FILES_MAX: usize = 6;

/// The files that a section of ARCHITECTURE.md lists.
fn files_listed(heading: &str) -> Vec<String> {
    let document = include_str!("../../ARCHITECTURE.md");
    let section = document.split(heading).nth(1).expect("the section is there");
    let lines = section.lines().take_while(|line| !line.starts_with("## "));
    let listed = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    listed.filter_map(|line| Some(line.split('`').nth(1)?.to_owned())).collect()
}

/// The sources and the templates of printed programs.
fn sources_and_templates() -> Vec<Source> {
    let mut all = sources();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = "crates/gilsim-render/src/program/template";
    for entry in fs::read_dir(root.join(folder)).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a template is text");
        all.push(Source { path: format!("{folder}/{name}"), text });
    }
    all
}

/// Whether the text has that word, with nothing before or after it that makes it another one.
fn has_word(text: &str, word: &str) -> bool {
    let follows = |end: usize| text[end..].starts_with(is_of_word);
    let precedes = |start: usize| text[..start].ends_with(is_of_word);
    let mut found = text.match_indices(word).map(|(at, word)| (at, at + word.len()));
    found.any(|(start, end)| !precedes(start) && !follows(end))
}

/// Who may know a tool by name: the figures of the article are about particular tools, and what imports
/// recordings chooses some; examples of keys name one.
const MAY_NAME_A_TOOL: [&str; 5] = [
    "crates/gilsim-studies/src/figures/",
    "crates/gilsim-render/src/report/sample.rs",
    "crates/gilsim-scenario/src/keys/",
    "src/import/",
    "src/record/",
];

#[test]
fn a_tool_is_known_by_name_only_in_the_files_that_the_architecture_lists() {
    let listed = files_listed("## How to add a tool");
    assert!(listed.len() <= FILES_MAX && listed.iter().any(|file| file.contains("<tool>")));
    let files = sources_and_templates();
    let files = files
        .iter()
        .filter(|source| !MAY_NAME_A_TOOL.iter().any(|part| source.path.contains(part)));
    let files: Vec<&Source> = files.collect();
    for tool in Tool::ALL {
        let (name, variant) = (tool.name(), format!("{tool:?}"));
        let own = |source: &Source| source.text.contains(&format!("    name: \"{name}\","));
        assert_eq!(files.iter().filter(|source| own(source)).count(), 1, "one describes {name}");
        let mut named = 0;
        for source in &files {
            let is_template = source.path.rsplit_once('.').is_some_and(|(_, end)| end == "in");
            let has = |line: &str| {
                has_word(line, &format!("Tool::{variant}"))
                    || line.contains(&format!("\"{name}\""))
                    || is_template && line.starts_with("#? ") && has_word(line, name)
            };
            let is_listed = listed.contains(&source.path) || own(source);
            let line = source.code().find(|line| has(line));
            assert!(is_listed || line.is_none(), "{} names {name}: {line:?}", source.path);
            named += usize::from(is_template && line.is_some());
        }
        let printed = usize::from(!tool.is_server());
        assert_eq!(named, printed, "one template says what a printed program does with {name}");
    }
}

#[test]
fn a_step_is_known_by_name_only_in_the_files_that_the_architecture_lists() {
    let listed = files_listed("## How to add a step");
    assert!(listed.len() <= FILES_MAX);
    let files = sources();
    for kind in StepKind::ALL {
        let words = kind.key.split('_').map(|word| word.split_at(1));
        let words: Vec<String> =
            words.map(|(first, rest)| format!("{}{rest}", first.to_uppercase())).collect();
        let variant = words.concat();
        let names = ["StepSpec", "Action"].map(|of| format!("{of}::{variant}"));
        let is_there = |source: &&Source| source.code().any(|line| has_word(line, &names[0]));
        assert!(files.iter().any(|source| is_there(&source)), "there is {variant}");
        for source in files.iter().filter(|source| !listed.contains(&source.path)) {
            let knows_keys = source.is_of_the_scenario_crate();
            let has = |line: &&str| {
                names.iter().any(|name| line.contains(name.as_str()))
                    || knows_keys && line.contains(&format!("\"{}\" =>", kind.key))
            };
            let line = source.code().find(has);
            assert!(line.is_none(), "{} names {}: {line:?}", source.path, kind.key);
        }
    }
}

#[test]
fn the_files_that_the_architecture_lists_for_a_tool_and_a_step_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for heading in ["## How to add a tool", "## How to add a step"] {
        for file in files_listed(heading).iter().filter(|file| !file.contains('<')) {
            assert!(root.join(file).is_file(), "{file}");
        }
    }
}
