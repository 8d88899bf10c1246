//! What SES tells by a topic: events of a configuration set, or notifications of an identity, which lack our id.
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>

use serde_json::Value;

use super::super::naming::{by_id, by_message_id};
use super::super::reason::{Status, reason};
use super::super::{Event, told};
use crate::feedback::told::{Of, Reason, What};

/// The text of a notification. What is not JSON (SES greets a new topic so) tells nothing.
pub(super) fn read(message: &str) -> Event {
    let event: Value = serde_json::from_str(message).ok()?;
    let what = match event["eventType"].as_str().or(event["notificationType"].as_str())? {
        "Bounce" => Some(What::Failed(bounce(&event["bounce"]))),
        "Complaint" => complaint(&event["complaint"]),
        "DeliveryDelay" => Some(What::Delayed(delay(&event["deliveryDelay"]))),
        "Reject" => {
            let why = event["reject"]["reason"].as_str().unwrap_or_default();
            Some(What::Failed(reason(why, None, Some((5, 6, 0)))))
        }
        "Subscription" => leaves(&event["subscription"]).then_some(What::Unsubscribed),
        _ => None,
    };
    told(of(&event), what)
}

/// Each copy goes to one recipient, so that the first is the only one.
fn of(event: &Value) -> Option<Of> {
    let mail = &event["mail"];
    let original = || {
        let headers = mail["headers"].as_array()?;
        let is_id = |name: &str| name.eq_ignore_ascii_case("Message-ID");
        headers.iter().find(|header| header["name"].as_str().is_some_and(is_id))?["value"].as_str()
    };
    by_id(&mail["tags"]).or_else(|| by_message_id(original(), mail["destination"][0].as_str()))
}

fn bounce(bounce: &Value) -> Reason {
    let recipient = &bounce["bouncedRecipients"][0];
    let (kind, more) = (bounce["bounceType"].as_str(), bounce["bounceSubType"].as_str());
    let meant = match (kind, more) {
        (Some("Permanent"), _) => (5, 1, 1),
        (_, Some("MailboxFull")) => (4, 2, 2),
        (_, Some("MessageTooLarge")) => (5, 3, 4),
        (_, Some("ContentRejected" | "AttachmentRejected")) => (5, 6, 0),
        _ => (4, 0, 0),
    };
    said(recipient, meant, more)
}

fn delay(delay: &Value) -> Reason {
    said(&delay["delayedRecipients"][0], (4, 0, 0), delay["delayType"].as_str())
}

fn said(recipient: &Value, meant: Status, word: Option<&str>) -> Reason {
    let words = recipient["diagnosticCode"].as_str().or(word).unwrap_or_default();
    reason(words, recipient["status"].as_str(), Some(meant))
}

/// `not-spam` takes one back that a machine made. Whom SES remembers as having complained said a no, though not to
/// this mail.
fn complaint(complaint: &Value) -> Option<What> {
    if complaint["complaintSubType"].as_str() == Some("OnAccountSuppressionList") {
        return Some(What::Unsubscribed);
    }
    (complaint["complaintFeedbackType"].as_str() != Some("not-spam")).then_some(What::Complaint)
}

/// A link of SES's own list management. Which of its topics stands for which of our scopes nobody knows: one is all.
fn leaves(subscription: &Value) -> bool {
    let now = &subscription["newTopicPreferences"];
    let out = |topic: &Value| topic["subscriptionStatus"].as_str() == Some("OptOut");
    let topics = now["topicSubscriptionStatus"].as_array();
    now["unsubscribeAll"].as_bool() == Some(true) || topics.is_some_and(|topics| topics.iter().any(out))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::feedback::told::Told;

    #[track_caller]
    fn check(mut event: Value, expect: Option<What>) {
        event["mail"]["tags"] =
            json!({ "optgate-delivery": [Uuid::from_u128(7)], "ses:source-ip": ["192.0.2.1"] });
        let of = Of::Delivery(Uuid::from_u128(7));
        assert_eq!(read(&event.to_string()), expect.map(|what| Told { of, what }), "{event}");
    }

    fn because(code: Option<u16>, status: Status, text: &str) -> Reason {
        Reason { code, status: Some(status), text: text.to_owned() }
    }

    #[test]
    fn each_event_says_what_became_of_the_copy() {
        let line = "smtp; 550 5.1.1 user unknown";
        let recipient = json!({"emailAddress": "a@example.se", "action": "failed", "status": "5.1.1", "diagnosticCode": line});
        let bounce = |kind: &str, more: &str, recipient: &Value| json!({"bounceType": kind, "bounceSubType": more, "bouncedRecipients": [recipient]});
        let gone = Some(What::Failed(because(Some(550), (5, 1, 1), line)));
        check(
            json!({"eventType": "Bounce", "bounce": bounce("Permanent", "General", &recipient)}),
            gone.clone(),
        );
        check(
            json!({"notificationType": "Bounce", "bounce": bounce("Permanent", "General", &recipient)}),
            gone,
        );
        let bare = json!({"emailAddress": "a@example.se"});
        let full = Some(What::Failed(because(None, (4, 2, 2), "MailboxFull")));
        check(json!({"eventType": "Bounce", "bounce": bounce("Transient", "MailboxFull", &bare)}), full);
        let delayed = json!({"emailAddress": "a@example.se", "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 Unable to connect"});
        check(
            json!({"eventType": "DeliveryDelay", "deliveryDelay": {"delayType": "General", "delayedRecipients": [delayed]}}),
            Some(What::Delayed(because(Some(421), (4, 4, 1), "smtp; 421 4.4.1 Unable to connect"))),
        );
        check(
            json!({"eventType": "Reject", "reject": {"reason": "Bad content"}}),
            Some(What::Failed(because(None, (5, 6, 0), "Bad content"))),
        );
        for passed_over in ["Send", "Delivery", "Open", "Click", "Rendering Failure", "invented"] {
            check(json!({ "eventType": passed_over }), None);
        }
    }

    #[test]
    fn a_complaint_is_one_unless_it_says_otherwise() {
        let complaint = |more: Value| json!({"eventType": "Complaint", "complaint": more});
        check(complaint(json!({"complaintFeedbackType": "abuse"})), Some(What::Complaint));
        check(complaint(json!({})), Some(What::Complaint));
        check(complaint(json!({"complaintFeedbackType": "not-spam"})), None);
        let remembered = json!({"complaintSubType": "OnAccountSuppressionList"});
        check(complaint(remembered), Some(What::Unsubscribed));
    }

    #[test]
    fn who_leaves_by_a_link_of_the_providers_own_is_told_of() {
        let now = |preferences: Value| json!({"eventType": "Subscription", "subscription": {"newTopicPreferences": preferences}});
        check(now(json!({"unsubscribeAll": true, "topicSubscriptionStatus": []})), Some(What::Unsubscribed));
        let topic = |word: &str| json!([{"topicName": "a", "subscriptionStatus": word}]);
        check(
            now(json!({"unsubscribeAll": false, "topicSubscriptionStatus": topic("OptOut")})),
            Some(What::Unsubscribed),
        );
        check(now(json!({"unsubscribeAll": false, "topicSubscriptionStatus": topic("OptIn")})), None);
    }

    #[test]
    fn without_our_id_the_copy_is_named_by_message_id_and_recipient() {
        let event = json!({"notificationType": "Complaint", "complaint": {}, "mail": {
            "messageId": "0100", "destination": ["anna@example.se"],
            "headers": [{"name": "Subject", "value": "x"}, {"name": "Message-ID", "value": "<a@shop.example>"}]}});
        let recipient = "anna@example.se".parse().unwrap();
        let of = Of::MessageId { message_id: "a@shop.example".into(), recipient };
        assert_eq!(read(&event.to_string()), Some(Told { of, what: What::Complaint }));
        assert_eq!(read("Successfully validated SNS topic for Amazon SES event publishing."), None);
    }
}
