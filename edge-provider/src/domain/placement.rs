//! Which edges hold a film: rendezvous hashing, so that an edge that comes or goes moves only the
//! films it gains or loses.

use schemas::VideoId;
use sha2::{Digest as _, Sha256};

/// The edges of `candidates` that `video` belongs on, best first, `replicas` at most.
pub(crate) fn place<'a, E>(
    video: &VideoId,
    candidates: impl IntoIterator<Item = &'a E>,
    id: impl Fn(&E) -> &str,
    replicas: usize,
) -> Vec<&'a E> {
    let mut weighed: Vec<_> = candidates
        .into_iter()
        .map(|edge| (weight(video, id(edge)), edge))
        .collect();
    weighed.sort_by(|(a, _), (b, _)| b.cmp(a));
    weighed
        .into_iter()
        .take(replicas)
        .map(|(_, edge)| edge)
        .collect()
}

/// The same on every process and version, unlike the standard library's hashers.
fn weight(video: &VideoId, edge: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(video.as_str())
        .chain_update([0])
        .chain_update(edge)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(video: &VideoId, edges: &[String], replicas: usize) -> Vec<String> {
        let placed = place(video, edges, String::as_str, replicas);
        placed.into_iter().cloned().collect()
    }

    #[test]
    fn losing_an_edge_moves_only_its_films() {
        let edges: Vec<_> = (0..5).map(|n| format!("edge-{n}")).collect();
        let fewer: Vec<_> = edges.iter().take(4).cloned().collect();
        let mut hit = 0;
        for _ in 0..200 {
            let video = VideoId::random(&mut rand::rng());
            let before = placed(&video, &edges, 2);
            let after = placed(&video, &fewer, 2);
            assert_eq!(before.len(), 2);
            let lost: Vec<_> = before.iter().filter(|edge| !after.contains(edge)).collect();
            assert!(lost.iter().all(|edge| *edge == "edge-4"));
            hit += lost.len();
        }
        assert!(
            (40..120).contains(&hit),
            "{hit} of 400 copies were on one edge of five"
        );
    }
}
