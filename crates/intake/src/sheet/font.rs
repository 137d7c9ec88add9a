//! The font of the paper. It must hold Chinese; only the characters used are put into the file.

use std::sync::Arc;

use skrifa::raw::FileRef;
use skrifa::{MetadataProvider, string::StringId};

/// One font in a font file.
#[derive(Clone)]
pub(super) struct Face {
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) index: u32,
}

/// A font that holds Chinese, with a bold one beside it when there is one.
#[derive(Clone)]
pub struct Font {
    pub(super) regular: Face,
    pub(super) bold: Option<Face>,
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
        Ok(Self { regular: Face::from_bytes(bytes)?, bold: None })
    }

    /// Adds a bold font for headings and room numbers.
    ///
    /// # Errors
    /// As [`Font::from_bytes`].
    pub fn with_bold(self, bytes: Vec<u8>) -> Result<Self, FontError> {
        Ok(Self { bold: Some(Face::from_bytes(bytes)?), ..self })
    }
}

impl Face {
    fn from_bytes(bytes: Vec<u8>) -> Result<Self, FontError> {
        let index = match FileRef::new(&bytes).map_err(|_| FontError::Unusable)? {
            FileRef::Font(_) => 0,
            FileRef::Collection(fonts) => {
                let simplified = |index: &u32| {
                    fonts.get(*index).is_ok_and(|font| {
                        font.localized_strings(StringId::FAMILY_NAME)
                            .any(|name| name.chars().collect::<String>().ends_with(" SC"))
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

/// Regular fonts and the bold ones that go with them.
const PLACES: [(&str, Option<&str>); 6] = [
    (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
    ),
    (
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc"),
    ),
    (
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc"),
    ),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", None),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", None),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", None),
];

/// Finds a Chinese font where Debian and its relatives put them.
///
/// # Errors
/// When there is none; the error names the package to install.
pub fn find_font() -> Result<Font, FontError> {
    for (regular, bold) in PLACES {
        let Ok(font) =
            std::fs::read(regular).map_err(drop).and_then(|bytes| Font::from_bytes(bytes).map_err(drop))
        else {
            continue;
        };
        let bold =
            bold.and_then(|bold| std::fs::read(bold).ok()).and_then(|bytes| Face::from_bytes(bytes).ok());
        return Ok(Font { bold, ..font });
    }
    Err(FontError::NotFound { looked_at: PLACES.map(|(regular, _)| regular).join(", ") })
}
