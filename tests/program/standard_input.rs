//! `-` is standard input, for every command that reads a file.

use super::bench::Bench;

const PAGES: &str = "
tasks = [{ count = 4, steps = [{ wait = 'shop' }, { compute = '1ms' }] }]
sites.shop.latency = '20ms'
tools = [{ use = 'sequential' }, { use = 'asyncio' }]
";

const CLAIM: &str = "
[[claims]]
says = 'a wait takes as long as it is'
given = { wait = '1ms..=1s' }
scenario = '''
interpreter.profile = \"ideal\"
tasks = [{ steps = [{ wait = \"{wait}\" }] }]
'''
expect = 'sequential.makespan == wait'
";

#[test]
fn a_scenario_on_standard_input_is_checked_run_swept_and_printed() {
    let bench = Bench::new();
    let check = bench.run_on(PAGES, &["check", "-"]).expect(0);
    assert_eq!(check.out(), "standard input: ok, 4 tasks for 2 tools\n");

    let run = bench.run_on(PAGES, &["run", "-"]).expect(0);
    assert!(run.out().starts_with("standard input\n"), "the title: {}", run.out());
    let manifest = bench.read("output/standard-input/manifest.json");
    assert!(manifest.contains("\"file\": \"standard input\""), "{manifest}");

    bench.run_on(PAGES, &["sweep", "-", "--vary", "machine.cores=1,2"]).expect(0);
    assert!(bench.path("output/standard-input/sweep/sweep.csv").exists());
    bench.run_on(PAGES, &["whatif", "-"]).expect(0);
    assert!(bench.path("output/standard-input/whatif/whatif.csv").exists());

    let program = bench.run_on(PAGES, &["python", "-", "--tool", "asyncio"]).expect(0);
    assert!(program.out().contains("asyncio"));
    bench
        .run_on(PAGES, &["python", "-"])
        .expect(2)
        .says("error: standard input has several such tools");
}

#[test]
fn a_run_from_standard_input_is_that_of_the_file() {
    let bench = Bench::with("pages.toml", PAGES);
    let arguments = ["--format", "csv", "--quiet"];
    let of_file = bench.run(&[&["run", "pages.toml"], &arguments[..]].concat()).expect(0);
    let piped = bench.run_on(PAGES, &[&["run", "-"], &arguments[..]].concat()).expect(0);
    assert_eq!(of_file.out(), piped.out());
    for name in ["trace.csv", "summary.json"] {
        let of = |folder| bench.read(format!("output/{folder}/{name}"));
        assert_eq!(of("pages"), of("standard-input"));
    }
}

#[test]
fn claims_on_standard_input_are_tested() {
    let bench = Bench::new();
    let told = bench.run_on(CLAIM, &["claims", "-", "--cases", "5"]).expect(0);
    assert!(told.out().starts_with("standard input\n"), "{}", told.out());
    let wrong = CLAIM.replace("== wait", "< wait");
    bench.run_on(wrong, &["claims", "-", "--cases", "5"]).expect(1);
    assert!(bench.path("output/claims/standard-input-1.toml").exists());
}

#[test]
fn faults_name_standard_input_with_line_and_column() {
    let bench = Bench::with("pages.toml", PAGES);
    let wrong = PAGES.replace("'20ms'", "20");
    for command in [&["check", "-"][..], &["run", "-"], &["whatif", "-"], &["python", "-"]] {
        bench.run_on(&wrong, command).expect(2).says("--> standard input:3:22");
    }
    bench.run_on(b"\xff", &["check", "-"]).expect(2).says("--> standard input:1:1");
    bench
        .run_on(CLAIM.replace("expect", "except"), &["claims", "-"])
        .expect(2)
        .says("--> standard input:");
    bench
        .run_on("no profile", &["validate", "pages.toml", "--profile", "-"])
        .expect(2)
        .says("standard input:1: ");
    let imports = [
        ("har", "{\"log\":\n [}", "standard input:2:3: this is not JSON"),
        ("curl", "http://a/ fast", "standard input:1:11: a time should be a number of seconds"),
        ("csv", "host;latency\n", "standard input:1:5: the cells are separated by semicolons"),
        ("csv", "", "standard input: the file is empty"),
    ];
    for (kind, text, message) in imports {
        bench.run_on(text, &["import", kind, "-"]).expect(2).says(&format!("error: {message}"));
    }
}

#[test]
fn a_scenario_on_standard_input_names_files_beside_the_current_folder() {
    let bench = Bench::with("standard input", "5ms\n");
    let text = "tasks = [{ steps = [{ wait = { samples = 'standard input' } }] }]";
    bench.run_on(text, &["check", "-"]).expect(0);
    bench.write("-", PAGES);
    bench.run(&["check", "./-"]).expect(0);
}

#[test]
fn standard_input_can_be_named_once_and_holds_no_part_of_a_sweep() {
    let bench = Bench::new();
    bench
        .run_on(PAGES, &["check", "-", "-"])
        .expect(3)
        .says("cannot read `standard input`: it was read already, so let `-` stand only once");
    bench.run_on(PAGES, &["run", "-", "-"]).expect(2).says("one at a time");
    bench
        .run_on(PAGES, &["merge", "-"])
        .expect(2)
        .says("a part cannot come from standard input: name its file");
}

#[test]
fn a_recording_goes_through_two_pipes_into_a_run() {
    let bench = Bench::new();
    let table = "host,latency\na.example,20ms\na.example,30ms\n";
    let scenario = bench.run_on(table, &["import", "csv", "-"]).expect(0).out();
    let run = bench.run_on(scenario, &["run", "-", "--no-trace", "--no-chart"]).expect(0);
    assert!(run.out().starts_with("2 requests to 1 host, from a table\n"), "{}", run.out());
}
