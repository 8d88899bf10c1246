//! What the content of a message may have wrong: a stable name for each, and what policy makes of it. `lint` finds
//! them; `decide` asks the policy. CONTRACT.md, "What stops what".

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Reason;
use super::verdict::UnknownWord;

/// What becomes of a message that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Nobody is told.
    Ignore,
    /// It goes, and is counted and logged.
    Warn,
    /// It waits until the policy lets it go, or for its deadline.
    Hold,
    Refuse,
}

impl Handling {
    /// The word that policy files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Warn => "warn",
            Self::Hold => "hold",
            Self::Refuse => "refuse",
        }
    }
}

/// One of them in one message: the first of its name. Holds nothing about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Finding)]
pub struct Found {
    pub name: FindingName,
    /// What it was, where that is the same for a whole campaign: `[FÖRSTANAMN] in the subject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

macro_rules! findings {
    ($($variant:ident = $word:literal, $reason:ident, $advice:literal;)*) => {
        /// The names. New ones may be added; none changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum FindingName {
            $($variant,)*
        }

        impl FindingName {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word that policy files, metrics and commands use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The reason of a verdict that it leads to.
            pub fn reason(self) -> Reason {
                match self { $(Self::$variant => Reason::$reason),* }
            }

            /// For people: what it is, and what would be right.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice),* }
            }
        }
    };
}

findings! {
    MergeFieldLeak = "merge_field_leak", MergeFieldLeak, "a merge field was not filled; mend the template, or give it a default";
    PossibleMergeField = "possible_merge_field", ContentRule, "words in brackets, as templates leave them to be written; write what belongs there";
    EmptySalutation = "empty_salutation", MergeFieldLeak, "a salutation without a name; give the merge field a default, such as Hello";
    FooterImpossible = "footer_impossible", ContentMissing, "nothing in it can take the footer: its links stand in the header alone, and what the law wants shown must be in it already";
    SubjectMissing = "subject_missing", ContentRule, "there is no subject; write one";
    SubjectFalseReply = "subject_false_reply", ContentRule, "the subject says that it answers or forwards a mail, and it does not; leave Re: and Fwd: to answers";
    HeaderRepeated = "header_repeated", ContentRule, "the header has this field more than once, and mailbox providers refuse that; set it once";
    HeaderMalformed = "header_malformed", ContentRule, "the field is not as RFC 5322 has it, and mailbox providers refuse that; mend the tool";
    FromNameMisleads = "from_name_misleads", ContentRule, "the name in From holds an address of another domain, as forgers do; write the sender's name";
    ListUnsubscribeNotHttps = "list_unsubscribe_not_https", ContentRule, "its own List-Unsubscribe has no https address; on marketing mail ours replaces it, elsewhere mend it";
    HtmlClipped = "html_clipped", ContentRule, "Gmail shows only the first 102 KB of the HTML, so that the end with its footer may be cut off; shorten it";
    NoTextAlternative = "no_text_alternative", ContentRule, "there is HTML and no text; send both as multipart/alternative";
    ImageOnly = "image_only", ContentRule, "there are pictures and hardly any text, as in spam; write what the pictures say";
    ImageWithoutAlt = "image_without_alt", ContentRule, "a picture has no alt text for who does not see it; describe it, or write alt=\"\"";
    HiddenText = "hidden_text", ContentRule, "much text is hidden from the reader, as in spam; take it out";
    ScriptInMail = "script_in_mail", ContentRule, "scripts run in no mail client, and filters refuse them; take them out";
    FormInMail = "form_in_mail", ContentRule, "forms and frames work in few mail clients, and filters refuse them; link to a page";
    LinkBroken = "link_broken", ContentRule, "a link leads nowhere; write the whole address, with https://";
    LinkNotHttps = "link_not_https", ContentRule, "a link is not encrypted; use https://";
    LinkToIp = "link_to_ip", ContentRule, "a link leads to a bare IP address, as in fraud; use a name of your own";
    LinkShortened = "link_shortened", ContentRule, "a link goes through a public shortener, whose reputation is not yours; link directly";
    LinkTextMisleads = "link_text_misleads", ContentRule, "the text of a link shows another domain than it leads to, as in fraud; show words, or the same domain";
    OpaqueTrackedLink = "opaque_tracked_link", ContentRule, "a link goes through a redirect that hides where it leads, so that it is tracked for who gave no consent too; turn click tracking off in the tool";
    UnknownPixelHost = "unknown_pixel_host", ContentRule, "a picture that nobody sees is of a host that no policy names; name it in [tracking], or take it out of the template";
    SealedTracker = "sealed_tracker", ContentRule, "the body is signed, so that its pixels and tracked links can't be taken out for who gave no consent; take them out of the template";
    PersonalLink = "personal_link", ContentRule, "a link of ours belongs to one recipient, as when a received mail is made a template: whoever presses it acts for that person; write {{optgate.unsubscribe_url}} or {{optgate.preferences_url}} in its place";
    FromUnsigned = "from_unsigned", ContentRule, "no key signs for the domain in From, and mailbox providers refuse bulk mail without; add a [[dkim]] key, or write from a domain that has one";
    AmpWithoutLink = "amp_without_link", ContentRule, "who reads the AMP part finds no way to unsubscribe there, since it gets no footer; write {{optgate.unsubscribe_url}} in it";
    AttachmentBlocked = "attachment_blocked", ContentRule, "mailbox providers refuse mail with such an attachment; link to it";
}

impl FindingName {
    /// What becomes of it where the policy says nothing.
    pub fn default_handling(self) -> Handling {
        match self {
            Self::MergeFieldLeak | Self::PersonalLink => Handling::Refuse,
            _ => Handling::Warn,
        }
    }
}

impl fmt::Display for FindingName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl std::str::FromStr for FindingName {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.iter().copied().find(|name| name.as_str() == text).ok_or(UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_word_in_files_and_in_what_is_recorded() {
        for name in FindingName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
            assert_eq!(name.as_str().parse(), Ok(*name));
        }
    }
}
