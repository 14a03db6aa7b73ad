//! Uploads in parts: stored side by side in one file where possible, see [`crate::slots`].

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use tokio::task::spawn_blocking;

use crate::{
    blob_id::BlobId,
    digest::{Digester, PartSum, SumKind, Sums, combine},
    error::StoreError,
    files::{Draft, Files},
    index::{
        Change, Complete, Condition, CreateUpload, ObjectRow, PartPlace, PartRow, PutPart,
        UploadRow,
    },
    ingest::{Settled, Sink},
    slots::SlotClaim,
    store::{Incoming, Store, receive},
};

/// The protocol's limits.
pub(crate) const MAX_PART_NUMBER: i32 = 10_000;
const MIN_PART_SIZE: u64 = 5 << 20;

/// A part as the client lists it on completion.
#[derive(Debug, Clone)]
pub(crate) struct ListedPart {
    pub(crate) number: i32,
    pub(crate) etag: String,
    pub(crate) sums: Sums,
}

/// What the client expects of the whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    pub(crate) size: Option<u64>,
    pub(crate) sums: Sums,
}

impl Store {
    pub(crate) async fn create_upload(&self, row: UploadRow) -> Result<(), StoreError> {
        self.apply(Change::CreateUpload(Box::new(CreateUpload { row })))
            .await
            .map(drop)
    }

    pub(crate) async fn upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<UploadRow, StoreError> {
        match self.index.upload(bucket, key, id).await? {
            Some(row) => Ok(row),
            None => Err(StoreError::NoSuchUpload),
        }
    }

    pub(crate) async fn put_part(
        &self,
        upload: &UploadRow,
        number: i32,
        incoming: Incoming,
    ) -> Result<PartRow, StoreError> {
        if !(1..=MAX_PART_NUMBER).contains(&number) {
            return Err(StoreError::Invalid("part numbers go from 1 to 10000"));
        }
        let (size, sums, place) =
            if let Some(claim) = self.slot(upload, number, incoming.size).await? {
                let settled = self.fill_slot(upload, claim, incoming).await?;
                (settled.size, settled.sums, PartPlace::Slot(settled.owner))
            } else {
                let settled = self.draft(upload.sum_algorithm, incoming).await?;
                (settled.size, settled.sums, PartPlace::Own(settled.owner))
            };
        let blob = match &place {
            PartPlace::Own(draft) => Some(draft.id()),
            PartPlace::Slot(_) => None,
        };
        let row = PartRow {
            number,
            blob,
            size,
            etag: blob.unwrap_or_else(BlobId::random).etag(),
            modified_ms: self.now_ms(),
            sums,
        };
        let put = PutPart {
            upload: upload.id.clone(),
            row: row.clone(),
            place,
        };
        self.apply(Change::PutPart(Box::new(put))).await?;
        Ok(row)
    }

    /// The part's slot, unless another writes there or a verified part lies in it. The claim comes
    /// before the look: it is held until the index knows the part, so nothing slips in between.
    async fn slot(
        &self,
        upload: &UploadRow,
        number: i32,
        size: Option<u64>,
    ) -> Result<Option<SlotClaim>, StoreError> {
        let claim =
            size.and_then(|size| self.slots.claim(&upload.id, upload.slot_size, number, size));
        if claim.is_none() {
            return Ok(None);
        }
        let there = self.index.parts(&upload.id, number - 1, 1).await?;
        let taken = there
            .iter()
            .any(|part| part.number == number && part.blob.is_none());
        Ok(claim.filter(|_| !taken))
    }

    async fn fill_slot(
        &self,
        upload: &UploadRow,
        claim: SlotClaim,
        incoming: Incoming,
    ) -> Result<Settled<SlotClaim>, StoreError> {
        let (files, blob) = (self.files.clone(), upload.slots_blob);
        let file = spawn_blocking(move || files.open_slots(blob)).await??;
        let digester = Digester::new(&incoming.claims, upload.sum_algorithm);
        let offset = claim.offset;
        let sink = Sink::new(claim, file, offset, digester);
        receive(sink, incoming, || Ok(())).await
    }

    /// Makes the object. Doing so again, since the answer was lost, gives the same answer.
    pub(crate) async fn complete(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        listed: &[ListedPart],
        expected: Expected,
        condition: Condition,
    ) -> Result<ObjectRow, StoreError> {
        let Some(upload) = self.index.upload(bucket, key, id).await? else {
            return self.completed_before(bucket, key, id).await;
        };
        // Before the parts are read, so that none of them can be written to afterwards.
        let completing = self.slots.complete(id);
        let stored = self.index.parts(id, 0, i64::from(MAX_PART_NUMBER)).await?;
        let chosen = choose(&stored, listed)?;
        let sum = whole_sum(&upload, &chosen, &expected)?;
        let size = chosen.iter().map(|part| part.size).sum();
        let in_slots = completing.quiet
            && chosen.len() == stored.len()
            && upload
                .slot_size
                .is_some_and(|size| side_by_side(&chosen, size));
        let draft = if in_slots {
            self.trim(&upload, size).await?;
            None
        } else {
            Some(
                self.assemble(&upload, chosen.iter().copied().cloned().collect())
                    .await?,
            )
        };
        let blob = draft.as_ref().map_or(upload.slots_blob, Draft::id);
        let row = ObjectRow {
            blob,
            size,
            etag: format!("{}-{}", blob.etag(), chosen.len()),
            modified_ms: self.now_ms(),
            sum_algorithm: upload.sum_algorithm,
            sum_kind: upload.sum_kind,
            sum,
            headers: upload.headers.clone(),
            upload: Some(upload.id.clone()),
        };
        let complete = Complete {
            upload,
            parts: stored
                .into_iter()
                .map(|part| (part.number, part.etag))
                .collect(),
            row: row.clone(),
            condition,
            draft,
        };
        match self.apply(Change::Complete(Box::new(complete))).await {
            Ok(_) => {
                self.slots.forget(id);
                Ok(row)
            }
            Err(StoreError::NoSuchUpload) => self.completed_before(bucket, key, id).await,
            Err(error) => Err(error),
        }
    }

    async fn completed_before(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<ObjectRow, StoreError> {
        let object = self.index.object(bucket, key).await?;
        object
            .filter(|row| row.upload.as_deref() == Some(id))
            .ok_or(StoreError::NoSuchUpload)
    }

    /// Cuts off what a part that was never verified may have left behind the last one.
    async fn trim(&self, upload: &UploadRow, size: u64) -> Result<(), StoreError> {
        let (files, blob) = (self.files.clone(), upload.slots_blob);
        Ok(spawn_blocking(move || {
            let file = files.open_slots(blob)?;
            file.set_len(size)?;
            file.sync_all()
        })
        .await??)
    }

    /// Copies parts into one new file; within the kernel, and by reference where it can.
    async fn assemble(&self, upload: &UploadRow, parts: Vec<PartRow>) -> Result<Draft, StoreError> {
        let (files, slots) = (self.files.clone(), upload.slots_blob);
        let slot_size = upload.slot_size.unwrap_or(0);
        Ok(spawn_blocking(move || {
            let draft = Draft::new(&files);
            let mut whole = files.create_incoming(draft.id())?;
            for part in &parts {
                let from = open_part(&files, slots, slot_size, part)?;
                let copied = io::copy(&mut from.take(part.size), &mut whole)?;
                if copied != part.size {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                }
            }
            whole.sync_data()?;
            files.sync_incoming()?;
            Ok(draft)
        })
        .await??)
    }

    pub(crate) async fn abort(&self, bucket: &str, key: &str, id: &str) -> Result<(), StoreError> {
        let change = Change::Abort {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            upload: id.to_owned(),
        };
        self.apply(change).await?;
        self.slots.forget(id);
        Ok(())
    }
}

fn open_part(files: &Files, slots: BlobId, slot_size: u64, part: &PartRow) -> io::Result<File> {
    if let Some(blob) = part.blob {
        return files.open(blob);
    }
    let mut file = files.open(slots)?;
    let before = u64::try_from(part.number - 1).map_err(io::Error::other)?;
    file.seek(SeekFrom::Start(before.saturating_mul(slot_size)))?;
    Ok(file)
}

/// The stored parts that the client lists, if they are what it believes.
fn choose<'a>(
    stored: &'a [PartRow],
    listed: &[ListedPart],
) -> Result<Vec<&'a PartRow>, StoreError> {
    if listed.is_empty() {
        return Err(StoreError::Invalid("an object has at least one part"));
    }
    if !listed.is_sorted_by(|one, next| one.number < next.number) {
        return Err(StoreError::InvalidPartOrder);
    }
    let mut chosen = Vec::with_capacity(listed.len());
    for part in listed {
        let found = stored
            .binary_search_by_key(&part.number, |row| row.number)
            .ok();
        let found = found
            .and_then(|index| stored.get(index))
            .filter(|row| row.etag == part.etag && part.sums.contradiction(&row.sums).is_none());
        chosen.push(found.ok_or(StoreError::InvalidPart(part.number))?);
    }
    let but_last = chosen.len() - 1;
    match chosen
        .iter()
        .take(but_last)
        .find(|part| part.size < MIN_PART_SIZE)
    {
        Some(part) => Err(StoreError::PartTooSmall(part.number)),
        None => Ok(chosen),
    }
}

/// Whether the parts fill a file from its beginning without a gap.
fn side_by_side(parts: &[&PartRow], slot_size: u64) -> bool {
    let but_last = parts.len().saturating_sub(1);
    parts
        .iter()
        .zip(1..)
        .all(|(part, number)| part.number == number && part.blob.is_none())
        && parts
            .iter()
            .take(but_last)
            .all(|part| part.size == slot_size)
}

fn whole_sum(
    upload: &UploadRow,
    parts: &[&PartRow],
    expected: &Expected,
) -> Result<String, StoreError> {
    let size: u64 = parts.iter().map(|part| part.size).sum();
    if expected.size.is_some_and(|expected| expected != size) {
        return Err(StoreError::Invalid(
            "the parts' sizes do not add up to the object's",
        ));
    }
    let algorithm = upload.sum_algorithm;
    let part_sums = parts.iter().map(|part| {
        let sum = part.sums.get(algorithm)?;
        Some(PartSum {
            size: part.size,
            sum,
        })
    });
    let sum = part_sums
        .collect::<Option<Vec<_>>>()
        .and_then(|parts| combine(algorithm, upload.sum_kind, &parts))
        .ok_or(StoreError::Invalid(
            "this checksum cannot be told from those of the parts",
        ))?;
    let claimed = expected.sums.get(algorithm);
    // Clients give the checksum of checksums without the number of parts as well.
    let bare = sum.split_once('-').map_or(sum.as_str(), |(bare, _)| bare);
    let composite = upload.sum_kind == SumKind::Composite;
    if claimed.is_some_and(|claimed| claimed != sum && !(composite && claimed == bare)) {
        return Err(StoreError::BadDigest(algorithm.name()));
    }
    Ok(sum)
}
