//! `gilsim claims` as a shell sees it: the claims of this repository, counter-examples, messages.

use std::fs;
use std::path::Path;

use crate::bench::{Bench, Ended, compare, compare_all};

/// A folder with a claims file of that text.
fn bench(text: &str) -> Bench {
    Bench::with("c.toml", text)
}

fn written(folder: &Bench, name: &str) -> String {
    folder.read(Path::new("output/claims").join(name))
}

fn repository(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name).to_str().unwrap().to_owned()
}

/// A claim about one computation under `ideal`.
fn claim(given: &str, rest: &str) -> String {
    format!(
        "[[claims]]\nsays = \"one\"\ngiven = {given}\nprofiles = [\"ideal\"]\n{rest}\nscenario = '''\n\
         machine.cores = {{cores}}\n[[tasks]]\ncount = {{tasks}}\nsteps = [{{ compute = \"{{work}}\" }}]\n'''\n"
    )
}

const RANGES: &str = r#"{ cores = "1..=64", tasks = "1..=50", work = "1ms..=1s" }"#;

#[test]
fn the_claims_of_this_repository_are_as_stated() {
    let folder = Bench::new();
    let files = ["claims/article.toml", "claims/false-beliefs.toml"].map(repository);
    let arguments = ["claims", &files[0], &files[1], "--cases", "6", "--format", "json"];
    let output = folder.run(&arguments).expect(0);
    let claims: Vec<serde_json::Value> = serde_json::from_str(&output.out()).unwrap();
    let false_beliefs = claims.iter().filter(|claim| claim["held_true"] == false).count();
    assert!(claims.len() - false_beliefs >= 20, "{} claims", claims.len());
    assert!(false_beliefs >= 5, "{false_beliefs} false beliefs");
    for claim in claims.iter().filter(|claim| claim["held_true"] == false) {
        assert_eq!(claim["result"], "refuted");
        let path = claim["scenario"].as_str().unwrap();
        let run = ["run", path, "--no-trace", "--no-chart", "-q"];
        folder.run(&run).expect(0);
    }
}

#[test]
fn a_false_claim_ends_with_1_and_its_smallest_counter_example() {
    let text = claim(RANGES, "expect = \"threading.makespan <= 20000000 || tasks < 3\"");
    let folder = bench(&text);
    let output = folder.run(&["claims", "c.toml"]).expect(1);
    let text = output.out();
    assert!(text.starts_with("c.toml\nFAIL   1  false    case 2     one\n"), "{text}");
    assert!(text.ends_with("\n0 of 1 claim as stated, 1 not\n"), "{text}");
    let scenario = written(&folder, "c-1.toml");
    for smallest in ["cores = 1\n", "count = 3\n", "steps = [{ compute = \"6.7ms\" }]"] {
        assert!(scenario.contains(smallest), "{scenario}");
    }
    let path = "output/claims/c-1.toml";
    let run = folder.run(&["run", path, "--format", "csv"]).expect(0);
    assert!(run.out().contains("threading,0,20100000,"), "{}", run.out());
}

#[test]
fn a_counter_example_is_no_larger_than_it_must_be_in_each_of_its_values() {
    let text = claim(RANGES, "expect = \"cores * tasks < 100 || work < 2000000\"");
    let folder = bench(&text);
    let output = folder.run(&["claims", "c.toml", "--format", "json", "--seed", "3"]);
    let claims: Vec<serde_json::Value> = serde_json::from_str(&output.expect(1).out()).unwrap();
    let given = &claims[0]["given"];
    let number = |name: &str| given[name].as_str().unwrap().parse::<u64>().unwrap();
    let (cores, tasks) = (number("cores"), number("tasks"));
    assert_eq!(given["work"], "2ms");
    assert!(cores * tasks >= 100, "{given}");
    assert!((cores - 1) * tasks < 100 && cores * (tasks - 1) < 100, "{given}");
}

#[test]
fn a_false_belief_passes_with_a_counter_example_and_fails_without() {
    let refuted = claim(RANGES, "holds = false\nexpect = \"threading.makespan > 1000000\"");
    let text = bench(&refuted).run(&["claims", "c.toml"]).expect(0).out();
    assert!(text.contains("  ok   1  refuted  case 1     one\n"), "{text}");
    let true_one = claim(RANGES, "holds = false\nexpect = \"threading.makespan >= 1000000\"");
    let folder = bench(&true_one);
    let text = folder.run(&["claims", "c.toml", "--cases", "5"]).expect(1).out();
    assert!(text.contains("FAIL   1  not refuted  5 cases    one\n"), "{text}");
    assert!(!folder.path("output").exists());
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_one_thread_and_on_two() {
    let several = [
        claim(RANGES, "expect = \"threading.makespan <= 300000000\""),
        claim(RANGES, "when = \"tasks > cores\"\nexpect = \"threading.p95 < 30 * work\""),
        claim(RANGES, "expect = \"multiprocessing.makespan <= sequential.makespan\""),
    ];
    let played = |jobs: &str, seed: &str| {
        let folder = bench(&several.concat());
        let arguments = ["claims", "c.toml", "--jobs", jobs, "--seed", seed];
        let output = folder.run(&arguments).expect(1);
        (output.out(), written(&folder, "c-1.toml"), written(&folder, "c-2.toml"))
    };
    let one = played("1", "5");
    assert_eq!(one, played("2", "5"));
    assert_eq!(one, played("1", "5"));
}

#[test]
fn a_counter_example_of_an_earlier_test_does_not_stay() {
    let folder = bench(&claim(RANGES, "expect = \"threading.makespan < 0\""));
    folder.run(&["claims", "c.toml", "--cases", "1"]).expect(1);
    assert!(folder.path("output/claims/c-1.toml").exists());
    fs::write(folder.path("c.toml"), claim(RANGES, "expect = \"true\"")).unwrap();
    folder.run(&["claims", "c.toml", "--cases", "1"]).expect(0);
    assert!(!folder.path("output/claims/c-1.toml").exists());
}

#[test]
fn a_tolerance_and_several_profiles_are_heeded() {
    let scenario = "scenario = '''\n[[tasks]]\nsteps = [{ wait = \"100ms\" }]\n[[tools]]\nuse = \"threading\"\n'''\n";
    let head = "[[claims]]\nsays = \"a\"\nexpect = \"threading.makespan == 100000000\"\n";
    for (extra, code) in [
        ("profiles = [\"ideal\"]\n", 0),
        ("profiles = [\"ideal\", \"cpython-3.13\"]\n", 1),
        ("profiles = [\"ideal\", \"cpython-3.13\"]\ntolerance = \"5%\"\n", 0),
        ("profiles = [\"ideal\", \"cpython-3.13\"]\ntolerance = \"5ms\"\n", 0),
        ("profiles = [\"ideal\", \"cpython-3.13\"]\ntolerance = \"1us\"\n", 1),
    ] {
        let folder = bench(&format!("{head}{extra}{scenario}"));
        folder.run(&["claims", "c.toml", "--cases", "2"]).expect(code);
        if code == 1 {
            let text = written(&folder, "c-1.toml");
            assert!(text.contains("interpreter.profile = \"cpython-3.13\"\n"), "{text}");
        }
    }
}

#[test]
fn a_tool_that_deadlocks_is_a_counter_example() {
    let text = "[[claims]]\nsays = \"a\"\nexpect = \"threading.makespan > 0\"\nscenario = '''\n\
        semaphores.s = 1\n[[tasks]]\nsteps = [{ acquire = \"s\" }, { acquire = \"s\" }]\n'''\n";
    let folder = bench(text);
    let output = folder.run(&["claims", "c.toml", "--cases", "1"]).expect(1);
    assert!(output.out().contains("`threading` deadlocks"), "{}", output.out());
    folder.run(&["run", "output/claims/c-1.toml", "--tool", "threading"]).expect(1);
}

#[test]
fn a_claim_can_ask_for_the_response_times_of_an_entry() {
    let scenario = "scenario = '''\n[[tasks]]\nname = \"health\"\ncount = 2\nsteps = [{ wait = \"1ms\" }]\n\
        [[tasks]]\nname = \"report\"\nsteps = [{ compute = \"30ms\" }]\n\
        [[tasks]]\nname = \"health\"\nsteps = [{ wait = \"1s\" }]\n\
        [[tools]]\nuse = \"asyncio\"\n[[tools]]\nuse = \"asyncio\"\nlabel = \"one more\"\n'''\n";
    for (expect, code) in [
        // Of two entries of one name the first is meant; by its number each can be.
        ("asyncio.entry[\"health\"].max == 30000000 && asyncio.entry[\"health\"].tasks == 2", 0),
        ("tool[\"one more\"].entry['health'].p95 == asyncio.entry[0].p95", 0),
        ("asyncio.entry[2].p50 == 1030000000 && asyncio.max == 1030000000", 0),
        ("asyncio.entry[\"report\"].mean < asyncio.entry[\"health\"].mean", 1),
    ] {
        let head =
            format!("[[claims]]\nsays = \"a\"\nprofiles = [\"ideal\"]\nexpect = '''{expect}'''\n");
        let folder = bench(&(head + scenario));
        let output = folder.run(&["claims", "c.toml", "--cases", "1"]).expect(code);
        let told = "asyncio.entry[\"report\"].mean";
        assert_eq!(output.out().contains(told), code == 1, "{}", output.out());
    }
    // Where there is one entry, it is what all tasks are.
    let one = claim(RANGES, "expect = \"threading.entry[0].p95 == threading.p95\"");
    bench(&one).run(&["claims", "c.toml", "--cases", "3"]).expect(0);
}

#[test]
fn a_counter_example_finds_the_files_of_its_scenario() {
    let folder = Bench::new();
    fs::create_dir(folder.path("deep")).unwrap();
    fs::write(folder.path("deep/measured.csv"), "1ms\n").unwrap();
    let scenario = "[[tasks]]\nsteps = [{ wait = { samples = \"measured.csv\" } }]\n";
    fs::write(folder.path("deep/s.toml"), scenario).unwrap();
    let claims = "[[claims]]\nsays = \"a\"\nfile = \"s.toml\"\nexpect = \"asyncio.makespan < 0\"\n";
    fs::write(folder.path("deep/c.toml"), claims).unwrap();
    for out in ["output", "far/away", "deep"] {
        folder.run(&["claims", "deep/c.toml", "--cases", "1", "--out", out]).expect(1);
        let path = format!("{out}/claims/c-1.toml");
        folder.run(&["run", &path, "-q", "--no-trace", "--no-chart"]).expect(0);
    }
    let absolute = folder.path("absolute").to_str().unwrap().to_owned();
    let arguments = ["claims", "deep/c.toml", "--cases", "1", "--out", &absolute];
    folder.run(&arguments).expect(1);
    let path = format!("{absolute}/claims/c-1.toml");
    folder.run(&["check", &path]).expect(0);
}

#[test]
fn names_pass_through_every_format_unharmed() {
    let script = "<script>alert(1)</script>";
    let label = "a \\\"b\\\" <script>alert(1)</script>";
    let text = format!(
        "[[claims]]\nsays = \"{script}\\u001b[31m | `x`\\nsecond line\"\ngiven = {{ name = [\"{script}\"] }}\n\
         expect = '''tool[\"{label}\"].makespan < 0 && name == \"{script}\"'''\n\
         scenario = '''\ntitle = \"{{name}}\"\n[[tasks]]\nname = \"{{name}}\"\nsteps = [{{ wait = \"1ms\" }}]\n\
         [[tools]]\nuse = \"threading\"\nlabel = \"{label}\"\n'''\n"
    );
    let folder = bench(&text);
    let shown = |format: &str| {
        let arguments = ["claims", "c.toml", "--cases", "1", "--format", format];
        folder.run(&arguments).expect(1).out()
    };
    let markdown = shown("markdown");
    let bare = markdown.replace("\\<", "");
    assert!(!bare.contains('<') && markdown.contains("\\<script\\>"), "{markdown}");
    assert!(!shown("table").contains('\u{1b}'));
    let json: serde_json::Value = serde_json::from_str(&shown("json")).unwrap();
    assert_eq!(json[0]["given"]["name"], script);
    let csv = shown("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    assert!(record[2].starts_with(script) && record[2].ends_with("\nsecond line"), "{csv}");
    folder.run(&["run", "output/claims/c-1.toml"]).expect(0);
    let svg = fs::read_to_string(folder.path("output/c-1/gantt.svg")).unwrap();
    assert!(!svg.contains("<script"), "a script in the chart");
}

#[test]
fn every_broken_claim_gets_its_messages() {
    let (root, bench) = (Path::new(env!("CARGO_MANIFEST_DIR")), Bench::new());
    compare_all("tests/broken_claims", |path| {
        let mut command =
            bench.command(&["claims", path.to_str().unwrap(), "--cases", "20", "--out"]);
        let ended = Ended(command.arg(bench.path("output")).current_dir(root).output().unwrap());
        assert!(ended.out().is_empty(), "{} prints a result", path.display());
        format!("{}\nexit code {}\n", ended.err(), ended.code().unwrap())
    });
}

#[test]
fn the_committed_schema_of_claims_is_what_the_program_prints() {
    let path = repository("claims/gilsim-claims.schema.json");
    let printed = Bench::new().run(&["schema", "--claims"]).expect(0).out();
    let stale = "stale: cargo run -- schema --claims > claims/gilsim-claims.schema.json";
    compare(Path::new(&path), &printed).expect(stale);
}
