//! What the owners of policies should know though nothing is wrong: how far the packs that judge are to be trusted, and
//! where mail leaves that nobody agreed to.
//!
//! Only packs that senders, cases or changes of the folder's own lead to: a list of all would not be read.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};

use super::shipped::{self, PREFIX};
use super::{Cases, Mistake, NamedText, Severity};
use crate::policy::jurisdiction::{Confidence, Jurisdiction};
use crate::policy::sender::{Mode, SenderPolicy};
use crate::policy::{PolicySet, RuleRef, Stream, UNKNOWN};
use crate::toml_file::{Source, whole_file};

/// Why a pack matters here: the strongest reason is told.
#[derive(Default)]
struct Judging<'p> {
    /// Those whose mail it judges where no fact says otherwise.
    senders: Vec<&'p str>,
    /// How many cases of the folder's own it judges.
    cases: usize,
}

/// A note for each such pack that nobody has compared with the law's own text, or nobody says when, and a warning for
/// each that nobody has looked at within a year.
pub fn reviews(files: &[NamedText], policy: &PolicySet, cases: &Cases, today: Date) -> Vec<Mistake> {
    let own = |file: &str| !file.starts_with(PREFIX) && !shipped::is_unchanged(files, file);
    let mut judging: BTreeMap<&str, Judging<'_>> = BTreeMap::new();
    for sender in policy.senders.values() {
        let pack = sender.default_jurisdiction.as_deref().unwrap_or(UNKNOWN);
        judging.entry(pack).or_default().senders.push(&sender.id);
    }
    let outcomes = cases.outcomes();
    for outcome in outcomes.iter().filter(|outcome| own(&outcome.case.rule.file)) {
        let pack = outcome.verdict.jurisdiction.as_deref();
        pack.into_iter().for_each(|pack| judging.entry(pack).or_default().cases += 1);
    }
    for pack in policy.jurisdictions.values() {
        if own(&pack.rule.file) && !pack.countries.is_empty() {
            judging.entry(&pack.id).or_default();
        }
    }
    let packs = judging.iter().filter_map(|(id, why)| Some((policy.jurisdictions.get(*id)?, why)));
    packs.flat_map(|(pack, why)| review(files, pack, &why.words(), today)).collect()
}

impl Judging<'_> {
    fn words(&self) -> String {
        match (&*self.senders, self.cases) {
            ([], 1..) => "which judges people of your cases".to_owned(),
            ([], 0) => "which is your own".to_owned(),
            (senders, _) => format!("which judges the mail of {}", senders.join(", ")),
        }
    }
}

fn review(files: &[NamedText], pack: &Jurisdiction, why: &str, today: Date) -> Vec<Mistake> {
    let (origin, id) = (&pack.origin, &pack.id);
    let mut told = Vec::new();
    let how = match origin.confidence {
        Confidence::Primary => None,
        Confidence::Secondary => Some("was taken from what others write of the law"),
        Confidence::Unchecked => Some("was not looked up"),
    };
    if let Some(how) = how {
        let message = format!(
            "`{id}`, {why}, {how} (confidence \"{}\"): have your lawyer read it first",
            origin.confidence.as_str()
        );
        told.push(told_at(files, &origin.rule, Severity::Note, message));
    }
    let Some(day) = origin.reviewed else {
        let message = format!("`{id}`, {why}, does not say when it was compared with the law (`reviewed`)");
        told.push(told_at(files, &origin.reviewed_rule, Severity::Note, message));
        return told;
    };
    let year: Span = 1.year();
    if day.checked_add(year).is_ok_and(|end| end < today) {
        let message = format!("`{id}`, {why}, was last compared with the law on {day}");
        told.push(told_at(files, &origin.reviewed_rule, Severity::Warning, message));
    }
    told
}

/// A note for each sender and each scope in shadow mode.
pub fn shadows(files: &[NamedText], policy: &PolicySet) -> Vec<Mistake> {
    let mut told = Vec::new();
    for sender in policy.senders.values() {
        let mut note = |whose: &str, rule: &RuleRef| {
            let message = format!(
                "{whose} is in shadow mode: mail without consent leaves, and only a recorded no stops it"
            );
            told.push(told_at(files, rule, Severity::Note, message));
        };
        if sender.mode == Mode::Shadow {
            note(&format!("`{}`", sender.id), &sender.mode_rule);
        }
        for (scope, own) in &sender.scopes {
            if let Some((Mode::Shadow, rule)) = &own.mode {
                note(&format!("`{scope}` of `{}`, with all below it,", sender.id), rule);
            }
        }
    }
    told
}

/// A warning for each sender whose file does not say who writes the mail that we compose.
pub fn authors(files: &[NamedText], policy: &PolicySet) -> Vec<Mistake> {
    let silent = |sender: &&SenderPolicy| sender.stream(Stream::Confirmation).from.is_none();
    let warning = |sender: &SenderPolicy| {
        let says = match sender.author() {
            Some(author) => format!("it comes from {}, where nobody may read answers", author.address),
            None => "none can be sent, since no domain of from_domains is named in full".to_owned(),
        };
        let message = format!(
            "`{}` does not say who writes the mail that we compose (`from` below [streams.confirmation]): {says}",
            sender.id
        );
        told_at(files, &sender.rule, Severity::Warning, message)
    };
    policy.senders.values().filter(silent).map(warning).collect()
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
    use super::super::{case, parse, shipped};
    use super::*;

    /// What is told on a day of the shipped files, with this in place of the Swedish pack's own words.
    fn told(day: &str, from: &str, to: &str) -> Vec<String> {
        let mut files = shipped();
        for (_, text) in files.iter_mut().filter(|(name, _)| name == "jurisdictions/se.toml") {
            assert!(text.contains(from), "{from}");
            *text = text.replace(from, to);
        }
        let policy = parse(&files).unwrap().0;
        let told = reviews(&files, &policy, &case::cases(&files, Some(&policy)), day.parse().unwrap());
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
        let told_of = told("2026-11-22", "reviewed = 2026-11-21", "");
        assert!(
            told_of[1].ends_with("does not say when it was compared with the law (`reviewed`)"),
            "{told_of:?}"
        );
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

    /// What is told of the shipped files with these beside or instead of them.
    fn told_with(own: &[(&str, &str)]) -> Vec<String> {
        let mut files = shipped();
        files.retain(|(name, _)| own.iter().all(|(other, _)| name != other));
        files.extend(own.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        let policy = parse(&files).unwrap().0;
        let cases = case::cases(&files, Some(&policy));
        assert_eq!(cases.mistakes, []);
        let told = reviews(&files, &policy, &cases, "2026-11-22".parse().unwrap());
        told.into_iter().chain(shadows(&files, &policy)).map(|one| one.message).collect()
    }

    const SENDER: &str = "id = \"x\"\nname = \"X\"\npostal_address = \"S\"\nprivacy_notice = \"https://x.example\"\n\
                          from_domains = [\"x.example\"]\n";

    #[test]
    fn every_pack_that_one_is_led_to_draws_its_note() {
        let told = told_with(&[("senders/x.toml", SENDER)]);
        let of = |start: &str| told.iter().any(|one| one.starts_with(start));
        assert!(
            told.len() == 2 && of("`unknown`, which judges the mail of x, was not looked up"),
            "{told:#?}"
        );
        let case = "[[case]]\nname = \"n\"\nsender = \"demo-shop\"\nat = 2026-11-21T12:00:00Z\n\
                    facts = [{ signup = \"apparel\", at = 2026-05-01T12:00:00Z, country = \"DE\" }]\n\
                    message = { scope = \"apparel\" }\nexpect = { reason = \"unconfirmed\" }\n";
        let pack = "id = \"at\"\nextends = \"eu\"\ntitle = \"Austria\"\ncountries = [\"AT\"]\n";
        let told = told_with(&[("cases/own.toml", case), ("jurisdictions/at.toml", pack)]);
        let of = |start: &str| told.iter().any(|one| one.starts_with(start));
        assert!(of("`de`, which judges people of your cases, was taken"), "{told:#?}");
        assert!(of("`at`, which is your own, was not looked up"), "{told:#?}");
        assert!(of("`at`, which is your own, does not say when"), "{told:#?}");
        assert_eq!(told.len(), 4, "{told:#?}");
    }

    #[test]
    fn shadow_mode_is_told_of_the_sender_and_of_each_scope() {
        let shadow = format!("mode = \"shadow\"\n{SENDER}default_jurisdiction = \"se\"\n");
        let told = told_with(&[("senders/x.toml", &shadow)]);
        assert!(
            told.iter().any(|one| one.starts_with("`x` is in shadow mode: mail without consent")),
            "{told:#?}"
        );
        let scope = format!("{SENDER}[scopes.toys]\nmode = \"shadow\"\n");
        let told = told_with(&[("senders/x.toml", &scope)]);
        assert!(
            told.iter().any(|one| one.starts_with("`toys` of `x`, with all below it, is in shadow")),
            "{told:#?}"
        );
    }
}
