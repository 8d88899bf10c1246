//! A mistake in a file, told with file, line, column, the line itself and a caret.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::policy::file::{Mistake, Severity};

/// A mistake at a place in a text.
pub fn at(file: &Path, text: &str, span: Range<usize>, severity: Severity, message: String) -> Mistake {
    let start = floor(text, span.start);
    let span = start..floor(text, span.end).max(start);
    let before = &text[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let name = file.display().to_string();
    let snippet = Snippet::source(text).path(&name).annotation(AnnotationKind::Primary.span(span));
    let report = &[level(severity).primary_title(&message).element(snippet)];
    let rendered = Renderer::plain().render(report);
    Mistake {
        file: file.to_owned(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        rendered,
        message,
        severity,
    }
}

/// A mistake without a place in the text: a missing key, an override in the environment.
pub fn whole(file: &Path, severity: Severity, message: String) -> Mistake {
    let rendered = match severity {
        Severity::Error => format!("error: {}: {message}", file.display()),
        Severity::Warning => format!("warning: {}: {message}", file.display()),
    };
    Mistake { file: file.to_owned(), line: 0, column: 0, message, rendered, severity }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
