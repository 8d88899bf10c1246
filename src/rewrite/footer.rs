//! The footer that a marketing body gets, and the address line, as lines of text and as HTML, in the reader's
//! language. Pure text: encoding it is `leaf`'s.

use std::sync::LazyLock;

use super::Rewriting;
use super::field::plain;
use super::html::escape;
use super::media::Flowed;
use super::placeholders::Meaning;
use crate::language;

/// The longest name and address that go into a footer, in characters.
const MAX_TEXT: usize = 300;
/// The most characters of a line, as long as its words are shorter.
const MAX_LINE: usize = 72;
/// Not of hyphens: those could be a boundary.
const RULE: &str = "________________________________________";
const BOX: &str = "clear:both;margin:24px auto 0;padding:16px 24px;max-width:600px;font:13px/1.6 Arial,Helvetica,sans-serif;text-align:center";
const TOP: &str = "padding:4px 8px;font:11px/1.4 Arial,Helvetica,sans-serif;text-align:center";
const LINK: &str = "text-decoration:underline";
/// Both colours, always, so that it can be read on a template of any colour: a client that darkens one darkens the other.
/// Said twice, since a template's own rules may be important, and Outlook passes over what is. At least 7:1 (WCAG 1.4.6).
const INK: &str =
    "background-color:#ffffff;color:#595959;background-color:#ffffff !important;color:#595959 !important";
const LINK_INK: &str =
    "background-color:#ffffff;color:#1a4f8b;background-color:#ffffff !important;color:#1a4f8b !important";

/// The words of one language; `sender` is cut where the name goes.
struct Words {
    language: &'static str,
    sender: (String, String),
    unsubscribe: String,
    unsubscribe_invite: String,
    preferences: String,
    preferences_invite: String,
    advertising: String,
    privacy: String,
}

static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let words = |language: &&'static str| {
        let sender = language::text(language, "footer-sender", &[("sender", "\u{1}")]);
        let (before, after) = sender.split_once('\u{1}').unwrap_or((&sender, ""));
        Words {
            language,
            sender: (before.to_owned(), after.to_owned()),
            unsubscribe: language::text(language, "footer-unsubscribe", &[]),
            unsubscribe_invite: language::text(language, "footer-unsubscribe-invite", &[]),
            preferences: language::text(language, "footer-preferences", &[]),
            preferences_invite: language::text(language, "footer-preferences-invite", &[]),
            advertising: language::text(language, "footer-advertising", &[]),
            privacy: language::text(language, "footer-privacy", &[]),
        }
    };
    language::LANGUAGES.iter().map(words).collect()
});

/// What is put after the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Footer {
    Full,
    /// The content has our link and lacks something that the pack asks for.
    Demanded,
}

/// The address on one line, as it goes into footers and placeholders.
pub(super) fn address(rewriting: &Rewriting) -> Option<String> {
    let lines = rewriting.postal_address.as_deref()?.lines().map(str::trim).filter(|line| !line.is_empty());
    let joined = plain(&lines.collect::<Vec<_>>().join(", "));
    let cut: String = joined.chars().take(MAX_TEXT).collect();
    (!cut.is_empty()).then_some(cut)
}

/// The words of a link, where there are any for it.
pub(super) fn link_words(meaning: Meaning, language: &str) -> Option<&'static str> {
    match meaning {
        Meaning::Unsubscribe => Some(&words(language).unsubscribe),
        Meaning::Preferences => Some(&words(language).preferences),
        Meaning::Confirm | Meaning::Data | Meaning::PostalAddress => None,
    }
}

/// The sentence that marks a mail as advertising.
pub(super) fn label(language: &str) -> &'static str {
    &words(language).advertising
}

/// The footer's lines for a text, without line ends.
pub(super) fn text(footer: Footer, rewriting: &Rewriting, flowed: Flowed) -> Vec<String> {
    let words = words(rewriting.language);
    let mut lines = vec![RULE.to_owned()];
    if let (Footer::Full, Some(own)) = (footer, &rewriting.footer_text) {
        lines.extend(folded(&plain(&own.text)));
        lines.push(String::new());
    }
    if let (Footer::Full, Some(links)) = (footer, &rewriting.links) {
        for (invite, link) in
            [(&words.unsubscribe_invite, &links.unsubscribe), (&words.preferences_invite, &links.preferences)]
        {
            lines.extend(folded(invite));
            lines.extend([link.clone(), String::new()]);
        }
    }
    lines.extend(folded(&sent_by(words, &sender_name(rewriting))));
    if rewriting.demands.advertising_label {
        lines.extend(folded(&words.advertising));
    }
    lines.extend(address(rewriting).iter().flat_map(|address| folded(address)));
    let notice = rewriting.demands.privacy_notice.as_ref();
    lines.extend(notice.iter().flat_map(|notice| folded(&format!("{} {notice}", words.privacy))));
    for line in &mut lines {
        line.truncate(line.trim_end().len());
        // RFC 3676, 4.4: such a line would be read as stuffed, or as a quote.
        if flowed == Flowed::Flowed && (line.starts_with([' ', '>']) || line.starts_with("From ")) {
            line.insert(0, ' ');
        }
    }
    lines
}

/// The footer's lines of HTML, without line ends. Every element has its colours, since a template's rules may be for
/// any.
pub(super) fn html(footer: Footer, rewriting: &Rewriting) -> Vec<String> {
    let words = words(rewriting.language);
    let mut lines = vec![opening(words, BOX)];
    if let (Footer::Full, Some(own)) = (footer, &rewriting.footer_text) {
        let (language, text) = (escape(&own.language), escape(&plain(&own.text)));
        lines.push(format!(
            "<div lang=\"{language}\" dir=\"auto\" style=\"margin:0 0 12px;{INK}\">{text}</div>"
        ));
    }
    if let (Footer::Full, Some(links)) = (footer, &rewriting.links) {
        lines.push(link(&links.unsubscribe, &words.unsubscribe));
        lines.push("&nbsp;|&nbsp;".to_owned());
        lines.push(format!("{}<br>", link(&links.preferences, &words.preferences)));
    }
    lines.push(format!("{}<br>", escape(&sent_by(words, &sender_name(rewriting)))));
    let label = rewriting.demands.advertising_label.then_some(&words.advertising);
    lines.extend(label.map(|label| format!("{}<br>", escape(label))));
    let address = address(rewriting).map(|address| escape(&address));
    lines.extend(address.map(|address| format!("<span dir=\"auto\" style=\"{INK}\">{address}</span>")));
    if let Some(notice) = &rewriting.demands.privacy_notice {
        lines.push(format!("<br>{}", link(notice, words.privacy.trim_end_matches(':'))));
    }
    lines.push("</div>".to_owned());
    lines
}

/// The way out on a line of its own, for where mail clients cut off what stands below.
pub(super) fn top(rewriting: &Rewriting) -> Option<String> {
    let words = words(rewriting.language);
    let link = link(&rewriting.links.as_ref()?.unsubscribe, &words.unsubscribe);
    Some(format!("{}{link}</div>", opening(words, TOP)))
}

fn opening(words: &Words, style: &str) -> String {
    let (language, direction) = (words.language, language::direction(words.language));
    format!("<div lang=\"{language}\" dir=\"{direction}\" style=\"{style};{INK}\">")
}

fn link(address: &str, label: &str) -> String {
    format!("<a href=\"{}\" style=\"{LINK};{LINK_INK}\">{}</a>", escape(address), escape(label))
}

/// Lines that a person reads without scrolling. RFC 3676, 4.2, asks for 78 characters at most.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines
            .last_mut()
            .filter(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= MAX_LINE);
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn words(language: &str) -> &'static Words {
    let own = WORDS.iter().find(|words| words.language == language);
    own.or(WORDS.first()).expect("there is a language")
}

fn sent_by(words: &Words, sender: &str) -> String {
    format!("{}{sender}{}", words.sender.0, words.sender.1)
}

fn sender_name(rewriting: &Rewriting) -> String {
    plain(rewriting.sender_name.trim()).chars().take(MAX_TEXT).collect()
}
