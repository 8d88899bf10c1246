//! `optgate policy init`: the shipped policies as files to begin with, from the binary alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::cli::Status;
use crate::cli::output::{self, counted};
use crate::policy::file::{Kind, shipped};

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// Where to; it must be empty or not there yet.
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    let folder = &arguments.folder;
    if let Some(entry) = first_entry(folder).with_context(|| format!("{} can't be read", folder.display()))? {
        anyhow::bail!("{} holds {entry} already: nothing was written", folder.display());
    }
    let schemas = Kind::ALL.map(|kind| (format!("schema/{}.json", kind.as_str()), kind.schema().to_owned()));
    let files: Vec<_> = shipped().into_iter().chain(schemas).collect();
    for (name, text) in &files {
        let path = folder.join(name);
        put(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    output::line(&format!("{} in {}", counted(files.len(), "file", "files"), folder.display()))?;
    Ok(Status::Done)
}

/// What lies in a folder; nothing in one that is not there.
fn first_entry(folder: &Path) -> io::Result<Option<String>> {
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            Ok(entries.next().transpose()?.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file that is not there.
fn put(path: &Path, text: &str) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
