//! What a decision asks, rule by rule, for whoever wants to hear it: `explain`. `decide` itself has nobody listen
//! and pays nothing for it. Pure.

use serde::Serialize;

use super::grounds::{Missing, Standing};
use super::holds::Hold;
use super::{RuleRef, Verdict};

/// The questions of a decision. Those that follow from an answer already given are not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    Policy,
    From,
    Grant,
    Scope,
    SignedBody,
    Content,
    Erased,
    Suppressed,
    Withdrawn,
    Restricted,
    DoubleOptIn,
    SingleOptIn,
    SoftOptIn,
    NoObjection,
    NoticeMissing,
    GroundExpired,
    Unconfirmed,
    OutOfScope,
    NoGround,
    Functional,
    Confirmation,
    ConfirmLink,
    Reconfirmation,
    ConfirmationLimit,
    PostalAddress,
    PrivacyNotice,
    Profiling,
    Paused,
    OwnFrequency,
    FrequencyCap,
    QuietHours,
    Shadow,
    WarmUp,
    Resumed,
    Records,
}

impl Asked {
    /// For people.
    pub fn question(self) -> &'static str {
        match self {
            Self::Policy => "is there a policy for this sender?",
            Self::From => "is From one of the sender's domains?",
            Self::Grant => "may the credential send this stream's mail?",
            Self::Scope => "does the sender's taxonomy know the scope?",
            Self::SignedBody => "may a signed or encrypted body go without a footer?",
            Self::Content => "may it go with what its content has wrong?",
            Self::Erased => "was the person erased?",
            Self::Suppressed => "is the address blocked?",
            Self::Withdrawn => "did the person say no?",
            Self::Restricted => "is the use of the person's data restricted?",
            Self::DoubleOptIn => "is there a confirmed yes?",
            Self::SingleOptIn => "is there an unconfirmed yes, where one is enough?",
            Self::SoftOptIn => "is there a purchase (or the like) that reaches the scope?",
            Self::NoObjection => "is it enough that the person has not objected?",
            Self::NoticeMissing => "does only the notice at collection lack?",
            Self::GroundExpired => "has a ground ended?",
            Self::Unconfirmed => "does only the confirmation lack?",
            Self::OutOfScope => "is there a ground for something else?",
            Self::NoGround => "is there any ground?",
            Self::Functional => "may functional mail go?",
            Self::Confirmation => "may confirmation mail go?",
            Self::ConfirmLink => "does it hold the link that confirms?",
            Self::Reconfirmation => "is the address imported without proof, and if so, may it be asked?",
            Self::ConfirmationLimit => "has the address had as many confirmation mails as may be?",
            Self::PostalAddress => "is there the postal address that marketing must name?",
            Self::PrivacyNotice => "is there the privacy notice that marketing must name?",
            Self::Profiling => "did the person object to being profiled for marketing?",
            Self::Paused => "has the person paused marketing?",
            Self::OwnFrequency => "has the person had as much marketing as they chose to have?",
            Self::FrequencyCap => "has the person had as much marketing as may be?",
            Self::QuietHours => "is it a time of day at which marketing waits?",
            Self::Shadow => "does shadow mode let it pass all the same?",
            Self::WarmUp => "is there room for it today, though the domain warms up?",
            Self::Resumed => "may it leave though marketing is paused?",
            Self::Records => "are all recorded noes there?",
        }
    }
}

/// What a rule said.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// It has nothing against the message: the next one is asked.
    Passes,
    /// It is no ground for the message: the next one is asked.
    CarriesNot,
    /// The message may go on this, unless a later rule is against it.
    Carries(&'a Standing<'a>),
    Refuses(&'a Missing<'a>),
    /// It may go, but not now: of several such answers the one that ends last is the verdict.
    Waits(&'a Hold<'a>),
    /// It may not go, but goes.
    LetsPass,
    /// The verdict as a whole becomes this.
    Becomes(&'a Verdict),
}

/// Hears what is asked and said, in that order.
pub trait Witness {
    /// `rule` is the line that asks.
    fn hear(&mut self, asked: Asked, rule: &RuleRef, said: Said<'_>);
}

/// Does not listen.
pub struct Nobody;

impl Witness for Nobody {
    #[inline]
    fn hear(&mut self, _: Asked, _: &RuleRef, _: Said<'_>) {}
}
