//! Who may do what: roles, actions, and the one table that joins them. What is not in the table is forbidden.

/// What someone is there for. The numbers are those of the facts and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|role| *role as u64 == code)
    }

    /// The name that programs read.
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

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A phone hands in what it recorded, or asks how far the server has it.
    PushFacts,
    /// A phone fetches the doors of its area.
    PullDoors,
    /// Signed heads and proofs of the ledger: no content, no names.
    ReadProofs,
    /// To be told that something changed, and in which sweeps.
    WatchChanges,
}

impl Action {
    pub const ALL: [Self; 4] = [Self::PushFacts, Self::PullDoors, Self::ReadProofs, Self::WatchChanges];
}

/// Whether a role may ever do this; where is another question.
#[must_use]
pub fn may(role: Role, action: Action) -> bool {
    match action {
        Action::PushFacts | Action::PullDoors => role == Role::GridWorker,
        Action::ReadProofs | Action::WatchChanges => true,
    }
}
