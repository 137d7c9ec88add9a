//! Programmes: from a pack's folder to a published version, and back from the ledger.

use std::path::Path;

use domain::state::{Book, Edition};
use domain::time::{Day, to_day};
use programme::{Finding, Programme, archive, scenario};
use store::Reader;

use super::failure::{Failure, Result};
use super::pack_files::read_pack_files;

/// The most that a pack's canonical bytes may be: they are read whole by whoever rebuilds the views.
const MOST_BYTES: usize = 4 << 20;

/// A pack without mistakes, as it would be published.
#[derive(Debug)]
pub struct Edited {
    pub programme: std::sync::Arc<Programme>,
    pub pack: Vec<u8>,
    pub from: Day,
    pub sunset: Day,
}

/// Reads the pack in a folder and runs its own tests. The inner error is every mistake in it.
///
/// # Errors
/// If the folder cannot be read, or holds too much.
pub fn read_edited(path: &Path) -> Result<std::result::Result<Edited, Vec<Finding>>> {
    let files = read_pack_files(path)?;
    let programme = match programme::check(&files) {
        Ok(programme) => programme,
        Err(findings) => return Ok(Err(findings)),
    };
    let report = scenario::run(&programme);
    if !report.failures.is_empty() {
        return Ok(Err(report.failures));
    }
    // Neither can be missing in a pack without mistakes.
    let (Some(pack), Some(from), Some(sunset)) =
        (archive::encode(&files), programme.manifest.in_force, programme.manifest.sunset)
    else {
        return Err(Failure::new(
            "broken",
            "专项方案没有生效日或失效日",
            "the pack does not say from when until when it is in force",
        ));
    };
    if pack.len() > MOST_BYTES {
        let mib = MOST_BYTES >> 20;
        return Err(Failure::new(
            "too_much",
            format!("专项方案共 {} 字节，至多 {mib} MiB：样例请放在 samples/，不随专项方案发布", pack.len()),
            format!(
                "the pack has {} bytes, {mib} MiB at most: put samples into samples/, they are not published",
                pack.len()
            ),
        ));
    }
    Ok(Ok(Edited {
        programme: std::sync::Arc::new(programme),
        pack,
        from: to_day(from),
        sunset: to_day(sunset),
    }))
}

/// What stands in the way of publishing a version beside those that are there.
///
/// # Errors
/// `version_published` and `same_day`.
pub fn check_place(book: &Book, new: &Edited, digest: &[u8; 32]) -> Result<Place> {
    let manifest = &new.programme.manifest;
    if let Some(edition) = book.edition(&manifest.code, &manifest.version) {
        if edition.digest == *digest {
            return Ok(Place::Published);
        }
        return Err(store::StoreError::Refused(store::packs::version_published(
            &manifest.code,
            &manifest.version,
        ))
        .into());
    }
    let own = || book.editions.iter().filter(|edition| edition.programme == manifest.code);
    if let Some(twin) = own().find(|edition| edition.from == new.from) {
        let day = domain::time::from_day(new.from);
        return Err(Failure::new(
            "same_day",
            format!("版本 {} 也从 {day} 起生效：那天用哪一个说不清，请改 in_force", twin.version),
            format!(
                "version {} is in force from {day} too: nobody could say which holds; change in_force",
                twin.version
            ),
        ));
    }
    let before = own().filter(|edition| edition.from < new.from).max_by_key(|edition| edition.from);
    Ok(Place::After(before.cloned()))
}

/// Where a version would stand.
#[derive(Debug)]
pub enum Place {
    /// It is there already, with these very bytes.
    Published,
    /// After this one, or as the first.
    After(Option<Edition>),
}

/// The programme that was published.
///
/// # Errors
/// `pack_unreadable` if this program does not read the pack, and those of the storage.
pub fn programme_of(reader: &Reader, edition: &Edition) -> Result<Programme> {
    let bytes = reader.pack(&edition.digest)?;
    let files = bytes.as_deref().and_then(archive::decode);
    let programme = files.and_then(|files| programme::read(&files).ok());
    programme.ok_or_else(|| unreadable(&edition.programme, &edition.version, &edition.digest))
}

fn unreadable(programme: &str, version: &str, digest: &[u8; 32]) -> Failure {
    store::StoreError::Refused(store::packs::pack_unreadable(programme, version, digest)).into()
}
