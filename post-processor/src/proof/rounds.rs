//! Looking again and again, in one replica at a time.

use std::time::Duration;

use platform_core::Lifecycle;

use super::{Mending, Prover, causes};
use crate::store::StoreError;

/// How often to see whether a round is due.
const LOOK: Duration = Duration::from_secs(30);

/// Looks at everything every `every_ms` until `lifecycle` drains; never when that is 0.
pub(crate) async fn run(prover: Prover, every_ms: i64, lifecycle: Lifecycle) {
    while every_ms > 0 && !lifecycle.is_draining() {
        if let Err(error) = round(&prover, every_ms).await {
            tracing::warn!(reason = causes(&error), "rounds wait for the database");
        }
        tokio::select! {
            () = lifecycle.draining() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn round(prover: &Prover, every_ms: i64) -> Result<(), StoreError> {
    let now = prover.clock.now_ms();
    if !prover.tasks.take_round(now, every_ms).await? {
        return Ok(());
    }
    let _one = prover.looking.lock().await;
    match prover.prove(Mending::Safe, &|_, _| {}).await {
        Ok(report) => {
            for finding in &report.findings {
                let (film, kind) = (&finding.video_id, finding.kind);
                let what = finding.what.as_str();
                tracing::warn!(film, ?kind, repair = ?finding.repair, what, "not as it should be");
            }
            let (films, objects) = (report.compared.films, report.compared.objects);
            tracing::info!(
                films,
                objects,
                found = report.found,
                "all parts were compared"
            );
        }
        Err(error) => tracing::warn!(reason = causes(&error), "the parts cannot be compared now"),
    }
    Ok(())
}
