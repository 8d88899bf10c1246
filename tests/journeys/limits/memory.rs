//! What hostile peers can make the gateway hold in memory.

use super::{HERE, limited};
use crate::support::tool::service_mail;
use crate::support::{Database, Gateway, Tool, Upstream};

/// Sessions that each send far more than their share.
const HOSTILE: usize = 60;
/// What each of them sends, in octets.
const EACH: usize = 3 << 20;
/// What may come on top of the room for messages, in KiB: buffers of sessions, and what an allocator keeps.
const MARGIN: u64 = 64 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_unfinished_messages_stay_under_the_bound_and_ordinary_mail_gets_through() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "max_message_size = \"4 MiB\"\nmax_in_hand = \"16 MiB\"";
    let mut gateway = limited(&database, &upstream, keys).await;
    gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await;
    let before = gateway.resident();
    let hostile = send_much(&gateway).await;
    let reply = gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    let grown = gateway.resident().saturating_sub(before);
    assert!(grown < (16 << 10) + MARGIN, "{grown} KiB more than before");
    let mut refused = 0;
    for mut tool in hostile {
        tool.send(b"\r\n.\r\n").await;
        refused += usize::from(tool.reply().await.starts_with("452 4.3.1 "));
        assert!(tool.say("NOOP").await.starts_with("250 "), "the session goes on");
    }
    // Some wait in the sockets until others have given up.
    assert!(refused >= HOSTILE / 2, "{refused} of {HOSTILE} were refused");
    let reply = gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "the room comes back: {reply}");
}

async fn send_much(gateway: &Gateway) -> Vec<Tool> {
    let block = vec![b'x'; 64 << 10];
    let line = [block.as_slice(), b"\r\n"].concat();
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..HOSTILE {
        let mut tool = gateway.tool().await;
        for command in ["MAIL FROM:<b@shop.example>", "RCPT TO:<a@example.se>", "DATA"] {
            tool.say(command).await;
        }
        let line = line.clone();
        sending.spawn(async move {
            for _ in 0..EACH / line.len() {
                tool.send(&line).await;
            }
            tool
        });
    }
    sending.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_without_an_end_are_not_kept() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let mut gateway = limited(&database, &upstream, "").await;
    let before = gateway.resident();
    let mut held = Vec::new();
    for _ in 0..HOSTILE {
        let (mut tool, _) = Tool::hear(gateway.smtp(), HERE).await;
        tool.send(&vec![b'x'; EACH]).await;
        held.push(tool);
    }
    let grown = gateway.resident().saturating_sub(before);
    assert!(grown < MARGIN, "{grown} KiB more than before");
    for mut tool in held {
        tool.send(b"\r\n").await;
        assert!(tool.reply().await.starts_with("500 5.5.2 line too long"));
    }
}
