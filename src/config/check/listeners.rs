//! What listeners and trusted networks demand of each other: no address twice, no network that is never reached.

use std::net::{IpAddr, SocketAddr};

use super::super::raw::{RawConfig, RawTrusted};
use super::Checker;
use crate::toml_file::Given;

impl Checker<'_> {
    /// Two listeners on one address: the second could not be opened.
    pub(super) fn listeners(&self, raw: &RawConfig) {
        let lists = [&raw.smtp.listen, &raw.smtp.implicit_tls].into_iter().flatten();
        let mut all: Vec<&Given<SocketAddr>> = lists.flat_map(|given| &given.value).collect();
        let feedback = raw.feedback.iter().filter_map(|feedback| feedback.listen.as_ref());
        all.extend(feedback.flat_map(|given| &given.value));
        all.extend(&raw.web.listen);
        all.extend(&raw.api.listen);
        for (index, one) in all.iter().enumerate() {
            let earlier = all.iter().take(index).find(|other| collide(one.value, other.value));
            if let Some(earlier) = earlier {
                let (place, value) = (&earlier.rule, earlier.value);
                let message = format!("{value}, at line {}, listens there already", place.line);
                self.source.error(&one.span, message);
            }
        }
        if let Some(api) = raw.api.listen.as_ref().filter(|given| !given.value.ip().is_loopback()) {
            let message = "keys and metrics cross the network in clear here: let only a proxy with TLS, \
                           or your own hosts, reach it";
            self.source.warning(&api.span, message);
        }
    }

    /// The first network that holds a peer counts: one within an earlier one never does.
    pub(super) fn networks(&self, trusted: &[RawTrusted]) {
        let all = trusted.iter().filter_map(|own| own.networks.as_ref()).flat_map(|given| &given.value);
        let all: Vec<_> = all.collect();
        for (index, one) in all.iter().enumerate() {
            let earlier = all.iter().take(index).find(|other| other.value.contains(&one.value));
            if let Some(earlier) = earlier {
                let (network, line) = (earlier.value, earlier.rule.line);
                let message = format!(
                    "it lies within {network} of line {line}, which counts first: put this one before it"
                );
                self.source.error(&one.span, message);
            }
            if one.value.prefix_len() == 0 {
                self.source.error(&one.span, "this is everybody: nobody would need a password");
            }
        }
    }
}

fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = |all: IpAddr, one: IpAddr| match all {
        // Linux takes both families on `[::]`.
        IpAddr::V6(all) => all.is_unspecified(),
        IpAddr::V4(all) => all.is_unspecified() && one.is_ipv4(),
    };
    one.port() == other.port()
        && one.port() != 0
        && (one.ip() == other.ip() || covers(one.ip(), other.ip()) || covers(other.ip(), one.ip()))
}
