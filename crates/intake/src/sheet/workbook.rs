//! The sheet as a workbook to be typed into.

use rust_xlsxwriter::{DataValidation, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use super::{Sheet, SheetError, outcome_word};
use crate::header::Column;
use crate::message::Lang;

/// The columns, in the order in which `import visits` documents them, with their widths in characters.
const COLUMNS: [(Column, f64); 10] = [
    (Column::AreaCode, 16.0),
    (Column::Building, 10.0),
    (Column::Unit, 8.0),
    (Column::Room, 10.0),
    (Column::At, 19.0),
    (Column::Outcome, 11.0),
    (Column::Light, 8.0),
    (Column::Worker, 10.0),
    (Column::RecheckOn, 13.0),
    (Column::Note, 30.0),
];

/// Makes the workbook, as bytes.
///
/// # Errors
/// When there are more doors than a sheet has rows.
pub fn write_xlsx(sheet: &Sheet) -> Result<Vec<u8>, SheetError> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name(sheet.lang.pick("走访", "visits"))?;
    set_up_print(page, sheet)?;
    let text = Format::new()
        .set_num_format("@")
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter);
    let time = text.clone().set_num_format("yyyy-mm-dd hh:mm");
    let day = text.clone().set_num_format("yyyy-mm-dd");
    let heading = text.clone().set_bold().set_background_color(0x00E8_EEF2).set_align(FormatAlign::Center);
    for (index, (column, width)) in (0_u16..).zip(COLUMNS) {
        page.set_column_width(index, width)?;
        page.write_string_with_format(0, index, sheet.lang.pick(column.zh(), column.en()), &heading)?;
    }
    page.set_row_height(0, 24)?;
    for (row, door) in (1_u32..).zip(&sheet.doors) {
        page.set_row_height(row, 22)?;
        let known = [&door.area_code, &door.building, &door.unit, &door.room];
        for (index, cell) in (0_u16..).zip(known) {
            page.write_string_with_format(row, index, cell, &text)?;
        }
        for (index, (column, _)) in (0_u16..).zip(COLUMNS).skip(known.len()) {
            match column {
                Column::At => page.write_blank(row, index, &time)?,
                Column::RecheckOn => page.write_blank(row, index, &day)?,
                Column::Worker => page.write_string_with_format(row, index, &sheet.worker, &text)?,
                _ => page.write_blank(row, index, &text)?,
            };
        }
    }
    let last = u32::try_from(sheet.doors.len()).unwrap_or(u32::MAX).max(1);
    let outcomes: Vec<&str> = (0..7).map(|outcome| outcome_word(outcome, sheet.lang)).collect();
    page.add_data_validation(1, 5, last, 5, &list(&outcomes, sheet.lang)?)?;
    let lights = match sheet.lang {
        Lang::Zh => ["亮", "灭", "不清楚"],
        Lang::En => ["on", "off", "unknown"],
    };
    page.add_data_validation(1, 6, last, 6, &list(&lights, sheet.lang)?)?;
    Ok(book.save_to_buffer()?)
}

fn list(words: &[&str], lang: Lang) -> Result<DataValidation, SheetError> {
    Ok(DataValidation::new()
        .allow_list_strings(words)?
        .set_error_title(lang.pick("请从列表里选", "Pick from the list"))?
        .set_error_message(words.join(lang.pick("、", ", ")))?)
}

fn set_up_print(page: &mut Worksheet, sheet: &Sheet) -> Result<(), SheetError> {
    // `&` begins a code in a printed header; two of them are the character.
    let plain = |text: &str| text.replace('&', "&&");
    page.set_paper_size(9);
    page.set_landscape();
    page.set_print_fit_to_pages(1, 0);
    page.set_margins(0.4, 0.4, 0.7, 0.6, 0.3, 0.3);
    page.set_repeat_rows(0, 0)?;
    page.set_freeze_panes(1, 4)?;
    page.set_header(format!(
        "&L{}&C&B{}&R{}",
        plain(&sheet.area_name),
        plain(&sheet.title),
        plain(&sheet.sweep)
    ));
    page.set_footer(sheet.lang.pick("&C第 &P 页 共 &N 页", "&Cpage &P of &N"));
    Ok(())
}
