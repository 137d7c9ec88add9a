//! Cells that formulas and ranges name, moved along when rows are inserted above the foot of a table.

use super::calls;
use super::part::{LAST_ROW, column_of, letters};

/// Functions that name cells by a text or a number, which no insertion moves.
const BY_TEXT: [&str; 2] = ["INDIRECT(", "OFFSET("];

/// Rows that are inserted into a table: it has its rows from `first` on, and `until` is the first of its foot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Push {
    pub first: u32,
    pub until: u32,
    pub by: u32,
}

/// Where a formula stands, which tells what it means by the rows that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// Above or below the rows, on their sheet: it means all of them or none.
    Beside,
    /// In one of the rows: it means its own row and those before, unless it fixes the end.
    InRows,
    Elsewhere,
}

/// Why a formula cannot be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// It names single ones of the rows, or only a part of them.
    Part,
    /// It finds cells by a text or by counting from another.
    ByText,
    /// It names cells in a way that is not read here: of a table object, or over several sheets.
    Unread,
}

/// One end of a range: a column, a row or both, each fixed by a dollar sign or not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    column: Option<(bool, u32)>,
    row: Option<(bool, u32)>,
}

impl End {
    /// `$C$5`, `C5`, `C` or `5`.
    fn read(word: &str) -> Option<Self> {
        let fixed = |text: &mut &str| {
            let rest = text.strip_prefix('$');
            *text = rest.unwrap_or(text);
            rest.is_some()
        };
        let mut rest = word;
        let column_fixed = fixed(&mut rest);
        let split = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (name, mut rest) = rest.split_at(split);
        let column = if name.is_empty() { None } else { Some(column_of(name)?) };
        let row_fixed = if column.is_none() { column_fixed } else { fixed(&mut rest) };
        let row = match rest {
            "" => None,
            digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|row| (1..=LAST_ROW).contains(row))?)
            }
            _ => return None,
        };
        let is_whole =
            (column.is_none() || !row_fixed || row.is_some()) && (column.is_some() || row.is_some());
        is_whole.then(|| Self {
            column: column.map(|column| (column_fixed, column)),
            row: row.map(|row| (row_fixed, row)),
        })
    }

    fn is_cell(&self) -> bool {
        self.column.is_some() && self.row.is_some()
    }

    fn write(&self) -> String {
        let dollar = |fixed| if fixed { "$" } else { "" };
        let column = self.column.map(|(fixed, column)| format!("{}{}", dollar(fixed), letters(column)));
        let row = self.row.map(|(fixed, row)| format!("{}{row}", dollar(fixed)));
        column.unwrap_or_default() + &row.unwrap_or_default()
    }
}

/// A cell, or a range of cells, rows or columns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    from: End,
    to: Option<End>,
}

impl Named {
    fn write(&self) -> String {
        match &self.to {
            Some(to) => format!("{}:{}", self.from.write(), to.write()),
            None => self.from.write(),
        }
    }

    /// The first row and the last, and whether the last is fixed; none for whole columns.
    fn rows(&self) -> Option<(u32, u32, bool)> {
        let (_, from) = self.from.row?;
        let (fixed, to) = self.to.as_ref().map_or(Some((false, from)), |to| to.row)?;
        Some((from.min(to), from.max(to), fixed))
    }

    fn put_rows(&mut self, first: u32, last: u32) {
        let put = |end: &mut End, row| {
            if let Some((_, old)) = &mut end.row {
                *old = row;
            }
        };
        let turned =
            self.to.as_ref().is_some_and(|to| to.row.map(|(_, row)| row) < self.from.row.map(|(_, row)| row));
        let (first, last) = if turned { (last, first) } else { (first, last) };
        put(&mut self.from, first);
        if let Some(to) = &mut self.to {
            put(to, last);
        }
    }
}

/// The length of a word at the beginning: what a name, a number or a cell is written with.
fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '$' | '\\' | '?'))
        .unwrap_or(text.len())
}

/// The length of something in quotes at the beginning, in which a doubled quote stands for one.
fn quoted(text: &str, quote: char) -> usize {
    let mut rest = 1;
    while let Some(at) = text[rest..].find(quote) {
        rest += at + 1;
        if !text[rest..].starts_with(quote) {
            return rest;
        }
        rest += 1;
    }
    text.len()
}

/// Every cell and range that a formula names, with the sheet if it says one, given to `each` to be changed.
fn rewrite(
    formula: &str,
    mut each: impl FnMut(Option<&str>, &mut Named) -> Result<(), Fixed>,
) -> Result<String, Fixed> {
    let mut out = String::with_capacity(formula.len() + 8);
    let mut rest = formula;
    let mut sheet: Option<String> = None;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' => quoted(rest, '"'),
            '\'' => quoted(rest, '\''),
            '[' => return Err(Fixed::Unread),
            // An error such as #REF!, in which nothing is named.
            '#' => {
                1 + rest[1..]
                    .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '!' | '?'))
                    .unwrap_or(rest.len() - 1)
            }
            _ => word(rest),
        };
        if length == 0 {
            out.push(next);
            rest = &rest[next.len_utf8()..];
            sheet = None;
            continue;
        }
        let (this, behind) = rest.split_at(length);
        if let Some(after) = behind.strip_prefix('!').filter(|_| !matches!(next, '"' | '#')) {
            let name = this.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
            let name = name.map_or_else(|| this.to_owned(), |name| name.replace("''", "'"));
            if name.contains(['[', ':']) {
                return Err(Fixed::Unread);
            }
            sheet = Some(name);
            out.push_str(this);
            out.push('!');
            rest = after;
            continue;
        }
        let from = if behind.starts_with('(') { None } else { End::read(this) };
        let to = behind.strip_prefix(':').and_then(|behind| {
            let (word, after) = behind.split_at(word(behind));
            if after.starts_with('!') {
                return Some(Err(Fixed::Unread));
            }
            let to = End::read(word).filter(|_| !after.starts_with('('))?;
            Some(Ok((to, after)))
        });
        match (from, to.transpose()?) {
            (Some(from), Some((to, after))) if from.row.is_some() == to.row.is_some() => {
                let mut named = Named { from, to: Some(to) };
                each(sheet.as_deref(), &mut named)?;
                out.push_str(&named.write());
                rest = after;
            }
            (Some(from), _) if from.is_cell() => {
                let mut named = Named { from, to: None };
                each(sheet.as_deref(), &mut named)?;
                out.push_str(&named.write());
                rest = behind;
            }
            _ => {
                out.push_str(this);
                rest = behind;
            }
        }
        sheet = None;
    }
    Ok(out)
}

/// A formula as it is written some rows below and columns beside the cell that it is for.
pub(super) fn copied(formula: &str, rows: i64, columns: i64) -> Result<String, Fixed> {
    rewrite(formula, |_, named| {
        let along = |part: &mut Option<(bool, u32)>, by: i64, least: u32| {
            if let Some((false, at)) = part {
                let to = u32::try_from(i64::from(*at) + by).ok().filter(|to| *to >= least);
                *at = to.ok_or(Fixed::Unread)?;
            }
            Ok(())
        };
        for end in std::iter::once(&mut named.from).chain(&mut named.to) {
            along(&mut end.row, rows, 1)?;
            along(&mut end.column, columns, 0)?;
        }
        Ok(())
    })
}

impl Push {
    /// The last of the rows once they are inserted.
    pub(super) fn last(&self) -> u32 {
        self.until + self.by - 1
    }

    pub(super) fn row(&self, row: u32) -> u32 {
        if row >= self.until { row.saturating_add(self.by).min(LAST_ROW) } else { row }
    }

    /// A formula of a cell, or of a condition. `own`: it stands on the sheet of the rows; `name` is that sheet's.
    pub(super) fn formula(&self, formula: &str, stands: Stands, name: &str) -> Result<String, Fixed> {
        if stands == Stands::Beside && BY_TEXT.iter().any(|function| calls(formula, function)) {
            return Err(Fixed::ByText);
        }
        rewrite(formula, |sheet, named| {
            let here = match sheet {
                None => stands != Stands::Elsewhere,
                Some(sheet) => sheet.to_lowercase() == name.to_lowercase(),
            };
            if here { self.named(named, stands) } else { Ok(()) }
        })
    }

    fn named(&self, named: &mut Named, stands: Stands) -> Result<(), Fixed> {
        let Some((first, last, fixed)) = named.rows() else { return Ok(()) };
        let in_rows = |row| (self.first..self.until).contains(&row);
        let is_part = if named.to.is_some() { first > self.first && in_rows(first) } else { in_rows(first) };
        if is_part && stands == Stands::Beside {
            return Err(Fixed::Part);
        }
        // What begins with the rows and ends with them goes on to their end.
        let all = named.to.is_some() && first <= self.first && in_rows(last);
        let to =
            if all && (stands != Stands::InRows || fixed) { last.max(self.last()) } else { self.row(last) };
        named.put_rows(self.row(first), to);
        Ok(())
    }

    /// A range of cells that have something on, such as a condition: what the last row has, those have that come behind it.
    pub(super) fn painted(&self, range: &str) -> String {
        self.range(range, |first, last| {
            let ends =
                last >= self.first && (last + 1 == self.until || (first <= self.first && last < self.until));
            (self.row(first), if ends { last.max(self.last()) } else { self.row(last) })
        })
    }

    /// A range of cells as it lies.
    pub(super) fn shifted(&self, range: &str) -> String {
        self.range(range, |first, last| (self.row(first), self.row(last)))
    }

    fn range(&self, range: &str, rows: impl Fn(u32, u32) -> (u32, u32)) -> String {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        let (Some(from), Some(to)) = (End::read(from), End::read(to)) else { return range.to_owned() };
        let mut named = Named { from, to: Some(to) };
        let Some((first, last, _)) = named.rows() else { return range.to_owned() };
        let (first, last) = rows(first, last);
        named.put_rows(first, last);
        if named.to.as_ref() == Some(&named.from) { named.from.write() } else { named.write() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten rows from 5 to 14, the foot from 15 on, and seven rows more.
    const PUSH: Push = Push { first: 5, until: 15, by: 7 };

    fn beside(formula: &str) -> Result<String, Fixed> {
        PUSH.formula(formula, Stands::Beside, "表 一")
    }

    #[test]
    fn what_a_foot_names_moves_as_if_the_rows_were_inserted_by_hand() {
        for (was, is) in [
            ("SUM(B5:B14)", "SUM(B5:B21)"),
            ("SUM($B$5:$B$14)/B15", "SUM($B$5:$B$21)/B22"),
            ("COUNTA(B5:B13)", "COUNTA(B5:B21)"),
            ("COUNTIF(C4:C14,\"B15\")&\"A5\"", "COUNTIF(C4:C21,\"B15\")&\"A5\""),
            ("SUM(B:B)+SUM(5:14)", "SUM(B:B)+SUM(5:21)"),
            ("LOG10(B15)+1E5+1.5", "LOG10(B22)+1E5+1.5"),
            ("'表 一'!B15+表二!B5+'别的'!B15", "'表 一'!B22+表二!B5+'别的'!B15"),
            ("B5:B1000", "B5:B1007"),
            ("B$4&$B16&#REF!&B15#", "B$4&$B23&#REF!&B22#"),
            ("税率*B15+TAX_5", "税率*B22+TAX_5"),
        ] {
            assert_eq!(beside(was).as_deref(), Ok(is), "{was}");
        }
    }

    #[test]
    fn what_cannot_be_moved_is_said() {
        for (formula, fixed) in [
            ("B5+B6", Fixed::Part),
            ("SUM(B10:B14)", Fixed::Part),
            ("SUM(B6:B15)", Fixed::Part),
            ("SUM(INDIRECT(\"B5:B14\"))", Fixed::ByText),
            ("SUM(OFFSET(B15,-10,0,10,1))", Fixed::ByText),
            ("SUM(表[数])", Fixed::Unread),
            ("SUM(一:三!B15)", Fixed::Unread),
        ] {
            assert_eq!(beside(formula), Err(fixed), "{formula}");
        }
    }

    #[test]
    fn a_row_means_itself_and_those_before() {
        let in_rows = |formula| PUSH.formula(formula, Stands::InRows, "一").unwrap();
        assert_eq!(in_rows("B5*2+B6"), "B5*2+B6");
        assert_eq!(in_rows("SUM(B$5:B9)"), "SUM(B$5:B9)", "a running total");
        assert_eq!(in_rows("B9/SUM(B$5:B$14)+B$15"), "B9/SUM(B$5:B$21)+B$22");
        let elsewhere = |formula| PUSH.formula(formula, Stands::Elsewhere, "一").unwrap();
        assert_eq!(elsewhere("一!B15+B15+一!B5"), "一!B22+B15+一!B5");
    }

    #[test]
    fn a_formula_is_copied_to_another_cell() {
        assert_eq!(copied("SUM(C5:C14)*$A$1+$B2", 0, 2).as_deref(), Ok("SUM(E5:E14)*$A$1+$B2"));
        assert_eq!(copied("G5*H$4", 3, 0).as_deref(), Ok("G8*H$4"));
        assert_eq!(copied("A1", -1, 0), Err(Fixed::Unread));
    }

    #[test]
    fn what_the_last_row_has_on_the_rows_behind_it_have_too() {
        assert_eq!(PUSH.painted("A5:A14"), "A5:A21");
        assert_eq!(PUSH.painted("I14"), "I14:I21");
        assert_eq!(PUSH.painted("I9"), "I9");
        assert_eq!(PUSH.painted("A15:I16"), "A22:I23");
        assert_eq!(PUSH.shifted("B14:C14"), "B14:C14");
        assert_eq!(PUSH.shifted("A15"), "A22");
    }
}
