//! The event bus: in the database, or on Kafka with a relay from it.

use std::sync::Arc;
use std::time::Duration;

use platform_bus::{Bus, Config, EmbeddedBus, KafkaBus, Settings};
use platform_core::Lifecycle;
use platform_db::Db;

use crate::cli::Failure;

/// Opens the bus that `config` names. Returns it with the handle of `db` whose transactions
/// append to its outbox.
pub(super) async fn open(
    config: &Config,
    db: Db,
    ground: &Lifecycle,
) -> Result<(Arc<dyn Bus>, Db), Failure> {
    if config.brokers.is_some() {
        let bus = KafkaBus::open(config, ground).await?;
        let db = bus.relay(db, ground).await?;
        return Ok((Arc::new(bus), db));
    }
    let settings = Settings {
        retention: Duration::from_hours(config.retention_hours.into()),
        ..Settings::default()
    };
    let bus = EmbeddedBus::open_with(db.clone(), ground, settings).await?;
    Ok((Arc::new(bus), db))
}
