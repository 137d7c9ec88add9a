//! What can go wrong in a data directory. Each says what happened, where, and what to do, in two languages.

use std::path::PathBuf;

/// An error of the store. `Display` is English; [`StoreError::chinese`] says the same in Chinese.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}", database(.0).0)]
    Database(#[from] rusqlite::Error),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{0} holds no wanjia territory; make one with `wanjia init --data {0}`")]
    NotADataDirectory(PathBuf),
    #[error("{0} exists already and is not empty; choose another folder, nothing was changed")]
    AlreadyExists(PathBuf),
    #[error(
        "{0} is being written by another wanjia process (a running server, or an import); stop it or wait"
    )]
    InUse(PathBuf),
    #[error(
        "the schema is version {found}, this program knows {known}; use a program of that version or newer, nothing was changed"
    )]
    Schema { found: i64, known: i64 },
    #[error("SQLite {0} is older than 3.51.3 and can lose writes; build with the bundled one")]
    OldEngine(String),
    #[error("no key: give --key FILE or WANJIA_KEY, or put the key file at {0}")]
    KeyMissing(PathBuf),
    #[error("the key does not belong to this data directory; it was made for another territory")]
    WrongKey,
    #[error("the key cannot be read: {0}")]
    BadKey(String),
    #[error("the ledger's own bytes do not read: {0}; run `wanjia verify`")]
    Damaged(String),
    #[error("sealed content cannot be opened: {0}")]
    Seal(String),
    #[error("{0}")]
    Refused(Refusal),
}

/// A command that the present state does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en)
    }
}

impl StoreError {
    pub fn refused(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Refused(Refusal { code, zh: zh.into(), en: en.into() })
    }

    /// The message for a Chinese reader.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Self::Database(source) => database(source).1,
            Self::Io { path, source } => format!("{}：{source}", path.display()),
            Self::NotADataDirectory(path) => {
                format!("{0} 里没有万家的数据；先运行 wanjia init --data {0}", path.display())
            }
            Self::AlreadyExists(path) => {
                format!("{} 已经存在且不是空的；请换一个目录，没有改动任何内容", path.display())
            }
            Self::InUse(path) => {
                format!("{} 正被另一个万家进程写入（运行中的服务或导入）；请先停止它或稍候", path.display())
            }
            Self::Schema { found, known } => {
                format!(
                    "数据版本是 {found}，本程序认识 {known}；请使用相同或更新版本的程序，没有改动任何内容"
                )
            }
            Self::OldEngine(version) => {
                format!("SQLite {version} 早于 3.51.3，可能丢失写入；请使用自带的版本")
            }
            Self::KeyMissing(path) => {
                format!(
                    "没有密钥：请用 --key 文件 或环境变量 WANJIA_KEY，或把密钥文件放在 {}",
                    path.display()
                )
            }
            Self::WrongKey => "密钥不属于这个数据目录，是为另一个辖区生成的".into(),
            Self::BadKey(why) => format!("密钥读不出来：{why}"),
            Self::Damaged(why) => format!("账本内容读不出来：{why}；请运行 wanjia verify"),
            Self::Seal(why) => format!("密封的内容打不开：{why}"),
            Self::Refused(refusal) => refusal.zh.clone(),
        }
    }
}

/// What a person reads of the database's own error, in English and in Chinese.
fn database(source: &rusqlite::Error) -> (String, String) {
    use rusqlite::ErrorCode;
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => (
            format!(
                "the disk is full or fails ({source}); nothing of this was kept, make room and do it again"
            ),
            format!("磁盘已满或出错（{source}）；本次内容没有写入，请腾出空间后重做"),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            format!(
                "a file of the data directory is damaged ({source}); run `wanjia verify`, restore a backup"
            ),
            format!("数据目录里的文件已损坏（{source}）；请运行 wanjia verify，并从备份恢复"),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            format!("another process holds the database ({source}); wait and do it again"),
            format!("数据库被另一个进程占用（{source}）；请稍候重做"),
        ),
        _ => (format!("the database refused: {source}"), format!("数据库拒绝了操作：{source}")),
    }
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;
