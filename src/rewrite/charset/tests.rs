//! Labels, what each charset holds, and edits in every form of text that there is.

use encoding_rs::REPLACEMENT;
use proptest::prelude::*;

use super::*;

fn of(label: &str) -> Option<Charset> {
    label::read(Some(label))
}

fn holds(label: &str, text: &str) -> bool {
    of(label).unwrap().holds(text)
}

/// The content with texts put in where a mark stands in its view, as a reader of the charset then sees it.
fn filled(label: &str, content: &[u8], mark: &str, with: &str) -> (Vec<u8>, String) {
    let (charset, view) = Charset::of(Some(label), content).unwrap();
    let searched = view.text(content);
    let mut wanted: Vec<_> = memchr::memmem::find_iter(searched, mark.as_bytes())
        .map(|at| (at..at + mark.len(), with.to_owned()))
        .collect();
    let end = searched.len();
    wanted.push((end..end, "\r\nend".to_owned()));
    let edits = charset.edits(content, &view, wanted, transliterate);
    let octets = apply(content, &edits);
    let seen = charset.decode(&octets).into_owned();
    (octets, seen)
}

#[test]
fn a_label_holds_what_its_own_standard_has() {
    assert!(!holds("us-ascii", "å") && holds("iso-8859-1", "åß") && holds("windows-1252", "€–"));
    assert!(!holds("iso-8859-1", "€") && !holds("latin1", "–") && holds("iso-8859-15", "€"));
    assert!(!holds("iso-8859-9", "€") && holds("windows-1254", "€") && holds("ISO-8859-9", "å"));
    assert!(!holds("koi8-r", "å") && holds("utf-8", "😀") && holds("gb2312", "中") && !holds("gb2312", "€"));
    assert!(holds("iso-2022-jp", "日本") && !holds("iso-2022-jp", "å"));
    assert!(
        holds("utf-7", "å😀") && holds("utf-16", "å😀") && holds("hz-gb-2312", "中") && !holds("hz", "å")
    );
    assert!(!holds("shift_jis", "¥") && !holds("euc-jp", "‾") && holds("shift_jis", "表"));
    assert!(!holds("euc-kr", "똠") && holds("cp949", "똠") && holds("ks_c_5601-1987", "가"));
}

#[test]
fn labels_are_known_as_mail_writes_them() {
    for (label, same) in [
        ("\"UTF-8\"", "utf-8"),
        ("utf8mb4", "utf-8"),
        ("UTF-8 (Unicode)", "utf-8"),
        ("utf-8;", "utf-8"),
        ("'iso-8859-1'", "iso-8859-1"),
        ("ISO_8859-1:1987", "iso-8859-1"),
        ("iso 8859-1", "iso-8859-1"),
        ("ISO8859_15", "iso-8859-15"),
        ("latin-1", "iso-8859-1"),
        ("LATIN-9", "iso-8859-15"),
        ("windows1252", "windows-1252"),
        ("CP-1250", "windows-1250"),
        ("x-cp1251", "windows-1251"),
        ("win-1251", "windows-1251"),
        ("cp28605", "iso-8859-15"),
        ("ansi_x3.4-1968", "us-ascii"),
        ("ascii//translit", "us-ascii"),
        ("7bit", "us-ascii"),
        ("cp-850", "us-ascii"),
        ("IBM437", "us-ascii"),
        ("850", "us-ascii"),
        ("cspc850multilingual", "us-ascii"),
        ("x-mac-ce", "us-ascii"),
        ("x-unknown", "us-ascii"),
        ("UNKNOWN-8BIT", "us-ascii"),
        ("x-user-defined", "us-ascii"),
        ("x-mac-roman", "macintosh"),
        ("x-mac-cyrillic", "x-mac-cyrillic"),
        ("gb2312", "euc-cn"),
        ("gb_2312-80", "gb2312"),
        ("ms936", "gbk"),
        ("gb18030-2005", "gb18030"),
        ("ks_c_5601", "euc-kr"),
        ("ks_c_5601-1987", "euc-kr"),
        ("uhc", "windows-949"),
        ("windows-31j", "shift_jis"),
        ("cp932", "shift_jis"),
        ("x-euc-jp", "euc-jp"),
        ("iso-2022-jp-ms", "iso-2022-jp"),
        ("iso-2022-jp-2", "iso-2022-jp"),
        ("csISO2022JP", "iso-2022-jp"),
        ("cp50221", "iso-2022-jp"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("unicode-1-1-utf-8", "utf-8"),
        ("ucs-2", "utf-16"),
        ("iso-8859-8-i", "iso-8859-8-i"),
        ("visual", "iso-8859-8"),
        ("tis-620", "iso-8859-11"),
    ] {
        assert_eq!(of(label), of(same), "{label}");
        assert!(of(label).is_some(), "{label}");
    }
    for label in ["utf-32", "x-nothing", "ebcdic-us", "cp037", "johab", "sen_850200_b", "", "utf-7-imap"] {
        assert_eq!(of(label), None, "{label}");
    }
    assert_eq!(label::read(None), Some(Charset::ASCII));
}

#[test]
fn every_charset_of_the_encoding_standard_is_read() {
    for encoding in all() {
        assert_eq!(of(encoding.name()).is_some(), encoding != REPLACEMENT, "{}", encoding.name());
    }
}

fn all() -> [&'static encoding_rs::Encoding; 40] {
    use encoding_rs::*;
    [
        BIG5,
        EUC_JP,
        EUC_KR,
        GB18030,
        GBK,
        IBM866,
        ISO_2022_JP,
        ISO_8859_2,
        ISO_8859_3,
        ISO_8859_4,
        ISO_8859_5,
        ISO_8859_6,
        ISO_8859_7,
        ISO_8859_8,
        ISO_8859_8_I,
        ISO_8859_10,
        ISO_8859_13,
        ISO_8859_14,
        ISO_8859_15,
        ISO_8859_16,
        KOI8_R,
        KOI8_U,
        MACINTOSH,
        REPLACEMENT,
        SHIFT_JIS,
        UTF_8,
        UTF_16BE,
        UTF_16LE,
        WINDOWS_874,
        WINDOWS_1250,
        WINDOWS_1251,
        WINDOWS_1252,
        WINDOWS_1253,
        WINDOWS_1254,
        WINDOWS_1255,
        WINDOWS_1256,
        WINDOWS_1257,
        WINDOWS_1258,
        X_MAC_CYRILLIC,
        X_USER_DEFINED,
    ]
}

#[test]
fn an_unknown_label_is_never_guessed_at() {
    let read = |label: &str, content: &[u8]| Charset::of(Some(label), content).map(|(charset, _)| charset);
    assert_eq!(read("x-nothing", b"plain ASCII\r\n"), Some(Charset::ASCII));
    for content in [&b"\xE5"[..], b"\x1B$B", b"~{VP~}", b"a\0"] {
        assert_eq!(read("x-nothing", content), None);
    }
    for label in ["ebcdic-us", "cp037", "utf-32", "sen_850200_b"] {
        assert_eq!(read(label, b"plain"), None, "{label}");
    }
    for content in [&b"\xFF\xFEa\0"[..], b"\xFE\xFF\0a", b"a\0b\0"] {
        assert_eq!(read("utf-8", content), None);
        assert_eq!(read("us-ascii", content), None);
    }
    assert_eq!(read("utf-16", b"\0a\0b"), of("utf-16be"));
    assert_eq!(read("utf-16", b"a\0b\0"), of("utf-16le"));
    assert_eq!(read("utf-16", b"\x4E\x2D\x65\x87"), None, "no mark, and nothing that tells");
    assert_eq!(read("utf-7", b"+A"), None);
    assert_eq!(read("utf-7", b"\xE5"), None);
}

#[test]
fn what_cannot_be_held_is_written_near_to_it() {
    let ascii = |text: &str| String::from_utf8(Charset::ASCII.encode(text, transliterate)).unwrap();
    assert_eq!(ascii("Ö Strauße – 5 €…"), "O Strausse - 5 EUR...");
    assert_eq!(ascii("中?\u{200B}"), "??");
    assert!(Charset::ASCII.holds_nearly("Ö – €?\u{AD}") && !Charset::ASCII.holds_nearly("中"));
    let koi = of("koi8-r").unwrap();
    assert_eq!(koi.encode("ä<п", reference), [&b"&#228;<"[..], &[0xD0]].concat());
}

#[test]
fn what_only_looks_like_ascii_is_not_searched() {
    let masked = |label: &str, content: &[u8]| {
        let (_, view) = Charset::of(Some(label), content).unwrap();
        view.text(content)
            .iter()
            .map(|octet| if octet.is_ascii() { *octet as char } else { 'x' })
            .collect::<String>()
    };
    assert_eq!(masked("iso-2022-jp", b"a\x1B$B<{{\x1B(B<b>"), "axxxxxxxxx<b>");
    assert_eq!(masked("shift_jis", b"\x83{{{\xB1{"), "xx{{x{");
    assert_eq!(masked("gb18030", b"\x81\x30\x81\x30{\x81{}"), "xxxx{xx}");
    assert_eq!(masked("big5", b"\xA4|a"), "xxa");
    assert_eq!(masked("hz-gb-2312", b"a~{<{~}{~~"), "axxxxxx{~x");
    assert_eq!(masked("iso-2022-kr", b"\x1B$)C{\x0E{{\x0F{"), "xxxx{xxxx{");
    assert_eq!(masked("us-ascii", b"\x1B$B{{\x1B(B{"), "xxxxxxxx{");
    assert_eq!(masked("utf-16le", b"<\0{\0"), "<{");
    assert_eq!(masked("utf-7", b"+ADw-b+AHsAew-"), "<b{{");
}

#[test]
fn shifted_text_is_left_and_taken_up_again() {
    let (octets, seen) = filled("iso-2022-jp", b"\x1B$B$3$s\x1B(B {{x}} \x1B$B$3", "{{x}}", "~ 日");
    assert_eq!(seen, "こん ~ 日 こ\r\nend");
    assert_eq!(octets, b"\x1B$B$3$s\x1B(B ~ \x1B$BF|\x1B(B \x1B$B$3\x1B(B\r\nend");
    let (octets, seen) = filled("iso-2022-jp", b"\x1B(J{{x}}\\", "{{x}}", "~");
    assert_eq!((octets.as_slice(), seen.as_str()), (&b"\x1B(B~\x1B(J\\\x1B(B\r\nend"[..], "~¥\r\nend"));
    let (octets, seen) = filled("iso-2022-jp", b"\x1B$B$3\x1B(B{{x}}\x1B$B$3", "{{x}}", "日");
    assert_eq!(seen, "こ日こ\r\nend", "no sequence follows another");
    assert_eq!(octets, b"\x1B$B$3\x1B$BF|\x1B$B$3\x1B(B\r\nend");
    let (_, seen) = filled("iso-2022-jp", b"\x1B(J{{x}}\x1B(B", "{{x}}", "");
    assert_eq!(seen, "\r\nend");
    let (octets, seen) = filled("iso-2022-kr", b"\x1B$)C{{x}}\x0E0!", "{{x}}", "가");
    assert_eq!((octets.as_slice(), seen.as_str()), (&b"\x1B$)C?\x0E0!\x0F\r\nend"[..], "?가\r\nend"));
    let (octets, seen) = filled("hz-gb-2312", b"~{VP~}{{x}}~{VP", "{{x}}", "~中");
    assert_eq!((octets.as_slice(), seen.as_str()), (&b"~{VP~}~~~{VP~}~{VP~}\r\nend"[..], "中~中中\r\nend"));
}

#[test]
fn wide_text_keeps_its_mark_and_its_odd_end() {
    let (octets, seen) = filled("utf-16", b"\xFF\xFE\xE5\0x\0!\0z", "x", "😀");
    assert_eq!(seen, "å😀!\r\nend");
    assert!(octets.starts_with(b"\xFF\xFE\xE5\0\x3D\xD8") && octets.ends_with(b"d\0z"));
}

#[test]
fn runs_of_utf7_stay_valid() {
    // Braces in runs of their own, in one run with letters, and two placeholders that share a run.
    for (content, expected) in [
        ("go +AHsAew-x+AH0AfQ- now", "go Ö+ now\r\nend"),
        ("+AOUAewB7AHgAfQB9AOU", "åÖ+å\r\nend"),
        ("+AHsAew-x+AH0AfQB7AHs-x+AH0AfQ.", "Ö+Ö+.\r\nend"),
        ("{{x}}", "Ö+\r\nend"),
        ("+AOU.{{x}}+AOU", "å.Ö+å\r\nend"),
        ("a+-b", "a+b\r\nend"),
    ] {
        let (octets, seen) = filled("utf-7", content.as_bytes(), "{{x}}", "Ö+");
        assert_eq!(seen, expected, "{content}");
        assert!(octets.is_ascii());
    }
    let (octets, _) = filled("utf-7", b"+AOU", "{{x}}", "");
    assert_eq!(octets, b"+AOU-\r\nend");
}

#[test]
fn a_text_becomes_utf8_where_its_lines_are_ascii() {
    for (label, content) in [
        ("koi8-r", "п <b> ы\r\n"),
        ("iso-8859-1", "vår ö\r\n"),
        ("shift_jis", "表 {ソ}\r\n"),
        ("big5", "功能\r\n"),
        ("gb2312", "中 a\r\n"),
        ("euc-kr", "가 b\r\n"),
        ("euc-jp", "日本 c\r\n"),
    ] {
        let charset = of(label).unwrap();
        let octets = charset.encode(content, transliterate);
        let (charset, view) = Charset::of(Some(label), &octets).unwrap();
        let edits = charset.to_utf8(&octets, &view).unwrap();
        assert_eq!(String::from_utf8(apply(&octets, &edits)).unwrap(), content, "{label}");
    }
    let broken = b"\x83";
    let (charset, view) = Charset::of(Some("shift_jis"), broken).unwrap();
    assert_eq!(charset.to_utf8(broken, &view), None, "half a character says nothing");
}

#[test]
fn what_is_remembered_of_a_text_is_bounded() {
    let content = vec![0xD0; MAX_CONVERTED + 1];
    let (charset, view) = Charset::of(Some("koi8-r"), &content).unwrap();
    assert_eq!(charset.to_utf8(&content, &view), None);
    assert!(Charset::of(Some("utf-7"), "+AOU-".repeat(600_000).as_bytes()).is_none());
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\r\n]{0,12}",
        "[åäöß日本語中文가나бвг€😀¥‾\\\\~+{}<>-]{0,8}",
        Just("{{x}}".to_owned()),
        "\\PC{0,6}"
    ]
}

proptest! {
    /// Whatever a text holds, what comes in at any place of it is read there, and the rest stays.
    #[test]
    fn insertions_are_read_where_they_were_put(index in 0usize..46, pieces in proptest::collection::vec(anything(), 0..12), with in "[ -~åЖ日]{0,8}", place: prop::sample::Index) {
        let more = ["utf-7", "hz-gb-2312", "gb2312", "iso-8859-1", "utf-16", "us-ascii"];
        let label = all().get(index).map_or_else(|| more[index - 40], |encoding| encoding.name());
        prop_assume!(label != "replacement");
        let text = pieces.concat();
        let charset = of(label).unwrap();
        let mark: &[u8] = if label == "utf-16" { b"\xFE\xFF" } else { b"" };
        let octets = [mark, &charset.encode(&text, transliterate)].concat();
        let Some((charset, view)) = Charset::of(Some(label), &octets) else {
            prop_assert!(text.contains('\0') || octets.is_empty());
            return Ok(());
        };
        let searched = view.text(&octets);
        // A place of ours is the end, or stands before ASCII.
        let places: Vec<usize> = (0..=searched.len()).filter(|at| searched.get(*at).is_none_or(u8::is_ascii)).collect();
        let at = places[place.index(places.len())];
        let seen = |octets: &[u8]| charset.decode(octets).into_owned();
        let edits = charset.edits(&octets, &view, vec![(at..at, with.clone())], reference);
        let mut said = String::new();
        for character in with.chars() {
            let held = charset.holds(character.encode_utf8(&mut [0; 4]));
            if held { said.push(character) } else { reference(character, &mut said) }
        }
        let before = seen(&octets);
        let after = seen(&apply(&octets, &edits));
        prop_assert_eq!(after.len(), before.len() + said.len(), "{} {:?} {:?}", label, before, after);
        let same = before.bytes().zip(after.bytes()).take_while(|(old, new)| old == new).count();
        prop_assert!(after.contains(&said) && after.as_bytes().ends_with(&before.as_bytes()[same.min(before.len())..]));
    }

    #[test]
    fn whatever_octets_come_in_are_masked_at_their_places(content in proptest::collection::vec(any::<u8>(), 0..60), index in 0usize..5) {
        let label = ["shift_jis", "gb18030", "big5", "iso-2022-jp", "hz-gb-2312"][index];
        if let Some((charset, view)) = Charset::of(Some(label), &content) {
            let searched = view.text(&content);
            prop_assert_eq!(searched.len(), content.len());
            prop_assert!(searched.iter().zip(&content).all(|(shown, own)| shown == own || !shown.is_ascii()));
            let _ = charset.edits(&content, &view, vec![(content.len()..content.len(), "x".to_owned())], reference);
        }
    }

    #[test]
    fn utf7_says_what_it_was_written_for(text in "\\PC{0,40}|[ -~\r\n+]{0,40}") {
        prop_assert_eq!(utf7::decode(&utf7::encode(&text)), Some(text));
    }

    #[test]
    fn utf7_survives_any_octets(content in "[+A-Za-z0-9/ -]{0,40}") {
        if let Some((text, runs)) = utf7::read(content.as_bytes()) {
            prop_assert!(runs.iter().all(|run| text.get(run.text.clone()).is_some()));
        }
    }
}
