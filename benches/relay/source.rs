//! The marketing tool: sessions that stay open, envelope commands pipelined, one recipient a message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail, ensure};
use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::DOMAIN;
use crate::newsletter::Newsletter;

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
        let mut session = Session::open(self.port, self.login.as_ref()).await?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= self.messages {
                return session.close().await;
            }
            let recipient = &self.recipients[index % self.recipients.len()];
            session.submit(recipient, &self.newsletter.copy(index, recipient)).await?;
        }
    }
}

struct Session {
    stream: BufReader<TcpStream>,
}

impl Session {
    async fn open(port: u16, login: Option<&(String, String)>) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let mut session = Self { stream: BufReader::new(stream) };
        session.expect("220").await?;
        session.say("EHLO source.example\r\n").await?;
        session.expect("250").await?;
        if let Some((user, password)) = login {
            let plain = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
            session.say(&format!("AUTH PLAIN {plain}\r\n")).await?;
            session.expect("235").await?;
        }
        Ok(session)
    }

    async fn submit(&mut self, recipient: &str, content: &str) -> Result<()> {
        let size = content.len();
        let envelope =
            format!("MAIL FROM:<bounce@{DOMAIN}> SIZE={size}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n");
        self.say(&envelope).await?;
        self.expect("250").await?;
        self.expect("250").await?;
        self.expect("354").await?;
        self.say(&format!("{content}.\r\n")).await?;
        let reply = self.expect("250").await?;
        // A refusal may come as a 250 with the reason in brackets.
        ensure!(!reply.contains('['), "not accepted for delivery: {reply}");
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        self.say("QUIT\r\n").await?;
        self.expect("221").await.map(drop)
    }

    async fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.write_all(text.as_bytes()).await?)
    }

    /// The last line of a reply with this code.
    async fn expect(&mut self, code: &str) -> Result<String> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                bail!("the connection ended where {code} was due");
            }
            ensure!(line.starts_with(code), "{code} was due, not {}", line.trim_end());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line);
            }
        }
    }
}
