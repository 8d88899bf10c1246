//! What a replay found, for people and for programs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::cli::output::{self, Output, counted};
use crate::policy::replay::{Change, Count, Kind, Says, Tally, Why};
use crate::policy::{PolicySet, Scope, Stream};
use crate::store::{DeliveryFilter, Store};

/// Kinds of change that are printed one by one; `--json` has them all.
const MOST_KINDS: usize = 40;

/// CONTRACT.md, "Command line".
#[derive(Serialize)]
pub(super) struct Report {
    /// Hash of the new policy set.
    policy: String,
    since: Timestamp,
    until: Timestamp,
    /// Copies of messages, one for each recipient.
    messages: u64,
    /// Compared, and the same comes of them.
    unchanged: u64,
    gain: Part,
    lose: Part,
    /// Left at once, and would have waited for their turn under caps or quiet hours.
    wait: Waits,
    /// Held, and were not; or refused, and were held.
    holds: Part,
    /// The same becomes of them, for another reason or on another ground.
    other: Part,
    /// Messages that come further than before: they leave, or wait to.
    widened: u64,
    /// Messages that the new files may take for something else: nobody can tell whether they come further.
    may_widen: u64,
    /// Numbers of people are lower bounds.
    people_at_least: bool,
    /// Copies whose pixels and tracked links would stay, or be taken out, otherwise than before. No mail is gained or
    /// lost by it.
    tracking: Tracked,
    not_reproduced: Vec<Unmade>,
}

#[derive(Serialize)]
struct Part {
    messages: u64,
    people: u64,
    by: Vec<By>,
}

#[derive(Serialize)]
struct Tracked {
    gain: u64,
    lose: u64,
}

#[derive(Serialize)]
struct Waits {
    #[serde(flatten)]
    part: Part,
    /// Of these, messages that would have waited until it was too late.
    never_left: u64,
}

#[derive(Serialize)]
struct By {
    sender: String,
    stream: Stream,
    scope: Option<Scope>,
    jurisdiction: Option<String>,
    from: Says,
    to: Says,
    messages: u64,
    people: u64,
    examples: Vec<Example>,
}

#[derive(Serialize)]
struct Unmade {
    why: Why,
    messages: u64,
    examples: Vec<Example>,
}

#[derive(Serialize)]
struct Example {
    decision: Uuid,
    /// Null once nobody knows it any more.
    recipient: Option<String>,
}

type Recipients = BTreeMap<Uuid, String>;

impl Report {
    pub async fn of(
        store: &Store,
        new: &PolicySet,
        (since, until): (Timestamp, Timestamp),
        tally: Tally,
    ) -> anyhow::Result<Self> {
        let recipients = recipients(store, &tally).await?;
        let part = |change| part(&tally, change, &recipients);
        let unmade = |(why, count): (&Why, &Count)| Unmade {
            why: *why,
            messages: count.messages,
            examples: examples(count, &recipients),
        };
        Ok(Self {
            policy: new.hash.to_string(),
            since,
            until,
            messages: tally.decisions,
            unchanged: tally.unchanged(),
            gain: part(Change::Gain),
            lose: part(Change::Lose),
            wait: Waits { part: part(Change::Wait), never_left: tally.never_left },
            holds: part(Change::Hold),
            other: part(Change::Same),
            widened: tally.widened,
            may_widen: tally.may_widen,
            people_at_least: tally.people_at_least,
            tracking: Tracked { gain: tally.tracking_gained, lose: tally.tracking_lost },
            not_reproduced: tally.not_made_again.iter().map(unmade).collect(),
        })
    }

    /// Whether more mail leaves, or might.
    pub fn widens(&self) -> bool {
        self.widened > 0 || self.may_widen > 0
    }

    pub fn print(&self, output: Output) -> anyhow::Result<()> {
        if output == Output::Json {
            return output::json(self);
        }
        let Self { unchanged, since, until, .. } = self;
        let messages = counted(self.messages, "message", "messages");
        output::line(&format!("{messages} decided from {since} to {until}, {unchanged} unchanged"))?;
        self.print_part("gain mail", &self.gain)?;
        self.print_part("lose mail", &self.lose)?;
        let Waits { part, never_left } = &self.wait;
        self.print_part("would have waited", part)?;
        if *never_left > 0 {
            let messages = counted(*never_left, "message", "messages");
            output::line(&format!("  of these {messages} beyond the deadline, and never left"))?;
        }
        self.print_part("held otherwise", &self.holds)?;
        self.print_part("the same, for another reason or on another ground", &self.other)?;
        let Tracked { gain, lose } = self.tracking;
        if gain + lose > 0 {
            output::line("")?;
            let copies = |count| counted(count, "copy", "copies");
            output::line(&format!(
                "pixels and tracked links: kept in {} more, taken out of {} more",
                copies(gain),
                copies(lose)
            ))?;
        }
        for one in &self.not_reproduced {
            output::line("")?;
            let messages = counted(one.messages, "message", "messages");
            output::line(&format!("{messages}: {}", one.why.text()))?;
            output::line(&format!("  e.g. {}", told(&one.examples)))?;
        }
        Ok(())
    }

    fn print_part(&self, what: &str, part: &Part) -> anyhow::Result<()> {
        if part.messages == 0 {
            return Ok(());
        }
        let people = if self.people_at_least { "at least " } else { "" };
        output::line("")?;
        let messages = counted(part.messages, "message", "messages");
        let persons = counted(part.people, "person", "people");
        output::line(&format!("{what}: {messages} to {people}{persons}"))?;
        let row = |by: &By| {
            vec![
                by.messages.to_string(),
                by.people.to_string(),
                by.sender.clone(),
                by.scope.as_ref().map_or_else(|| by.stream.to_string(), Scope::to_string),
                by.jurisdiction.clone().unwrap_or_default(),
                said(&by.from),
                said(&by.to),
                told(&by.examples),
            ]
        };
        let rows: Vec<Vec<String>> = part.by.iter().take(MOST_KINDS).map(row).collect();
        let headings =
            ["MESSAGES", "PEOPLE", "SENDER", "SCOPE", "JURISDICTION", "DECIDED", "WOULD BE", "FOR EXAMPLE"];
        output::table(&headings, &rows)?;
        if part.by.len() > MOST_KINDS {
            output::line(&format!("and {} kinds more: --json has them all", part.by.len() - MOST_KINDS))?;
        }
        Ok(())
    }
}

fn part(tally: &Tally, change: Change, recipients: &Recipients) -> Part {
    let by = |(kind, count): (&Kind, &Count)| By {
        sender: kind.sender.clone(),
        stream: kind.stream,
        scope: kind.scope.clone(),
        jurisdiction: kind.jurisdiction.as_deref().map(str::to_owned),
        from: kind.from,
        to: kind.to,
        messages: count.messages,
        people: count.people,
        examples: examples(count, recipients),
    };
    Part {
        messages: tally.messages(change),
        people: tally.people.get(&change).copied().unwrap_or_default(),
        by: tally.of(change).map(by).collect(),
    }
}

fn examples(count: &Count, recipients: &Recipients) -> Vec<Example> {
    let example =
        |decision: &Uuid| Example { decision: *decision, recipient: recipients.get(decision).cloned() };
    count.examples.iter().map(example).collect()
}

/// Whoever may run it holds the keys of the database, so that addresses are shown whole, as `optgate queue` does.
async fn recipients(store: &Store, tally: &Tally) -> anyhow::Result<Recipients> {
    let counts = tally.kinds.values().chain(tally.not_made_again.values());
    let named: BTreeSet<Uuid> = counts.flat_map(|count| count.examples.iter().copied()).collect();
    let mut found = Recipients::new();
    for some in named.into_iter().collect::<Vec<_>>().chunks(100) {
        let filter = DeliveryFilter { deliveries: some.to_vec(), ..DeliveryFilter::default() };
        for view in store.deliveries(&filter).await?.deliveries {
            found.extend(view.recipient.map(|address| (view.delivery, address.to_string())));
        }
    }
    Ok(found)
}

fn said(says: &Says) -> String {
    let shadow = if says.passes_in_shadow { " (let pass in shadow mode)" } else { "" };
    let verdict = says.verdict.as_str();
    match (says.reason, says.ground) {
        (Some(reason), _) => format!("{verdict}: {reason}{shadow}"),
        (None, Some(ground)) => format!("{verdict} on {ground}"),
        (None, None) => verdict.to_owned(),
    }
}

fn told(examples: &[Example]) -> String {
    let one = |example: &Example| match &example.recipient {
        Some(recipient) => format!("{recipient} {}", example.decision),
        None => example.decision.to_string(),
    };
    examples.iter().map(one).collect::<Vec<_>>().join(", ")
}
