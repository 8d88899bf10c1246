//! What arguments of several verbs have in common.

/// A text with something in it. A variable that a script forgot to set (`--campaign "$C"`) must never mean
/// everything, or all that has no name.
pub(super) fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("this is empty: is a variable not set?".to_owned());
    }
    Ok(text.to_owned())
}
