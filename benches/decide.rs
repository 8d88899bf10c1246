//! What one decision costs, and one folded history: `cargo bench --bench decide`. The people have ten facts
//! each, spread over half of the taxonomy, so that no answer is found at the first look.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::{Timestamp, ToSpan as _};
use optgate::consent::event::{Acquaintance, OptIn, SignedUpBy};
use optgate::consent::{ConsentState, Event, EventKind, fold};
use optgate::policy::decide::{Circumstances, decide};
use optgate::policy::{Facts, PolicySet, Scope, Stream, VerdictKind, file, standing};
use uuid::Uuid;

const NOW: &str = "2026-11-21T12:00:00Z";

fn scope(text: &str) -> Scope {
    text.parse().expect("a scope")
}

/// Facts a week apart, the youngest a week ago, in Sweden.
fn history(kinds: Vec<EventKind>) -> Vec<Event> {
    let now: Timestamp = NOW.parse().expect("a time");
    let kinds = kinds.into_iter().rev().zip(1_u8..);
    let mut events: Vec<Event> = kinds
        .map(|(kind, weeks)| {
            let at = now - (i64::from(weeks) * 7 * 24).hours();
            Event {
                id: Uuid::from_u128(weeks.into()),
                kind,
                occurred_at: at,
                recorded_at: at,
                channel: "api".to_owned(),
                jurisdiction: Some("se".to_owned()),
                locale: None,
                time_zone: Some("Europe/Stockholm".to_owned()),
                texts: Default::default(),
                told_at: None,
            }
        })
        .collect();
    events.reverse();
    events
}

fn bought(scopes: &[&str]) -> Vec<EventKind> {
    let purchase =
        |text: &&str| EventKind::Acquainted { how: Acquaintance::Purchase, scope: scope(text), notice: true };
    scopes.iter().map(purchase).collect()
}

fn said_yes(text: &str) -> EventKind {
    EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![scope(text)] }
}

fn said_no(texts: &[&str]) -> EventKind {
    EventKind::Withdrawal { scopes: texts.iter().map(|text| scope(text)).collect(), complaint: false }
}

/// Ten facts, of which nine are no help for trousers.
fn busy(mut last: Vec<EventKind>) -> Vec<Event> {
    let mut kinds = vec![
        EventKind::SignupRequested { scopes: vec![scope("furniture")], by: SignedUpBy::Told },
        said_yes("furniture.office"),
        said_no(&["furniture.office"]),
        said_yes("furniture.garden"),
        said_yes("toys"),
        said_no(&["toys.outdoor"]),
    ];
    kinds.extend(bought(&["furniture.office", "toys", "books"]));
    kinds.truncate(10 - last.len());
    kinds.append(&mut last);
    assert_eq!(kinds.len(), 10);
    history(kinds)
}

struct Person {
    name: &'static str,
    events: Vec<Event>,
    expected: VerdictKind,
}

fn people() -> Vec<Person> {
    let no = said_no(&[]);
    vec![
        Person {
            name: "double opt-in",
            events: busy(vec![said_yes("apparel")]),
            expected: VerdictKind::Deliver,
        },
        Person {
            name: "purchase of what is like it",
            events: busy(bought(&["apparel.tshirts"])),
            expected: VerdictKind::Deliver,
        },
        Person {
            name: "withdrawn",
            events: busy(vec![said_yes("apparel"), no]),
            expected: VerdictKind::Refuse,
        },
        Person {
            name: "out of scope",
            events: busy(bought(&["furniture.office"])),
            expected: VerdictKind::Refuse,
        },
    ]
}

/// The shipped policies, with caps that leave one more place, and quiet hours.
fn spaced() -> PolicySet {
    let spacing = "[caps]\nmarketing = [\"2/day\", \"4/week\", \"9/month\"]\n[caps.\"apparel\"]\n\
                   marketing = [\"2/day\"]\n[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }\n";
    let mut files = file::shipped();
    let shop = files.iter_mut().find(|(name, _)| name == "senders/demo-shop.toml").expect("the demo shop");
    shop.1.push_str(spacing);
    file::parse(&files).expect("caps and quiet hours").0
}

/// Marketing every three days, the youngest an hour ago.
fn sent(now: Timestamp) -> Circumstances {
    Circumstances::after((0..8).map(|nth| (scope("apparel"), now - (nth * 72 + 1).hours())))
}

fn decisions(criterion: &mut Criterion) {
    let (policy, _): (PolicySet, _) = file::parse(&file::shipped()).expect("the shipped policies");
    let sender = policy.sender("demo-shop").expect("the demo shop");
    let facts: Facts =
        standing::supposed(sender, "demo-shop/tool", Stream::Marketing, Some(scope("apparel.trousers")));
    let circumstances = Circumstances::default();
    let now: Timestamp = NOW.parse().expect("a time");
    let mut group = criterion.benchmark_group("decide");
    for person in people() {
        let state: ConsentState = fold(&person.events);
        let verdict = decide(&policy, &facts, &state, &circumstances, now);
        assert_eq!(verdict.verdict, person.expected, "{}: {}", person.name, verdict.text);
        group.bench_function(person.name, |bencher| {
            bencher.iter(|| decide(black_box(&policy), &facts, black_box(&state), &circumstances, now));
        });
    }
    let (spaced, sent) = (spaced(), sent(now));
    let state = fold(&busy(vec![said_yes("apparel")]));
    let verdict = decide(&spaced, &facts, &state, &sent, now);
    assert_eq!(verdict.verdict, VerdictKind::Deliver, "{}", verdict.text);
    group.bench_function("double opt-in under caps and quiet hours", |bencher| {
        bencher.iter(|| decide(black_box(&spaced), &facts, black_box(&state), black_box(&sent), now));
    });
    group.finish();
    let events = busy(vec![said_yes("apparel")]);
    criterion.bench_function("fold of ten facts", |bencher| bencher.iter(|| fold(black_box(&events))));
}

criterion_group!(benches, decisions);
criterion_main!(benches);
