//! What of the mail that a person got before bears on whether more may go now: no more is decided on, or recorded.

use super::{Earlier, Stage, counts};
use crate::policy::Scope;
use crate::policy::sender::SenderPolicy;

/// Of each cap that mail in this scope falls under, as much as it takes to fill it, the youngest first: more changes
/// no verdict. What another cap counts is left out.
pub fn counted(sender: &SenderPolicy, scope: Option<&Scope>, mut earlier: Vec<Earlier>) -> Vec<Earlier> {
    earlier.sort_by_key(|one| std::cmp::Reverse(one.at));
    let mut kept = vec![Kept::No; earlier.len()];
    for cap in super::caps(sender, scope) {
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
