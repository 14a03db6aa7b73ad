//! A gateway under test.

use std::net::SocketAddr;
use std::sync::Arc;

use platform_core::{Lifecycle, SystemClock};
use platform_http::{Client, Service};

/// A gateway on a port of its own, which finds services as `client` does.
pub(crate) fn gateway(config: proxy::Config, client: &Client, life: &Lifecycle) -> SocketAddr {
    let config = proxy::Config {
        listen: ([127, 0, 0, 1], 0).into(),
        workers: 1,
        ..config
    };
    let deps = proxy::Deps {
        client: client.of(Service::Gateway),
        clock: Arc::new(SystemClock),
        lifecycle: life.clone(),
        openapi: "{}".to_owned(),
        bucket: None,
    };
    proxy::build(&config, deps).unwrap().addr
}
