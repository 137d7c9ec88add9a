//! Who may do what, and where: one table of roles by actions, and the area below which a right holds.
//!
//! Rights come from facts alone (a grant, an enrolment); whatever is not written down here is refused.

use crate::area::{AreaNumber, AreaTree};

/// What a grant or an enrolment makes of someone. The numbers are those of the facts and never change; 255 is the
/// territory's own series, which is nobody's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    GridWorker = 0,
    Clerk = 1,
    CommunitySecretary = 2,
    Street = 3,
    County = 4,
    City = 5,
    DepartmentObserver = 6,
    Auditor = 7,
}

impl Role {
    pub const ALL: [Self; 8] = [
        Self::GridWorker,
        Self::Clerk,
        Self::CommunitySecretary,
        Self::Street,
        Self::County,
        Self::City,
        Self::DepartmentObserver,
        Self::Auditor,
    ];

    /// The role with this number in a fact; none for a number that this version does not know, and then no right.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|role| *role as u64 == code)
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GridWorker => "grid_worker",
            Self::Clerk => "clerk",
            Self::CommunitySecretary => "community_secretary",
            Self::Street => "street",
            Self::County => "county",
            Self::City => "city",
            Self::DepartmentObserver => "department_observer",
            Self::Auditor => "auditor",
        }
    }
}

/// Why someone reads what is sealed. The numbers are those of the facts and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// To settle a line of the two-way reconcile.
    Reconcile = 0,
    /// To bring something, or to help.
    Service = 1,
    /// To put right what is written of her.
    Correction = 2,
    /// A phone shows its worker who lives behind her doors.
    Visit = 3,
    /// Someone reads what she said herself.
    Own = 4,
    /// Another programme was told a day, over a bridge.
    Bridge = 5,
    /// A department is given its sheet.
    Report = 6,
}

impl Purpose {
    pub const ALL: [Self; 7] = [
        Self::Reconcile,
        Self::Service,
        Self::Correction,
        Self::Visit,
        Self::Own,
        Self::Bridge,
        Self::Report,
    ];

    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| *purpose as u64 == code)
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reconcile => "reconcile",
            Self::Service => "service",
            Self::Correction => "correction",
            Self::Visit => "visit",
            Self::Own => "own",
            Self::Bridge => "bridge",
            Self::Report => "report",
        }
    }
}

/// What can be asked of the system, as far as rights tell one thing from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send facts of one's own series, and ask where it stands.
    Push,
    /// Fetch the doors of one's own area.
    Pull,
    /// Signed heads and proofs: they hold hashes, and nothing of what they prove.
    Prove,
    /// Be told that something changed.
    Listen,
    ReadAreas,
    ReadSweeps,
    ReadCoverage,
    /// Lists of doors and of pseudonymous people: residual, reconcile, tasks, matrix.
    ReadLists,
    ReadNames(Purpose),
    /// What was written at a door in free text.
    ReadNotes,
    ReadRosters,
    ImportRoster,
    RegisterPerson,
    LinkPersons,
    /// Say what came of telephoning a household that was found dark or away.
    RecordCall,
    OpenSweep,
    CloseSweep,
    SignRefusal,
    ReadDevices,
    /// Invite phones and revoke them.
    ManageDevices,
    ReadQuarantine,
    ReleaseQuarantine,
    /// Published plans, with the names of the staff in them.
    ReadPlans,
    /// Draft plans, judge them, put one in force and take it back.
    PublishPlans,
    /// What is due of cases, and how they stand, in the roles of a programme that one has: without one, nothing.
    ReadCases,
    /// Report cases, and act on them in such a role.
    ActOnCases,
    /// The forms of the programmes in force, empty.
    ReadForms,
    /// Type in forms that were filled in.
    FillInForms,
    /// Fill in the forms of a role of a programme that one has.
    FillInOwnForms,
    /// Be told over a bridge of another programme, in a role of one's own programme that it names.
    CrossBridges,
    /// Print slips for residents, and revoke them.
    IssueSlips,
    /// Read and decide what residents say with them.
    DecideSaid,
    /// Put an area's map on record.
    DrawMap,
    /// See departments' sheets, keep and end them, and take what holds no names.
    KeepSubscriptions,
    /// Approve that a sheet with names is taken, which another person keeps.
    ApproveSubscriptions,
}

/// The table.
#[must_use]
pub fn may(role: Role, action: Action) -> bool {
    use Role::{Auditor, City, Clerk, CommunitySecretary, County, DepartmentObserver, GridWorker, Street};
    let roles: &[Role] = match action {
        Action::Push | Action::Pull => &[GridWorker],
        Action::Prove => &[GridWorker, CommunitySecretary, Street, County, Auditor],
        Action::Listen => {
            &[GridWorker, Clerk, CommunitySecretary, Street, County, City, DepartmentObserver, Auditor]
        }
        Action::ReadAreas | Action::ReadSweeps => {
            &[Clerk, CommunitySecretary, Street, County, City, DepartmentObserver, Auditor]
        }
        Action::ReadCoverage => &[Clerk, CommunitySecretary, Street, County, City, DepartmentObserver],
        Action::ReadLists => &[Clerk, CommunitySecretary, Street, County, City],
        Action::ReadNames(Purpose::Reconcile | Purpose::Correction | Purpose::Report) => {
            &[Clerk, CommunitySecretary]
        }
        Action::ReadNames(Purpose::Service) | Action::ReadNotes => &[CommunitySecretary],
        Action::ReadNames(Purpose::Visit) => &[GridWorker],
        // Not a role's: her slip's, and a programme's.
        Action::ReadNames(Purpose::Own | Purpose::Bridge) => &[],
        Action::ReadRosters | Action::ImportRoster => &[Clerk, CommunitySecretary],
        Action::RegisterPerson | Action::LinkPersons | Action::RecordCall => &[Clerk, CommunitySecretary],
        Action::OpenSweep | Action::CloseSweep => &[Street, County],
        Action::SignRefusal => &[CommunitySecretary, Street, County],
        // A street asks its communities about phones that are silent; whose they are, they know.
        Action::ReadDevices => &[CommunitySecretary, Street],
        Action::ManageDevices => &[CommunitySecretary],
        Action::ReadQuarantine => &[CommunitySecretary, Street, County, Auditor],
        Action::ReleaseQuarantine => &[CommunitySecretary, Street, County],
        Action::ReadPlans | Action::PublishPlans => &[CommunitySecretary, Street, County],
        Action::ReadCases => &[GridWorker, CommunitySecretary, Street, County, DepartmentObserver],
        Action::ActOnCases => &[CommunitySecretary, Street, County, DepartmentObserver],
        Action::ReadForms => &[GridWorker, Clerk, CommunitySecretary, Street, County, DepartmentObserver],
        Action::FillInForms => &[Clerk, CommunitySecretary],
        Action::FillInOwnForms => &[Street, County, DepartmentObserver],
        Action::CrossBridges => &[Clerk, CommunitySecretary, Street, County, DepartmentObserver],
        Action::IssueSlips => &[GridWorker, Clerk, CommunitySecretary],
        Action::DecideSaid | Action::DrawMap => &[Clerk, CommunitySecretary],
        Action::KeepSubscriptions => &[Clerk, CommunitySecretary, Street, County],
        Action::ApproveSubscriptions => &[CommunitySecretary, Street, County],
    };
    roles.contains(&role)
}

/// A right as a fact gave it: what, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// As the fact says it; a number that means nothing here gives no right.
    pub role: u64,
    pub area: AreaNumber,
}

/// What an action touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing that lies in an area: the ledger's proofs, the caller's own series, the list of rosters.
    Own,
    /// This area and what is below it.
    Area(AreaNumber),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The role may not do this anywhere.
    Role,
    /// The role may do this, but not there.
    Area,
}

/// Whether a grant allows an action on a scope.
///
/// # Errors
/// [`Denied`]; also for a role or an area that is not known.
pub fn decide(areas: &AreaTree, grant: Grant, action: Action, scope: Scope) -> Result<(), Denied> {
    let role = Role::from_code(grant.role).ok_or(Denied::Role)?;
    if !may(role, action) {
        return Err(Denied::Role);
    }
    if areas.get(grant.area).is_none() {
        return Err(Denied::Area);
    }
    match scope {
        Scope::Own => Ok(()),
        Scope::Area(area) if areas.is_within(area, grant.area) => Ok(()),
        Scope::Area(_) => Err(Denied::Area),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area::{Area, Level};

    const EVERY: [Action; 41] = [
        Action::Push,
        Action::Pull,
        Action::Prove,
        Action::Listen,
        Action::ReadAreas,
        Action::ReadSweeps,
        Action::ReadCoverage,
        Action::ReadLists,
        Action::ReadNames(Purpose::Reconcile),
        Action::ReadNames(Purpose::Service),
        Action::ReadNames(Purpose::Correction),
        Action::ReadNames(Purpose::Visit),
        Action::ReadNames(Purpose::Own),
        Action::ReadNames(Purpose::Bridge),
        Action::ReadRosters,
        Action::ImportRoster,
        Action::RegisterPerson,
        Action::LinkPersons,
        Action::RecordCall,
        Action::OpenSweep,
        Action::CloseSweep,
        Action::SignRefusal,
        Action::ReadDevices,
        Action::ManageDevices,
        Action::ReadQuarantine,
        Action::ReleaseQuarantine,
        Action::ReadPlans,
        Action::PublishPlans,
        Action::ReadCases,
        Action::ActOnCases,
        Action::ReadForms,
        Action::FillInForms,
        Action::FillInOwnForms,
        Action::CrossBridges,
        Action::IssueSlips,
        Action::DecideSaid,
        Action::DrawMap,
        Action::ReadNames(Purpose::Report),
        Action::ReadNotes,
        Action::KeepSubscriptions,
        Action::ApproveSubscriptions,
    ];

    fn tree() -> AreaTree {
        let mut areas = AreaTree::default();
        for (code, level, parent) in [
            ("county", Level::County, None),
            ("street", Level::Township, Some(0)),
            ("mine", Level::Community, Some(1)),
            ("grid", Level::Grid, Some(2)),
            ("other", Level::Community, Some(1)),
        ] {
            areas.register(Area { code: code.into(), name: code.into(), level, parent });
        }
        areas
    }

    #[test]
    fn a_right_holds_at_its_area_and_below_and_nowhere_else() {
        let areas = tree();
        for role in Role::ALL {
            for action in EVERY.into_iter().filter(|action| may(role, *action)) {
                let grant = Grant { role: role as u64, area: 2 };
                let at = |area| decide(&areas, grant, action, Scope::Area(area));
                assert_eq!([at(2), at(3)], [Ok(()), Ok(())], "{role:?} {action:?}");
                for outside in [0, 1, 4, 99] {
                    assert_eq!(at(outside), Err(Denied::Area), "{role:?} {action:?} {outside}");
                }
            }
        }
    }

    #[test]
    fn an_unknown_role_or_area_has_no_right_at_all() {
        let areas = tree();
        for action in EVERY {
            for role in [8, 255, u64::MAX] {
                let grant = Grant { role, area: 0 };
                assert_eq!(decide(&areas, grant, action, Scope::Own), Err(Denied::Role));
            }
            for role in Role::ALL {
                let grant = Grant { role: role as u64, area: 99 };
                for scope in [Scope::Own, Scope::Area(99), Scope::Area(0)] {
                    assert!(decide(&areas, grant, action, scope).is_err());
                }
            }
        }
    }

    #[test]
    fn names_are_read_by_those_who_work_with_people_and_nobody_above() {
        for role in [Role::Street, Role::County, Role::City, Role::DepartmentObserver, Role::Auditor] {
            for purpose in Purpose::ALL {
                assert!(!may(role, Action::ReadNames(purpose)), "{role:?} {purpose:?}");
            }
        }
        assert!(EVERY.iter().all(|action| {
            may(Role::DepartmentObserver, *action)
                == matches!(
                    action,
                    Action::Listen
                        | Action::ReadAreas
                        | Action::ReadSweeps
                        | Action::ReadCoverage
                        | Action::ReadCases
                        | Action::ActOnCases
                        | Action::ReadForms
                        | Action::FillInOwnForms
                        | Action::CrossBridges
                )
        }));
    }

    #[test]
    fn names_and_numbers_of_roles_lead_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.as_str()), Some(role));
            assert_eq!(Role::from_code(role as u64), Some(role));
        }
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::from_name(purpose.as_str()), Some(purpose));
            assert_eq!(Purpose::from_code(purpose as u64), Some(purpose));
        }
    }
}
