//! The table by which responses are sorted.

use super::*;

const FIRST: [Stage; 6] =
    [Stage::Connect, Stage::Greeting, Stage::Ehlo, Stage::StartTls, Stage::Auth, Stage::Reset];
const TRANSACTION: [Stage; 4] = [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::EndOfData];

fn response(code: u16, enhanced: Option<Status>) -> Response {
    Response { code, enhanced, text: String::new() }
}

fn check(stage: Stage, code: u16, enhanced: Option<Status>, expect: Meaning) {
    let response = response(code, enhanced);
    assert_eq!(sort(stage, &response), expect, "{code} {enhanced:?} to {stage}");
}

#[test]
fn only_a_2xx_after_the_final_dot_is_done() {
    check(Stage::EndOfData, 250, Some((2, 0, 0)), Meaning::Done);
    check(Stage::EndOfData, 251, None, Meaning::Done);
    for stage in FIRST.into_iter().chain([Stage::Mail, Stage::Rcpt, Stage::Data]) {
        check(stage, 250, None, Meaning::Later);
        assert_eq!(Failure::Answered(stage, response(250, None)).meaning(), Meaning::Later);
    }
}

#[test]
fn a_4xx_is_later_at_every_stage() {
    for stage in FIRST.into_iter().chain(TRANSACTION) {
        for code in [421, 450, 451, 452, 454, 499] {
            check(stage, code, None, Meaning::Later);
        }
        check(stage, 450, Some((5, 1, 1)), Meaning::Later);
    }
}

#[test]
fn a_5xx_within_the_transaction_is_never() {
    for stage in TRANSACTION {
        check(stage, 550, Some((5, 1, 1)), Meaning::Never((5, 1, 1)));
        check(stage, 554, None, Meaning::Never((5, 0, 0)));
        check(stage, 501, None, Meaning::Never((5, 0, 0)));
    }
    check(Stage::Mail, 552, Some((5, 3, 4)), Meaning::Never((5, 3, 4)));
    check(Stage::EndOfData, 552, Some((5, 3, 4)), Meaning::Never((5, 3, 4)));
}

#[test]
fn a_5xx_before_the_transaction_is_the_upstreams_own_trouble() {
    for stage in FIRST {
        for code in [500, 502, 521, 535, 550, 554] {
            check(stage, code, Some((5, 7, 8)), Meaning::Later);
        }
    }
}

#[test]
fn what_a_wrong_setting_brings_about_is_later() {
    for stage in TRANSACTION {
        for code in [503, 530, 534, 535, 538] {
            check(stage, code, Some((5, 7, 0)), Meaning::Later);
        }
    }
}

#[test]
fn too_many_recipients_is_later() {
    check(Stage::Rcpt, 552, None, Meaning::Later);
    check(Stage::Rcpt, 452, Some((4, 5, 3)), Meaning::Later);
}

#[test]
fn what_is_unknown_or_contradicts_itself_is_later() {
    for stage in TRANSACTION {
        check(stage, 354, None, Meaning::Later);
        check(stage, 199, None, Meaning::Later);
        check(stage, 600, None, Meaning::Later);
        check(stage, 550, Some((4, 4, 7)), Meaning::Later);
    }
}

#[test]
fn i10_what_never_came_is_later_and_after_the_dot_perhaps_taken() {
    for stage in FIRST.into_iter().chain(TRANSACTION).chain([Stage::Content]) {
        for failure in [Failure::Lost(stage, Lost::Closed), Failure::Garbled(stage)] {
            assert_eq!(failure.meaning(), Meaning::Later);
            assert_eq!(failure.may_have_been_taken(), stage == Stage::EndOfData);
            assert!(!failure.leaves_connection());
        }
    }
    assert_eq!(Failure::Tls("unknown issuer".into()).meaning(), Meaning::Later);
    assert_eq!(Failure::NoMechanism("no AUTH").meaning(), Meaning::Later);
}

#[test]
fn what_the_upstream_cannot_carry_is_never() {
    assert_eq!(Failure::Unfit(Unfit::Utf8).meaning(), Meaning::Never((5, 6, 7)));
    assert_eq!(Failure::Unfit(Unfit::EightBit).meaning(), Meaning::Never((5, 6, 3)));
    assert_eq!(Failure::Unfit(Unfit::NotCanonical).meaning(), Meaning::Later);
}

#[test]
fn a_421_ends_the_connection_and_a_refusal_does_not() {
    let answered = |stage, code| Failure::Answered(stage, response(code, None));
    assert!(answered(Stage::Rcpt, 550).leaves_connection());
    assert!(answered(Stage::EndOfData, 451).leaves_connection());
    assert!(!answered(Stage::Rcpt, 421).leaves_connection());
    assert!(!answered(Stage::Data, 250).leaves_connection());
    assert!(!answered(Stage::Auth, 535).leaves_connection());
}

#[test]
fn only_what_failed_before_anything_was_accepted_is_stale() {
    assert!(Failure::Lost(Stage::Mail, Lost::Closed).is_stale());
    assert!(Failure::Answered(Stage::Mail, response(421, None)).is_stale());
    assert!(!Failure::Answered(Stage::Mail, response(550, None)).is_stale());
    assert!(!Failure::Lost(Stage::Rcpt, Lost::Closed).is_stale());
    assert!(!Failure::Lost(Stage::EndOfData, Lost::Closed).is_stale());
}

#[test]
fn what_is_told_names_nobody_and_fits_a_line() {
    let anna: Address = "anna@shop.example".parse().unwrap();
    let response = Response {
        code: 550,
        enhanced: Some((5, 1, 1)),
        text: "<anna@shop.example>\r\nanna is unknown\u{7}\n".into(),
    };
    let told = Failure::Answered(Stage::Rcpt, response).told(&anna);
    assert_eq!(told, "550 5.1.1 <a***@shop.example> a*** is unknown\\u{7}");
    let odd = Failure::Answered(
        Stage::Greeting,
        Response { code: 554, enhanced: None, text: "anna@shop.example\u{1b}".into() },
    );
    assert_eq!(odd.shown(), "the upstream refuses us: 554 a***@shop.example\\u{1b} (to greeting)");
    let endless = Response { code: 550, enhanced: None, text: "x".repeat(4000) };
    assert!(endless.told(&anna).len() <= 500);
}
