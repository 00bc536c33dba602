//! Joins deflate streams that were compressed apart into one.
//!
//! A compressor of whole buffers marks the last block of what it wrote as final. To go on after it, that mark must be
//! cleared and the stream brought to a byte boundary. Deflate has no index: the last block's header is found by walking
//! over all codes before it, which is cheap, since nothing needs to be decoded but the lengths of the codes.

/// Bits of the longest code.
const MAX_CODE: usize = 15;
/// Order in which the lengths of the code length codes are stored (RFC 1951, 3.2.7).
const CODE_LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Extra bits of the length symbols 257 to 285.
const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
/// What a symbol of the literal and length code is, beside its number of bits.
const LITERAL: u8 = 0;
const LENGTH: u8 = 1 << 6;
const END: u8 = 1 << 7;
const BITS: u8 = 0x3f;

/// Turns a complete raw deflate stream into one that goes on: the final block is no longer final, and an empty stored
/// block follows that ends on a byte boundary. Returns false, leaving the stream as it was, if it is not one complete
/// stream without anything behind it.
pub(super) fn reopen(stream: &mut Vec<u8>, tables: &mut Tables) -> bool {
    let Some(last) = tables.find_last_block(stream) else {
        return false;
    };
    if last.end.div_ceil(8) != stream.len() {
        return false;
    }
    stream[last.header / 8] &= !(1 << (last.header % 8));
    let used = last.end % 8;
    if used != 0 {
        let end = stream.len() - 1;
        stream[end] &= (1u8 << used) - 1;
    }
    // Three header bits (not final, stored) and padding: a new byte only where they do not fit.
    if used == 0 || used > 5 {
        stream.push(0);
    }
    stream.extend_from_slice(&[0x00, 0x00, 0xff, 0xff]);
    true
}

struct LastBlock {
    /// Bit at which its header starts.
    header: usize,
    /// Bit after its last code.
    end: usize,
}

/// Bits of an index of the short table: small enough for the first-level cache, long enough for nearly every code.
const SHORT: usize = 11;

/// Look-up tables from the next bits of a stream to the bits that can be skipped.
pub(super) struct Tables {
    /// By 15 bits: the first symbol's kind and bits, extra bits included, and the length of its code in the high byte.
    literal: Box<[u16; 1 << MAX_CODE]>,
    distance: Box<[u16; 1 << MAX_CODE]>,
    /// By fewer bits: all literals that fit, and what follows them if that fits too; behind these, the same for one distance.
    /// Zero where not even one symbol fits. In one table, so that what comes next is an offset and not a branch: whether a
    /// match follows is what no processor can foresee.
    short: [u8; 2 << SHORT],
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            literal: Box::new([0; 1 << MAX_CODE]),
            distance: Box::new([0; 1 << MAX_CODE]),
            short: [0; 2 << SHORT],
        }
    }

    fn find_last_block(&mut self, stream: &[u8]) -> Option<LastBlock> {
        let mut bits = Bits::new(stream);
        loop {
            let header = bits.position();
            let is_last = bits.take(1)? == 1;
            match bits.take(2)? {
                0 => bits.skip_stored()?,
                1 => {
                    let lengths = fixed_lengths();
                    self.skip_codes(&mut bits, &lengths[..288], &lengths[288..])?;
                }
                2 => {
                    let (lengths, literals) = read_code_lengths(&mut bits)?;
                    self.skip_codes(&mut bits, &lengths[..literals], &lengths[literals..])?;
                }
                _ => return None,
            }
            if is_last {
                return Some(LastBlock {
                    header,
                    end: bits.position(),
                });
            }
        }
    }

    fn skip_codes(&mut self, bits: &mut Bits<'_>, literals: &[u8], distances: &[u8]) -> Option<()> {
        let literal_bits = fill(&mut self.literal[..], literals, |symbol| match symbol {
            0..=255 => Some(LITERAL),
            256 => Some(END),
            257..=285 => Some(LENGTH | LENGTH_EXTRA[symbol - 257]),
            _ => None,
        })?;
        let distance_bits = fill(&mut self.distance[..], distances, |symbol| match symbol {
            0..=3 => Some(0),
            4..=29 => u8::try_from(symbol / 2 - 1).ok(),
            _ => None,
        })?;
        let (short_literal, short_distance) = self.short.split_at_mut(1 << SHORT);
        shorten_literals(short_literal, &self.literal[..1 << literal_bits]);
        for (index, short) in short_distance.iter_mut().enumerate() {
            let entry = self.distance[index & ((1 << distance_bits) - 1)];
            *short = if usize::from(entry >> 8) <= SHORT {
                entry as u8
            } else {
                0
            };
        }
        // Where the next symbol is looked up: a distance follows a length, which is told by one bit of its code.
        let mut table = 0;
        loop {
            bits.refill();
            if bits.next > bits.stream.len() + 16 {
                return None;
            }
            // 56 bits are enough for two of the longest symbols.
            for _ in 0..2 {
                let mut code = self.short[(table + bits.index(SHORT)) & ((2 << SHORT) - 1)];
                if code == 0 || code & END != 0 {
                    if code == 0 {
                        let full = if table == 0 { &self.literal } else { &self.distance };
                        let index_bits = if table == 0 { literal_bits } else { distance_bits };
                        code = full[bits.index(index_bits)] as u8;
                    }
                    if code == 0 {
                        return None;
                    }
                    if code & END != 0 {
                        bits.drop(code & BITS);
                        return (!bits.is_past_the_end()).then_some(());
                    }
                }
                bits.drop(code & BITS);
                table = usize::from(code & LENGTH) << (SHORT - 6);
            }
        }
    }
}

/// Packs into each entry as many symbols as its index determines, up to the first that is no literal.
fn shorten_literals(short: &mut [u8], full: &[u16]) {
    for (index, short) in short.iter_mut().enumerate() {
        let mut used = 0;
        let mut kind = LITERAL;
        while kind == LITERAL {
            let entry = full[(index >> used) & (full.len() - 1)];
            let length = usize::from(entry >> 8);
            if length == 0 || used + length > SHORT {
                break;
            }
            kind = entry as u8 & !BITS;
            used += usize::from(entry as u8 & BITS);
        }
        *short = kind | used as u8;
    }
}

/// Fills the table for these code lengths; `what` gives a symbol's kind and extra bits. Returns the bits of an index.
fn fill(table: &mut [u16], lengths: &[u8], what: impl Fn(usize) -> Option<u8>) -> Option<usize> {
    let longest = usize::from(*lengths.iter().max()?).max(1);
    let table = &mut table[..1 << longest];
    table.fill(0);
    let mut count = [0u32; MAX_CODE + 1];
    for length in lengths {
        count[usize::from(*length)] += 1;
    }
    count[0] = 0;
    let mut next = [0u32; MAX_CODE + 2];
    for length in 1..=MAX_CODE {
        next[length + 1] = (next[length] + count[length]) << 1;
    }
    for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
        let code = next[usize::from(*length)];
        next[usize::from(*length)] += 1;
        if code >> length != 0 {
            return None;
        }
        let Some(what) = what(symbol) else { continue };
        let start = (code.reverse_bits() >> (32 - u32::from(*length))) as usize;
        // The kind stands in the two high bits, so extra bits and code length add up below it.
        let entry = u16::from(what + length) | u16::from(*length) << 8;
        for slot in table[start..].iter_mut().step_by(1 << length) {
            *slot = entry;
        }
    }
    Some(longest)
}

fn fixed_lengths() -> [u8; 320] {
    let mut lengths = [8; 320];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    lengths[288..].fill(5);
    lengths
}

/// The code lengths of a dynamic block and how many of them are literals and lengths.
fn read_code_lengths(bits: &mut Bits<'_>) -> Option<(Vec<u8>, usize)> {
    let literals = bits.take(5)? + 257;
    let distances = bits.take(5)? + 1;
    let stored = bits.take(4)? + 4;
    let mut precode = [0u8; 19];
    for symbol in &CODE_LENGTH_ORDER[..stored] {
        precode[*symbol] = bits.take(3)? as u8;
    }
    let mut table = [0u16; 1 << 7];
    let index_bits = fill(&mut table, &precode, |_| Some(0))?;
    // `fill` tells how long a code is; which symbol it is, the canonical order tells.
    let mut symbols = [0u8; 1 << 7];
    symbols_of(&mut symbols[..1 << index_bits], &precode);
    let mut lengths = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let index = bits.peek(index_bits)?;
        if table[index] == 0 {
            return None;
        }
        bits.take(usize::from(table[index] >> 8))?;
        let (value, repeat) = match symbols[index] {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(value, repeat));
    }
    (lengths.len() == literals + distances).then_some((lengths, literals))
}

fn symbols_of(table: &mut [u8], lengths: &[u8; 19]) {
    let mut code = 0u32;
    for length in 1..=7u8 {
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, of)| **of == length) {
            let start = (code.reverse_bits() >> (32 - u32::from(length))) as usize;
            for slot in table.iter_mut().skip(start).step_by(1 << length) {
                *slot = symbol as u8;
            }
            code += 1;
        }
        code <<= 1;
    }
}

/// Bits of a stream, low bit first. Past the end there are zeros, which [`Bits::is_past_the_end`] tells.
struct Bits<'a> {
    stream: &'a [u8],
    /// Bytes that were moved into the buffer, or would have been had the stream not ended.
    next: usize,
    buffer: u64,
    held: u32,
}

impl<'a> Bits<'a> {
    fn new(stream: &'a [u8]) -> Self {
        Self {
            stream,
            next: 0,
            buffer: 0,
            held: 0,
        }
    }

    fn position(&self) -> usize {
        self.next * 8 - self.held as usize
    }

    fn is_past_the_end(&self) -> bool {
        self.position() > self.stream.len() * 8
    }

    /// Brings the buffer to at least 56 bits.
    #[inline(always)]
    fn refill(&mut self) {
        let word = match self.stream.get(self.next..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(word) => u64::from_le_bytes(*word),
            None => self.last_word(),
        };
        self.buffer |= word << self.held;
        self.next += ((63 - self.held) / 8) as usize;
        self.held |= 56;
    }

    #[cold]
    fn last_word(&self) -> u64 {
        let mut word = [0; 8];
        let rest = self.stream.get(self.next..).unwrap_or_default();
        word[..rest.len()].copy_from_slice(rest);
        u64::from_le_bytes(word)
    }

    /// The next bits as an index; there are enough in the buffer after a refill.
    #[inline(always)]
    fn index(&self, count: usize) -> usize {
        (self.buffer & ((1 << count) - 1)) as usize
    }

    #[inline(always)]
    fn drop(&mut self, count: u8) {
        self.buffer >>= count;
        self.held = self.held.wrapping_sub(u32::from(count));
    }

    fn peek(&mut self, count: usize) -> Option<usize> {
        self.refill();
        (!self.is_past_the_end()).then_some((self.buffer & ((1 << count) - 1)) as usize)
    }

    fn take(&mut self, count: usize) -> Option<usize> {
        let value = self.peek(count)?;
        self.drop(count as u8);
        (!self.is_past_the_end()).then_some(value)
    }

    fn skip_stored(&mut self) -> Option<()> {
        let start = self.position().div_ceil(8);
        let length = self.stream.get(start..)?.first_chunk::<2>()?;
        self.next = start + 4 + usize::from(u16::from_le_bytes(*length));
        self.buffer = 0;
        self.held = 0;
        (self.next <= self.stream.len()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use proptest::prelude::*;

    use super::*;

    fn deflate(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::DeflateDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    proptest! {
        #[test]
        fn streams_of_any_encoder_join(parts in prop::collection::vec((any::<u64>(), 0usize..200_000, 1u64..256, 0u32..10), 1..5)) {
            let (mut joined, mut expected) = (Vec::new(), Vec::new());
            let mut tables = Tables::new();
            for (seed, len, values, level) in parts {
                let mut state = seed | 1;
                let bytes: Vec<u8> = (0..len).map(|_| {
                    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
                    (state % values) as u8
                }).collect();
                let mut stream = deflate(&bytes, level);
                prop_assert!(reopen(&mut stream, &mut tables));
                joined.extend(stream);
                expected.extend(bytes);
            }
            joined.extend([0x03, 0x00]);
            prop_assert!(inflate(&joined) == expected);
        }

        #[test]
        fn rubbish_is_refused_without_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let before = bytes.clone();
            if !reopen(&mut bytes, &mut Tables::new()) {
                prop_assert_eq!(bytes, before);
            }
        }
    }

    #[test]
    fn a_cut_stream_is_refused() {
        let mut stream = deflate(&(0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>(), 6);
        stream.truncate(stream.len() - 3);
        assert!(!reopen(&mut stream, &mut Tables::new()));
    }
}
