//! UTF-16. RFC 2781.

/// Which octet of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
    /// As the content says.
    ByMark,
}

impl Order {
    /// The order of a content: as declared, as its mark says, or as its ASCII can only be meant.
    pub fn of(self, content: &[u8]) -> Option<Self> {
        match (self, content) {
            (Self::Big | Self::Little, _) => Some(self),
            (Self::ByMark, [0xFE, 0xFF, ..]) => Some(Self::Big),
            (Self::ByMark, [0xFF, 0xFE, ..]) => Some(Self::Little),
            (Self::ByMark, _) => {
                let ascii =
                    |order: Self| order.units(content).any(|unit| matches!(unit, 9 | 10 | 13 | 0x20..=0x7E));
                match (ascii(Self::Big), ascii(Self::Little)) {
                    (true, false) => Some(Self::Big),
                    (false, true) => Some(Self::Little),
                    _ => None,
                }
            }
        }
    }

    /// How many octets a byte order mark takes.
    pub fn mark(self, content: &[u8]) -> usize {
        let mark: &[u8] = if self == Self::Little { b"\xFF\xFE" } else { b"\xFE\xFF" };
        if content.starts_with(mark) { mark.len() } else { 0 }
    }

    /// What follows the mark, a replacement character for every unit that is half a character.
    pub fn decode(self, content: &[u8]) -> String {
        let text = content.get(self.mark(content)..).unwrap_or_default();
        char::decode_utf16(self.units(text)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    pub fn encode(self, text: &str) -> Vec<u8> {
        let octets = |unit: u16| if self == Self::Little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(octets).collect()
    }

    fn units(self, octets: &[u8]) -> impl Iterator<Item = u16> + '_ {
        octets.as_chunks::<2>().0.iter().map(move |unit| match self {
            Self::Little => u16::from_le_bytes(*unit),
            Self::Big | Self::ByMark => u16::from_be_bytes(*unit),
        })
    }
}
