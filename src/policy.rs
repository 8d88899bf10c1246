//! What ops teams own: policy files, and the pure decision that rests on them.

pub mod bounce;
pub mod brake;
pub mod calendar;
pub mod case;
pub mod codes;
pub mod confirmation;
pub mod decide;
pub mod dialect;
pub mod explain;
pub mod facts;
pub mod file;
pub mod finding;
pub mod grounds;
pub mod holds;
pub mod jurisdiction;
pub mod look;
pub mod pause;
pub mod replay;
pub mod scope;
pub mod sender;
pub mod shaping;
pub mod standing;
pub mod tracking;
pub mod verdict;
pub mod warming;
pub mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use facts::Facts;
pub use scope::Scope;
pub use verdict::{GroundKind, Reason, RuleRef, Stream, Tracking, Verdict, VerdictKind};

use dialect::Dialects;
use jurisdiction::Jurisdiction;
use sender::SenderPolicy;
use shaping::Shaping;

/// The pack that judges where no other does: the strictest.
pub const UNKNOWN: &str = "unknown";

/// All policy files of one folder, checked. Never changed once made: a reload makes a new one.
#[derive(Clone, Debug)]
pub struct PolicySet {
    /// SHA-256 over the names and texts of all files that decide, lower-case hex: every decision records it.
    pub hash: Arc<str>,
    /// By sender id.
    pub senders: BTreeMap<String, SenderPolicy>,
    /// By pack id (`se`), bases already folded in.
    pub jurisdictions: BTreeMap<String, Jurisdiction>,
    pub shaping: Shaping,
    pub dialects: Arc<Dialects>,
    /// What the hash is made of: the files' names and texts, packs that were lent included.
    pub files: Arc<[(String, String)]>,
}

impl PolicySet {
    /// The policy of a sender, if there is one.
    pub fn sender(&self, id: &str) -> Option<&SenderPolicy> {
        self.senders.get(id)
    }

    /// The line that a rule names, as it stands in the file; none for a file as a whole.
    pub fn line(&self, rule: &RuleRef) -> Option<&str> {
        let (_, text) = self.files.iter().find(|(name, _)| **name == *rule.file)?;
        let before = usize::try_from(rule.line).ok()?.checked_sub(1)?;
        text.lines().nth(before)
    }
}
