//! Policy files → `PolicySet`, with the file and line of every mistake. The only part of `policy` that
//! reads files.

use std::path::{Path, PathBuf};

use super::PolicySet;

/// One file's name, relative to the policy folder with `/`, and text.
pub type NamedText = (String, String);

/// Something wrong in a file, for people: `senders/demo-shop.toml:12:3: …` with the line and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub file: PathBuf,
    /// From 1; 0 where the file as a whole is meant.
    pub line: u32,
    pub column: u32,
    pub message: String,
    /// The message with the line itself and a caret below it.
    pub rendered: String,
    pub severity: Severity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// A checked set, and what is worth a warning in it; or all mistakes at once.
pub type Loaded = Result<(PolicySet, Vec<Mistake>), Vec<Mistake>>;

/// Reads and checks a policy folder.
pub fn load(folder: &Path) -> Loaded {
    let _ = folder;
    todo!()
}

/// Checks texts that are in hand already.
pub fn parse(files: &[NamedText]) -> Loaded {
    let _ = files;
    todo!()
}

/// The shipped jurisdiction packs, demo sender and shaping, embedded in the binary.
pub fn shipped() -> Vec<NamedText> {
    todo!()
}
