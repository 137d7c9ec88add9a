//! The sheet as pages for a pen.

use super::{Font, Sheet, SheetError};

/// Makes the pages, as the bytes of a PDF.
///
/// # Errors
/// When the font cannot be used.
pub fn write_pdf(sheet: &Sheet, font: &Font) -> Result<Vec<u8>, SheetError> {
    let _ = (sheet, font);
    Err(SheetError::Page("empty".to_owned()))
}
