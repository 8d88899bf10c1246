//! `[bounces]` and `[[bounce]]`: what it means for an address, or for a campaign, that mail came back. Pure.
//!
//! A pattern that fits comes before any code: servers say `550` and `5.7.1` of everything. A class that blocks an address
//! is only given where it is plain that the address takes no mail from anybody; what can't be told counts as soft.

use std::fmt::Write as _;
use std::time::Duration;

use regex::Regex;

use super::RuleRef;

/// What mail that came back says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The address takes no mail, and never will: no such mailbox, no such domain.
    Hard,
    /// It took none this time: full, out of order, or nobody knows.
    Soft,
    /// The server takes no such mail from us: authentication, permission, pace.
    Policy,
    /// It did not like this message: too large, malformed, a virus.
    Content,
    /// It takes us for a spammer.
    SpamBlock,
}

impl Class {
    pub const ALL: [Self; 5] = [Self::Hard, Self::Soft, Self::Policy, Self::Content, Self::SpamBlock];

    /// The word in policy files, events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Policy => "policy",
            Self::Content => "content",
            Self::SpamBlock => "spam_block",
        }
    }
}

/// `[bounces]` and all `[[bounce]]`.
#[derive(Clone, Debug)]
pub struct Bounces {
    /// So many soft ones of different mails `within` this time block an address.
    pub soft: u32,
    pub within: Duration,
    /// The first that fits says the class.
    pub rules: Vec<BounceRule>,
}

impl Default for Bounces {
    fn default() -> Self {
        Self { soft: 5, within: Duration::from_secs(14 * 86_400), rules: Vec::new() }
    }
}

/// `[[bounce]]`.
#[derive(Clone, Debug)]
pub struct BounceRule {
    /// Of this provider's recipients alone.
    pub provider: Option<String>,
    /// Sought in `550 5.1.1 text of the answer`, blanks and line ends being one blank.
    pub pattern: Regex,
    pub class: Class,
    pub rule: RuleRef,
}

/// What a server said. `code` is that of RFC 5321, 4.2, `status` that of RFC 3463.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    pub code: Option<u16>,
    pub status: Option<(u8, u8, u8)>,
    pub text: &'a str,
}

impl Bounces {
    /// What came back from a recipient of this provider, and the rule that says so, if one does.
    pub fn classify(&self, provider: &str, answer: Answer<'_>) -> (Class, Option<&BounceRule>) {
        let line = answer.line();
        let fits = |rule: &&BounceRule| {
            rule.provider.as_ref().is_none_or(|named| named == provider) && rule.pattern.is_match(&line)
        };
        let by_code = answer.class();
        let Some(rule) = self.rules.iter().find(fits) else { return (by_code, None) };
        let class = match (rule.class, by_code) {
            // Words are read in haste: no person bears what a code lays on the sender, and nobody is gone for good who
            // was only away for now.
            (Class::Soft, Class::Policy) => Class::Policy,
            (Class::Hard, _) if answer.is_for_now() => Class::Soft,
            (class, _) => class,
        };
        (class, Some(rule))
    }
}

impl Answer<'_> {
    /// `550 5.1.1 text`, blanks and line ends being one blank.
    pub fn line(&self) -> String {
        let mut line = String::new();
        if let Some(code) = self.code {
            let _ = write!(line, "{code} ");
        }
        if let Some((class, subject, detail)) = self.status {
            let _ = write!(line, "{class}.{subject}.{detail} ");
        }
        let mut words = self.text.split_whitespace();
        line.push_str(words.next().unwrap_or_default());
        for word in words {
            line.push(' ');
            line.push_str(word);
        }
        line
    }

    /// Whether it says of itself that it may be otherwise later. `4.0.0` says nothing.
    fn is_for_now(&self) -> bool {
        match self.status {
            Some((class, subject, detail)) if (subject, detail) != (0, 0) => class == 4,
            _ => self.code.is_some_and(|code| (400..500).contains(&code)),
        }
    }

    /// By the codes alone. A bare reply code says too little to block anybody.
    fn class(&self) -> Class {
        match self.status {
            Some((4 | 5, 7, _)) => Class::Policy,
            // Of the sender's address.
            Some((5, 1, 7..=9)) => Class::Policy,
            Some((5, 1, 1 | 2 | 3 | 4 | 6 | 10)) => Class::Hard,
            // Disabled; no such host.
            Some((5, 2, 1) | (5, 4, 4)) => Class::Hard,
            Some((5, 2, 3) | (5, 3, 4) | (5, 6, _)) => Class::Content,
            _ => Class::Soft,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(provider: Option<&str>, pattern: &str, class: Class) -> BounceRule {
        let rule = RuleRef { file: "shaping/bounces.toml".into(), line: 1 };
        BounceRule {
            provider: provider.map(str::to_owned),
            pattern: Regex::new(pattern).unwrap(),
            class,
            rule,
        }
    }

    #[test]
    fn codes_say_hard_only_of_an_address_that_takes_no_mail_from_anybody() {
        let class = |status| Answer { status, ..Answer::default() }.class();
        for hard in [(5, 1, 1), (5, 1, 2), (5, 1, 3), (5, 1, 6), (5, 1, 10), (5, 2, 1), (5, 4, 4)] {
            assert_eq!(class(Some(hard)), Class::Hard, "{hard:?}");
        }
        for soft in [(5, 0, 0), (5, 1, 0), (5, 2, 2), (5, 3, 0), (5, 4, 7), (5, 5, 0), (4, 2, 2), (4, 4, 7)] {
            assert_eq!(class(Some(soft)), Class::Soft, "{soft:?}");
        }
        for policy in [(5, 7, 1), (4, 7, 28), (5, 7, 26), (5, 1, 8)] {
            assert_eq!(class(Some(policy)), Class::Policy, "{policy:?}");
        }
        for content in [(5, 6, 0), (5, 2, 3), (5, 3, 4)] {
            assert_eq!(class(Some(content)), Class::Content, "{content:?}");
        }
        assert_eq!(class(None), Class::Soft);
        assert_eq!(Answer { code: Some(550), ..Answer::default() }.class(), Class::Soft);
    }

    #[test]
    fn the_first_pattern_that_fits_comes_before_any_code() {
        let bounces = Bounces {
            rules: vec![
                rule(Some("yahoo"), "unavailable", Class::Hard),
                rule(None, "(?i)block ?list", Class::SpamBlock),
                rule(None, r"^550 5\.7\.1 no such", Class::Hard),
            ],
            ..Bounces::default()
        };
        let class = |provider, text| {
            let answer = Answer { code: Some(550), status: Some((5, 7, 1)), text };
            bounces.classify(provider, answer).0
        };
        assert_eq!(class("yahoo", "mailbox unavailable"), Class::Hard);
        assert_eq!(class("google", "mailbox unavailable"), Class::Policy);
        assert_eq!(class("google", "you are on a Block\r\n\tList"), Class::SpamBlock);
        assert_eq!(class("google", "no  such user"), Class::Hard);
    }

    #[test]
    fn what_may_be_otherwise_later_blocks_nobody_at_once() {
        let rules = vec![rule(None, "unknown", Class::Hard), rule(None, "later", Class::Soft)];
        let bounces = Bounces { rules, ..Bounces::default() };
        let class = |code, status, text| bounces.classify("google", Answer { code, status, text }).0;
        assert_eq!(class(Some(450), Some((4, 1, 1)), "user unknown"), Class::Soft);
        assert_eq!(class(Some(450), None, "user unknown"), Class::Soft);
        assert_eq!(class(None, Some((4, 0, 0)), "domain unknown"), Class::Hard);
        assert_eq!(class(Some(550), Some((5, 0, 0)), "user unknown"), Class::Hard);
        assert_eq!(class(Some(421), Some((4, 7, 0)), "come later"), Class::Policy, "no person's fault");
    }
}
