//! Who meets which film.

use platform_bus::Topic;
use schemas::VideoId;
use schemas::v1::AccountChanged;
use schemas::v1::event::Payload;
use serde_json::{Value, json};
use testkit::services::{from_gateway_for, somebody};
use testkit::stage::eventually;

use super::common::{Service, listed, live, started};
use super::start;

/// What `who` is answered at `path`.
pub(super) async fn asked(service: &Service, who: Option<&str>, path: &str) -> (u16, Value) {
    let request = service.http.get(format!("{}{path}", service.base));
    let request = from_gateway_for(request, who.map(somebody));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub(super) async fn edits(
    service: &Service,
    who: &str,
    video: &VideoId,
    body: &Value,
) -> (u16, Value) {
    let url = format!("{}/api/videos/{video}", service.base);
    let request = from_gateway_for(service.http.patch(url), Some(somebody(who)));
    let answer = request.json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub(super) async fn called(service: &Service, user: &str, name: &str) {
    let changed = AccountChanged {
        user: user.to_owned(),
        name: name.to_owned(),
    };
    let payload = Payload::AccountChanged(changed);
    service.publish(Topic::Accounts, user, payload).await;
}

/// Where each of `who` meets the film: its page, browsing, the channel, a tag, search, what is shared
/// with them, among their own.
pub(super) async fn met(service: &Service, who: Option<&str>, video: &VideoId) -> String {
    let mut met = String::new();
    for (mark, path) in [
        ('p', format!("/api/videos/{video}")),
        ('b', "/api/videos".to_owned()),
        ('c', "/api/videos?owner=ada".to_owned()),
        ('t', "/api/videos?tag=holiday".to_owned()),
        ('g', "/api/videos?category=travel".to_owned()),
        ('l', "/api/videos?language=de".to_owned()),
        ('s', "/api/search?q=secret".to_owned()),
        ('w', "/api/videos?state=shared".to_owned()),
        ('o', "/api/videos?state=all".to_owned()),
        ('f', "/api/search?q=holiday&among=own".to_owned()),
    ] {
        let (status, body) = asked(service, who, &path).await;
        let page = status == 200 && body.get("title") == Some(&json!("Secret"));
        if page || listed(&body).contains(&"Secret") {
            met.push(mark);
        }
    }
    met
}

/// A private film of ada's, called "Secret".
pub(super) async fn secret(service: &Service) -> VideoId {
    called(service, "ada", "Ada").await;
    called(service, "bob", "Bob").await;
    let video = VideoId::random(&mut rand::rng());
    let mut began = started(&video, "Secret");
    if let Payload::UploadStarted(began) = &mut began {
        "ada".clone_into(&mut began.owner);
        began.visibility = schemas::v1::Visibility::Private.into();
    }
    service.tell(Topic::Videos, &video, began).await;
    service.tell(Topic::Videos, &video, live(&video)).await;
    let path = format!("/api/videos/{video}");
    eventually("the film is live", async || {
        let (_, body) = asked(service, Some("ada"), &path).await;
        (body.get("state") == Some(&json!("live")))
            .then_some(())
            .ok_or(body)
    })
    .await;
    video
}

#[tokio::test]
async fn a_film_is_met_by_those_whom_its_owner_chose_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = secret(&service).await;
    let about = json!({"tags": ["#Holiday"], "category": "travel", "language": "de"});
    let (status, edited) = edits(&service, "ada", &video, &about).await;
    assert_eq!((status, &edited["tags"]), (200, &json!(["holiday"])));

    let shared = json!({"visibility": "shared", "shared_with": ["bob"]});
    for (change, stranger, eve, bob, ada) in [
        (json!({"visibility": "private"}), "", "", "", "pof"),
        (json!({"visibility": "unlisted"}), "p", "p", "p", "pof"),
        (shared.clone(), "", "", "pw", "pof"),
        (
            json!({"visibility": "public"}),
            "pbctgls",
            "pbctgls",
            "pbctgls",
            "pbctglsof",
        ),
        (shared, "", "", "pw", "pof"),
        (json!({"shared_with": []}), "", "", "", "pof"),
        (
            json!({"visibility": "public"}),
            "pbctgls",
            "pbctgls",
            "pbctgls",
            "pbctglsof",
        ),
        (json!({"visibility": "private"}), "", "", "", "pof"),
    ] {
        let (status, body) = edits(&service, "ada", &video, &change).await;
        assert_eq!(status, 200, "{change}: {body}");
        // Rows are right at once, the index a moment later.
        for (who, expected) in [
            (None, stranger),
            (Some("eve"), eve),
            (Some("bob"), bob),
            (Some("ada"), ada),
        ] {
            eventually(
                &format!("{who:?} meets the film as {change} says"),
                async || {
                    let met = met(&service, who, &video).await;
                    (met == expected).then_some(()).ok_or(met)
                },
            )
            .await;
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn to_others_it_is_not_there_and_those_with_whom_it_is_shared_do_not_own_it() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = secret(&service).await;
    let path = format!("/api/videos/{video}");
    let (status, problem) = edits(&service, "eve", &video, &json!({"title": "Mine"})).await;
    assert_eq!(
        (status, &problem["type"]),
        (404, &json!("/problems/not-found"))
    );
    let again = json!({"visibility": "shared", "shared_with": ["BOB"]});
    let (_, shown) = edits(&service, "ada", &video, &again).await;
    assert_eq!(
        (&shown["shared_with"], &shown["owner_name"]),
        (&json!(["Bob"]), &json!("Ada"))
    );
    let (_, shown) = asked(&service, Some("bob"), &path).await;
    assert_eq!(shown["may"], json!({"edit": false, "delete": false}));
    assert!(shown.get("shared_with").is_none(), "{shown}");
    assert_eq!(
        edits(&service, "bob", &video, &json!({"title": "Mine"}))
            .await
            .0,
        403
    );
    for wrong in [
        json!({"visibility": "secret"}),
        json!({"shared_with": ["nobody-of-this-name"]}),
        json!({"tags": ["a,b"]}),
        json!({"category": "nonsense"}),
        json!({"language": "Deutsch"}),
        json!({"owner": "eve"}),
    ] {
        assert_eq!(
            edits(&service, "ada", &video, &wrong).await.0,
            400,
            "{wrong}"
        );
    }
    service.stop().await;
}
