//! Whether a fact in quarantine would count if a person decided so.

use domain::apply;
use domain::area::AreaNumber;
use domain::case::Subject;
use domain::door::door_key;
use domain::fact::Body;
use domain::id::DwellingId;
use domain::state::State as _;
use store::Store;
use store::packs::if_readable;
use store::people::Waiting;

use super::failure::Result;

/// Why a decision would change nothing, so that the fact goes on waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cannot {
    pub zh: &'static str,
    pub en: &'static str,
}

const UNREADABLE: Cannot = Cannot {
    zh: "这条记录读不懂或内容损坏，不能计入；请重新登记",
    en: "this record does not read or its content is damaged, so it cannot count; enter it again",
};
const NOT_FROM_PHONES: Cannot = Cannot {
    zh: "手机不能做这种记录，不能计入",
    en: "this is nothing for a phone to say, so it cannot count",
};
const NO_SWEEP: Cannot =
    Cannot { zh: "没有这次排查，不能计入", en: "there is no such sweep, so it cannot count" };
const SWEEP_WITHDRAWN: Cannot = Cannot {
    zh: "这次排查是开错了的，已经撤回，不能计入；请在现在的排查里重新登记，这条可以不采纳",
    en: "the sweep was opened by mistake and taken back, so this cannot count; record it again in the sweep that goes on, and refuse this one",
};
const NO_DOOR: Cannot = Cannot {
    zh: "还没有这一户；请先登记门牌再放行",
    en: "there is no such dwelling yet; register the door first",
};
const NO_AREA: Cannot = Cannot {
    zh: "没有这个区域编码；请先导入区域再放行",
    en: "no area has this code; import the area first",
};
const ERASED: Cannot = Cannot {
    zh: "这位居民的资料已按规定删除，不再计入",
    en: "this person's data has been erased as the rules require; nothing more of her counts",
};

const MISFIT: Cannot = Cannot {
    zh: "答案与表单不符，不能计入；请重新填写这份表",
    en: "an answer does not fit its form, so it cannot count; fill the form in again",
};
const NO_PROGRAMME: Cannot = Cannot {
    zh: "没有发布这个方案的这个版本，或其中没有这张表、这条流程；不能计入",
    en: "no such version of the programme is published, or it has no such form or pathway, so it cannot count",
};
const NO_OFFER: Cannot =
    Cannot { zh: "没有这次移交，不能计入", en: "there is no such hand-over, so it cannot count" };
const NO_CASE: Cannot =
    Cannot { zh: "没有这个个案，不能计入", en: "there is no such case, so it cannot count" };

/// The area in which the fact would count.
///
/// # Errors
/// Those of the storage; the inner one says why it cannot.
pub fn may_count(store: &mut Store, waiting: &Waiting) -> Result<std::result::Result<AreaNumber, Cannot>> {
    if waiting.verdict == domain::admit::Quarantine::ContentMismatch as u64 {
        return Ok(Err(UNREADABLE));
    }
    if waiting.verdict == domain::admit::Quarantine::AnswerMisfit as u64 {
        return Ok(Err(MISFIT));
    }
    let Some(fact) = &waiting.fact else { return Ok(Err(UNREADABLE)) };
    let (sweep, dwelling) = match &fact.body {
        Body::DwellingRegistered { area, building, unit, room, .. } => {
            let Some(number) = store.book().areas.number(area) else { return Ok(Err(NO_AREA)) };
            let found = apply::find_door(store.state(), number, &door_key(building, unit, room))?;
            let known = found.map(|door| store.state().dwelling(door)).transpose()?.flatten();
            return Ok(Ok(known.map_or(number, |row| row.area)));
        }
        Body::Visited { sweep, dwelling, .. } | Body::VisitTakenBack { sweep, dwelling, .. } => {
            (*sweep, *dwelling)
        }
        Body::PersonSeen { sweep, dwelling, person, .. } => {
            if store.state().is_erased(*person)? {
                return Ok(Err(ERASED));
            }
            (*sweep, *dwelling)
        }
        Body::Answered { subject, dwelling, programme, version, form, .. } => {
            let read = if_readable(store.state().programme(programme, version))?;
            let known = read.is_some_and(|read| read.form(form).is_some());
            return of_programme(store, known, *subject, *dwelling);
        }
        Body::CaseReported { subject, dwelling, programme, version, pathway, .. } => {
            let read = if_readable(store.state().programme(programme, version))?;
            let known =
                read.is_some_and(|read| read.pathways.iter().any(|known| known.code.value == *pathway));
            return of_programme(store, known, *subject, *dwelling);
        }
        Body::CaseActed { case, .. } => {
            let Some((_, case)) = store.state().case(*case)? else { return Ok(Err(NO_CASE)) };
            return Ok(apply::area_of_case(store.state(), &case)?.ok_or(NO_DOOR));
        }
        Body::DoorsOffered { sweep, doors, .. } => {
            let Some(door) = doors.first() else { return Ok(Err(NO_DOOR)) };
            (*sweep, *door)
        }
        Body::DoorsAnswered { hand_over, .. } => {
            return Ok(store.state().hand_over(*hand_over)?.map(|row| row.area).ok_or(NO_OFFER));
        }
        _ => return Ok(Err(NOT_FROM_PHONES)),
    };
    match store.book().sweep(sweep) {
        None => return Ok(Err(NO_SWEEP)),
        Some((_, row)) if row.withdrawn.is_some() => return Ok(Err(SWEEP_WITHDRAWN)),
        Some(_) => {}
    }
    let dwelling = apply::resolve_dwelling(store.state(), dwelling)?;
    Ok(store.state().dwelling(dwelling)?.map(|row| row.area).ok_or(NO_DOOR))
}

fn of_programme(
    store: &mut Store,
    known: bool,
    subject: Subject,
    dwelling: DwellingId,
) -> Result<std::result::Result<AreaNumber, Cannot>> {
    if let Subject::Person(person) = subject
        && store.state().is_erased(person)?
    {
        return Ok(Err(ERASED));
    }
    if !known {
        return Ok(Err(NO_PROGRAMME));
    }
    Ok(apply::area_about(store.state(), subject, dwelling)?.ok_or(NO_DOOR))
}
