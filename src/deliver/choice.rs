//! Which upstream mail leaves by: among those of the lowest priority that has any that is up, by weight, as of
//! SRV records (RFC 2782). Chosen with the permit, so that failover moves nothing.
//!
//! One that has no room, or whose limits are spent, leaves its share to the others of its priority; mail goes
//! to a higher number only when none of a lower one is up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::upstream::{Health, Settings, Standing, Upstream};
use crate::outcome::dsn::NullSenderMail;
use crate::policy::decide::DeliveryKind;

/// All upstreams of this node.
pub struct Upstreams {
    all: Vec<Arc<Upstream>>,
    shares: Mutex<Shares>,
}

impl Upstreams {
    pub fn new(settings: Vec<Settings>, hostname: &str) -> Self {
        let all = settings.into_iter().map(|one| Upstream::new(one, hostname)).collect();
        Self { all, shares: Mutex::default() }
    }

    pub fn all(&self) -> &[Arc<Upstream>] {
        &self.all
    }

    /// Whether any of them relays mail from the null sender: else there are no notifications at all.
    pub fn null_sender_mail(&self) -> NullSenderMail {
        let takes = |own: &Arc<Upstream>| own.settings().kind.null_sender_mail() == NullSenderMail::Taken;
        if self.all.iter().any(takes) { NullSenderMail::Taken } else { NullSenderMail::RefusedByProvider }
    }

    /// Connections of all.
    pub fn connections(&self) -> usize {
        self.all.iter().map(|own| own.settings().connections.max(1)).sum()
    }

    /// Those by which mail of a kind may leave now, the best first. One on trial comes before all that it
    /// would take the place of: it is to have one message at a time.
    pub fn candidates(&self, kind: DeliveryKind) -> Vec<Arc<Upstream>> {
        let fit: Vec<(Standing, &Arc<Upstream>)> = self.fit(kind).map(|own| (own.standing(), own)).collect();
        let priority = |own: &Upstream| own.settings().priority;
        let with = |wanted: Standing| {
            let those = fit.iter().filter(move |(standing, _)| *standing == wanted);
            those.map(|(_, own)| *own).collect::<Vec<_>>()
        };
        let (mut up, mut trials) = (with(Standing::Up), with(Standing::Trial));
        if let Some(lowest) = up.iter().map(|own| priority(own)).min() {
            up.retain(|own| priority(own) == lowest);
            trials.retain(|own| priority(own) <= lowest);
        }
        trials.sort_by_key(|own| priority(own));
        let peers: Vec<(&str, u16)> =
            up.iter().map(|own| (own.settings().name.as_str(), own.settings().weight)).collect();
        let order = self.shares().order(&peers);
        let by_share = order.into_iter().filter_map(|place| up.get(place).copied());
        trials.into_iter().chain(by_share).cloned().collect()
    }

    /// So many deliveries were claimed for an upstream.
    pub fn claimed(&self, upstream: &str, count: u32) {
        self.shares().claimed(upstream, count);
    }

    /// Whether another upstream could take mail of this kind now.
    pub fn another_takes(&self, kind: DeliveryKind, than: &Upstream) -> bool {
        let other = |own: &Arc<Upstream>| own.settings().name != than.settings().name;
        self.fit(kind).any(|own| other(own) && own.standing() != Standing::Down)
    }

    pub fn health(&self) -> Vec<Health> {
        self.all.iter().map(|own| own.health()).collect()
    }

    fn fit(&self, kind: DeliveryKind) -> impl Iterator<Item = &Arc<Upstream>> {
        let takes = move |own: &Settings| match kind {
            DeliveryKind::Submitted | DeliveryKind::Own => true,
            DeliveryKind::Dsn => own.kind.null_sender_mail() == NullSenderMail::Taken,
        };
        self.all.iter().filter(move |own| takes(own.settings()))
    }

    fn shares(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What each of some peers was given, so that each gets its share.
#[derive(Debug, Default)]
struct Shares {
    given: BTreeMap<String, u64>,
}

impl Shares {
    /// The peers, by their places in the list, the one furthest behind its share first; those without weight
    /// come last. Where the peers are others than before, all begin anew: who comes back makes up for nothing.
    fn order(&mut self, peers: &[(&str, u16)]) -> Vec<usize> {
        let same =
            peers.len() == self.given.len() && peers.iter().all(|(name, _)| self.given.contains_key(*name));
        if !same {
            self.given = peers.iter().map(|(name, _)| ((*name).to_owned(), 0)).collect();
        }
        let mut order: Vec<usize> = (0..peers.len()).collect();
        order.sort_by(|one, other| self.load(peers.get(*one)).total_cmp(&self.load(peers.get(*other))));
        order
    }

    fn claimed(&mut self, upstream: &str, count: u32) {
        if let Some(given) = self.given.get_mut(upstream) {
            *given = given.saturating_add(count.into());
        }
    }

    /// How full its share is.
    fn load(&self, peer: Option<&(&str, u16)>) -> f64 {
        let Some((name, weight)) = peer else { return f64::INFINITY };
        let given = self.given.get(*name).copied().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let given = given as f64;
        match weight {
            0 => f64::INFINITY,
            weight => given / f64::from(*weight),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::response::{Failure, Lost, Stage};
    use crate::deliver::upstream::{Kind, Timeouts, Tls};

    fn settings(name: &str, priority: u16, weight: u16, kind: Kind) -> Settings {
        Settings {
            name: name.into(),
            host: "127.0.0.1".into(),
            port: 1,
            tls: Tls::None,
            login: None,
            connections: 1,
            priority,
            weight,
            kind,
            region: None,
            signs: false,
            headers: Vec::new(),
            extra_roots: Vec::new(),
            timeouts: Timeouts::default(),
        }
    }

    fn upstreams(all: &[(&str, u16, u16)]) -> Upstreams {
        let all =
            all.iter().map(|(name, priority, weight)| settings(name, *priority, *weight, Kind::Generic));
        Upstreams::new(all.collect(), "gateway.example.com")
    }

    fn names(upstreams: &Upstreams, kind: DeliveryKind) -> Vec<String> {
        upstreams.candidates(kind).iter().map(|own| own.settings().name.clone()).collect()
    }

    fn down(upstreams: &Upstreams, name: &str) {
        let one = upstreams.all().iter().find(|own| own.settings().name == name).unwrap();
        one.unreachable(&Failure::Lost(Stage::Connect, Lost::Refused));
    }

    #[test]
    fn the_lowest_priority_that_has_any_up_takes_all() {
        let upstreams = upstreams(&[("backup", 10, 1), ("a", 0, 1), ("b", 0, 1)]);
        assert_eq!(names(&upstreams, DeliveryKind::Submitted), ["a", "b"]);
        down(&upstreams, "a");
        assert_eq!(names(&upstreams, DeliveryKind::Submitted), ["b"]);
        assert!(upstreams.another_takes(DeliveryKind::Submitted, &upstreams.all()[1]));
        down(&upstreams, "b");
        assert_eq!(names(&upstreams, DeliveryKind::Submitted), ["backup"]);
        down(&upstreams, "backup");
        assert!(names(&upstreams, DeliveryKind::Submitted).is_empty());
        assert!(!upstreams.another_takes(DeliveryKind::Submitted, &upstreams.all()[1]));
    }

    #[test]
    fn shares_are_by_weight_and_without_weight_last() {
        let upstreams = upstreams(&[("one", 0, 1), ("three", 0, 3), ("rest", 0, 0)]);
        let mut given = BTreeMap::<String, u32>::new();
        for _ in 0..100 {
            let order = names(&upstreams, DeliveryKind::Submitted);
            assert_eq!(order[2], "rest");
            upstreams.claimed(&order[0], 8);
            *given.entry(order[0].clone()).or_default() += 1;
        }
        assert_eq!((given["one"], given["three"]), (25, 75));
    }

    #[test]
    fn who_comes_back_makes_up_for_nothing() {
        let mut shares = Shares::default();
        shares.order(&[("a", 1), ("b", 1)]);
        shares.order(&[("a", 1)]);
        shares.claimed("a", 1_000);
        assert_eq!(shares.order(&[("a", 1), ("b", 1)]), [0, 1]);
        shares.claimed("a", 1);
        assert_eq!(shares.order(&[("a", 1), ("b", 1)]), [1, 0]);
    }

    #[test]
    fn a_notification_goes_only_by_who_takes_it() {
        let all = vec![settings("ses", 0, 1, Kind::Ses), settings("own", 10, 1, Kind::Generic)];
        let upstreams = Upstreams::new(all, "gateway.example.com");
        assert_eq!(names(&upstreams, DeliveryKind::Submitted), ["ses"]);
        assert_eq!(names(&upstreams, DeliveryKind::Dsn), ["own"]);
        assert_eq!(upstreams.null_sender_mail(), NullSenderMail::Taken);
        assert!(!upstreams.another_takes(DeliveryKind::Dsn, &upstreams.all()[1]));
    }
}
