//! In which language a message is written: its footer follows where nobody knows the reader's. Nothing is changed.
//!
//! What it says tells more than what it declares, since templates come with a `lang` that nobody sets and programs with a
//! Content-Language of their own. RFC 3282; the HTML standard, 3.2.6.1.

use std::borrow::Cow;

use whatlang::{Detector, Info, Lang, Script, detect, detect_script};

use super::Opened;
use super::html::visible_text_with;
use super::leaf::{Leaf, Role};
use crate::language;
use crate::mail::html::{Name, Token, Tokens, attributes};

/// The most octets of a body that are looked at, and of its words.
const MOST_READ: usize = 128 * 1024;
const MOST_WORDS: usize = 4 * 1024;
/// Fewer letters tell nothing.
const LEAST_LETTERS: usize = 20;
/// Fewer are no proof among the many languages of one script.
const LEAST_LATIN: usize = 60;
/// So many of its letters in another script than Latin make it a text in that one: one in four.
const LEAST_PART: usize = 4;
/// The element that declares a language stands in front, behind what a template's head holds.
const MOST_TOKENS: usize = 64;
/// Elements that hold all of the content, or its first piece.
const AROUND: [&[u8]; 9] = [b"html", b"body", b"div", b"table", b"td", b"center", b"main", b"article", b"p"];

/// The tags of the languages that are told apart, where they have one of two letters. ISO 639-1.
const TAGS: [(Lang, &str); 70] = [
    (Lang::Epo, "eo"),
    (Lang::Eng, "en"),
    (Lang::Rus, "ru"),
    (Lang::Cmn, "zh"),
    (Lang::Spa, "es"),
    (Lang::Por, "pt"),
    (Lang::Ita, "it"),
    (Lang::Ben, "bn"),
    (Lang::Fra, "fr"),
    (Lang::Deu, "de"),
    (Lang::Ukr, "uk"),
    (Lang::Kat, "ka"),
    (Lang::Ara, "ar"),
    (Lang::Hin, "hi"),
    (Lang::Jpn, "ja"),
    (Lang::Heb, "he"),
    (Lang::Yid, "yi"),
    (Lang::Pol, "pl"),
    (Lang::Amh, "am"),
    (Lang::Jav, "jv"),
    (Lang::Kor, "ko"),
    (Lang::Nob, "nb"),
    (Lang::Dan, "da"),
    (Lang::Swe, "sv"),
    (Lang::Fin, "fi"),
    (Lang::Tur, "tr"),
    (Lang::Nld, "nl"),
    (Lang::Hun, "hu"),
    (Lang::Ces, "cs"),
    (Lang::Ell, "el"),
    (Lang::Bul, "bg"),
    (Lang::Bel, "be"),
    (Lang::Mar, "mr"),
    (Lang::Kan, "kn"),
    (Lang::Ron, "ro"),
    (Lang::Slv, "sl"),
    (Lang::Hrv, "hr"),
    (Lang::Srp, "sr"),
    (Lang::Mkd, "mk"),
    (Lang::Lit, "lt"),
    (Lang::Lav, "lv"),
    (Lang::Est, "et"),
    (Lang::Tam, "ta"),
    (Lang::Vie, "vi"),
    (Lang::Urd, "ur"),
    (Lang::Tha, "th"),
    (Lang::Guj, "gu"),
    (Lang::Uzb, "uz"),
    (Lang::Pan, "pa"),
    (Lang::Aze, "az"),
    (Lang::Ind, "id"),
    (Lang::Tel, "te"),
    (Lang::Pes, "fa"),
    (Lang::Mal, "ml"),
    (Lang::Ori, "or"),
    (Lang::Mya, "my"),
    (Lang::Nep, "ne"),
    (Lang::Sin, "si"),
    (Lang::Khm, "km"),
    (Lang::Tuk, "tk"),
    (Lang::Aka, "ak"),
    (Lang::Zul, "zu"),
    (Lang::Sna, "sn"),
    (Lang::Afr, "af"),
    (Lang::Lat, "la"),
    (Lang::Slk, "sk"),
    (Lang::Cat, "ca"),
    (Lang::Tgl, "tl"),
    (Lang::Hye, "hy"),
    (Lang::Cym, "cy"),
];

/// Scripts of languages that we don't have, or can't tell apart from ours: such a message is in none of them for sure.
/// ISO 15924, as BCP 47 has it.
const SCRIPTS: [(Script, &str); 23] = [
    (Script::Arabic, "und-Arab"),
    (Script::Armenian, "und-Armn"),
    (Script::Bengali, "und-Beng"),
    (Script::Cyrillic, "und-Cyrl"),
    (Script::Devanagari, "und-Deva"),
    (Script::Ethiopic, "und-Ethi"),
    (Script::Georgian, "und-Geor"),
    (Script::Greek, "und-Grek"),
    (Script::Gujarati, "und-Gujr"),
    (Script::Gurmukhi, "und-Guru"),
    (Script::Hangul, "und-Hang"),
    (Script::Hebrew, "und-Hebr"),
    (Script::Hiragana, "und-Jpan"),
    (Script::Katakana, "und-Jpan"),
    (Script::Kannada, "und-Knda"),
    (Script::Khmer, "und-Khmr"),
    (Script::Malayalam, "und-Mlym"),
    (Script::Mandarin, "und-Hani"),
    (Script::Myanmar, "und-Mymr"),
    (Script::Oriya, "und-Orya"),
    (Script::Tamil, "und-Taml"),
    (Script::Telugu, "und-Telu"),
    (Script::Thai, "und-Thai"),
];

impl Opened<'_> {
    /// The language, among those that we have; else the script, where that is not Latin; `None` where neither can be told.
    pub fn language(&self) -> Option<&'static str> {
        let bodies = self.content.leaves.iter().filter(|leaf| leaf.role == Role::Body);
        let mut bodies: Vec<&Leaf<'_>> = bodies.collect();
        // Most readers see the HTML; its plain text often says no more than where to see it.
        bodies.sort_by_key(|leaf| !leaf.part.media.is_html());
        let texts: Vec<String> = bodies.iter().map(|leaf| in_one_script(words(leaf))).collect();
        let enough = texts.iter().position(|text| letters(text) >= LEAST_LETTERS);
        let first = enough.or_else(|| texts.iter().position(|text| letters(text) > 0))?;
        let text = texts.get(first)?;
        let told = tell(text)?;
        // Of one script with Yiddish, which few letters can't rule out and few messages are in.
        if enough.is_some()
            && told.script() == Script::Hebrew
            && !(told.lang() == Lang::Yid && told.is_reliable())
        {
            return language::known("he");
        }
        // Where one is short, the other says the same in full.
        let others = texts.iter().skip(first + 1).filter_map(|text| Some((text, tell(text)?)));
        let mut agreeing = others.filter(|(_, other)| other.lang() == told.lang());
        let proves = |text: &str, told: &Info| {
            let least = if told.script() == Script::Latin { LEAST_LATIN } else { LEAST_LETTERS };
            letters(text) >= least && told.is_reliable()
        };
        if proves(text, &told) || enough.is_some() && agreeing.any(|(text, other)| proves(text, &other)) {
            let tag = TAGS.iter().find(|(own, _)| *own == told.lang());
            return tag.and_then(|(_, tag)| language::known(tag)).or_else(|| script_tag(&told));
        }
        // Templates are in English before anybody writes in them.
        let declared = self.declared(&bodies).filter(|declared| *declared != "en");
        declared
            .filter(|declared| script_of(declared) == Some(told.script()))
            .or_else(|| enough.and_then(|_| script_tag(&told)))
    }

    /// What its header or its document says of itself.
    fn declared(&self, bodies: &[&Leaf<'_>]) -> Option<&'static str> {
        let field = self.message.value("Content-Language");
        let tag = field.as_deref().map(str::trim).and_then(language::known);
        tag.or_else(|| {
            bodies.iter().find(|leaf| leaf.part.media.is_html()).and_then(|leaf| of_document(leaf))
        })
    }
}

/// Afrikaans is told only where Dutch can't be: the two look alike in few words, and its readers read Dutch.
fn tell(text: &str) -> Option<Info> {
    let told = detect(text)?;
    if !matches!(told.lang(), Lang::Afr | Lang::Nld) || told.is_reliable() {
        return Some(told);
    }
    Detector::with_denylist(vec![Lang::Afr]).detect(text)
}

fn script_tag(told: &Info) -> Option<&'static str> {
    // Its letters are Chinese ones for the most part.
    let script = if told.lang() == Lang::Jpn { Script::Hiragana } else { told.script() };
    SCRIPTS.iter().find(|(own, _)| *own == script).map(|(_, tag)| *tag)
}

/// Without its Latin words, where it has enough of another script: a template or a brand brings those into a message of
/// any script, and not the other way round.
fn in_one_script(text: String) -> String {
    let all_ascii = |word: &&str| word.chars().filter(|own| own.is_alphabetic()).all(|own| own.is_ascii());
    let others: Vec<&str> = text.split(' ').filter(|word| !all_ascii(word)).collect();
    let others = others.join(" ");
    let is_other = detect_script(&others).is_some_and(|script| script != Script::Latin);
    let own = letters(&others);
    if is_other && own >= LEAST_LETTERS && own * LEAST_PART >= letters(&text) { others } else { text }
}

/// The script that our own words of the language are in.
fn script_of(language: &str) -> Option<Script> {
    detect_script(&language::text(language, "footer-unsubscribe-invite", &[]))
}

/// The start of what a reader sees.
fn words(leaf: &Leaf<'_>) -> String {
    let text = start(leaf);
    let text = if leaf.part.media.is_html() { visible_text_with(&text, " ").into() } else { text };
    let mut words = String::new();
    for word in text.split_whitespace().filter(|word| !is_address(word)).flat_map(pieces) {
        let room = MOST_WORDS.saturating_sub(words.len());
        words.push_str(&word[..word.floor_char_boundary(room)]);
        words.push(' ');
        if word.len() >= room {
            break;
        }
    }
    words
}

fn start<'a>(leaf: &'a Leaf<'_>) -> Cow<'a, str> {
    leaf.charset.decode(leaf.content.get(..MOST_READ).unwrap_or(&leaf.content))
}

/// An address or a merge field, which is in no language: all of its letters are ASCII, and it has other signs than words have.
fn is_address(word: &str) -> bool {
    let all_ascii = word.chars().filter(|own| own.is_alphabetic()).all(|own| own.is_ascii());
    all_ascii && (word.contains(is_foreign) || word.contains("://"))
}

/// What has letters, between what no word has: where words aren't parted by blanks, a price stands among them.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    word.split(is_foreign).filter(|piece| piece.contains(char::is_alphabetic))
}

fn is_foreign(own: char) -> bool {
    own.is_ascii() && !own.is_ascii_alphabetic() && !"'\"-.,;:!?()".contains(own)
}

/// Letters, of which a sign that stands for a word or a syllable counts for two.
fn letters(text: &str) -> usize {
    let weight = |own: char| match own {
        '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{20000}'.. => 2,
        _ => 1,
    };
    text.chars().filter(|own| own.is_alphabetic()).map(weight).sum()
}

/// `<html lang="…">`, or what the first of the elements around the content says that has a `lang`.
fn of_document(leaf: &Leaf<'_>) -> Option<&'static str> {
    let text = start(leaf);
    let octets = text.as_bytes();
    let tag = Tokens::of(octets).take(MOST_TOKENS).find_map(|token| match token {
        Token::Start { name, whole } if AROUND.contains(&Name::of(&octets[name.clone()]).bytes()) => {
            declared_by(octets.get(name.end..whole.end)?)
        }
        _ => None,
    })?;
    language::known(tag.trim())
}

/// The first `lang` of a tag, from the end of its name on.
fn declared_by(inside: &[u8]) -> Option<String> {
    let mut tag = None;
    attributes(inside, |name, value| {
        if tag.is_none() && inside[name].eq_ignore_ascii_case(b"lang") {
            tag = std::str::from_utf8(&inside[value]).ok().filter(|tag| !tag.is_empty()).map(str::to_owned);
        }
    });
    tag
}
