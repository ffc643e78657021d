use crate::play::{MS, Play};

const SCENARIO: &str = r#"
    [[tasks]]
    steps = [{ repeat = 100, steps = [{ compute = "10ms" }] }]
    [[tasks]]
    count = 3
    steps = [{ compute = "1ms" }]
"#;

#[test]
fn a_coroutine_that_never_awaits_starves_its_siblings() {
    let done = Play::of(SCENARIO).run("asyncio").done();
    assert_eq!(done, [1000 * MS, 1001 * MS, 1002 * MS, 1003 * MS]);
}

#[test]
fn a_coroutine_that_yields_lets_its_siblings_through() {
    let polite =
        SCENARIO.replace("{ compute = \"10ms\" }", "{ compute = \"10ms\" }, { yield = true }");
    let done = Play::of(&polite).run("asyncio").done();
    assert_eq!(done, [1003 * MS, 11 * MS, 12 * MS, 13 * MS]);
}
