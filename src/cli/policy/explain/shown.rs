//! Explanations as people read them.

use std::io;

use jiff::Timestamp;

use super::History;
use crate::cli::consent;
use crate::cli::output;
use crate::consent::event::ShownText;
use crate::policy::explain::{
    Answer, Change, Explanation, Judged, Like, Line, Message, Sent, SentStage, Step, TrackingChange,
};
use crate::policy::verdict::TrackingRuling;
use crate::policy::{RuleRef, Tracking, Verdict};

/// Characters of a policy file's line that are shown; `--json` has all of them.
const LINE_SHOWN: usize = 60;

/// What was decided, why and by which line.
pub(super) fn verdict(verdict: &Verdict) -> io::Result<()> {
    output::line(&in_a_word(verdict))?;
    output::line(&verdict.text)?;
    let pack = verdict.jurisdiction.as_deref().map(|pack| format!(", jurisdiction {pack}"));
    output::line(&format!("by {}{}", place(verdict), pack.unwrap_or_default()))
}

/// `refuse: out_of_scope`, `deliver on soft_opt_in`, `refuse: no_ground (let pass in shadow mode, senders/x.toml:37)`.
pub(super) fn in_a_word(verdict: &Verdict) -> String {
    let said = said(verdict.verdict, verdict.reason, verdict.ground);
    match &verdict.shadow {
        Some(rule) => format!("{said} (let pass in shadow mode, {})", place_of(rule)),
        None => said,
    }
}

pub(super) fn place(verdict: &Verdict) -> String {
    place_of(&verdict.rule)
}

fn place_of(rule: &RuleRef) -> String {
    Line { file: rule.file.clone(), line: rule.line, text: None }.place()
}

fn said(verdict: impl ToString, reason: Option<impl ToString>, ground: Option<impl ToString>) -> String {
    let verdict = verdict.to_string();
    match (reason, ground) {
        (Some(reason), _) => format!("{verdict}: {}", reason.to_string()),
        (None, Some(ground)) => format!("{verdict} on {}", ground.to_string()),
        (None, None) => verdict,
    }
}

/// All but the verdict.
pub(super) fn explanation(explained: &Explanation) -> io::Result<()> {
    output::line(&message(&explained.message))?;
    output::line(
        &explained.judged.as_ref().map_or_else(|| "no jurisdiction pack judges".to_owned(), judged),
    )?;
    output::line("")?;
    let rows: Vec<Vec<String>> = explained.steps.iter().map(|own| step(own, &explained.verdict)).collect();
    output::table(&["ASKED", "ANSWER", "RULE", "THE LINE"], &rows)?;
    if !explained.likes.is_empty() {
        output::line("")?;
        let like = |one: &Like| {
            let reaches = if one.reaches { "reaches it" } else { "does not reach it" };
            let (bought, allows) = (one.bought.to_string(), one.allows.to_string());
            vec![bought, allows, reaches.to_owned(), one.rule.place(), text(&one.rule)]
        };
        let rows: Vec<Vec<String>> = explained.likes.iter().map(like).collect();
        output::table(&["BOUGHT", "ALLOWS", "", "RULE", "THE LINE"], &rows)?;
    }
    if !explained.sent.is_empty() {
        output::line("")?;
        let sent = |one: &Sent| {
            let stage = match one.stage {
                SentStage::Delivered => "delivered",
                SentStage::OnItsWay => "on its way",
            };
            let scope = one.scope.as_ref().map(ToString::to_string).unwrap_or_default();
            vec![one.at.to_string(), scope, stage.to_owned()]
        };
        let rows: Vec<Vec<String>> = explained.sent.iter().map(sent).collect();
        output::table(&["SENT BEFORE", "SCOPE", ""], &rows)?;
    }
    output::line("")?;
    if explained.changes.is_empty() {
        output::line("no single thing would have changed the answer")?;
    } else {
        output::line("what would have changed the answer, each by itself:")?;
        explained.changes.iter().try_for_each(|one| output::line(&change(one)))?;
    }
    let Some((ruling, rule)) = explained.verdict.tracking.as_ref().zip(explained.tracking_rule.as_ref())
    else {
        return Ok(());
    };
    output::line("")?;
    output::line(&format!("pixels and tracked links: {}", tracking(ruling)))?;
    output::line(&format!("  {}: {}", rule.place(), text(rule)))?;
    if explained.tracking_changes.is_empty() {
        return output::line("  no answer of the person's would have changed that");
    }
    let other =
        |one: &TrackingChange| format!("  - {}: {} [{}]", one.what, in_words(one.verdict), one.reason);
    explained.tracking_changes.iter().try_for_each(|one| output::line(&other(one)))
}

/// `taken out [no_consent]: …`, `kept [no_consent] (in shadow mode, senders/x.toml:37): …`.
pub(super) fn tracking(ruling: &TrackingRuling) -> String {
    let shadow = ruling.shadow.as_ref();
    let shadow = shadow.map(|rule| format!(" (in shadow mode, {})", place_of(rule))).unwrap_or_default();
    format!("{} [{}]{shadow}: {}", in_words(ruling.tracking), ruling.reason, ruling.text)
}

fn in_words(tracking: Tracking) -> &'static str {
    match tracking {
        Tracking::Kept => "kept",
        Tracking::TakenOut => "taken out",
    }
}

fn message(message: &Message) -> String {
    let scope = message.scope.as_ref().map(|scope| format!(" in {scope}")).unwrap_or_default();
    let from = message.from_domain.as_ref().map(|domain| format!(", From {domain}")).unwrap_or_default();
    let campaign = message.campaign.as_ref().map(|name| format!(", campaign {name}")).unwrap_or_default();
    let (stream, sender, rule) = (message.stream, &message.sender, message.rule.place());
    format!("{stream} mail of {sender}{scope}{from}{campaign} ({rule})")
}

fn judged(judged: &Judged) -> String {
    let takes: Vec<&str> = judged.takes.iter().map(|ground| ground.as_str()).collect();
    let told = judged.told.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let (pack, because, rule) = (&judged.pack, judged.because, judged.rule.place());
    let law = judged.law.as_ref().map(|law| format!("; {law}")).unwrap_or_default();
    let reviewed = judged.reviewed.map(|day| format!(", read {day}")).unwrap_or_default();
    let known = judged.confidence;
    format!(
        "judged by {pack}: {because}{told}; it takes {} ({rule}){law} ({known}{reviewed})",
        takes.join(", ")
    )
}

fn step(step: &Step, verdict: &Verdict) -> Vec<String> {
    // What the verdict says stands above.
    let why = step.text.as_ref().filter(|text| **text != verdict.text);
    let why = why.map(|text| format!(": {text}")).unwrap_or_default();
    let answer = match (step.answer, step.reason, step.ground) {
        (Answer::Passes, ..) => "nothing against it".to_owned(),
        (Answer::CarriesNot, ..) => "no".to_owned(),
        (Answer::LetsPass, ..) => "let pass".to_owned(),
        (Answer::Carries, _, Some(ground)) => format!("deliver on {ground}{why}"),
        (Answer::Carries, ..) => format!("deliver{why}"),
        (Answer::Refuses, Some(reason), _) => format!("refuse [{reason}]{why}"),
        (Answer::Refuses, ..) => format!("refuse{why}"),
        (Answer::Holds, Some(reason), _) => format!("hold [{reason}]{why}"),
        (Answer::Holds, ..) => format!("hold{why}"),
    };
    vec![step.question.to_owned(), answer, step.rule.place(), text(&step.rule)]
}

/// A line of a file, its blanks and its length within bounds.
fn text(line: &Line) -> String {
    let words: Vec<&str> = line.text.iter().flat_map(|text| text.split_whitespace()).collect();
    let mut text = words.join(" ");
    if let Some((end, _)) = text.char_indices().nth(LINE_SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn change(change: &Change) -> String {
    let places: Vec<String> = change.rules.iter().map(Line::place).collect();
    let rules = if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
    format!("- {}: {}{rules}", change.what, said(change.verdict, change.reason, change.ground))
}

fn shown_text(which: ShownText) -> &'static str {
    match which {
        ShownText::FormText => "form text",
        ShownText::Notice => "notice",
    }
}

/// What was known, each with its proof. An erasure takes the evidence and leaves kinds, times and hashes.
pub(super) fn history(history: &History, erased: Option<Timestamp>) -> io::Result<()> {
    output::line("")?;
    if history.is_empty() {
        return output::line("nothing was known of the person");
    }
    let missing = if erased.is_some() { "(destroyed)" } else { "(none)" };
    let mut rows = Vec::with_capacity(history.len());
    for (event, evidence) in history {
        let hashes = event.texts.iter().map(|(which, hash)| format!("{} {hash}", shown_text(*which)));
        let proof = evidence.as_ref().map_or_else(|| missing.to_owned(), ToString::to_string);
        rows.push(vec![
            event.occurred_at.to_string(),
            event.recorded_at.to_string(),
            event.kind.word().to_owned(),
            consent::about(&event.kind),
            event.channel.clone(),
            event.id.to_string(),
            std::iter::once(proof).chain(hashes).collect::<Vec<_>>().join("; "),
        ]);
    }
    output::table(&["WHEN", "HEARD", "WHAT", "ABOUT", "CHANNEL", "FACT", "EVIDENCE"], &rows)
}
