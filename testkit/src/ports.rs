//! Ports of this machine.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a failed step is a failed test"
)]

use std::net::TcpListener;

use rand::Rng as _;

/// A port that nothing listens on: for what cannot be told to find one itself.
pub fn free() -> u16 {
    let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
    socket.local_addr().expect("it is bound").port()
}

/// Ports for what is stopped and started again. The system gives them nobody: one who asks for any
/// port to connect from, while it is away, may get its otherwise.
pub fn lasting<const COUNT: usize>() -> [u16; COUNT] {
    let mut taken = Vec::new();
    [(); COUNT].map(|()| {
        loop {
            let port = rand::rng().random_range(20_000..32_000);
            if let Ok(socket) = TcpListener::bind(("127.0.0.1", port)) {
                taken.push(socket);
                return port;
            }
        }
    })
}
