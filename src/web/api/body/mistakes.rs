//! All that is wrong with a body's shape at once: its reader stops at the first mistake, so that here each field is
//! read by itself. Only of bodies that have a mistake.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, Schema};

use super::super::problem::Mistake;
use super::{pointer, pointer_to};

/// So many are told, and so many items of a list looked at.
const MOST: usize = 100;
const ITEMS: usize = 1_000;

/// None where no part is wrong by itself: a field that came twice, say.
pub(super) fn all<T: DeserializeOwned + PartialSchema>(octets: &[u8]) -> Vec<Mistake> {
    let Ok(Value::Object(body)) = serde_json::from_slice(octets) else { return Vec::new() };
    let RefOr::T(Schema::Object(shape)) = T::schema() else { return Vec::new() };
    let fields = body.iter().flat_map(|(name, value)| of_field::<T>(name, value));
    let missing = shape.required.iter().filter(|name| !body.contains_key(name.as_str()));
    let missing = missing.map(|name| Mistake::at("", format!("missing field `{name}`")));
    fields.chain(missing).take(MOST).collect()
}

fn of_field<T: DeserializeOwned>(name: &str, value: &Value) -> Vec<Mistake> {
    let place = pointer_to(name);
    let within: Vec<Mistake> = match value {
        Value::Array(items) => {
            let items = items.iter().enumerate().take(ITEMS);
            let one = |(index, item): (usize, &Value)| {
                let mut mistake = first::<T>(name, Value::Array(vec![item.clone()]))?;
                let first = format!("{place}/0");
                let rest = mistake.pointer.as_deref()?.strip_prefix(&first)?.to_owned();
                mistake.pointer = Some(format!("{place}/{index}{rest}"));
                Some(mistake)
            };
            items.filter_map(one).take(MOST).collect()
        }
        Value::Object(fields) => {
            let deeper = |mistake: &Mistake| mistake.pointer.as_ref().is_some_and(|own| *own != place);
            let one = |(key, value): (&String, &Value)| {
                first::<T>(name, Value::Object(Map::from_iter([(key.clone(), value.clone())])))
            };
            fields.iter().take(ITEMS).filter_map(one).filter(deeper).take(MOST).collect()
        }
        _ => Vec::new(),
    };
    if within.is_empty() { first::<T>(name, value.clone()).into_iter().collect() } else { within }
}

/// What is wrong with a body that has this field alone, besides lacking the others.
fn first<T: DeserializeOwned>(name: &str, value: Value) -> Option<Mistake> {
    let alone = Value::Object(Map::from_iter([(name.to_owned(), value)]));
    let error = serde_path_to_error::deserialize::<_, T>(alone).err()?;
    let place = pointer(error.path());
    (!place.is_empty()).then(|| Mistake::at(place, error.inner().to_string()))
}
