//! One policy file's text: offsets to lines, and mistakes shown where they are.

use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Mistake, Severity};
use crate::policy::RuleRef;

/// Mistakes of one file that are told; a file in another format would draw thousands.
const MAX_MISTAKES: usize = 100;

/// A file's name and text, and what was found wrong in it so far.
#[derive(Debug)]
pub struct Source<'t> {
    name: Arc<str>,
    text: &'t str,
    line_starts: Vec<usize>,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'t> Source<'t> {
    pub fn new(name: &str, text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(after_breaks).collect();
        Self { name: name.into(), text, line_starts, mistakes: RefCell::default() }
    }

    pub fn text(&self) -> &'t str {
        self.text
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

    /// A mistake of the file as a whole.
    pub fn error_of_file(&self, message: impl Into<String>) {
        self.mistakes.borrow_mut().push(whole_file(&self.name, Severity::Error, message.into()));
    }

    pub fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }

    fn tell(&self, severity: Severity, span: &Range<usize>, message: String) {
        if self.mistakes.borrow().len() >= MAX_MISTAKES {
            return;
        }
        let start = span.start.min(self.text.len());
        let index = self.line_index(start);
        let line_start = self.line_starts.get(index).copied().unwrap_or_default();
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        // A span over several lines is shown on its first.
        let from = (start - line_start).min(line.len());
        let to = span.end.saturating_sub(line_start).clamp(from, line.len());
        let column = line.get(..from).unwrap_or(line).chars().count() + 1;
        let snippet = Snippet::source(line)
            .line_start(index + 1)
            .path(&*self.name)
            .annotation(AnnotationKind::Primary.span(from..to));
        let title = level(severity).primary_title(message.as_str());
        let rendered = Renderer::plain().render(&[title.element(snippet)]);
        self.mistakes.borrow_mut().push(Mistake {
            file: PathBuf::from(&*self.name),
            line: to_u32(index + 1),
            column: to_u32(column),
            message,
            rendered,
            severity,
        });
    }

    fn line_index(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at).saturating_sub(1)
    }
}

/// A mistake that has no line.
pub fn whole_file(name: &str, severity: Severity, message: String) -> Mistake {
    let word = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let rendered = format!("{word}: {message}\n --> {name}");
    Mistake { file: PathBuf::from(name), line: 0, column: 0, message, rendered, severity }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
