//! Users.

use platform_auth::Role;
use platform_core::Redacted;
use platform_db::DbError;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Executor, Row as _};

use super::{Store, odd};
use crate::domain::{Email, User, UserName};

const COLUMNS: &str = "user_id, name, email, display_name, password_hash, role, suspended, \
     created_at_ms";

fn user_of(row: &AnyRow) -> Result<User, sqlx::Error> {
    let role: String = row.try_get("role")?;
    Ok(User {
        id: row.try_get("user_id")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        display_name: row.try_get("display_name")?,
        password_hash: Redacted::new(row.try_get::<String, _>("password_hash")?),
        role: role.parse().map_err(|_unknown| odd("role", &role))?,
        suspended: row.try_get::<i64, _>("suspended")? != 0,
        created_at_ms: row.try_get("created_at_ms")?,
    })
}

async fn one(
    executor: impl Executor<'_, Database = Any>,
    condition: &'static str,
    value: &str,
) -> Result<Option<User>, DbError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM accounts_user WHERE deleted_at_ms IS NULL AND {condition}"
    )))
    .bind(value)
    .fetch_optional(executor)
    .await?;
    Ok(row.as_ref().map(user_of).transpose()?)
}

impl Store {
    /// Whether the user has signed in from `place` before.
    pub(crate) async fn knows_place(&self, user: &str, place: &str) -> Result<bool, DbError> {
        let known: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM accounts_known_address WHERE user_id = $1 AND address = $2",
        )
        .bind(user)
        .bind(place)
        .fetch_one(self.reader())
        .await?;
        Ok(known > 0)
    }

    /// The user, unless deleted.
    pub(crate) async fn user(&self, id: &str) -> Result<Option<User>, DbError> {
        one(self.reader(), "user_id = $1", id).await
    }

    /// Who signs in as `typed`: a name or an address. Addresses are not verified, so several may
    /// claim one; it leads to who claimed it first, whom later ones cannot shut out.
    pub(crate) async fn user_called(&self, typed: &str) -> Result<Option<User>, DbError> {
        let key = typed.trim().to_lowercase();
        let by = if key.contains('@') {
            "email_key = $1 ORDER BY created_at_ms, user_id LIMIT 1"
        } else {
            "name_key = $1"
        };
        one(self.reader(), by, &key).await
    }

    /// Up to `limit` users behind the name `after`, by name, whose name begins with `beginning`.
    pub(crate) async fn users(
        &self,
        beginning: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<User>, DbError> {
        let mut pattern = String::new();
        for c in beginning.trim().to_lowercase().chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern.push('%');
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM accounts_user
             WHERE deleted_at_ms IS NULL AND name_key > $1 AND name_key LIKE $2 ESCAPE '\\'
             ORDER BY name_key LIMIT $3"
        )))
        .bind(after)
        .bind(pattern)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        Ok(rows.iter().map(user_of).collect::<Result<_, _>>()?)
    }

    /// The one who has been an admin's account for longest, of those who can sign in.
    pub(crate) async fn first_admin(&self) -> Result<Option<User>, DbError> {
        one(
            self.reader(),
            "role = $1 AND suspended = 0 ORDER BY created_at_ms, user_id LIMIT 1",
            Role::Admin.name(),
        )
        .await
    }

    /// Whether there is an admin.
    pub(crate) async fn has_admin(&self) -> Result<bool, DbError> {
        let mut reader = self.reader().acquire().await?;
        Ok(admins(&mut reader).await? > 0)
    }

    /// Keeps a hash of the same password with other parameters, unless it has changed meanwhile.
    pub(crate) async fn rehash(&self, user: &User, hash: &Redacted) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query(
                    "UPDATE accounts_user SET password_hash = $1
                     WHERE user_id = $2 AND password_hash = $3",
                )
                .bind(hash.expose())
                .bind(&user.id)
                .bind(user.password_hash.expose())
                .execute(tx.conn())
                .await?;
                tx.commit().await
            })
            .await
    }
}

/// The user, unless deleted.
pub(crate) async fn get(conn: &mut AnyConnection, id: &str) -> Result<Option<User>, DbError> {
    one(conn, "user_id = $1", id).await
}

/// How many admins there are who can sign in.
pub(crate) async fn admins(conn: &mut AnyConnection) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM accounts_user
         WHERE role = 'admin' AND suspended = 0 AND deleted_at_ms IS NULL",
    )
    .fetch_one(conn)
    .await?)
}

/// Whether somebody has the name.
pub(crate) async fn is_taken(conn: &mut AnyConnection, name: &UserName) -> Result<bool, DbError> {
    let taken: i64 = sqlx::query_scalar("SELECT count(*) FROM accounts_user WHERE name_key = $1")
        .bind(name.key())
        .fetch_one(conn)
        .await?;
    Ok(taken > 0)
}

/// Adds a user. [`DbError::Conflict`] when somebody has the name.
pub(crate) async fn insert(
    conn: &mut AnyConnection,
    user: &User,
    name: &UserName,
    email: Option<&Email>,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_user (user_id, name, name_key, email, email_key, display_name,
            password_hash, role, suspended, created_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)",
    )
    .bind(&user.id)
    .bind(&user.name)
    .bind(name.key())
    .bind(user.email.as_deref())
    .bind(email.map(Email::key))
    .bind(&user.display_name)
    .bind(user.password_hash.expose())
    .bind(user.role.name())
    .bind(user.created_at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes what admins decide.
pub(crate) async fn set_standing(
    conn: &mut AnyConnection,
    id: &str,
    role: Role,
    suspended: bool,
) -> Result<(), DbError> {
    sqlx::query("UPDATE accounts_user SET role = $1, suspended = $2 WHERE user_id = $3")
        .bind(role.name())
        .bind(i64::from(suspended))
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Changes the password.
pub(crate) async fn set_password(
    conn: &mut AnyConnection,
    id: &str,
    hash: &Redacted,
) -> Result<(), DbError> {
    sqlx::query("UPDATE accounts_user SET password_hash = $1 WHERE user_id = $2")
        .bind(hash.expose())
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets who it was. The row stays, so that what they own can still be told apart; no name has a
/// `~`, so theirs is free.
pub(crate) async fn forget(conn: &mut AnyConnection, id: &str, now_ms: i64) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE accounts_user SET name = '', name_key = '~' || user_id, email = NULL,
            email_key = NULL, display_name = '', password_hash = '', role = 'viewer',
            deleted_at_ms = $1
         WHERE user_id = $2",
    )
    .bind(now_ms)
    .bind(id)
    .execute(&mut *conn)
    .await?;
    for table in ["accounts_known_address", "accounts_identity"] {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "DELETE FROM {table} WHERE user_id = $1"
        )))
        .bind(id)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Remembers that the user signed in from `place`.
pub(crate) async fn know_place(
    conn: &mut AnyConnection,
    user: &str,
    place: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_known_address (user_id, address, at_ms) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, address) DO UPDATE SET at_ms = excluded.at_ms",
    )
    .bind(user)
    .bind(place)
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}
