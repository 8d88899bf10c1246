//! Keys of the contract whose behaviour a later version brings: read and type-checked, so that a file
//! written for it loads today, with a warning, so that nobody believes they hold.

use super::value;
use crate::toml_file::Table;

/// The keys of `shaping.toml`.
pub fn of_shaping(table: &mut Table<'_>) {
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
