//! Starts one role.

use std::sync::Arc;

use crate::cli::{Failure, Role};
use crate::config::Config;
use crate::openapi;

use super::node::Node;

/// Starts `role` with what `node` offers.
pub(crate) async fn start(role: Role, config: &Config, node: &Node) -> Result<(), Failure> {
    match role {
        // Served by the node itself, since everything else needs it.
        Role::Objects => {}
        Role::Ingress => drop(ingress::build(config.ingress.clone(), ingress_deps(node)).await?),
        Role::Gateway => gateway(config, node)?,
        _ => {}
    }
    Ok(())
}

fn ingress_deps(node: &Node) -> ingress::Deps {
    ingress::Deps {
        db: node.db.clone(),
        blobs: Arc::clone(&node.blobs),
        client: node.client.clone(),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
    }
}

fn gateway(config: &Config, node: &Node) -> Result<(), Failure> {
    let deps = proxy::Deps {
        client: node.client.clone(),
        lifecycle: node.lifecycle.clone(),
        openapi: openapi::document().to_json()?,
        bucket: Some(config.objects.bucket.clone()),
    };
    let running = proxy::build(&config.gateway, deps)?;
    node.set_gateway(running.addr);
    Ok(())
}
