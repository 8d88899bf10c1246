//! `tracking.toml` and `[tracking]` of a sender, checked: what in a mail tells that somebody reads it or presses a link.
//! Providers' addresses are data in those files; nothing here knows one.
//!
//! What it names is taken out for recipients who didn't consent to it (`rewrite::tracking`), and nothing else is.

pub mod address;
pub mod host;
pub mod target;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use regex::Regex;

use super::RuleRef;
use super::sender::DomainPattern;
use address::WebAddress;
use host::ByHost;
use target::Step;

/// Redirects within redirects that are followed.
const MOST_REDIRECTS: usize = 4;
/// A piece of a path of so many octets, with digits in it, may be drawn for one person.
const DRAWN: usize = 16;

/// What all files of tracking say, with what one sender's adds. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Trackers {
    shared: Arc<Patterns>,
    own: Arc<Patterns>,
    /// The sender's own domains, whose links need no telling.
    domains: Vec<DomainPattern>,
}

/// What one file, or all of a kind, say.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    pub shapes: Shapes,
    /// File names of pictures that only keep a layout's distances, in lower case.
    pub spacers: HashSet<String>,
    pub pixels: ByHost<PathPattern>,
    pub parameters: ByHost<ParameterPattern>,
    pub redirects: ByHost<Redirect>,
    /// Hosts that are known, and none of whose pictures is a pixel by its shape alone.
    pub harmless: ByHost<RuleRef>,
    /// Addresses that have one of these words are never touched: they are ways out.
    pub leave: Option<Regex>,
}

/// What is made of pictures that nobody sees, whoever hosts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// One pixel wide and high, or less.
    pub small: Handling,
    /// Hidden, and shown by no rule of the document.
    pub hidden: Handling,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handling {
    #[default]
    TakeOut,
    Keep,
}

/// The paths that a pattern is about, matched in linear time.
#[derive(Clone, Debug)]
pub struct PathPattern {
    /// `None`: all.
    matching: Option<Regex>,
    pub rule: RuleRef,
}

/// `[[parameter]]`: what in a query tells the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterPattern {
    pub name: ParameterName,
    pub rule: RuleRef,
}

/// Compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterName {
    Exact(String),
    /// `vero_*`
    Beginning(String),
}

/// `[[redirect]]`.
#[derive(Clone, Debug)]
pub struct Redirect {
    pub path: PathPattern,
    /// The way to its target; none where its address doesn't say it.
    pub target: Vec<Step>,
}

/// A pattern that can't be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern is too large")]
pub struct TooLarge;

/// What is made of one link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untracked {
    pub change: Option<Change>,
    /// It leads through a redirect of which only its owner knows the target.
    pub opaque: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These stretches of it go.
    Without(Vec<Range<usize>>),
    /// This comes in its place.
    Target(String),
}

impl PathPattern {
    /// `*` stands for anything but a `/`, `**` for anything; case makes no difference.
    pub fn new(pattern: Option<&str>, rule: RuleRef) -> Result<Self, TooLarge> {
        const SIZE_LIMIT: usize = 1 << 18;
        let expression = |pattern: &str| {
            let pieces: Vec<String> = pattern
                .split("**")
                .map(|piece| piece.split('*').map(regex::escape).collect::<Vec<_>>().join("[^/]*"))
                .collect();
            regex::RegexBuilder::new(&format!("^{}$", pieces.join(".*")))
                .case_insensitive(true)
                .dot_matches_new_line(true)
                .size_limit(SIZE_LIMIT)
                .build()
                .map_err(|_| TooLarge)
        };
        Ok(Self { matching: pattern.map(expression).transpose()?, rule })
    }

    fn matches(&self, address: &WebAddress) -> bool {
        self.matching.as_ref().is_none_or(|own| own.is_match(address.path()))
    }
}

impl ParameterName {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(own) => own.eq_ignore_ascii_case(name),
            Self::Beginning(own) => {
                name.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own))
            }
        }
    }
}

impl Trackers {
    /// What all files say, for a sender whose own file says this beside it.
    pub fn new(shared: Arc<Patterns>, own: Arc<Patterns>, domains: Vec<DomainPattern>) -> Self {
        Self { shared, own, domains }
    }

    fn both(&self) -> [&Patterns; 2] {
        [&self.own, &self.shared]
    }

    /// What is made of pictures that nobody sees.
    pub fn shapes(&self) -> Shapes {
        self.shared.shapes
    }

    /// Whether a pattern names it as a pixel.
    pub fn is_pixel(&self, address: &WebAddress) -> bool {
        self.both().iter().any(|own| own.pixels.of(address.host()).any(|pixel| pixel.matches(address)))
    }

    /// Whether a picture that nobody sees is there for the layout: the same for all readers, by a name that policy has
    /// for such, or of a host that policy trusts.
    pub fn is_harmless(&self, address: &WebAddress) -> bool {
        if self.both().iter().any(|own| own.harmless.names(address.host())) {
            return true;
        }
        let drawn = |piece: &str| piece.len() >= DRAWN && piece.bytes().any(|byte| byte.is_ascii_digit());
        let file = address.segments().next_back().unwrap_or_default().to_ascii_lowercase();
        let named = self.both().iter().any(|own| own.spacers.contains(&file));
        named && !address.has_query() && !address.segments().any(drawn)
    }

    /// Whether the policy says anything of a host, in lower case.
    pub fn knows(&self, host: &str) -> bool {
        self.domains.iter().any(|own| own.matches(host))
            || self
                .both()
                .iter()
                .any(|own| own.harmless.names(host) || own.pixels.names(host) || own.redirects.names(host))
    }

    /// What is made of a link. `own` tells our own links, which nobody touches.
    pub fn untrack(&self, address: &WebAddress, own: impl Fn(&WebAddress) -> bool) -> Untracked {
        let untouched = |address: &WebAddress| own(address) || self.leaves(address);
        if untouched(address) {
            return Untracked::default();
        }
        let mut followed: Option<WebAddress> = None;
        let mut opaque = false;
        for _ in 0..MOST_REDIRECTS {
            let at = followed.as_ref().unwrap_or(address);
            let Some(redirect) = self.redirect(at) else { break };
            match target::target(at, &redirect.target) {
                Some(target) if untouched(&target) => return Untracked::default(),
                Some(target) => followed = Some(target),
                None => {
                    opaque = true;
                    break;
                }
            }
        }
        let at = followed.as_ref().unwrap_or(address);
        if !opaque && self.redirect(at).is_some() {
            // Whoever wraps so often means nobody to unwrap it.
            return Untracked { change: None, opaque: true };
        }
        // What an opaque redirect goes by may be any of its parameters.
        let goes = if opaque { Vec::new() } else { self.personal(at) };
        let change = match followed {
            Some(target) => Some(Change::Target(without(target.text(), &goes))),
            None => (!goes.is_empty()).then_some(Change::Without(goes)),
        };
        Untracked { change, opaque }
    }

    /// The stretches of an address that tell the person.
    fn personal(&self, address: &WebAddress) -> Vec<Range<usize>> {
        let patterns: Vec<&ParameterPattern> =
            self.both().into_iter().flat_map(|own| own.parameters.of(address.host())).collect();
        address.without(|parameter| patterns.iter().any(|own| own.name.matches(parameter.name)))
    }

    fn redirect(&self, address: &WebAddress) -> Option<&Redirect> {
        let [own, shared] = self.both();
        let mut all = own.redirects.of(address.host()).chain(shared.redirects.of(address.host()));
        all.find(|redirect| redirect.path.matches(address))
    }

    /// Whether it is a way out.
    fn leaves(&self, address: &WebAddress) -> bool {
        self.both().iter().any(|own| own.leave.as_ref().is_some_and(|words| words.is_match(address.text())))
    }
}

fn without(text: &str, goes: &[Range<usize>]) -> String {
    let mut left = text.to_owned();
    for range in goes.iter().rev() {
        left.replace_range(range.clone(), "");
    }
    left
}

#[cfg(test)]
mod tests;
