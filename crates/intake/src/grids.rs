//! Which building belongs to which grid, when grids are drawn anew.

use crate::DoorLabel;
use crate::cell;
use crate::header::{Column, GRIDS, Header};
use crate::message::{Cause, Reason, Refusal, Skipped};
use crate::rows::{Fault, Rows, Step};
use crate::table::{Table, TableError};

/// One building and its grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridRow {
    /// 1-based, as the spreadsheet shows it.
    pub row: u64,
    /// The community or village in which the building stands.
    pub area_code: String,
    pub building: DoorLabel,
    pub grid_code: String,
}

/// What one row of the table became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GridItem {
    Row(GridRow),
    Refused(Refusal),
    Skipped(Skipped),
}

/// An iterator over buildings and their grids.
pub struct GridReader {
    rows: Rows,
}

/// Reads a list of buildings and their grids.
///
/// # Errors
/// When no row among the first twenty names 社区编码, 楼栋 and 网格编码, or the table cannot be read.
pub fn read_grids(table: Table) -> Result<GridReader, TableError> {
    Ok(GridReader { rows: Rows::open(table, &GRIDS, None)? })
}

impl GridReader {
    /// Refuses the row just read for a reason that only the caller knows, such as a code that is in no database.
    pub fn refuse(&self, cause: Cause) -> Refusal {
        self.rows.refuse_for(cause)
    }

    /// The header, with the headings that were ignored.
    pub fn header(&self) -> &Header {
        &self.rows.header
    }

    fn grid(&self) -> Result<GridRow, Fault> {
        let code = |column| match cell::area_code(self.rows.cell(column)) {
            Some(code) if code.is_empty() => Err((Some(column), Reason::Missing(column))),
            Some(code) => Ok(code),
            None => Err((Some(column), Reason::AreaCodeUnreadable)),
        };
        let (area_code, grid_code) = (code(Column::AreaCode)?, code(Column::GridCode)?);
        let building = DoorLabel::building(self.rows.cell(Column::Building));
        if building.is_empty() {
            return Err((Some(Column::Building), Reason::Missing(Column::Building)));
        }
        Ok(GridRow { row: self.rows.record.number, area_code, building, grid_code })
    }
}

impl Iterator for GridReader {
    type Item = Result<GridItem, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(match self.rows.next() {
            Err(error) => return Some(Err(error)),
            Ok(None) => return None,
            Ok(Some(Step::Refused(refusal))) => GridItem::Refused(*refusal),
            Ok(Some(Step::Skipped(skipped))) => GridItem::Skipped(skipped),
            Ok(Some(Step::Row)) => match self.grid() {
                Ok(row) => GridItem::Row(row),
                Err(fault) => GridItem::Refused(self.rows.refuse(&fault)),
            },
        }))
    }
}
