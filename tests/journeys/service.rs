//! What systemd is told, and what signals do.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::support::gateway::Setup;
use crate::support::{Database, Gateway, Upstream, eventually};

/// As systemd listens.
fn manager(gateway: &mut Gateway) -> UnixDatagram {
    let path = gateway.data_dir.join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    gateway.set_variable("NOTIFY_SOCKET", path.to_str().unwrap());
    socket
}

/// The next thing it is told that has this in it; what comes before is skipped.
fn told(socket: &UnixDatagram, what: &str) -> String {
    let mut buffer = [0; 4096];
    loop {
        let length =
            socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{what} was never told: {error}"));
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.lines().any(|line| line.starts_with(what)) {
            return text;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_manager_hears_when_it_is_ready_reloads_lives_and_stops() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).prepare();
    let socket = manager(&mut gateway);
    gateway.set_variable("WATCHDOG_USEC", "400000");
    gateway.start().await;
    told(&socket, "READY=1");
    // It accepts by then.
    assert!(tokio::net::TcpStream::connect(gateway.smtp()).await.is_ok());
    told(&socket, "WATCHDOG=1");
    gateway.hang_up();
    let reloading = told(&socket, "RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    told(&socket, "READY=1");
    eventually("it says so", || async {
        gateway.log().contains("the policy files say what is in force already").then_some(())
    })
    .await;
    let status = gateway.terminate().await;
    assert_eq!(status.code(), Some(0));
    told(&socket, "STOPPING=1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_fails_is_never_called_ready() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).policy("senders/broken.toml", "id = 1\n").prepare();
    let socket = manager(&mut gateway);
    gateway.try_start().await.expect_err("it can't start");
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 64]).is_err());
}
