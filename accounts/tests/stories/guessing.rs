//! Whoever guesses passwords waits and learns nothing, and nobody else does.

use std::time::Duration;

use tokio::time::Instant;

use crate::common::{PASSWORD, Service, open};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    service.newcomer("ada", "192.0.2.1").await;
    let wrong = service
        .browser("192.0.2.2")
        .sign_in("ada", "guessed it")
        .await;
    let unknown = service
        .browser("192.0.2.3")
        .sign_in("bob", "guessed it")
        .await;
    let mail = service
        .browser("192.0.2.4")
        .sign_in("bob@example.org", "guessed it")
        .await;
    assert_eq!(wrong.status, 401);
    for other in [unknown, mail] {
        assert_eq!((wrong.status, &wrong.text), (other.status, &other.text));
        assert_eq!(wrong.headers, other.headers);
    }
    service.stop().await;
}

/// Without the hash for unknown names their answer would come in a fraction of the time. Medians of
/// interleaved pairs are compared, with a bound that a busy machine keeps and such a mistake does not.
#[tokio::test]
async fn both_take_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    service.newcomer("ada", "192.0.2.1").await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..40 {
        // Whoever waits five minutes and comes from elsewhere is not slowed down.
        service.clock.advance_ms(5 * 60 * 1000);
        for (name, times) in [("ada", &mut known), ("bob", &mut unknown)] {
            let mut browser = service.browser(&format!("192.0.2.{}", n + 2));
            let start = Instant::now();
            assert_eq!(browser.sign_in(name, "guessed it").await.status, 401);
            times.push(start.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let (known, unknown) = (median(&mut known), median(&mut unknown));
    let apart = known.abs_diff(unknown);
    assert!(apart < known.min(unknown) / 2, "{known:?} and {unknown:?}");
    service.stop().await;
}

#[tokio::test]
async fn guessing_one_account_slows_down_and_never_shuts_its_owner_out() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let mut tries = 0;
    let mut last = None;
    for n in 0..40 {
        // Each guess from another address.
        let mut bot = service.browser(&format!("198.51.100.{n}"));
        let answer = bot.sign_in("ada", "guessed it").await;
        match answer.status {
            401 => tries += 1,
            429 => last = answer.header("retry-after").map(str::to_owned),
            other => panic!("{other} {}", answer.text),
        }
    }
    assert_eq!((tries, last.as_deref()), (5, Some("2")));
    // Even the right password waits where she has never been, and not where she has.
    let mut elsewhere = service.browser("203.0.113.1");
    assert_eq!(elsewhere.sign_in("ada", PASSWORD).await.status, 429);
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status, 200);
    service.clock.advance_ms(5 * 60 * 1000);
    assert_eq!(elsewhere.sign_in("ada", PASSWORD).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn guessing_many_accounts_from_one_address_slows_down() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut tries = 0;
    // One try each second for five minutes, from one customer's many addresses.
    for n in 0..300 {
        let mut bot = service.browser(&format!("2001:db8::{n:x}"));
        let answer = bot.sign_in(&format!("user{n}"), "guessed it").await;
        tries += i32::from(answer.status == 401);
        service.clock.advance_ms(1000);
    }
    assert!((5..=15).contains(&tries), "{tries}");
    service.stop().await;
}

#[tokio::test]
async fn many_guesses_at_the_same_moment_are_counted_before_they_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    service.newcomer("ada", "192.0.2.1").await;
    let guesses = (0..60).map(|n| {
        let mut bot = service.browser(&format!("198.51.100.{n}"));
        async move { bot.sign_in("ada", "guessed it").await.status }
    });
    let answers = futures_util::future::join_all(guesses).await;
    let tries = answers.iter().filter(|status| **status == 401).count();
    assert!((5..=15).contains(&tries), "{answers:?}");
    service.stop().await;
}
