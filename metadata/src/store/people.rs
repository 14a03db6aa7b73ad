//! What users are called, as accounts told.

use std::collections::HashMap;

use platform_db::{DbError, Tx};
use schemas::OwnerId;
use sqlx::Row as _;

use super::{Store, places};

impl Store {
    /// Notes that `user` is called `name`.
    pub(crate) async fn name_user(&self, user: &str, name: &str) -> Result<(), DbError> {
        let key = &key(name);
        self.db
            .write(|mut tx: Tx| async move {
                sqlx::query(
                    "INSERT INTO metadata_person (user_id, name, name_key) VALUES ($1, $2, $3)
                     ON CONFLICT (user_id) DO UPDATE SET name = excluded.name,
                        name_key = excluded.name_key",
                )
                .bind(user)
                .bind(name)
                .bind(key)
                .execute(tx.conn())
                .await?;
                tx.commit().await
            })
            .await
    }

    /// What these users are called, as far as it is known.
    pub(crate) async fn names(
        &self,
        users: &[OwnerId],
    ) -> Result<HashMap<OwnerId, String>, DbError> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT user_id, name FROM metadata_person WHERE user_id IN ({})",
            places(users.len())
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for user in users {
            query = query.bind(user.as_str());
        }
        let rows = query.fetch_all(self.db.reader()).await?;
        let named = |row: &sqlx::any::AnyRow| {
            let user: String = row.try_get("user_id")?;
            Ok::<_, sqlx::Error>((OwnerId::new(user), row.try_get("name")?))
        };
        Ok(rows.iter().map(named).collect::<Result<_, _>>()?)
    }

    /// Who is called each of `names`, however it is written.
    pub(crate) async fn called(&self, names: &[String]) -> Result<Vec<Option<OwnerId>>, DbError> {
        let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT name_key, user_id FROM metadata_person WHERE name_key IN ({})",
            places(keys.len())
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for key in &keys {
            query = query.bind(key);
        }
        let rows = query.fetch_all(self.db.reader()).await?;
        let known = |row: &sqlx::any::AnyRow| {
            let user: String = row.try_get("user_id")?;
            Ok::<_, sqlx::Error>((row.try_get("name_key")?, OwnerId::new(user)))
        };
        let known = rows.iter().map(known);
        let known: HashMap<String, OwnerId> = known.collect::<Result<_, _>>()?;
        Ok(keys.iter().map(|key| known.get(key).cloned()).collect())
    }
}

/// What two names that are the same to people have in common.
fn key(name: &str) -> String {
    name.trim().to_lowercase()
}
