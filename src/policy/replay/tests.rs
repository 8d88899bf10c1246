//! What a replay says of a change of policy.

use std::sync::LazyLock;

use super::*;
use crate::consent::event::OptIn;
use crate::consent::fold::Yes;
use crate::policy::decide::Records;
use crate::policy::file;

fn set(change: impl Fn(&str, String) -> String) -> PolicySet {
    let changed = file::shipped().into_iter().map(|(name, text)| {
        let text = change(&name, text);
        (name, text)
    });
    file::parse(&changed.collect::<Vec<_>>()).unwrap().0
}

static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| set(|_, text| text));
/// Nobody's confirmed yes counts in Sweden any more.
static NARROWER: LazyLock<PolicySet> = LazyLock::new(|| {
    set(|name, text| match name {
        "jurisdictions/eu.toml" => text.replace("\"double_opt_in\", ", ""),
        _ => text,
    })
});
static SHADOW: LazyLock<PolicySet> =
    LazyLock::new(|| set(|_, text| text.replace("mode = \"enforce\"", "mode = \"shadow\"")));

static NOTHING: LazyLock<Circumstances> = LazyLock::new(Circumstances::default);
static BEHIND: LazyLock<Circumstances> =
    LazyLock::new(|| Circumstances { records: Records::Behind, ..Circumstances::default() });

fn facts() -> Facts {
    Facts {
        sender: "demo-shop".to_owned(),
        credential: "demo-shop/tool".to_owned(),
        stream: Stream::Marketing,
        scope: Some("apparel".parse().unwrap()),
        campaign: None,
        from_domain: "shop.example".to_owned(),
        confirm_link: Default::default(),
        language: None,
        rule: SHIPPED.sender("demo-shop").unwrap().rule.clone(),
        findings: Default::default(),
    }
}

fn against(set: &PolicySet) -> New {
    New::of(Arc::new(set.clone()), Timestamp::UNIX_EPOCH)
}

fn said_yes() -> ConsentState {
    let at: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
    let yes =
        Yes { ground: OptIn::DoubleOptIn, scope: "apparel".parse().unwrap(), at, event: Uuid::from_u128(7) };
    ConsentState { opt_ins: vec![yes], jurisdiction: Some("se".to_owned()), ..ConsentState::default() }
}

/// A decision as the shipped set made it.
fn recorded<'a>(facts: &'a Facts, consent: &'a ConsentState) -> Recorded<'a> {
    let at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    let verdict = decide(&SHIPPED, facts, consent, &Circumstances::default(), at);
    Recorded {
        sender: "demo-shop",
        at,
        verdict: verdict.verdict,
        reason: verdict.reason,
        ground: verdict.ground,
        ground_event: verdict.ground_event,
        facts: Some(facts),
        consent: Some(consent),
        circumstances: &NOTHING,
        old: Some(&SHIPPED),
    }
}

#[test]
fn the_same_files_change_nothing() {
    let (facts, yes, nothing) = (facts(), said_yes(), ConsentState::default());
    for consent in [&yes, &nothing] {
        assert_eq!(compare(&recorded(&facts, consent), &against(&SHIPPED)), Compared::default());
    }
}

#[test]
fn who_loses_mail_is_counted_by_message_and_by_person() {
    let (facts, yes) = (facts(), said_yes());
    let mut tally = Tally::new(Arc::new(against(&NARROWER)));
    for number in 0..5 {
        let compared = compare(&recorded(&facts, &yes), &against(&NARROWER));
        tally.add(Uuid::from_u128(number), number as u64 % 2, compared);
    }
    assert_eq!((tally.decisions, tally.unchanged(), tally.widened), (5, 0, 0));
    assert_eq!((tally.messages(Change::Lose), tally.people[&Change::Lose]), (5, 2));
    assert_eq!(tally.messages(Change::Gain), 0);
    let (kind, count) = tally.of(Change::Lose).next().unwrap();
    assert_eq!((kind.jurisdiction.as_deref(), kind.from.ground), (Some("se"), Some(GroundKind::DoubleOptIn)));
    assert_eq!((kind.to.verdict, kind.to.reason), (Effect::Refuse, Some(Reason::Unconfirmed)));
    assert_eq!((count.messages, count.people, count.examples.len()), (5, 2, tally::EXAMPLES));
}

#[test]
fn what_shadow_mode_lets_pass_is_a_gain() {
    let (facts, nothing) = (facts(), ConsentState::default());
    let kind = compare(&recorded(&facts, &nothing), &against(&SHADOW)).kind.unwrap();
    assert_eq!((kind.change(), kind.to.passes_in_shadow), (Change::Gain, true));
    // What no mode lets pass is none.
    let no = crate::consent::fold::No {
        scope: None,
        except: Vec::new(),
        at: "2026-06-01T10:00:00Z".parse().unwrap(),
        event: Uuid::nil(),
        complaint: false,
    };
    let withdrawn = ConsentState { withdrawals: vec![no], ..said_yes() };
    assert_eq!(compare(&recorded(&facts, &withdrawn), &against(&SHADOW)).kind, None);
}

#[test]
fn what_can_not_be_made_again_is_told_apart() {
    let (facts, yes) = (facts(), said_yes());
    let as_recorded = recorded(&facts, &yes);
    let missing = Recorded { old: None, ..as_recorded.clone() };
    let compared = compare(&missing, &against(&NARROWER));
    assert_eq!(
        (compared.why, compared.kind.map(|kind| kind.change())),
        (Some(Why::SetMissing), Some(Change::Lose))
    );
    let unclassified = Recorded { facts: None, ..as_recorded.clone() };
    assert_eq!(
        compare(&unclassified, &against(&NARROWER)),
        Compared { why: Some(Why::NotClassified), ..Compared::default() }
    );
    let unreadable = Recorded { consent: None, ..as_recorded.clone() };
    assert_eq!(compare(&unreadable, &against(&NARROWER)).why, Some(Why::PersonUnreadable));
    let held = Recorded {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::CampaignPaused),
        ground: None,
        ground_event: None,
        ..as_recorded.clone()
    };
    assert_eq!(
        compare(&held, &against(&SHIPPED)),
        Compared { why: Some(Why::Circumstances), ..Compared::default() }
    );
    let otherwise = Recorded { ground_event: None, ..as_recorded.clone() };
    assert_eq!(compare(&otherwise, &against(&SHIPPED)).why, Some(Why::Differs));
    let restoring = Recorded {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::Restoring),
        ground: None,
        ground_event: None,
        circumstances: &BEHIND,
        ..as_recorded
    };
    assert_eq!(compare(&restoring, &against(&SHIPPED)), Compared::default());
}

fn with_end(end: &str) -> PolicySet {
    set(|name, text| if name == "senders/demo-shop.toml" { format!("{text}\n{end}\n") } else { text })
}

/// Mail to one person at these times, decided by `old`, under `new`.
fn follow(old: &PolicySet, new: &PolicySet, times: &[&str]) -> Tally {
    let new = Arc::new(against(new));
    let mut tally = Tally::new(new.clone());
    let (facts, yes) = (facts(), said_yes());
    for (number, time) in (0..).zip(times) {
        let at = time.parse().unwrap();
        let one = Recorded { at, old: Some(old), ..recorded(&facts, &yes) };
        tally.add(Uuid::from_u128(number), 1, compare(&one, &new));
    }
    tally
}

#[test]
fn what_a_new_cap_makes_wait_is_told_apart_from_what_is_lost() {
    let capped = with_end("[caps]\nmarketing = [\"1/day\"]");
    let three = ["2026-11-16T10:00:00Z", "2026-11-16T11:00:00Z", "2026-11-16T12:00:00Z"];
    let tally = follow(&SHIPPED, &capped, &three);
    assert_eq!((tally.messages(Change::Wait), tally.people[&Change::Wait], tally.unchanged()), (2, 1, 1));
    // The second goes on the next day, and the third would on the day after: its deadline is before that.
    assert_eq!((tally.never_left, tally.widened, tally.messages(Change::Lose)), (1, 0, 0));
    // What waited takes the next day's place.
    let next = [&three[..2], &["2026-11-17T10:00:00Z"]].concat();
    assert_eq!(follow(&SHIPPED, &capped, &next).messages(Change::Wait), 2);
    let later = [&three[..1], &["2026-11-17T10:00:00Z", "2026-11-18T10:00:00Z"]].concat();
    assert_eq!(follow(&SHIPPED, &capped, &later).messages(Change::Wait), 0);
    let kind = follow(&SHIPPED, &capped, &three);
    let (kind, _) = kind.of(Change::Wait).next().unwrap();
    assert_eq!((kind.to.verdict, kind.to.reason), (Effect::Hold, Some(Reason::FrequencyCap)));
}

#[test]
fn new_quiet_hours_make_wait_what_was_sent_at_night() {
    let quiet = with_end("[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }");
    let tally = follow(&SHIPPED, &quiet, &["2026-11-16T10:00:00Z", "2026-11-16T23:00:00Z"]);
    assert_eq!((tally.messages(Change::Wait), tally.never_left, tally.unchanged()), (1, 0, 1));
}

#[test]
fn a_cap_of_another_scope_counts_nothing() {
    let capped = with_end("[caps.\"furniture\"]\nmarketing = [\"1/month\"]");
    let tally = follow(&SHIPPED, &capped, &["2026-11-16T10:00:00Z", "2026-11-16T11:00:00Z"]);
    assert_eq!((tally.unchanged(), tally.not_made_again.len()), (2, 0));
}

#[test]
fn a_cap_that_is_gone_widens() {
    let capped = with_end("[caps]\nmarketing = [\"1/day\"]");
    let sent = Circumstances::after([("apparel".parse().unwrap(), "2026-11-21T10:00:00Z".parse().unwrap())]);
    let (facts, yes) = (facts(), said_yes());
    let held = Recorded {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::FrequencyCap),
        ground: None,
        ground_event: None,
        circumstances: &sent,
        old: Some(&capped),
        ..recorded(&facts, &yes)
    };
    // Its own files say the same of it again.
    assert_eq!(compare(&held, &against(&capped)), Compared::default());
    let new = Arc::new(against(&SHIPPED));
    let mut tally = Tally::new(new.clone());
    tally.add(Uuid::nil(), 1, compare(&held, &new));
    assert_eq!((tally.messages(Change::Gain), tally.widened, tally.not_made_again.len()), (1, 1, 0));
}

/// The shipped files with another rule that tells what a message is.
static CLASSIFYING: LazyLock<PolicySet> = LazyLock::new(|| {
    let rule = "[[classify]]\nheader = \"X-Mailer\"\nmatches = \"^shop\"\nstream = \"functional\"\n";
    set(|name, text| match name {
        "senders/demo-shop.toml" => text.replacen("[[classify]]", &format!("{rule}\n[[classify]]"), 1),
        _ => text,
    })
});

#[test]
fn what_new_rules_might_tell_otherwise_may_widen() {
    let (mut facts, yes) = (facts(), said_yes());
    let unclassified = Recorded {
        verdict: VerdictKind::Refuse,
        reason: Some(Reason::Unclassified),
        facts: None,
        ..recorded(&facts, &yes)
    };
    assert_eq!(compare(&unclassified, &against(&SHIPPED)).why, Some(Why::NotClassified));
    let new = Arc::new(against(&CLASSIFYING));
    let mut tally = Tally::new(new.clone());
    tally.add(Uuid::nil(), 1, compare(&unclassified, &new));
    assert_eq!((tally.may_widen, tally.unchanged()), (1, 0));
    let unparsable = Recorded { reason: Some(Reason::Unparsable), ..unclassified.clone() };
    assert_eq!(compare(&unparsable, &new).why, Some(Why::NotClassified));
    // Its own headers said all.
    assert_eq!(compare(&recorded(&facts, &yes), &new).why, None);
    facts.rule = SHIPPED.sender("demo-shop").unwrap().classify[0].rule.clone();
    assert_eq!(compare(&recorded(&facts, &yes), &new).why, Some(Why::MightBeAnother));
    assert_eq!(compare(&recorded(&facts, &yes), &against(&SHIPPED)).why, None);
}

#[test]
fn what_is_refused_for_what_it_is_is_compared() {
    let yes = said_yes();
    let mut foreign = facts();
    foreign.from_domain = "other.example".to_owned();
    let one = Recorded {
        verdict: VerdictKind::Refuse,
        reason: Some(Reason::FromNotAllowed),
        ground: None,
        ground_event: None,
        ..recorded(&foreign, &yes)
    };
    let owning = set(|_, text| text.replace("from_domains = [", "from_domains = [\"other.example\", "));
    let kind = compare(&one, &against(&owning)).kind.unwrap();
    assert_eq!((kind.change(), kind.from.reason), (Change::Gain, Some(Reason::FromNotAllowed)));
}

#[test]
fn each_message_tells_of_what_its_own_caps_had_counted() {
    use crate::policy::holds::{Earlier, Stage};
    use spacing::{Mailing, Simulated, Spaced, Turn};

    let capped = set(|name, text| match name {
        "senders/demo-shop.toml" => format!(
            "{text}\n[caps.apparel]\nmarketing = [\"2/day\"]\n[caps.furniture]\nmarketing = [\"1/week\"]\n"
        ),
        _ => text,
    });
    let sender = capped.sender("demo-shop").unwrap();
    let [before, first, second] = ["2026-11-17T12:00:00Z", "2026-11-18T12:00:00Z", "2026-11-19T12:00:00Z"]
        .map(|at| at.parse::<Timestamp>().unwrap());
    let mailing = |at, before| Mailing { at, zone: None, before, spaced: Spaced::Binding };
    let chair: Scope = "furniture.office".parse().unwrap();
    let sent = Earlier { scope: Some(chair.clone()), at: before, stage: Stage::Delivered };
    let mut simulated = Simulated::default();
    let shirt = "apparel".parse().unwrap();
    assert_eq!(simulated.follow(sender, 1, Some(&shirt), mailing(first, Vec::new())), Turn::Now);
    let turn = simulated.follow(sender, 1, Some(&chair), mailing(second, vec![sent]));
    assert!(matches!(turn, Turn::Waits(Reason::FrequencyCap, _)), "{turn:?}");
}
