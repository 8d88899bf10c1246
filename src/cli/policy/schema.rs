//! `optgate policy schema`: the JSON Schemas of policy files, for editors.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::Status;
use crate::cli::output;
use crate::policy::file::Kind;

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// What kind of file; all in one schema without it.
    #[arg(value_enum)]
    kind: Option<Kind>,
    /// Write one file a kind into this folder, which policy files name as `#:schema ../schema/sender.json`.
    #[arg(long, value_name = "FOLDER", conflicts_with = "kind")]
    write: Option<PathBuf>,
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(self.as_str().into())
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    if let Some(folder) = &arguments.write {
        return write(folder);
    }
    match arguments.kind {
        // As the file has it, to the octet.
        Some(kind) => output::lines(kind.schema().trim_end())?,
        None => output::json(&all()?)?,
    }
    Ok(Status::Done)
}

fn write(folder: &Path) -> anyhow::Result<Status> {
    let put = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        for kind in Kind::ALL {
            fs::write(folder.join(format!("{}.json", kind.as_str())), kind.schema())?;
        }
        Ok(())
    };
    put().with_context(|| format!("the schemas can't be written to {}", folder.display()))?;
    Ok(Status::Done)
}

/// A schema that any policy file fits, with those of all kinds in it.
fn all() -> anyhow::Result<Value> {
    let kinds = Kind::ALL.iter().map(|kind| {
        let schema: Value = serde_json::from_str(kind.schema())?;
        Ok((kind.as_str().to_owned(), schema))
    });
    let kinds: serde_json::Map<String, Value> = kinds.collect::<anyhow::Result<_>>()?;
    let any: Vec<_> = kinds.values().map(|schema| json!({ "$ref": schema.get("$id") })).collect();
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:optgate:policy",
        "title": "optgate policy file",
        "anyOf": any,
        "$defs": kinds,
    }))
}
