//! Keys of the contract whose behaviour a later version brings: read and type-checked, so that a file
//! written for it loads today, with a warning, so that nobody believes they hold.

use super::value;
use crate::toml_file::{Table, Value};

/// The keys of `shaping.toml`.
pub fn of_shaping(table: &mut Table<'_>) {
    table.not_in_force("brake", |v| v.list(brake));
    table.not_in_force("warm_up", |v| {
        v.list(|item| {
            let mut warm_up = item.table()?;
            warm_up.need("domain", |v| v.read(value::domain));
            warm_up.need("curve", |v| v.list(|step| step.count()));
            warm_up.finish();
            Some(())
        })
    });
}

fn brake(value: Value<'_>) -> Option<()> {
    let mut brake = value.table()?;
    brake.need("per", |v| v.word(&[("campaign", ()), ("sender", ()), ("provider", ())]));
    brake.need("on", |v| v.word(&[("complaints", ()), ("bounces", ())]));
    brake.take("window", |v| v.read(value::duration));
    brake.take("minimum", |v| v.count());
    brake.take("weaken", |v| v.read(percentage));
    brake.take("pause", |v| v.read(percentage));
    brake.finish();
    Some(())
}

fn percentage(text: &str) -> Result<(), String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    match number {
        Some(number) if (0.0..=100.0).contains(&number) => Ok(()),
        _ => Err(format!("`{text}` is not a percentage such as `0.3%`")),
    }
}
