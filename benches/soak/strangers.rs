//! Who comes to an open port: garbage, half-said commands, wrong passwords, messages that break off, lines without
//! end, connections that say nothing. Each from an address of its own in 127/8; none may get anything through.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use data_encoding::BASE64;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::setup::{Gateway, Session, subscriber};

const BETWEEN: Duration = Duration::from_millis(250);
/// So many stay at once.
const MOST: usize = 40;
/// None stays longer.
const STAY: Duration = Duration::from_secs(40);

/// Until it is over.
pub async fn come(gateway: Arc<Gateway>, over: CancellationToken) -> Result<()> {
    let places = Arc::new(Semaphore::new(MOST));
    let mut turns = tokio::time::interval(BETWEEN);
    let mut number = 0_u32;
    while !over.is_cancelled() {
        turns.tick().await;
        number = number.wrapping_add(1);
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (gateway, kind) = (gateway.clone(), number % 9);
        tokio::spawn(async move {
            // However it ends.
            let _ = tokio::time::timeout(STAY, visit(&gateway, kind)).await;
            drop(place);
        });
    }
    Ok(())
}

async fn visit(gateway: &Gateway, kind: u32) -> Result<()> {
    if kind == 0 {
        return broken_off(gateway).await;
    }
    let mut stream = connect(gateway.ports.smtp).await?;
    match kind {
        1 => stream.write_all(&garbage(20_000)).await?,
        2 => stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?,
        3 => {
            let wrong = BASE64.encode(format!("\0{}\0wrong", gateway.login().0).as_bytes());
            stream.write_all(format!("EHLO x\r\nAUTH PLAIN {wrong}\r\nQUIT\r\n").as_bytes()).await?;
        }
        4 => stream.write_all(&vec![b'x'; 1_000_000]).await?,
        5 => {
            let mut commands = b"EHLO x\r\n".to_vec();
            commands.extend(b"RCPT TO:<a@b.example>\r\n".repeat(10_000));
            stream.write_all(&commands).await?;
        }
        6 => {
            for octet in b"EHLO slow.example\r\nMAIL FROM:<a@b.example>\r\n".iter().cycle().take(60) {
                stream.write_all(&[*octet]).await?;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        7 => stream.write_all(b"EHLO x\r\nBDAT 99999999999999999999 LAST\r\nBDAT 5\r\nabc").await?,
        _ => tokio::time::sleep(STAY).await,
    }
    let mut answer = vec![0; 4096];
    while stream.read(&mut answer).await? > 0 {}
    Ok(())
}

/// A message of the tool's own that ends in the middle: it must never come.
async fn broken_off(gateway: &Gateway) -> Result<()> {
    let mut session = crate::tool::open(gateway).await?;
    half_a_message(&mut session).await
}

async fn half_a_message(session: &mut Session) -> Result<()> {
    session.envelope(&subscriber(0), 5000).await?;
    session
        .say(b"Message-ID: <broken-off@shop.example>\r\nX-Optgate-Scope: news\r\nFrom: n@shop.example\r\n")
        .await?;
    session.say(b"\r\nhalf a message\r\n.\n.\r.\r\r\n").await
}

async fn connect(port: u16) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let own = Ipv4Addr::new(127, 0, rand::random_range(1..=200), rand::random_range(1..=250));
    socket.bind(SocketAddr::from((own, 0)))?;
    Ok(socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?)
}

fn garbage(length: usize) -> Vec<u8> {
    (0..length).map(|_| rand::random()).collect()
}
