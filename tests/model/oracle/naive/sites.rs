//! Sites: connections that are made and kept, and servers that slow down under load.

use std::collections::BTreeMap;

use crate::world::Site;

/// What the sites of a world know of their requests.
#[derive(Default)]
pub struct Sites {
    /// Kept connections, by site and owner.
    kept: BTreeMap<(usize, usize), u32>,
    /// When each site has its next turn at the soonest.
    turns: BTreeMap<usize, u64>,
    /// When the requests of each site are answered.
    answers: Vec<(usize, u64)>,
}

impl Sites {
    /// How long it takes to come by a connection.
    pub fn open(&mut self, number: usize, site: &Site, owner: usize) -> u64 {
        let kept = self.kept.entry((number, owner)).or_default();
        if *kept > 0 {
            *kept -= 1;
            return 0;
        }
        site.server.connect
    }

    pub fn keep(&mut self, number: usize, site: &Site, owner: usize) {
        if site.server.keeps {
            *self.kept.entry((number, owner)).or_default() += 1;
        }
    }

    /// How long an answer takes that is asked for now.
    pub fn ask(&mut self, number: usize, site: &Site, now: u64) -> u64 {
        let turn = self.turns.entry(number).or_default();
        let mine = now.max(*turn);
        *turn = mine + site.server.turn;
        let others = self.answers.iter().filter(|(of, at)| *of == number && *at > now).count();
        let answered = mine + site.latency + site.server.per_concurrent * others as u64;
        self.answers.push((number, answered));
        answered - now
    }
}
