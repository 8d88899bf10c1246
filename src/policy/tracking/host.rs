//! Which hosts a pattern is about, and patterns found by a host: in as many steps as it has labels, however many
//! patterns there are.

use std::collections::HashMap;

use crate::policy::sender::DomainPattern;

/// The hosts that a pattern is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// `*`
    Any,
    /// `t.example`, or `*.t.example` for all below it.
    Named(DomainPattern),
}

/// Things by the hosts that they are about.
#[derive(Clone, Debug)]
pub struct ByHost<T> {
    all: Vec<T>,
    any: Vec<usize>,
    exact: HashMap<String, Vec<usize>>,
    below: HashMap<String, Vec<usize>>,
}

impl<T> Default for ByHost<T> {
    fn default() -> Self {
        Self { all: Vec::new(), any: Vec::new(), exact: HashMap::new(), below: HashMap::new() }
    }
}

impl<T> ByHost<T> {
    pub fn add(&mut self, hosts: &[HostPattern], one: T) {
        let index = self.all.len();
        self.all.push(one);
        for host in hosts {
            match host {
                HostPattern::Any => self.any.push(index),
                HostPattern::Named(DomainPattern::Exact(own)) => {
                    self.exact.entry(own.clone()).or_default().push(index);
                }
                HostPattern::Named(DomainPattern::Below(own)) => {
                    self.below.entry(own.clone()).or_default().push(index);
                }
            }
        }
    }

    /// Those that are about this host: who names it first, then who names what is above it, then who names none.
    pub fn of<'a, 'h>(&'a self, host: &'h str) -> impl Iterator<Item = &'a T> + use<'a, 'h, T> {
        self.naming(host).chain(&self.any).filter_map(|index| self.all.get(*index))
    }

    /// Whether one of them names it, or what is above it.
    pub fn names(&self, host: &str) -> bool {
        self.naming(host).next().is_some()
    }

    fn naming<'a, 'h>(&'a self, host: &'h str) -> impl Iterator<Item = &'a usize> + use<'a, 'h, T> {
        let above = host.match_indices('.').filter_map(|(dot, _)| self.below.get(host.get(dot + 1..)?));
        self.exact.get(host).into_iter().chain(above).flatten()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_comes_first() {
        let mut all = ByHost::default();
        let below = |name: &str| HostPattern::Named(DomainPattern::Below(name.to_owned()));
        all.add(&[HostPattern::Any], "any");
        all.add(&[below("example")], "far");
        all.add(&[below("t.example")], "near");
        all.add(&[HostPattern::Named(DomainPattern::Exact("a.t.example".into())), below("other")], "own");
        let of = |host: &str| all.of(host).copied().collect::<Vec<_>>();
        assert_eq!(of("a.t.example"), ["own", "near", "far", "any"]);
        assert_eq!(of("t.example"), ["far", "any"], "what is below a name is not that name");
        assert_eq!(of("b.other"), ["own", "any"]);
        assert_eq!(of("xt.example.com"), ["any"]);
        assert!(all.names("b.t.example") && !all.names("example") && !all.names(""));
    }
}
