//! How long a peer may take, and how often it may err.

use super::{HERE, limited};
use crate::support::tool::service_mail;
use crate::support::{Database, Tool, Upstream};

/// Says something again and again until the gateway says something else than `250`.
async fn chatter(tool: &mut Tool, line: &str) -> String {
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let reply = tool.say(line).await;
        if !reply.starts_with("250") {
            return reply;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_hung_up_on() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = limited(&database, &upstream, "idle_timeout = \"1s\"").await;
    let mut tool = gateway.tool().await;
    assert_eq!(tool.reply().await, "421 4.4.2 waited too long; closing");
    assert_eq!(tool.reply().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_has_so_long_to_log_in_however_much_it_talks() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "login_timeout = \"1s\"\nmax_commands_without_mail = 1000000";
    let gateway = limited(&database, &upstream, keys).await;
    let (mut stranger, _) = Tool::hear(gateway.smtp(), HERE).await;
    let mut tool = gateway.tool().await;
    // A chunk that nobody wants gives nobody more time.
    let (mut chunky, _) = Tool::hear(gateway.smtp(), HERE).await;
    chunky.send(b"BDAT 10000000\r\n").await;
    let reply = chatter(&mut stranger, "NOOP").await;
    assert!(reply.starts_with("421 4.4.2 ") || reply.is_empty(), "{reply}");
    assert!(chunky.reply().await.starts_with("421 4.4.2 "));
    assert!(tool.say("NOOP").await.starts_with("250 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_between_messages_and_never_within_one() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "session_timeout = \"2s\"\nmax_commands_without_mail = 1000000";
    let gateway = limited(&database, &upstream, keys).await;
    let mut busy = gateway.tool().await;
    busy.say("MAIL FROM:<b@shop.example>").await;
    let mut idle = gateway.tool().await;
    let reply = chatter(&mut idle, "NOOP").await;
    assert!(reply.starts_with("421 4.4.2 "), "{reply}");
    // The other one began earlier, and is in the middle of something.
    let reply = busy.submit_data("a@example.se").await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    assert!(busy.say("NOOP").await.starts_with("421 4.4.2 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_that_only_drips_is_not_waited_for() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "idle_timeout = \"2s\"\nmin_data_pace = \"64 KiB\"";
    let gateway = limited(&database, &upstream, keys).await;
    for begin in ["DATA", "BDAT 100000 LAST"] {
        let mut tool = gateway.tool().await;
        tool.say("MAIL FROM:<b@shop.example>").await;
        tool.say("RCPT TO:<a@example.se>").await;
        tool.send(format!("{begin}\r\n").as_bytes()).await;
        if begin == "DATA" {
            assert!(tool.reply().await.starts_with("354 "));
        }
        let mut heard = String::new();
        // Never idle, and never at an end.
        while heard.is_empty() {
            tokio::select! {
                reply = tool.reply() => heard = reply,
                () = tokio::time::sleep(std::time::Duration::from_millis(100)) => {}
            }
            if heard.is_empty() && tool.try_send(b"x").await.is_err() {
                break;
            }
        }
        assert!(heard.starts_with("421 4.4.2 "), "{begin}: {heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_and_idle_commands_end_a_session() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "max_errors = 3\nmax_commands_without_mail = 10";
    let gateway = limited(&database, &upstream, keys).await;
    let (mut stranger, _) = Tool::hear(gateway.smtp(), HERE).await;
    assert!(stranger.say("NONSENSE").await.starts_with("500 "));
    assert!(stranger.say("NONSENSE").await.starts_with("500 "));
    assert_eq!(stranger.say("NONSENSE").await, "421 4.7.0 too many errors");
    assert_eq!(stranger.reply().await, "");
    let mut tool = gateway.tool().await;
    // Mail is what a session is for: with it, it may go on for ever.
    for _ in 0..5 {
        for _ in 0..5 {
            assert!(tool.say("NOOP").await.starts_with("250 "));
        }
        let reply = tool.submit("b@shop.example", &["a@example.se"], &service_mail("a@example.se")).await;
        assert!(reply.starts_with("250 "), "{reply}");
    }
    assert_eq!(chatter(&mut tool, "RSET").await, "421 4.7.0 too many commands without mail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_headers_and_commands_have_a_length() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "max_line_length = \"1 KiB\"\nmax_header_size = \"4 KiB\"\nmax_command_length = \"1178 B\"";
    let gateway = limited(&database, &upstream, keys).await;
    let mail = service_mail("a@example.se");
    let mut tool = gateway.tool().await;
    let long = format!("{mail}\r\n{}", "x".repeat(1_025));
    let reply = tool.submit("b@shop.example", &["a@example.se"], &long).await;
    assert!(reply.starts_with("550 5.7.1 [unparsable] a line is longer than 1024 octets"), "{reply}");
    let large = format!("{}{mail}", format!("X-Filler: {}\r\n", "x".repeat(500)).repeat(9));
    let reply = tool.submit("b@shop.example", &["a@example.se"], &large).await;
    assert!(reply.starts_with("550 5.7.1 [unparsable] the header is larger than 4096 octets"), "{reply}");
    let reply = tool.say(&format!("NOOP {}", "x".repeat(1_172))).await;
    assert!(reply.starts_with("500 5.5.2 line too long"), "{reply}");
    let reply = tool.submit("b@shop.example", &["a@example.se"], &mail).await;
    assert!(reply.starts_with("250 "), "{reply}");
}
