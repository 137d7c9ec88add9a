//! Which facts count. A fact from the field is never refused: it happened. It is accepted, or it waits in quarantine
//! with a reason that a person can resolve.

use crate::access::{Action, Grant, Role, may};
use crate::apply::{area_about, area_of_case, find_door, resolve_dwelling};
use crate::area::AreaNumber;
use crate::case::{Deed, Source, Subject};
use crate::door::door_key;
use crate::fact::{Body, Fact, FoundBy, Outcome};
use crate::hand_over::Answer;
use crate::id::{ActorId, DwellingId, PersonId, SeriesId, SlipId, SweepId};
use crate::slip::{self, Shut, Slip, TAKE_BACK_LIMIT, WAITING_LIMIT, What};
use crate::state::{Device, State};
use crate::time::Millis;

/// Why a fact waits. The numbers are the verdicts in the ledger's leaves and never change; 0 means accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Quarantine {
    /// Another fact with this number was sent before: two devices hold one key, or one was restored from a copy.
    Fork = 1,
    Unreadable = 3,
    UnknownSweep = 4,
    SweepClosed = 5,
    OutsideSweep = 6,
    UnknownDwelling = 7,
    DeviceRevoked = 8,
    PersonErased = 9,
    RecheckMissing = 10,
    UnknownArea = 11,
    OutsideRights = 12,
    UnknownPerson = 13,
    ContentMismatch = 14,
    UnknownProgramme = 15,
    AnswerMisfit = 16,
    UnknownCase = 17,
    NotInRole = 18,
    ConditionFails = 19,
    /// The person of a form is listed behind another door than the form's.
    OtherDoor = 20,
    /// An offer of doors is not there, or has its answer.
    NotOffered = 54,
    DeviceEnded = 60,
    /// The sweep was opened by mistake and taken back.
    SweepWithdrawn = 65,
}

impl Quarantine {
    pub const ALL: [Self; 22] = [
        Self::Fork,
        Self::Unreadable,
        Self::UnknownSweep,
        Self::SweepClosed,
        Self::OutsideSweep,
        Self::UnknownDwelling,
        Self::DeviceRevoked,
        Self::PersonErased,
        Self::RecheckMissing,
        Self::UnknownArea,
        Self::OutsideRights,
        Self::UnknownPerson,
        Self::ContentMismatch,
        Self::UnknownProgramme,
        Self::AnswerMisfit,
        Self::UnknownCase,
        Self::NotInRole,
        Self::ConditionFails,
        Self::OtherDoor,
        Self::NotOffered,
        Self::DeviceEnded,
        Self::SweepWithdrawn,
    ];

    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| *reason as u64 == code)
    }

    /// The name that programs read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Unreadable => "unreadable",
            Self::UnknownSweep => "unknown_sweep",
            Self::SweepClosed => "sweep_closed",
            Self::OutsideSweep => "outside_sweep",
            Self::UnknownDwelling => "unknown_dwelling",
            Self::DeviceRevoked => "device_revoked",
            Self::PersonErased => "person_erased",
            Self::RecheckMissing => "recheck_missing",
            Self::UnknownArea => "unknown_area",
            Self::OutsideRights => "outside_rights",
            Self::UnknownPerson => "unknown_person",
            Self::ContentMismatch => "content_mismatch",
            Self::UnknownProgramme => "unknown_programme",
            Self::AnswerMisfit => "answer_misfit",
            Self::UnknownCase => "unknown_case",
            Self::NotInRole => "not_in_role",
            Self::ConditionFails => "condition_fails",
            Self::OtherDoor => "other_door",
            Self::NotOffered => "not_offered",
            Self::DeviceEnded => "device_ended",
            Self::SweepWithdrawn => "sweep_withdrawn",
        }
    }

    /// What a worker reads, in Chinese and in English: what is wrong and what to do.
    #[must_use]
    pub fn message(self) -> (&'static str, &'static str) {
        match self {
            Self::Fork => (
                "这台手机的记录与服务器上的不一致（可能从备份恢复过）。记录已留存；请找社区重新绑定手机。",
                "This phone's record differs from the one on the server (it may have been restored from a copy). It is kept; ask the community to enrol the phone again.",
            ),
            Self::Unreadable => (
                "服务器读不懂这条记录，可能手机上的版本太旧或太新。记录已留存；请更新后联系社区。",
                "The server cannot read this record; the app may be too old or too new. It is kept; update the app and tell the community.",
            ),
            Self::UnknownSweep => (
                "服务器上没有这次排查。记录已留存；请同步后重试，或联系社区。",
                "The server knows no such sweep. The record is kept; synchronise and tell the community.",
            ),
            Self::SweepClosed => (
                "这次排查已经结束。记录已留存，由社区书记决定是否计入。",
                "This sweep has been closed. The record is kept; the community secretary decides whether it counts.",
            ),
            Self::SweepWithdrawn => (
                "这次排查是开错了的，已经撤回。记录已留存，不计入；请同步后在现在的排查里重新登记。",
                "This sweep was opened by mistake and has been taken back. The record is kept and does not count; synchronise, and record it again in the sweep that goes on.",
            ),
            Self::OutsideSweep => (
                "这户不在这次排查的范围内。记录已留存；请核对小区和楼栋。",
                "This dwelling is outside the sweep. The record is kept; check the compound and the building.",
            ),
            Self::UnknownDwelling => (
                "服务器上没有这一户。记录已留存；请先登记门牌，或联系社区。",
                "The server knows no such dwelling. The record is kept; register the door first, or tell the community.",
            ),
            Self::DeviceRevoked => (
                "这台手机已停用。记录已留存，由社区书记决定是否计入。",
                "This phone has been revoked. The record is kept; the community secretary decides whether it counts.",
            ),
            Self::PersonErased => (
                "这位居民的资料已按规定删除，不再登记。",
                "This person's data has been erased as the rules require; nothing more is recorded of her.",
            ),
            Self::RecheckMissing => (
                "外出需要填写复查日期。记录已留存；请补一次带日期的记录。",
                "An absence needs a date to check again. The record is kept; add one with the date.",
            ),
            Self::UnknownArea => (
                "没有这个小区或网格编码。记录已留存；请联系社区。",
                "No area has this code. The record is kept; tell the community.",
            ),
            Self::OutsideRights => (
                "这户不在您负责的范围内。记录已留存，由社区书记决定是否计入。",
                "This dwelling is outside the area you are responsible for. The record is kept; the secretary decides whether it counts.",
            ),
            Self::UnknownPerson => (
                "记录里的人没有登记，也没有填写是谁。记录已留存；请补登记。",
                "The person in this record is not registered and nothing says who it is. The record is kept; register the person.",
            ),
            Self::ContentMismatch => (
                "随记录发来的内容与记录不符，可能传输损坏。记录已留存；请重新登记。",
                "The content sent with this record does not belong to it; it may have been damaged. The record is kept; enter it again.",
            ),
            Self::UnknownProgramme => (
                "服务器上没有发布这个方案的这个版本，或那天它不在有效期内，或方案里没有这张表、这条流程。记录已留存；请同步后重填，或联系社区。",
                "No such version of the programme is published, it was not in force that day, or it has no such form or pathway. The record is kept; synchronise and fill it in again, or tell the community.",
            ),
            Self::AnswerMisfit => (
                "有答案与表单不符：类型不对、不在选项里、不合表上的条件，或必填的没有填。记录已留存；请打开这份表重填。",
                "An answer does not fit its form: of another kind, none of its choices, against a condition of the form, or missing where one is needed. The record is kept; open the form and fill it in again.",
            ),
            Self::UnknownCase => (
                "服务器上没有这个个案。记录已留存；请同步后重试，或联系社区。",
                "The server knows no such case. The record is kept; synchronise and tell the community.",
            ),
            Self::NotInRole => (
                "这一步或这张表要由别的角色来做。记录已留存，由社区书记决定是否计入。",
                "This step or this form is another role's. The record is kept; the secretary decides whether it counts.",
            ),
            Self::ConditionFails => (
                "这一步要求的条件还没有满足。记录已留存；请先补填所需的表。",
                "What this step asks for does not hold yet. The record is kept; fill in the form that it needs first.",
            ),
            Self::OtherDoor => (
                "表里的人不住在表里的这一户（可能搬走了，或选错了人）。记录已留存；请核对后重填，或由社区书记决定是否计入。",
                "The person of this form is not listed behind the form's door (she may have moved, or another was chosen). The record is kept; look again and fill it in anew, or the secretary decides whether it counts.",
            ),
            Self::NotOffered => (
                "这次移交已经撤回、已经有了答复，或者服务器上没有。记录已留存；请同步后看现在归谁。",
                "This hand-over was taken back or answered already, or the server does not know it. The record is kept; synchronise and see whose the doors are now.",
            ),
            Self::DeviceEnded => (
                "这台手机的任务期限已过。记录已留存，由社区书记决定是否计入。",
                "This phone's deployment had ended. The record is kept; the community secretary decides whether it counts.",
            ),
        }
    }
}

/// Whether a fact from a device counts.
///
/// The territory's own series is written by the server after its own checks, so it is always accepted.
///
/// # Errors
/// Only those of the storage.
pub fn admit<S: State>(
    state: &mut S,
    series: SeriesId,
    device: Option<&Device>,
    fact: &Fact,
    has_content: bool,
) -> Result<Option<Quarantine>, S::Error> {
    if series == state.book().own_series {
        return Ok(None);
    }
    let Some(device) = device else { return Ok(Some(Quarantine::DeviceRevoked)) };
    if device.revoked_at.is_some() {
        return Ok(Some(Quarantine::DeviceRevoked));
    }
    // What was seen before the end counts, however late it arrives.
    if device.ends_at.is_some_and(|end| fact.at > end) {
        return Ok(Some(Quarantine::DeviceEnded));
    }
    if !Role::from_code(device.role).is_some_and(|role| may(role, Action::Push)) {
        return Ok(Some(Quarantine::OutsideRights));
    }
    match &fact.body {
        Body::DwellingRegistered { area, building, unit, room, found_by: FoundBy::Visit, .. } => {
            let Some(number) = state.book().areas.number(area) else {
                return Ok(Some(Quarantine::UnknownArea));
            };
            let counted_under = match find_door(state, number, &door_key(building, unit, room))? {
                Some(known) => state.dwelling(known)?.map_or(number, |row| row.area),
                None => number,
            };
            let inside = state.book().areas.is_within(counted_under, device.area);
            Ok((!inside).then_some(Quarantine::OutsideRights))
        }
        Body::Visited { sweep, dwelling, outcome, recheck_on, .. } => {
            if *outcome == Outcome::Away && recheck_on.is_none() {
                return Ok(Some(Quarantine::RecheckMissing));
            }
            admit_at_door(state, device, *sweep, *dwelling)
        }
        // Whatever is named is of the same phone: nobody takes back what another saw.
        Body::VisitTakenBack { sweep, dwelling, .. } => admit_at_door(state, device, *sweep, *dwelling),
        Body::PersonSeen { sweep, dwelling, person, .. } => {
            if state.is_erased(*person)? {
                return Ok(Some(Quarantine::PersonErased));
            }
            if !has_content && state.person(*person)?.is_none() {
                return Ok(Some(Quarantine::UnknownPerson));
            }
            admit_at_door(state, device, *sweep, *dwelling)
        }
        Body::Answered { subject, dwelling, programme, version, on, .. } => {
            if let Some(reason) = admit_about(state, device, fact.actor, (*subject, *dwelling))? {
                return Ok(Some(reason));
            }
            let edition = state.book().edition_of(programme, version);
            if !edition.is_some_and(|(edition, _)| (edition.from..edition.sunset).contains(on)) {
                return Ok(Some(Quarantine::UnknownProgramme));
            }
            // What a form was filled in with is always sealed.
            Ok((!has_content).then_some(Quarantine::ContentMismatch))
        }
        Body::CaseReported { programme, version, subject, dwelling, source, .. } => {
            if let Some(reason) = admit_about(state, device, fact.actor, (*subject, *dwelling))? {
                return Ok(Some(reason));
            }
            if state.book().edition(programme, version).is_none() {
                return Ok(Some(Quarantine::UnknownProgramme));
            }
            // Rules are the server's.
            Ok((*source == Source::Rule).then_some(Quarantine::OutsideRights))
        }
        Body::CaseActed { case, role, deed, .. } => {
            let Some((_, case)) = state.case(*case)? else { return Ok(Some(Quarantine::UnknownCase)) };
            let area = area_of_case(state, &case)?;
            let Some(area) = area.filter(|area| state.book().areas.is_within(*area, device.area)) else {
                return Ok(Some(Quarantine::OutsideRights));
            };
            let grant = Grant { role: device.role, area: device.area };
            let holds = holds_role(state, device.worker, Some(grant), &case.programme, role, area)?;
            // Whose a case is is decided where everybody sees at once that it is decided.
            let of_office =
                matches!(deed, Deed::Send { .. } | Deed::Receive { .. } | Deed::Refuse { .. } | Deed::Recall);
            Ok((!holds || of_office || fact.actor != device.worker).then_some(Quarantine::NotInRole))
        }
        Body::DoorsOffered { hand_over, sweep, to, doors } => {
            if fact.actor != device.worker || *to == device.worker {
                return Ok(Some(Quarantine::NotInRole));
            }
            if state.hand_over(*hand_over)?.is_some() {
                return Ok(Some(Quarantine::NotOffered));
            }
            for door in doors {
                if let Some(reason) = admit_at_door(state, device, *sweep, *door)? {
                    return Ok(Some(reason));
                }
            }
            Ok(None)
        }
        Body::DoorsAnswered { hand_over, answer } => {
            let Some(row) = state.hand_over(*hand_over)? else { return Ok(Some(Quarantine::NotOffered)) };
            if fact.actor != device.worker || row.answerer(*answer) != device.worker {
                return Ok(Some(Quarantine::NotInRole));
            }
            if row.answered.is_some_and(|(known, _)| known != *answer) {
                return Ok(Some(Quarantine::NotOffered));
            }
            if *answer != Answer::Taken {
                return Ok(None);
            }
            let Some(sweep) = state.book().sweeps.get(row.sweep as usize).map(|sweep| sweep.id) else {
                return Ok(Some(Quarantine::UnknownSweep));
            };
            for door in state.hand_over_doors(*hand_over)? {
                if let Some(reason) = admit_at_door(state, device, sweep, door)? {
                    return Ok(Some(reason));
                }
            }
            Ok(None)
        }
        _ => Ok(Some(Quarantine::OutsideRights)),
    }
}

/// Whether someone may act in a role of a programme in an area: by a grant or an enrolment under the role's own name, or
/// because she was appointed.
///
/// # Errors
/// Those of the storage.
pub fn holds_role<S: State>(
    state: &mut S,
    who: ActorId,
    grant: Option<Grant>,
    programme: &str,
    role: &str,
    area: AreaNumber,
) -> Result<bool, S::Error> {
    if let Some(grant) = grant
        && Role::from_code(grant.role).is_some_and(|own| own.as_str() == role)
        && state.book().areas.is_within(area, grant.area)
    {
        return Ok(true);
    }
    let appointed = state.appointment(who, programme, role)?;
    Ok(appointed.is_some_and(|own| state.book().areas.is_within(area, own)))
}

/// Whether a phone may say anything of this person, dwelling or area; of a worker only she herself, where she works.
fn admit_about<S: State>(
    state: &mut S,
    device: &Device,
    actor: ActorId,
    (subject, dwelling): (Subject, DwellingId),
) -> Result<Option<Quarantine>, S::Error> {
    if let Subject::Worker(worker) = subject {
        if worker != device.worker || actor != device.worker {
            return Ok(Some(Quarantine::NotInRole));
        }
        return Ok(match area_about(state, subject, dwelling)? {
            None => Some(Quarantine::UnknownArea),
            Some(area) => (area != device.area).then_some(Quarantine::OutsideRights),
        });
    }
    if let Subject::Person(person) = subject {
        if state.is_erased(person)? {
            return Ok(Some(Quarantine::PersonErased));
        }
        if state.person(person)?.is_none() {
            return Ok(Some(Quarantine::UnknownPerson));
        }
    }
    let about = match subject {
        Subject::Dwelling(own) => own,
        Subject::Person(_) | Subject::Area(_) | Subject::Worker(_) => dwelling,
    };
    for dwelling in [dwelling, about] {
        let Some(area) = area_about(state, subject, dwelling)? else {
            return Ok(Some(Quarantine::UnknownDwelling));
        };
        if !state.book().areas.is_within(area, device.area) {
            return Ok(Some(Quarantine::OutsideRights));
        }
    }
    Ok(None)
}

/// Whether this many more things may be said with a slip, about someone who was reported with it or about nobody. Unlike a
/// worker's fact, what is not taken is not kept either: whoever says it is there to be told.
///
/// # Errors
/// The outer error is the storage's.
pub fn admit_said<S: State>(
    state: &mut S,
    id: SlipId,
    about: Option<PersonId>,
    more: u64,
    now: Millis,
) -> Result<Result<Slip, Shut>, S::Error> {
    let slip = match slip::opens(state, id, now)? {
        Ok(slip) => slip,
        Err(shut) => return Ok(Err(shut)),
    };
    if let Some(about) = about
        && state.said(about)?.is_none_or(|said| said.slip != id || said.what != What::Person)
    {
        return Ok(Err(Shut::NotHers));
    }
    // What was withdrawn takes its place for a while, so that nobody fills the ledger by asking and withdrawing.
    if state.waiting_of_slip(id, now - TAKE_BACK_LIMIT)? + more > WAITING_LIMIT {
        return Ok(Err(Shut::Full));
    }
    Ok(Ok(slip))
}

fn admit_at_door<S: State>(
    state: &mut S,
    device: &Device,
    sweep: SweepId,
    dwelling: DwellingId,
) -> Result<Option<Quarantine>, S::Error> {
    let Some((_, sweep)) = state.book().sweep(sweep) else { return Ok(Some(Quarantine::UnknownSweep)) };
    let (scope, closed, withdrawn) = (sweep.area, sweep.closed_at.is_some(), sweep.withdrawn.is_some());
    if closed {
        return Ok(Some(if withdrawn { Quarantine::SweepWithdrawn } else { Quarantine::SweepClosed }));
    }
    let dwelling = resolve_dwelling(state, dwelling)?;
    let Some(row) = state.dwelling(dwelling)? else { return Ok(Some(Quarantine::UnknownDwelling)) };
    let areas = &state.book().areas;
    if !areas.is_within(row.area, scope) {
        return Ok(Some(Quarantine::OutsideSweep));
    }
    if !areas.is_within(row.area, device.area) {
        return Ok(Some(Quarantine::OutsideRights));
    }
    Ok(None)
}
