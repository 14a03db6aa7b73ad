//! Hashes of passwords, as they are stored.

use argon2::password_hash::PasswordHasher as _;
use argon2::{Argon2, Params};
use platform_db::Db;

use crate::common::{PASSWORD, Service, open};

async fn stored(db: &Db, name: &str) -> String {
    sqlx::query_scalar("SELECT password_hash FROM accounts_user WHERE name_key = $1")
        .bind(name)
        .fetch_one(db.reader())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_stored_hash_has_the_cost_that_is_asked_for_and_a_cheaper_one_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let costs = "$argon2id$v=19$m=19456,t=2,p=1$";
    assert!(stored(&service.db, "ada").await.starts_with(costs));

    let cheap = Argon2::from(Params::new(64, 1, 1, None).unwrap());
    let hash = cheap
        .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
        .unwrap();
    let hash = hash.to_string();
    let hash = &hash;
    service
        .db
        .write(|mut tx| async move {
            sqlx::query("UPDATE accounts_user SET password_hash = $1")
                .bind(hash)
                .execute(tx.conn())
                .await?;
            tx.commit().await
        })
        .await
        .unwrap();
    assert_eq!(ada.sign_in("ada", "guessed it").await.status, 401);
    assert_eq!(&stored(&service.db, "ada").await, hash);
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status, 200);
    assert!(stored(&service.db, "ada").await.starts_with(costs));
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status, 200);
    service.stop().await;
}
