//! Rows that were not taken: into a file of the same columns behind `line` and `reason`, which can be mended and
//! imported as it is; the first ones on the terminal where no file is named.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::csv;
use crate::telemetry::escaped;

/// So many are told on the terminal.
const TOLD: u64 = 20;

/// Where rejects go.
pub(super) enum Rejects {
    File(Draft),
    Terminal { told: u64 },
}

/// The file under another name, which gets its own once it is whole; it holds addresses, so it is its owner's alone.
pub(super) struct Draft {
    path: PathBuf,
    draft: PathBuf,
    out: Option<BufWriter<File>>,
}

impl Rejects {
    /// `header`: the columns of the table.
    pub fn open(path: Option<&Path>, header: Vec<&[u8]>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::Terminal { told: 0 }) };
        let name = path.file_name().with_context(|| format!("{} names no file", path.display()))?;
        let draft = path.with_file_name(format!(".{}.{}.draft", name.to_string_lossy(), std::process::id()));
        let file = File::options().write(true).create_new(true).mode(0o600).open(&draft);
        let mut out = BufWriter::new(file.with_context(|| format!("{}", draft.display()))?);
        let first: [&[u8]; 2] = [b"line", b"reason"];
        out.write_all(&csv::line(first.into_iter().chain(header)))?;
        Ok(Self::File(Draft { path: path.to_owned(), draft, out: Some(out) }))
    }

    /// One row with its own cells.
    pub fn add(&mut self, line: u64, reason: &str, cells: Vec<&[u8]>) -> io::Result<()> {
        match self {
            Self::File(Draft { out, .. }) => {
                let line = line.to_string();
                let first = [line.as_bytes(), reason.as_bytes()];
                let row = csv::line(first.into_iter().chain(cells));
                out.as_mut().map_or(Ok(()), |out| out.write_all(&row))
            }
            Self::Terminal { told } => {
                *told += 1;
                if *told <= TOLD {
                    eprintln!("optgate: line {line}: {}", escaped(reason));
                }
                Ok(())
            }
        }
    }

    /// Nothing more comes.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Terminal { told } => {
                if told > TOLD {
                    eprintln!("optgate: and {} more; --rejects FILE takes them all", told - TOLD);
                }
                Ok(())
            }
            Self::File(mut draft) => {
                let Some(out) = draft.out.take() else { return Ok(()) };
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.sync_all()?;
                fs::rename(&draft.draft, &draft.path)
                    .with_context(|| format!("the rejects can't be moved to {}", draft.path.display()))
            }
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It was not finished: rejects that lack some must not look whole.
        let _ = fs::remove_file(&self.draft);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn rejects_appear_whole_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        let mut rejects = Rejects::open(Some(&path), vec![b"email", b"kind"]).unwrap();
        rejects.add(7, "email is no mail address", vec![b"=1+1", b"a\nb"]).unwrap();
        assert!(!path.exists());
        rejects.finish().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "line,reason,email,kind\r\n7,email is no mail address,'=1+1,\"a\nb\"\r\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(Rejects::open(Some(&folder.path().join("other.csv")), Vec::new()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
