//! `optgate policy explain --decision ID`: what was recorded, what is decided again on the same facts under the same
//! files, and whether the two agree.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{History, shown};
use crate::cli::output::{self, Output, counted};
use crate::cli::{Session, Status};
use crate::consent::view::EventView;
use crate::consent::{ConsentState, Event, fold};
use crate::policy::decide::{DeliveryKind, admit_dsn};
use crate::policy::explain::{Explanation, explain};
use crate::policy::verdict::{ShownVerdict, TrackingReason};
use crate::policy::{PolicySet, Reason, Tracking, Verdict, VerdictKind, file};
use crate::store::{Decision, Round, Store};

pub(super) async fn run(session: &Session, id: Uuid) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let store = session.store(&config).await?;
    let told = Told::of(&store, id).await;
    let of_message = store.decisions_on(id).await;
    store.close().await;
    let Some(told) = told? else {
        return none(id, &of_message?);
    };
    match session.output {
        Output::Json => output::json(&told.shown())?,
        Output::Text => told.print()?,
    }
    // The verdict itself is no finding, whatever it says; that it can't be shown again is.
    let found = told.rounds.iter().any(|round| round.is_finding());
    Ok(if found { Status::Findings } else { Status::Done })
}

/// All decisions on a message, one after the other.
pub(super) async fn run_all(session: &Session, message: Uuid) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let store = session.store(&config).await?;
    let told = all(&store, message).await;
    store.close().await;
    let told = told?;
    if told.is_empty() {
        eprintln!("optgate: no such message: {message}");
        return Ok(Status::Findings);
    }
    match session.output {
        Output::Json => output::json(&told.iter().map(Told::shown).collect::<Vec<_>>())?,
        Output::Text => {
            for (number, one) in told.iter().enumerate() {
                if number > 0 {
                    output::line("")?;
                }
                one.print()?;
            }
        }
    }
    let found = told.iter().flat_map(|one| &one.rounds).any(Again::is_finding);
    Ok(if found { Status::Findings } else { Status::Done })
}

/// A message has a thousand recipients at most.
async fn all(store: &Store, message: Uuid) -> anyhow::Result<Vec<Told>> {
    let mut all = Vec::new();
    for id in store.decisions_on(message).await? {
        all.extend(Told::of(store, id).await?);
    }
    Ok(all)
}

/// What a 250 tells is the message's id, and each of its recipients has a decision.
fn none(id: Uuid, of_message: &[Uuid]) -> anyhow::Result<Status> {
    if of_message.is_empty() {
        eprintln!("optgate: no such decision: {id}");
        return Ok(Status::Findings);
    }
    eprintln!("optgate: {id} is a message (--message shows all decisions on it); its decisions are:");
    of_message.iter().try_for_each(|decision| output::line(&decision.to_string()))?;
    Ok(Status::Findings)
}

/// A decision with all its rounds, made again.
struct Told {
    decision: Decision,
    rounds: Vec<Again>,
    /// What was known at the last of them.
    history: History,
    /// Since when nothing tells who it was.
    erased: Option<Timestamp>,
}

/// One round, made again.
struct Again {
    round: Round,
    /// What this version finds wrong in the files of that time.
    mistakes: Vec<String>,
    made: Result<Made, WhyNot>,
}

struct Made {
    verdict: Verdict,
    /// None of our own notifications: they stand on nobody's consent.
    explanation: Option<Explanation>,
    differs: Vec<&'static str>,
}

/// Why a round can't be made again.
enum WhyNot {
    /// It never could: nobody was looked at.
    NotClassified,
    /// Something that it rests on is gone.
    Missing(String),
}

impl WhyNot {
    fn text(&self) -> &str {
        match self {
            Self::NotClassified => {
                "the message was refused for what it is, before anybody was looked at; what is left of it is its SHA-256"
            }
            Self::Missing(what) => what,
        }
    }
}

impl Told {
    async fn of(store: &Store, id: Uuid) -> anyhow::Result<Option<Self>> {
        let Some(decision) = store.decision(id).await? else { return Ok(None) };
        let last = decision.rounds.iter().rev().find_map(|round| Some((round.subscriber?, round.version)));
        let (mut history, mut erased) = (History::new(), None);
        if let Some((subscriber, version)) = last {
            history = store.history_until(&decision.sender, subscriber, version).await?;
            let person = store.subscriber(&decision.sender, subscriber).await?;
            erased = person.and_then(|person| person.subscriber.state.erased);
        }
        let mut rounds = Vec::with_capacity(decision.rounds.len());
        for round in &decision.rounds {
            rounds.push(Again::of(store, &decision, round, &history).await?);
        }
        Ok(Some(Self { decision, rounds, history, erased }))
    }
}

impl Again {
    async fn of(
        store: &Store,
        decision: &Decision,
        round: &Round,
        history: &History,
    ) -> anyhow::Result<Self> {
        let again = |mistakes, made| Self { round: round.clone(), mistakes, made };
        let Some(files) = store.policy_set(&round.policy).await? else {
            let what = format!("the policy set {} is not in this database", round.policy);
            return Ok(again(Vec::new(), Err(WhyNot::Missing(what))));
        };
        let (set, mistakes) = file::recall(&files);
        let mistakes =
            mistakes.iter().map(|own| format!("{}:{}: {}", own.file.display(), own.line, own.message));
        let mistakes = mistakes.collect();
        if set.hash != round.policy {
            let what = format!("the files that were kept as the policy set {} are not those", round.policy);
            return Ok(again(mistakes, Err(WhyNot::Missing(what))));
        }
        Ok(again(mistakes, make(&set, decision, round, history)))
    }

    fn agrees(&self) -> Option<bool> {
        let made = self.made.as_ref().ok()?;
        // The line that a later version names for the same answer is no other answer.
        Some(made.differs.iter().all(|field| *field == "rule"))
    }

    fn is_finding(&self) -> bool {
        match &self.made {
            Ok(_) => self.agrees() == Some(false),
            Err(WhyNot::NotClassified) => false,
            Err(WhyNot::Missing(_)) => true,
        }
    }
}

/// Decides it again, on what it rested on.
fn make(set: &PolicySet, decision: &Decision, round: &Round, history: &History) -> Result<Made, WhyNot> {
    let missing = |what: &str| WhyNot::Missing(what.to_owned());
    if decision.kind == DeliveryKind::Dsn {
        let sender = set.sender(&decision.sender);
        let sender = sender.ok_or_else(|| missing("the policy set of its time has no such sender"))?;
        return Ok(Made::of(round, admit_dsn(sender).verdict().clone(), None));
    }
    let facts = decision.facts.as_ref().ok_or(WhyNot::NotClassified)?;
    let state = match round.subscriber {
        None => ConsentState::default(),
        Some(_) => {
            let version = usize::try_from(round.version).unwrap_or_default();
            let known = history.get(..version);
            let known = known.ok_or_else(|| missing("the person's history lacks facts of that time"))?;
            fold(&known.iter().map(|(event, _)| event.clone()).collect::<Vec<Event>>())
        }
    };
    let explained = explain(set, facts, &state, &round.circumstances, round.at);
    let verdict = with_orders(&round.verdict, explained.verdict.clone());
    Ok(Made::of(round, verdict, Some(explained)))
}

/// An operator's order stands above what is decided: it is taken as it was recorded.
fn with_orders(recorded: &Verdict, again: Verdict) -> Verdict {
    if recorded.reason != Some(Reason::HeldByOperator) || again.verdict == VerdictKind::Refuse {
        return again;
    }
    let (verdict, reason, text) = (recorded.verdict, recorded.reason, recorded.text.clone());
    Verdict { verdict, reason, ground: None, ground_event: None, text, shadow: None, until: None, ..again }
}

impl Made {
    fn of(round: &Round, verdict: Verdict, explanation: Option<Explanation>) -> Self {
        let (then, now) = (&round.verdict, &verdict);
        let fields = [
            ("verdict", then.verdict == now.verdict),
            ("reason", then.reason == now.reason),
            ("ground", then.ground == now.ground),
            ("ground_event", then.ground_event == now.ground_event),
            ("scope", then.scope == now.scope),
            ("stream", then.stream == now.stream),
            ("jurisdiction", then.jurisdiction == now.jurisdiction),
            ("shadow", then.shadow == now.shadow),
            ("tracking", tracked(then) == tracked(now)),
            ("rule", then.rule == now.rule),
        ];
        let differs = fields.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect();
        Self { verdict, explanation, differs }
    }
}

/// What was decided of tracking, whichever line a later version names for it.
fn tracked(verdict: &Verdict) -> Option<(Tracking, TrackingReason, Option<Uuid>)> {
    verdict.tracking.as_ref().map(|own| (own.tracking, own.reason, own.event))
}

#[derive(Serialize)]
struct Shown<'a> {
    decision: Uuid,
    message: Uuid,
    sender: &'a str,
    credential: &'a str,
    received_at: Timestamp,
    /// Of the content as it was submitted.
    sha256: String,
    recipient: Option<String>,
    erased_at: Option<Timestamp>,
    /// Null where no round could be made again.
    agrees: Option<bool>,
    rounds: Vec<ShownRound<'a>>,
    facts: Vec<EventView>,
}

#[derive(Serialize)]
struct ShownRound<'a> {
    /// 0 at intake, else the number of the claim.
    round: i64,
    at: Timestamp,
    subscriber: Option<Uuid>,
    version: i64,
    recorded: ShownVerdict<'a>,
    again: Option<ShownVerdict<'a>>,
    agrees: Option<bool>,
    differs: &'a [&'static str],
    not_made_again: Option<&'a str>,
    policy_mistakes: &'a [String],
    #[serde(flatten)]
    explanation: Option<&'a Explanation>,
}

impl Told {
    fn shown(&self) -> Shown<'_> {
        let decision = &self.decision;
        let agrees = self.rounds.iter().filter_map(Again::agrees).reduce(|all, one| all && one);
        Shown {
            decision: decision.delivery,
            message: decision.message,
            sender: &decision.sender,
            credential: &decision.credential,
            received_at: decision.received_at,
            sha256: data_encoding::HEXLOWER.encode(&decision.sha256),
            recipient: self.recipient(),
            erased_at: self.erased,
            agrees,
            rounds: self.rounds.iter().map(|round| self.shown_round(round)).collect(),
            facts: self.history.iter().cloned().map(EventView::from).collect(),
        }
    }

    fn shown_round<'a>(&'a self, again: &'a Again) -> ShownRound<'a> {
        let id = Some(self.decision.delivery);
        let round = &again.round;
        let show = |verdict: &'a Verdict| verdict.shown(self.recipient(), &round.policy, id);
        let made = again.made.as_ref().ok();
        ShownRound {
            round: round.number,
            at: round.at,
            subscriber: round.subscriber,
            version: round.version,
            recorded: show(&round.verdict),
            again: made.map(|made| show(&made.verdict)),
            agrees: again.agrees(),
            differs: made.map(|made| made.differs.as_slice()).unwrap_or_default(),
            not_made_again: again.made.as_ref().err().map(WhyNot::text),
            policy_mistakes: &again.mistakes,
            explanation: made.and_then(|made| made.explanation.as_ref()),
        }
    }

    fn recipient(&self) -> Option<String> {
        self.decision.recipient.as_ref().map(ToString::to_string)
    }

    fn print(&self) -> anyhow::Result<()> {
        let decision = &self.decision;
        let rows = [
            ("message", decision.message.to_string()),
            ("sender", decision.sender.clone()),
            ("credential", decision.credential.clone()),
            ("received", decision.received_at.to_string()),
            ("SHA-256", data_encoding::HEXLOWER.encode(&decision.sha256)),
            ("recipient", self.recipient().unwrap_or_else(|| "(its key is destroyed)".to_owned())),
        ];
        let rows: Vec<Vec<String>> =
            rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        output::table(&["decision", &decision.delivery.to_string()], &rows)?;
        for again in &self.rounds {
            print_round(again)?;
        }
        shown::history(&self.history, self.erased)?;
        if let Some(at) = self.erased {
            output::line(&format!(
                "the person was erased on {at}: kinds, times and hashes are what is left"
            ))?;
        }
        Ok(())
    }
}

fn print_round(again: &Again) -> anyhow::Result<()> {
    let round = &again.round;
    output::line("")?;
    let when = match round.number {
        0 => format!("at intake, {}", round.at),
        claim => format!("at claim {claim}, {}", round.at),
    };
    let person = round.subscriber.map_or_else(
        || "nothing was known of the person".to_owned(),
        |id| format!("subscriber {id}, {} known", counted(round.version, "fact", "facts")),
    );
    output::line(&format!("{when}: {person}, policy set {}", round.policy))?;
    let told = |verdict: &Verdict| {
        format!("{} ({}): {}", shown::in_a_word(verdict), shown::place(verdict), verdict.text)
    };
    output::line(&format!("recorded: {}", told(&round.verdict)))?;
    if let Some(ruling) = &round.verdict.tracking {
        output::line(&format!("          pixels and tracked links {}", shown::tracking(ruling)))?;
    }
    for mistake in &again.mistakes {
        output::line(&format!("this version reads the files of that time otherwise: {mistake}"))?;
    }
    match &again.made {
        Err(why) => output::line(&format!("it can't be made again: {}", why.text()))?,
        Ok(made) => {
            output::line(&format!("again:    {}", told(&made.verdict)))?;
            match made.differs.as_slice() {
                [] => output::line("the two agree")?,
                ["rule"] => output::line("the two agree, by another line")?,
                fields => output::line(&format!("the two differ in: {}", fields.join(", ")))?,
            }
            if let Some(explained) = &made.explanation {
                output::line("")?;
                shown::explanation(explained)?;
            }
        }
    }
    Ok(())
}
