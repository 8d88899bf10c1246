//! The files of the journal: `00000001.noes` and on. All but the last are closed and never written again.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::JournalError;
use super::line::{self, Numbered};

/// No line of ours is longer.
const LONGEST: u64 = 16 << 20;

/// A file, by its number.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub number: u32,
    pub path: PathBuf,
}

/// The first line of a segment.
#[derive(Serialize, Deserialize)]
struct Header {
    optgate_noes: u32,
    /// The last number before this segment.
    after: u64,
}

/// What reading a segment to its end found.
pub(super) struct Scanned {
    /// Octets that are whole.
    pub good: u64,
    /// The highest number so far.
    pub last: u64,
    /// Whether something follows that a crash has torn.
    pub torn: bool,
}

impl Segment {
    fn at(folder: &Path, number: u32) -> Self {
        Self { number, path: folder.join(format!("{number:08}.noes")) }
    }

    pub fn next(&self, folder: &Path) -> Self {
        Self::at(folder, self.number + 1)
    }

    /// All there are, oldest first.
    pub fn all(folder: &Path) -> Result<Vec<Self>, JournalError> {
        let failed = |error| JournalError::Io { file: folder.to_owned(), error };
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".noes")).map(str::parse);
            if let Some(Ok(number)) = number {
                all.push(Self::at(folder, number));
            }
        }
        all.sort_by_key(|own: &Self| own.number);
        Ok(all)
    }

    /// A new one with its header. Written under another name and moved, so that a crash leaves no half of it.
    pub fn create(folder: &Path, number: u32, after: u64) -> Result<Self, JournalError> {
        let segment = Self::at(folder, number);
        let draft = Draft::begin(&segment, after)?;
        draft.put(folder)?;
        Ok(segment)
    }

    /// Reads it to its end. What is damaged before its end is an error; what is damaged at its end is torn.
    pub fn scan(&self, last: u64) -> Result<Scanned, JournalError> {
        let mut lines = Lines::open(self)?;
        let mut scanned = Scanned { good: 0, last: lines.after.max(last), torn: false };
        scanned.good = lines.offset;
        loop {
            match lines.next()? {
                Line::Noes(noes) => {
                    scanned.last = noes.iter().map(|own| own.seq).fold(scanned.last, u64::max);
                    scanned.good = lines.offset;
                }
                Line::End => return Ok(scanned),
                Line::Damaged(offset) if lines.anything_whole_follows()? => {
                    return Err(JournalError::Damaged { file: self.path.clone(), offset });
                }
                Line::Damaged(_) => return Ok(Scanned { torn: true, ..scanned }),
            }
        }
    }
}

/// A segment that is being made.
pub(super) struct Draft {
    segment: Segment,
    path: PathBuf,
    file: io::BufWriter<File>,
}

impl Draft {
    pub fn begin(segment: &Segment, after: u64) -> Result<Self, JournalError> {
        let path = segment.path.with_extension("draft");
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file = file.map_err(|error| JournalError::Io { file: path.clone(), error })?;
        let mut draft = Self { segment: segment.clone(), path, file: io::BufWriter::new(file) };
        let header = Header { optgate_noes: 1, after };
        let header = serde_json::to_string(&header).expect("numbers are JSON");
        draft.write(&line::sealed(&header))?;
        Ok(draft)
    }

    pub fn write(&mut self, line: &str) -> Result<(), JournalError> {
        self.file
            .write_all(line.as_bytes())
            .map_err(|error| JournalError::Io { file: self.path.clone(), error })
    }

    /// Puts it in its place, in one step and for good.
    pub fn put(self, folder: &Path) -> Result<(), JournalError> {
        let failed = |error| JournalError::Io { file: self.path.clone(), error };
        let file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        fs::rename(&self.path, &self.segment.path).map_err(failed)?;
        sync_folder(folder)
    }
}

/// A name that is not synced may be gone after a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), JournalError> {
    let synced = File::open(folder).and_then(|own| own.sync_all());
    synced.map_err(|error| JournalError::Io { file: folder.to_owned(), error })
}

/// The lines of one segment.
struct Lines {
    path: PathBuf,
    input: BufReader<File>,
    /// Behind the last whole line.
    offset: u64,
    after: u64,
}

enum Line {
    Noes(Vec<Numbered>),
    /// Where it begins.
    Damaged(u64),
    End,
}

impl Lines {
    fn open(segment: &Segment) -> Result<Self, JournalError> {
        let path = segment.path.clone();
        let input = File::open(&path).map_err(|error| JournalError::Io { file: path.clone(), error })?;
        let mut lines = Self { path, input: BufReader::with_capacity(1 << 16, input), offset: 0, after: 0 };
        let raw = lines.raw()?;
        let header = raw.strip_suffix(b"\n").and_then(line::opened);
        let header = header.and_then(|text| serde_json::from_str::<Header>(text).ok());
        match header {
            Some(Header { optgate_noes: 1, after }) => {
                lines.offset = raw.len() as u64;
                lines.after = after;
                Ok(lines)
            }
            _ => Err(JournalError::Damaged { file: lines.path, offset: 0 }),
        }
    }

    /// What compaction has taken away meanwhile lives on in a later segment.
    fn open_if_there(segment: &Segment) -> Result<Option<Self>, JournalError> {
        match Self::open(segment) {
            Err(JournalError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    fn next(&mut self) -> Result<Line, JournalError> {
        let raw = self.raw()?;
        if raw.is_empty() {
            return Ok(Line::End);
        }
        match raw.strip_suffix(b"\n").and_then(line::read) {
            Some(noes) => {
                self.offset += raw.len() as u64;
                Ok(Line::Noes(noes))
            }
            None => Ok(Line::Damaged(self.offset)),
        }
    }

    /// After damage: whether a whole line comes later.
    fn anything_whole_follows(&mut self) -> Result<bool, JournalError> {
        loop {
            let raw = self.raw()?;
            if raw.is_empty() {
                return Ok(false);
            }
            if raw.strip_suffix(b"\n").and_then(line::read).is_some() {
                return Ok(true);
            }
        }
    }

    fn raw(&mut self) -> Result<Vec<u8>, JournalError> {
        let mut raw = Vec::new();
        let read = io::Read::take(&mut self.input, LONGEST).read_until(b'\n', &mut raw);
        read.map_err(|error| JournalError::Io { file: self.path.clone(), error })?;
        Ok(raw)
    }
}

/// Whether the last segment may end in a line that is not whole yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    BeingWritten,
    Closed,
}

/// Reads noes, oldest segment first.
pub struct Reader {
    after: u64,
    end: End,
    segments: VecDeque<Segment>,
    lines: Option<Lines>,
    noes: std::vec::IntoIter<Numbered>,
}

impl Reader {
    /// From `after` on; segments that are older are not opened.
    pub(super) fn open(folder: &Path, after: u64) -> Result<Self, JournalError> {
        let mut segments: VecDeque<Segment> = Segment::all(folder)?.into();
        while let Some(next) = segments.get(1) {
            if Lines::open_if_there(next)?.is_some_and(|lines| lines.after > after) {
                break;
            }
            segments.pop_front();
        }
        Ok(Self { after, end: End::BeingWritten, segments, lines: None, noes: Vec::new().into_iter() })
    }

    /// Of these segments alone.
    pub(super) fn of(segments: &[Segment]) -> Self {
        let segments = segments.to_vec().into();
        Self { after: 0, end: End::Closed, segments, lines: None, noes: Vec::new().into_iter() }
    }

    fn step(&mut self) -> Result<Option<Numbered>, JournalError> {
        loop {
            if let Some(no) = self.noes.find(|own| own.seq > self.after) {
                return Ok(Some(no));
            }
            let Some(lines) = &mut self.lines else {
                let Some(segment) = self.segments.pop_front() else { return Ok(None) };
                self.lines = match self.end {
                    End::BeingWritten => Lines::open_if_there(&segment)?,
                    // Who compacts must have read all: what it passes over is taken away.
                    End::Closed => Some(Lines::open(&segment)?),
                };
                continue;
            };
            match lines.next()? {
                Line::Noes(noes) => self.noes = noes.into_iter(),
                Line::End => self.lines = None,
                // Behind the last whole line of the last segment somebody may be writing.
                Line::Damaged(_)
                    if self.end == End::BeingWritten
                        && self.segments.is_empty()
                        && !lines.anything_whole_follows()? =>
                {
                    self.lines = None;
                }
                Line::Damaged(offset) => {
                    return Err(JournalError::Damaged { file: lines.path.clone(), offset });
                }
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Numbered, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

impl Segment {
    pub fn size(&self) -> Result<u64, JournalError> {
        let size = fs::metadata(&self.path).map(|own| own.len());
        size.map_err(|error| JournalError::Io { file: self.path.clone(), error })
    }
}
