//! Reads CSV (RFC 4180) of any size, record by record, within bounds: neither a long cell nor a quote that nobody
//! closed takes more memory than a record may have. Never guesses at an encoding or a separator: it says what it met.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use crate::consent::row::{COLUMNS, Cells};
use crate::csv::rearmed;
use crate::toml_file::nearest::nearest;

/// The longest record in octets, and the most cells in it.
const MOST_OCTETS: usize = 256 << 10;
const MOST_CELLS: usize = 64;
const BUFFER: usize = 256 << 10;
/// Columns of a rejects file, which can be mended and imported as it is.
const OF_REJECTS: [&str; 2] = ["line", "reason"];

/// Why a file is no table of ours. Nothing of it was imported.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTable {
    #[error("it can't be read: {0}")]
    Io(#[from] io::Error),
    #[error("it is empty; its first line names the columns, such as email,kind,scopes,obtained_at")]
    Empty,
    #[error("it is UTF-16; save it as CSV in UTF-8, or convert it: iconv -f UTF-16 -t UTF-8")]
    Utf16,
    #[error("it is a spreadsheet; save it as CSV in UTF-8")]
    Spreadsheet,
    #[error(
        "its first line is not UTF-8; save it as CSV in UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8"
    )]
    NotUtf8,
    #[error(
        "its columns are separated by {0}; save it with commas (`;` stands between the scopes of a cell)"
    )]
    Separator(&'static str),
    #[error("line 1: {0}")]
    Columns(String),
}

/// One record as it is in the file.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Where it starts, counted from 1.
    pub line: u64,
    /// Where it ends: further on where a cell has line ends of its own.
    pub until: u64,
    octets: Vec<u8>,
    ends: Vec<usize>,
}

/// What comes next in the file.
#[derive(Debug)]
pub(super) enum Next {
    Record(Record),
    /// It goes on to this line.
    TooLong {
        line: u64,
        until: u64,
    },
    /// The file ends within it.
    Unclosed(Record),
}

/// A file with its columns known.
pub(super) struct Table<R> {
    lines: Lines<R>,
    /// For each cell of a record its place among `COLUMNS`; `None`: not for us.
    columns: Vec<Option<usize>>,
    /// The columns that rejects repeat.
    pub header: Record,
}

struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    core: csv_core::Reader,
    /// Line ends that were read.
    line_ends: u64,
    /// LF, alone or after CR; of a file whose first line ends so, CR alone.
    line_end: u8,
    octets: u64,
    record: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Table<R> {
    pub fn open(input: R) -> Result<Self, NoTable> {
        let mut lines = Lines::new(input);
        lines.look_at_the_beginning()?;
        let header = match lines.next()? {
            None => return Err(NoTable::Empty),
            Some(Next::Record(header)) => header,
            Some(Next::TooLong { .. } | Next::Unclosed(_)) => {
                return Err(NoTable::Columns("no line of column names".to_owned()));
            }
        };
        lines.see_line_end()?;
        let columns = columns(&header)?;
        Ok(Self { lines, columns, header })
    }

    /// The next record; `None` at the end. Lines of blank cells alone are passed over.
    pub fn next(&mut self) -> io::Result<Option<Next>> {
        loop {
            match self.lines.next()? {
                Some(Next::Record(record)) if record.is_blank() => {}
                next => return Ok(next),
            }
        }
    }

    /// Octets read so far.
    pub fn octets(&self) -> u64 {
        self.lines.octets
    }

    /// The cells by column, or what is wrong with the record as a whole.
    pub fn cells<'a>(&self, record: &'a Record) -> Result<Cells<&'a str>, String> {
        let (count, wanted) = (record.ends.len(), self.columns.len());
        if count != wanted {
            return Err(format!("it has {count} cells, the first line {wanted}"));
        }
        let mut cells = Cells::default();
        for (octets, column) in record.cells().zip(&self.columns) {
            let Some(column) = *column else { continue };
            let text = std::str::from_utf8(octets).map_err(|error| {
                let octet = octets.get(error.valid_up_to()).copied().unwrap_or_default();
                let name = COLUMNS.get(column).unwrap_or(&"a cell");
                format!(
                    "{name} is not UTF-8 (octet {octet:#04x}): save the file as CSV in UTF-8, or convert it: \
                     iconv -f WINDOWS-1252 -t UTF-8"
                )
            })?;
            if let Some(cell) = cells.of(column) {
                *cell = rearmed(text.trim());
            }
        }
        Ok(cells)
    }

    /// Which cells rejects repeat: all but those that only rejects have.
    pub fn repeats(&self) -> Vec<bool> {
        self.columns.iter().map(Option::is_some).collect()
    }
}

impl Record {
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.octets.get(start..*end).unwrap_or_default())
    }

    /// The cells that rejects repeat; those that no column is for, too.
    pub fn repeated(&self, repeats: &[bool]) -> Vec<&[u8]> {
        let wanted = repeats.iter().copied().chain(std::iter::repeat(true));
        self.cells().zip(wanted).filter_map(|(cell, wanted)| wanted.then_some(cell)).collect()
    }

    /// One of which nothing but its place is kept.
    pub fn empty(line: u64) -> Self {
        Self { line, until: line, octets: Vec::new(), ends: Vec::new() }
    }

    pub fn size(&self) -> usize {
        self.octets.len()
    }

    fn is_blank(&self) -> bool {
        self.octets.iter().all(u8::is_ascii_whitespace)
    }
}

/// What each column means. All mistakes at once: nothing is imported under a name that was not meant.
fn columns(header: &Record) -> Result<Vec<Option<usize>>, NoTable> {
    let mut names = Vec::new();
    for cell in header.cells() {
        names.push(std::str::from_utf8(cell).map_err(|_| NoTable::NotUtf8)?.trim().to_ascii_lowercase());
    }
    if let [only] = names.as_slice() {
        for (separator, name) in [(';', "`;`"), ('\t', "tabs"), ('|', "`|`")] {
            if only.contains(separator) {
                return Err(NoTable::Separator(name));
            }
        }
    }
    let mut wrong = Vec::new();
    let mut columns = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let known = COLUMNS.iter().position(|own| own == name);
        if known.is_none() && !OF_REJECTS.contains(&name.as_str()) {
            let hint = match nearest(name, COLUMNS) {
                Some(own) => format!("; did you mean `{own}`?"),
                None => format!("; known are {}", COLUMNS.join(", ")),
            };
            wrong.push(format!("`{name}` is not a column that belongs here{hint}"));
        } else if names.iter().take(place).any(|before| before == name) {
            wrong.push(format!("the column `{name}` is there twice"));
        }
        columns.push(known);
    }
    for needed in ["email", "kind"] {
        if !names.iter().any(|name| name == needed) {
            wrong.push(format!("no column is called `{needed}`"));
        }
    }
    if wrong.is_empty() { Ok(columns) } else { Err(NoTable::Columns(wrong.join("; "))) }
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            core: csv_core::Reader::new(),
            line_ends: 0,
            line_end: b'\n',
            octets: 0,
            record: vec![0; MOST_OCTETS],
            ends: vec![0; MOST_CELLS],
        }
    }

    /// Takes a byte order mark away; tells what is no text at all.
    fn look_at_the_beginning(&mut self) -> Result<(), NoTable> {
        while self.end < 4 {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            let read = read(&mut self.input, room)?;
            if read == 0 {
                break;
            }
            self.end += read;
            self.octets += read as u64;
        }
        let beginning = self.buffer.get(..self.end).unwrap_or_default();
        if beginning.starts_with(&[0xff, 0xfe]) || beginning.starts_with(&[0xfe, 0xff]) {
            return Err(NoTable::Utf16);
        }
        if beginning.starts_with(b"PK\x03\x04") || beginning.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return Err(NoTable::Spreadsheet);
        }
        if beginning.starts_with("\u{feff}".as_bytes()) {
            self.start = "\u{feff}".len();
        }
        Ok(())
    }

    /// Has something to read, unless the file is at its end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            (self.start, self.end) = (0, read(&mut self.input, &mut self.buffer)?);
            self.octets += self.end as u64;
        }
        Ok(self.start < self.end)
    }

    /// Past the line ends before a record, so that its line is the one where it starts.
    fn skip_line_ends(&mut self) -> io::Result<bool> {
        while self.fill()? {
            let Some(octet @ (b'\n' | b'\r')) = self.buffer.get(self.start).copied() else { return Ok(true) };
            self.line_ends += u64::from(octet == self.line_end);
            self.start += 1;
        }
        Ok(false)
    }

    /// Asked behind the first line.
    fn see_line_end(&mut self) -> io::Result<()> {
        let before = self.start.checked_sub(1).and_then(|last| self.buffer.get(last).copied());
        if before == Some(b'\r') && self.fill()? && self.buffer.get(self.start) != Some(&b'\n') {
            self.line_end = b'\r';
            self.line_ends += 1;
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<Option<Next>> {
        if !self.skip_line_ends()? {
            return Ok(None);
        }
        let line = self.line_ends + 1;
        let (mut octets, mut cells, mut fits, mut quotes) = (0, 0, true, 0);
        loop {
            let more = self.fill()?;
            let input = self.buffer.get(self.start..self.end).unwrap_or_default();
            let room = self.record.get_mut(octets..).unwrap_or_default();
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, read, wrote, ended) = self.core.read_record(input, room, ends);
            let taken = input.get(..read).unwrap_or_default();
            quotes += taken.iter().filter(|octet| **octet == b'"').count();
            let ended_line = taken.last() == Some(&self.line_end);
            self.line_ends += taken.iter().filter(|octet| **octet == self.line_end).count() as u64;
            self.start += read;
            octets += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    // What is left of it is read into the same room and forgotten.
                    (fits, octets, cells) = (false, 0, 0);
                }
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::Record if !fits => {
                    let until = self.line_ends + u64::from(!ended_line);
                    return Ok(Some(Next::TooLong { line, until }));
                }
                ReadRecordResult::Record => {
                    let ends = self.ends.get(..cells).unwrap_or_default().to_vec();
                    let octets = self.record.get(..octets).unwrap_or_default().to_vec();
                    let until = self.line_ends + u64::from(!ended_line);
                    let record = Record { line, until, octets, ends };
                    // Within a quote that is closed the file can't end.
                    let unclosed = !more && quotes % 2 == 1;
                    return Ok(Some(if unclosed { Next::Unclosed(record) } else { Next::Record(record) }));
                }
            }
        }
    }
}

fn read(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few octets at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let step = self.1.min(into.len());
            self.0.take(step as u64).read(into).inspect(|read| self.0 = &self.0[*read..])
        }
    }

    fn records(text: &[u8], step: usize) -> Vec<(u64, String)> {
        let mut table = Table::open(Slowly(text, step)).unwrap();
        let mut found = Vec::new();
        while let Some(next) = table.next().unwrap() {
            found.push(match next {
                Next::Record(record) => {
                    let cells: Vec<_> = record.cells().map(String::from_utf8_lossy).collect();
                    let further = (record.until > record.line).then(|| format!(" until {}", record.until));
                    (record.line, cells.join("|") + &further.unwrap_or_default())
                }
                Next::TooLong { line, until } => (line, format!("too long until {until}")),
                Next::Unclosed(record) => (record.line, "unclosed".to_owned()),
            });
        }
        found
    }

    #[test]
    fn a_record_is_told_with_the_line_where_it_starts() {
        let text = "\u{feff}email,kind\r\na,b\r\n\r\n\"c\r\nc\",\"say \"\"x\"\"\"\r\n,\r\nd,e";
        for step in [1, 2, 3, 1000] {
            let found = records(text.as_bytes(), step);
            let expected = [(2, "a|b"), (4, "c\r\nc|say \"x\" until 5"), (7, "d|e")];
            assert_eq!(found, expected.map(|(line, cells)| (line, cells.to_owned())), "{step}");
            let of_old_macs = text.replace("\r\n", "\r");
            let found = records(of_old_macs.as_bytes(), step);
            assert_eq!(found.last().map(|(line, _)| *line), Some(7), "{step}");
        }
    }

    #[test]
    fn a_record_without_end_takes_no_more_memory_and_is_told() {
        let mut text = b"email,kind\na,\"".to_vec();
        text.extend(std::iter::repeat_n(b'x', 2 * MOST_OCTETS));
        text.extend_from_slice(b"\n\"\nb,c\n");
        text.extend(std::iter::repeat_n(b',', 2 * MOST_CELLS));
        text.extend_from_slice(b"\nd,\"e\n");
        let found = records(&text, 1000);
        let expected = [(2, "too long until 3"), (4, "b|c"), (5, "too long until 5"), (6, "unclosed")];
        assert_eq!(found, expected.map(|(line, what)| (line, what.to_owned())));
    }

    fn mistake(text: &[u8]) -> String {
        Table::open(text).err().expect("no table").to_string()
    }

    #[test]
    fn what_is_no_table_is_told_clearly() {
        assert!(mistake(b"").contains("it is empty"));
        assert!(mistake(b"\xff\xfee\0m\0").contains("iconv -f UTF-16"));
        assert!(mistake(b"PK\x03\x04...").contains("spreadsheet"));
        assert!(mistake(b"email;kind;scopes\na;b;c\n").contains("separated by `;`"));
        assert!(mistake(b"email\tkind\n").contains("separated by tabs"));
        assert!(mistake(b"e-mail\xe4,kind\n").contains("not UTF-8"));
        let names = mistake(b"emial,scope,kind,kind,colour\n");
        for part in [
            "did you mean `email`?",
            "did you mean `scopes`?",
            "`kind` is there twice",
            "`colour`",
            "no column is called `email`",
        ] {
            assert!(names.contains(part), "{part} in {names}");
        }
    }

    #[test]
    fn cells_are_found_by_their_column_in_any_order() {
        let mut table =
            Table::open(&b"reason,Kind, EMAIL\nx, purchase ,'=a@b.se\nonly,two\nx,\xe5,y\n"[..]).unwrap();
        let mut next = || match table.next().unwrap() {
            Some(Next::Record(record)) => {
                let cells = table.cells(&record).map(|cells| (cells.email.to_owned(), cells.kind.to_owned()));
                let repeated = record.repeated(&table.repeats()).len();
                (cells, repeated)
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(next(), (Ok(("=a@b.se".to_owned(), "purchase".to_owned())), 2));
        assert_eq!(next().0.unwrap_err(), "it has 2 cells, the first line 3");
        assert!(next().0.unwrap_err().contains("kind is not UTF-8 (octet 0xe5)"));
    }
}
