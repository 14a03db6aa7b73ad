//! `marquee health`: for whoever watches over containers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::cli::{Failure, HealthArguments};
use crate::config;

/// Longer than a service takes to find out what it lacks.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the service; whether it is ready.
pub(crate) async fn ask(arguments: &HealthArguments) -> Result<bool, Failure> {
    let config = config::load(&arguments.config)?;
    let listen = match arguments.service.as_str() {
        "gateway" => config.gateway.listen,
        name => *config.listen.get(name).ok_or_else(|| {
            format!("{name:?} is not a service under [listen]: its address is not known")
        })?,
    };
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .build()?;
    let url = format!("http://{}/health/ready", reachable(listen));
    let answer = client.get(url).send().await?;
    if answer.status().is_success() {
        return Ok(true);
    }
    Err(answer.text().await?.into())
}

/// Where a server that listens everywhere is reached from its own machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}
