//! What is done about what is told of a mail that left: a block of the address, a no, a slower pace, a pause of the
//! campaign. Whoever tells it comes here: reports by mail, webhooks, the upstream's own answers.

use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::brakes;
use super::hearsay::Hearsay;
use super::told::{Of, Reason, Told, What};
use super::webhook::{self, Act, Came};
use crate::consent::EventKind;
use crate::consent::event::Suppression;
use crate::deliver::pausing::pause;
use crate::deliver::resistance::{Heard, told_of};
use crate::mail::redaction::{one_line, one_line_about};
use crate::policy::bounce::{Answer, Class};
use crate::policy::brake::On;
use crate::policy::pause::{By, Pause, Target, Whose};
use crate::policy::{PolicySet, Stream};
use crate::record::{Provenance, Recorder};
use crate::schedule::throttle::Resistance;
use crate::spool::Lane;
use crate::store::{CameBack, RecordError, SentCopy, Store, StoreError, Who};
use crate::telemetry::metrics;

/// Acts on what is told. Clones share the store.
#[derive(Clone)]
pub struct Acting {
    pub store: Store,
    pub recorder: Recorder,
    /// Always the set in force.
    pub policies: Arc<ArcSwap<PolicySet>>,
    /// What reports by mail say of providers.
    pub hearsay: Arc<Hearsay>,
}

impl Act for Acting {
    fn act(&self, told: Told) -> webhook::Acting<'_> {
        Box::pin(async move {
            let Of::Delivery(delivery) = told.of else { return Ok(Came::Nobody) };
            let Some(copy) = self.store.sent_copy(delivery).await? else { return Ok(Came::Nobody) };
            self.told(&copy, &told.what, Teller::Webhook).await?;
            Ok(Came::Done)
        })
    }
}

/// Who told it, as facts and metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// A report by mail.
    Mail,
    /// The upstream's answer at once.
    Reply,
    /// A provider's webhook.
    Webhook,
}

impl Teller {
    /// The channel of the facts that it makes.
    pub fn channel(self) -> &'static str {
        match self {
            Self::Mail => "report",
            Self::Reply => "reply",
            Self::Webhook => "webhook",
        }
    }
}

/// What it was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    Bounced(Class),
    Delayed,
    Complained,
    Unsubscribed,
    /// It was told before.
    Known,
}

impl Acting {
    /// Acts on one thing that is told of one copy. Durable when it returns; told again, it does nothing more.
    pub async fn told(&self, copy: &SentCopy, what: &What, teller: Teller) -> Result<Acted, StoreError> {
        let acted = match what {
            What::Failed(reason) => self.failed(copy, reason, teller).await?,
            What::Delayed(reason) => {
                self.resisted(copy, reason, teller).await?;
                Acted::Delayed
            }
            What::Complaint => self.complained(copy, teller).await?,
            What::Unsubscribed => self.unsubscribed(copy, teller).await?,
        };
        metrics::came_back(&copy.sender, acted.word(), teller.channel());
        let delivery = copy.delivery;
        tracing::info!(%delivery, sender = %copy.sender, what = acted.word(), channel = teller.channel(), "mail came back");
        Ok(acted)
    }

    async fn failed(&self, copy: &SentCopy, reason: &Reason, teller: Teller) -> Result<Acted, StoreError> {
        let policy = self.policies.load_full();
        let bounces = &policy.shaping.bounces;
        let answer = answer(reason);
        let provider = copy.lane.as_ref().map_or("", |lane| lane.provider.as_str());
        let (class, rule) = bounces.classify(provider, answer);
        let came_back = CameBack::Bounced(class);
        if self.store.came_back_before(copy.delivery, came_back).await? {
            return Ok(Acted::Known);
        }
        let blocks = match class {
            Class::Hard => true,
            Class::Soft => {
                let since =
                    self.store.now().await?.checked_sub(bounces.within).unwrap_or(jiff::Timestamp::MIN);
                self.store.came_back_softly(copy, since).await?.saturating_add(1) >= bounces.soft
            }
            Class::Policy | Class::Content | Class::SpamBlock => false,
        };
        // First what counts, then that it was done: a repeat after a crash between the two does it once more.
        if blocks && !copy.blocked {
            let by = rule.map(|rule| format!("{}:{}", rule.rule.file, rule.rule.line));
            let evidence = json!({
                "delivery": copy.delivery, "class": class.as_str(), "code": reason.code,
                "status": reason.status.map(|(a, b, c)| format!("{a}.{b}.{c}")),
                "response": shown(copy, reason), "rule": by,
            });
            self.block(copy, evidence, teller).await?;
        }
        if matches!(class, Class::Policy | Class::SpamBlock) {
            self.resisted(copy, reason, teller).await?;
        }
        self.store.remember_return(copy, came_back, &shown(copy, reason)).await?;
        if class != Class::Soft {
            self.brake(copy, On::Bounces).await?;
        }
        Ok(Acted::Bounced(class))
    }

    /// Of who has left the address since, or was erased, nothing is blocked: it was the old address that bounced.
    async fn block(&self, copy: &SentCopy, evidence: Value, teller: Teller) -> Result<(), StoreError> {
        let who = match (copy.subscriber, &copy.recipient) {
            (Some(subscriber), _) if copy.still_there => Who::Subscriber(subscriber),
            (None, Some(address)) => Who::Address(address.clone()),
            (Some(_), _) | (None, None) => return Ok(()),
        };
        self.record(copy, who, EventKind::Suppressed { why: Suppression::Bounce }, evidence, teller).await
    }

    /// RFC 5965: a complaint is a no to all marketing, which nobody takes back.
    async fn complained(&self, copy: &SentCopy, teller: Teller) -> Result<Acted, StoreError> {
        if !self.withdraw(copy, CameBack::Complaint, teller).await? {
            return Ok(Acted::Known);
        }
        self.brake(copy, On::Complaints).await?;
        Ok(Acted::Complained)
    }

    /// By a provider's own link or list: which of our interests was meant it doesn't know. Told again it is the same no,
    /// though the person may have said yes since.
    async fn unsubscribed(&self, copy: &SentCopy, teller: Teller) -> Result<Acted, StoreError> {
        let news = self.withdraw(copy, CameBack::Unsubscribed, teller).await?;
        Ok(if news { Acted::Unsubscribed } else { Acted::Known })
    }

    /// A no to all marketing of the sender. Whether it was news.
    async fn withdraw(&self, copy: &SentCopy, what: CameBack, teller: Teller) -> Result<bool, StoreError> {
        if self.store.came_back_before(copy.delivery, what).await? {
            return Ok(false);
        }
        let who = match (copy.subscriber, &copy.recipient) {
            (Some(subscriber), _) => Some(Who::Subscriber(subscriber)),
            (None, Some(address)) => Some(Who::Address(address.clone())),
            (None, None) => None,
        };
        if let Some(who) = who {
            let kind = EventKind::Withdrawal { scopes: Vec::new(), complaint: what == CameBack::Complaint };
            self.record(copy, who, kind, json!({ "delivery": copy.delivery }), teller).await?;
        }
        self.store.remember_return(copy, what, "").await?;
        Ok(true)
    }

    async fn record(
        &self,
        copy: &SentCopy,
        who: Who,
        kind: EventKind,
        evidence: Value,
        teller: Teller,
    ) -> Result<(), StoreError> {
        let provenance =
            Provenance { channel: teller.channel().to_owned(), evidence, ..Provenance::default() };
        match self.recorder.record(&copy.sender, who, kind, None, provenance).await {
            // Whoever is unknown by now has nothing to be blocked or withdrawn.
            Ok(_) | Err(RecordError::Unknown) => Ok(()),
            Err(RecordError::Store(error)) => Err(error),
            Err(error @ (RecordError::NotAdmitted(_) | RecordError::Repeated(_))) => {
                Err(StoreError::Unreadable(error.to_string()))
            }
        }
    }

    async fn brake(&self, copy: &SentCopy, on: On) -> Result<(), StoreError> {
        match &copy.lane {
            Some(lane) => brakes::judge(&self.store, &self.policies.load_full().shaping, lane, on).await,
            None => Ok(()),
        }
    }

    /// The pace learns from what comes back later: a smart host answers 250 for everyone.
    async fn resisted(&self, copy: &SentCopy, reason: &Reason, teller: Teller) -> Result<(), StoreError> {
        let Some(lane) = &copy.lane else { return Ok(()) };
        let policy = self.policies.load_full();
        let heard = told_of(&policy.shaping, lane, answer(reason), shown(copy, reason));
        let person = copy.subscriber.unwrap_or(copy.delivery);
        // The upstream and the providers of outbound mail are believed at once.
        if heard.is_some()
            && teller == Teller::Mail
            && !self.hearsay.is_enough(&lane.provider, person, Instant::now())
        {
            return Ok(());
        }
        match heard {
            Some(Heard::Resistance(met)) => self.slow(met, &policy).await,
            Some(Heard::PauseCampaign(cause)) => self.pause_campaign(lane, cause).await,
            None => Ok(()),
        }
    }

    async fn slow(&self, met: Resistance, policy: &PolicySet) -> Result<(), StoreError> {
        if let Some(throttle) = self.store.meet(met, &policy.shaping).await? {
            crate::deliver::throttles::tell(&throttle);
        }
        Ok(())
    }

    async fn pause_campaign(&self, lane: &Lane, cause: String) -> Result<(), StoreError> {
        if lane.stream != Stream::Marketing {
            return Ok(());
        }
        let target = Target::Campaign(lane.sender.clone(), lane.campaign.clone());
        let since = self.store.now().await?;
        pause(&self.store, Pause { target, whose: Whose::Everybodys, by: By::Response, cause, since }).await
    }
}

impl Acted {
    /// One word for metrics and the log.
    fn word(self) -> &'static str {
        match self {
            Self::Bounced(class) => class.as_str(),
            Self::Delayed => "delayed",
            Self::Complained => "complaint",
            Self::Unsubscribed => "unsubscribed",
            Self::Known => "known",
        }
    }
}

fn answer(reason: &Reason) -> Answer<'_> {
    Answer { code: reason.code, status: reason.status, text: &reason.text }
}

/// As it may be shown: one line without addresses.
fn shown(copy: &SentCopy, reason: &Reason) -> String {
    let line = answer(reason).line();
    copy.recipient.as_ref().map_or_else(|| one_line(&line), |recipient| one_line_about(&line, recipient))
}
