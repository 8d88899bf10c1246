//! What a file is whose octets are no UTF-8, and how it becomes UTF-8.

/// By its mark, or by the zeros between the letters of its first word.
pub fn is_utf16(octets: &[u8]) -> bool {
    matches!(octets, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..])
}

/// What is said of it.
pub fn no_utf8(octets: &[u8]) -> String {
    if is_utf16(octets) {
        return "the file is UTF-16: save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8".to_owned();
    }
    let valid = std::str::from_utf8(octets).map_or_else(|error| error.valid_up_to(), str::len);
    let before = octets.get(..valid).unwrap_or_default();
    let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
    let octet = octets.get(valid).copied().unwrap_or_default();
    format!(
        "the file is not UTF-8 (line {line}, octet {octet:#04x}): save it as UTF-8, or convert it: \
         iconv -f WINDOWS-1252 -t UTF-8"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_octet_that_fits_not_is_told_with_its_line() {
        let said = no_utf8(b"id = \"a\"\nname = \"Kl\xe4der\"\n");
        assert!(said.contains("(line 2, octet 0xe4)") && said.contains("iconv -f WINDOWS-1252"), "{said}");
        for utf16 in [&b"\xff\xfei\0d\0"[..], b"\xfe\xff\0i\0d", b"i\0d\0 \0"] {
            assert!(no_utf8(utf16).contains("iconv -f UTF-16"));
        }
        // It ends amid a letter.
        assert!(no_utf8(b"\xc3").contains("(line 1, octet 0xc3)"));
    }
}
