//! Where a gateway listens, by its log.

use std::net::SocketAddr;

use serde_json::Value;

/// The addresses of SMTP, pages and API, once it says that it accepts.
pub type Listening = (Vec<SocketAddr>, SocketAddr, SocketAddr, Option<SocketAddr>);

pub fn listening(log: &str) -> Option<Listening> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let accepts = lines.into_iter().find(|line| line["message"] == "gateway accepts")?;
    let address = |key: &str| accepts[key].as_str()?.parse().ok();
    let several = |key: &str| -> Option<Vec<SocketAddr>> {
        let listed = accepts[key].as_str()?.trim_matches(['[', ']']);
        listed.split(", ").map(|address| address.parse().ok()).collect()
    };
    let feedback = several("feedback").and_then(|all| all.first().copied());
    Some((several("smtp")?, address("web")?, address("api")?, feedback))
}
