//! Which copy an event is of: by the id that went out in the header that this provider gives back
//! (`deliver::upstream::kind`), else by Message-ID and recipient.

use serde_json::Value;
use uuid::Uuid;

use crate::deliver::upstream::kind::DELIVERY;
use crate::feedback::told::Of;

/// Longer ones no mail has. RFC 5322, 2.1.1.
const LONGEST_ID: usize = 998;

/// Our id under its name in what the provider gives back.
pub(super) fn by_id(returned: &Value) -> Option<Of> {
    let own = match &returned[DELIVERY] {
        // A tag of SES may have several values, of which ours has one.
        Value::Array(values) => values.first()?.as_str()?,
        value => value.as_str()?,
    };
    Uuid::try_parse(own).ok().map(Of::Delivery)
}

pub(super) fn by_message_id(message_id: Option<&str>, recipient: Option<&str>) -> Option<Of> {
    let message_id = message_id?.trim().trim_start_matches('<').trim_end_matches('>');
    let usable = !message_id.is_empty() && message_id.len() <= LONGEST_ID;
    let recipient = recipient?.trim().parse().ok()?;
    usable.then(|| Of::MessageId { message_id: message_id.to_owned(), recipient })
}
