//! One policy file's text: offsets to lines, and mistakes shown where they are.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::asked::Asked;
use super::{Mistake, Severity};
use crate::policy::RuleRef;

/// Mistakes of one file that are told; a file in another format would draw thousands.
const MAX_MISTAKES: usize = 100;

/// What kind of values a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Public,
    /// A secret may stand there, whether it should or not.
    MaybeSecret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hearing {
    Open,
    Closed,
}

/// A file's name and text, and what was found wrong in it so far.
#[derive(Debug)]
pub struct Source<'t> {
    name: Arc<str>,
    text: &'t str,
    line_starts: Vec<usize>,
    /// From here on the text came from the environment, a variable a line.
    environment: usize,
    /// The values of its variables.
    values: Vec<Range<usize>>,
    content: Content,
    /// What is never shown: secrets, or what may be one.
    hidden: RefCell<Vec<Range<usize>>>,
    /// Whether what is told from now on is taken.
    hearing: Cell<Hearing>,
    mistakes: RefCell<Vec<Mistake>>,
    asked: Asked,
    /// What the file is about, and keys that only stand above its first table.
    above: Cell<(&'static str, &'static [&'static str])>,
}

impl<'t> Source<'t> {
    pub fn new(name: &str, text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(after_breaks).collect();
        Self {
            name: name.into(),
            text,
            line_starts,
            environment: usize::MAX,
            values: Vec::new(),
            content: Content::Public,
            hidden: RefCell::default(),
            hearing: Cell::new(Hearing::Open),
            mistakes: RefCell::default(),
            asked: Asked::default(),
            above: Cell::new(("file", &[])),
        }
    }

    /// A configuration, of which the text from an offset on came from the environment. Nobody knows what a misspelt
    /// variable was meant to hold: its values are hidden until a key that is no secret's is found to be theirs.
    pub fn with_environment(mut self, from: usize, values: Vec<Range<usize>>) -> Self {
        self.environment = from;
        self.hidden.replace(values.clone());
        self.values = values;
        self.content = Content::MaybeSecret;
        self
    }

    /// From now on mistakes show stars for what stands here.
    pub fn hide(&self, span: Range<usize>) {
        // A section made of variables has the place of their names, which tell nothing.
        if span.start < self.environment || self.values.contains(&span) {
            self.hidden.borrow_mut().push(span);
        }
    }

    /// A variable's value belongs to a key that is known, and may be shown.
    pub fn reveal(&self, span: &Range<usize>) {
        if self.values.contains(span) {
            self.hidden.borrow_mut().retain(|hidden| hidden != span);
        }
    }

    /// What is told from now on only follows from what was told, and is left out.
    pub fn close(&self) {
        self.hearing.set(Hearing::Closed);
    }

    pub fn is_closed(&self) -> bool {
        self.hearing.get() == Hearing::Closed
    }

    /// Which keys are of the file as a whole, and what that is: below a table's header TOML takes them for that table's.
    pub fn stand_above(&self, what: &'static str, keys: &'static [&'static str]) {
        self.above.set((what, keys));
    }

    /// What is said of such a key in a table that has none of its name.
    pub fn misplaced(&self, key: &str) -> Option<String> {
        let (what, keys) = self.above.get();
        keys.contains(&key).then(|| {
            format!(
                "`{key}` is a key of the whole {what}: it stands before the first table, above the first `[`"
            )
        })
    }

    /// Whether a value may be repeated in a message: it is short, on one line, and no secret.
    pub fn shows(&self, value: &str) -> bool {
        self.content == Content::Public && value.len() <= 60 && !value.contains(['\n', '"', '\\'])
    }

    /// The text without what came from the environment.
    pub fn of_file(&self) -> &'t str {
        self.text.get(..self.environment).unwrap_or(self.text)
    }

    /// Where the first line begins that says something: what the file as a whole lacks is told there.
    pub fn beginning(&self) -> Range<usize> {
        let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let mut before = 0;
        for line in self.text.split_inclusive('\n') {
            if says(&line) {
                return before..before;
            }
            before += line.len();
        }
        0..0
    }

    /// The file and the line of an offset.
    pub fn rule(&self, at: usize) -> RuleRef {
        RuleRef { file: self.name.clone(), line: to_u32(self.line_index(at) + 1) }
    }

    pub fn error(&self, span: &Range<usize>, message: impl Into<String>) {
        self.tell(Severity::Error, span, message.into());
    }

    pub fn warning(&self, span: &Range<usize>, message: impl Into<String>) {
        self.tell(Severity::Warning, span, message.into());
    }

    /// Something about a line (from 1) as a whole.
    pub fn tell_of_line(&self, severity: Severity, line: u32, message: impl Into<String>) {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        let start = self.line_starts.get(index).copied().unwrap_or_default();
        let (start, text) = self.line(start);
        let said = text.split(" #").next().unwrap_or(text).trim_end();
        let span = start + text.len() - text.trim_start().len()..start + said.len();
        self.tell(severity, &span, message.into());
    }

    /// A place that is no TOML. Of a configuration the value there is not shown: whose it is can't be told.
    pub fn unreadable(&self, span: &Range<usize>, message: impl Into<String>) {
        // What ends too early is told where the file ends, and not of what follows it.
        let last = self.environment.saturating_sub(1);
        let span = span.start.min(last)..span.end.min(last);
        if self.content == Content::MaybeSecret {
            let (start, line) = self.line(span.start.min(self.text.len()));
            let value = match line.find('=') {
                Some(at) => at + 1,
                None if line.trim_start().starts_with('[') => line.len(),
                None => 0,
            };
            self.hide(start + value..start + line.len());
        }
        self.error(&span, message);
    }

    /// A mistake of the file as a whole.
    pub fn error_of_file(&self, message: impl Into<String>) {
        self.note(whole_file(&self.name, Severity::Error, message.into()));
    }

    pub fn warning_of_file(&self, message: impl Into<String>) {
        self.note(whole_file(&self.name, Severity::Warning, message.into()));
    }

    fn note(&self, mistake: Mistake) {
        if self.hearing.get() == Hearing::Open {
            self.mistakes.borrow_mut().push(mistake);
        }
    }

    /// What its reader asks of it.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What its reader asked of it.
    pub fn into_asked(self) -> Asked {
        self.asked
    }

    /// Whether another mistake would be told: what says it needn't be made if not.
    pub fn has_room(&self) -> bool {
        self.mistakes.borrow().len() < MAX_MISTAKES
    }

    pub fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }

    fn tell(&self, severity: Severity, span: &Range<usize>, message: String) {
        if !self.has_room() {
            return self.tell_of_more(severity);
        }
        let start = span.start.min(self.text.len());
        let index = self.line_index(start);
        let (line_start, line) = self.line(start);
        // A span over several lines is shown on its first.
        let from = (start - line_start).min(line.len());
        let to = span.end.saturating_sub(line_start).clamp(from, line.len());
        let column = line.get(..from).unwrap_or(line).chars().count() + 1;
        let shown = self.without_secrets(line, line_start);
        let (name, first) = match self.environment {
            environment if start >= environment && start > 0 => ("environment", self.line_index(environment)),
            _ => (&*self.name, 0),
        };
        let snippet = Snippet::source(shown)
            .line_start(index - first + 1)
            .path(name)
            .annotation(AnnotationKind::Primary.span(from..to));
        let title = level(severity).primary_title(message.as_str());
        let rendered = Renderer::plain().render(&[title.element(snippet)]);
        self.note(Mistake {
            file: PathBuf::from(name),
            line: to_u32(index - first + 1),
            column: to_u32(column),
            message,
            rendered,
            severity,
        });
    }

    /// That there are more: an error that isn't shown must not be taken for none.
    fn tell_of_more(&self, severity: Severity) {
        let more = format!("more than {MAX_MISTAKES} mistakes: the first are told, and others follow");
        let more = whole_file(&self.name, severity, more);
        if !self.mistakes.borrow().contains(&more) {
            self.note(more);
        }
    }

    /// A line with stars where something is hidden: as many as it has octets, so that the caret stays.
    fn without_secrets(&self, line: &str, line_start: usize) -> String {
        let mut shown = line.to_owned();
        for span in self.hidden.borrow().iter() {
            let from = span.start.saturating_sub(line_start).min(shown.len());
            let to = span.end.saturating_sub(line_start).min(shown.len());
            if shown.get(from..to).is_some() {
                shown.replace_range(from..to, &"*".repeat(to - from));
            }
        }
        shown
    }

    /// Where the line of an offset begins, and the line.
    pub(super) fn line(&self, at: usize) -> (usize, &'t str) {
        let start = self.line_starts.get(self.line_index(at)).copied().unwrap_or_default();
        (start, self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default())
    }

    fn line_index(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at).saturating_sub(1)
    }
}

/// A mistake that has no line.
pub fn whole_file(name: &str, severity: Severity, message: String) -> Mistake {
    let rendered = format!("{}: {message}\n --> {name}", severity.as_str());
    Mistake { file: PathBuf::from(name), line: 0, column: 0, message, rendered, severity }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
