//! Checksums: what a client announced, what arrived, and what an assembled object has.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use crc_fast::CrcAlgorithm;
use s3s::{
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Md5},
    dto,
};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// The checksums that the protocol knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "CRC32")]
    Crc32,
    #[serde(rename = "CRC32C")]
    Crc32c,
    #[serde(rename = "CRC64NVME")]
    Crc64Nvme,
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }
}

/// How the checksum of an object made of parts comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SumKind {
    /// Of the object's bytes.
    #[serde(rename = "FULL_OBJECT")]
    Full,
    /// Of the parts' checksums.
    #[serde(rename = "COMPOSITE")]
    Composite,
}

impl SumKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

/// Checksums in base64, by algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sums(BTreeMap<Algorithm, String>);

impl Sums {
    pub(crate) fn get(&self, algorithm: Algorithm) -> Option<&str> {
        self.0.get(&algorithm).map(String::as_str)
    }

    pub(crate) fn set(&mut self, algorithm: Algorithm, sum: Option<String>) {
        if let Some(sum) = sum {
            self.0.insert(algorithm, sum);
        }
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.0.keys().copied()
    }

    /// The first algorithm for which both have a sum and the sums differ.
    pub(crate) fn contradiction(&self, other: &Self) -> Option<Algorithm> {
        self.algorithms().find(|algorithm| {
            other
                .get(*algorithm)
                .is_some_and(|sum| Some(sum) != self.get(*algorithm))
        })
    }
}

/// What the client says the content's checksums are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    pub(crate) sums: Sums,
    pub(crate) md5: Option<String>,
    /// Checksums that follow the body.
    pub(crate) trailing: Vec<Algorithm>,
}

impl Claims {
    fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.sums.algorithms().chain(self.trailing.iter().copied())
    }

    /// What an object without further wishes is kept with: what its client sent, or else the one
    /// that is cheapest and can be put together from parts.
    pub(crate) fn kept(&self) -> Algorithm {
        self.algorithms().next().unwrap_or(Algorithm::Crc64Nvme)
    }
}

/// Computes all checksums that are needed in one pass.
pub(crate) struct Digester {
    hasher: ChecksumHasher,
    md5: Option<Md5>,
}

impl Digester {
    pub(crate) fn new(claims: &Claims, kept: Algorithm) -> Self {
        let mut hasher = ChecksumHasher::default();
        for algorithm in claims.algorithms().chain([kept]) {
            match algorithm {
                Algorithm::Crc32 => hasher.crc32 = Some(s3s::crypto::Checksum::new()),
                Algorithm::Crc32c => hasher.crc32c = Some(s3s::crypto::Checksum::new()),
                Algorithm::Crc64Nvme => hasher.crc64nvme = Some(s3s::crypto::Checksum::new()),
                Algorithm::Sha1 => hasher.sha1 = Some(s3s::crypto::Checksum::new()),
                Algorithm::Sha256 => hasher.sha256 = Some(s3s::crypto::Checksum::new()),
            }
        }
        Self {
            hasher,
            md5: claims.md5.is_some().then(Md5::new),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
    }

    /// The checksums, once they were found to be those that were claimed.
    pub(crate) fn verify(self, claims: &Claims) -> Result<Sums, StoreError> {
        let sums = Sums::from(self.hasher.finalize());
        if let Some(wrong) = claims.sums.contradiction(&sums) {
            return Err(StoreError::BadDigest(wrong.name()));
        }
        let md5 = self.md5.map(|md5| BASE64_STANDARD.encode(md5.finalize()));
        if claims.md5 != md5 {
            return Err(StoreError::BadDigest("MD5"));
        }
        Ok(sums)
    }
}

impl From<dto::Checksum> for Sums {
    fn from(checksum: dto::Checksum) -> Self {
        let mut sums = Self::default();
        sums.set(Algorithm::Crc32, checksum.checksum_crc32);
        sums.set(Algorithm::Crc32c, checksum.checksum_crc32c);
        sums.set(Algorithm::Crc64Nvme, checksum.checksum_crc64nvme);
        sums.set(Algorithm::Sha1, checksum.checksum_sha1);
        sums.set(Algorithm::Sha256, checksum.checksum_sha256);
        sums
    }
}

/// One part as far as the checksum of the whole is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartSum<'a> {
    pub(crate) size: u64,
    pub(crate) sum: &'a str,
}

/// The checksum of an object from those of its parts; `None` if one of them makes no sense.
pub(crate) fn combine(
    algorithm: Algorithm,
    kind: SumKind,
    parts: &[PartSum<'_>],
) -> Option<String> {
    let raw: Vec<(u64, Vec<u8>)> = parts
        .iter()
        .map(|part| Some((part.size, BASE64_STANDARD.decode(part.sum).ok()?)))
        .collect::<Option<_>>()?;
    match kind {
        SumKind::Full => full(algorithm, &raw),
        SumKind::Composite => {
            let all: Vec<u8> = raw.into_iter().flat_map(|(_, sum)| sum).collect();
            let mut digester = Digester::new(&Claims::default(), algorithm);
            digester.update(&all);
            let sums = Sums::from(digester.hasher.finalize());
            Some(format!("{}-{}", sums.get(algorithm)?, parts.len()))
        }
    }
}

fn full(algorithm: Algorithm, parts: &[(u64, Vec<u8>)]) -> Option<String> {
    let crc = algorithm.crc()?;
    let mut parts = parts.iter().map(|(size, sum)| (*size, number(sum)));
    let (_, mut whole) = parts.next()?;
    for (size, sum) in parts {
        whole = crc_fast::checksum_combine(crc, whole, sum, size);
    }
    let bytes = whole.to_be_bytes();
    let short = algorithm != Algorithm::Crc64Nvme;
    Some(BASE64_STANDARD.encode(bytes.get(if short { 4.. } else { 0.. })?))
}

fn number(big_endian: &[u8]) -> u64 {
    big_endian
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(algorithm: Algorithm, bytes: &[u8]) -> String {
        let mut digester = Digester::new(&Claims::default(), algorithm);
        digester.update(bytes);
        let sums = digester.verify(&Claims::default()).unwrap();
        sums.get(algorithm).unwrap().to_owned()
    }

    #[test]
    fn the_whole_has_the_checksum_of_its_bytes() {
        let (first, second) = (b"All happy families ".as_slice(), b"are alike".as_slice());
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let (one, two) = (sum(algorithm, first), sum(algorithm, second));
            let parts = [
                PartSum {
                    size: first.len() as u64,
                    sum: &one,
                },
                PartSum {
                    size: second.len() as u64,
                    sum: &two,
                },
            ];
            let whole = sum(algorithm, &[first, second].concat());
            assert_eq!(combine(algorithm, SumKind::Full, &parts), Some(whole));
        }
    }

    #[test]
    fn a_hash_of_the_whole_cannot_be_told_from_parts() {
        let one = sum(Algorithm::Sha256, b"one");
        let parts = [PartSum { size: 3, sum: &one }];
        assert_eq!(combine(Algorithm::Sha256, SumKind::Full, &parts), None);
        let composite = combine(Algorithm::Sha256, SumKind::Composite, &parts).unwrap();
        assert!(composite.ends_with("-1"));
    }

    #[test]
    fn a_wrong_claim_is_found() {
        let mut claims = Claims::default();
        claims
            .sums
            .set(Algorithm::Crc32c, Some(sum(Algorithm::Crc32c, b"this")));
        let mut digester = Digester::new(&claims, Algorithm::Crc64Nvme);
        digester.update(b"that");
        assert!(matches!(
            digester.verify(&claims),
            Err(StoreError::BadDigest("CRC32C"))
        ));
    }
}
