//! How far the packs that judge are to be trusted, told to those who rely on them.
//!
//! Only packs that a sender's mail is judged by unless a fact says otherwise: a list of all would not be read.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};

use super::{Mistake, NamedText, Severity};
use crate::policy::jurisdiction::{Confidence, Jurisdiction};
use crate::policy::{PolicySet, RuleRef};
use crate::toml_file::{Source, whole_file};

/// A note for each such pack that nobody has compared with the law's own text, and a warning for each that nobody has
/// looked at within a year.
pub fn reviews(files: &[NamedText], policy: &PolicySet, today: Date) -> Vec<Mistake> {
    let mut judged: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for sender in policy.senders.values() {
        judged.extend(sender.default_jurisdiction.as_deref().map(|pack| (pack, Vec::new())));
    }
    for sender in policy.senders.values() {
        let pack = sender.default_jurisdiction.as_deref().and_then(|pack| judged.get_mut(pack));
        pack.into_iter().for_each(|senders| senders.push(&sender.id));
    }
    let packs = judged.iter().filter_map(|(pack, senders)| Some((policy.jurisdictions.get(*pack)?, senders)));
    packs.flat_map(|(pack, senders)| review(files, pack, &senders.join(", "), today)).collect()
}

fn review(files: &[NamedText], pack: &Jurisdiction, senders: &str, today: Date) -> Vec<Mistake> {
    let (origin, id) = (&pack.origin, &pack.id);
    let mut told = Vec::new();
    let how = match origin.confidence {
        Confidence::Primary => None,
        Confidence::Secondary => Some("was taken from what others write of the law"),
        Confidence::Unchecked => Some("was not looked up"),
    };
    if let Some(how) = how {
        let message = format!(
            "`{id}`, which judges the mail of {senders}, {how} (confidence \"{}\"): have your lawyer read it first",
            origin.confidence.as_str()
        );
        told.push(told_at(files, &origin.rule, Severity::Note, message));
    }
    let year: Span = 1.year();
    let old = origin.reviewed.filter(|day| day.checked_add(year).is_ok_and(|end| end < today));
    if let Some(day) = old {
        let message =
            format!("`{id}`, which judges the mail of {senders}, was last compared with the law on {day}");
        told.push(told_at(files, &origin.reviewed_rule, Severity::Warning, message));
    }
    told
}

fn told_at(files: &[NamedText], rule: &RuleRef, severity: Severity, message: String) -> Mistake {
    let file = files.iter().find(|(name, _)| *name == *rule.file);
    let told = file.and_then(|(name, text)| {
        let source = Source::new(name, text);
        source.tell_of_line(severity, rule.line, message.clone());
        source.into_mistakes().pop()
    });
    // A pack that was lent lies in no folder.
    told.unwrap_or_else(|| whole_file(&rule.file, severity, message))
}

#[cfg(test)]
mod tests {
    use super::super::{parse, shipped};
    use super::*;

    /// What is told on a day of the shipped files, with this in place of the Swedish pack's own words.
    fn told(day: &str, from: &str, to: &str) -> Vec<String> {
        let mut files = shipped();
        for (_, text) in files.iter_mut().filter(|(name, _)| name == "jurisdictions/se.toml") {
            assert!(text.contains(from), "{from}");
            *text = text.replace(from, to);
        }
        let policy = parse(&files).unwrap().0;
        let told = reviews(&files, &policy, day.parse().unwrap());
        let shown = |one: &Mistake| {
            let place = format!("{}:{}", one.file.display(), one.line);
            format!("{} {place} {}", one.severity.as_str(), one.message)
        };
        told.iter().map(shown).collect()
    }

    #[test]
    fn a_pack_in_use_that_nobody_compared_with_the_law_draws_a_note_and_no_other_does() {
        let told_of = told("2026-11-22", "", "");
        assert_eq!(told_of.len(), 1, "{told_of:?}");
        assert!(
            told_of[0].starts_with("note jurisdictions/se.toml:13 `se`, which judges the mail of demo-shop")
        );
        assert_eq!(told("2026-11-22", "\"secondary\"", "\"primary\""), Vec::<String>::new());
        let told_of = told("2026-11-22", "confidence = \"secondary\"", "");
        assert!(told_of[0].contains("was not looked up (confidence \"unchecked\")"), "{told_of:?}");
    }

    #[test]
    fn a_review_holds_for_a_year() {
        assert_eq!(told("2027-11-21", "\"secondary\"", "\"primary\""), Vec::<String>::new());
        let told_of = told("2027-11-22", "\"secondary\"", "\"primary\"");
        assert_eq!(told_of.len(), 1);
        assert!(told_of[0].starts_with("warning jurisdictions/se.toml:14 "), "{told_of:?}");
        assert!(told_of[0].ends_with("was last compared with the law on 2026-11-21"), "{told_of:?}");
    }
}
