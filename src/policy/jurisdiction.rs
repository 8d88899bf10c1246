//! A jurisdiction pack: `policies/jurisdictions/*.toml`, checked, with its bases folded in. The law is data.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{GroundKind, PolicySet, RuleRef, UNKNOWN};

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
    /// Marketing must name a postal address.
    pub postal_address: bool,
    /// Tracking needs the recipient's consent.
    pub tracking_consent: bool,
    pub reconfirm_imported: bool,
    /// The pack's own file.
    pub rule: RuleRef,
}

/// `[marketing.soft_opt_in]`.
#[derive(Clone, Debug)]
pub struct SoftOptIn {
    /// Which acquaintances count.
    pub from: Vec<Acquaintance>,
    pub notice_required: bool,
    /// The line that says so.
    pub notice_rule: RuleRef,
    /// Calendar months after which the ground ends; absent: it does not end.
    pub expires_months: BTreeMap<Acquaintance, u32>,
    /// The line that says so.
    pub expires_rule: RuleRef,
    /// The section's header.
    pub rule: RuleRef,
}

pub use crate::consent::event::Acquaintance;

impl Jurisdiction {
    /// Whether this ground may carry marketing here. Where one yes is enough, a confirmed one is too.
    pub fn takes(&self, ground: GroundKind) -> bool {
        self.grounds.contains(&ground)
            || ground == GroundKind::DoubleOptIn && self.grounds.contains(&GroundKind::SingleOptIn)
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

    fn pack(&self, code: &str) -> Option<&Jurisdiction> {
        let by_id = || self.jurisdictions.values().find(|pack| pack.id.eq_ignore_ascii_case(code));
        let by_country = || {
            let judges =
                |pack: &&Jurisdiction| pack.countries.iter().any(|own| own.eq_ignore_ascii_case(code));
            self.jurisdictions.values().find(judges)
        };
        self.jurisdictions.get(code).or_else(by_country).or_else(by_id)
    }
}
