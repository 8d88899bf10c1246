//! Where SNS may be asked for something: the topic's own region's host, over HTTPS, and there only for what is asked
//! for. A URL in a message that nobody proved yet leads nowhere else.

/// `arn:aws:sns:eu-north-1:123456789012:optgate`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    arn: String,
    host: String,
}

/// Something at the host of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    host: String,
    /// Path and query, as they go into a request.
    target: String,
}

/// SNS's own links have some hundred characters.
const LONGEST: usize = 2_048;

impl Topic {
    /// The error is for people.
    pub fn new(arn: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{arn}` is not a topic such as `arn:aws:sns:eu-north-1:123456789012:optgate`");
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts[..] else { return Err(wrong()) };
        let domain = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            _ => return Err(wrong()),
        };
        let is_name = |text: &str, also: &str| {
            let fits = |byte: char| byte.is_ascii_alphanumeric() || also.contains(byte);
            (1..=256).contains(&text.len()) && text.chars().all(fits)
        };
        // It becomes part of a host's name.
        let is_region = region.len() <= 30 && is_name(region, "-") && !region.starts_with('-');
        if !is_region || !is_name(account, "") || !is_name(name, "-_.") {
            return Err(wrong());
        }
        let host = format!("sns.{}.{domain}", region.to_ascii_lowercase());
        Ok(Self { arn: arn.to_owned(), host })
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Where a certificate lies, if it lies where theirs do.
    pub fn certificate(&self, url: &str) -> Option<Place> {
        let place = self.place(url)?;
        let name = place.target.strip_prefix("/SimpleNotificationService-")?.strip_suffix(".pem")?;
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then_some(place)
    }

    /// Where a subscription is confirmed: nothing else is asked of SNS.
    pub(super) fn confirmation(&self, url: &str) -> Option<Place> {
        let place = self.place(url)?;
        let query = place.target.strip_prefix("/?")?;
        query.split('&').any(|pair| pair == "Action=ConfirmSubscription").then_some(place)
    }

    /// Nothing but `https://HOST/…`: no port, no user, nothing that another reader might take for a host.
    fn place(&self, url: &str) -> Option<Place> {
        let target = url.strip_prefix("https://")?.strip_prefix(self.host.as_str())?;
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>');
        let sound = target.starts_with('/') && target.len() <= LONGEST && target.bytes().all(plain);
        sound.then(|| Place { host: self.host.clone(), target: target.to_owned() })
    }
}

impl Place {
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn target(&self) -> &str {
        &self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sns:eu-north-1:123456789012:optgate";

    #[test]
    fn a_topic_names_its_regions_host() {
        assert_eq!(Topic::new(ARN).unwrap().host, "sns.eu-north-1.amazonaws.com");
        let china = Topic::new("arn:aws-cn:sns:cn-north-1:123456789012:a.fifo").unwrap();
        assert_eq!(china.host, "sns.cn-north-1.amazonaws.com.cn");
        for wrong in [
            "",
            "arn:aws:sqs:eu-north-1:123456789012:optgate",
            "arn:evil:sns:eu-north-1:123456789012:optgate",
            "arn:aws:sns:evil.example/:123456789012:optgate",
            "arn:aws:sns::123456789012:optgate",
            "arn:aws:sns:eu-north-1:123456789012:optgate:subscription",
            "arn:aws:sns:eu-north-1:123456789012:a b",
        ] {
            assert!(Topic::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_topics_host_is_ever_asked() {
        let topic = Topic::new(ARN).unwrap();
        let own = "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a1B.pem";
        assert_eq!(topic.certificate(own).unwrap().target(), "/SimpleNotificationService-0a1B.pem");
        for elsewhere in [
            "http://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem",
            "https://sns.eu-north-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
            "https://sns.eu-north-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
            "https://evil.example/sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem",
            "https://sns.eu-north-1.amazonaws.com:8443/SimpleNotificationService-0a.pem",
            "https://SNS.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem",
            "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-../a.pem",
            "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-.pem",
            "https://sns.eu-north-1.amazonaws.com/other.pem",
            "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem?x",
            "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem\r\nHost: evil.example",
            "",
        ] {
            assert_eq!(topic.certificate(elsewhere), None, "{elsewhere}");
        }
        let confirm = "https://sns.eu-north-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:x&Token=2336";
        assert!(topic.confirmation(confirm).is_some());
        for elsewhere in [
            confirm.replace("Confirm", "Delete"),
            confirm.replace("eu-north-1", "us-east-1"),
            confirm.replace("/?", "/a?"),
            confirm.replace("https", "http"),
        ] {
            assert_eq!(topic.confirmation(&elsewhere), None, "{elsewhere}");
        }
    }
}
