//! What of the mail that a person got before bears on whether more may go now: no more is decided on, or recorded.

use super::{Cap, Earlier, Stage, counts};
use crate::consent::fold::OwnChoices;
use crate::policy::sender::SenderPolicy;
use crate::policy::{Facts, Stream};

/// Of each cap that marketing like this falls under, the person's own among them, as much as it takes to fill it, the
/// youngest first: more changes no verdict. What another cap counts is left out, and all of it where nothing is
/// marketing.
pub fn counted(
    sender: &SenderPolicy,
    facts: &Facts,
    choices: &OwnChoices,
    mut earlier: Vec<Earlier>,
) -> Vec<Earlier> {
    if facts.stream != Stream::Marketing {
        return Vec::new();
    }
    let own = choices.cap().map(|per| Cap { scope: None, most: 1, per, rule: sender.rule.clone() });
    earlier.sort_by_key(|one| std::cmp::Reverse(one.at));
    let mut kept = vec![Kept::No; earlier.len()];
    for cap in super::caps(sender, facts.scope.as_ref()).chain(&own) {
        let most = usize::try_from(cap.most).unwrap_or(usize::MAX);
        for stage in [Stage::Delivered, Stage::Reserved] {
            let fills =
                earlier.iter().zip(&mut kept).filter(|(one, _)| one.stage == stage && counts(cap, one));
            fills.take(most).for_each(|(_, own)| *own = Kept::Yes);
        }
    }
    let mut kept = kept.into_iter();
    earlier.retain(|_| kept.next() == Some(Kept::Yes));
    earlier
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}
