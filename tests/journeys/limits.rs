//! What peers may take, on real sockets: connections, time, errors, memory, guesses, pages and calls.

mod connections;
mod counted;
mod logins;
mod memory;
mod pages;
mod time;

use crate::support::gateway::Setup;
use crate::support::{Database, Gateway, Upstream};

/// One gateway with these keys of `[smtp]`; limits are the same on both databases.
async fn limited(database: &Database, upstream: &Upstream, keys: &str) -> Gateway {
    Setup::new(database, upstream).smtp(format!("allow_plaintext_auth = true\n{keys}")).start().await
}

/// This machine, by its usual address and by another one.
const HERE: [u8; 4] = [127, 0, 0, 1];
const NEXT_DOOR: [u8; 4] = [127, 0, 0, 2];
