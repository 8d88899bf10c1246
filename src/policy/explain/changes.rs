//! What would have changed an answer: one thing at a time is supposed to be otherwise, and `decide` is asked again.
//! What leaves its answer as it was is not told. Pure.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::Line;
use crate::consent::ConsentState;
use crate::consent::event::{Acquaintance, OptIn, SignedUpBy, Suppression};
use crate::consent::fold::{Acquainted, No, NoticeText, Signup, Yes};
use crate::policy::decide::{Circumstances, Records, decide};
use crate::policy::facts::{BodySeal, ConfirmLink, NamedScope, Personalisation, StreamGrant};
use crate::policy::grounds::{Question, day, youngest_no};
use crate::policy::jurisdiction::Jurisdiction;
use crate::policy::sender::{DomainPattern, ScopePolicy, SenderPolicy, SignedBody};
use crate::policy::{Facts, GroundKind, PolicySet, Reason, RuleRef, Scope, Stream, Verdict, VerdictKind};

/// Holds that may follow each other before an end is looked for no more.
const MOST_HOLDS: usize = 100;
/// Scopes that are named at most.
const MOST_SCOPES: usize = 8;

/// One thing that would have changed the answer, and to what.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// For people: `a double opt-in for apparel after 2026-06-12`.
    pub what: String,
    /// The lines that bear on it.
    pub rules: Vec<Line>,
    pub verdict: VerdictKind,
    pub reason: Option<Reason>,
    pub ground: Option<GroundKind>,
}

/// A question with its answer.
pub(super) struct Asked<'a> {
    pub policy: &'a PolicySet,
    pub facts: &'a Facts,
    pub consent: &'a ConsentState,
    pub circumstances: &'a Circumstances,
    pub now: Timestamp,
    pub verdict: &'a Verdict,
}

/// A key that the sender's file lacks: what to say of it, the line that asks for it, and how it would stand there.
type Lack<'a> = (String, &'a RuleRef, fn(&mut SenderPolicy));

/// A scope in which somebody might have bought, and the like that lets it reach the message's.
type Bought<'a> = (&'a Scope, &'a RuleRef);

impl Asked<'_> {
    pub fn changes(&self) -> Vec<Change> {
        let Some(sender) = self.policy.sender(&self.facts.sender) else { return Vec::new() };
        let default = sender.default_jurisdiction.as_deref();
        let Some(pack) = self.policy.jurisdiction(self.consent.jurisdiction.as_deref(), default) else {
            return Vec::new();
        };
        match (self.verdict.verdict, self.verdict.reason) {
            (VerdictKind::Deliver, _) => self.against(sender, pack),
            (_, Some(Reason::FromNotAllowed)) => self.other_from(sender),
            (_, Some(Reason::UnknownScope)) => self.declared(sender),
            (_, Some(Reason::StreamNotAllowed)) => self.granted(),
            (_, Some(reason)) if reason.is_of_content() && self.is_about_findings() => {
                let mut facts = self.facts.clone();
                facts.findings.content.clear();
                let then = decide(self.policy, &facts, self.consent, self.circumstances, self.now);
                let what = "the same without what its content has wrong".to_owned();
                self.change(what, &[&self.verdict.rule], &then).into_iter().collect()
            }
            (_, Some(Reason::ContentMissing)) if self.facts.stream == Stream::Confirmation => {
                let facts = Facts { confirm_link: ConfirmLink::Present, ..self.facts.clone() };
                let then = decide(self.policy, &facts, self.consent, self.circumstances, self.now);
                let what = "{{optgate.confirm_url}} in a text that is shown".to_owned();
                self.change(what, &[&self.verdict.rule], &then).into_iter().collect()
            }
            (_, Some(Reason::ContentMissing)) => self.with_content(sender, pack),
            (_, Some(Reason::ProfilingNotAllowed)) => self.not_profiled(),
            (_, Some(Reason::Restoring)) => {
                let mut circumstances = self.circumstances.clone();
                circumstances.records = Records::Complete;
                let then = decide(self.policy, self.facts, self.consent, &circumstances, self.now);
                self.change("all noes back after the restore".to_owned(), &[], &then).into_iter().collect()
            }
            (_, Some(Reason::CampaignPaused)) => {
                let circumstances = Circumstances { paused: None, ..self.circumstances.clone() };
                let then = decide(self.policy, self.facts, self.consent, &circumstances, self.now);
                self.change("what is paused, resumed".to_owned(), &[], &then).into_iter().collect()
            }
            (VerdictKind::Hold, _) => self.no_wait(),
            _ => self.for_it(sender, pack),
        }
    }

    /// Whether the verdict is on what `lint` found: it says so first.
    fn is_about_findings(&self) -> bool {
        self.facts.findings.content.iter().any(|found| self.verdict.text.starts_with(found.name.as_str()))
    }

    /// What would have let it pass: of the person, then of the message.
    fn for_it(&self, sender: &SenderPolicy, pack: &Jurisdiction) -> Vec<Change> {
        let mut changes = self.without_blocks();
        if self.facts.stream == Stream::Marketing
            && let Some(scope) = &self.facts.scope
        {
            changes.extend(self.opt_ins(pack, scope));
            changes.extend(self.notices());
            changes.extend(self.purchases(sender, pack, scope));
            changes.extend(self.other_scopes(sender));
        }
        if self.facts.stream == Stream::Confirmation {
            changes.extend(self.confirmations(pack));
        }
        changes
    }

    /// Of mail that asks to confirm: a sign-up that was told, room under the limits, a law that takes it.
    fn confirmations(&self, pack: &Jurisdiction) -> Vec<Change> {
        let Some(scope) = self.facts.scope.clone() else { return Vec::new() };
        let no = youngest_no(self.consent, &scope).map(|no| no.at);
        let after = match self.consent.erased.max(no) {
            Some(at) => format!(" after {}", day(at)),
            None => String::new(),
        };
        let what = format!("a sign-up for {scope}{after} that somebody told us of");
        let mut signed_up = ConsentState { erased: None, ..self.consent.clone() };
        let (by, at, event) = (SignedUpBy::Told, self.now, Uuid::nil());
        signed_up.pending.push(Signup { scope, by, at, event });
        let mut changes: Vec<Change> = self.of_person(what, &[], &signed_up).into_iter().collect();
        let nothing_sent = Circumstances { confirmations: Vec::new(), ..self.circumstances.clone() };
        let then = decide(self.policy, self.facts, self.consent, &nothing_sent, self.now);
        let what = "no confirmation mail sent to the address before".to_owned();
        changes.extend(self.change(what, &[], &then));
        let mut policy = self.policy.clone();
        if let Some(own) = policy.jurisdictions.get_mut(&*pack.id) {
            own.reconfirm_imported = true;
        }
        let then = decide(&policy, self.facts, self.consent, self.circumstances, self.now);
        let what = format!("`reconfirm_imported = true` for `{}`", pack.id);
        changes.extend(self.change(what, &[&pack.reconfirm_rule], &then));
        changes
    }

    /// What would have let it pass though the person objected to being profiled.
    fn not_profiled(&self) -> Vec<Change> {
        let mut facts = self.facts.clone();
        facts.findings.personalisation = Personalisation::None;
        let then = decide(self.policy, &facts, self.consent, self.circumstances, self.now);
        let what = "the same for everybody (X-Optgate-Personalisation: none)".to_owned();
        let mut allowed = self.consent.clone();
        allowed.choices.profiling = None;
        let lifted = self.of_person("the objection to profiling taken back".to_owned(), &[], &allowed);
        self.change(what, &[], &then).into_iter().chain(lifted).collect()
    }

    /// What the person chose, had they not.
    fn not_chosen(&self) -> Vec<Change> {
        let choices = &self.consent.choices;
        let mut changes = Vec::new();
        if choices.paused_until(self.now).is_some() {
            let mut ended = self.consent.clone();
            ended.choices.pause = None;
            changes.extend(self.of_person("the person's pause ended".to_owned(), &[], &ended));
        }
        if let Some(per) = choices.cap() {
            let mut as_sent = self.consent.clone();
            as_sent.choices.frequency = None;
            let what = format!("without the person's choice of once a {per} at most");
            changes.extend(self.of_person(what, &[], &as_sent));
        }
        changes
    }

    /// What would have let it go at once.
    fn no_wait(&self) -> Vec<Change> {
        let later = self.end_of_waiting();
        let mut nothing_sent = self.circumstances.clone();
        nothing_sent.earlier.clear();
        let then = decide(self.policy, self.facts, self.consent, &nothing_sent, self.now);
        let what = "nothing sent to the person before".to_owned();
        let nothing_sent = self.change(what, &[&self.verdict.rule], &then);
        later.into_iter().chain(nothing_sent).chain(self.not_chosen()).collect()
    }

    /// When it no longer waits: what ends may give way to what begins, as a day's cap to the quiet hours of its night.
    fn end_of_waiting(&self) -> Option<Change> {
        let mut rules = vec![self.verdict.rule.clone()];
        let mut until = self.verdict.until?;
        for _ in 0..MOST_HOLDS {
            let then = decide(self.policy, self.facts, self.consent, self.circumstances, until);
            match then.until.filter(|_| then.verdict == VerdictKind::Hold) {
                Some(next) if next > until => {
                    if !rules.contains(&then.rule) {
                        rules.push(then.rule);
                    }
                    until = next;
                }
                _ => {
                    let rules: Vec<&RuleRef> = rules.iter().collect();
                    return self.change(format!("a moment from {until} on"), &rules, &then);
                }
            }
        }
        None
    }

    /// A block or a restriction that had been lifted.
    fn without_blocks(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (why, at) in &self.consent.suppressed {
            let mut lifted = self.consent.clone();
            lifted.suppressed.retain(|(own, _)| own != why);
            let by = match why {
                Suppression::Bounce => "after bounces",
                Suppression::Operator => "by an operator",
            };
            changes.extend(self.of_person(format!("the block of {} {by} lifted", day(*at)), &[], &lifted));
        }
        if let Some(at) = self.consent.restricted {
            let lifted = ConsentState { restricted: None, ..self.consent.clone() };
            changes.extend(self.of_person(format!("the restriction of {} lifted", day(at)), &[], &lifted));
        }
        changes
    }

    /// A yes of the person's own: after their no, or after their erasure.
    fn opt_ins(&self, pack: &Jurisdiction, scope: &Scope) -> Vec<Change> {
        let no = youngest_no(self.consent, scope).map(|no| no.at);
        let after = match self.consent.erased.max(no) {
            Some(at) => format!(" after {}", day(at)),
            None => String::new(),
        };
        let kinds = [
            (OptIn::DoubleOptIn, "double", GroundKind::DoubleOptIn),
            (OptIn::SingleOptIn, "single", GroundKind::SingleOptIn),
        ];
        let taken = kinds.into_iter().filter(|(_, _, kind)| pack.takes(*kind));
        let change = |(ground, word, _): (OptIn, &str, GroundKind)| {
            let mut said_yes = ConsentState { erased: None, ..self.consent.clone() };
            said_yes.opt_ins.push(Yes { ground, scope: scope.clone(), at: self.now, event: Uuid::nil() });
            let what = format!("a {word} opt-in for {scope}{after}");
            self.of_person(what, &[&pack.grounds_rule], &said_yes)
        };
        taken.filter_map(change).collect()
    }

    /// Notice given with what was bought without it.
    fn notices(&self) -> Vec<Change> {
        let without = self.consent.acquaintances.iter().enumerate().filter(|(_, one)| !one.notice);
        let change = |(place, one): (usize, &Acquainted)| {
            let mut told = self.consent.clone();
            told.acquaintances.get_mut(place)?.notice = true;
            let rule = &self.verdict.rule;
            let what =
                format!("notice at collection on {} ({} in {})", day(one.at), one.how.as_str(), one.scope);
            self.of_person(what, &[rule], &told)
        };
        without.filter_map(change).collect()
    }

    /// A purchase (or what else the pack takes) in the scope itself, or where a like reaches it.
    fn purchases(&self, sender: &SenderPolicy, pack: &Jurisdiction, scope: &Scope) -> Option<Change> {
        let how = *pack.soft_opt_in.from.first()?;
        let bought = |scope: &Scope| {
            let mut state = self.consent.clone();
            let scope = scope.clone();
            state.acquaintances.push(Acquainted {
                how,
                scope,
                notice: true,
                notice_text: NoticeText::Kept,
                at: self.now,
                event: Uuid::nil(),
            });
            state
        };
        let reaching = sender.similar.iter().filter(|like| like.allows.iter().any(|own| own.covers(scope)));
        let likes: Vec<Bought<'_>> = reaching.map(|like| (&like.bought, &like.rule)).collect();
        let reaches = |own: &&Bought<'_>| self.of_person(String::new(), &[], &bought(own.0)).is_some();
        let likes: Vec<&Bought<'_>> = likes.iter().filter(reaches).take(MOST_SCOPES).collect();
        let a = match how {
            Acquaintance::Purchase => "a purchase",
            Acquaintance::Inquiry => "an inquiry",
            Acquaintance::Negotiation => "negotiations",
        };
        let mut what = format!("{a} in {scope}");
        if !likes.is_empty() {
            let named: Vec<String> =
                likes.iter().map(|(own, rule)| format!("{own} ({}:{})", rule.file, rule.line)).collect();
            what = format!("{what}, or in a scope whose likes allow it: {}", named.join(", "));
        }
        if pack.soft_opt_in.notice_required {
            what.push_str(", with notice at collection");
        }
        let rules: Vec<&RuleRef> =
            std::iter::once(&pack.soft_opt_in.rule).chain(likes.iter().map(|(_, rule)| *rule)).collect();
        self.of_person(what, &rules, &bought(scope))
    }

    /// The same message about something that the person does want to hear of.
    fn other_scopes(&self, sender: &SenderPolicy) -> Option<Change> {
        let instead = |scope: &Scope| {
            let mut facts = Facts { scope: Some(scope.clone()), ..self.facts.clone() };
            facts.findings.scope = NamedScope::AsIs;
            facts
        };
        let then = |facts: &Facts| decide(self.policy, facts, self.consent, self.circumstances, self.now);
        let taxonomy = sender.taxonomy();
        let mut fitting =
            taxonomy.iter().filter(|scope| then(&instead(scope)).verdict == VerdictKind::Deliver);
        let first = fitting.next()?;
        let named: Vec<&str> =
            std::iter::once(first).chain(fitting).take(MOST_SCOPES).map(Scope::as_str).collect();
        self.change(format!("a message in {}", named.join(" or ")), &[], &then(&instead(first)))
    }

    fn other_from(&self, sender: &SenderPolicy) -> Vec<Change> {
        let Some(pattern) = sender.from_domains.first() else { return Vec::new() };
        let from_domain = match pattern {
            DomainPattern::Exact(domain) => domain.clone(),
            DomainPattern::Below(domain) => format!("mail.{domain}"),
        };
        let what = format!("a From at {from_domain}");
        let mut facts = Facts { from_domain, ..self.facts.clone() };
        facts.findings.also_from.clear();
        let then = decide(self.policy, &facts, self.consent, self.circumstances, self.now);
        self.change(what, &[&sender.rule], &then).into_iter().collect()
    }

    /// The scope declared, or a scope at all.
    fn declared(&self, sender: &SenderPolicy) -> Vec<Change> {
        let Some(scope) = &self.facts.scope else { return self.other_scopes(sender).into_iter().collect() };
        let (title, rule) = (Default::default(), sender.rule.clone());
        let then = self.with_sender(|own| {
            own.scopes.insert(scope.clone(), ScopePolicy { title, mode: None, rule });
        });
        let what = format!("[scopes.\"{scope}\"] in {}", sender.rule.file);
        let mut changes: Vec<Change> = self.change(what, &[&sender.rule], &then).into_iter().collect();
        changes.extend(self.other_scopes(sender));
        changes
    }

    fn granted(&self) -> Vec<Change> {
        let mut facts = self.facts.clone();
        facts.findings.grant = StreamGrant::Granted;
        let then = decide(self.policy, &facts, self.consent, self.circumstances, self.now);
        let what = format!("a credential that may send {} mail", self.facts.stream);
        self.change(what, &[], &then).into_iter().collect()
    }

    /// What the sender's file lacks, each by itself; where more than one does, all of them.
    fn with_content(&self, sender: &SenderPolicy, pack: &Jurisdiction) -> Vec<Change> {
        let (file, rules) = (&sender.rule.file, &pack.demand_rules);
        let marketing = sender.stream(Stream::Marketing);
        let mut lacks: Vec<Lack<'_>> = Vec::new();
        if self.facts.findings.body == BodySeal::Sealed && marketing.signed_body == SignedBody::Refuse {
            let what = format!("`signed_body = \"headers\"` in {file}");
            lacks.push((what, &marketing.rule, |own| {
                if let Some(own) = own.streams.get_mut(&Stream::Marketing) {
                    own.signed_body = SignedBody::Headers;
                }
            }));
        }
        if pack.content.postal_address && sender.postal_address.is_none() {
            let what = format!("`postal_address` in {file}");
            lacks.push((what, &rules.postal_address, |own| {
                own.postal_address = Some("an address".to_owned())
            }));
        }
        if pack.content.privacy_notice && sender.privacy_notice.is_none() {
            let what = format!("`privacy_notice` in {file}");
            lacks.push((what, &rules.privacy_notice, |own| own.privacy_notice = Some("https://".to_owned())));
        }
        let had = |lacks: &[Lack<'_>]| {
            let then = self.with_sender(|own| lacks.iter().for_each(|(_, _, give)| give(own)));
            let what: Vec<&str> = lacks.iter().map(|(what, ..)| what.as_str()).collect();
            let rules: Vec<&RuleRef> = lacks.iter().map(|(_, rule, _)| *rule).collect();
            self.change(what.join(" and "), &rules, &then)
        };
        let mut changes: Vec<Change> = lacks.chunks(1).filter_map(had).collect();
        if lacks.len() > 1 {
            changes.extend(had(&lacks));
        }
        changes
    }

    /// The answer, had the sender's file said something else.
    fn with_sender(&self, change: impl FnOnce(&mut SenderPolicy)) -> Verdict {
        let mut policy = self.policy.clone();
        if let Some(sender) = policy.senders.get_mut(&self.facts.sender) {
            change(sender);
        }
        decide(&policy, self.facts, self.consent, self.circumstances, self.now)
    }

    /// What would have stopped it: a no, the lack of what it rests on, time.
    fn against(&self, sender: &SenderPolicy, pack: &Jurisdiction) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut no = self.consent.clone();
        no.withdrawals.push(No {
            scope: None,
            except: Vec::new(),
            at: self.now,
            event: Uuid::nil(),
            complaint: false,
        });
        let scope = self.facts.scope.as_ref().map(|scope| format!(" of {scope} or")).unwrap_or_default();
        changes.extend(self.of_person(format!("a withdrawal{scope} of all marketing"), &[&pack.rule], &no));
        changes.extend(self.without_ground());
        changes.extend(self.later(sender, pack));
        let mut blocked = self.consent.clone();
        blocked.suppressed.push((Suppression::Operator, self.now));
        changes.extend(self.of_person("a block of the address".to_owned(), &[], &blocked));
        changes
    }

    /// Without the fact that the ground rests on: what else there is, if anything.
    fn without_ground(&self) -> Option<Change> {
        let event = self.verdict.ground_event?;
        let mut without = self.consent.clone();
        let yes = without.opt_ins.iter().find(|yes| yes.event == event).map(|yes| yes.at);
        let bought = without.acquaintances.iter().find(|one| one.event == event).map(|one| one.at);
        without.opt_ins.retain(|yes| yes.event != event);
        without.acquaintances.retain(|one| one.event != event);
        let at = yes.or(bought)?;
        let ground = self.verdict.ground?;
        self.of_person(format!("without what the {ground} of {} rests on", day(at)), &[], &without)
    }

    /// The day on which what it rests on ends.
    fn later(&self, sender: &SenderPolicy, pack: &Jurisdiction) -> Option<Change> {
        let (consent, scope) = (self.consent, self.facts.scope.as_ref()?);
        let question = Question { sender, pack, scope, consent, now: self.now };
        let rests_on =
            consent.acquaintances.iter().find(|one| Some(one.event) == self.verdict.ground_event)?;
        let end = question.end(rests_on)?;
        let then = decide(self.policy, self.facts, consent, self.circumstances, end.at);
        let what =
            format!("a day from {} on, when the {} ends as a ground", day(end.at), rests_on.how.as_str());
        self.change(what, &[end.rule], &then)
    }

    fn of_person(&self, what: String, rules: &[&RuleRef], consent: &ConsentState) -> Option<Change> {
        let then = decide(self.policy, self.facts, consent, self.circumstances, self.now);
        self.change(what, rules, &then)
    }

    /// Only what changes the answer is told.
    fn change(&self, what: String, rules: &[&RuleRef], then: &Verdict) -> Option<Change> {
        let same = |one: &Verdict| (one.verdict, one.reason, one.ground);
        if same(then) == same(self.verdict) {
            return None;
        }
        let rules = rules.iter().map(|rule| Line::of(self.policy, rule)).collect();
        Some(Change { what, rules, verdict: then.verdict, reason: then.reason, ground: then.ground })
    }
}
