//! `jurisdictions/*.toml`: what each pack says, and packs with their bases folded in.

mod demands;
mod effect;

use std::collections::BTreeMap;

use super::link::Known;
use super::value;
use crate::policy::jurisdiction::{Acquaintance, Expires, Jurisdiction, Origin, Protected, SoftOptIn};
use crate::policy::{GroundKind, RuleRef};
use crate::toml_file::Source;
use crate::toml_file::nearest::hint;
use crate::toml_file::{Given, Table, Value};
use demands::{Demands, ReadDemands};

/// One pack as its file has it: what it leaves out, its base says.
pub struct ReadPack {
    pub id: Given<String>,
    pub extends: Option<Given<String>>,
    title: Option<String>,
    countries: Vec<Given<String>>,
    grounds: Option<Given<Vec<GroundKind>>>,
    reconfirm_imported: Option<Given<bool>>,
    protects: Option<Vec<Protected>>,
    soft_opt_in: ReadSoftOptIn,
    demands: ReadDemands,
    origin: Origin,
}

#[derive(Clone, Default)]
struct ReadSoftOptIn {
    /// The header of the section, and what stands in it.
    header: Option<RuleRef>,
    from: Option<Given<Vec<Acquaintance>>>,
    notice_required: Option<Given<bool>>,
    expires: Option<Given<BTreeMap<Acquaintance, u32>>>,
}

const ACQUAINTANCES: &[(&str, Acquaintance)] = &[
    ("purchase", Acquaintance::Purchase),
    ("inquiry", Acquaintance::Inquiry),
    ("negotiation", Acquaintance::Negotiation),
];

const GROUNDS: &[(&str, GroundKind)] = &[
    ("double_opt_in", GroundKind::DoubleOptIn),
    ("single_opt_in", GroundKind::SingleOptIn),
    ("soft_opt_in", GroundKind::SoftOptIn),
    ("no_objection", GroundKind::NoObjection),
];

const PROTECTED: &[(&str, Protected)] = &[
    ("consumers", Protected::Consumers),
    ("natural_persons", Protected::NaturalPersons),
    ("sole_traders", Protected::SoleTraders),
    ("legal_persons", Protected::LegalPersons),
];

/// Reads one pack; `None` where it has no usable id.
pub fn read(mut table: Table<'_>) -> Option<ReadPack> {
    table.source().stand_above("pack", &["id", "extends", "title", "countries"]);
    let id = table.need("id", |v| v.read(value::id));
    let own = id.as_ref().map_or_else(|| table.rule(), |id| id.rule.clone());
    let extends = table.take("extends", |v| v.read(value::id));
    let title = table.need("title", |v| v.non_empty()).map(|given| given.value);
    let countries = table.take("countries", countries).map(|given| given.value).unwrap_or_default();
    let mut grounds = None;
    let mut reconfirm_imported = None;
    let mut protects = None;
    let mut soft_opt_in = ReadSoftOptIn::default();
    if let Some(mut marketing) = table.table("marketing") {
        grounds = marketing.take("grounds", |v| v.list(|item| item.word(GROUNDS)));
        reconfirm_imported = marketing.take("reconfirm_imported", |v| v.boolean());
        protects = marketing.take("protects", |v| v.list(|item| item.word(PROTECTED)));
        if let Some(soft) = marketing.table("soft_opt_in") {
            soft_opt_in = read_soft_opt_in(soft);
        }
        marketing.finish();
    }
    let demands = demands::read(&mut table);
    let origin = demands::origin(&mut table, &own);
    table.finish();
    Some(ReadPack {
        id: id?,
        extends,
        title,
        countries,
        grounds,
        reconfirm_imported,
        protects: protects.map(|given| given.value),
        soft_opt_in,
        demands,
        origin,
    })
}

fn countries(value: Value<'_>) -> Option<Vec<Given<String>>> {
    value.list(|item| {
        let rule = item.source().rule(item.span().start);
        item.read(value::country).map(|value| Given { value, span: item.span(), rule })
    })
}

fn read_soft_opt_in(mut table: Table<'_>) -> ReadSoftOptIn {
    let header = Some(table.rule());
    let from = table.take("from", |v| v.list(|item| item.word(ACQUAINTANCES)));
    let notice_required = table.take("notice_required", |v| v.boolean());
    let expires = table.take("expires", expires);
    table.finish();
    ReadSoftOptIn { header, from, notice_required, expires }
}

/// `{ purchase = "24 months" }`, of a pack or of a sender.
pub(super) fn expires(value: Value<'_>) -> Option<BTreeMap<Acquaintance, u32>> {
    let mut own = value.table()?;
    let mut months = BTreeMap::new();
    for (key, how) in ACQUAINTANCES {
        months.extend(own.take(key, |v| v.read(value::months)).map(|given| (*how, given.value)));
    }
    own.finish();
    Some(months)
}

/// All packs by id, bases folded in. `sources` are the packs' own files.
pub fn resolve(
    packs: &BTreeMap<String, (&Source<'_>, ReadPack)>,
    known: Known,
) -> BTreeMap<String, Jurisdiction> {
    let mut country_of: BTreeMap<&str, &RuleRef> = BTreeMap::new();
    let mut resolved = BTreeMap::new();
    for (id, (source, pack)) in packs {
        for country in &pack.countries {
            if let Some(first) = country_of.insert(&country.value, &country.rule) {
                let message = format!("{}:{} judges `{}` already", first.file, first.line, country.value);
                source.error(&country.span, message);
            }
        }
        if let Some(chain) = chain(packs, known, id)
            && let Some(jurisdiction) = fold_chain(source, &chain)
        {
            resolved.insert(id.clone(), jurisdiction);
        }
    }
    effect::tell(packs, &resolved);
    resolved
}

/// A pack and its bases, nearest first. `None` where a base is missing or the chain bites its tail.
fn chain<'p>(
    packs: &'p BTreeMap<String, (&Source<'_>, ReadPack)>,
    known: Known,
    id: &str,
) -> Option<Vec<&'p ReadPack>> {
    let (source, first) = packs.get(id)?;
    let mut chain = vec![first];
    while let Some(base) = chain.last().and_then(|pack| pack.extends.as_ref()) {
        let own_step = chain.len() == 1;
        let Some((_, pack)) = packs.get(&base.value) else {
            // Told where it is written, not again for each pack that builds on that one.
            if own_step && known == Known::All {
                let hint = hint(&base.value, packs.keys().map(String::as_str));
                source.error(&base.span, format!("there is no pack `{}` to extend{hint}", base.value));
            }
            return None;
        };
        if chain.iter().any(|known| known.id.value == pack.id.value) {
            if let Some(own) = &first.extends {
                source.error(&own.span, format!("`{id}` extends itself, by way of `{}`", own.value));
            }
            return None;
        }
        chain.push(pack);
    }
    Some(chain)
}

fn fold_chain(source: &Source<'_>, chain: &[&ReadPack]) -> Option<Jurisdiction> {
    let own = chain.first()?;
    let soft = || chain.iter().map(|pack| &pack.soft_opt_in);
    let Some(grounds) = chain.iter().find_map(|pack| pack.grounds.clone()) else {
        source.error(&own.id.span, "neither this pack nor a base says [marketing] grounds");
        return None;
    };
    let header = soft().find_map(|soft| soft.header.clone());
    let takes_soft = grounds.value.contains(&GroundKind::SoftOptIn);
    let from = soft().find_map(|soft| soft.from.clone());
    if takes_soft && from.as_ref().is_none_or(|from| from.value.is_empty()) {
        let message = "soft_opt_in is among the grounds, but [marketing.soft_opt_in] has no `from`";
        source.error(&own.id.span, message);
    }
    let rule = header.unwrap_or_else(|| grounds.rule.clone());
    let demands = Demands(chain.iter().map(|pack| &pack.demands).collect());
    let notice = soft().find_map(|soft| soft.notice_required.clone());
    let expires = soft().find_map(|soft| soft.expires.clone());
    let reconfirm = chain.iter().find_map(|pack| pack.reconfirm_imported.clone());
    Some(Jurisdiction {
        id: own.id.value.as_str().into(),
        title: own.title.clone().unwrap_or_default(),
        countries: own.countries.iter().map(|given| given.value.clone()).collect(),
        soft_opt_in: SoftOptIn {
            from_rule: from.as_ref().map_or_else(|| rule.clone(), |given| given.rule.clone()),
            from: from.map(|given| given.value).unwrap_or_default(),
            // What is left out is judged strictly.
            notice_required: notice.as_ref().is_none_or(|given| given.value),
            notice_rule: notice.map_or_else(|| rule.clone(), |given| given.rule),
            expires: Expires {
                rule: expires.as_ref().map_or_else(|| rule.clone(), |given| given.rule.clone()),
                months: expires.map(|given| given.value).unwrap_or_default(),
            },
            rule,
        },
        reconfirm_rule: reconfirm.as_ref().map_or_else(|| grounds.rule.clone(), |given| given.rule.clone()),
        reconfirm_imported: reconfirm.is_some_and(|given| given.value),
        grounds: grounds.value,
        grounds_rule: grounds.rule,
        protects: chain.iter().find_map(|pack| pack.protects.clone()).unwrap_or_default(),
        content: demands.content(),
        demand_rules: demands.demand_rules(&own.id.rule),
        unsubscribe: demands.unsubscribe(),
        tracking: demands.tracking(&own.id.rule),
        retention: demands.retention(),
        origin: own.origin.clone(),
        rule: own.id.rule.clone(),
    })
}
