//! What the benches have in common: the gateway as an operator would run it, the newsletter that is sent through it,
//! the session that submits it, and the frame of a run.

pub mod gateway;
pub mod files;
pub mod newsletter;
pub mod proc;
pub mod session;

pub use gateway::{Gateway, Plan};
pub use newsletter::Newsletter;
pub use session::Session;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

/// The `From` domain: the gateway's sender and the signatures' domain.
pub const DOMAIN: &str = "shop.example";
pub const SELECTOR: &str = "bench";

/// Runs it to its end, or until the process is told to end; dropping the run ends what it has started.
pub fn until_told_to_end(run: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            ended = run => ended,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr().context("its address")?.port())
}

/// The address of a subscriber; their providers are a few large ones and a tail.
pub fn subscriber(number: usize) -> String {
    let provider = match number % 20 {
        0..8 => "gmail.example".to_owned(),
        8..14 => "hotmail.example".to_owned(),
        14..17 => "telia.example".to_owned(),
        _ => format!("firm{}.example", number % 7),
    };
    format!("subscriber{number}@{provider}")
}
