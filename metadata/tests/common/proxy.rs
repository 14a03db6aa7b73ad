//! A connection to a server that can be taken away and given back.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They reach the server.
    Through,
    /// They are closed at once.
    Down,
    /// They are taken and nothing is ever said.
    Silent,
}

/// Passes connections on to a server, or not.
pub(crate) struct Proxy {
    pub(crate) addr: SocketAddr,
    mode: watch::Sender<Mode>,
    /// Ends with the proxy.
    _serving: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn to(server: &str, mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mode = watch::Sender::new(mode);
        let server = server.trim_start_matches("http://").to_owned();
        let modes = mode.subscribe();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass(client, server.clone(), modes.clone()));
            }
        });
        Self {
            addr,
            mode,
            _serving: serving,
        }
    }

    /// From now on, for connections that exist too.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn pass(mut client: TcpStream, server: String, mut modes: watch::Receiver<Mode>) {
    let mode = *modes.borrow_and_update();
    let serve = async {
        match mode {
            Mode::Through => {
                let mut server = TcpStream::connect(server).await?;
                copy_bidirectional(&mut client, &mut server).await.map(drop)
            }
            Mode::Down => Ok(()),
            Mode::Silent => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = serve => {}
        _ = modes.changed() => {}
    }
}
