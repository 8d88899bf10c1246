//! One row of the table that `consent import` reads and `consent export --csv` writes: what its cells say, as facts.
//! Pure; the file around it is the command's.

mod written;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::admit::EARLIEST_SECOND;
use super::event::{Acquaintance, Frequency, OptIn, ShownText, SignedUpBy, Suppression, TrackingAsked};
use super::evidence::{EVIDENCE_LIMIT, shown_texts};
use super::fold::Profiling;
use super::{EventKind, place};
use crate::mail::Address;
use crate::policy::sender::SenderPolicy;
use crate::policy::{PolicySet, Scope};
use crate::toml_file::nearest::nearest;

pub use written::written;
use written::{MOVED, PAUSED_UNTIL};

/// The most scopes in one cell.
const SCOPES_LIMIT: usize = 200;
/// The largest `evidence`, in octets: what was told us by any door has room in it.
const CELL_LIMIT: usize = 2 * EVIDENCE_LIMIT;
/// The same of what was written here: each move adds whence it came.
const MOVED_LIMIT: usize = 2 * CELL_LIMIT;

/// The columns, in the order in which they are written.
pub const COLUMNS: [&str; 8] =
    ["email", "kind", "scopes", "obtained_at", "jurisdiction", "locale", "time_zone", "evidence"];

/// The cells of a row; what a table has no column for is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells<T> {
    pub email: T,
    pub kind: T,
    pub scopes: T,
    pub obtained_at: T,
    pub jurisdiction: T,
    pub locale: T,
    pub time_zone: T,
    pub evidence: T,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub address: Address,
    /// Several only where a purchase is of several scopes.
    pub facts: Vec<EventKind>,
    /// `None` of what may be told without a time.
    pub occurred_at: Option<Timestamp>,
    pub jurisdiction: Option<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    /// An object, or null.
    pub evidence: Value,
}

/// The words of the column `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    OptIn(OptIn),
    /// A purchase of which notice must be shown.
    SoftOptIn,
    Acquainted(Acquaintance),
    Signup(SignedUpBy),
    ConfirmationSent,
    Unconfirmed,
    Withdrawal,
    Complaint,
    Tracking(TrackingAsked),
    NoTracking,
    Frequency(Frequency),
    Paused,
    PauseEnded,
    Profiling(Profiling),
    PlaceChosen,
    Suppression(Suppression),
}

/// Of no objection there is nothing to record but that the address is known: where the law takes it, that suffices.
const KINDS: [(&str, Kind); 26] = [
    ("double_opt_in", Kind::OptIn(OptIn::DoubleOptIn)),
    ("single_opt_in", Kind::OptIn(OptIn::SingleOptIn)),
    ("soft_opt_in", Kind::SoftOptIn),
    ("no_objection", Kind::Unconfirmed),
    ("purchase", Kind::Acquainted(Acquaintance::Purchase)),
    ("inquiry", Kind::Acquainted(Acquaintance::Inquiry)),
    ("negotiation", Kind::Acquainted(Acquaintance::Negotiation)),
    ("signup", Kind::Signup(SignedUpBy::Told)),
    ("signup_by_mail", Kind::Signup(SignedUpBy::Mail)),
    ("confirmation_sent", Kind::ConfirmationSent),
    ("unconfirmed", Kind::Unconfirmed),
    ("withdrawal", Kind::Withdrawal),
    ("complaint", Kind::Complaint),
    ("tracking_consent", Kind::Tracking(TrackingAsked::WithOptIn)),
    ("separate_tracking_consent", Kind::Tracking(TrackingAsked::Separately)),
    ("tracking_withdrawal", Kind::NoTracking),
    ("as_sent", Kind::Frequency(Frequency::AsSent)),
    ("weekly", Kind::Frequency(Frequency::Weekly)),
    ("monthly", Kind::Frequency(Frequency::Monthly)),
    ("paused", Kind::Paused),
    ("pause_ended", Kind::PauseEnded),
    ("profiling_objection", Kind::Profiling(Profiling::Objected)),
    ("profiling_allowed", Kind::Profiling(Profiling::Allowed)),
    ("place_chosen", Kind::PlaceChosen),
    ("suppression", Kind::Suppression(Suppression::Operator)),
    ("bounce", Kind::Suppression(Suppression::Bounce)),
];

impl<T> Cells<T> {
    /// The cell of a column, by its place in `COLUMNS`.
    pub fn of(&mut self, column: usize) -> Option<&mut T> {
        Some(match column {
            0 => &mut self.email,
            1 => &mut self.kind,
            2 => &mut self.scopes,
            3 => &mut self.obtained_at,
            4 => &mut self.jurisdiction,
            5 => &mut self.locale,
            6 => &mut self.time_zone,
            7 => &mut self.evidence,
            _ => return None,
        })
    }

    /// All cells in the order of `COLUMNS`.
    pub fn in_order(&self) -> [&T; 8] {
        [
            &self.email,
            &self.kind,
            &self.scopes,
            &self.obtained_at,
            &self.jurisdiction,
            &self.locale,
            &self.time_zone,
            &self.evidence,
        ]
    }
}

/// All that is wrong with a row.
#[derive(Debug, Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn add<T>(&mut self, mistake: impl Into<String>) -> Option<T> {
        self.0.push(mistake.into());
        None
    }
}

/// What the cells say to this sender, or all that is wrong with them, for people.
pub fn read(cells: &Cells<&str>, policy: &PolicySet, sender: &SenderPolicy) -> Result<Row, String> {
    let mut wrong = Mistakes::default();
    let address = cells.email.parse::<Address>().ok();
    if address.is_none() {
        wrong
            .0
            .push(if cells.email.is_empty() { "email is empty" } else { "email is no mail address" }.into());
    }
    let kind = kind(cells.kind, &mut wrong);
    let scopes = scopes(cells.scopes, sender, &mut wrong);
    let occurred_at = time(cells.obtained_at, kind, &mut wrong);
    let evidence = evidence(cells.evidence, &mut wrong);
    let facts = match (kind, &scopes) {
        (Some(kind), Some(scopes)) => facts(kind, scopes.clone(), &evidence, &mut wrong),
        _ => Vec::new(),
    };
    let checked = |result: Result<(), place::NoPlace>, what: &str, wrong: &mut Mistakes| {
        if let Err(error) = result {
            wrong.0.push(format!("{what} is {error}"));
        }
    };
    let (jurisdiction, locale, zone) =
        (given(cells.jurisdiction), given(cells.locale), given(cells.time_zone));
    let of = |told: &Option<String>, check: &dyn Fn(&str) -> Result<(), place::NoPlace>| {
        told.as_deref().map_or(Ok(()), check)
    };
    checked(of(&jurisdiction, &|code| place::jurisdiction(policy, code)), "jurisdiction", &mut wrong);
    checked(of(&locale, &place::locale), "locale", &mut wrong);
    checked(of(&zone, &place::time_zone), "time_zone", &mut wrong);
    match (address, wrong.0.is_empty()) {
        (Some(address), true) => {
            Ok(Row { address, facts, occurred_at, jurisdiction, locale, time_zone: zone, evidence })
        }
        _ => Err(wrong.0.join("; ")),
    }
}

fn given(cell: &str) -> Option<String> {
    (!cell.is_empty()).then(|| cell.to_owned())
}

fn kind(cell: &str, wrong: &mut Mistakes) -> Option<Kind> {
    let words = || KINDS.iter().map(|(word, _)| *word);
    if let Some((_, kind)) = KINDS.iter().find(|(word, _)| *word == cell) {
        return Some(*kind);
    }
    let hint = match cell {
        "" => return wrong.add("kind is empty"),
        "functional" => "; functional mail needs no ground".to_owned(),
        "objection" | "unsubscribe" | "unsubscribed" | "optout" | "opt_out" => {
            "; a person's no is a `withdrawal`".to_owned()
        }
        _ => match nearest(cell, words()) {
            Some(word) => format!("; did you mean `{word}`?"),
            None => format!("; known are {}", words().collect::<Vec<_>>().join(", ")),
        },
    };
    wrong.add(format!("kind `{}` is not known{hint}", short(cell)))
}

fn scopes(cell: &str, sender: &SenderPolicy, wrong: &mut Mistakes) -> Option<Vec<Scope>> {
    let texts: Vec<&str> = cell.split(';').map(str::trim).filter(|text| !text.is_empty()).collect();
    if texts.len() > SCOPES_LIMIT {
        return wrong.add(format!("scopes names more than {SCOPES_LIMIT}"));
    }
    let before = wrong.0.len();
    let mut scopes: Vec<Scope> = Vec::with_capacity(texts.len());
    for text in texts {
        match text.parse::<Scope>() {
            Ok(scope) if scopes.contains(&scope) => {}
            Ok(scope) if sender.knows(&scope) => scopes.push(scope),
            _ => {
                let taxonomy = sender.taxonomy();
                let hint = nearest(text, taxonomy.iter().map(Scope::as_str));
                let hint = hint.map(|own| format!("; did you mean `{own}`?")).unwrap_or_default();
                let id = &sender.id;
                wrong.0.push(format!("scope `{}` is not in the taxonomy of `{id}`{hint}", short(text)));
            }
        }
    }
    (wrong.0.len() == before).then_some(scopes)
}

/// A no, and an address without proof, may be told without a time; what mail may rest on has to name its own.
fn time(cell: &str, kind: Option<Kind>, wrong: &mut Mistakes) -> Option<Timestamp> {
    if cell.is_empty() {
        return match kind {
            Some(
                Kind::OptIn(_)
                | Kind::SoftOptIn
                | Kind::Acquainted(_)
                | Kind::Signup(_)
                | Kind::ConfirmationSent
                | Kind::Tracking(_)
                | Kind::Frequency(Frequency::AsSent)
                | Kind::PauseEnded
                | Kind::Profiling(Profiling::Allowed),
            ) => wrong.add("obtained_at is empty: a ground needs its time"),
            _ => None,
        };
    }
    match cell.parse::<Timestamp>() {
        Ok(at) if at.as_second() < EARLIEST_SECOND => {
            wrong.add("obtained_at is before 1990: is it an empty date of a spreadsheet?")
        }
        Ok(at) => Some(at),
        Err(_)
            if cell.parse::<jiff::civil::DateTime>().is_ok() || cell.parse::<jiff::civil::Date>().is_ok() =>
        {
            wrong.add("obtained_at has no time zone: write 2026-05-01T10:00:00Z, or +02:00 for the Z")
        }
        Err(_) => wrong.add("obtained_at is no time such as 2026-05-01T10:00:00Z"),
    }
}

fn evidence(cell: &str, wrong: &mut Mistakes) -> Value {
    if cell.is_empty() {
        return Value::Null;
    }
    let too_long =
        |wrong: &mut Mistakes| wrong.0.push(format!("evidence is longer than {CELL_LIMIT} octets"));
    if cell.len() > MOVED_LIMIT {
        too_long(wrong);
        return Value::Null;
    }
    match serde_json::from_str::<Map<String, Value>>(cell) {
        Ok(object) if cell.len() > CELL_LIMIT && !object.contains_key(MOVED) => {
            too_long(wrong);
            Value::Null
        }
        Ok(object) => Value::Object(object),
        Err(_) => {
            wrong.0.push("evidence is no JSON object such as {\"form_url\": \"…\"}".into());
            Value::Null
        }
    }
}

fn facts(kind: Kind, scopes: Vec<Scope>, evidence: &Value, wrong: &mut Mistakes) -> Vec<EventKind> {
    let of_all = match kind {
        Kind::Suppression(_) => Some("a suppression blocks all mail: it has no scopes"),
        Kind::Tracking(_) | Kind::NoTracking => Some("tracking is of all mail: it has no scopes"),
        Kind::Frequency(_) | Kind::Paused | Kind::PauseEnded | Kind::Profiling(_) | Kind::PlaceChosen => {
            Some("the choice is about all marketing: it has no scopes")
        }
        _ => None,
    };
    let may_name_none =
        of_all.is_some() || matches!(kind, Kind::Withdrawal | Kind::Complaint | Kind::ConfirmationSent);
    match of_all {
        _ if scopes.is_empty() && !may_name_none => wrong.0.push("scopes is empty".into()),
        Some(why) if !scopes.is_empty() => wrong.0.push(why.into()),
        _ => {}
    }
    match kind {
        Kind::OptIn(ground) => vec![EventKind::OptIn { ground, scopes }],
        Kind::Signup(by) => vec![EventKind::SignupRequested { scopes, by }],
        Kind::ConfirmationSent => vec![EventKind::ConfirmationSent { scopes }],
        Kind::Unconfirmed => vec![EventKind::Unconfirmed { scopes }],
        Kind::Withdrawal => vec![EventKind::Withdrawal { scopes, complaint: false }],
        Kind::Complaint => vec![EventKind::Withdrawal { scopes, complaint: true }],
        Kind::Tracking(asked) => vec![EventKind::TrackingConsent { asked }],
        Kind::NoTracking => vec![EventKind::TrackingWithdrawal],
        Kind::Frequency(at_most) => vec![EventKind::FrequencyChosen { at_most }],
        Kind::Paused => pause(evidence, wrong).into_iter().collect(),
        Kind::PauseEnded => vec![EventKind::PauseEnded],
        Kind::Profiling(Profiling::Objected) => vec![EventKind::ProfilingObjection],
        Kind::Profiling(Profiling::Allowed) => vec![EventKind::ProfilingAllowed],
        Kind::PlaceChosen => vec![EventKind::PlaceChosen],
        Kind::Suppression(why) => vec![EventKind::Suppressed { why }],
        Kind::SoftOptIn => {
            // RULES.md: the notice is one of a soft opt-in's two proofs.
            if !notice(evidence, wrong) || !shown_texts(evidence).contains_key(&ShownText::Notice) {
                wrong.0.push(
                    "a soft opt-in rests on the notice given when the address was collected: put its text into \
                     evidence as {\"notice\": {\"text\": \"…\"}}, or import a `purchase`"
                        .into(),
                );
            }
            acquainted(Acquaintance::Purchase, scopes, true)
        }
        Kind::Acquainted(how) => acquainted(how, scopes, notice(evidence, wrong)),
    }
}

/// Until when, as evidence says: no column has it.
fn pause(evidence: &Value, wrong: &mut Mistakes) -> Option<EventKind> {
    let told = evidence.get(PAUSED_UNTIL).and_then(Value::as_str).map(str::parse::<Timestamp>);
    match told {
        Some(Ok(until)) => Some(EventKind::Paused { until }),
        _ => wrong.add(format!(
            "a pause needs its end in evidence: {{\"{PAUSED_UNTIL}\": \"2026-12-01T00:00:00Z\"}}"
        )),
    }
}

fn acquainted(how: Acquaintance, scopes: Vec<Scope>, notice: bool) -> Vec<EventKind> {
    scopes.into_iter().map(|scope| EventKind::Acquainted { how, scope, notice }).collect()
}

/// Whether notice was given: `"notice": true`, its text, or an object as the API takes it.
fn notice(evidence: &Value, wrong: &mut Mistakes) -> bool {
    let shown = || shown_texts(evidence).contains_key(&ShownText::Notice);
    match evidence.get("notice") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(given)) => *given,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Object(notice)) => match notice.get("given") {
            None => shown(),
            Some(Value::Bool(given)) => *given,
            Some(_) => wrong.add("evidence: notice.given is neither true nor false").unwrap_or(false),
        },
        Some(_) => {
            wrong.0.push("evidence: notice is {\"given\": true, \"text\": \"…\"}".into());
            false
        }
    }
}

/// At most so much of a cell as a line can hold.
fn short(cell: &str) -> String {
    cell.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
