//! Reports in a server's own words. Of what it says, codes count, and what every server says that gave up.

use std::sync::LazyLock;

use regex::Regex;

use super::parts::Mail;
use super::{Action, Entry};
use crate::feedback::told::Reason;

/// Octets of a report's words that are kept.
const MOST_WORDS: usize = 4_000;

/// Where the mail that it is about begins.
static ORIGINAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?im)^[-> \t*]*(?:(?:original|returned|undelivered) message\b[ -~]{0,40}$|(?:below this line|below is a copy|a copy of the (?:original )?message|(?:this is|here is|the following is) a copy of)|message (?:header|text|contents?) (?:follows?|:)|the (?:header|original message|beginning of the (?:original )?message)\b[ -~]{0,60}$|return-path:|received: (?:from|by|\()|unsent message follows|----- ?(?:message|original))",
    )
});
/// What a server says that has given up.
static FAILED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)undeliver|(?:not|n't) (?:be |been )?(?:deliver|sent|reach)|deliver(?:y|ies) (?:(?:has|have) )?fail|fail(?:ed|ure)\b|returned mail|permanent|fatal error|(?:user|recipient|address|mailbox|account)[ -~]{0,40}(?:unknown|not found|does ?n.t exist|not exist|invalid|reject|unavailable|disabled|full)|unknown (?:user|recipient|address|local)|no such (?:user|person|recipient|address|mailbox|domain)|no(?:t a)? (?:known|valid|local|registered) (?:user|mailbox|recipient|address)|invalid (?:user|recipient|address|mailbox)|error occurred|aborted after|could not find a gateway|delivery errors?|over (?:the |its )?quota|mailbox (?:is )?full|giving up|unable to deliver|could not deliver|rejected|送信できませんでした|配信できません|お届けできません|zugestellt werden|unzustellbar|pas pu (?:être|etre) (?:remis|livr|distribu|envoy)|podido (?:entregar|enviar)|entregad[oa]s?\b[ -~]{0,20}\bno\b|stato possibile (?:consegnare|recapitare|inviare)|kunde inte levereras|niet (?:worden )?(?:bezorgd|afgeleverd)",
    )
});
/// What a server says that goes on trying.
static DELAYED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:will|shall) (?:keep|continue|be) (?:on )?(?:trying|retr|to (?:try|attempt))|still (?:being )?(?:undelivered|trying)|(?:has|have) been delayed|delivery (?:is )?delayed|not yet been delivered|warning[-: ]+(?:could not send|message (?:delayed|still)|still)|do not need to resend",
    )
});

#[expect(clippy::expect_used, reason = "constant, and compiled by every test")]
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// What a mail that no program wrote for programs says, if it is a report at all.
pub fn of(mail: &Mail<'_>, null_sender: bool) -> Option<Entry> {
    if !null_sender && !is_from_a_server(mail) {
        return None;
    }
    let said = said(mail);
    let subject = mail.header.subject().unwrap_or_default();
    let (code, status) = (code_in(&said), status_in(&said));
    let action = if DELAYED.is_match(&said) || DELAYED.is_match(subject) {
        Action::Delayed
    } else if FAILED.is_match(&said)
        || FAILED.is_match(subject)
        || status.is_some_and(|(class, ..)| class > 2)
    {
        Action::Failed
    } else {
        return None;
    };
    Some(Entry { action, recipient: None, reason: Reason { code, status, text: said } })
}

/// As servers sign who report.
fn is_from_a_server(mail: &Mail<'_>) -> bool {
    let null =
        mail.header.return_path().as_text().is_some_and(|path| path.trim_matches(['<', '>', ' ']).is_empty());
    let from =
        mail.header.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let daemon =
        ["mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "post_master", "mail.delivery.system"];
    null || daemon.iter().any(|own| local.starts_with(own))
}

/// The words before the mail that it is about, one blank between.
pub fn said(mail: &Mail<'_>) -> String {
    let mut said = String::new();
    for part in &mail.parts {
        if part.kind.ends_with("rfc822-headers") {
            break;
        }
        if part.kind.starts_with("message/") && !part.is_mail() || part.kind.starts_with("image/") {
            continue;
        }
        let Some(own) = part.text() else { break };
        let end = ORIGINAL.find(&own).map(|found| found.start()).filter(|at| *at > 0);
        said.push_str(&own[..end.unwrap_or(own.len())]);
        said.push('\n');
        if end.is_some() || said.len() > MOST_WORDS {
            break;
        }
    }
    let mut words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    words.truncate(words.floor_char_boundary(MOST_WORDS));
    words
}

/// The first reply code of a failure in a text: three digits that stand by themselves. RFC 5321, 4.2.
pub fn code_in(text: &str) -> Option<u16> {
    numbers(text).find_map(|(run, before, after)| {
        let code: u16 = run.parse().ok()?;
        let alone = !matches!(before, Some('.' | '-' | '_' | '/' | '@' | '+'))
            && matches!(after, None | Some(' ' | '-' | '\t' | '\n' | '\r' | ':' | '#' | ','));
        (run.len() == 3 && matches!(code, 400..=459 | 500..=559) && alone).then_some(code)
    })
}

/// The first enhanced status code in a text, that is no part of an IP address or a version. RFC 3463, 2.
pub fn status_in(text: &str) -> Option<(u8, u8, u8)> {
    let mut rest = text;
    loop {
        let at = rest.find(|c: char| c.is_ascii_digit() || c == '.')?;
        let before = rest[..at].chars().next_back();
        let run_end =
            rest[at..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |end| at + end);
        let run = rest[at..run_end].trim_end_matches('.');
        let after = rest[run_end..].chars().next();
        let fits = !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-')
            && !after.is_some_and(|c| c.is_ascii_alphanumeric());
        if let Some(found) = fits.then(|| triple(run)).flatten() {
            return Some(found);
        }
        rest = &rest[run_end..];
    }
}

fn triple(run: &str) -> Option<(u8, u8, u8)> {
    let mut parts = run.split('.');
    let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |text: &str| text.parse::<u16>().ok().filter(|_| (1..=3).contains(&text.len()));
    let small = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
    if parts.next().is_some() || !matches!(class, "2" | "4" | "5") {
        return None;
    }
    Some((small(number(class)?), small(number(subject)?), small(number(detail)?)))
}

/// Runs of digits, with what stands before and after each.
fn numbers(text: &str) -> impl Iterator<Item = (&str, Option<char>, Option<char>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(|c: char| c.is_ascii_digit())?;
        let end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |len| start + len);
        at = end;
        Some((&text[start..end], text[..start].chars().next_back(), text[end..].chars().next()))
    })
}
