//! What the parser can't say of what it can't read: where a key stood before, and which quotes are no quotes.

use std::ops::Range;

use super::source::Source;

/// Quotes that a word processor makes of straight ones.
const CURLY: [char; 9] = ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»'];

impl Source<'_> {
    /// What is said of a key or a table's header that stands here a second time.
    pub fn standing_twice(&self, span: &Range<usize>) -> String {
        let (start, line) = self.line(span.start);
        let key = self.of_file().get(span.clone()).unwrap_or_default();
        let before = self.of_file().get(..start).unwrap_or_default();
        let lines = before.lines().enumerate();
        let (shown, first) = if line.trim_start().starts_with('[') {
            let header = header(line);
            (header, lines.map(|(at, line)| (at, self::header(line))).find(|(_, own)| *own == header))
        } else {
            // A key's table begins at the last header above it.
            let headers = lines.clone().filter(|(_, line)| line.trim_start().starts_with('['));
            let table = headers.last().map_or(0, |(at, _)| at);
            let of_table =
                lines.skip(table).filter_map(|(at, line)| Some((at, line.split_once('=')?.0.trim())));
            (key, of_table.into_iter().find(|(_, own)| *own == key))
        };
        match first {
            Some((at, _)) => format!("`{shown}` stands at line {} already: put the two into one", at + 1),
            None => format!("`{shown}` stands there already: put the two into one"),
        }
    }

    /// What is said where a curly quote is why.
    pub fn quoted_oddly(&self, span: &Range<usize>) -> Option<&'static str> {
        let (start, line) = self.line(span.start);
        let at = span.start.saturating_sub(start);
        let there = line.get(at..).or_else(|| line.get(line.find('=')? + 1..)).unwrap_or(line);
        let odd = there.trim_start_matches([' ', '=']).starts_with(CURLY) || {
            let value = line.split_once('=').map_or("", |(_, value)| value.trim_start());
            value.starts_with(CURLY)
        };
        odd.then_some("these are curly quotes; texts stand in straight ones: \"…\"")
    }
}

/// `[caps]` without what stands around it.
fn header(line: &str) -> &str {
    let line = line.split(" #").next().unwrap_or(line).trim();
    if line.starts_with('[') { line } else { "" }
}
