//! Which area and which sweep a request is about, and whether the caller may know of them.

use domain::access::{Action, Scope};
use domain::area::{AreaNumber, Level};
use domain::id::{DwellingId, SweepId};
use domain::state::SweepNumber;
use store::Reader;

use super::extract::Caller;
use super::problem::Problem;
use crate::app::failure::Result as AppResult;

/// No door with this id, or none that the caller may know of.
pub fn no_dwelling() -> Problem {
    Problem::not_found("unknown_dwelling", "没有这一户", "there is no such dwelling")
}

/// Nobody with this id, or nobody that the caller may know of.
pub fn no_person() -> Problem {
    Problem::not_found("unknown_person", "没有这个人", "there is no such person")
}

/// Nobody who works under this id, or nobody of whom the caller may know more.
pub fn no_worker() -> Problem {
    Problem::not_found(
        "unknown_worker",
        "没有这个工作人员，或您的角色不看关于她的内容",
        "no such person works here, or your roles read nothing of her",
    )
}

fn no_sweep() -> Problem {
    Problem::not_found("unknown_sweep", "没有这次排查", "there is no such sweep")
}

/// A code that no area has.
pub fn unknown_area(field: &str) -> Problem {
    Problem::field(field, "unknown_area", "没有这个编码的区域", "no area has this code")
}

/// Lists are of a community at most.
pub fn area_too_large() -> Problem {
    Problem::field(
        "area",
        "area_too_large",
        "名单只能按社区或更小的区域查看",
        "lists are asked for at the level of a community or below",
    )
    .remedy("请用 area 指定一个社区", "name a community with `area`")
}

/// The area of this code, or the caller's own, in which she may do this.
///
/// # Errors
/// 403, or 422 naming `field` if no area has this code.
pub fn area(caller: &Caller, action: Action, code: Option<&str>, field: &str) -> Result<AreaNumber, Problem> {
    caller.may(action, Scope::Own)?;
    let number = match code {
        None => caller.grant.area,
        Some(code) => caller.book.areas.number(code).ok_or_else(|| unknown_area(field))?,
    };
    caller.may(action, Scope::Area(number))?;
    Ok(number)
}

/// A sweep that touches the caller's area.
///
/// # Errors
/// 403 if the role may not do this at all; 404 if there is no such sweep, or it is elsewhere.
pub fn sweep(caller: &Caller, action: Action, id: SweepId) -> Result<SweepNumber, Problem> {
    caller.may(action, Scope::Own)?;
    let (number, row) = caller.book.sweep(id).ok_or_else(no_sweep)?;
    let (areas, own) = (&caller.book.areas, caller.grant.area);
    if areas.is_within(row.area, own) || areas.is_within(own, row.area) {
        Ok(number)
    } else {
        Err(no_sweep())
    }
}

/// A sweep that lies whole in the caller's area: of one that is wider, a part must not decide.
///
/// # Errors
/// 403 if the role may not do this or the sweep reaches beyond the caller's area; 404 as [`sweep`].
pub fn whole_sweep(caller: &Caller, action: Action, id: SweepId) -> Result<SweepNumber, Problem> {
    let number = sweep(caller, action, id)?;
    caller.may(action, Scope::Area(area_of(caller, number)))?;
    Ok(number)
}

fn area_of(caller: &Caller, sweep: SweepNumber) -> AreaNumber {
    caller.book.sweeps.get(sweep as usize).map_or(caller.grant.area, |row| row.area)
}

/// The part of a sweep that a request is about: the area of this code, else all of the sweep that is the caller's.
///
/// # Errors
/// 403 outside the caller's area, 404 without such a sweep, 422 for a code that no area has or that lies outside the
/// sweep.
pub fn sweep_area(
    caller: &Caller,
    action: Action,
    id: SweepId,
    code: Option<&str>,
) -> Result<(SweepNumber, AreaNumber), Problem> {
    let number = sweep(caller, action, id)?;
    let areas = &caller.book.areas;
    let whole = area_of(caller, number);
    let own = caller.grant.area;
    let found = match code {
        None if areas.is_within(whole, own) => whole,
        None => own,
        Some(_) => area(caller, action, code, "area")?,
    };
    caller.may(action, Scope::Area(found))?;
    if !areas.is_within(found, whole) {
        return Err(Problem::field(
            "area",
            "outside_sweep",
            "这个区域不在这次排查的范围内",
            "the area lies outside the sweep",
        ));
    }
    Ok((number, found))
}

/// As [`sweep_area`], for lists of doors and people.
///
/// # Errors
/// Those, and 422 `area_too_large` above the level of a community.
pub fn list_area(
    caller: &Caller,
    action: Action,
    id: SweepId,
    code: Option<&str>,
) -> Result<(SweepNumber, AreaNumber), Problem> {
    let (sweep, area) = sweep_area(caller, action, id, code)?;
    if caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community) {
        return Err(area_too_large());
    }
    Ok((sweep, area))
}

/// Whether a door is one that the caller may do this with.
///
/// # Errors
/// Those of the storage.
pub fn holds_door(
    reader: &mut Reader,
    caller: &Caller,
    action: Action,
    dwelling: DwellingId,
) -> AppResult<bool> {
    let area = reader.area_of(dwelling)?;
    Ok(area.is_some_and(|area| caller.may(action, Scope::Area(area)).is_ok()))
}
