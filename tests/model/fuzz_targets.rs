//! The fuzz targets on stable Rust: with the seeds of `fuzz/seeds`, with what becomes of them, and with random bytes.

#[path = "../../fuzz/src/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::config::config;
use targets::TARGETS;

/// Pieces that the formats are made of, and those that break readers.
const WORDS: [&str; 32] = [
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    "..",
    "\n",
    "\r\n",
    "#",
    "0",
    "-1",
    "1e308",
    "NaN",
    "9999999999999999999",
    "\u{feff}",
    "\0",
    "é☕",
    "\"1ns\"",
    "\"100min\"",
    "0.5",
    "[[tasks]]\n",
    "steps = ",
    "use = \"threading\"",
    "count = ",
    "{ cycle = [",
    "{ repeat = 3, steps = [",
    " step ",
    " log",
    "null",
];

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("fuzz/seeds").join(target)];
    if target == "scenario" {
        folders.push(root.join("scenarios"));
    }
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// One change of a text.
#[derive(Clone, Debug)]
enum Change {
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Flip(Index, u8),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |index: &Index, bytes: &Vec<u8>| index.index(bytes.len() + 1);
        match self {
            Self::Insert(index, piece) => {
                let at = at(index, bytes);
                bytes.splice(at..at, piece.iter().copied());
            }
            Self::Remove(index, length) => {
                let at = at(index, bytes);
                let end = (at + length).min(bytes.len());
                bytes.drain(at..end);
            }
            Self::Repeat(index, length) => {
                let at = at(index, bytes);
                let piece = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            Self::Flip(index, bits) => {
                let at = at(index, bytes);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let word = proptest::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![3 => word, 1 => vec(any::<u8>(), 1..4)];
    prop_oneof![
        3 => (any::<Index>(), piece).prop_map(|(index, piece)| Change::Insert(index, piece)),
        2 => (any::<Index>(), 1..40_usize).prop_map(|(index, length)| Change::Remove(index, length)),
        1 => (any::<Index>(), 1..40_usize).prop_map(|(index, length)| Change::Repeat(index, length)),
        1 => (any::<Index>(), 1..=255_u8).prop_map(|(index, bits)| Change::Flip(index, bits)),
    ]
}

#[test]
fn every_target_has_seeds_and_takes_them() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name}");
        for seed in &seeds {
            target(seed);
        }
    }
}

#[test]
fn every_target_has_a_program_for_libfuzzer() {
    let manifest = include_str!("../../fuzz/Cargo.toml");
    for (name, _) in TARGETS {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(manifest.contains(&path), "{name}");
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path);
        assert!(fs::read_to_string(program).unwrap().contains(&format!("targets::{name}(")));
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn changed_seeds_break_nothing(seed in any::<Index>(), changes in vec(change(), 1..6)) {
        for (name, target) in TARGETS {
            let seeds = seeds(name);
            let mut bytes = seeds[seed.index(seeds.len())].clone();
            for change in &changes {
                change.apply(&mut bytes);
            }
            target(&bytes);
        }
    }

    #[test]
    fn random_bytes_break_nothing(bytes in vec(any::<u8>(), 0..600)) {
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }

    #[test]
    fn random_words_break_nothing(words in vec(proptest::sample::select(&WORDS[..]), 0..40)) {
        for (_, target) in TARGETS {
            target(words.concat().as_bytes());
        }
    }
}
