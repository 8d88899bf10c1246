//! A sender's taxonomy: `[scopes]`, and scopes that other keys of the file name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::sender::MODES;
use super::texts::{self, MAX_TITLE};
use crate::policy::Scope;
use crate::policy::scope::NotAScope;
use crate::policy::sender::ScopePolicy;
use crate::toml_file::nearest::nearest;
use crate::toml_file::{Source, Table, Value};

/// Levels below a scope that are named where they stand in a table of it.
const MOST_BELOW: usize = 3;
/// The shortest name that a slip is looked for in: of shorter ones too many are alike.
const SHORTEST: usize = 5;

/// `[scopes."apparel.tshirts"]`. `locale` is the sender's language.
pub fn scopes(table: &mut Table<'_>, locale: &str) -> BTreeMap<Scope, ScopePolicy> {
    let Some(mut declared) = table.table("scopes") else { return BTreeMap::new() };
    let (mut scopes, mut places) = (BTreeMap::new(), BTreeMap::new());
    for (key, own) in declared.entries() {
        let source = own.source();
        let Ok(scope) = key.value.parse::<Scope>() else {
            source.error(&key.span, no_scope(key.value));
            continue;
        };
        let Some(mut own) = own.table() else { continue };
        let title = own.take("title", |v| texts::translated(v, MAX_TITLE));
        texts::speaks(source, title.as_ref(), locale);
        let mode = own.take("mode", |v| v.word(MODES)).map(|given| (given.value, given.rule));
        for (inner, value) in own.entries() {
            source.error(&inner.span, no_key(source, &scope, inner.value, value));
        }
        let title = title.map(|given| given.value).unwrap_or_default();
        places.insert(scope.clone(), key.span);
        scopes.insert(scope, ScopePolicy { title, mode, rule: key.rule });
    }
    slips(declared.source(), &places);
    scopes
}

/// What is said of a name that can't be a scope's.
fn no_scope(name: &str) -> String {
    let shown: String = name.chars().take(crate::policy::scope::MAX_SCOPE).collect();
    let plain: String = name.to_lowercase().chars().map(plain).collect();
    let hint = if plain.parse::<Scope>().is_ok() { format!("; write `{plain}`") } else { String::new() };
    format!(
        "`{shown}` is not a scope: names of a-z, 0-9, `-` and `_`, dots between them, 100 octets at most{hint}"
    )
}

/// A letter without what stands above or below it; a title keeps it.
fn plain(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'æ' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        ' ' => '-',
        other => other,
    }
}

/// What is said of a key in a scope's table that is none of a scope's.
fn no_key(source: &Source<'_>, scope: &Scope, key: &str, value: Value<'_>) -> String {
    if let Some(misplaced) = source.misplaced(key) {
        return misplaced;
    }
    if let Some(near) = nearest(key, ["title", "mode"]) {
        return format!("`{key}` is not a key of a scope; did you mean `{near}`?");
    }
    let mut below = Vec::new();
    leaves(&format!("{scope}.{key}"), value, &mut below);
    let below: Vec<String> =
        below.iter().take(MOST_BELOW).map(|path| format!("[scopes.\"{path}\"]")).collect();
    format!("a scope's keys are `title` and `mode`; a scope below it is {}", below.join(", "))
}

/// The scopes that were meant by tables in tables.
fn leaves(path: &str, value: Value<'_>, found: &mut Vec<String>) {
    let tables = value.below();
    let meant = |key: &str| ["title", "mode"].contains(&key);
    let inner: Vec<_> = tables.iter().filter(|(key, inner)| !meant(key) && inner.is_table()).collect();
    if inner.is_empty() || tables.iter().any(|(key, _)| meant(key)) {
        found.push(path.to_owned());
    }
    for (key, inner) in inner {
        leaves(&format!("{path}.{key}"), *inner, found);
    }
}

/// With more scopes than this, each with each would be too much to compare.
const MOST_COMPARED: usize = 1000;

/// Tells of a level that is declared nowhere and is nearly the name of one that is: `klader.jakcor.dun` beside
/// `klader.jackor`.
fn slips(source: &Source<'_>, declared: &BTreeMap<Scope, Range<usize>>) {
    if declared.len() > MOST_COMPARED {
        return;
    }
    let mut seen = BTreeSet::new();
    for (scope, span) in declared {
        for above in scope.ancestors().skip(1).filter(|above| !declared.contains_key(above)) {
            if !seen.insert(above.clone()) {
                continue;
            }
            if let Some(near) = declared.keys().find(|own| is_slip(above.as_str(), own.as_str())) {
                let message = format!(
                    "`{above}` is declared nowhere; did you mean `{near}`? (if not, declare [scopes.\"{above}\"])"
                );
                source.warning(span, message);
            }
        }
    }
}

/// Whether two scopes are of one parent, and their last names so alike that one may be meant for the other.
fn is_slip(one: &str, other: &str) -> bool {
    fn last(path: &str) -> (&str, &str) {
        path.rsplit_once('.').unwrap_or(("", path))
    }
    let ((above, name), (of_other, known)) = (last(one), last(other));
    above == of_other
        && name.len() >= SHORTEST
        && name.chars().next() == known.chars().next()
        && nearest(name, [known]).is_some()
}

/// A scope that the taxonomy knows.
pub fn known(value: Value<'_>, scopes: &BTreeMap<Scope, ScopePolicy>) -> Option<Scope> {
    value.read(|text| declared(text, scopes))
}

/// The same of a text.
pub fn declared(text: &str, scopes: &BTreeMap<Scope, ScopePolicy>) -> Result<Scope, String> {
    let scope: Scope = text.parse().map_err(|_: NotAScope| no_scope(text))?;
    if scopes.keys().any(|own| scope.covers(own)) {
        return Ok(scope);
    }
    // As `knows`: a parent that isn't declared exists all the same.
    let known: BTreeSet<Scope> = scopes.keys().flat_map(|own| own.ancestors().collect::<Vec<_>>()).collect();
    Err(match nearest(scope.as_str(), known.iter().map(Scope::as_str)) {
        Some(near) => format!("the taxonomy has no scope `{scope}`; did you mean `{near}`?"),
        None => format!("the taxonomy has no scope `{scope}`: declare it as [scopes.\"{scope}\"]"),
    })
}
