//! Lindley's recursion: in a first-come-first-served queue with one server, a customer starts when it has arrived and
//! the one before it has left.

use proptest::prelude::*;

use crate::config::config;
use crate::play::{MS, Play};

fn departures(arrivals: &[u64], services: &[u64]) -> Vec<u64> {
    let serve = |free: &mut u64, (arrive, service): (&u64, &u64)| {
        *free = (*free).max(*arrive) + service;
        Some(*free)
    };
    arrivals.iter().zip(services).scan(0, serve).collect()
}

fn quoted(times: &[u64]) -> String {
    let quoted: Vec<String> = times.iter().map(|time| format!("\"{time}ms\"")).collect();
    quoted.join(", ")
}

/// One entry whose task i arrives at the i-th instant and takes the i-th time.
fn scenario(arrivals: &[u64], services: &[u64], step: &str) -> String {
    format!(
        "[[tasks]]\narrive = {{ at = [{}] }}\nsteps = [{{ {step} = {{ cycle = [{}] }} }}]\n\
         [[tools]]\nuse = \"sequential\"\n\
         [[tools]]\nuse = \"thread_pool\"\nworkers = 1\n\
         [[tools]]\nuse = \"process_pool\"\nworkers = 1\n\
         [[tools]]\nuse = \"asyncio\"\nlimit = 1\n",
        quoted(arrivals),
        quoted(services)
    )
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn one_server_follows_lindleys_recursion(
        customers in proptest::collection::vec((0..20_u64, 1..30_u64), 1..40),
        step in prop_oneof![Just("compute"), Just("wait")],
    ) {
        let (gaps, services): (Vec<u64>, Vec<u64>) = customers.into_iter().unzip();
        let arrivals: Vec<u64> = gaps
            .iter()
            .scan(0, |now, gap| {
                *now += gap;
                Some(*now)
            })
            .collect();
        let text = scenario(&arrivals, &services, step);
        let play = Play::of(&text);
        let expected: Vec<u64> =
            departures(&arrivals, &services).iter().map(|time| time * MS).collect();
        for tool in ["sequential", "thread_pool", "process_pool", "asyncio"] {
            prop_assert_eq!(&play.run(tool).done(), &expected, "{} in {}", tool, text);
        }
    }
}
