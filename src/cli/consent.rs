//! `optgate consent`: what is known of a person, and their no.

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::{self, Output};
use super::person::Person;
use super::{Session, Status, sender};
use crate::consent::view::{Standing, SubscriberView};
use crate::consent::{Event, EventKind};
use crate::policy::{PolicySet, Scope};
use crate::store::{Store, Subscriber};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Grounds, withdrawals and history of a person.
    Show(Person),
    /// Record a person's no; queued mail stops at the next claim.
    Withdraw {
        #[command(flatten)]
        person: Person,
        /// Only this interest; else all marketing.
        #[arg(long)]
        scope: Option<Scope>,
        /// Record it for a sender that no policy knows and of whom nothing is recorded yet.
        #[arg(long)]
        force: bool,
    },
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let policies = session.policies(&config);
    let store = session.store(&config).await?;
    let status = match verb {
        Verb::Show(person) => {
            sender::known(&policies, &store, &person.sender).await?;
            show(session, &policies?, &store, person).await?
        }
        Verb::Withdraw { person, scope, force } => {
            sender::known_or_forced(&policies, &store, &person.sender, force).await?;
            withdraw(session, policies, &store, person, scope).await?
        }
    };
    store.close().await;
    Ok(status)
}

async fn show(
    session: &Session,
    policies: &PolicySet,
    store: &Store,
    person: Person,
) -> anyhow::Result<Status> {
    let Some(Subscriber { id, state, .. }) = person.known(store).await? else {
        eprintln!("optgate: {} knows nobody by this address", person.sender);
        return Ok(Status::Findings);
    };
    let history = store.history(&person.sender, id).await?;
    let sender = policies.sender(&person.sender);
    let view = SubscriberView::new(policies, sender, id, state, history.clone(), session.clock.now());
    match session.output {
        Output::Json => output::json(&view)?,
        Output::Text => print(&view, &history)?,
    }
    Ok(Status::Done)
}

fn print(view: &SubscriberView, history: &[(Event, Option<Value>)]) -> anyhow::Result<()> {
    output::line(&format!("subscriber {}, {}", view.id, view.state))?;
    output::line("")?;
    let grounds = view.grounds.iter().map(|ground| {
        let standing = if ground.in_force { "in force" } else { "not in force" };
        vec![
            ground.kind.to_string(),
            ground.scope.to_string(),
            ground.obtained_at.to_string(),
            standing.to_owned(),
        ]
    });
    output::table(&["GROUND", "SCOPE", "OBTAINED", ""], &grounds.collect::<Vec<_>>())?;
    output::line("")?;
    // Evidence goes with an erasure alone; a fact may also have come without any.
    let missing = if view.state == Standing::Erased { "(destroyed)" } else { "(none)" };
    let row = |(event, evidence): &(Event, Option<Value>)| {
        let word = event.kind.word().to_owned();
        let evidence = evidence.as_ref().map(Value::to_string).unwrap_or_else(|| missing.to_owned());
        vec![event.occurred_at.to_string(), word, about(&event.kind), event.channel.clone(), evidence]
    };
    let rows: Vec<_> = history.iter().map(row).collect();
    Ok(output::table(&["WHEN", "WHAT", "ABOUT", "CHANNEL", "EVIDENCE"], &rows)?)
}

/// What an event says beside its kind: `apparel (double_opt_in)`.
pub(super) fn about(kind: &EventKind) -> String {
    let list = |scopes: &[Scope]| scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(", ");
    match kind {
        EventKind::SignupRequested { scopes } | EventKind::Unconfirmed { scopes } => list(scopes),
        EventKind::OptIn { ground, scopes } => format!("{} ({})", list(scopes), ground.as_str()),
        EventKind::Acquainted { how, scope, notice } => {
            let notice = if *notice { "notice given" } else { "no notice" };
            format!("{scope} ({}, {notice})", how.as_str())
        }
        EventKind::Withdrawal { scopes, complaint } => {
            let what = if scopes.is_empty() { "all marketing".to_owned() } else { list(scopes) };
            if *complaint { format!("{what} (complaint)") } else { what }
        }
        EventKind::WithdrawalUndone { withdrawal } => format!("withdrawal {withdrawal}"),
        EventKind::Suppressed { why } | EventKind::SuppressionLifted { why } => why.as_str().to_owned(),
        EventKind::Restricted | EventKind::RestrictionLifted | EventKind::Erased => String::new(),
    }
}

/// A no is taken even where the sender's policy is gone or can't be read (invariant 5); then no taxonomy
/// checks its scope.
async fn withdraw(
    session: &Session,
    policies: anyhow::Result<PolicySet>,
    store: &Store,
    person: Person,
    scope: Option<Scope>,
) -> anyhow::Result<Status> {
    let sender = policies.as_ref().ok().and_then(|policies| policies.sender(&person.sender));
    let unknown = |scope: &&Scope| sender.is_some_and(|own| !own.knows(scope));
    if let Some(scope) = scope.as_ref().filter(unknown) {
        anyhow::bail!("the taxonomy of {} does not declare `{scope}`", person.sender);
    }
    let kind = EventKind::Withdrawal { scopes: scope.into_iter().collect(), complaint: false };
    let recorded = person.record(store, kind, Value::default()).await?;
    match &policies {
        Err(error) => eprintln!("optgate: recorded, unchecked: {}", super::told(error)),
        Ok(_) if sender.is_none() => {
            eprintln!("optgate: recorded, though no policy knows the sender `{}` now", person.sender);
        }
        Ok(_) => {}
    }
    match session.output {
        Output::Json => output::json(&json!({ "id": recorded.subscriber.id, "event": recorded.event }))?,
        Output::Text => output::line("withdrawn")?,
    }
    Ok(Status::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::event::{Acquaintance, OptIn};

    #[test]
    fn history_is_told_in_words() {
        let apparel: Scope = "apparel".parse().unwrap();
        let no = |scopes, complaint| about(&EventKind::Withdrawal { scopes, complaint });
        assert_eq!(no(Vec::new(), false), "all marketing");
        assert_eq!(no(vec![apparel.clone(), "toys".parse().unwrap()], true), "apparel, toys (complaint)");
        let yes = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![apparel.clone()] };
        assert_eq!(about(&yes), "apparel (double_opt_in)");
        let bought = EventKind::Acquainted { how: Acquaintance::Purchase, scope: apparel, notice: false };
        assert_eq!(about(&bought), "apparel (purchase, no notice)");
    }
}
