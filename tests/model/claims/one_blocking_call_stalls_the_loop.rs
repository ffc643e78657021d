use crate::play::{MS, Play};

#[test]
fn one_blocking_call_stalls_every_other_coroutine_of_its_loop() {
    let play = Play::of(
        r#"
        [[tasks]]
        count = 9
        steps = [{ wait = "10ms" }]
        [[tasks]]
        steps = [{ block = "1s" }]
        "#,
    );
    // The nine are due at 10 ms and run when the blocking call is over.
    assert_eq!(play.run("asyncio").done(), [1000 * MS; 10]);
    let threads = play.run("threading").done();
    assert_eq!(threads, [vec![10 * MS; 9], vec![1000 * MS]].concat());
}
