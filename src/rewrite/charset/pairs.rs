//! Charsets in which a character's later octets may look like ASCII: `{` and `|` end characters of Shift_JIS.

/// Which octets belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairs {
    ShiftJis,
    /// Big5; EUC-KR as Windows extends it.
    Double,
    /// GBK too, which is a part of it.
    Gb18030,
}

/// What stands for an octet that isn't ASCII's; no letter, so that no tag begins with it.
pub(super) const MASK: u8 = 0x80;

impl Pairs {
    /// The content with every octet masked that isn't ASCII's, so that offsets stay.
    pub fn mask(self, content: &[u8]) -> Vec<u8> {
        let mut masked = content.to_vec();
        let mut at = 0;
        while at < masked.len() {
            let length = self.length(&content[at..]);
            if length > 1 || !masked[at].is_ascii() {
                masked[at..at + length].fill(MASK);
            }
            at += length;
        }
        masked
    }

    /// How many octets the first character has.
    fn length(self, rest: &[u8]) -> usize {
        match (self, rest) {
            (_, [0..=0x80 | 0xFF, ..] | [_] | []) => 1,
            (Self::ShiftJis, [0xA0..=0xDF | 0xFD.., ..]) => 1,
            (Self::ShiftJis, [_, 0x40..=0x7E | 0x80..=0xFC, ..]) => 2,
            (Self::Gb18030, [_, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, ..]) => 4,
            (Self::Gb18030 | Self::Double, [_, 0x40..=0x7E | 0x80..=0xFE, ..]) => 2,
            _ => 1,
        }
    }
}
