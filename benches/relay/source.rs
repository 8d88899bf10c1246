//! The marketing tool: it submits a campaign through many sessions, as fast as it can.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use crate::setup::{Newsletter, Session};

/// What is to be submitted, and where.
pub struct Campaign {
    pub port: u16,
    /// User name and password.
    pub login: Option<(String, String)>,
    pub newsletter: Newsletter,
    pub messages: usize,
    /// They get the copies in turn.
    pub recipients: Vec<String>,
}

impl Campaign {
    /// Submits it through so many sessions; every copy must be accepted for delivery.
    pub async fn submit(self, sessions: usize) -> Result<()> {
        let campaign = Arc::new(self);
        let next = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        for _ in 0..sessions {
            let (campaign, next) = (campaign.clone(), next.clone());
            running.spawn(async move { campaign.session(&next).await });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn session(&self, next: &AtomicUsize) -> Result<()> {
        let login = self.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
        let mut session = Session::open(self.port, login).await?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= self.messages {
                return session.close().await;
            }
            let recipient = &self.recipients[index % self.recipients.len()];
            let reply = session.submit(recipient, &self.newsletter.copy(index, recipient)).await?;
            // A refusal may come as a 250 with the reason in brackets.
            let accepted = reply.starts_with("250") && !reply.contains('[');
            ensure!(accepted, "not accepted for delivery: {reply}");
        }
    }
}
