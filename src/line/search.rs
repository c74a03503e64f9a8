//! How line ends are searched. The [parent module](super) defines what a line end is.

use super::{CR, LF, is_end};
use memchr::{memchr2, memrchr2};

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::memchr::Two;
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::Two;

/// This many bytes are searched or skipped at once; shorter text by words of this size.
const BLOCK: usize = 16;
const WORD: usize = 8;

/// The first line end in a text.
///
/// There are three searches: word by word for less than a block, block by block for lines of usual
/// length, and for long ones the fastest that the processor has, since its call costs about 10 ns.
#[inline(always)]
pub(super) fn find(text: &[u8], long: bool) -> Option<usize> {
    if text.len() < WORD {
        text.iter().position(|&byte| is_end(byte))
    } else if text.len() < BLOCK {
        find_by(text, find_in_word)
    } else if long {
        memchr2(CR, LF, text)
    } else {
        find_by(text, find_in_block)
    }
}

/// Skips lines that are blank or start with `mark`, from the start of a line on. Returns where a
/// line starts: another one, or any line if fewer than [`BLOCK`] bytes are left.
#[inline(always)]
pub(super) fn skip(chunk: &[u8], start: usize, mark: u8) -> usize {
    match chunk[start..].first_chunk::<BLOCK>() {
        Some(_) => skip_blocks(chunk, start, mark),
        None => start,
    }
}

/// The same, block by block, with any number of line ends in one. The chunk's last byte is not
/// searched.
#[inline(never)]
fn skip_blocks(chunk: &[u8], start: usize, mark: u8) -> usize {
    let before = chunk[start - 1..chunk.len() - 2].chunks_exact(BLOCK);
    let mut at = start;
    for (before, block) in before.zip(chunk[start..].chunks_exact(BLOCK)) {
        // 0x00 or 0xFF for each byte, so that this loop is vectorized.
        let mut others = [0; BLOCK];
        for ((other, &before), &byte) in others.iter_mut().zip(before).zip(block) {
            let starts_other = is_end(before) & !(is_end(byte) | (byte == mark));
            *other = if starts_other { u8::MAX } else { 0 };
        }
        if others.iter().fold(0, |any, other| any | other) != 0 {
            return at + u128::from_le_bytes(others).trailing_zeros() as usize / 8;
        }
        at += BLOCK;
    }
    memrchr2(CR, LF, &chunk[start - 1..at]).map_or(start, |end| start + end)
}

/// The first line end in a text of at least `N` bytes, part by part. The last part may overlap the
/// one before. A search of fixed size takes about ten instructions, and can be inlined, since
/// nothing is chosen at run time.
#[inline(always)]
fn find_by<const N: usize>(text: &[u8], find: impl Fn(&[u8; N]) -> Option<usize>) -> Option<usize> {
    let mut at = 0;
    while let Some(part) = text[at..].first_chunk() {
        if let Some(end) = find(part) {
            return Some(at + end);
        }
        at += N;
    }
    if at == text.len() {
        return None;
    }
    Some(text.len() - N + find(text.last_chunk()?)?)
}

/// With the vector instructions that every processor of the architecture has, if there are any.
#[inline(always)]
fn find_in_block(block: &[u8; BLOCK]) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(two) = Two::new(CR, LF) {
        return two.find(block);
    }
    find_by(block, find_in_word)
}

/// Subtracting one from each byte sets the highest bit of the bytes that are zero, and perhaps of
/// some above the first. Bytes that had the bit before are not line ends.
#[inline(always)]
fn find_in_word(word: &[u8; WORD]) -> Option<usize> {
    const HIGH: u64 = u64::from_le_bytes([0x80; WORD]);
    const ONES: u64 = u64::from_le_bytes([1; WORD]);
    const CRS: u64 = u64::from_le_bytes([CR; WORD]);
    const LFS: u64 = u64::from_le_bytes([LF; WORD]);
    let word = u64::from_le_bytes(*word);
    let ends = ((word ^ CRS).wrapping_sub(ONES) | (word ^ LFS).wrapping_sub(ONES)) & !word & HIGH;
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn whole_blocks_are_skipped() {
        for line in [":\n", ":x\r", ":x\r\n\r\n", "\n"] {
            for len in [BLOCK + 1, BLOCK + 2, 5 * BLOCK + 1, 5 * BLOCK + 2] {
                let chunk: Vec<u8> = line.bytes().cycle().take(line.len() + len).collect();
                // The last byte is not searched, nor a rest that does not fill a block.
                let at = line.len() + (len - 1) / BLOCK * BLOCK;
                let start = chunk[..at]
                    .iter()
                    .rposition(|byte| matches!(byte, &CR | &LF));
                assert_eq!(
                    skip_blocks(&chunk, line.len(), b':'),
                    start.map_or(0, |end| end + 1),
                    "{:?}",
                    chunk.escape_ascii()
                );
            }
        }
    }
}
