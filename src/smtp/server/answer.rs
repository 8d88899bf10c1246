//! What the tool hears of its message: receipt or failure → reply. CONTRACT.md, "Submitting by SMTP".

use crate::feedback::{NotTaken, Taken};
use crate::intake::{Decided, IntakeError, Receipt};
use crate::mail::Reply;
use crate::policy::Reason;
use crate::smtp::session::NOBODY;
use crate::store::StoreError;

/// Of a verdict's text no more is quoted, so that the id after it keeps its place on the line.
const MAX_TEXT: usize = 360;

/// The reply to a message that was decided, durably.
pub(super) fn decided(receipt: &Receipt) -> Reply {
    let (refused, first_refused) = receipt.refused();
    if let Some(first) = first_refused.filter(|_| receipt.is_error()) {
        return refusal(first);
    }
    let (held, first_held) = receipt.held();
    let recipients = receipt.deliveries.len();
    let mut text = format!("accepted, message {}", receipt.message);
    for (count, first, word) in [(refused, first_refused, "refused"), (held, first_held, "held")] {
        let Some(first) = first else { continue };
        let how_many = if count == recipients { String::new() } else { format!("; {count} of {recipients}") };
        text.push_str(&format!("{how_many} {word} [{}]", reason(first)));
    }
    match receipt.taken_before() {
        (0, _) | (_, None) => {}
        (count, Some(_)) if count == recipients => text.push_str("; taken before, sent once"),
        (count, Some(first)) => {
            text.push_str(&format!("; {count} of {recipients} taken before as message {first}"));
        }
    }
    Reply::new(250, (2, 0, 0), text)
}

fn refusal(first: &Decided) -> Reply {
    let text: String = first.verdict.text.chars().take(MAX_TEXT).collect();
    let (code, enhanced) = match first.verdict.reason {
        Some(Reason::Loop) => (554, (5, 4, 6)),
        _ => (550, (5, 7, 1)),
    };
    Reply::new(code, enhanced, format!("[{}] {text}; decision {}", reason(first), first.delivery))
}

fn reason(decided: &Decided) -> &'static str {
    decided.verdict.reason.map_or("", Reason::as_str)
}

/// The reply to a message that could not be decided or stored. Invariant 4: cannot tell is not yes.
pub(super) fn failed(error: &IntakeError) -> Reply {
    match error {
        IntakeError::Store(StoreError::Full | StoreError::Behind) => no_room(),
        IntakeError::Store(_) => Reply::new(451, (4, 3, 0), "can't decide now, try again later"),
    }
}

/// The reply to mail that came back.
pub(super) fn returned(taken: &Result<Taken, NotTaken>) -> Reply {
    match taken {
        Ok(Taken::Unsubscribed) => Reply::new(250, (2, 0, 0), "unsubscribed"),
        Ok(Taken::Returned | Taken::Complaint) => Reply::new(250, (2, 0, 0), "thank you"),
        Err(error @ (NotTaken::NotAReport | NotTaken::NoneOfOurs)) => {
            Reply::new(550, (5, 7, 1), error.to_string())
        }
        Err(NotTaken::Nobody) => Reply::new(550, (5, 1, 1), NOBODY),
        Err(NotTaken::Automatic(why)) => {
            let text = format!("nobody was unsubscribed: {why}; write by hand, or open the link in the mail");
            Reply::new(550, (5, 7, 1), text)
        }
        Err(NotTaken::Store(StoreError::Full | StoreError::Behind)) => no_room(),
        Err(NotTaken::Store(_)) => Reply::new(451, (4, 3, 0), "can't record it now, try again later"),
    }
}

/// The reply to a message beyond the limit.
pub(super) fn too_large() -> Reply {
    Reply::new(552, (5, 3, 4), "message too large")
}

/// The reply where there is no room for a message.
pub(super) fn no_room() -> Reply {
    Reply::new(452, (4, 3, 1), "no room now, try again later")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::intake::Fate;
    use crate::policy::sender::RefusalReply;
    use crate::policy::{RuleRef, Verdict, VerdictKind};

    fn verdict(verdict: VerdictKind, reason: Option<Reason>) -> Decided {
        let fate = match verdict {
            VerdictKind::Deliver => Fate::Spooled,
            VerdictKind::Hold => Fate::Held,
            VerdictKind::Refuse => Fate::Refused,
        };
        let verdict = Verdict {
            verdict,
            reason,
            ground: None,
            ground_event: None,
            scope: None,
            stream: None,
            jurisdiction: None,
            rule: RuleRef { file: "f".into(), line: 1 },
            text: "not covered by the recipient's consent".into(),
            shadow: None,
            tracking: None,
            until: None,
        };
        Decided { delivery: Uuid::from_u128(2), verdict, fate }
    }

    fn deliver() -> Decided {
        verdict(VerdictKind::Deliver, None)
    }

    fn refuse(reason: Reason) -> Decided {
        verdict(VerdictKind::Refuse, Some(reason))
    }

    fn hold() -> Decided {
        verdict(VerdictKind::Hold, Some(Reason::QuietHours))
    }

    fn check(deliveries: Vec<Decided>, when_all_refused: RefusalReply, expected: &str) {
        let receipt = Receipt { message: Uuid::from_u128(1), deliveries, when_all_refused };
        assert_eq!(decided(&receipt).to_string(), format!("{expected}\r\n"));
    }

    const MESSAGE: &str = "00000000-0000-0000-0000-000000000001";
    const DECISION: &str = "00000000-0000-0000-0000-000000000002";

    #[test]
    fn a_message_is_accepted_with_what_became_of_its_recipients() {
        let accepted = format!("250 2.0.0 accepted, message {MESSAGE}");
        let lax = RefusalReply::Accept;
        let out = Reason::OutOfScope;
        check(vec![deliver()], lax, &accepted);
        check(vec![refuse(out)], lax, &format!("{accepted} refused [out_of_scope]"));
        check(vec![refuse(out), refuse(out)], lax, &format!("{accepted} refused [out_of_scope]"));
        check(vec![hold()], lax, &format!("{accepted} held [quiet_hours]"));
        let mixed = vec![deliver(), refuse(out), deliver(), refuse(out), hold()];
        let expected = format!("{accepted}; 2 of 5 refused [out_of_scope]; 1 of 5 held [quiet_hours]");
        check(mixed, RefusalReply::Reject, &expected);
    }

    #[test]
    fn what_was_taken_before_is_told_with_the_first_id() {
        let before = || Decided { fate: Fate::TakenBefore { message: Uuid::from_u128(9) }, ..deliver() };
        let accepted = format!("250 2.0.0 accepted, message {MESSAGE}");
        let expected = format!("{accepted}; taken before, sent once");
        check(vec![before(), before()], RefusalReply::Reject, &expected);
        let first = "00000000-0000-0000-0000-000000000009";
        let expected =
            format!("{accepted}; 1 of 3 refused [out_of_scope]; 1 of 3 taken before as message {first}");
        check(vec![before(), deliver(), refuse(Reason::OutOfScope)], RefusalReply::Reject, &expected);
    }

    #[test]
    fn all_refused_is_an_error_where_policy_says_so() {
        let strict = RefusalReply::Reject;
        let text = "not covered by the recipient's consent";
        let refused = format!("550 5.7.1 [withdrawn] {text}; decision {DECISION}");
        check(vec![refuse(Reason::Withdrawn), refuse(Reason::OutOfScope)], strict, &refused);
        let looped = format!("554 5.4.6 [loop] {text}; decision {DECISION}");
        check(vec![refuse(Reason::Loop)], strict, &looped);
    }

    #[test]
    fn a_long_text_leaves_room_for_the_decision() {
        let mut long = refuse(Reason::Unclassified);
        long.verdict.text = "long ".repeat(500);
        let reply = refusal(&long).to_string();
        assert!(reply.len() <= 512 && reply.ends_with(&format!("; decision {DECISION}\r\n")), "{reply}");
    }

    #[test]
    fn what_cannot_be_told_or_stored_is_to_be_tried_again() {
        let code = |error| failed(&IntakeError::Store(error)).to_string();
        assert!(code(StoreError::Full).starts_with("452 4.3.1 "));
        assert!(code(StoreError::Behind).starts_with("452 4.3.1 "));
        assert!(code(StoreError::Unavailable("x".into())).starts_with("451 4.3.0 "));
        assert!(code(StoreError::Unreadable("x".into())).starts_with("451 4.3.0 "));
    }
}
