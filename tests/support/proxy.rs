//! A TCP proxy that can be cut: what is behind it is gone, and back.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy on a port of its own.
pub struct Proxy {
    pub address: SocketAddr,
    whole: watch::Sender<bool>,
}

impl Proxy {
    pub async fn towards(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (whole, watching) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (target, mut watching) = (target.clone(), watching.clone());
                tokio::spawn(async move {
                    if !*watching.borrow_and_update() {
                        return;
                    }
                    let Ok(mut far) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = watching.wait_for(|whole| !*whole) => {}
                    }
                });
            }
        });
        Self { address, whole }
    }

    /// Ends all connections; new ones are ended at once.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}
