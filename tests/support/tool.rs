//! A marketing tool: it speaks SMTP line by line and remembers what it heard.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What a peer hears until the gateway hangs up.
pub async fn hears(address: SocketAddr, says: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the gateway listens");
    stream.write_all(says).await.expect("it reads");
    let mut heard = Vec::new();
    let read = tokio::time::timeout(super::PATIENCE, stream.read_to_end(&mut heard)).await;
    read.expect("the gateway hangs up").expect("and not in the middle");
    String::from_utf8_lossy(&heard).into_owned()
}

/// One connection of a tool, plain or under TLS.
pub struct Tool {
    stream: BufReader<Box<dyn Stream>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Tool {
    /// Connects and hears the greeting.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        stream.set_nodelay(true).expect("no delay");
        let mut tool = Self { stream: BufReader::new(Box::new(stream)) };
        let greeting = tool.reply().await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        tool
    }

    /// Connects, and waits for nothing.
    pub async fn silent(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        stream.set_nodelay(true).expect("no delay");
        Self { stream: BufReader::new(Box::new(stream)) }
    }

    /// Connects from an address of this machine; the first reply is whatever it is.
    pub async fn hear(address: SocketAddr, from: [u8; 4]) -> (Self, String) {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind((std::net::Ipv4Addr::from(from), 0).into()).expect("an address of this machine");
        let stream = socket.connect(address).await.expect("the gateway listens");
        stream.set_nodelay(true).expect("no delay");
        let mut tool = Self { stream: BufReader::new(Box::new(stream)) };
        let reply = tool.reply().await;
        (tool, reply)
    }

    /// Connects under TLS from the first octet; the first reply is whatever it is.
    pub async fn hear_tls(address: SocketAddr, root: &CertificateDer<'static>) -> (Self, String) {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        let mut tool = Self { stream: BufReader::new(Box::new(stream)) }.upgrade(root).await;
        let reply = tool.reply().await;
        (tool, reply)
    }

    /// AUTH PLAIN; the reply is whatever it is.
    pub async fn try_authenticate(&mut self, user: &str, password: &str) -> String {
        let plain = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        self.say(&format!("AUTH PLAIN {plain}")).await
    }

    /// Connects, says EHLO and logs in.
    pub async fn login(address: SocketAddr, user: &str, password: &str) -> Self {
        let mut tool = Self::connect(address).await;
        let hello = tool.say("EHLO tool.test").await;
        assert!(hello.starts_with("250"), "{hello}");
        tool.authenticate(user, password).await;
        tool
    }

    /// AUTH PLAIN.
    pub async fn authenticate(&mut self, user: &str, password: &str) {
        let plain = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        let reply = self.say(&format!("AUTH PLAIN {plain}")).await;
        assert!(reply.starts_with("235 "), "{reply}");
    }

    /// Connects under TLS from the first octet, and hears the greeting.
    pub async fn connect_tls(address: SocketAddr, root: &CertificateDer<'static>) -> Self {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        let mut tool = Self { stream: BufReader::new(Box::new(stream)) }.upgrade(root).await;
        let greeting = tool.reply().await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        tool
    }

    /// The same, where the certificate may be another.
    pub async fn try_connect_tls(address: SocketAddr, root: &CertificateDer<'static>) -> Option<Self> {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        let stream =
            connector(root).connect("gateway.test".try_into().expect("a name"), stream).await.ok()?;
        let mut tool = Self { stream: BufReader::new(Box::new(stream)) };
        tool.reply().await.starts_with("220 ").then_some(tool)
    }

    /// Connects and says something before the greeting comes, as a balancer does.
    pub async fn connect_saying(address: SocketAddr, octets: &[u8]) -> Self {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        stream.set_nodelay(true).expect("no delay");
        let mut tool = Self { stream: BufReader::new(Box::new(stream)) };
        for octet in octets {
            tool.send(std::slice::from_ref(octet)).await;
        }
        let greeting = tool.reply().await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        tool
    }

    /// Goes on under TLS.
    pub async fn upgrade(self, root: &CertificateDer<'static>) -> Self {
        let name = "gateway.test".try_into().expect("a name");
        let stream = connector(root).connect(name, self.stream.into_inner());
        Self { stream: BufReader::new(Box::new(stream.await.expect("TLS"))) }
    }

    /// Sends a line and hears the reply, its lines joined by LF.
    pub async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Sends octets as they are.
    pub async fn send(&mut self, octets: &[u8]) {
        self.stream.get_mut().write_all(octets).await.expect("the gateway reads");
    }

    /// Sends octets, or says what went wrong with the connection.
    pub async fn try_send(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(octets).await
    }

    /// The next reply; empty when the gateway hung up.
    pub async fn reply(&mut self) -> String {
        self.try_reply().await.unwrap_or_default()
    }

    /// The next reply, or what went wrong with the connection.
    pub async fn try_reply(&mut self) -> std::io::Result<String> {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(super::PATIENCE, self.stream.read_line(&mut line));
            if read.await.map_err(|_| std::io::ErrorKind::TimedOut)?? == 0 {
                return Ok(all);
            }
            let last = line.as_bytes().get(3) != Some(&b'-');
            all.push_str(line.trim_end());
            if last {
                return Ok(all);
            }
            all.push('\n');
        }
    }

    /// One message to some recipients. The reply after the data, or the first refusal before it.
    pub async fn submit(&mut self, from: &str, to: &[&str], message: &str) -> String {
        let reply = self.say(&format!("MAIL FROM:<{from}>")).await;
        if !reply.starts_with('2') {
            return reply;
        }
        for recipient in to {
            let reply = self.say(&format!("RCPT TO:<{recipient}>")).await;
            if !reply.starts_with('2') {
                return reply;
            }
        }
        let reply = self.say("DATA").await;
        if !reply.starts_with("354") {
            return reply;
        }
        let stuffed = message.replace("\r\n.", "\r\n..");
        self.send(format!("{stuffed}\r\n.\r\n").as_bytes()).await;
        self.reply().await
    }
}

/// TLS that trusts this certificate alone.
fn connector(root: &CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// A newsletter with a text and an HTML body.
pub fn newsletter(to: &str, scope: &str) -> String {
    marketing_with(to, &format!("X-Optgate-Stream: marketing\r\nX-Optgate-Scope: {scope}\r\n"))
}

/// A newsletter with these header lines.
pub fn marketing_with(to: &str, headers: &str) -> String {
    format!(
        "From: Demo Shop <news@shop.example>\r\nTo: {to}\r\nSubject: New in the shop\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{}@shop.example>\r\n{headers}\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n\
         --b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSoft trousers have come in.\r\n\
         --b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <html><body><p>Soft trousers have come in.</p></body></html>\r\n--b1--",
        uuid::Uuid::new_v4()
    )
}

/// Service mail.
pub fn service_mail(to: &str) -> String {
    format!(
        "From: Demo Shop <service@shop.example>\r\nTo: {to}\r\nSubject: Your order\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{}@shop.example>\r\n\
         X-Optgate-Stream: functional\r\n\r\nIt is on its way.",
        uuid::Uuid::new_v4()
    )
}

impl Tool {
    /// Like `login`, for a gateway that may die meanwhile.
    pub async fn try_login(address: SocketAddr, user: &str, password: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let mut tool = Self { stream: BufReader::new(Box::new(stream)) };
        let plain = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        tool.try_reply().await.ok()?;
        tool.try_say("EHLO tool.test").await.ok()?;
        tool.try_say(&format!("AUTH PLAIN {plain}")).await.ok()?.starts_with("235").then_some(tool)
    }

    async fn try_say(&mut self, line: &str) -> std::io::Result<String> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await?;
        self.try_reply().await
    }

    /// One message to one recipient; the last reply, or how the connection broke.
    pub async fn try_submit(&mut self, from: &str, to: &str, message: &str) -> std::io::Result<String> {
        for line in [format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{to}>"), "DATA".to_owned()] {
            let reply = self.try_say(&line).await?;
            if !reply.starts_with(['2', '3']) {
                return Ok(reply);
            }
        }
        self.try_say(&format!("{message}\r\n.")).await
    }

    /// After MAIL: one recipient and a message of service.
    pub async fn submit_data(&mut self, to: &str) -> String {
        self.say(&format!("RCPT TO:<{to}>")).await;
        let reply = self.say("DATA").await;
        if !reply.starts_with("354") {
            return reply;
        }
        self.send(format!("{}\r\n.\r\n", service_mail(to)).as_bytes()).await;
        self.reply().await
    }
}
