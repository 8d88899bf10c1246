//! `[[warm_up]]` of `shaping.toml`.

use super::value;
use crate::policy::RuleRef;
use crate::policy::shaping::WarmUp;
use crate::toml_file::{Given, Table};

/// Where a domain names no curve of its own: the contract's, about a month to full volume.
pub const CURVE: [u32; 10] = [50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 70_000, 100_000];

/// One `[[warm_up]]`, where it has a domain: what it says, where the domain stands, and the provider that it names, which
/// may be declared elsewhere.
pub struct Read {
    pub own: Option<(Given<String>, WarmUp)>,
    pub provider: Option<Given<String>>,
}

/// One `[[warm_up]]`.
pub fn warm_up(mut table: Table<'_>) -> Read {
    let (source, rule): (_, RuleRef) = (table.source(), table.rule());
    let domain = table.need("domain", |v| v.read(value::domain));
    let provider = table.take("provider", |v| v.non_empty());
    let upstream = table.take("upstream", |v| v.non_empty()).map(|given| given.value);
    let curve = table.take("curve", |v| v.list(|step| step.count()));
    table.finish();
    if let Some(curve) = &curve {
        if curve.value.is_empty() {
            source.error(&curve.span, "a curve needs the messages of one day at least");
        } else if curve.value.windows(2).any(|days| days[1] < days[0]) {
            source.error(
                &curve.span,
                "a curve must not fall: the cap of a day is as high as that of the day before, or higher",
            );
        }
    }
    let curve = curve.map_or_else(|| CURVE.to_vec(), |given| given.value);
    let name = provider.clone().map(|given| given.value);
    let own = domain.map(|domain| {
        let own = WarmUp { domain: domain.value.clone(), provider: name, upstream, curve, rule };
        (domain, own)
    });
    Read { own, provider }
}
