//! The smallest of many keys, each of which changes now and then: a tournament tree (Knuth, The Art of
//! Computer Programming, volume 3, section 5.4.1). A look-up is one step, a change as many as the tree is high.

/// Players by number, each with a key of its own. The smallest key wins; the largest, of which there may be many, is that
/// of players who do not play.
#[derive(Debug)]
pub(super) struct Tournament {
    /// Who won each match: match 1 is the final, those below match `n` are `2n` and `2n + 1`, and the
    /// lowest are the players themselves.
    matches: Vec<Winner>,
    /// Where the first player stands among the matches.
    players: usize,
    /// Who has another key than when the matches were played. Most players change more than once between two looks at
    /// the winner, so matches are played when somebody looks.
    changed: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Winner {
    key: u128,
    player: u32,
    /// Whether this is a player who has changed.
    has_changed: bool,
}

impl Tournament {
    /// Players with these keys, at least one.
    pub(super) fn new(keys: impl IntoIterator<Item = u128>) -> Self {
        let mut keys: Vec<u128> = keys.into_iter().collect();
        let players = keys.len().next_power_of_two();
        keys.resize(players, u128::MAX);
        let of_player = |(player, key)| Winner { key, player, has_changed: false };
        let players_as_winners = (0..).zip(keys).map(of_player);
        let mut matches = vec![of_player((0, u128::MAX)); players];
        matches.extend(players_as_winners);
        for game in (1..players).rev() {
            let (left, right) = (matches[2 * game], matches[2 * game + 1]);
            matches[game] = if right.key < left.key { right } else { left };
        }
        Self { matches, players, changed: Vec::new() }
    }

    /// Makes room for that many players; new ones do not play yet.
    #[inline]
    pub(super) fn grow(&mut self, players: usize) {
        if players > self.players {
            self.grow_to(players.next_power_of_two());
        }
    }

    #[inline(never)]
    fn grow_to(&mut self, players: usize) {
        let keys = self.matches[self.players..].iter().map(|player| player.key);
        let new = std::iter::repeat_n(u128::MAX, players - self.players);
        *self = Self::new(keys.chain(new));
    }

    /// Changes a player's key. Returns whether it was another one.
    #[inline]
    pub(super) fn set(&mut self, player: usize, key: u128) -> bool {
        let place = &mut self.matches[self.players + player];
        if place.key == key {
            return false;
        }
        place.key = key;
        // Who is alone plays no matches.
        if !place.has_changed && self.players > 1 {
            place.has_changed = true;
            self.changed.push(place.player);
        }
        true
    }

    /// Plays the matches of those whose keys have changed.
    #[inline(never)]
    fn play_again(&mut self) {
        while let Some(player) = self.changed.pop() {
            let mut game = self.players + player as usize;
            self.matches[game].has_changed = false;
            let Winner { mut key, mut player, .. } = self.matches[game];
            while game > 1 {
                let other = &self.matches[game ^ 1];
                if other.key < key {
                    (key, player) = (other.key, other.player);
                }
                game /= 2;
                let game = &mut self.matches[game];
                (game.key, game.player) = (key, player);
            }
        }
    }

    #[inline]
    fn final_match(&mut self) -> &Winner {
        if !self.changed.is_empty() {
            self.play_again();
        }
        &self.matches[1]
    }

    /// The smallest key.
    #[inline]
    pub(super) fn smallest(&mut self) -> u128 {
        self.final_match().key
    }

    /// Who has the smallest key.
    #[inline]
    pub(super) fn winner(&mut self) -> usize {
        self.final_match().player as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_winner_is_the_one_that_a_search_finds() {
        for players in [1, 2, 3, 8, 9, 64, 70, 600] {
            let mut keys: Vec<u128> = (0..players).map(|player| 7_000 + player).collect();
            let mut tournament = Tournament::new(keys.iter().copied());
            assert_eq!(tournament.winner(), 0);
            for round in 0_u128..2_000 {
                let player = (round * round * 31 % 617 % players) as usize;
                keys[player] = round * round % 23 * 1_000 + player as u128;
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
        let mut tournament = Tournament::new([9]);
        for player in 1..40 {
            tournament.grow(player + 1);
            tournament.set(player, 100 - player as u128);
        }
        assert_eq!((tournament.winner(), tournament.smallest()), (0, 9));
        tournament.set(0, 200);
        assert_eq!((tournament.winner(), tournament.smallest()), (39, 61));
    }
}
