//! What lies where: the files of a data directory, the key beside it, and the lock of its one writer.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ledger::seal::TerritoryKey;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Result, StoreError};
use crate::schema;

/// The files of one territory.
#[derive(Clone, Debug)]
pub struct Directory {
    pub root: PathBuf,
    pub code: String,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::Io { path: path.to_owned(), source }
}

impl Directory {
    /// Finds the territory that the directory holds.
    ///
    /// # Errors
    /// [`StoreError::NotADataDirectory`] if it holds none, or more than one.
    pub fn find(root: &Path) -> Result<Self> {
        let listing = fs::read_dir(root).map_err(|_| StoreError::NotADataDirectory(root.to_owned()))?;
        let mut codes: Vec<String> = listing
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Some(name.strip_prefix("territory-")?.strip_suffix(".db")?.to_owned()))
            .collect();
        match (codes.pop(), codes.is_empty()) {
            (Some(code), true) => Ok(Self { root: root.to_owned(), code }),
            _ => Err(StoreError::NotADataDirectory(root.to_owned())),
        }
    }

    /// Makes an empty directory for a new territory.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] if anything is in it.
    pub fn make(root: &Path, code: &str) -> Result<Self> {
        fs::create_dir_all(root).map_err(io(root))?;
        if fs::read_dir(root).map_err(io(root))?.next().is_some() {
            return Err(StoreError::AlreadyExists(root.to_owned()));
        }
        Ok(Self { root: root.to_owned(), code: code.to_owned() })
    }

    #[must_use]
    pub fn territory(&self) -> PathBuf {
        self.root.join(format!("territory-{}.db", self.code))
    }

    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.root.join(format!("vault-{}.db", self.code))
    }

    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join(format!("keys-{}.db", self.code))
    }

    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.root.join("control.db")
    }

    /// Every database of the territory, and the accounts' file.
    #[must_use]
    pub fn files(&self) -> [PathBuf; 4] {
        [self.territory(), self.vault(), self.keys(), self.control()]
    }

    /// Takes the writer's lock; it is held while the file is.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process writes.
    pub fn lock(&self) -> Result<File> {
        let path = self.root.join("writer.lock");
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(self.root.clone())),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { path, source }),
        }
    }
}

/// Where `init` puts the key of a data directory, and where it is looked for: beside it, so that a copy of the
/// directory is not a copy of the key.
#[must_use]
pub fn key_path(root: &Path) -> PathBuf {
    let mut name: OsString = root.as_os_str().to_owned();
    while name.to_str().is_some_and(|text| text.len() > 1 && text.ends_with('/')) {
        name = name.to_str().map(|text| text[..text.len() - 1].into()).unwrap_or_default();
    }
    name.push(".key");
    name.into()
}

/// The territory's key: from the file given, else from `WANJIA_KEY` (the key itself or a file's path), else from the
/// file beside the directory.
///
/// # Errors
/// [`StoreError::KeyMissing`] or [`StoreError::BadKey`].
pub fn find_key(root: &Path, given: Option<&Path>, variable: Option<&str>) -> Result<TerritoryKey> {
    let text = match (given, variable) {
        (Some(path), _) => fs::read_to_string(path).map_err(io(path))?,
        (None, Some(text)) if text.starts_with("wanjia-") => text.to_owned(),
        (None, Some(path)) => fs::read_to_string(path).map_err(io(Path::new(path)))?,
        (None, None) => {
            let path = key_path(root);
            fs::read_to_string(&path).map_err(|_| StoreError::KeyMissing(path))?
        }
    };
    TerritoryKey::parse(&text).map_err(|error| StoreError::BadKey(error.to_string()))
}

/// Writes a new key where only its owner can read it; never over an old one.
///
/// # Errors
/// [`StoreError::Io`], also when the file exists.
pub fn write_key(path: &Path, key: &TerritoryKey) -> Result<()> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io(path))?;
    file.write_all(key.to_text().as_bytes()).map_err(io(path))?;
    file.write_all(b"\n").map_err(io(path))?;
    file.sync_all().map_err(io(path))
}

const CACHE_KIB: i64 = 96 * 1024;

/// Opens a database for its one writer, with full durability.
///
/// # Errors
/// Those of SQLite, and of the schema gate.
pub fn open_writer(path: &Path, migrations: &[&str], create: bool) -> Result<Connection> {
    schema::check_engine()?;
    let flags = if create {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "secure_delete", "on")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "file")?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    // A log that one import made long is cut back when it starts over.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    schema::migrate(&connection, migrations)?;
    Ok(connection)
}

/// Opens a database for reading only.
///
/// # Errors
/// Those of SQLite, and of the schema gate.
pub fn open_reader(path: &Path, migrations: &[&str]) -> Result<Connection> {
    schema::check_engine()?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // A reader of a write-ahead log needs to make its shared-memory file, so the file is opened for writing and the
    // connection forbids it.
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "query_only", "on")?;
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    schema::gate(&connection, migrations)?;
    Ok(connection)
}
