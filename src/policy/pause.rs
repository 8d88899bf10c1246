//! Marketing that somebody paused: a campaign, a sender's, a provider's. Pure.
//!
//! A pause holds marketing alone, in every mode, until it is resumed; what waits to its deadline ends `withheld`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::GroundKind;

/// What is paused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// By its sender and its name; the empty name is that of messages that name none.
    Campaign(String, String),
    /// All marketing of a sender.
    Sender(String),
    /// All marketing to a mailbox provider, whoever sends it.
    Provider(String),
}

/// Whose mail waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// That on the weakest ground: the soft opt-in.
    Weakest,
    Everybodys,
}

/// Who paused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Operator,
    /// A `[[brake]]`.
    Brake,
    /// A `[[response]]`.
    Response,
}

/// One pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub target: Target,
    pub whose: Whose,
    pub by: By,
    /// In one line that may be shown.
    pub cause: String,
    pub since: Timestamp,
}

/// All that is paused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pauses(Vec<Pause>);

/// What a pause means for one message: recorded with the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    pub whose: Whose,
    /// For people: what is paused, and why.
    pub text: String,
}

impl Target {
    /// The word, and what names it: a sender, and a name.
    pub fn parts(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Campaign(sender, name) => ("campaign", sender, name),
            Self::Sender(sender) => ("sender", sender, ""),
            Self::Provider(name) => ("provider", "", name),
        }
    }

    /// `None` where the word is none of ours.
    pub fn of_parts(kind: &str, sender: &str, name: &str) -> Option<Self> {
        match kind {
            "campaign" => Some(Self::Campaign(sender.to_owned(), name.to_owned())),
            "sender" => Some(Self::Sender(sender.to_owned())),
            "provider" => Some(Self::Provider(name.to_owned())),
            _ => None,
        }
    }

    fn is_met(&self, sender: &str, campaign: Option<&str>, provider: &str) -> bool {
        match self {
            Self::Campaign(own, name) => own == sender && Some(name.as_str()) == campaign,
            Self::Sender(own) => own == sender,
            Self::Provider(name) => name == provider,
        }
    }

    fn told(&self) -> &'static str {
        match self {
            Self::Campaign(..) => "the campaign is paused",
            Self::Sender(_) => "the sender's marketing is paused",
            Self::Provider(_) => "marketing to this mailbox provider is paused",
        }
    }
}

impl Whose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weakest => "weakest",
            Self::Everybodys => "everybodys",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Weakest, Self::Everybodys].into_iter().find(|own| own.as_str() == word)
    }
}

impl By {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Brake => "brake",
            Self::Response => "response",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Operator, Self::Brake, Self::Response].into_iter().find(|own| own.as_str() == word)
    }
}

impl Pauses {
    pub fn all(&self) -> &[Pause] {
        &self.0
    }

    /// The widest pause that this marketing meets; in which campaign it is may not be known.
    pub fn of(&self, sender: &str, campaign: Option<&str>, provider: &str) -> Option<Paused> {
        let met = self.0.iter().filter(|own| own.target.is_met(sender, campaign, provider));
        let widest = met.max_by_key(|own| own.whose)?;
        let who = match widest.whose {
            Whose::Everybodys => "",
            Whose::Weakest => " for who has not opted in",
        };
        let text = format!("{}{who}: {}", widest.target.told(), widest.cause);
        Some(Paused { whose: widest.whose, text })
    }

    /// Whether nothing of it may leave.
    pub fn stop(&self, sender: &str, campaign: &str, provider: &str) -> bool {
        self.of(sender, Some(campaign), provider).is_some_and(|own| own.whose == Whose::Everybodys)
    }
}

impl FromIterator<Pause> for Pauses {
    fn from_iter<I: IntoIterator<Item = Pause>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Paused {
    /// Whether it is about mail on this ground; what has none, as in shadow mode, is on the weakest.
    pub fn holds(&self, ground: Option<GroundKind>) -> bool {
        let strong = matches!(ground, Some(GroundKind::DoubleOptIn | GroundKind::SingleOptIn));
        self.whose == Whose::Everybodys || !strong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(target: Target, whose: Whose) -> Pause {
        let cause = "complaints at 0.4 %".to_owned();
        Pause { target, whose, by: By::Brake, cause, since: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn the_widest_pause_that_is_met_holds() {
        let pauses: Pauses = [
            pause(Target::Campaign("shop".into(), "autumn".into()), Whose::Everybodys),
            pause(Target::Sender("shop".into()), Whose::Weakest),
            pause(Target::Provider("google".into()), Whose::Weakest),
        ]
        .into_iter()
        .collect();
        let whose =
            |sender, campaign, provider| pauses.of(sender, Some(campaign), provider).map(|own| own.whose);
        assert_eq!(whose("shop", "autumn", "google"), Some(Whose::Everybodys));
        assert_eq!(whose("shop", "", "yahoo"), Some(Whose::Weakest));
        assert_eq!(whose("club", "autumn", "google"), Some(Whose::Weakest));
        assert_eq!(whose("club", "autumn", "yahoo"), None);
        assert!(pauses.stop("shop", "autumn", "yahoo") && !pauses.stop("shop", "spring", "yahoo"));
    }

    #[test]
    fn a_pause_of_the_weakest_ground_lets_those_who_opted_in_have_their_mail() {
        let weakest = Paused { whose: Whose::Weakest, text: String::new() };
        assert!(weakest.holds(Some(GroundKind::SoftOptIn)) && weakest.holds(None));
        assert!(!weakest.holds(Some(GroundKind::DoubleOptIn)));
    }
}
