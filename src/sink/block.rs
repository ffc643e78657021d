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
    let mut text = Backwards::default();
    text.number(number);
    buffer.extend_from_slice(text.bytes());
}

/// A short text that is made from its end, as the digits of numbers are.
#[derive(Debug)]
pub(super) struct Backwards {
    bytes: [u8; Self::LONGEST],
    first: usize,
}

impl Default for Backwards {
    fn default() -> Self {
        Self { bytes: [0; Self::LONGEST], first: Self::LONGEST }
    }
}

/// The numbers below a hundred, in two digits each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number: u8 = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

impl Backwards {
    /// The most bytes of a text: five numbers and what stands between them.
    const LONGEST: usize = 5 * 21;

    /// Begins anew.
    pub(super) const fn clear(&mut self) {
        self.first = Self::LONGEST;
    }

    /// Puts a byte in front.
    pub(super) const fn byte(&mut self, byte: u8) {
        self.first -= 1;
        self.bytes[self.first] = byte;
    }

    /// Puts a number in front.
    #[expect(clippy::cast_possible_truncation, reason = "a digit")]
    #[inline]
    pub(super) fn number(&mut self, number: u64) {
        if number < 10 {
            self.byte(PAIRS[number as usize][1]);
        } else {
            self.digits(number);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "below ten thousand")]
    fn digits(&mut self, mut number: u64) {
        while number >= 10_000 {
            let four = (number % 10_000) as usize;
            number /= 10_000;
            self.pair(four % 100);
            self.pair(four / 100);
        }
        let mut left = number as usize;
        if left >= 100 {
            self.pair(left % 100);
            left /= 100;
        }
        if left >= 10 {
            self.pair(left);
        } else {
            self.byte(PAIRS[left][1]);
        }
    }

    fn pair(&mut self, number: usize) {
        self.first -= 2;
        self.bytes[self.first..self.first + 2].copy_from_slice(&PAIRS[number]);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.first..]
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
        for number in numbers {
            let mut text = Vec::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string().as_bytes());
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
