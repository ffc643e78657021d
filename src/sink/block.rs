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
pub(super) fn push_number(buffer: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + u8::try_from(number % 10).expect("a digit fits a byte");
        number /= 10;
        if number == 0 {
            break;
        }
    }
    buffer.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;

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
