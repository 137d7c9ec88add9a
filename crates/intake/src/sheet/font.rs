//! The font of the paper. It must hold Chinese; only the characters used are put into the file.

use std::path::PathBuf;
use std::sync::Arc;

use skrifa::raw::FileRef;
use skrifa::{MetadataProvider, string::StringId};

/// The bytes of a font file and which font in it.
#[derive(Clone)]
pub struct Font {
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) index: u32,
}

/// Why there is no font.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    #[error("no Chinese font was found; install one: apt-get install fonts-noto-cjk (looked at {looked_at})")]
    NotFound { looked_at: String },
    #[error("the font file holds no usable font")]
    Unusable,
    #[error("the font has no Chinese characters")]
    NoHan,
}

impl FontError {
    /// What went wrong and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NotFound { looked_at } => {
                format!("没有找到中文字体，请安装：apt-get install fonts-noto-cjk（找过：{looked_at}）")
            }
            Self::Unusable => "字体文件用不了".to_owned(),
            Self::NoHan => "这个字体里没有中文".to_owned(),
        }
    }
}

impl Font {
    /// Takes a font file (TTF, OTF, or a collection, from which the one for simplified Chinese is chosen).
    ///
    /// # Errors
    /// When it is no font or holds no Chinese.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, FontError> {
        let index = match FileRef::new(&bytes).map_err(|_| FontError::Unusable)? {
            FileRef::Font(_) => 0,
            FileRef::Collection(fonts) => {
                let simplified = |index: &u32| {
                    fonts.get(*index).is_ok_and(|font| {
                        font.localized_strings(StringId::FAMILY_NAME)
                            .chain(font.localized_strings(StringId::POSTSCRIPT_NAME))
                            .any(|name| {
                                let name: String = name.chars().collect();
                                name.ends_with(" SC") || name.contains("SC-")
                            })
                    })
                };
                (0..fonts.len()).find(simplified).unwrap_or(0)
            }
        };
        let font = skrifa::FontRef::from_index(&bytes, index).map_err(|_| FontError::Unusable)?;
        if font.charmap().map('栋').is_none() {
            return Err(FontError::NoHan);
        }
        Ok(Self { bytes: Arc::new(bytes), index })
    }
}

const PLACES: [&str; 8] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Medium.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/source-han-sans/SourceHanSansSC-Regular.otf",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
];

/// Finds a Chinese font where Debian and its relatives put them.
///
/// # Errors
/// When there is none; the error names the package to install.
pub fn find_font() -> Result<Font, FontError> {
    for place in PLACES.map(PathBuf::from) {
        if let Ok(bytes) = std::fs::read(&place)
            && let Ok(font) = Font::from_bytes(bytes)
        {
            return Ok(font);
        }
    }
    Err(FontError::NotFound { looked_at: PLACES.join(", ") })
}
