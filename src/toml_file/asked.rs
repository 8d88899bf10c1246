//! Which keys a reader asks a file for, by path, and as what: what a schema of such files must say.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A place in a file: a key below another. Places of one path are the same, whichever item of a list they are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(usize);

/// What was asked of one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedFor {
    /// TOML types, in the words of JSON Schema.
    pub types: BTreeSet<&'static str>,
    /// Where it is one of some words: those.
    pub words: BTreeSet<String>,
}

/// All places that were asked for. The first is the file itself.
#[derive(Debug)]
pub struct Asked(RefCell<Places>);

#[derive(Debug)]
struct Places {
    /// Each place by the one above it and its key.
    below: BTreeMap<(usize, &'static str), usize>,
    all: Vec<(String, AskedFor)>,
}

/// Stands for every item of a list.
pub const ITEM: &str = "[]";
/// Stands for every name that is no key.
pub const NAME: &str = "*";
pub const FILE: Place = Place(0);

impl Default for Asked {
    fn default() -> Self {
        let file = (String::new(), AskedFor::default());
        Self(RefCell::new(Places { below: BTreeMap::new(), all: vec![file] }))
    }
}

impl Asked {
    /// The place of a key.
    pub fn key(&self, above: Place, key: &'static str) -> Place {
        let mut places = self.0.borrow_mut();
        if let Some(known) = places.below.get(&(above.0, key)) {
            return Place(*known);
        }
        let path = places.all.get(above.0).map_or("", |(path, _)| path);
        let path =
            if path.is_empty() || key == ITEM { format!("{path}{key}") } else { format!("{path}.{key}") };
        let place = places.all.len();
        places.all.push((path, AskedFor::default()));
        places.below.insert((above.0, key), place);
        Place(place)
    }

    pub fn as_type(&self, place: Place, name: &'static str) {
        if let Some((_, asked)) = self.0.borrow_mut().all.get_mut(place.0) {
            asked.types.insert(name);
        }
    }

    pub fn as_word<'w>(&self, place: Place, words: impl Iterator<Item = &'w str>) {
        if let Some((_, asked)) = self.0.borrow_mut().all.get_mut(place.0)
            && asked.words.is_empty()
        {
            asked.words.extend(words.map(str::to_owned));
        }
    }

    /// `streams.marketing.deadline`, `similar[].bought`, `scopes.*.title`: every path, and what it was asked as.
    pub fn into_paths(self) -> BTreeMap<String, AskedFor> {
        self.0.into_inner().all.into_iter().collect()
    }
}
