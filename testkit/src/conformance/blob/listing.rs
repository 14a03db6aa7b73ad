use super::Target;

pub(super) async fn pages_follow_the_order_of_bytes(t: Target) {
    let mut keys: Vec<String> = ["a", "ab/c", "a-b", "a0", "B", "z", "é"]
        .iter()
        .map(|name| t.key(name))
        .collect();
    for key in &keys {
        t.put(key, b"x").await;
    }
    keys.sort();
    let list = || {
        t.client
            .list_objects_v2()
            .bucket(t.bucket())
            .prefix(&t.prefix)
    };

    let mut seen = Vec::new();
    let mut pages = list().max_keys(2).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.contents().len() <= 2);
        seen.extend(
            page.contents()
                .iter()
                .map(|object| object.key().unwrap().to_owned()),
        );
    }
    assert_eq!(seen, keys);

    let after = list().start_after(&keys[4]).send().await.unwrap();
    let after: Vec<&str> = after
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    assert_eq!(after, keys[5..]);

    let page = t.blobs.list(&t.key("a"), None).await.unwrap();
    assert_eq!((page.objects.len(), page.next), (4, None));
    assert_eq!(page.objects[0].size, 1);
    assert_eq!(
        page.objects[0].etag,
        t.blobs.head(&keys[1]).await.unwrap().etag
    );
}

pub(super) async fn a_delimiter_makes_folders(t: Target) {
    for name in ["a/1", "a/2", "b", "c/d/e", "c/f", "g"] {
        t.put(&t.key(name), b"x").await;
    }
    let list = || {
        t.client
            .list_objects_v2()
            .bucket(t.bucket())
            .prefix(&t.prefix)
            .delimiter("/")
    };
    let names = |max: i32| async move {
        let mut names = Vec::new();
        let mut pages = list().max_keys(max).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            let folders = page
                .common_prefixes()
                .iter()
                .filter_map(|folder| folder.prefix());
            let objects = page.contents().iter().filter_map(|object| object.key());
            let page: Vec<String> = folders.chain(objects).map(str::to_owned).collect();
            assert!(page.len() <= usize::try_from(max).unwrap());
            names.extend(page);
        }
        names.sort();
        names
    };
    let expected: Vec<String> = ["a/", "b", "c/", "g"]
        .iter()
        .map(|name| t.key(name))
        .collect();
    assert_eq!(names(1000).await, expected);
    assert_eq!(names(1).await, expected);
}

pub(super) async fn batches_are_deleted(t: Target) {
    let keys: Vec<String> = (0..30).map(|number| t.key(&format!("{number}"))).collect();
    for key in &keys {
        t.put(key, b"x").await;
    }
    t.put(&t.key("stays"), b"x").await;
    let batch = [keys.as_slice(), &[t.key("never was")]].concat();
    t.blobs.delete_many(&batch).await.unwrap();
    let left = t.blobs.list(&t.prefix, None).await.unwrap().objects;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].key, t.key("stays"));
    t.blobs.delete_many(&[]).await.unwrap();
}
