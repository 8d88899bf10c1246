//! A marketing tool's connection: it stays open, envelope commands are pipelined, one recipient a message.

use anyhow::{Result, ensure};
use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::DOMAIN;

pub struct Session {
    stream: BufReader<TcpStream>,
}

/// Within the sender's domains, so that it is told what could not be delivered.
pub fn envelope_sender() -> String {
    format!("bounce@{DOMAIN}")
}

impl Session {
    /// `login`: user name and password.
    pub async fn open(port: u16, login: Option<(&str, &str)>) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let mut session = Self { stream: BufReader::new(stream) };
        session.expect("220").await?;
        session.say(b"EHLO source.example\r\n").await?;
        session.expect("250").await?;
        if let Some((user, password)) = login {
            let plain = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
            session.say(format!("AUTH PLAIN {plain}\r\n").as_bytes()).await?;
            session.expect("235").await?;
        }
        Ok(session)
    }

    /// Up to 354.
    pub async fn envelope(&mut self, recipient: &str, size: usize) -> Result<()> {
        let sender = envelope_sender();
        let commands = format!("MAIL FROM:<{sender}> SIZE={size}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n");
        self.say(commands.as_bytes()).await?;
        self.expect("250").await?;
        self.expect("250").await?;
        self.expect("354").await
    }

    /// The reply after the data, whatever it says.
    pub async fn submit(&mut self, recipient: &str, content: &str) -> Result<String> {
        self.envelope(recipient, content.len()).await?;
        self.say(format!("{content}.\r\n").as_bytes()).await?;
        self.reply().await
    }

    pub async fn close(mut self) -> Result<()> {
        self.say(b"QUIT\r\n").await?;
        self.expect("221").await
    }

    pub async fn say(&mut self, octets: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(octets).await?)
    }

    async fn expect(&mut self, code: &str) -> Result<()> {
        let reply = self.reply().await?;
        ensure!(reply.starts_with(code), "{code} was due, not {reply}");
        Ok(())
    }

    /// The last line of a reply.
    async fn reply(&mut self) -> Result<String> {
        loop {
            let mut line = String::new();
            ensure!(self.stream.read_line(&mut line).await? > 0, "the connection ended");
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line.trim_end().to_owned());
            }
        }
    }
}
