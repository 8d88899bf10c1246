//! JSON Schemas (2020-12) of policy files, for editors: keys, types and words, and what each is for.
//!
//! They are files beside the policies, `schema/*.json`, which the first line of each policy file names (`#:schema`,
//! as Taplo reads it). A schema says less than `check` does, and nothing that `check` doesn't say: tests compare it
//! with what the readers ask for.

/// What a policy file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Sender,
    Jurisdiction,
    Shaping,
    Dialects,
    Tracking,
    Case,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::Sender, Self::Jurisdiction, Self::Shaping, Self::Dialects, Self::Tracking, Self::Case];

    /// What a file is by its place in the folder; `None` where none has its place.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.trim_start_matches(super::shipped::PREFIX);
        match name.split('/').next()? {
            "senders" => Some(Self::Sender),
            "jurisdictions" => Some(Self::Jurisdiction),
            "shaping" | "shaping.toml" => Some(Self::Shaping),
            "dialects" | "dialects.toml" => Some(Self::Dialects),
            "tracking" | "tracking.toml" => Some(Self::Tracking),
            "cases" => Some(if super::case::is_sender(name) { Self::Sender } else { Self::Case }),
            _ => None,
        }
    }

    /// The name of the schema, and of its file without `.json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Jurisdiction => "jurisdiction",
            Self::Shaping => "shaping",
            Self::Dialects => "dialects",
            Self::Tracking => "tracking",
            Self::Case => "case",
        }
    }

    /// The schema, as JSON.
    pub fn schema(self) -> &'static str {
        match self {
            Self::Sender => include_str!("../../../policies/schema/sender.json"),
            Self::Jurisdiction => include_str!("../../../policies/schema/jurisdiction.json"),
            Self::Shaping => include_str!("../../../policies/schema/shaping.json"),
            Self::Dialects => include_str!("../../../policies/schema/dialects.json"),
            Self::Tracking => include_str!("../../../policies/schema/tracking.json"),
            Self::Case => include_str!("../../../policies/schema/case.json"),
        }
    }
}

#[cfg(test)]
mod tests;
