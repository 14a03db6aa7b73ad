//! Starts one role.

use std::sync::Arc;

use platform_http::Service;

use crate::cli::{Failure, Role};
use crate::config::Config;
use crate::openapi;

use super::node::Node;
use super::{objects, store_check};

/// Starts `role` with what `node` offers.
pub(crate) async fn start(role: Role, config: &Config, node: &Node) -> Result<(), Failure> {
    match role {
        // Served by the node itself, since everything else needs it.
        Role::Objects => {}
        Role::Accounts => accounts(config, node).await?,
        Role::EdgeProvider => edge_provider(config, node).await?,
        Role::Edge => edge(config, node).await?,
        Role::Ingress => ingress(config, node).await?,
        Role::Metadata => metadata(config, node).await?,
        Role::PostProcessor => post_processor(config, node).await?,
        Role::Planner => {
            transcoder::build_planner(transcoder_config(config, node), transcoder_deps(node))
                .await?;
        }
        Role::Worker => {
            transcoder::build_worker(transcoder_config(config, node), transcoder_deps(node))
                .await?;
        }
        Role::Gateway => gateway(config, node)?,
    }
    Ok(())
}

async fn accounts(config: &Config, node: &Node) -> Result<(), Failure> {
    let links: Arc<dyn accounts::LinkSender> = match &config.accounts.smtp {
        Some(smtp) => {
            let origin = config.gateway.origin();
            Arc::new(accounts::Mailer::new(smtp, origin, &node.lifecycle)?)
        }
        None => Arc::new(accounts::OperatorLinks),
    };
    let deps = accounts::Deps {
        db: node.db.clone(),
        links,
        origin: config.gateway.origin(),
        secret: config.service_secret(&node.data)?,
        client: node.client(Service::Accounts),
        hasher: node.hasher.clone(),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
    };
    let running = accounts::build(config.accounts.clone(), deps).await?;
    if let Some(claim) = running.claim.filter(|_| !config.gateway.open) {
        node.set_claim(claim);
    }
    Ok(())
}

async fn edge_provider(config: &Config, node: &Node) -> Result<(), Failure> {
    let deps = edge_provider::Deps {
        db: node.db.clone(),
        bus: Arc::clone(&node.bus),
        blobs: Arc::clone(&node.blobs),
        client: node.client(Service::EdgeProvider),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
        credentials: config.edges.all(&node.data)?,
        embedded_origin: config.gateway.media_origin(),
    };
    edge_provider::build(config.edge_provider.clone(), deps).await?;
    Ok(())
}

async fn edge(config: &Config, node: &Node) -> Result<(), Failure> {
    let deps = edge::Deps {
        client: node.client(Service::Edge),
        lifecycle: node.lifecycle.clone(),
        folder: node.data.join("edge"),
        seed_key: config.edges.own(&node.data)?,
        playback: config.playback(&node.data)?,
        clock: Node::clock(),
    };
    edge::build(config.edge.clone(), deps).await?;
    Ok(())
}

async fn ingress(config: &Config, node: &Node) -> Result<(), Failure> {
    let public_objects = objects::public_endpoint(config);
    if let Some(public) = &public_objects {
        let origin = config.gateway.origin();
        store_check::check(&*node.blobs, public, &origin).await?;
    }
    let deps = ingress::Deps {
        db: node.db.clone(),
        bus: Arc::clone(&node.bus),
        blobs: Arc::clone(&node.blobs),
        public_objects,
        client: node.client(Service::Ingress),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
    };
    ingress::build(config.ingress.clone(), deps).await?;
    Ok(())
}

async fn metadata(config: &Config, node: &Node) -> Result<(), Failure> {
    let mut search = config.search.clone();
    search.folder = node.data.join(search.folder);
    let deps = metadata::Deps {
        db: node.db.clone(),
        bus: Arc::clone(&node.bus),
        client: node.client(Service::Metadata),
        hasher: node.hasher.clone(),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
        playback: config.playback(&node.data)?,
    };
    metadata::build(search, config.retention.clone(), deps).await?;
    Ok(())
}

async fn post_processor(config: &Config, node: &Node) -> Result<(), Failure> {
    let deps = post_processor::Deps {
        db: node.db.clone(),
        bus: Arc::clone(&node.bus),
        blobs: Arc::clone(&node.blobs),
        client: node.client(Service::PostProcessor),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
        credentials: config.edges.all(&node.data)?,
        playback: config.playback(&node.data)?,
    };
    post_processor::build(config.post_processor, deps).await?;
    Ok(())
}

/// Folders that are not given in full lie in the data folder.
fn transcoder_config(config: &Config, node: &Node) -> transcoder::Config {
    let mut config = config.transcoder.clone();
    config.tools.scratch = node.data.join(&config.tools.scratch);
    config.staging.folder = node.data.join(&config.staging.folder);
    config
}

fn transcoder_deps(node: &Node) -> transcoder::Deps {
    transcoder::Deps {
        db: node.db.clone(),
        bus: Arc::clone(&node.bus),
        blobs: Arc::clone(&node.blobs),
        client: node.client(Service::Transcoder),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
    }
}

fn gateway(config: &Config, node: &Node) -> Result<(), Failure> {
    config.sensible()?;
    let deps = proxy::Deps {
        client: node.client(Service::Gateway),
        clock: Node::clock(),
        lifecycle: node.lifecycle.clone(),
        openapi: openapi::document().to_json()?,
        // Presigned requests to another store do not pass here.
        bucket: (config.objects.endpoint.is_none()).then(|| config.objects.bucket.clone()),
    };
    let running = proxy::build(&config.gateway, deps)?;
    node.set_gateway(running.addr);
    Ok(())
}
