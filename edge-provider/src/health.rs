//! Looks which edges answer. With one edge only there is nothing to choose and nothing to check.

use std::sync::Arc;
use std::time::Duration;

use platform_core::{Clock, Lifecycle};
use platform_http::{Client, DiscoveryError, Service};
use reqwest::Method;
use url::Url;

use crate::denials::Behind;
use crate::store::{Edge, Edges};

/// Two failed checks make an edge unhealthy: one that is gone is noticed within five seconds.
const EVERY: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(1);

/// Checks all edges until `lifecycle` drains.
pub(crate) async fn watch(
    edges: Edges,
    client: Client,
    clock: Arc<dyn Clock>,
    behind: Behind,
    lifecycle: Lifecycle,
) {
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let known = match edges.all().await {
            Ok(known) => known,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the edges cannot be checked");
                continue;
            }
        };
        let checks = known
            .iter()
            .map(|edge| check(&edges, &client, &*clock, &behind, edge));
        futures_util::future::join_all(checks).await;
    }
}

async fn check(edges: &Edges, client: &Client, clock: &dyn Clock, behind: &Behind, edge: &Edge) {
    // One that lets through what it should not is as bad as one that is away.
    let answers = answers(client, edge).await && !behind.is_too_far(&edge.id);
    if answers != edge.healthy {
        tracing::info!(edge = edge.id, answers, "an edge changed");
    }
    let recorded = if answers {
        edges.seen(&edge.id, clock.now_ms()).await
    } else {
        edges.missed(&edge.id).await
    };
    if let Err(error) = recorded {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(
            error,
            edge = edge.id,
            "the health of an edge cannot be recorded"
        );
    }
}

async fn answers(client: &Client, edge: &Edge) -> bool {
    let Ok(base) = address(client, edge) else {
        return false;
    };
    let base = base.as_str().trim_end_matches('/');
    let Ok(url) = format!("{base}/health/ready").parse() else {
        return false;
    };
    let answer = client.request_url(Method::GET, url).timeout(TIMEOUT).send();
    answer
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

/// Why an edge has no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAddress {
    /// The embedded edge is not running.
    #[error(transparent)]
    Unknown(#[from] DiscoveryError),
    /// What is configured is none.
    #[error("the address of an edge cannot be read")]
    Unreadable(#[from] url::ParseError),
}

/// How services reach `edge`.
pub(crate) fn address(client: &Client, edge: &Edge) -> Result<Url, NoAddress> {
    if edge.url.is_empty() {
        Ok(client.discovery().resolve(Service::Edge)?)
    } else {
        Ok(Url::parse(&edge.url)?)
    }
}
