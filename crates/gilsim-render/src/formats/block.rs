//! Text that is made piece by piece and written in blocks.

use std::io::{self, Write};

/// How much is collected before it is written out, in bytes.
pub(super) const BLOCK: usize = 64 * 1024;

/// Room for what is appended between two looks at the size, in bytes.
const PIECE: usize = 1024;

/// Collects text and writes it out in blocks. An error in writing is kept and returned by [`finish`](Self::finish):
/// a sink never feeds back into a run.
#[derive(Debug)]
pub(super) struct Blocks<W: Write> {
    out: W,
    buffer: Vec<u8>,
    error: Option<io::Error>,
}

impl<W: Write> Blocks<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, buffer: Vec::with_capacity(BLOCK + PIECE), error: None }
    }

    /// Where the next piece is appended to.
    pub(super) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Whether writing has failed, so that nothing more need be made.
    pub(super) const fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Writes the block out once it is full.
    pub(super) fn spill(&mut self) {
        if self.buffer.len() >= BLOCK {
            self.write_out();
        }
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// The first error that any write met.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_out();
        match self.error {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    fn write_out(&mut self) {
        if self.error.is_none() {
            self.error = self.out.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }
}

/// Appends a number in decimal digits.
pub(super) fn push_number(buffer: &mut Vec<u8>, number: u64) {
    let mut room = [0; LONGEST + 8];
    let end = put_number(&mut room, 0, number);
    buffer.extend_from_slice(&room[..end]);
}

/// The most digits that a number has.
const LONGEST: usize = 20;

/// A number of eight digits or less is smaller.
const EIGHT_DIGITS: u64 = 100_000_000;

const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// Puts a number in decimal digits at that place, and up to eight bytes of no meaning behind it: storing eight bytes takes
/// one step. Returns where it ends.
#[inline]
pub(super) fn put_number<const N: usize>(room: &mut [u8; N], at: usize, number: u64) -> usize {
    if number < 10 {
        room[at] = b'0' | number.to_le_bytes()[0];
        return at + 1;
    }
    if number < EIGHT_DIGITS {
        return put_first_digits(room, at, number);
    }
    let (mut first, last) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
    let mut at = at;
    if first >= EIGHT_DIGITS {
        at = put_first_digits(room, at, first / EIGHT_DIGITS);
        first %= EIGHT_DIGITS;
        at = put_eight_digits(room, at, first);
    } else {
        at = put_first_digits(room, at, first);
    }
    put_eight_digits(room, at, last)
}

/// Puts the digits of a number below 10^8, which is not zero, without leading zeros.
#[inline]
fn put_first_digits<const N: usize>(room: &mut [u8; N], at: usize, number: u64) -> usize {
    let digits = eight_digits(number);
    let zeros = digits.trailing_zeros() / 8;
    let text = (digits | ZEROS) >> (8 * zeros);
    room[at..at + 8].copy_from_slice(&text.to_le_bytes());
    at + 8 - zeros as usize
}

#[inline]
fn put_eight_digits<const N: usize>(room: &mut [u8; N], at: usize, number: u64) -> usize {
    let text = eight_digits(number) | ZEROS;
    room[at..at + 8].copy_from_slice(&text.to_le_bytes());
    at + 8
}

/// The eight digits of a number below 10^8, a byte each, the first one in the lowest byte: halves, quarters and
/// digits are split side by side in one word.
const fn eight_digits(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    // 10,486 / 2^20 and 103 / 2^10 are close enough to 1/100 and 1/10.
    let hundreds = (halves.wrapping_mul(10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | (halves.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (pairs.wrapping_mul(103) >> 10) & 0x000F_000F_000F_000F;
    tens | (pairs.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

/// A text that is put again and again. A short one is copied with what stands behind it up to a fixed length, which
/// takes one step.
#[derive(Clone, Debug)]
pub(super) struct Text {
    short: [u8; Self::SHORT],
    length: usize,
    long: Box<[u8]>,
}

impl Text {
    /// The most bytes of a short text.
    pub(super) const SHORT: usize = 32;

    pub(super) fn new(text: &[u8]) -> Self {
        let mut short = [0; Self::SHORT];
        let mut long = Box::default();
        match short.get_mut(..text.len()) {
            Some(room) => room.copy_from_slice(text),
            None => long = text.into(),
        }
        Self { short, length: text.len(), long }
    }

    pub(super) const fn is_short(&self) -> bool {
        self.length <= Self::SHORT
    }

    pub(super) fn bytes(&self) -> &[u8] {
        if self.is_short() { &self.short[..self.length] } else { &self.long }
    }

    /// Puts a short text at that place, and bytes of no meaning behind it. Returns where it ends.
    #[inline]
    pub(super) fn put<const N: usize>(&self, room: &mut [u8; N], at: usize) -> usize {
        room[at..at + Self::SHORT].copy_from_slice(&self.short);
        at + self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let mut numbers = vec![0, u64::MAX];
        for power in 0..20 {
            let power = 10_u64.pow(power);
            numbers.extend([power - 1, power, power + 1, power.wrapping_mul(7)]);
        }
        for step in 1..20_000_u64 {
            numbers.extend([
                step,
                step * 9_973,
                step * 10_001,
                step * 100_010_001,
                step * step * 49_999,
                step.pow(4) * 101,
            ]);
        }
        for number in numbers {
            let mut text = Vec::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string().as_bytes());
        }
    }

    #[test]
    fn texts_of_any_length_are_kept_and_short_ones_are_put_in_place() {
        for length in [0, 1, 31, 32, 33, 100] {
            let bytes: Vec<u8> = (0..length).collect();
            let text = Text::new(&bytes);
            assert_eq!(text.bytes(), bytes);
            assert_eq!(text.is_short(), length <= 32);
            if text.is_short() {
                let mut room = *b"before                                  ";
                let end = text.put(&mut room, 7);
                assert_eq!(room[..end], [b"before ", bytes.as_slice()].concat());
            }
        }
    }

    #[test]
    fn what_is_written_is_held_back_until_a_block_is_full() {
        let mut blocks = Blocks::new(Vec::new());
        blocks.buffer().extend_from_slice(b"small");
        blocks.spill();
        assert!(blocks.out.is_empty());
        blocks.buffer().extend_from_slice(&vec![b'x'; BLOCK]);
        blocks.spill();
        assert!(blocks.buffer().is_empty());
        assert_eq!(blocks.finish().unwrap().len(), BLOCK + 5);
    }
}
