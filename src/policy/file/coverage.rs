//! What the cases of a folder leave untried, told at the rule's own line.

use super::shipped::{self, PREFIX};
use super::{Cases, Mistake, NamedText, Severity};
use crate::policy::case::coverage;
use crate::toml_file::{Source, whole_file};

/// A warning for each rule of these files that no case touches.
///
/// A file that is the shipped one to the octet is left out, as is a pack that was lent: the shipped cases try them
/// before they are shipped.
///
/// Nothing is told while a case has a mistake: it may be the one that touches what seems untouched.
pub fn untouched(files: &[NamedText], cases: &Cases) -> Vec<Mistake> {
    let Some(policy) = cases.policy.as_ref().filter(|_| cases.are_sound()) else { return Vec::new() };
    let outcomes = cases.outcomes();
    let own = |name: &str| !name.starts_with(PREFIX) && !shipped::is_unchanged(files, name);
    let missing: Vec<_> = coverage::untouched(policy, &outcomes)
        .into_iter()
        .filter(|missing| own(&missing.rule.file))
        .collect();
    if cases.all.is_empty() && !missing.is_empty() {
        let message = "there are no cases, so nothing shows that the policies say what is meant".to_owned();
        return vec![whole_file("cases", Severity::Warning, message)];
    }
    let told = missing.iter().filter_map(|missing| {
        let (name, text) = files.iter().find(|(name, _)| *name == *missing.rule.file)?;
        let source = Source::new(name, text);
        let message = format!("no case touches {}", missing.what);
        source.tell_of_line(Severity::Warning, missing.rule.line, message);
        Some(source.into_mistakes())
    });
    told.flatten().collect()
}
