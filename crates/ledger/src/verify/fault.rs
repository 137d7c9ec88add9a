use std::fmt;

use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::envelope::EnvelopeError;
use crate::series::SignatureError;

/// What is wrong with a territory's entries, and where. Positions and sequences count from 0; ids are
/// shown as UUIDs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A fact is not in canonical form.
    #[error("position {position}: {reason}")]
    NotCanonical {
        /// The entry.
        position: u64,
        /// What is wrong with its bytes.
        reason: EnvelopeError,
    },
    /// Positions do not follow one another.
    #[error(
        "position {expected} is missing: the next entry has position {found}; an entry was removed or moved"
    )]
    MissingPosition {
        /// The position that should come.
        expected: u64,
        /// The position that came.
        found: u64,
    },
    /// Facts are missing in a series.
    #[error(
        "position {position}, series {}: fact {expected} is missing, fact {found} came in its place",
        Id(series)
    )]
    Gap {
        /// The entry.
        position: u64,
        /// The device's series.
        series: [u8; 16],
        /// The sequence that should come.
        expected: u64,
        /// The sequence that came.
        found: u64,
    },
    /// Two facts stand at one place of a series.
    #[error("position {position}, series {}: there is a second fact {sequence}", Id(series))]
    Fork {
        /// The later entry.
        position: u64,
        /// The device's series.
        series: [u8; 16],
        /// The sequence that two facts have.
        sequence: u64,
    },
    /// A fact names another predecessor than the one that is there.
    #[error(
        "position {position}, series {}: fact {sequence} does not name the fact before it; one of the two was changed",
        Id(series)
    )]
    BrokenLink {
        /// The entry.
        position: u64,
        /// The device's series.
        series: [u8; 16],
        /// The sequence of the fact whose link does not hold.
        sequence: u64,
    },
    /// A stored hash is not the one that the entries make.
    #[error("position {position}: stored tree node {index} is not the one that the entry makes")]
    LeafMismatch {
        /// The last entry read.
        position: u64,
        /// The stored-hash index of the node.
        index: u64,
    },
    /// A text is no checkpoint of this log.
    #[error("{reason}")]
    Checkpoint {
        /// What is wrong with it.
        reason: CheckpointError,
    },
    /// A checkpoint came too late to be compared with the root.
    #[error(
        "the checkpoint of size {size} came after {reached} entries were read: give it sooner, or with a proof"
    )]
    CheckpointPassed {
        /// The checkpoint's size.
        size: u64,
        /// How many entries were read.
        reached: u64,
    },
    /// The entries are not those that a checkpoint was signed over.
    #[error(
        "the first {size} entries do not have the root that the checkpoint of size {size} was signed over"
    )]
    RootMismatch {
        /// The checkpoint's size.
        size: u64,
    },
    /// A checkpoint speaks of more entries than there are.
    #[error("a checkpoint of {says} entries was signed, but only {found} are here: the end was cut off")]
    LogCut {
        /// The checkpoint's size.
        says: u64,
        /// How many entries there are.
        found: u64,
    },
    /// A head's signature does not hold.
    #[error("series {}, head at fact {sequence}: {reason}", Id(series))]
    HeadSignature {
        /// The device's series.
        series: [u8; 16],
        /// The head's sequence.
        sequence: u64,
        /// What is wrong with the signature.
        reason: SignatureError,
    },
    /// A head is signed with another key than the one with which the series was founded.
    #[error(
        "series {}, head at fact {sequence}: not signed with the key with which this series was founded",
        Id(series)
    )]
    ForeignHead {
        /// The device's series.
        series: [u8; 16],
        /// The head's sequence.
        sequence: u64,
    },
    /// Two keys are said to have founded one series.
    #[error("series {}: two different keys are named as the one with which it was founded", Id(series))]
    SecondKey {
        /// The device's series.
        series: [u8; 16],
    },
    /// A head is lower than one before it, or than facts already read.
    #[error(
        "series {}: the head went back to fact {sequence} after fact {higher} was signed or read",
        Id(series)
    )]
    HeadShrinks {
        /// The device's series.
        series: [u8; 16],
        /// The head's sequence.
        sequence: u64,
        /// The higher sequence before it.
        higher: u64,
    },
    /// The fact at a head's sequence is not the one that was signed.
    #[error("series {}: the device signed another fact {sequence} than the one that is here", Id(series))]
    HeadMismatch {
        /// The device's series.
        series: [u8; 16],
        /// The head's sequence.
        sequence: u64,
    },
    /// A head speaks of more facts than its series has.
    #[error(
        "series {}: the device signed up to fact {says}, but only {found} facts are here: the end was cut off",
        Id(series)
    )]
    TailCut {
        /// The device's series.
        series: [u8; 16],
        /// The sequence of the last head.
        says: u64,
        /// How many facts the series has.
        found: u64,
    },
    /// Facts follow the last signed head of their series.
    #[error(
        "series {}: the device signed up to fact {says}, but {found} facts are here: the last ones are unsigned",
        Id(series)
    )]
    Unsigned {
        /// The device's series.
        series: [u8; 16],
        /// The sequence of the last head.
        says: u64,
        /// How many facts the series has.
        found: u64,
    },
    /// Sealed content is not what the fact commits to.
    #[error("position {position}: the sealed content of {} is not the one that the fact names", Id(owner))]
    ContentMismatch {
        /// The entry.
        position: u64,
        /// Whose content it is.
        owner: [u8; 16],
    },
    /// Sealed content is gone, and no erasure says why.
    #[error("position {position}: the sealed content of {} is gone, and no erasure explains it", Id(owner))]
    ContentMissing {
        /// The entry.
        position: u64,
        /// Whose content it is.
        owner: [u8; 16],
    },
}

impl Fault {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NotCanonical { position, reason } => format!("位置 {position}：{}", reason.zh()),
            Self::MissingPosition { expected, found } => {
                format!("缺少位置 {expected}：下一条的位置是 {found}，有记录被删除或移动")
            }
            Self::Gap { position, series, expected, found } => {
                format!(
                    "位置 {position}，序列 {}：缺少第 {expected} 号记录，接上来的是第 {found} 号",
                    Id(series)
                )
            }
            Self::Fork { position, series, sequence } => {
                format!("位置 {position}，序列 {}：出现了第二条第 {sequence} 号记录", Id(series))
            }
            Self::BrokenLink { position, series, sequence } => format!(
                "位置 {position}，序列 {}：第 {sequence} 号记录与它前一条不衔接，两条之一被改动过",
                Id(series)
            ),
            Self::LeafMismatch { position, index } => {
                format!("位置 {position}：存储的树节点 {index} 与记录算出的不一致")
            }
            Self::Checkpoint { reason } => reason.zh(),
            Self::CheckpointPassed { size, reached } => {
                format!("大小为 {size} 的检查点来得太晚，已读到第 {reached} 条：请提前给出，或附上证明")
            }
            Self::RootMismatch { size } => {
                format!("前 {size} 条记录算出的树根与大小为 {size} 的检查点所签的不一致")
            }
            Self::LogCut { says, found } => {
                format!("检查点签到了 {says} 条记录，这里只有 {found} 条：末尾被截断")
            }
            Self::HeadSignature { series, sequence, reason } => {
                format!("序列 {}，第 {sequence} 号的序列头：{}", Id(series), reason.zh())
            }
            Self::ForeignHead { series, sequence } => {
                format!("序列 {}，第 {sequence} 号的序列头：签名用的不是该序列登记时的密钥", Id(series))
            }
            Self::SecondKey { series } => format!("序列 {}：登记了两个不同的密钥", Id(series)),
            Self::HeadShrinks { series, sequence, higher } => {
                format!("序列 {}：已签或已读到第 {higher} 号，序列头却退回到第 {sequence} 号", Id(series))
            }
            Self::HeadMismatch { series, sequence } => {
                format!("序列 {}：设备所签的第 {sequence} 号记录不是这里的这一条", Id(series))
            }
            Self::TailCut { series, says, found } => {
                format!("序列 {}：设备签到了第 {says} 号，这里只有 {found} 条：末尾被截断", Id(series))
            }
            Self::Unsigned { series, says, found } => {
                format!("序列 {}：设备只签到第 {says} 号，这里却有 {found} 条：末尾几条没有签名", Id(series))
            }
            Self::ContentMismatch { position, owner } => {
                format!("位置 {position}：{} 的密封内容与记录所载不符", Id(owner))
            }
            Self::ContentMissing { position, owner } => {
                format!("位置 {position}：{} 的密封内容不见了，没有任何删除记录可以解释", Id(owner))
            }
        }
    }
}

/// An id as a UUID is written.
struct Id<'a>(&'a [u8; 16]);

impl fmt::Display for Id<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                formatter.write_str("-")?;
            }
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}
