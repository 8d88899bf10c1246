//! A jurisdiction pack: `policies/jurisdictions/*.toml`, checked, with its bases folded in. The law is data.

mod demands;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use demands::{
    Confidence, Content, DemandRules, Exempt, Honoured, Origin, Protected, Retention, TrackingRules,
    Unsubscribe,
};

use super::{GroundKind, PolicySet, RuleRef, UNKNOWN};
use crate::consent::event::OptIn;

/// What the law of a place asks of marketing mail.
#[derive(Clone, Debug)]
pub struct Jurisdiction {
    pub id: Arc<str>,
    pub title: String,
    /// ISO 3166-1 alpha-2 codes that this pack judges.
    pub countries: Vec<String>,
    /// What may carry marketing, and the line that says so.
    pub grounds: Vec<GroundKind>,
    pub grounds_rule: RuleRef,
    pub soft_opt_in: SoftOptIn,
    /// Whether an address that was imported without proof may be asked, once, to confirm; and the line that says so,
    /// else that of the grounds.
    pub reconfirm_imported: bool,
    pub reconfirm_rule: RuleRef,
    /// Whom the law protects. Nothing tells who reads, so everybody is judged alike.
    pub protects: Vec<Protected>,
    pub content: Content,
    /// The lines that ask for it.
    pub demand_rules: DemandRules,
    pub unsubscribe: Unsubscribe,
    pub tracking: TrackingRules,
    pub retention: Retention,
    /// Of the pack's own file: a base's source says nothing of what the pack changes.
    pub origin: Origin,
    /// The pack's own file.
    pub rule: RuleRef,
}

/// `[marketing.soft_opt_in]`.
#[derive(Clone, Debug)]
pub struct SoftOptIn {
    /// Which acquaintances count.
    pub from: Vec<Acquaintance>,
    /// The line that says so.
    pub from_rule: RuleRef,
    pub notice_required: bool,
    /// The line that says so.
    pub notice_rule: RuleRef,
    pub expires: Expires,
    /// The section's header.
    pub rule: RuleRef,
}

/// `expires`, of a pack or of a sender: where both say one, the sooner end holds.
#[derive(Clone, Debug)]
pub struct Expires {
    /// Calendar months after which what a soft opt-in rests on carries no longer; absent: it does not end.
    pub months: BTreeMap<Acquaintance, u32>,
    /// The line that says so.
    pub rule: RuleRef,
}

pub use crate::consent::event::Acquaintance;

impl Jurisdiction {
    /// Whether this ground may carry marketing here. Where one yes is enough, a confirmed one is too.
    pub fn takes(&self, ground: GroundKind) -> bool {
        self.grounds.contains(&ground)
            || ground == GroundKind::DoubleOptIn && self.grounds.contains(&GroundKind::SingleOptIn)
    }

    /// Whether this yes lifts an older no here: it must suffice to be mailed, and where no yes is needed, any does.
    pub fn lifts(&self, yes: OptIn) -> bool {
        self.takes(yes.into()) || self.takes(GroundKind::NoObjection)
    }
}

impl PolicySet {
    /// The pack that judges a person: the one that the person's facts name by id or by country, else the
    /// sender's default, else `unknown`; `unknown` too for a code without a pack. `None` only where even
    /// that is missing, which `file` lets nobody load.
    pub fn jurisdiction(&self, told: Option<&str>, default: Option<&str>) -> Option<&Jurisdiction> {
        let pack = told.or(default).and_then(|code| self.pack(code));
        pack.or_else(|| self.jurisdictions.get(UNKNOWN))
    }

    /// The pack that a code names: by its id, or by a country that it judges.
    pub fn pack(&self, code: &str) -> Option<&Jurisdiction> {
        let by_id = || self.jurisdictions.values().find(|pack| pack.id.eq_ignore_ascii_case(code));
        let by_country = || {
            let judges =
                |pack: &&Jurisdiction| pack.countries.iter().any(|own| own.eq_ignore_ascii_case(code));
            self.jurisdictions.values().find(judges)
        };
        self.jurisdictions.get(code).or_else(by_country).or_else(by_id)
    }
}
