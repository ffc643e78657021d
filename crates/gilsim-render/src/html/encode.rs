//! Lanes as the page gets them: numbers of variable length in base64.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::lanes::Piece;
use gilsim_core::ids::NameId;
use gilsim_core::trace::State;

/// What an interval is: its state and the name of what it is at.
pub(super) type Kind = (State, NameId);

/// The numbers of all kinds, in the order in which they are met.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    numbers: BTreeMap<Kind, u64>,
    pub(super) list: Vec<Kind>,
}

impl Kinds {
    fn number(&mut self, kind: Kind) -> u64 {
        let list = &mut self.list;
        *self.numbers.entry(kind).or_insert_with(|| {
            list.push(kind);
            list.len() as u64 - 1
        })
    }
}

/// The pieces as text. Of each: the gap before it, its length, the number of its kind and whether it was merged;
/// then task, step, thread and core as differences from the piece before, or what was merged.
pub(super) fn encode(pieces: &[Piece], kinds: &mut Kinds) -> String {
    let mut bytes = Vec::new();
    let mut before = [0_u32; 4];
    let mut end = 0;
    for piece in pieces {
        push(&mut bytes, piece.start.saturating_sub(end));
        push(&mut bytes, piece.end - piece.start);
        end = piece.end;
        let kind = kinds.number((piece.state, piece.name));
        push(&mut bytes, kind * 2 + u64::from(piece.merged.is_some()));
        if let Some(merged) = &piece.merged {
            push(&mut bytes, merged.count);
            merged.times.iter().for_each(|&time| push(&mut bytes, time));
            continue;
        }
        let now = [piece.task, piece.step, piece.thread, piece.core];
        for (now, before) in now.into_iter().zip(before) {
            push_signed(&mut bytes, i64::from(now) - i64::from(before));
        }
        before = now;
    }
    STANDARD.encode(bytes)
}

/// A number over time as text: of each change the time since the one before, and by how much.
pub(super) fn encode_level(changes: &BTreeMap<u64, i64>) -> String {
    let mut bytes = Vec::new();
    let mut before = 0;
    for (&at, &change) in changes.iter().filter(|(_, change)| **change != 0) {
        push(&mut bytes, at - before);
        push_signed(&mut bytes, change);
        before = at;
    }
    STANDARD.encode(bytes)
}

/// Seven bits a byte, the low ones first; all bytes but the last have the eighth bit set.
fn push(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = (number & 0x7F).to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

/// Small numbers of either sign stay small: 0, −1, 1, −2, …
fn push_signed(bytes: &mut Vec<u8>, number: i64) {
    push(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(state: State, start: u64, end: u64) -> Piece {
        let name = NameId::EMPTY;
        Piece { start, end, state, name, task: 1, step: 0, thread: 2, core: 0, merged: None }
    }

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        let mut bytes = Vec::new();
        for number in [0, 127, 128, 300, u64::MAX] {
            push(&mut bytes, number);
        }
        assert_eq!(bytes[..6], [0, 0x7F, 0x80, 1, 0xAC, 2]);
        assert_eq!(bytes.len(), 6 + 10);
        let mut bytes = Vec::new();
        for number in [0, -1, 1, -64, i64::MIN] {
            push_signed(&mut bytes, number);
        }
        assert_eq!(bytes[..4], [0, 1, 2, 127]);
    }

    #[test]
    fn an_ordinary_interval_takes_a_dozen_bytes_or_less() {
        let turns = (0..1_000)
            .map(|turn| piece(State::Running, turn * 5_000_000, turn * 5_000_000 + 4_999_000));
        let mut kinds = Kinds::default();
        let text = encode(&turns.collect::<Vec<_>>(), &mut kinds);
        assert!(text.len() < 16_000, "{}", text.len());
        assert_eq!(kinds.list, [(State::Running, NameId::EMPTY)]);
    }
}
