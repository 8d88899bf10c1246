//! The gateway among the relays.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use crate::process::{self, Count};
use crate::setup::{Gateway, Plan};
use crate::{Options, Relay};

const DAY: Duration = Duration::from_hours(24);

pub struct Optgate {
    name: &'static str,
    gateway: Arc<Gateway>,
    /// Goes after it.
    _folder: TempDir,
}

impl Optgate {
    /// Sets it up in a folder of its own, starts it and records the subscribers' consent.
    pub async fn start(sink: u16, options: &Options) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let postgres = options.postgres.as_deref();
        let plan =
            Plan { folder: folder.path(), upstream: sink, postgres, deadline: DAY, environment: Vec::new() };
        let gateway = Arc::new(Gateway::start(plan).await?);
        gateway.record_consent(options.subscribers).await?;
        let name = if postgres.is_some() { "optgate, PostgreSQL" } else { "optgate, SQLite" };
        Ok(Self { name, gateway, _folder: folder })
    }
}

impl Relay for Optgate {
    fn name(&self) -> &str {
        self.name
    }

    fn port(&self) -> u16 {
        self.gateway.ports.smtp
    }

    fn login(&self) -> Option<(String, String)> {
        Some(self.gateway.login())
    }

    fn cpu(&self) -> Result<Duration> {
        process::cpu(self.gateway.pid(), Count::Own)
    }

    fn memory(&self) -> Result<u64> {
        process::peak(self.gateway.pid())
    }

    fn forget_peak(&self) -> Result<()> {
        process::forget_peak(self.gateway.pid())
    }

    fn is_settled(&self) -> Result<bool> {
        self.gateway.is_settled()
    }

    fn marks(&self) -> &'static [&'static str] {
        &["dkim-signature:", "list-unsubscribe:", "list-unsubscribe-post:", "list-id:"]
    }
}
