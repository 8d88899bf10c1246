//! What is not named as an insertion leaves as it came (invariant 7), and what comes in is bounded.

use super::*;

/// Whatever tools do that others don't: order, folds, case, doubles, blanks, strange boundaries, text around them.
const ODD: &str = "x-LAST:first\nRECEIVED: from a\n\tby b; Sat, 21 Nov 2026 12:00:00 +0000\nfrom:a@x.example\nX-Twice: 1\nx-twice:   2  \n\
                   Subject:  =?utf-8?q?a?=\n   folded\n\ttwice\nDate: x\nMessage-Id:<a@b>\nMIME-version: 1.0 (x)\n\
                   Content-type : Multipart/Mixed ; Boundary = \"=_a'b(c)+d/e?f:g\"\n\npreamble \n--\n\n--=_a'b(c)+d/e?f:g \t\n\
                   Content-Type: text/plain\nX-Part: 1\n  2\n\nHello  \n\n\n--=_a'b(c)+d/e?f:g\nContent-Type:image/gif;\n\tname=\"a b.gif\"\n\
                   content-transfer-encoding:BASE64\n\nR0lG\nODlh  \n\n--=_a'b(c)+d/e?f:g--  \nepilogue\n\n \n";

#[test]
fn i7_a_message_that_gets_nothing_keeps_every_octet() {
    let rewriting = functional();
    let copy = copy(ODD, &rewriting);
    assert_eq!(copy, format!("{}{}", rewriting.received, ODD.replace('\n', "\r\n")));
    for end in ["\n", "", " ", "\n\n\n"] {
        let text = format!("From: a@x.example\nDate: x\nMessage-ID: <a@b>\nMIME-Version: 1.0\n\nHello{end}");
        let copy = super::copy(&text, &rewriting);
        assert_eq!(copy, format!("{}{}", rewriting.received, text.replace('\n', "\r\n")), "{end:?}");
    }
}

#[test]
fn i7_marketing_gets_its_insertions_and_nothing_else() {
    let rewriting = Rewriting { list_id: None, feedback_id: None, ..marketing() };
    let copy = copy(ODD, &rewriting);
    let pair =
        format!("List-Unsubscribe: <{UNSUBSCRIBE}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    let without = copy.strip_prefix(&rewriting.received).unwrap().replacen(&pair, "", 1);
    let original = ODD.replace('\n', "\r\n");
    let at = without.bytes().zip(original.bytes()).take_while(|(new, old)| new == old).count();
    let (before, after) = original.split_at(at);
    assert!(before.contains("Hello  \r\n") && without.ends_with(after) && !after.contains("Hello"), "{copy}");
    let ours = &without[at..without.len() - after.len()];
    assert!(ours.contains("____") && ours.contains(UNSUBSCRIBE) && ours.len() < 1_000, "{ours}");
}

#[test]
fn what_comes_in_is_bounded_for_the_whole_copy() {
    let leaf = format!("--b\nContent-Type: text/html\n\n{}\n", "{{optgate.postal_address}}\n".repeat(300));
    let text =
        format!("From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n{}--b--\n", leaf.repeat(10));
    let rewriting = Rewriting { postal_address: Some("&".repeat(10_000)), ..functional() };
    let copy = copy(&text, &rewriting);
    assert_eq!(copy.matches("{{optgate.").count(), 2_000);
    assert!(copy.len() < text.len() + 1_000 * 300 * 6, "{}", copy.len());
}

/// Once a copy is made of another's parts: the header of one part is no header of the message.
#[test]
fn an_insertion_stays_in_its_part() {
    let text = "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n\n--b\nContent-Type: text/html\n\n\n--b--\n";
    let copy = copy(text, &swedish());
    let seen = parsed(copy.as_bytes());
    assert_eq!(seen.parts.len(), 3);
    assert!(text_of(&copy, 1).contains(UNSUBSCRIBE) && text_of(&copy, 2).contains(UNSUBSCRIBE));
}
