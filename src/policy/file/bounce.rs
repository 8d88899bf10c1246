//! `[bounces]` and `[[bounce]]` of the shaping files.

use super::value;
use crate::policy::bounce::{BounceRule, Bounces, Class};
use crate::toml_file::{Given, Table, Value};

/// `[bounces]`; what it leaves out is as where there is none.
pub fn bounces(value: Value<'_>) -> Option<Bounces> {
    let mut table = value.table()?;
    let mut bounces = Bounces::default();
    if let Some(soft) = table.take("soft", |v| v.count()) {
        bounces.soft = soft.value;
    }
    if let Some(within) = table.take("within", |v| v.read(value::duration)) {
        bounces.within = within.value;
    }
    table.finish();
    Some(bounces)
}

/// One `[[bounce]]`, and the provider that it names, which may be declared elsewhere.
pub fn bounce(mut table: Table<'_>) -> (Option<BounceRule>, Option<Given<String>>) {
    let words: Vec<(&str, Class)> = Class::ALL.iter().map(|class| (class.as_str(), *class)).collect();
    let rule = table.rule();
    let provider = table.take("provider", |v| v.non_empty());
    let pattern = table.need("pattern", |v| v.read(value::regex));
    let class = table.need("class", |v| v.word(&words));
    table.finish();
    let name = provider.clone().map(|given| given.value);
    let whole = pattern.zip(class);
    (
        whole.map(|(pattern, class)| BounceRule {
            provider: name,
            pattern: pattern.value,
            class: class.value,
            rule,
        }),
        provider,
    )
}
