//! What cells say, and that a state goes out and comes in as it was.

use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::consent::{ConsentState, Event, fold};
use crate::policy::file;

fn policy() -> &'static PolicySet {
    static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| file::parse(&file::shipped()).unwrap().0);
    &SHIPPED
}

fn cells<'a>(kind: &'a str, scopes: &'a str, at: &'a str) -> Cells<&'a str> {
    Cells { email: "anna@example.se", kind, scopes, obtained_at: at, ..Cells::default() }
}

fn told(cells: &Cells<&str>) -> Result<Row, String> {
    read(cells, policy(), policy().sender("demo-shop").expect("the shipped sender"))
}

#[track_caller]
fn refused(cells: &Cells<&str>, expected: &str) {
    let error = told(cells).expect_err("a mistake");
    assert!(error.contains(expected), "{error}");
}

const DAY: &str = "2026-05-01T10:00:00Z";

#[test]
fn every_kind_makes_its_fact() {
    for (word, _) in KINDS {
        let is_of_all = ["suppression", "bounce"].contains(&word) || word.contains("tracking");
        let choices = ["as_sent", "weekly", "monthly", "paused", "pause_ended", "place_chosen"];
        let is_of_all = is_of_all || choices.contains(&word) || word.starts_with("profiling");
        let scopes = if is_of_all { "" } else { " apparel.tshirts; furniture ;apparel.tshirts;" };
        let evidence =
            r#"{"notice": {"given": true, "text": "We may write."}, "paused_until": "2026-06-01T00:00:00Z"}"#;
        let row = told(&Cells { evidence, ..cells(word, scopes, DAY) }).expect(word);
        let facts = match word {
            "soft_opt_in" | "purchase" | "inquiry" | "negotiation" => 2,
            _ => 1,
        };
        assert_eq!(row.facts.len(), facts, "{word}");
        assert_eq!(row.occurred_at, DAY.parse().ok());
    }
    let all = told(&cells("withdrawal", "", "")).unwrap();
    assert_eq!(all.facts, [EventKind::Withdrawal { scopes: vec![], complaint: false }]);
    assert_eq!(all.occurred_at, None);
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_at_once() {
    let wrong = Cells {
        email: "Anna <anna@example.se>",
        kind: "purchse",
        scopes: "apparel.tshirt;x",
        obtained_at: "2026-05-01 10:00",
        jurisdiction: "Sweden",
        locale: "s",
        time_zone: "!",
        evidence: "[1]",
    };
    let error = told(&wrong).unwrap_err();
    for part in [
        "email is no mail address",
        "did you mean `purchase`?",
        "did you mean `apparel.tshirts`?",
        "scope `x` is not in the taxonomy of `demo-shop`",
        "no time zone: write 2026-05-01T10:00:00Z",
        "jurisdiction is neither a jurisdiction pack nor",
        "locale is not a language tag",
        "time_zone is not a time zone",
        "no JSON object",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn a_ground_needs_its_time_and_scopes_and_a_block_has_none() {
    refused(&cells("double_opt_in", "apparel", ""), "obtained_at is empty");
    refused(&cells("purchase", "", DAY), "scopes is empty");
    refused(&cells("unconfirmed", "", ""), "scopes is empty");
    refused(&cells("suppression", "apparel", DAY), "it has no scopes");
    refused(&cells("tracking_consent", "", ""), "obtained_at is empty");
    refused(&cells("tracking_withdrawal", "apparel", ""), "it has no scopes");
    assert!(told(&cells("tracking_withdrawal", "", "")).is_ok());
    refused(&cells("functional", "", DAY), "functional mail needs no ground");
    refused(&cells("unsubscribed", "", DAY), "`withdrawal`");
    refused(&cells("withdrawal", "", "1899-12-30T00:00:00Z"), "before 1990");
    refused(&cells("withdrawal", "", "01/05/2026"), "no time such as");
    assert!(told(&cells("unconfirmed", "apparel", "")).is_ok());
    refused(
        &Cells { time_zone: "Europe/Atlantis", ..cells("withdrawal", "", "") },
        "time zone that is not known",
    );
}

#[test]
fn a_soft_opt_in_shows_the_notice_that_was_given() {
    let with = |evidence| told(&Cells { evidence, ..cells("soft_opt_in", "apparel", DAY) });
    for proof in [r#"{"notice": "We may write."}"#, r#"{"notice": {"text": "We may write."}}"#] {
        let facts = with(proof).unwrap().facts;
        assert!(matches!(facts[0], EventKind::Acquainted { how: Acquaintance::Purchase, notice: true, .. }));
    }
    let by_hash = format!(r#"{{"notice": {{"given": true, "sha256": "{}"}}}}"#, "0f".repeat(32));
    assert!(with(&by_hash).is_ok());
    for none in ["", "{}", r#"{"notice": true}"#, r#"{"notice": {"given": false, "text": "We may write."}}"#]
    {
        assert!(with(none).unwrap_err().contains("rests on the notice"), "{none}");
    }
    // A purchase is one with or without it.
    for (evidence, given) in
        [("", false), (r#"{"notice": true}"#, true), (r#"{"notice": {"given": false}}"#, false)]
    {
        let facts = told(&Cells { evidence, ..cells("purchase", "apparel", DAY) }).unwrap().facts;
        assert!(matches!(facts[0], EventKind::Acquainted { notice, .. } if notice == given), "{evidence}");
    }
    refused(&Cells { evidence: r#"{"notice": 7}"#, ..cells("purchase", "apparel", DAY) }, "notice is");
}

#[test]
fn no_objection_is_an_address_without_proof() {
    let row = told(&Cells { jurisdiction: "us", ..cells("no_objection", "apparel", "") }).unwrap();
    assert!(matches!(row.facts[0], EventKind::Unconfirmed { .. }));
}

fn any_fact() -> impl Strategy<Value = EventKind> {
    let scopes = prop::sample::subsequence(vec!["apparel", "apparel.tshirts", "furniture.office"], 1..=2);
    let scopes =
        scopes.prop_map(|texts| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Scope>>());
    let how =
        prop::sample::select(vec![Acquaintance::Purchase, Acquaintance::Inquiry, Acquaintance::Negotiation]);
    let why = prop::sample::select(vec![Suppression::Bounce, Suppression::Operator]);
    prop_oneof![
        (any::<bool>(), scopes.clone()).prop_map(|(double, scopes)| EventKind::OptIn {
            ground: if double { OptIn::DoubleOptIn } else { OptIn::SingleOptIn },
            scopes
        }),
        (any::<bool>(), scopes.clone()).prop_map(|(told, scopes)| EventKind::SignupRequested {
            by: if told { SignedUpBy::Told } else { SignedUpBy::Mail },
            scopes
        }),
        scopes.clone().prop_map(|scopes| EventKind::ConfirmationSent { scopes }),
        Just(EventKind::ConfirmationSent { scopes: vec![] }),
        scopes.clone().prop_map(|scopes| EventKind::Unconfirmed { scopes }),
        (how, any::<bool>()).prop_map(|(how, notice)| EventKind::Acquainted {
            how,
            scope: "apparel.tshirts".parse().unwrap(),
            notice
        }),
        (scopes, any::<bool>()).prop_map(|(scopes, complaint)| EventKind::Withdrawal { scopes, complaint }),
        any::<bool>().prop_map(|complaint| EventKind::Withdrawal { scopes: vec![], complaint }),
        (0..9u128).prop_map(|id| EventKind::WithdrawalUndone {
            withdrawal: Uuid::from_u128(id),
            scopes: Vec::new()
        }),
        why.clone().prop_map(|why| EventKind::Suppressed { why }),
        why.prop_map(|why| EventKind::SuppressionLifted { why }),
        Just(EventKind::TrackingConsent { asked: TrackingAsked::Separately }),
        Just(EventKind::TrackingConsent { asked: TrackingAsked::WithOptIn }),
        Just(EventKind::TrackingWithdrawal),
        prop::sample::select(Frequency::ALL.to_vec())
            .prop_map(|at_most| EventKind::FrequencyChosen { at_most }),
        Just(EventKind::Paused { until: "2026-12-01T00:00:00Z".parse().unwrap() }),
        prop::sample::select(vec![
            EventKind::PauseEnded,
            EventKind::ProfilingObjection,
            EventKind::ProfilingAllowed,
            EventKind::PlaceChosen,
        ]),
    ]
}

/// Without the ids, which are new wherever a fact comes in.
fn nameless(mut state: ConsentState) -> ConsentState {
    state.opt_ins.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.acquaintances.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.pending.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.unconfirmed.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.confirmations.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.withdrawals.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.tracking.yeses.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.choices.frequency.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.choices.pause.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.choices.profiling.iter_mut().for_each(|own| own.event = Uuid::nil());
    state.tracking.no.iter_mut().for_each(|own| own.event = Uuid::nil());
    state
}

fn event(id: u128, at: Timestamp, kind: EventKind, jurisdiction: Option<&str>) -> Event {
    Event {
        id: Uuid::from_u128(id),
        kind,
        occurred_at: at,
        recorded_at: at,
        channel: "test".to_owned(),
        jurisdiction: jurisdiction.map(str::to_owned),
        locale: None,
        time_zone: Some("Europe/Stockholm".to_owned()),
        texts: Default::default(),
        told_at: None,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same_state(
        facts in prop::collection::vec((any_fact(), 0..9i64, prop::sample::select(vec![None, Some("se"), Some("de")])), 0..9),
    ) {
        let hour = |hours| Timestamp::from_second(1_760_000_000 + hours * 3600).unwrap();
        let facts = facts.into_iter().zip(0u128..);
        let events: Vec<Event> =
            facts.map(|((kind, hours, told), id)| event(id, hour(hours), kind, told)).collect();
        let state = fold(&events);
        let history: Vec<_> = events.into_iter().map(|event| (event, None)).collect();
        let rows = written(&"anna@example.se".parse().unwrap(), &state, &history);
        let mut again = Vec::new();
        for (row, id) in rows.iter().zip(0u128..) {
            let [email, kind, scopes, obtained_at, jurisdiction, locale, time_zone, evidence] =
                row.in_order().map(String::as_str);
            let cells = Cells { email, kind, scopes, obtained_at, jurisdiction, locale, time_zone, evidence };
            let row = told(&cells).map_err(TestCaseError::fail)?;
            for (fact, part) in row.facts.into_iter().zip(0u128..) {
                let read = event(100 * id + part, row.occurred_at.unwrap(), fact, row.jurisdiction.as_deref());
                again.push(Event { time_zone: row.time_zone.clone(), ..read });
            }
        }
        if rows.is_empty() {
            // Of whom nothing stands, nothing is written.
            let nothing = ConsentState { jurisdiction: None, time_zone: None, ..state };
            prop_assert_eq!(nothing, ConsentState::default());
        } else {
            prop_assert_eq!(nameless(fold(&again)), nameless(state));
        }
    }
}

#[test]
fn evidence_of_any_size_that_is_taken_is_taken_again_however_often_it_moves() {
    let mut evidence = json!({ "form_text": "" });
    let room = CELL_LIMIT - evidence.to_string().len();
    evidence["form_text"] = "x".repeat(room).into();
    let mut cell = evidence.to_string();
    for _ in 0..20 {
        let row = told(&Cells { evidence: &cell, ..cells("double_opt_in", "apparel", DAY) }).unwrap();
        let event = Event {
            id: Uuid::from_u128(1),
            kind: row.facts[0].clone(),
            occurred_at: row.occurred_at.unwrap(),
            recorded_at: row.occurred_at.unwrap(),
            channel: "import".into(),
            jurisdiction: None,
            locale: None,
            time_zone: None,
            texts: Default::default(),
            told_at: None,
        };
        let state = fold(std::slice::from_ref(&event));
        // As `consent import` keeps it.
        let kept = json!({ "source": "the other system", "evidence": row.evidence });
        let rows = written(&"anna@example.se".parse().unwrap(), &state, &[(event, Some(kept))]);
        cell.clone_from(&rows[0].evidence);
    }
    let longer = format!("{{\"form_text\": \"{}\"}}", "x".repeat(CELL_LIMIT));
    refused(&Cells { evidence: &longer, ..cells("double_opt_in", "apparel", DAY) }, "longer than");
}
