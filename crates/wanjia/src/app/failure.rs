//! A use-case that could not be done: why, and what to do, in Chinese and in English.

use std::io::ErrorKind;
use std::path::Path;

use intake::{HeaderError, TableError};
use store::StoreError;

/// What a person reads when a command is refused as a whole. Refused rows are not failures: they are counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{en}")]
pub struct Failure {
    /// For programs.
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, zh: zh.into(), en: en.into() }
    }

    /// A file that could not be read or written.
    #[must_use]
    pub fn file(path: &Path, error: &std::io::Error) -> Self {
        let path = path.display();
        Self::new("file", format!("文件 {path}：{}", in_chinese(error)), format!("{path}: {error}"))
    }
}

/// What the system says, where it is one of the things that happen.
#[must_use]
pub fn in_chinese(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "没有这个文件或文件夹".to_owned(),
        ErrorKind::PermissionDenied => "没有权限".to_owned(),
        ErrorKind::IsADirectory => "这是文件夹，不是文件".to_owned(),
        ErrorKind::NotADirectory => "路径中间的一段不是文件夹".to_owned(),
        ErrorKind::StorageFull => "磁盘满了".to_owned(),
        ErrorKind::AddrInUse => "这个端口已被占用".to_owned(),
        ErrorKind::AddrNotAvailable => "本机没有这个地址".to_owned(),
        _ => error.to_string(),
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Refused(refusal) => refusal.code,
            StoreError::InUse(_) => "in_use",
            StoreError::NotADataDirectory(_) => "not_a_data_directory",
            StoreError::AlreadyExists(_) => "already_exists",
            StoreError::KeyMissing(_) | StoreError::WrongKey | StoreError::BadKey(_) => "key",
            StoreError::Schema { .. } => "schema",
            _ => "store",
        };
        Self::new(code, error.chinese(), error.to_string())
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::new(error.code(), error.zh(), error.en())
    }
}

impl From<HeaderError> for Failure {
    fn from(error: HeaderError) -> Self {
        Self::new("header", error.zh(), error.en())
    }
}
