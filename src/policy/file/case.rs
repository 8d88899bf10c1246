//! `cases/*.toml`: tests of the other files, read against the set that those make.
//!
//! A case that could never be, or that names what no file declares, is a mistake: it would pass or fail for a reason
//! that its author didn't mean. A mistake here keeps no policy from coming into force: a gateway reads no cases.

mod fact;
mod senders;

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;

use super::{NamedText, Severity, value};
use crate::policy::case::{Case, Expect, Outcome};
use crate::policy::facts::{ConfirmLink, Personalisation};
use crate::policy::sender::SenderPolicy;
use crate::policy::{GroundKind, PolicySet, Reason, RuleRef, Scope, Stream, Tracking, VerdictKind};
use crate::toml_file::nearest::hint;
use crate::toml_file::{Given, Mistake, Source, Table, Value, document, sorted};
use fact::Fact;

/// More facts than a case needs.
const MAX_FACTS: usize = 1000;

/// Whether a file of the folder holds cases.
pub fn holds_cases(name: &str) -> bool {
    name.split('/').next() == Some("cases")
}

/// Whether a file among them is a sender that only cases know: no gateway ever sends in its name.
pub fn is_sender(name: &str) -> bool {
    name.starts_with("cases/senders/")
}

/// The cases of a folder, and what is wrong with them.
#[derive(Debug)]
pub struct Cases {
    pub all: Vec<Case>,
    pub mistakes: Vec<Mistake>,
    /// What they are decided by: the folder's set, and with it the senders that only cases know. `None` where the
    /// folder's files have mistakes of their own.
    pub policy: Option<PolicySet>,
}

impl Cases {
    /// Whether each file of them can be run as it stands.
    pub fn are_sound(&self) -> bool {
        self.mistakes.iter().all(|mistake| mistake.severity != Severity::Error)
    }

    /// What comes of each.
    pub fn outcomes(&self) -> Vec<Outcome<'_>> {
        let run = |policy| self.all.iter().map(move |case| case.run(policy));
        self.policy.iter().flat_map(run).collect()
    }
}

/// All cases among these files, and what is wrong with the others. Without a policy set (its files have mistakes of
/// their own) only what a file says by itself is looked at, and there is no case to run.
pub fn cases(files: &[NamedText], policy: Option<&PolicySet>) -> Cases {
    let files = files.iter().filter(|(name, _)| holds_cases(name));
    let (senders, files): (Vec<_>, Vec<_>) = files.partition(|(name, _)| is_sender(name));
    let (policy, mut mistakes) = senders::added(&senders, policy);
    let sources: Vec<Source<'_>> = files.iter().map(|(name, text)| Source::new(name, text)).collect();
    let documents: Vec<_> = sources.iter().map(|source| document(source)).collect();
    let mut all = Vec::new();
    for (source, document) in sources.iter().zip(&documents) {
        if !source.is_closed() {
            let table = Table::new(source, source.beginning(), document.get_ref());
            all.extend(file(table, policy.as_ref()));
        }
    }
    mistakes.extend(sources.into_iter().flat_map(Source::into_mistakes));
    Cases { all, mistakes: sorted(mistakes), policy }
}

/// What a file says for all its cases.
struct Defaults<'p> {
    sender: Option<Given<String>>,
    /// That sender's policy.
    known: Option<&'p SenderPolicy>,
    at: Option<Timestamp>,
    /// Keys that stand there, be they right or wrong.
    says: Says,
}

/// Whether a table has these keys: one that is wrong was told, and isn't missing.
#[derive(Clone, Copy)]
struct Says {
    sender: bool,
    at: bool,
}

impl Says {
    fn of(table: &Table<'_>) -> Self {
        Self { sender: table.has("sender"), at: table.has("at") }
    }
}

pub(super) fn file(mut table: Table<'_>, policy: Option<&PolicySet>) -> Vec<Case> {
    let says = Says::of(&table);
    table.source().stand_above("file", &["sender", "at"]);
    let sender = table.take("sender", |v| v.read(value::id));
    // Told once, and not again for each case.
    let known =
        sender.as_ref().zip(policy).and_then(|(sender, policy)| known(table.source(), sender, policy));
    let at = table.take("at", |v| v.moment()).map(|given| given.value);
    let defaults = Defaults { sender, known, at, says };
    let mut names: BTreeMap<String, RuleRef> = BTreeMap::new();
    let mut cases = Vec::new();
    for own in table.tables("case") {
        cases.extend(case(own, &defaults, policy, &mut names));
    }
    table.finish();
    cases
}

fn case(
    mut table: Table<'_>,
    defaults: &Defaults<'_>,
    policy: Option<&PolicySet>,
    names: &mut BTreeMap<String, RuleRef>,
) -> Option<Case> {
    let (source, rule, says) = (table.source(), table.rule(), Says::of(&table));
    let name = table.need("name", |v| v.non_empty());
    if let Some(name) = &name
        && let Some(first) = names.insert(name.value.clone(), name.rule.clone())
    {
        source.error(&name.span, format!("a case of this name stands at line {} already", first.line));
    }
    let own = table.take("sender", |v| v.read(value::id));
    let known = match (&own, policy) {
        (Some(own), Some(policy)) => known(source, own, policy),
        _ => defaults.known,
    };
    let sender = own.or_else(|| defaults.sender.clone());
    if !says.sender && !defaults.says.sender {
        source.error(table.span(), "`sender` is missing, here and at the top of the file");
    }
    let at = table.take("at", |v| v.moment()).map(|given| given.value).or(defaults.at);
    if !says.at && !defaults.says.at {
        source.error(table.span(), "`at` is missing, here and at the top of the file");
    }
    let facts = table.take("facts", |v| v.list(|item| fact::read(item.table()?)));
    let mut facts = facts.map(|given| given.value).unwrap_or_default();
    if facts.len() > MAX_FACTS {
        source.error(table.span(), format!("a case has at most {MAX_FACTS} facts"));
        facts.truncate(MAX_FACTS);
    }
    let message = table.need("message", |v| message(v.table()?));
    let expect = table.need("expect", |v| expect(v.table()?));
    table.finish();
    let (at, message, expect) = (at?, message?.value, expect?.value);
    facts.iter().for_each(|fact| in_time(source, fact, at));
    if let Some((sender, policy)) = known.zip(policy) {
        declared(source, sender, &facts, &message, &expect);
        packs(source, policy, &facts, &expect);
    }
    known?;
    let (facts, deliveries) = fact::split(facts);
    Some(Case {
        name: name?.value,
        sender: sender?.value,
        at,
        facts,
        deliveries,
        stream: message.stream,
        scope: message.scope.map(|given| given.value),
        campaign: message.campaign,
        confirm_link: message.confirm_link,
        personalisation: message.personalisation,
        expect: expect.expect,
        rule,
    })
}

fn known<'p>(source: &Source<'_>, sender: &Given<String>, policy: &'p PolicySet) -> Option<&'p SenderPolicy> {
    let found = policy.sender(&sender.value);
    if found.is_none() {
        let hint = hint(&sender.value, policy.senders.keys().map(String::as_str));
        source.error(&sender.span, format!("no file in senders/ has the id `{}`{hint}", sender.value));
    }
    found
}

fn in_time(source: &Source<'_>, fact: &Fact, at: Timestamp) {
    if fact.at.value > at {
        let message = format!("this is later than the case's own `at`, {at}: nobody knows of it yet");
        source.error(&fact.at.span, message);
    }
}

struct Message {
    stream: Stream,
    scope: Option<Given<Scope>>,
    campaign: Option<String>,
    confirm_link: ConfirmLink,
    personalisation: Personalisation,
}

fn message(mut table: Table<'_>) -> Option<Message> {
    let source = table.source();
    let says_stream = table.has("stream") || table.has("scope");
    let stream = table.take("stream", |v| v.word(&words(Stream::ALL, Stream::as_str)));
    let scope = table.take("scope", |v| v.parsed::<Scope>());
    let campaign = table.take("campaign", |v| v.non_empty()).map(|given| given.value);
    let link = table.take("confirm_link", |v| v.boolean());
    let personalisation =
        table.take("personalisation", |v| v.word(&words(&Personalisation::ALL, Personalisation::as_str)));
    let stream = match (stream, &scope) {
        (Some(given), _) => Some(given.value),
        // As everywhere, a scope alone means marketing.
        (None, Some(_)) => Some(Stream::Marketing),
        // One that is wrong was told already.
        (None, None) if says_stream => None,
        (None, None) => {
            source.error(table.span(), "`stream` is missing");
            None
        }
    };
    table.finish();
    let stream = stream?;
    if let Some(link) = link.as_ref().filter(|_| stream != Stream::Confirmation) {
        source.error(&link.span, format!("{stream} mail holds no link that confirms: leave it out"));
    }
    let confirm_link = match link.map(|link| link.value) {
        Some(false) => ConfirmLink::Absent,
        Some(true) | None => ConfirmLink::supposed(stream),
    };
    let personalisation = personalisation.map(|given| given.value).unwrap_or_default();
    Some(Message { stream, scope, campaign, confirm_link, personalisation })
}

/// What is expected, and where what must be declared elsewhere is named.
struct ReadExpect {
    expect: Expect,
    jurisdiction: Option<Given<String>>,
    scope: Option<Given<Scope>>,
}

fn expect(mut table: Table<'_>) -> Option<ReadExpect> {
    let (source, span) = (table.source(), table.span().clone());
    let verdict = table.take("verdict", |v| v.word(&words(VerdictKind::ALL, VerdictKind::as_str)));
    let reason = table.take("reason", |v| v.known_word("a reason", &words(Reason::ALL, Reason::as_str)));
    let ground = table.take("ground", |v| v.word(&words(GroundKind::ALL, GroundKind::as_str)));
    let scope = table.take("scope", |v| v.parsed::<Scope>());
    let stream = table.take("stream", |v| v.word(&words(Stream::ALL, Stream::as_str)));
    let jurisdiction = table.take("jurisdiction", |v| v.read(value::id));
    let passes = table.take("passes", |v| v.boolean());
    let tracking = table.take("tracking", |v| v.word(&words(Tracking::ALL, Tracking::as_str)));
    if table.is_empty() {
        source.error(&span, "an empty `expect` is met by every verdict: name at least `verdict`");
    }
    table.finish();
    if let (Some(reason), Some(ground)) = (&reason, &ground) {
        let message = format!(
            "no verdict has both: a reason (`{}`) says why mail may not go, a ground why it may",
            reason.value
        );
        source.error(&ground.span, message);
    }
    if let (Some(verdict), Some(tracking)) = (&verdict, &tracking)
        && verdict.value == VerdictKind::Refuse
        && passes.as_ref().is_none_or(|passes| !passes.value)
    {
        source.error(&tracking.span, "what is refused leaves no copy: nothing is kept in it or taken out");
    }
    if let Some(verdict) = &verdict {
        fits(source, verdict.value, reason.as_ref(), ground.as_ref());
    }
    let expect = Expect {
        verdict: verdict.map(|given| given.value),
        reason: reason.map(|given| given.value),
        ground: ground.map(|given| given.value),
        scope: scope.as_ref().map(|given| given.value.clone()),
        stream: stream.map(|given| given.value),
        jurisdiction: jurisdiction.as_ref().map(|given| given.value.clone()),
        passes: passes.map(|given| given.value),
        tracking: tracking.map(|given| given.value),
    };
    Some(ReadExpect { expect, jurisdiction, scope })
}

fn fits(
    source: &Source<'_>,
    verdict: VerdictKind,
    reason: Option<&Given<Reason>>,
    ground: Option<&Given<GroundKind>>,
) {
    match (verdict, reason, ground) {
        (VerdictKind::Deliver, Some(reason), _) => {
            source.error(&reason.span, "a `deliver` has no reason: it has a `ground`");
        }
        (VerdictKind::Refuse | VerdictKind::Hold, _, Some(ground)) => {
            source.error(&ground.span, format!("a `{verdict}` has no ground: it has a `reason`"));
        }
        _ => {}
    }
}

/// Scopes must be the taxonomy's, unless the case is about one that is not.
fn declared(
    source: &Source<'_>,
    sender: &SenderPolicy,
    facts: &[Fact],
    message: &Message,
    expect: &ReadExpect,
) {
    let tell = |scope: &Scope, span: &Range<usize>, more: &str| {
        let taxonomy = sender.taxonomy();
        let hint = hint(scope.as_str(), taxonomy.iter().map(Scope::as_str));
        source.error(span, format!("the taxonomy of `{}` has no scope `{scope}`{hint}{more}", sender.id));
    };
    for (scope, span) in facts.iter().flat_map(|fact| &fact.scopes) {
        if !sender.knows(scope) {
            tell(scope, span, "");
        }
    }
    let on_purpose = expect.expect.reason == Some(Reason::UnknownScope);
    for scope in message.scope.iter().chain(&expect.scope) {
        if !on_purpose && !sender.knows(&scope.value) {
            tell(&scope.value, &scope.span, " (a case of that expects reason `unknown_scope`)");
        }
    }
}

/// Packs must be there, unless the case is about one that is not.
fn packs(source: &Source<'_>, policy: &PolicySet, facts: &[Fact], expect: &ReadExpect) {
    let ids = || policy.jurisdictions.keys().map(String::as_str);
    if let Some(pack) = &expect.jurisdiction
        && !policy.jurisdictions.contains_key(&pack.value)
    {
        let hint = hint(&pack.value, ids());
        source.error(&pack.span, format!("there is no pack `{}` in jurisdictions/{hint}", pack.value));
    }
    let on_purpose = expect.jurisdiction.as_ref().is_some_and(|pack| pack.value == crate::policy::UNKNOWN);
    for place in facts.iter().filter_map(|fact| fact.place.as_ref()) {
        if !on_purpose && policy.pack(&place.value).is_none() {
            let hint = hint(&place.value, ids());
            let message = format!(
                "no pack judges `{}`, so `unknown` does{hint} (a case of that expects jurisdiction `unknown`)",
                place.value
            );
            source.warning(&place.span, message);
        }
    }
}

/// The contract's words and what they mean.
fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<(&'static str, T)> {
    all.iter().map(|one| (word(*one), *one)).collect()
}

/// One scope, or a list.
fn scopes(value: Value<'_>) -> Option<Vec<(Scope, Range<usize>)>> {
    let one = |item: Value<'_>| item.parsed().map(|scope| (scope, item.span()));
    if value.is_text() { one(value).map(|one| vec![one]) } else { value.list(one) }
}

#[cfg(test)]
mod tests;
