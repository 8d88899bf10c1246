//! What a pack asks besides a ground, as its file has it: what it leaves out, its base says.

use std::time::Duration;

use super::super::value;
use crate::policy::RuleRef;
use crate::policy::jurisdiction::{
    Confidence, Content, DemandRules, Exempt, Honoured, Origin, Retention, TrackingRules, Unsubscribe,
};
use crate::toml_file::{Given, Table};

/// `[content]`, `[unsubscribe]`, `[tracking]` and `[retention]` of one file.
#[derive(Default)]
pub struct ReadDemands {
    identity: Option<bool>,
    postal_address: Option<Given<bool>>,
    contact_address: Option<bool>,
    privacy_notice: Option<Given<bool>>,
    advertising_label: Option<bool>,
    link_life: Option<Duration>,
    honoured_within: Option<Honoured>,
    tracking_consent: Option<Given<bool>>,
    separate: Option<Given<bool>>,
    exempt: Option<Vec<Exempt>>,
    stops_in_sent_mail: Option<bool>,
    withdrawals_months: Option<u32>,
}

const EXEMPT: &[(&str, Exempt)] =
    &[("security", Exempt::Security), ("deliverability", Exempt::Deliverability)];
const CONFIDENCE: &[(&str, Confidence)] = &[
    ("primary", Confidence::Primary),
    ("secondary", Confidence::Secondary),
    ("unchecked", Confidence::Unchecked),
];

/// The demands of one file.
pub fn read(table: &mut Table<'_>) -> ReadDemands {
    let mut read = ReadDemands::default();
    if let Some(mut content) = table.table("content") {
        read.identity = flag(&mut content, "identity");
        read.postal_address = content.take("postal_address", |v| v.boolean());
        read.contact_address = flag(&mut content, "contact_address");
        read.privacy_notice = content.take("privacy_notice", |v| v.boolean());
        read.advertising_label = flag(&mut content, "advertising_label");
        content.finish();
    }
    if let Some(mut unsubscribe) = table.table("unsubscribe") {
        read.link_life = plain(unsubscribe.take("link_life", |v| v.read(value::duration)));
        read.honoured_within = plain(unsubscribe.take("honoured_within", |v| v.read(honoured)));
        unsubscribe.finish();
    }
    if let Some(mut tracking) = table.table("tracking") {
        read.tracking_consent = tracking.take("consent", |v| v.boolean());
        read.separate = tracking.take("separate", |v| v.boolean());
        read.exempt = plain(tracking.take("exempt", |v| v.list(|item| item.word(EXEMPT))));
        read.stops_in_sent_mail = flag(&mut tracking, "stops_in_sent_mail");
        tracking.finish();
    }
    if let Some(mut retention) = table.table("retention") {
        read.withdrawals_months = plain(retention.take("withdrawals", |v| v.read(value::months)));
        retention.finish();
    }
    read
}

/// `[source]`. `own` is the pack's own line.
pub fn origin(table: &mut Table<'_>, own: &RuleRef) -> Origin {
    let unsaid = Origin {
        law: None,
        confidence: Confidence::Unchecked,
        reviewed: None,
        rule: own.clone(),
        reviewed_rule: own.clone(),
    };
    let Some(mut source) = table.table("source") else { return unsaid };
    let law = plain(source.take("law", |v| v.non_empty()));
    let confidence = source.take("confidence", |v| v.word(CONFIDENCE));
    let reviewed = source.take("reviewed", |v| v.day());
    let origin = Origin {
        law,
        rule: confidence.as_ref().map_or_else(|| source.rule(), |given| given.rule.clone()),
        confidence: confidence.map_or(Confidence::Unchecked, |given| given.value),
        reviewed_rule: reviewed.as_ref().map_or_else(|| source.rule(), |given| given.rule.clone()),
        reviewed: plain(reviewed),
    };
    source.finish();
    origin
}

fn flag(table: &mut Table<'_>, key: &'static str) -> Option<bool> {
    plain(table.take(key, |v| v.boolean()))
}

fn plain<T>(given: Option<Given<T>>) -> Option<T> {
    given.map(|given| given.value)
}

fn honoured(text: &str) -> Result<Honoured, String> {
    let days = |text: &str| text.strip_suffix(" business days")?.parse().ok().filter(|days| *days > 0);
    match text {
        "at once" => Ok(Honoured::AtOnce),
        "promptly" => Ok(Honoured::Promptly),
        other => days(other).map(Honoured::BusinessDays).ok_or_else(|| {
            format!("`{other}` is none of `at once`, `promptly`, or a number such as `10 business days`")
        }),
    }
}

/// The demands of a pack and its bases, nearest first. What nobody says of an address and of tracking is asked for.
pub struct Demands<'p>(pub Vec<&'p ReadDemands>);

impl Demands<'_> {
    fn said<T>(&self, of: impl Fn(&ReadDemands) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|read| of(read))
    }

    pub fn content(&self) -> Content {
        Content {
            identity: self.said(|read| read.identity).unwrap_or_default(),
            postal_address: self.said(|read| plain(read.postal_address.clone())).unwrap_or(true),
            contact_address: self.said(|read| read.contact_address).unwrap_or_default(),
            privacy_notice: self.said(|read| plain(read.privacy_notice.clone())).unwrap_or_default(),
            advertising_label: self.said(|read| read.advertising_label).unwrap_or_default(),
        }
    }

    /// `own` is the pack's own line.
    pub fn demand_rules(&self, own: &RuleRef) -> DemandRules {
        DemandRules {
            postal_address: self.line(own, |read| read.postal_address.as_ref()),
            privacy_notice: self.line(own, |read| read.privacy_notice.as_ref()),
        }
    }

    /// The line that says it; where none does, the pack's own.
    fn line(&self, own: &RuleRef, of: fn(&ReadDemands) -> Option<&Given<bool>>) -> RuleRef {
        let given = self.0.iter().find_map(|read| of(read));
        given.map_or_else(|| own.clone(), |given| given.rule.clone())
    }

    pub fn unsubscribe(&self) -> Unsubscribe {
        Unsubscribe {
            link_life: self.said(|read| read.link_life),
            honoured_within: self.said(|read| read.honoured_within),
        }
    }

    /// `own` is the pack's own line.
    pub fn tracking(&self, own: &RuleRef) -> TrackingRules {
        TrackingRules {
            consent: self.said(|read| plain(read.tracking_consent.clone())).unwrap_or(true),
            consent_rule: self.line(own, |read| read.tracking_consent.as_ref()),
            separate: self.said(|read| plain(read.separate.clone())).unwrap_or_default(),
            separate_rule: self.line(own, |read| read.separate.as_ref()),
            exempt: self.said(|read| read.exempt.clone()).unwrap_or_default(),
            stops_in_sent_mail: self.said(|read| read.stops_in_sent_mail).unwrap_or_default(),
        }
    }

    pub fn retention(&self) -> Retention {
        Retention { withdrawals_months: self.said(|read| read.withdrawals_months) }
    }
}
