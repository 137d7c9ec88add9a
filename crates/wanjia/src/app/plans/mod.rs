//! Plans in the console: a draft is made from uploaded lists, every change to it is judged anew, and what a person
//! publishes becomes facts.

use std::collections::BTreeMap;

use domain::area::{AreaNumber, Level};
use domain::plan::{Open, PlanKind, Slot};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use store::Reader;

use super::failure::Result as AppResult;

mod deploy;
mod examples;
mod grids;
pub mod headings;
mod located;
mod pair;
mod planning;
mod publish;
pub mod role;
pub mod rota;
mod rounds;
mod sheet;

pub use deploy::Deployment;
pub use examples::example;
pub use grids::Grids;
pub use pair::Pairing;
pub use planning::Planning;
pub use publish::{Phones, Publication, Published, Worker, phones_of, publish, withdraw};
pub use rota::Rota;
pub use rounds::Rounds;
pub use sheet::{Sheet, Wrong};

/// The most people whom one plan names.
pub const PEOPLE: usize = 5000;
/// The most slots of one plan.
pub const SLOTS: usize = 20_000;
/// The longest name of a person, and of a post, community, building or stop, in characters.
pub const NAME_LIMIT: usize = 40;
pub const LABEL_LIMIT: usize = 40;

/// No way is longer than half around the earth.
const FARTHEST_KM: f64 = 20_037.0;

/// The lists that a plan is made from; the first names its holders, where a list does.
fn lists_of(kind: PlanKind) -> &'static [&'static str] {
    match kind {
        PlanKind::Rota => &["people", "posts"],
        PlanKind::Grids => &["adjacency", "buildings"],
        PlanKind::Deployment => &["staff", "communities"],
        PlanKind::Pairing => &["units", "places"],
        PlanKind::Rounds => &["teams", "vehicles", "stops"],
    }
}

/// What was asked for: the lists by their part in the plan, and what is set beside them.
#[derive(Debug, Default)]
pub struct Input {
    pub files: BTreeMap<String, Vec<u8>>,
    pub from: Option<Date>,
    pub days: Option<u16>,
    /// Households a grid should have.
    pub target: Option<u32>,
    /// Nobody is sent farther than this.
    pub max_km: Option<f64>,
    /// How many teams walk, where no list names them.
    pub teams: Option<u16>,
}

impl Input {
    /// # Errors
    /// If it was not sent, or is no list.
    pub fn sheet(&self, file: &'static str) -> Result<Sheet, Wrong> {
        match self.files.get(file) {
            Some(bytes) => Sheet::read(file, bytes.clone()),
            None => Err(Wrong::new(file, "file_missing", "没有上传这份表", "this list was not sent")),
        }
    }

    /// The lists of a kind, and whether each was asked for and what is set makes sense.
    ///
    /// # Errors
    /// At the first that is not.
    fn check(&self, kind: PlanKind) -> Result<(), Wrong> {
        let lists = lists_of(kind);
        if self.files.keys().any(|name| !lists.contains(&name.as_str())) {
            let all = lists.join("、");
            return Err(Wrong::new(
                lists[0],
                "unknown_list",
                format!("收到了这种方案不用的表；这种方案用的是 {all}"),
                format!("a list was sent that this kind of plan does not use; it uses {}", lists.join(", ")),
            ));
        }
        if self.target == Some(0) {
            return Err(Wrong::setting(
                "target",
                "out_of_range",
                "每格至少 1 户",
                "a grid has a household at least",
            ));
        }
        if self.max_km.is_some_and(|km| km <= 0.0 || km > FARTHEST_KM) {
            return Err(Wrong::setting(
                "max_km",
                "out_of_range",
                format!("最远距离在 0 和 {FARTHEST_KM} 公里之间"),
                format!("the farthest way is above 0 and {FARTHEST_KM} km at most"),
            ));
        }
        if self.teams.is_some_and(|teams| teams == 0 || usize::from(teams) > PEOPLE) {
            return Err(Wrong::setting(
                "teams",
                "out_of_range",
                format!("队数是 1 到 {PEOPLE}"),
                format!("there are 1 to {PEOPLE} teams"),
            ));
        }
        Ok(())
    }

    /// What is set beside the lists, as one text.
    fn set(&self) -> String {
        let Self { files: _, from, days, target, max_km, teams } = self;
        format!("{from:?} {days:?} {target:?} {max_km:?} {teams:?}")
    }

    /// Of everything that a plan is made from.
    #[must_use]
    pub fn digest(&self, kind: PlanKind, more: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [kind.as_str(), more, &self.set()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        for (name, bytes) in &self.files {
            for part in [name.as_bytes(), bytes] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hash.finalize().into()
    }
}

/// Who holds what: for each holder the slots, by their place among the problem's.
pub type Held = Vec<Vec<u32>>;

/// A plan as the planner made it.
#[derive(Debug, Clone)]
pub struct Solved {
    pub held: Held,
    /// No plan on the same input that covers as much is below it.
    pub bound: u64,
}

/// What a plan may never do. It names its holder and its slot, and no reason that is hers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// None for a slot that has to be held and is not.
    pub holder: Option<usize>,
    pub slot: u32,
    pub code: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
}

/// A number beside the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    pub code: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub value: String,
}

/// What it takes to come to a slot, as far as it is reckoned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leg {
    /// From home, from the unit's seat, or from the stop before.
    pub metres: Option<u64>,
    /// The minute of the day at which it begins, where that is its holder's and not the slot's own.
    pub minute: Option<u32>,
}

/// What a holder's slots take together, and each of them in the order in which they are held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    pub metres: u64,
    pub legs: Vec<Leg>,
}

/// A holder to whom nothing is given, and why. It is said to whoever drafts the plan and is in no published one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    pub holder: usize,
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

/// What a plan costs, breaks and leaves open.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    pub objective: u64,
    /// No such plan is below it; none where this one covers less than the one that was proven.
    pub bound: Option<u64>,
    pub open: Vec<Open>,
    pub broken: Vec<Broken>,
    pub figures: Vec<Figure>,
    /// One for each holder; none where no way is reckoned.
    pub ways: Vec<Way>,
    pub idle: Vec<Idle>,
}

/// What is to be planned.
pub enum Task {
    Rota(Rota),
    Grids(Box<Grids>),
    Deployment(Deployment),
    Pairing(Pairing),
    Rounds(Rounds),
}

/// The unit of a plan's objective and bound, in both languages.
#[must_use]
pub fn unit_of(kind: PlanKind) -> (&'static str, &'static str) {
    match kind {
        PlanKind::Rota => ("小时无人", "hours uncovered"),
        PlanKind::Grids => ("处相邻被切开", "adjacencies cut"),
        PlanKind::Deployment | PlanKind::Pairing => ("米", "m"),
        PlanKind::Rounds => ("米（楼梯已折算）", "m, stairs counted"),
    }
}

impl Task {
    /// Reads what was asked for, and what the territory knows of it.
    ///
    /// # Errors
    /// Those of the storage; the inner one is what is wrong with the lists, by file, row and column.
    pub fn read(
        reader: &Reader,
        (kind, area): (PlanKind, AreaNumber),
        input: &Input,
    ) -> AppResult<Result<Self, Wrong>> {
        let level = reader.book().areas.get(area).map(|area| area.level);
        if kind == PlanKind::Grids
            && level.is_none_or(|level| level < Level::Community || level == Level::Grid)
        {
            return Ok(Err(Wrong::new(
                "",
                "area_not_a_community",
                "网格在一个社区里划分；请选一个社区",
                "grids are drawn within one community; choose one",
            )));
        }
        let ground = match kind {
            PlanKind::Grids => Some(grids::ground(reader, area)?),
            _ => None,
        };
        Ok(Self::of(kind, input, ground))
    }

    fn of(kind: PlanKind, input: &Input, ground: Option<grids::Ground>) -> Result<Self, Wrong> {
        input.check(kind)?;
        let task = match kind {
            PlanKind::Rota => Self::Rota(Rota::read(input)?),
            PlanKind::Grids => Self::Grids(Box::new(Grids::read(input, &ground.unwrap_or_default())?)),
            PlanKind::Deployment => Self::Deployment(Deployment::read(input)?),
            PlanKind::Pairing => Self::Pairing(Pairing::read(input)?),
            PlanKind::Rounds => Self::Rounds(Rounds::read(input)?),
        };
        if task.holders().len() > PEOPLE {
            return Err(Wrong::new(
                lists_of(kind)[0],
                "too_large",
                format!("一份方案最多 {PEOPLE} 行；请分社区制定"),
                format!("a plan has {PEOPLE} rows here at most; plan by community"),
            ));
        }
        Ok(task)
    }

    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        match self {
            Self::Rota(rota) => &rota.slots,
            Self::Grids(grids) => &grids.slots,
            Self::Deployment(deployment) => &deployment.slots,
            Self::Pairing(pairing) => &pairing.slots,
            Self::Rounds(rounds) => &rounds.slots,
        }
    }

    /// Who or what can hold a slot.
    #[must_use]
    pub fn holders(&self) -> &[String] {
        match self {
            Self::Rota(rota) => &rota.people,
            Self::Grids(grids) => &grids.grids,
            Self::Deployment(deployment) => &deployment.staff,
            Self::Pairing(pairing) => &pairing.names,
            Self::Rounds(rounds) => &rounds.names,
        }
    }

    #[must_use]
    pub fn kind(&self) -> PlanKind {
        match self {
            Self::Rota(_) => PlanKind::Rota,
            Self::Grids(_) => PlanKind::Grids,
            Self::Deployment(_) => PlanKind::Deployment,
            Self::Pairing(_) => PlanKind::Pairing,
            Self::Rounds(_) => PlanKind::Rounds,
        }
    }

    #[must_use]
    pub fn solve(&self) -> Solved {
        match self {
            Self::Rota(rota) => rota.solve(),
            Self::Grids(grids) => grids.solved.clone(),
            Self::Deployment(deployment) => deployment.solve(),
            Self::Pairing(pairing) => pairing.solve(),
            Self::Rounds(rounds) => rounds.solve(),
        }
    }

    /// Judges a plan, which must hold one list for each holder and no slot that is not there.
    #[must_use]
    pub fn judge(&self, held: &Held, solved: &Solved) -> Judged {
        match self {
            Self::Rota(rota) => rota.judge(held, solved),
            Self::Grids(grids) => grids.judge(held, solved),
            Self::Deployment(deployment) => deployment.judge(held, solved),
            Self::Pairing(pairing) => pairing.judge(held, solved),
            Self::Rounds(rounds) => rounds.judge(held, solved),
        }
    }

    /// Who holds what today, where the territory or the lists say so.
    #[must_use]
    pub fn today(&self) -> Option<&Held> {
        match self {
            Self::Grids(grids) => Some(&grids.today),
            Self::Pairing(pairing) => Some(&pairing.today),
            Self::Rota(_) | Self::Deployment(_) | Self::Rounds(_) => None,
        }
    }

    /// The slots that touch, for a map.
    #[must_use]
    pub fn edges(&self) -> Vec<[u32; 2]> {
        match self {
            Self::Grids(grids) => grids.edges(),
            _ => Vec::new(),
        }
    }

    /// Whether its holders are people, each of whom has a part of her own.
    #[must_use]
    pub fn names_people(&self) -> bool {
        !matches!(self, Self::Grids(_))
    }

    /// Whether a plan is one of this task.
    #[must_use]
    pub fn fits(&self, held: &Held) -> bool {
        held.len() == self.holders().len()
            && held.iter().flatten().all(|slot| (*slot as usize) < self.slots().len())
    }

    /// Of the slots and the holders, so that a page and the server mean the same by their places.
    #[must_use]
    pub fn shape(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for slot in self.slots() {
            hash.update(format!("{slot:?}\n"));
        }
        for holder in self.holders() {
            hash.update(format!("{holder:?}\n"));
        }
        hash.finalize().into()
    }
}
