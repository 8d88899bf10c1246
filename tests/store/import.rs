//! Slices of an import: the same judgement and the same history as of single facts.

use std::collections::HashMap;

use optgate::consent::event::{Acquaintance, OptIn, SignedUpBy, Suppression};
use optgate::consent::{ConsentState, EventKind, fold};
use optgate::journal::Journal;
use optgate::store::{Imported, Judged, NewFact, RecordError, Store, StoreOptions, TableFact, Who};
use serde_json::json;

use crate::support::*;

rules! {
    a_slice_leaves_what_its_facts_leave_one_by_one,
    a_long_history_is_judged_as_a_short_one,
    what_was_imported_is_unchanged_however_often_it_is_imported,
    replaced_corrected_and_repeated_facts_are_unchanged_too,
    a_list_without_times_beats_no_younger_yes_when_it_comes_again,
    i5_a_slice_meets_the_tombstone,
    i14_imported_noes_are_in_the_journal,
    imported_noes_make_queued_mail_due,
    evidence_is_sealed_under_each_persons_own_key,
    a_proof_that_comes_later_is_kept_and_no_other_telling_is,
    two_imports_at_once_come_through,
    a_person_known_by_hash_alone_is_named_by_an_import,
    a_damaged_history_keeps_no_other_row_out,
    a_rehearsal_tells_what_an_import_would_and_leaves_no_trace,
}

fn table(address_text: &str, kind: EventKind, at: Option<jiff::Timestamp>) -> TableFact {
    TableFact {
        address: address(address_text),
        kind,
        occurred_at: at,
        jurisdiction: Some("se".into()),
        locale: None,
        time_zone: None,
        evidence: json!({"source": "old list", "evidence": {"form_text": "Write to me"}}),
    }
}

async fn import(store: &Store, facts: Vec<TableFact>) -> Vec<Judged> {
    let slice = store.slice(SENDER, facts);
    store.importer().write(&slice).await.unwrap()
}

fn told(judged: &[Judged]) -> Vec<String> {
    let word = |one: &Judged| match &one.result {
        Ok(Imported::Recorded) => "recorded".to_owned(),
        Ok(Imported::Unchanged) => "unchanged".to_owned(),
        Err(error) => error.to_string(),
    };
    judged.iter().map(word).collect()
}

async fn state_of(store: &Store, sender: &str, who: &str) -> Option<ConsentState> {
    let known = store.consent_of(sender, &[address(who)]).await.unwrap().remove(0);
    known.map(|known| known.state)
}

/// Small numbers, always the same ones.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn any_kind(dice: &mut Dice) -> EventKind {
    let scope = |dice: &mut Dice| ["apparel", "apparel.tshirts", "furniture"][dice.below(3) as usize];
    let scopes = |dice: &mut Dice| vec![scope(dice).parse().unwrap()];
    match dice.below(8) {
        0 => EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: scopes(dice) },
        1 => EventKind::OptIn { ground: OptIn::SingleOptIn, scopes: scopes(dice) },
        2 => EventKind::Withdrawal { scopes: Vec::new(), complaint: dice.below(2) == 0 },
        3 => EventKind::Withdrawal { scopes: scopes(dice), complaint: false },
        4 => EventKind::Unconfirmed { scopes: scopes(dice) },
        5 => EventKind::SignupRequested {
            scopes: scopes(dice),
            by: if dice.below(2) == 0 { SignedUpBy::Told } else { SignedUpBy::Mail },
        },
        6 => EventKind::Suppressed { why: Suppression::Bounce },
        _ => EventKind::Acquainted {
            how: Acquaintance::Purchase,
            scope: scope(dice).parse().unwrap(),
            notice: dice.below(2) == 0,
        },
    }
}

/// What a history says, without ids.
async fn histories(home: &Home, sender: &str, who: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = home.store.people(sender, after, 3).await.unwrap();
        for person in page.people.iter().filter(|person| person.hash == home.keys.lookup_hash(&address(who)))
        {
            let events: Vec<_> = person.history.iter().map(|(event, _)| event.clone()).collect();
            // The projection is the history's.
            assert_eq!(person.subscriber.state, fold(&events));
            assert_eq!(person.subscriber.version, events.len() as i64);
            let said = person.history.iter().map(|(event, evidence)| {
                format!("{:?} {} {:?} {evidence:?}", event.kind, event.occurred_at, event.texts)
            });
            all.push(said.collect::<Vec<_>>().join("\n"));
        }
        after = page.next;
        if after.is_none() {
            all.sort();
            return all;
        }
    }
}

async fn a_slice_leaves_what_its_facts_leave_one_by_one(home: &Home) {
    let single = "other-shop";
    let people = ["a@example.se", "b@example.se", "c@example.se"];
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let mut facts = Vec::new();
        for _ in 0..24 {
            let who = people[dice.below(3) as usize];
            let at = home.in_seconds(-86_400 * 30 + 60 * dice.below(12) as i64);
            let at = match dice.below(20) {
                0 => home.in_seconds(3600),
                1 => home.in_seconds(-86_400 * 365 * 60),
                2 => home.in_seconds(240),
                _ => at,
            };
            let mut fact = table(who, any_kind(&mut dice), Some(at));
            if dice.below(3) == 0 {
                fact.jurisdiction = Some("de".into());
            }
            if dice.below(3) == 0 {
                fact.evidence = json!({"source": "a newer list"});
            }
            facts.push(fact);
        }
        let slices = facts.chunks(8).enumerate();
        for (round, part) in slices {
            let mut expected = Vec::new();
            for fact in part.iter().cloned() {
                let new = NewFact {
                    id: None,
                    sender: single.into(),
                    who: Who::Address(fact.address),
                    kind: fact.kind,
                    occurred_at: fact.occurred_at,
                    channel: "import".into(),
                    jurisdiction: fact.jurisdiction,
                    locale: None,
                    time_zone: None,
                    evidence: fact.evidence,
                    confirms: None,
                };
                let before = home.count("SELECT count(*) FROM consent_events").await;
                let result = home.store.record(vec![new]).await.remove(0);
                let added = home.count("SELECT count(*) FROM consent_events").await > before;
                expected.push(match result {
                    Ok(_) if added => "recorded".to_owned(),
                    Ok(_) => "unchanged".to_owned(),
                    Err(error) => error.to_string(),
                });
            }
            assert_eq!(told(&import(&home.store, part.to_vec()).await), expected, "seed {seed}");
            // Somebody is erased between two slices, at both senders.
            if (seed + round as u64).is_multiple_of(3) {
                for sender in [single, SENDER] {
                    let known =
                        home.store.consent_of(sender, &[address("a@example.se")]).await.unwrap().remove(0);
                    if let Some(known) = known {
                        home.store.erase(sender, known.id, "test").await.unwrap();
                    }
                }
            }
            home.advance(std::time::Duration::from_secs(1)).await;
        }
        for who in people {
            let (one, many) = (histories(home, single, who).await, histories(home, SENDER, who).await);
            assert_eq!(one, many, "seed {seed}, {who}");
        }
        for table in ["consent_events", "subscribers"] {
            home.sql(&format!("DELETE FROM {table}")).await;
        }
    }
}

/// Slice after slice by one importer, while others add to the same histories.
async fn a_long_history_is_judged_as_a_short_one(home: &Home) {
    let single = "other-shop";
    let people = ["a@example.se", "b@example.se"];
    let mut dice = Dice(7);
    let mut importer = home.store.importer();
    for round in 0..10 {
        let mut facts = Vec::new();
        for _ in 0..60 {
            // Most are new, some are told again, and one person says less.
            let who = people[usize::from(dice.below(5) == 0)];
            let at = home.in_seconds(-86_400 * 30 + 60 * dice.below(2000) as i64);
            facts.push(table(who, any_kind(&mut dice), Some(at)));
        }
        let again = facts[dice.below(60) as usize].clone();
        facts.push(again);
        let one_by_one = facts.iter().map(|fact| NewFact {
            id: None,
            sender: single.into(),
            who: Who::Address(fact.address.clone()),
            kind: fact.kind.clone(),
            occurred_at: fact.occurred_at,
            channel: "import".into(),
            jurisdiction: fact.jurisdiction.clone(),
            locale: None,
            time_zone: None,
            evidence: fact.evidence.clone(),
            confirms: None,
        });
        let recorded = home.store.record(one_by_one.collect()).await;
        let expected: Vec<_> =
            recorded.iter().map(|one| one.as_ref().err().map(ToString::to_string)).collect();
        let judged = importer.write(&home.store.slice(SENDER, facts)).await.unwrap();
        let refused: Vec<_> =
            judged.iter().map(|one| one.result.as_ref().err().map(ToString::to_string)).collect();
        assert_eq!(refused, expected, "round {round}");
        for sender in [single, SENDER] {
            let new = NewFact { sender: sender.into(), ..home.fact("a@example.se", withdrawal()) };
            home.store.record(vec![new]).await.remove(0).unwrap();
            if round == 6 {
                let known =
                    home.store.consent_of(sender, &[address("a@example.se")]).await.unwrap().remove(0);
                home.store.erase(sender, known.unwrap().id, "test").await.unwrap();
            }
        }
        home.advance(std::time::Duration::from_secs(1)).await;
    }
    for who in people {
        let (one, many) = (histories(home, single, who).await, histories(home, SENDER, who).await);
        assert_eq!(one, many, "{who}");
    }
    assert!(home.count("SELECT max(version) FROM subscribers").await > 200);
}

async fn what_was_imported_is_unchanged_however_often_it_is_imported(home: &Home) {
    let at = Some(home.in_seconds(-1000));
    let facts = || {
        vec![
            table("anna@example.se", opt_in(), at),
            table("ANNA@example.se", opt_in(), at),
            table("bo@example.se", withdrawal(), None),
            table("bo@example.se", EventKind::Suppressed { why: Suppression::Operator }, None),
            table(
                "cia@example.se",
                EventKind::Unconfirmed { scopes: vec!["apparel".parse().unwrap()] },
                None,
            ),
        ]
    };
    let first = told(&import(&home.store, facts()).await);
    assert_eq!(first, ["recorded", "unchanged", "recorded", "recorded", "recorded"]);
    for _ in 0..2 {
        home.advance(std::time::Duration::from_secs(86_400)).await;
        assert_eq!(told(&import(&home.store, facts()).await), ["unchanged"; 5]);
    }
    assert_eq!(home.count("SELECT count(*) FROM consent_events").await, 4);
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 3);
}

async fn replaced_corrected_and_repeated_facts_are_unchanged_too(home: &Home) {
    let ago = |seconds: i64| Some(home.in_seconds(-seconds));
    let bought = || EventKind::Acquainted {
        how: Acquaintance::Purchase,
        scope: "apparel".parse().unwrap(),
        notice: true,
    };
    let block = || EventKind::Suppressed { why: Suppression::Operator };
    let narrow = || EventKind::Withdrawal { scopes: vec!["apparel".parse().unwrap()], complaint: false };
    let facts = || {
        vec![
            table("anna@example.se", bought(), ago(9000)),
            table("anna@example.se", bought(), ago(8000)),
            table("anna@example.se", opt_in(), ago(7000)),
            table("anna@example.se", opt_in(), ago(6000)),
            table("anna@example.se", withdrawal(), ago(5000)),
            table("anna@example.se", withdrawal(), ago(4000)),
            table("bo@example.se", block(), ago(4000)),
            // The second says no more than the first, and must not become news later.
            table("cia@example.se", withdrawal(), None),
            table("cia@example.se", narrow(), None),
        ]
    };
    let facts = facts();
    assert_eq!(told(&import(&home.store, facts.clone()).await), ["recorded"; 9]);
    assert_eq!(told(&import(&home.store, facts.clone()).await), ["unchanged"; 9]);
    let lifted = EventKind::SuppressionLifted { why: Suppression::Operator };
    home.store.record(vec![home.fact("bo@example.se", lifted)]).await.remove(0).unwrap();
    home.advance(std::time::Duration::from_secs(7200)).await;
    home.store.record(vec![home.fact("cia@example.se", opt_in())]).await.remove(0).unwrap();
    home.advance(std::time::Duration::from_secs(7200)).await;
    assert_eq!(told(&import(&home.store, facts).await), ["unchanged"; 9]);
    assert!(state_of(&home.store, SENDER, "bo@example.se").await.unwrap().suppressed.is_empty());
}

async fn a_proof_that_comes_later_is_kept_and_no_other_telling_is(home: &Home) {
    let at = Some(home.in_seconds(-1000));
    let told = |kind: EventKind, evidence: serde_json::Value| TableFact {
        evidence,
        ..table("anna@example.se", kind, at)
    };
    let bare = json!({"source": "the list of March"});
    let shown = json!({"source": "the list of April", "evidence": {"form_text": "Write to me"}});
    let moved = json!({"source": "x", "evidence": {"moved": {"evidence": {"form_text": "Write to me"}}}});
    for kind in [opt_in(), withdrawal()] {
        let all = vec![told(kind.clone(), bare.clone()), told(kind.clone(), shown.clone())];
        assert_eq!(told_of(home, all.clone()).await, ["recorded", "recorded"]);
        assert_eq!(told_of(home, all).await, ["unchanged"; 2]);
        assert_eq!(told_of(home, vec![told(kind, moved.clone())]).await, ["unchanged"]);
    }
    home.advance(std::time::Duration::from_secs(1)).await;
    let mended = TableFact { jurisdiction: Some("de".into()), ..told(withdrawal(), shown) };
    assert_eq!(told_of(home, vec![mended.clone()]).await, ["recorded"]);
    assert_eq!(told_of(home, vec![mended]).await, ["unchanged"]);
    let state = state_of(&home.store, SENDER, "anna@example.se").await.unwrap();
    assert_eq!(state.jurisdiction.as_deref(), Some("de"));
}

async fn told_of(home: &Home, facts: Vec<TableFact>) -> Vec<String> {
    told(&import(&home.store, facts).await)
}

async fn a_list_without_times_beats_no_younger_yes_when_it_comes_again(home: &Home) {
    let no = || vec![table("anna@example.se", withdrawal(), None)];
    assert_eq!(told(&import(&home.store, no()).await), ["recorded"]);
    home.advance(std::time::Duration::from_secs(3600)).await;
    home.store.record(vec![home.fact("anna@example.se", opt_in())]).await.remove(0).unwrap();
    home.advance(std::time::Duration::from_secs(3600)).await;
    assert_eq!(told(&import(&home.store, no()).await), ["unchanged"]);
    // Told by another source, it is another no.
    let other = TableFact { evidence: json!({"source": "a newer list"}), ..no().remove(0) };
    assert_eq!(told(&import(&home.store, vec![other]).await), ["recorded"]);
}

async fn i5_a_slice_meets_the_tombstone(home: &Home) {
    let known = home.store.record(vec![home.fact("anna@example.se", opt_in())]).await.remove(0).unwrap();
    home.advance(std::time::Duration::from_secs(60)).await;
    home.store.erase(SENDER, known.subscriber.id, "test").await.unwrap();
    home.advance(std::time::Duration::from_secs(3600)).await;
    let bought = EventKind::Acquainted {
        how: Acquaintance::Purchase,
        scope: "apparel".parse().unwrap(),
        notice: true,
    };
    let ago = |seconds: i64| Some(home.in_seconds(-seconds));
    let judged = import(
        &home.store,
        vec![
            table("anna@example.se", opt_in(), ago(4000)),
            table("anna@example.se", bought.clone(), ago(10)),
            table(
                "anna@example.se",
                EventKind::Unconfirmed { scopes: vec!["apparel".parse().unwrap()] },
                None,
            ),
            // A no is kept, and moves the barrier for what follows in the same slice.
            table("anna@example.se", withdrawal(), ago(100)),
            table("anna@example.se", opt_in(), ago(200)),
            // Only the person's own younger yes begins anew; then the rest of a life counts.
            table("anna@example.se", opt_in(), ago(50)),
            table("anna@example.se", bought.clone(), ago(40)),
            table("anna@example.se", bought, ago(4000)),
        ],
    )
    .await;
    let erased = "the person was erased, and only a younger opt-in or sign-up of their own begins anew";
    let expected = [erased, erased, erased, "recorded", erased, "recorded", "recorded", erased];
    assert_eq!(told(&judged), expected);
    assert!(matches!(judged[0].result, Err(RecordError::NotAdmitted(_))));
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 2);
    let state = state_of(&home.store, SENDER, "anna@example.se").await.unwrap();
    assert_eq!((state.opt_ins.len(), state.acquaintances.len(), state.erased), (1, 1, None));
    let tombstone = home.store.subscriber(SENDER, known.subscriber.id).await.unwrap().unwrap();
    assert_eq!(tombstone.subscriber.state.withdrawals.len(), 1);
    assert_eq!(tombstone.subscriber.version, 3);
    // Nothing of the import's evidence lies at the tombstone.
    assert!(
        home.store.history(SENDER, known.subscriber.id).await.unwrap().iter().all(|(_, own)| own.is_none())
    );
}

async fn i14_imported_noes_are_in_the_journal(home: &Home) {
    let folder = tempfile::tempdir().unwrap();
    let journal = std::sync::Arc::new(Journal::open(folder.path()).unwrap());
    let options = StoreOptions { url: home.url.clone(), node: home.node, lease: LEASE };
    let keeping = Store::open_keeping(&options, home.keys.clone(), home.clock.clone(), journal.clone());
    let keeping = keeping.await.unwrap();
    let facts = vec![
        table("anna@example.se", opt_in(), Some(home.in_seconds(-10))),
        table("anna@example.se", withdrawal(), None),
        table("bo@example.se", EventKind::Suppressed { why: Suppression::Bounce }, None),
    ];
    import(&keeping, facts).await;
    let kept: Vec<_> = journal.after(0).unwrap().map(|no| no.unwrap().no).collect();
    assert_eq!(kept.len(), 2);
    let anna = home.keys.lookup_hash(&address("anna@example.se"));
    assert!(kept.iter().any(|no| no.person == anna && no.sender == SENDER));
    let position = home.count("SELECT max(position) FROM journals").await;
    assert_eq!(position, 2);
    keeping.close().await;
}

async fn imported_noes_make_queued_mail_due(home: &Home) {
    import(&home.store, vec![table("anna@example.se", opt_in(), Some(home.in_seconds(-10)))]).await;
    home.spool_to(&["anna@example.se"]).await;
    let lane = home.lane_id().await;
    let claim = home.store.claim(&ask(lane, 1)).await.unwrap().claims.remove(0);
    let later = optgate::spool::Settlement::Later(home.in_seconds(3600));
    home.store.settle(settle(claim.fence, later)).await.unwrap();
    assert!(home.store.claim(&ask(lane, 1)).await.unwrap().claims.is_empty());
    import(&home.store, vec![table("anna@example.se", withdrawal(), None)]).await;
    let claim = home.store.claim(&ask(lane, 1)).await.unwrap().claims.remove(0);
    assert_eq!(claim.consent.unwrap().person.unwrap().state.withdrawals.len(), 1);
}

async fn evidence_is_sealed_under_each_persons_own_key(home: &Home) {
    let before = table("bo@example.se", opt_in(), Some(home.in_seconds(-10)));
    import(&home.store, vec![before]).await;
    let at = Some(home.in_seconds(-5));
    let secret = |who| TableFact { evidence: json!({"ip": "203.0.113.99"}), ..table(who, opt_in(), at) };
    import(&home.store, vec![secret("anna@example.se"), secret("bo@example.se")]).await;
    for who in ["anna@example.se", "bo@example.se"] {
        let known = home.store.consent_of(SENDER, &[address(who)]).await.unwrap().remove(0).unwrap();
        let history = home.store.history(SENDER, known.id).await.unwrap();
        assert_eq!(history.last().unwrap().1.as_ref().unwrap()["ip"], "203.0.113.99");
        let record = home.store.subscriber(SENDER, known.id).await.unwrap().unwrap();
        assert_eq!(record.address, Some(address(who)));
    }
    let all = home.everything().await;
    for personal in ["203.0.113.99", "anna@example.se", "Write to me"] {
        assert!(!all.windows(personal.len()).any(|part| part == personal.as_bytes()), "{personal}");
    }
}

async fn two_imports_at_once_come_through(home: &Home) {
    let other = home.another_node().await;
    let facts = |step: i64, people: i64| -> Vec<TableFact> {
        let fact = |number: i64| {
            let at = home.in_seconds(-10_000 + step + number);
            table(&format!("person{number}@example.se"), opt_in(), Some(at))
        };
        (0..people).map(fact).collect()
    };
    for round in 0..4 {
        let (one, mut two) = (facts(100 * round, 60), facts(100 * round + 50, 60));
        two.reverse();
        let one_at_a_time = home.store.record(vec![home.fact("person7@example.se", withdrawal())]);
        let (one, two, no) = tokio::join!(import(&home.store, one), import(&other, two), one_at_a_time);
        assert!(one.iter().chain(&two).all(Judged::is_recorded), "{:?} {:?}", told(&one), told(&two));
        assert!(no[0].is_ok());
    }
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 60);
    let expected = home.count("SELECT count(*) FROM consent_events WHERE kind = 'opt_in'").await;
    assert_eq!(expected, 480);
    other.close().await;
}

async fn a_person_known_by_hash_alone_is_named_by_an_import(home: &Home) {
    import(&home.store, vec![table("anna@example.se", withdrawal(), None)]).await;
    // As after a restore, where only the journal of noes knew the person.
    home.sql("UPDATE subscribers SET key = NULL, address = NULL").await;
    home.sql("UPDATE consent_events SET evidence = NULL").await;
    home.advance(std::time::Duration::from_secs(86_400)).await;
    let judged = import(&home.store, vec![table("anna@example.se", opt_in(), Some(home.clock.now()))]).await;
    assert_eq!(told(&judged), ["recorded"]);
    let known =
        home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap().remove(0).unwrap();
    let record = home.store.subscriber(SENDER, known.id).await.unwrap().unwrap();
    assert_eq!(record.address, Some(address("anna@example.se")));
    let history = home.store.history(SENDER, known.id).await.unwrap();
    assert_eq!(history[1].1.as_ref().unwrap()["source"], "old list");
}

async fn a_damaged_history_keeps_no_other_row_out(home: &Home) {
    import(&home.store, vec![table("anna@example.se", opt_in(), Some(home.in_seconds(-10)))]).await;
    home.sql("UPDATE consent_events SET body = 'garbage'").await;
    let facts =
        ["bo@example.se", "anna@example.se", "cia@example.se"].map(|who| table(who, withdrawal(), None));
    let judged = import(&home.store, facts.to_vec()).await;
    assert!(matches!(judged[1].result, Err(RecordError::Store(_))), "{:?}", judged[1]);
    assert!(judged[0].is_recorded() && judged[2].is_recorded());
}

async fn a_rehearsal_tells_what_an_import_would_and_leaves_no_trace(home: &Home) {
    let known = home.store.record(vec![home.fact("erased@example.se", opt_in())]).await.remove(0).unwrap();
    home.store.erase(SENDER, known.subscriber.id, "test").await.unwrap();
    let at = Some(home.in_seconds(-1000));
    import(
        &home.store,
        vec![table("anna@example.se", opt_in(), at), table("bo@example.se", withdrawal(), None)],
    )
    .await;
    let slices = || {
        vec![
            vec![
                table("anna@example.se", opt_in(), at),
                table("new@example.se", opt_in(), at),
                table("erased@example.se", opt_in(), at),
            ],
            vec![
                table("new@example.se", opt_in(), at),
                table("bo@example.se", withdrawal(), None),
                table("anna@example.se", withdrawal(), None),
            ],
            vec![
                table("anna@example.se", withdrawal(), None),
                table("erased@example.se", withdrawal(), None),
            ],
        ]
    };
    let count = async || {
        let mut counts = HashMap::new();
        let followed = if home.is_postgres() { "unsequenced" } else { "feed" };
        for table in ["subscribers", "consent_events", followed] {
            counts.insert(table, home.count(&format!("SELECT count(*) FROM {table}")).await);
        }
        counts
    };
    let before = count().await;
    let folder = tempfile::tempdir().unwrap();
    let rehearsal = home.store.rehearsal(folder.path()).await.unwrap();
    let mut importer = rehearsal.importer();
    let mut rehearsed = Vec::new();
    for facts in slices() {
        let slice = home.store.slice(SENDER, facts);
        home.store.lend(&slice, &rehearsal).await.unwrap();
        rehearsed.extend(told(&importer.write(&slice).await.unwrap()));
    }
    rehearsal.close().await;
    assert_eq!(count().await, before);
    let mut real = Vec::new();
    for facts in slices() {
        real.extend(told(&import(&home.store, facts).await));
    }
    assert_eq!(rehearsed, real);
    assert_eq!(real.iter().filter(|word| *word == "recorded").count(), 3);
}
