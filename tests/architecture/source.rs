//! Rust source as far as the rules need it: code without comments, strings and tests; the paths that it
//! names; how long its functions are. Not a parser: what rustfmt has laid out is regular enough.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// One file of the crate.
pub struct Source {
    /// From the package's root: `src/smtp/wire.rs`.
    pub path: String,
    /// As it lies on disk.
    pub text: String,
    /// Of the same length, with comments, literals and test modules blanked.
    pub code: String,
}

/// A path that code names, made absolute: `crate::store::Store`, `tokio::net::TcpStream`.
pub struct Named {
    pub line: usize,
    pub path: String,
}

/// A function with a body.
pub struct Function {
    pub line: usize,
    pub name: String,
    pub lines: usize,
}

/// All `.rs` files below a folder of the package, in order of their paths.
pub fn below(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(&root.join(folder), &mut files);
    files.sort();
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).expect("source is UTF-8 that can be read");
        let path = file.strip_prefix(root).expect("it lies below the root").display().to_string();
        Source::of(path, text)
    };
    files.iter().map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder that can be listed").path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn of(path: String, text: String) -> Self {
        let mut code = without_tests(&without_literals(&text));
        if is_test(&path) {
            let all = 0..code.len();
            blank(&mut code, all);
        }
        Self { path, text, code }
    }

    /// Whether it holds nothing but tests: `foo/tests.rs` and what lies below it.
    pub fn is_test(&self) -> bool {
        is_test(&self.path)
    }

    /// `src/smtp/wire.rs` → `smtp::wire`; the crate's root is empty.
    pub fn module(&self) -> String {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
        if inner == "lib" { String::new() } else { inner }
    }

    /// Whether it is the module or lies below it.
    pub fn within(&self, module: &str) -> bool {
        let own = self.module();
        own == module || own.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
    }

    /// What the code names, by `use` or where it stands.
    pub fn named(&self) -> Vec<Named> {
        static USE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\buse\s+([^;]+);").unwrap());
        static INLINE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"\b[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+").unwrap());
        let mut named = Vec::new();
        let mut rest = self.code.clone();
        for found in USE.captures_iter(&self.code) {
            let (whole, tree) = (found.get(0).unwrap(), found.get(1).unwrap());
            let line = self.line(whole.start());
            let mut paths = Vec::new();
            flatten("", tree.as_str(), &mut paths);
            named.extend(paths.into_iter().map(|path| Named { line, path: self.absolute(&path) }));
            blank(&mut rest, whole.range());
        }
        named.extend(
            INLINE
                .find_iter(&rest)
                .map(|found| Named { line: self.line(found.start()), path: self.absolute(found.as_str()) }),
        );
        named
    }

    /// The functions outside tests.
    pub fn functions(&self) -> Vec<Function> {
        static FN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bfn\s+(\w+)").unwrap());
        let body = |found: regex::Captures| {
            let start = found.get(0).unwrap().start();
            let open = start + self.code[start..].find(['{', ';'])?;
            let end = closing(&self.code, open)?;
            let (line, last) = (self.line(start), self.line(end));
            Some(Function { line, name: found[1].to_owned(), lines: last - line + 1 })
        };
        FN.captures_iter(&self.code).filter_map(body).collect()
    }

    /// Counted from one.
    pub fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    fn absolute(&self, path: &str) -> String {
        let mut module: Vec<String> = vec!["crate".to_owned()];
        module.extend(self.module().split("::").filter(|part| !part.is_empty()).map(str::to_owned));
        let mut parts = path.split("::").peekable();
        match parts.peek() {
            Some(&"self") => drop(parts.next()),
            Some(&"super") => {
                while parts.next_if_eq(&"super").is_some() {
                    module.pop();
                }
            }
            // A binary reaches its own library by name.
            Some(&"optgate") => {
                parts.next();
                module.truncate(1);
            }
            _ => return path.to_owned(),
        }
        module.extend(parts.map(str::to_owned));
        module.join("::")
    }
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// `a::{b, c::{d, e as f}}` → `a::b`, `a::c::d`, `a::c::e`.
fn flatten(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let prefix = format!("{prefix}{}", tree[..open].trim());
        let inner = tree[open + 1..].trim_end().trim_end_matches('}');
        let (mut depth, mut start) = (0, 0);
        for (at, symbol) in inner.char_indices() {
            match symbol {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    flatten(&prefix, &inner[start..at], paths);
                    start = at + 1;
                }
                _ => {}
            }
        }
        // The last `}` of a nested tree was trimmed with ours; give back as many as it opened.
        flatten(&prefix, &format!("{}{}", &inner[start..], "}".repeat(depth)), paths);
    } else if !tree.is_empty() {
        let name = tree.split(" as ").next().unwrap_or(tree).trim();
        paths.push(format!("{prefix}{name}").trim_end_matches("::self").to_owned());
    }
}

/// Where the block that opens here closes; nothing for a declaration that ends in `;`.
fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, symbol) in code[open..].char_indices() {
        match symbol {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (symbol == '}').then_some(open + at);
        }
    }
    None
}

fn without_tests(code: &str) -> String {
    static TESTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub\S*\s+)?mod\s+\w+\s*").unwrap()
    });
    let mut kept = code.to_owned();
    for found in TESTS.find_iter(code) {
        let end = closing(code, found.end()).map_or(found.end(), |end| end + 1);
        blank(&mut kept, found.start()..end);
    }
    kept
}

/// Comments, strings and characters; what is left has honest braces.
fn without_literals(text: &str) -> String {
    static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r##"(?xs) //[^\n]* | /\*.*?\*/ | \b[bc]?r\#\#".*?"\#\# | \b[bc]?r\#".*?"\# | \b[bc]?r"[^"]*"
                | [bc]?"(?:\\.|[^"\\])*" | b?'(?:\\[^'\n]+|\\'|[^'\\\n])' "##,
        )
        .unwrap()
    });
    let mut kept = text.to_owned();
    for found in LITERAL.find_iter(text) {
        blank(&mut kept, found.range());
    }
    kept
}

fn blank(text: &mut String, range: Range<usize>) {
    let spaces: String =
        text[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(range, &spaces);
}

#[test]
fn what_code_names_is_seen_and_what_it_only_mentions_is_not() {
    let text = r##"//! tokio::net in a comment
use std::{fs, io::{self, Read as _}};
use super::{store, decide::{decide, Admission}};
/* sqlx::query */ const SQL: &str = "axum::Router \" { ";
fn open<'a>(brace: char) -> &'a str {
    if brace == '{' { crate::clock::now() } else { r#"sqlx::query("x")"# }
}
#[cfg(test)]
mod tests {
    use tokio::test;
}
"##;
    let source = Source::of("src/policy/file.rs".to_owned(), text.to_owned());
    let mut paths: Vec<String> = source.named().into_iter().map(|named| named.path).collect();
    paths.sort();
    let expected = [
        "crate::clock::now",
        "crate::policy::decide::Admission",
        "crate::policy::decide::decide",
        "crate::policy::store",
        "std::fs",
        "std::io",
        "std::io::Read",
    ];
    assert_eq!(paths, expected);
    let functions = source.functions();
    assert_eq!(functions.len(), 1);
    assert_eq!((functions[0].name.as_str(), functions[0].line, functions[0].lines), ("open", 5, 3));
}
