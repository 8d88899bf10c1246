//! A jurisdiction pack: `policies/jurisdictions/*.toml`, checked, with its bases folded in. The law is data.

use std::collections::BTreeMap;

use super::{GroundKind, RuleRef};

/// What the law of a place asks of marketing mail.
#[derive(Clone, Debug)]
pub struct Jurisdiction {
    pub id: String,
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
    /// Calendar months after which the ground ends; absent: it does not end.
    pub expires_months: BTreeMap<Acquaintance, u32>,
    pub rule: RuleRef,
}

pub use crate::consent::event::Acquaintance;
