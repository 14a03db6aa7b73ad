//! Runs any set of roles in one process.

mod events;
mod node;
pub(crate) mod objects;
mod services;
mod store_check;

use std::io::Write as _;
use std::time::Duration;

use futures_util::future::pending;
use platform_core::{Lifecycle, Signals};
use tracing::info;

use crate::cli::{Failure, Role, ServeArguments, UpArguments};
use crate::config::{self, Config};

use node::Node;

/// Every role, in the order in which they start: what others need comes first.
const ALL: [Role; 10] = [
    Role::Objects,
    Role::Accounts,
    Role::EdgeProvider,
    Role::Edge,
    Role::Ingress,
    Role::Metadata,
    Role::PostProcessor,
    Role::Planner,
    Role::Worker,
    Role::Gateway,
];

/// `marquee up`: everything, or the roles that were named.
pub(crate) async fn up(arguments: UpArguments) -> Result<bool, Failure> {
    let mut config = config::load(&arguments.config)?;
    if arguments.open {
        open_here(&mut config)?;
    }
    let roles = if arguments.services.is_empty() {
        ALL.to_vec()
    } else {
        arguments.services
    };
    run(&config, &roles).await
}

/// Makes everybody the owner, where nobody but those who use this machine can be meant.
fn open_here(config: &mut Config) -> Result<(), Failure> {
    let listen = config.gateway.listen;
    if !listen.ip().is_loopback() {
        return Err(format!(
            "--open makes everybody who reaches {listen} the owner: listen on 127.0.0.1, or leave \
             --open out and have people sign in"
        )
        .into());
    }
    config.gateway.open = true;
    Ok(())
}

/// `marquee serve`: the roles that were named.
pub(crate) async fn serve(arguments: ServeArguments) -> Result<bool, Failure> {
    let config = config::load(&arguments.config)?;
    run(&config, &arguments.roles).await
}

/// Runs `roles` until a signal. Services end before what they stand on.
async fn run(config: &Config, roles: &[Role]) -> Result<bool, Failure> {
    let telemetry = platform_telemetry::init(&config.telemetry)?;
    let ground = Lifecycle::new();
    let life = Lifecycle::new();
    let outcome = stand(config, roles, &ground, &life).await;
    telemetry.shutdown();
    outcome
}

async fn stand(
    config: &Config,
    roles: &[Role],
    ground: &Lifecycle,
    life: &Lifecycle,
) -> Result<bool, Failure> {
    let mut signals = Signals::listen()?;
    let serves_objects = roles.contains(&Role::Objects);
    let node = tokio::select! {
        node = Node::open(config, serves_objects, ground, life) => node?,
        // What it stands on may be long in coming.
        () = signals.next() => return Ok(ground.finish(Duration::ZERO, pending()).await),
    };
    let outcome = start_and_wait(config, roles, &node, &mut signals).await;
    if outcome.is_err() {
        life.finish(Duration::ZERO, pending()).await;
    }
    let grounded = ground.finish(Duration::from_secs(5), pending()).await;
    node.close().await;
    Ok(outcome? && grounded)
}

async fn start_and_wait(
    config: &Config,
    roles: &[Role],
    node: &Node,
    signals: &mut Signals,
) -> Result<bool, Failure> {
    for role in ALL.into_iter().filter(|role| roles.contains(role)) {
        services::start(role, config, node).await?;
    }
    announce(config, node)?;
    let grace = Duration::from_secs(config.grace_s);
    Ok(node.lifecycle.run_until_signal(grace, signals).await)
}

/// Tells the one who started it, and scripts, that it serves; and how to become its first admin,
/// which nobody else may learn.
fn announce(config: &Config, node: &Node) -> std::io::Result<()> {
    if let Some(claim) = node.claim() {
        // Without a public address it is where it really listens, whichever port was asked for.
        let origin = match (&config.gateway.public_url, node.gateway()) {
            (None, Some(address)) => format!("http://{address}"),
            _ => config.gateway.origin(),
        };
        writeln!(
            std::io::stdout(),
            "admin: {origin}/claim?token={}",
            claim.expose()
        )?;
    }
    if let Some(address) = node.gateway() {
        writeln!(std::io::stdout(), "ready: http://{address}")?;
    } else {
        writeln!(std::io::stdout(), "ready")?;
    }
    info!("ready");
    std::io::stdout().flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_from_elsewhere_becomes_the_owner_by_a_flag() {
        for (listen, allowed) in [
            ("127.0.0.1:8080", true),
            ("[::1]:0", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("192.0.2.1:8080", false),
        ] {
            let mut config = Config::default();
            config.gateway.open = false;
            config.gateway.listen = listen.parse().unwrap();
            assert_eq!(open_here(&mut config).is_ok(), allowed, "{listen}");
            assert_eq!(config.gateway.open, allowed, "{listen}");
        }
    }
}
