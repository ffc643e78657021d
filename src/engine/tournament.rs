//! The smallest of many keys, each of which changes now and then: a tournament tree (Knuth, The Art of
//! Computer Programming, volume 3, section 5.4.1). A look-up is one step, a change as many as the tree is high.

/// Players by number, each with a key. The smallest key wins; of equal ones, that of the lowest number.
#[derive(Debug)]
pub(super) struct Tournament {
    keys: Vec<u128>,
    /// Who won each match: match 1 is the final, those below match `n` are `2n` and `2n + 1`, and the
    /// lowest are the players themselves.
    winners: Vec<u32>,
    /// Who has another key than when the matches were played, and that key. Most players change more than once between
    /// two looks at the winner, so matches are played when somebody looks.
    changed: Option<(usize, u128)>,
    /// The winner's key when the matches were played.
    smallest: u128,
}

impl Tournament {
    /// So many players, at least one, all with this key.
    pub(super) fn new(players: u32, key: u128) -> Self {
        let places = players.next_power_of_two();
        let mut keys = vec![u128::MAX; places as usize];
        keys[..players as usize].fill(key);
        // Of equals the lowest number wins, and nobody beyond the last player has a smaller key.
        let leaves = 0..places;
        let mut winners: Vec<u32> = (0..places).chain(leaves).collect();
        for game in (1..places as usize).rev() {
            winners[game] = winners[2 * game];
        }
        Self { smallest: keys[0], keys, winners, changed: None }
    }

    /// Makes room for that many players; new ones have this key.
    pub(super) fn grow(&mut self, players: usize, key: u128) {
        if players > self.keys.len() {
            let players = u32::try_from(players).expect("players have 32-bit numbers");
            let mut grown = Self::new(players.next_power_of_two(), key);
            for (player, key) in self.keys.iter().enumerate() {
                grown.set(player, *key);
            }
            *self = grown;
        }
    }

    /// Changes a player's key. Returns whether it was another one.
    pub(super) fn set(&mut self, player: usize, key: u128) -> bool {
        let before = self.keys[player];
        if before == key {
            return false;
        }
        match self.changed {
            Some((same, key_then)) if same == player => {
                if key_then == key {
                    self.changed = None;
                }
            }
            waiting => {
                // With the keys that all others have had since.
                if waiting.is_some() {
                    self.winner();
                }
                self.changed = Some((player, before));
            }
        }
        self.keys[player] = key;
        if self.keys.len() == 1 {
            (self.smallest, self.changed) = (key, None);
        }
        true
    }

    /// Plays the matches of a player whose key has changed.
    fn play_again(&mut self, player: usize) {
        let mut game = self.keys.len() + player;
        while game > 1 {
            game /= 2;
            let (left, right) = (self.winners[2 * game], self.winners[2 * game + 1]);
            let right_wins = self.keys[right as usize] < self.keys[left as usize];
            self.winners[game] = if right_wins { right } else { left };
        }
    }

    /// The smallest key.
    pub(super) fn smallest(&mut self) -> u128 {
        if self.changed.is_some() {
            self.winner();
        }
        self.smallest
    }

    /// Who has the smallest key.
    pub(super) fn winner(&mut self) -> usize {
        if let Some((player, _)) = self.changed.take() {
            self.play_again(player);
            self.smallest = self.keys[self.winners[1] as usize];
        }
        self.winners[1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_winner_is_the_one_that_a_search_finds() {
        for players in [1, 2, 3, 8, 9, 64, 70, 600] {
            let mut tournament = Tournament::new(players, 7);
            let mut keys = vec![7; players as usize];
            assert_eq!(tournament.winner(), 0);
            for round in 0_u128..2_000 {
                let player = (round * round * 31 % 617 % u128::from(players)) as usize;
                keys[player] = round * round % 23;
                tournament.set(player, keys[player]);
                if round % 5 > 1 {
                    continue;
                }
                let smallest = keys.iter().min().expect("there are players");
                let first = keys.iter().position(|key| key == smallest);
                assert_eq!(Some(tournament.winner()), first, "{players} players, round {round}");
                assert_eq!(Some(&tournament.smallest()), keys.iter().min());
            }
        }
    }

    #[test]
    fn new_players_join_and_the_others_keep_their_keys() {
        let mut tournament = Tournament::new(1, 9);
        for player in 1..40 {
            tournament.grow(player + 1, u128::MAX);
            tournament.set(player, 100 - player as u128);
        }
        assert_eq!((tournament.winner(), tournament.smallest()), (0, 9));
        tournament.set(0, 200);
        assert_eq!((tournament.winner(), tournament.smallest()), (39, 61));
    }
}
