//! A policy folder's files, found and read within bounds.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::{Mistake, NamedText, Severity, encoding};
use crate::toml_file::whole_file;

/// The largest policy file in octets.
const MAX_FILE: u64 = 1 << 20;
/// The most files that a folder may hold.
const MAX_FILES: usize = 10_000;
/// Links may lead a folder into itself.
const MAX_DEPTH: usize = 8;

/// All `.toml` files, and what could not be read. Names with a dot in front are left out: editors and
/// Kubernetes keep their own things under such names.
pub fn read(folder: &Path) -> (Vec<NamedText>, Vec<Mistake>) {
    let mut found = Found::default();
    found.folder(folder, "", 0);
    found.files.sort();
    (found.files, found.mistakes)
}

#[derive(Default)]
struct Found {
    files: Vec<NamedText>,
    mistakes: Vec<Mistake>,
}

impl Found {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let shown = if prefix.is_empty() { folder.display().to_string() } else { prefix.to_owned() };
        if depth > MAX_DEPTH {
            return self.wrong(&shown, format!("folders lie deeper than {MAX_DEPTH} levels"));
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.wrong(&shown, format!("can't be read: {error}")),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry, prefix, depth),
                Err(error) => self.wrong(&shown, format!("can't be read: {error}")),
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, prefix: &str, depth: usize) {
        let path = entry.path();
        let own = entry.file_name().to_string_lossy().into_owned();
        if own.starts_with('.') {
            return;
        }
        let name = if prefix.is_empty() { own } else { format!("{prefix}/{own}") };
        // Follows links: a ConfigMap's files are links.
        match fs::metadata(&path) {
            Ok(is) if is.is_dir() => self.folder(&path, &name, depth + 1),
            Ok(is) if is.is_file() && name.ends_with(".toml") => self.file(&path, name),
            Ok(_) => {}
            Err(error) if name.ends_with(".toml") => self.wrong(&name, format!("can't be read: {error}")),
            Err(_) => {}
        }
    }

    fn file(&mut self, path: &Path, name: String) {
        if self.files.len() >= MAX_FILES {
            if self.files.len() == MAX_FILES && !self.mistakes.iter().any(|known| known.line == 0) {
                self.wrong(&name, format!("there are more than {MAX_FILES} policy files"));
            }
            return;
        }
        match text(path) {
            Ok(text) => self.files.push((name, text)),
            Err(why) => self.wrong(&name, why),
        }
    }

    fn wrong(&mut self, name: &str, message: String) {
        self.mistakes.push(whole_file(name, Severity::Error, message));
    }
}

/// The text of a file, or why it has none.
fn text(path: &Path) -> Result<String, String> {
    let mut octets = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets));
    read.map_err(|error| format!("can't be read: {error}"))?;
    if octets.len() as u64 > MAX_FILE {
        return Err(format!("the file is larger than {MAX_FILE} octets"));
    }
    match String::from_utf8(octets) {
        Ok(text) if !encoding::is_utf16(text.as_bytes()) => Ok(text),
        Ok(text) => Err(encoding::no_utf8(text.as_bytes())),
        Err(error) => Err(encoding::no_utf8(error.as_bytes())),
    }
}
