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
/// The most characters of a line of the sender's own text, as long as its words are shorter.
const MAX_LINE: usize = 72;
/// Not of hyphens: those could be a boundary.
const RULE: &str = "________________________________________";
/// Its own background, so that it can be read on a template of any colour.
const BOX: &str = "clear:both;margin:24px auto 0;padding:16px 24px;max-width:600px;background:#ffffff;color:#595959;\
                   font:13px/1.6 Arial,Helvetica,sans-serif;text-align:center";
const LINK: &str = "color:#1a4f8b;text-decoration:underline";

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
        Meaning::Confirm | Meaning::PostalAddress => None,
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
        lines.extend([words.unsubscribe_invite.clone(), links.unsubscribe.clone(), String::new()]);
        lines.extend([words.preferences_invite.clone(), links.preferences.clone(), String::new()]);
    }
    lines.push(sent_by(words, &sender_name(rewriting)));
    lines.extend(rewriting.demands.advertising_label.then(|| words.advertising.clone()));
    lines.extend(address(rewriting));
    let notice = rewriting.demands.privacy_notice.as_ref();
    lines.extend(notice.map(|notice| format!("{} {notice}", words.privacy)));
    for line in &mut lines {
        line.truncate(line.trim_end().len());
        // RFC 3676, 4.4: such a line would be read as stuffed, or as a quote.
        if flowed == Flowed::Flowed && (line.starts_with([' ', '>']) || line.starts_with("From ")) {
            line.insert(0, ' ');
        }
    }
    lines
}

/// The footer's lines of HTML, without line ends.
pub(super) fn html(footer: Footer, rewriting: &Rewriting) -> Vec<String> {
    let words = words(rewriting.language);
    let mut lines = vec![format!("<div lang=\"{}\" dir=\"ltr\" style=\"{BOX}\">", words.language)];
    if let (Footer::Full, Some(own)) = (footer, &rewriting.footer_text) {
        let (language, text) = (escape(&own.language), escape(&plain(&own.text)));
        lines.push(format!("<p lang=\"{language}\" dir=\"auto\" style=\"margin:0 0 12px\">{text}</p>"));
    }
    if let (Footer::Full, Some(links)) = (footer, &rewriting.links) {
        let link = |address: &str, label: &str| {
            format!("<a href=\"{}\" style=\"{LINK}\">{}</a>", escape(address), escape(label))
        };
        lines.push(link(&links.unsubscribe, &words.unsubscribe));
        lines.push("&nbsp;|&nbsp;".to_owned());
        lines.push(format!("{}<br>", link(&links.preferences, &words.preferences)));
    }
    lines.push(format!("{}<br>", escape(&sent_by(words, &sender_name(rewriting)))));
    let label = rewriting.demands.advertising_label.then_some(&words.advertising);
    lines.extend(label.map(|label| format!("{}<br>", escape(label))));
    lines.extend(address(rewriting).map(|address| escape(&address)));
    if let Some(notice) = &rewriting.demands.privacy_notice {
        let named = words.privacy.trim_end_matches(':');
        lines.push(format!("<br><a href=\"{}\" style=\"{LINK}\">{}</a>", escape(notice), escape(named)));
    }
    lines.push("</div>".to_owned());
    lines
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
