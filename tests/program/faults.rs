//! What can go wrong around the program: full disks, folders of others, readers that leave, signals, odd names.
//!
//! Nothing is half-written, the message says what is wrong, and the exit code is the right one
//! (docs/contract.md, "Exit codes").

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::bench::{Bench, Ended};

const PAGES: &str = r#"
[sites.shop]
latency = { exponential = "100ms" }

[[tasks]]
count = 60
steps = [{ wait = "shop" }, { compute = "2ms" }]

[[tools]]
use = "thread_pool"
workers = 4
[[tools]]
use = "asyncio"
"#;

fn bench() -> Bench {
    Bench::with("a.toml", PAGES)
}

/// What the program said on stderr as it ended with that code.
#[track_caller]
fn ended(output: Output, code: i32) -> String {
    Ended(output).expect(code).err()
}

/// The names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into()).collect();
    names.sort();
    names
}

const RUN: [&str; 6] = ["run", "a.toml", "--no-chart", "--quiet", "--format", "csv"];
const SWEEP: [&str; 4] = ["sweep", "a.toml", "--vary", "tools.workers=1..8"];

#[test]
fn a_folder_that_may_not_be_written_to_is_told() {
    let bench = bench();
    let folder = bench.path("mine");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        // This user may write everywhere.
        return;
    }
    for command in [&RUN[..], &SWEEP[..]] {
        let told = bench.run(&[command, &["--out", "mine"]].concat()).expect(3).err();
        assert!(told.contains("Permission denied"), "{told}");
        assert!(told.contains("--out") && !told.contains(".part"), "{told}");
        assert!(names(&bench.path("mine")).is_empty());
    }
}

#[test]
fn a_file_where_the_folder_should_be_is_told_and_stays() {
    let bench = bench();
    fs::write(bench.path("taken"), "mine").unwrap();
    for command in [&RUN[..], &SWEEP[..]] {
        for out in ["taken", "taken/deeper"] {
            let told = bench.run(&[command, &["--out", out]].concat()).expect(3).err();
            assert!(told.contains("Not a directory") && told.contains("--out"), "{told}");
        }
    }
    assert_eq!(fs::read(bench.path("taken")).unwrap(), b"mine");
}

/// Commands that print, whatever they are given.
fn printing(bench: &Bench) -> Vec<Vec<&'static str>> {
    bench.run(&[&SWEEP[..], &["--quiet"]].concat()).expect(0).err();
    vec![
        vec!["run", "a.toml", "--no-chart"],
        SWEEP.to_vec(),
        vec!["check", "a.toml"],
        vec!["merge", "output/a/sweep/sweep.csv"],
        vec!["python", "a.toml", "--tool", "asyncio"],
        vec!["schema"],
        vec!["man"],
        vec!["completions", "bash"],
        vec!["--help"],
        vec!["run", "--help"],
        vec!["--version"],
    ]
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let bench = bench();
    for arguments in printing(&bench) {
        let mut child = bench.start(&arguments);
        drop(child.stdout.take());
        let told = ended(child.wait_with_output().unwrap(), 0);
        assert!(!told.contains("error"), "{arguments:?}: {told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_told_by_every_command() {
    let bench = bench();
    for arguments in printing(&bench) {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = bench.command(&arguments).stdout(full).output().unwrap();
        let told = ended(output, 3);
        assert!(told.contains("cannot write to standard output"), "{arguments:?}: {told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_to_tell_is_no_failure() {
    let bench = bench();
    for (arguments, code) in [(&RUN[..], 0), (&["run", "none.toml"], 3), (&["run", "--none"], 2)] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let status = bench.command(arguments).stdout(Stdio::null()).stderr(full).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

/// A limit on the size of files stands for a full disk. A file that grows beyond it is a signal first, which the shell
/// turns off for its children.
#[test]
fn a_disk_that_fills_up_leaves_nothing_half_written() {
    let bench = bench();
    let limited = |arguments: &[&str]| {
        let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_gilsim")]).args(arguments);
        command.current_dir(bench.path(".")).output().unwrap()
    };
    let told = ended(limited(&["run", "a.toml", "--quiet"]), 3);
    assert!(told.contains("cannot write `output/a/trace.csv`"), "{told}");
    assert!(!bench.path("output").exists());

    let sweep = [&SWEEP[..], &["--quiet", "--jobs", "1", "--replicates", "9"]].concat();
    let told = ended(limited(&sweep), 3);
    assert!(told.contains("goes on where this one stopped"), "{told}");
    assert_eq!(names(&bench.path("output/a/sweep")), ["sweep.partial"]);
    let told =
        bench.run(&[&SWEEP[..], &["--jobs", "1", "--replicates", "9"]].concat()).expect(0).err();
    assert!(told.contains("finished before the sweep was interrupted"), "{told}");
    bench.run(&[&sweep[..], &["--out", "whole"]].concat()).expect(0).err();
    let bytes = |folder: &str| fs::read(bench.path(folder).join("a/sweep/sweep.csv")).unwrap();
    assert!(bytes("output") == bytes("whole"), "the sweep that went on has other rows");
}

/// A number between 0 and `below` that looks like chance and is always the same.
fn pick(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

fn send(child: &Child, signal: &str) {
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
}

/// All files of a folder that is whole, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<_> = entries.map(|path| (name(&path), fs::read(&path).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_signal_at_any_moment_leaves_all_of_a_run_or_nothing() {
    let bench = bench();
    let run = |seed: &'static str| {
        [&["run", "a.toml", "--quiet", "--no-chart", "--seed"][..], &[seed]].concat()
    };
    let whole = ["1", "2"].map(|seed| {
        bench.run(&run(seed)).expect(0).err();
        files(&bench.path("output/a"))
    });
    fs::remove_dir_all(bench.path("output")).unwrap();
    let mut state = 7;
    let mut stopped = 0;
    // How late a signal may come, in microseconds: about as long as a run takes on this machine at this moment.
    let mut latest = 30_000;
    for round in 0..100 {
        let signal = ["-INT", "-TERM", "-HUP", "-KILL"][round % 4];
        let child = bench.start(&run(["1", "2"][round / 2 % 2]));
        sleep(Duration::from_micros(pick(&mut state, latest)));
        send(&child, signal);
        let code = child.wait_with_output().unwrap().status.code();
        // Before the first line of the program a signal does what it always does.
        assert!(matches!(code, Some(0 | 130) | None), "{code:?} after {signal}");
        let in_time = code != Some(0);
        stopped += u32::from(in_time);
        latest = if in_time { latest * 4 / 3 } else { latest * 3 / 4 }.clamp(1_000, 1_000_000);
        let mut left = files(&bench.path("output/a"));
        if signal == "-KILL" {
            // What nothing could remove goes with the next run that comes so far; here at once, so that what another
            // signal leaves is seen. The last one stays.
            for (name, _) in left.extract_if(.., |(name, _)| name.starts_with(".gilsim-")) {
                let part = bench.path("output/a").join(name);
                if round < 99 {
                    fs::remove_file(part).unwrap();
                }
            }
        }
        let sealed = left.iter().any(|(name, _)| name == "manifest.json");
        assert!(!sealed || whole.contains(&left), "files of two runs are beside each other");
        for (name, bytes) in &left {
            let known = whole.iter().flatten().any(|(n, b)| n == name && b == bytes);
            assert!(known, "{name} is half-written after {signal}");
        }
    }
    assert!(stopped >= 20, "only {stopped} runs were stopped");
    bench.run(&run("1")).expect(0).err();
    assert!(files(&bench.path("output/a")) == whole[0], "what was killed left something behind");
}

#[test]
fn two_runs_into_one_folder_leave_the_files_of_one() {
    let bench = bench();
    let run = |seed: &'static str| {
        [&["run", "a.toml", "--quiet", "--no-chart", "--seed"][..], &[seed]].concat()
    };
    let whole = ["1", "2", "3"].map(|seed| {
        bench.run(&run(seed)).expect(0).err();
        files(&bench.path("output/a"))
    });
    for _ in 0..8 {
        fs::remove_dir_all(bench.path("output")).unwrap();
        let children = ["1", "2", "3"].map(|seed| bench.start(&run(seed)));
        for child in children {
            ended(child.wait_with_output().unwrap(), 0);
        }
        assert!(whole.contains(&files(&bench.path("output/a"))), "the folder mixes runs");
    }
}

#[test]
fn a_second_sweep_into_one_folder_is_refused_and_spoils_nothing() {
    let bench = bench();
    let long =
        ["sweep", "a.toml", "--quiet", "--vary", "tools.workers=1..4", "--replicates", "1000"];
    let mut first = bench.start(&long);
    while !bench.path("output/a/sweep/sweep.partial").exists() {
        assert!(first.try_wait().unwrap().is_none(), "the first sweep was not to end so soon");
        sleep(Duration::from_millis(1));
    }
    let told = bench.run(&SWEEP).expect(3).err();
    assert!(told.contains("another gilsim is writing to `output/a/sweep`"), "{told}");
    assert!(told.contains("--out"), "{told}");
    send(&first, "-INT");
    ended(first.wait_with_output().unwrap(), 130);
    bench.run(&SWEEP).expect(0).err();
    assert!(names(&bench.path("output/a/sweep")).contains(&"sweep.csv".to_owned()));
}

#[test]
fn what_a_killed_run_left_goes_with_the_next_and_what_a_living_one_writes_stays() {
    let bench = bench();
    fs::create_dir_all(bench.path("output/a")).unwrap();
    fs::write(bench.path("output/a/.gilsim-killed.part"), "half").unwrap();
    fs::write(bench.path("output/a/.gilsim-notes.txt"), "mine").unwrap();
    let living = fs::File::create(bench.path("output/a/.gilsim-living.part")).unwrap();
    living.lock().unwrap();
    bench.run(&["run", "a.toml", "--quiet", "--no-chart", "--no-trace"]).expect(0).err();
    let left = names(&bench.path("output/a"));
    let expected = [
        ".gilsim-living.part",
        ".gilsim-notes.txt",
        "manifest.json",
        "summary.csv",
        "summary.json",
    ];
    assert_eq!(left, expected);
}

#[test]
fn without_a_home_and_under_any_locale_the_bytes_are_the_same() {
    let bench = bench();
    let play = |out: &str, settings: &[(&str, &str)]| {
        let mut command = bench.command(&["run", "a.toml", "--out", out, "--format", "table"]);
        let output = command.env_clear().envs(settings.iter().copied()).output().unwrap();
        (Ended(output).expect(0).out(), files(&bench.path(out).join("a")))
    };
    let plain = play("1", &[("HOME", "/"), ("LC_ALL", "C.UTF-8")]);
    let bare = play("2", &[]);
    let latin = play("3", &[("LC_ALL", "de_DE.ISO-8859-1"), ("LANG", "tr_TR.ISO-8859-9")]);
    let lost = play("4", &[("HOME", "/nowhere"), ("TMPDIR", "/nowhere"), ("TZ", "Nowhere")]);
    assert!(plain == bare && plain == latin && plain == lost);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_unicode_are_read_and_written() {
    let bench = bench();
    let name = |bytes: &'static [u8]| OsStr::from_bytes(bytes);
    let folder = bench.path(name(b"f\xff"));
    fs::create_dir(&folder).unwrap();
    let text = PAGES.replace("\"100ms\" }", "\"100ms\" }\nconnections = 3")
        + "\n[sites.measured]\nlatency = { samples = \"measured.csv\" }\n";
    fs::write(folder.join(name(b"s\xfe.toml")), text).unwrap();
    fs::write(folder.join("measured.csv"), "0.1\n0.2\n").unwrap();
    let (scenario, out) = (name(b"f\xff/s\xfe.toml"), name(b"o\xff"));
    let words = |words: &[&'static str]| words.iter().map(|word| OsStr::new(*word)).collect();
    for more in [
        vec![OsStr::new("run"), scenario, OsStr::new("--out"), out],
        vec![OsStr::new("check"), scenario],
        vec![OsStr::new("python"), scenario, OsStr::new("--tool"), OsStr::new("asyncio")],
        [
            vec![OsStr::new("sweep"), scenario, OsStr::new("--out"), out],
            words(&["--vary", "machine.cores=1,2"]),
        ]
        .concat(),
    ] {
        ended(bench.command(&more).output().unwrap(), 0);
    }
    let results = bench.path(out).join(name(b"s\xfe"));
    assert_eq!(files(&results.join("sweep")).len(), 5);
    assert!(results.join("trace.csv").exists());
    let table = results.join("sweep/sweep.csv");
    let merged = bench.run(&[OsStr::new("merge"), table.as_os_str()]).expect(0);
    assert_eq!(merged.0.stdout, fs::read(table).unwrap());
    // What has to be text says so.
    for arguments in [["run", "--set"], ["run", "--tool"], ["sweep", "--vary"]] {
        let arguments = arguments.map(OsStr::new);
        let all = [arguments[0], scenario, arguments[1], name(b"machine.cores=\xff")];
        let told = ended(bench.command(&all).output().unwrap(), 2);
        assert!(told.contains("UTF-8"), "{told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_for_temporary_files_that_is_not_there_is_told_with_its_variable() {
    let bench = bench();
    let mut command = bench.command(&["calibrate", "--python", "true"]);
    let told = ended(command.env("TMPDIR", bench.path("none")).output().unwrap(), 3);
    assert!(told.contains("TMPDIR") && !told.contains("--out"), "{told}");
}

/// What is read while it is written, as from a pipe, is a file like any other.
#[test]
fn a_scenario_may_come_through_a_pipe() {
    let bench = bench();
    let mut command = bench.command(&["check", "/dev/stdin"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PAGES.as_bytes()).unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    ended(child.wait_with_output().unwrap(), 0);
    assert!(text.contains("ok, 60 tasks"), "{text}");
}
