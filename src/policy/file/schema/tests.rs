//! The schemas say what the readers ask for: no key, type or word more or less. And every shipped file fits.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::super::dialects::ReadDialects;
use super::super::tracking::ReadTracking;
use super::super::{case, jurisdiction, parse, sender, shaping, shipped};
use super::Kind;
use crate::toml_file::asked::AskedFor;
use crate::toml_file::{Severity, Source, Table, document};

fn schema(kind: Kind) -> Json {
    serde_json::from_str(kind.schema()).unwrap()
}

/// What the reader of a kind asks of a file in which every key stands.
fn asked(kind: Kind) -> BTreeMap<String, AskedFor> {
    let text = match kind {
        Kind::Sender => include_str!("../../../../tests/vectors/every-key/sender.toml"),
        Kind::Jurisdiction => include_str!("../../../../tests/vectors/every-key/jurisdiction.toml"),
        Kind::Shaping => include_str!("../../../../tests/vectors/every-key/shaping.toml"),
        Kind::Dialects => include_str!("../../../../tests/vectors/every-key/dialects.toml"),
        Kind::Tracking => include_str!("../../../../tests/vectors/every-key/tracking.toml"),
        Kind::Case => include_str!("../../../../tests/vectors/every-key/case.toml"),
    };
    let read = || {
        let source = Source::new("every-key", text);
        let document = document(&source);
        let table = Table::new(&source, 0..0, document.get_ref());
        match kind {
            Kind::Sender => drop(sender::read(table)),
            Kind::Jurisdiction => drop(jurisdiction::read(table)),
            Kind::Shaping => shaping::ReadShaping::default().read(table),
            Kind::Dialects => ReadDialects::default().read(table),
            Kind::Tracking => ReadTracking::default().read(table),
            Kind::Case => drop(case::file(table, Some(&parse(&shipped()).unwrap().0))),
        }
        source
    };
    let mistakes = read().into_mistakes();
    let errors: Vec<_> = mistakes.iter().filter(|mistake| mistake.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    read().into_asked().into_paths()
}

/// What a schema says of each path, in the same form.
#[derive(Default)]
struct Said(BTreeMap<String, AskedFor>);

impl Said {
    fn walk(&mut self, root: &Json, node: &Json, path: &str) {
        if let Some(reference) = node.get("$ref").and_then(Json::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            self.walk(root, target.unwrap_or_else(|| panic!("{path}: {reference} leads nowhere")), path);
        }
        for one in node.get("anyOf").and_then(Json::as_array).into_iter().flatten() {
            self.walk(root, one, path);
        }
        let said = self.0.entry(path.to_owned()).or_default();
        if let Some(words) = node.get("enum").and_then(Json::as_array) {
            said.types.insert("string");
            said.words.extend(words.iter().map(|word| word.as_str().unwrap().to_owned()));
        }
        if node.get("const").is_some_and(Json::is_boolean) {
            said.types.insert("boolean");
        }
        let types = ["string", "boolean", "integer", "number", "array", "object"];
        said.types.extend(types.iter().filter(|name| node["type"] == **name));
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        for (key, inner) in node.get("properties").and_then(Json::as_object).into_iter().flatten() {
            self.walk(root, inner, &below(key));
        }
        if node["type"] == "object" {
            match node.get("additionalProperties") {
                Some(Json::Bool(false)) => {}
                Some(inner) if inner.is_object() => self.walk(root, inner, &below("*")),
                _ => panic!("{path}: a schema says what else may stand here"),
            }
        }
        if node["type"] == "array" {
            self.walk(root, node.get("items").expect("a list of what"), &format!("{path}[]"));
        }
    }
}

#[test]
fn schemas_say_what_the_readers_ask_for_and_nothing_else() {
    for kind in Kind::ALL {
        let root = schema(kind);
        let mut said = Said::default();
        said.walk(&root, &root, "");
        let (asked, said) = (asked(kind), said.0);
        let paths = |map: &BTreeMap<String, AskedFor>| map.keys().cloned().collect::<BTreeSet<_>>();
        let (read, written) = (paths(&asked), paths(&said));
        let unsaid: Vec<_> = read.difference(&written).collect();
        let unread: Vec<_> = written.difference(&read).collect();
        let kind = kind.as_str();
        assert!(unsaid.is_empty(), "{kind}.json lacks {unsaid:?}");
        assert!(unread.is_empty(), "no reader asks for (or every-key/{kind}.toml lacks) {unread:?}");
        for (path, asked) in &asked {
            assert!(!asked.types.is_empty(), "every-key/{kind}.toml lacks {path}");
            assert_eq!(asked.types, said[path].types, "{kind}: {path}");
            assert!(asked.words.is_empty() || asked.words == said[path].words, "{kind}: {path}: {asked:?}");
        }
    }
}

/// What keeps a value from fitting. As much of JSON Schema as ours use; an unknown keyword fails.
fn misfits(root: &Json, node: &Json, value: &Json, path: &str) -> Vec<String> {
    let keywords = node.as_object().unwrap().iter();
    keywords.flat_map(|(keyword, said)| misfit(root, node, keyword, said, value, path)).collect()
}

fn misfit(root: &Json, node: &Json, keyword: &str, said: &Json, value: &Json, path: &str) -> Vec<String> {
    let text = value.as_str().unwrap_or("x");
    let number = |json: &Json| json.as_f64().unwrap();
    let count = |schemas: &Json| {
        let fitting =
            schemas.as_array().unwrap().iter().filter(|one| misfits(root, one, value, path).is_empty());
        fitting.count()
    };
    let fits = match keyword {
        "$schema" | "$id" | "$defs" | "title" | "description" | "format" => true,
        "type" => match said.as_str().unwrap() {
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{other}"),
        },
        "enum" => said.as_array().unwrap().contains(value),
        "const" => said == value,
        "pattern" => !value.is_string() || regex::Regex::new(said.as_str().unwrap()).unwrap().is_match(text),
        "minLength" => text.chars().count() as f64 >= number(said),
        "maxLength" => text.chars().count() as f64 <= number(said),
        "minimum" => !value.is_number() || number(value) >= number(said),
        "minItems" => value.as_array().is_none_or(|own| own.len() as f64 >= number(said)),
        "minProperties" => value.as_object().is_none_or(|own| own.len() as f64 >= number(said)),
        "required" => {
            let names = said.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
            value.as_object().is_none_or(|own| names.into_iter().all(|key| own.contains_key(key)))
        }
        "anyOf" => count(said) > 0,
        "oneOf" => count(said) == 1,
        "$ref" => {
            let target = root.pointer(said.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
            return misfits(root, target, value, path);
        }
        "items" => {
            let items = value.as_array().into_iter().flatten();
            return items.flat_map(|item| misfits(root, said, item, &format!("{path}[]"))).collect();
        }
        "properties" => {
            let given =
                said.as_object().unwrap().iter().filter_map(|(key, own)| Some((key, own, value.get(key)?)));
            return given
                .flat_map(|(key, own, value)| misfits(root, own, value, &format!("{path}.{key}")))
                .collect();
        }
        "propertyNames" => {
            let names = value.as_object().into_iter().flatten().map(|(key, _)| Json::from(key.as_str()));
            return names.flat_map(|name| misfits(root, said, &name, &format!("{path}.{name}"))).collect();
        }
        "additionalProperties" => {
            let known = |key: &str| node.get("properties").is_some_and(|own| own.get(key).is_some());
            let rest = value.as_object().into_iter().flatten().filter(|(key, _)| !known(key));
            return rest
                .flat_map(|(key, own)| match said {
                    Json::Bool(false) => vec![format!("{path}.{key}: no such key")],
                    schema => misfits(root, schema, own, &format!("{path}.{key}")),
                })
                .collect();
        }
        other => panic!("the schema uses `{other}`, which this test does not know"),
    };
    if fits { Vec::new() } else { vec![format!("{path}: {keyword}")] }
}

/// TOML as a schema sees it: dates are texts.
fn json(value: toml::Value) -> Json {
    match value {
        toml::Value::Datetime(date) => Json::from(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, json(value))).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

fn misfits_of(kind: Kind, text: &str) -> Vec<String> {
    let root = schema(kind);
    misfits(&root, &root, &json(toml::Value::Table(text.parse().unwrap())), "")
}

#[test]
fn every_shipped_file_fits_its_schema_and_names_it() {
    for (name, text) in shipped() {
        let kind = Kind::of(&name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(misfits_of(kind, &text), Vec::<String>::new(), "{name}");
        let up = match name.matches('/').count() {
            0 => "./".to_owned(),
            deep => "../".repeat(deep),
        };
        let first = format!("#:schema {up}schema/{}.json", kind.as_str());
        assert_eq!(text.lines().next(), Some(&*first), "{name}");
    }
}

#[test]
fn what_a_reader_refuses_by_its_shape_a_schema_refuses_too() {
    let sender = include_str!("../../../../tests/vectors/every-key/sender.toml");
    let case = include_str!("../../../../tests/vectors/every-key/case.toml");
    let pack = include_str!("../../../../tests/vectors/every-key/jurisdiction.toml");
    for (kind, text, from, to) in [
        (Kind::Sender, sender, "id = \"x\"", "id = \"X\""),
        (Kind::Sender, sender, "name =", "nmae ="),
        (Kind::Sender, sender, "\"enforce\"", "\"enforced\""),
        (Kind::Sender, sender, "\"24h\"", "\"a day\""),
        (Kind::Sender, sender, "[\"x.example\", \"*.x.example\"]", "[]"),
        (Kind::Sender, sender, "dsn_on_refusal = false", "dsn_on_refusal = \"no\""),
        (Kind::Sender, sender, "[scopes.apparel]", "[scopes.Apparel]"),
        (Kind::Sender, sender, "\"1/day\"", "\"daily\""),
        (Kind::Sender, sender, "bought =", "bough ="),
        (Kind::Jurisdiction, pack, "\"purchase\", ", "\"sale\", "),
        (Kind::Jurisdiction, pack, "\"10 business days\"", "\"soon\""),
        (Kind::Jurisdiction, pack, "[\"XK\"]", "[\"Kosovo\"]"),
        (Kind::Case, case, "notice = true", "restricted = true"),
        (Kind::Case, case, "{ complaint = true, ", "{ "),
        (Kind::Case, case, "expect = { ground = \"functional\" }", "expect = {}"),
    ] {
        assert_eq!(misfits_of(kind, text), Vec::<String>::new());
        assert!(text.contains(from), "{from}");
        assert_ne!(misfits_of(kind, &text.replacen(from, to, 1)), Vec::<String>::new(), "{to}");
    }
}

#[test]
fn a_folder_full_of_mistakes_does_not_fit() {
    for (kind, text) in [
        (Kind::Sender, include_str!("../../../../tests/vectors/mistakes/senders/shop.toml")),
        (Kind::Jurisdiction, include_str!("../../../../tests/vectors/mistakes/jurisdictions/se.toml")),
        (Kind::Shaping, include_str!("../../../../tests/vectors/mistakes/shaping.toml")),
        (Kind::Dialects, include_str!("../../../../tests/vectors/mistakes/dialects.toml")),
        (Kind::Tracking, include_str!("../../../../tests/vectors/mistakes/tracking.toml")),
        (Kind::Case, include_str!("../../../../tests/vectors/mistakes/cases/cases.toml")),
    ] {
        assert_ne!(misfits_of(kind, text), Vec::<String>::new(), "{}", kind.as_str());
    }
}
