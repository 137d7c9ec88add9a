//! What befell some people of the demonstration: its programmes in force, who is appointed to their roles, and three weeks
//! of cases, told through the doors that everyone uses. Nobody in it ever lived.

use std::collections::BTreeMap;

use domain::access::Role;
use domain::apply::find_door;
use domain::area::Level;
use domain::case::{Deed, Source, Subject};
use domain::door::door_key;
use domain::id::{ActorId, CaseId, DwellingId, Id, PersonId};
use domain::state::State as _;
use domain::time::{Day, Millis, day_of, end_of, from_day};
use jiff::Span;
use programme::answer::Given;
use programme::{Content, Files, archive};
use rust_embed::RustEmbed;
use store::packs::Publication;
use store::{Control, Reader, Store};

use super::accounts::{self, NewAccount, NewAppointment};
use super::cases::{self, Acting, Actor, FilledIn, Reporting, Typed};
use super::failure::{Failure, Result};
use super::judging;
use super::lessons;
use super::neighbours;
use super::synthetic::City;

/// The packs as they stand in `programmes/`.
#[derive(RustEmbed)]
#[folder = "../../programmes"]
struct Packs;

/// How long before its first screen the story begins.
pub const BEGINS_BEFORE: Millis = 20 * DAY;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;
const EPIDEMIC: &str = "epidemic";
const LIVELIHOOD: &str = "livelihood";

/// How large the area is that someone of the staff works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    Community,
    Street,
    District,
}

/// Someone of the demonstration's staff, and the roles of programmes to which she is appointed.
#[derive(Clone, Copy, Debug)]
pub struct Staff {
    pub username: &'static str,
    pub role: Role,
    pub name: &'static str,
    pub beat: Beat,
    pub appointed: &'static [(&'static str, &'static str)],
}

const fn staff(
    username: &'static str,
    role: Role,
    name: &'static str,
    beat: Beat,
    appointed: &'static [(&'static str, &'static str)],
) -> Staff {
    Staff { username, role, name, beat, appointed }
}

/// Who is shown around.
pub const STAFF: [Staff; 11] = [
    staff(
        "secretary",
        Role::CommunitySecretary,
        "社区书记",
        Beat::Community,
        &[(LIVELIHOOD, "village_cadre")],
    ),
    staff("clerk", Role::Clerk, "社区文员", Beat::Community, &[]),
    staff("street", Role::Street, "街道", Beat::Street, &[(LIVELIHOOD, "township_officer")]),
    // Decides on people of two communities, since her area holds both.
    staff("streetclerk", Role::Clerk, "街道文员", Beat::Street, &[]),
    staff("county", Role::County, "区", Beat::District, &[(LIVELIHOOD, "county_officer")]),
    staff("observer", Role::DepartmentObserver, "部门观察", Beat::District, &[]),
    staff("auditor", Role::Auditor, "审计", Beat::District, &[]),
    staff("doctor", Role::DepartmentObserver, "社区医生", Beat::Street, &[(EPIDEMIC, "doctor")]),
    staff(
        "health",
        Role::DepartmentObserver,
        "卫生健康局",
        Beat::District,
        &[(EPIDEMIC, "health_department")],
    ),
    staff("helper", Role::DepartmentObserver, "帮扶责任人", Beat::Community, &[(LIVELIHOOD, "helper")]),
    staff("carer", Role::DepartmentObserver, "照护人", Beat::Community, &[(EPIDEMIC, "carer")]),
];

impl Staff {
    /// The code of the area in which she works, where the story plays in a community.
    #[must_use]
    pub fn area<'a>(&self, community: &'a str, district: &'a str) -> &'a str {
        match self.beat {
            Beat::Community => community,
            Beat::Street => community.get(..9).unwrap_or(district),
            Beat::District => district,
        }
    }
}

/// Publishes the programmes, appoints the staff and tells the story, which ends at `now`.
///
/// # Errors
/// Those of the storage, and if a pack or a form does not fit the story any more.
pub fn tell(
    store: &mut Store,
    control: &Control,
    city: &City,
    (communities, district): (&[String], &str),
    now: Millis,
) -> Result<()> {
    let most = |index: &usize| city.households_of(*index).count();
    let community = (0..communities.len()).rev().max_by_key(most).unwrap_or_default();
    let code = communities.get(community).map_or(district, String::as_str);
    let begin = now - BEGINS_BEFORE;
    for pack in [EPIDEMIC, LIVELIHOOD] {
        publish(store, pack, begin)?;
    }
    for staff in STAFF {
        let Staff { username, role, name, .. } = staff;
        let area = staff.area(code, district);
        accounts::add_account(store, control, &NewAccount { username, name, role, area }, begin)?;
        for (programme, role) in staff.appointed {
            let new = NewAppointment { username, programme, role, area: Some(area) };
            accounts::appoint(store, control, &new, begin)?;
        }
    }
    let homes = homes(store, city, communities, community)?;
    // A handful of people have no story.
    if homes.len() < HOMES {
        return Ok(());
    }
    let reader = Reader::open(&store.directory().root, store.key())?;
    let position = reader.size()?;
    let mut teller = Teller { store, control, reader, position, now };
    let mut homes = homes.into_iter();
    let mut next = || homes.next().ok_or_else(too_few);
    released_soon(&mut teller, &next()?)?;
    let chain = [next()?, next()?, next()?, next()?];
    confirmed(&mut teller, &chain)?;
    let poor = next()?;
    income(&mut teller, &poor)?;
    venture(&mut teller, &poor)?;
    compound(&mut teller, code)?;
    gourds(&mut teller, &next()?)?;
    let observed = next()?;
    returnee(&mut teller, &observed)?;
    let today = [next()?, next()?, next()?, next()?];
    this_morning(&mut teller, &today, city, communities, community)?;
    answered(&mut teller, &next()?)?;
    let asking = [observed.dwelling, next()?.dwelling, next()?.dwelling, next()?.dwelling];
    let secretary = teller.who("secretary")?.id;
    neighbours::draw(teller.store, &mut teller.reader, secretary, code, now)?;
    neighbours::tell(teller.store, control, secretary, &asking, now)
}

fn too_few() -> Failure {
    Failure::new("too_few", "演示的人口太少", "there are too few people for the demonstration")
}

/// A pack with its term around the days of the story: those of the real programmes are past.
fn publish(store: &mut Store, code: &str, begin: Millis) -> Result<()> {
    let (from, sunset) = (day_of(begin) - 40, day_of(begin) + 720);
    let mut files = Files::new();
    for path in Packs::iter() {
        let (Some(inside), Some(file)) = (path.strip_prefix(code), Packs::get(&path)) else { continue };
        let mut bytes = file.data.into_owned();
        let days: &[(&str, Day)] = match inside {
            "/programme.toml" => &[("in_force", from), ("sunset", sunset)],
            "/overlays/travel_open.toml" => &[("from", day_of(begin) + 32)],
            "/indicators.toml" => &[("by", day_of(begin) + 80)],
            _ => &[],
        };
        if !days.is_empty() {
            let dated = String::from_utf8_lossy(&bytes).lines().fold(String::new(), |text, line| {
                let key = line.split_once(" = ").map(|(key, _)| key);
                let day = days.iter().find(|(own, _)| key == Some(*own));
                let line =
                    day.map_or_else(|| line.to_owned(), |(key, day)| format!("{key} = {}", from_day(*day)));
                text + &line + "\n"
            });
            bytes = dated.into_bytes();
        }
        files.insert(inside.trim_start_matches('/').to_owned(), Content::Bytes(bytes));
    }
    let damaged = || {
        Failure::new(
            "pack_unreadable",
            format!("读不了方案 {code}"),
            format!("the pack {code} does not read"),
        )
    };
    let read = programme::read(&files).map_err(|_| damaged())?;
    let pack = archive::encode(&files).ok_or_else(damaged)?;
    let version = read.manifest.version;
    let actor = store.book().own_series;
    let new = Publication { programme: code, version: &version, from, sunset, pack: &pack };
    store.write(begin, |batch| batch.publish_programme(actor, &new))?;
    Ok(())
}

/// A door, and two people or more behind it.
struct Home {
    dwelling: DwellingId,
    people: Vec<PersonId>,
}

impl Home {
    fn person(&self, index: usize) -> Result<Subject> {
        self.people.get(index).copied().map(Subject::Person).ok_or_else(too_few)
    }

    fn household(&self) -> Subject {
        Subject::Dwelling(self.dwelling)
    }
}

fn homes(store: &mut Store, city: &City, communities: &[String], community: usize) -> Result<Vec<Home>> {
    let mut reader = Reader::open(&store.directory().root, store.key())?;
    let mut homes = Vec::new();
    for number in city.households_of(community) {
        homes.extend(home(&mut reader, city, communities, number)?.filter(|home| home.people.len() >= 3));
        if homes.len() == HOMES {
            break;
        }
    }
    Ok(homes)
}

/// Households that the story needs in its community.
const HOMES: usize = 16;

fn home(reader: &mut Reader, city: &City, communities: &[String], number: u64) -> Result<Option<Home>> {
    let household = city.household(number);
    let area = communities.get(household.community).and_then(|code| reader.book().areas.number(code));
    let Some(area) = area else { return Ok(None) };
    let [building, unit, room] =
        [household.building, household.unit, household.room].map(|label| label.to_string());
    let Some(dwelling) = find_door(reader.state(), area, &door_key(&building, &unit, &room))? else {
        return Ok(None);
    };
    let people = reader.listed_at(dwelling)?;
    Ok(Some(Home { dwelling, people }))
}

/// Who does what when, through the same doors as everyone.
struct Teller<'t> {
    store: &'t mut Store,
    control: &'t Control,
    reader: Reader,
    /// How far the rules have looked.
    position: u64,
    now: Millis,
}

/// How someone answers.
type Answers<'a> = &'a [(&'a str, Given)];

fn text(word: &str) -> Given {
    Given::Text(word.to_owned())
}

fn several(words: &[&str]) -> Given {
    Given::List(words.iter().map(|word| text(word)).collect())
}

fn date(day: Day) -> Given {
    Given::Text(from_day(day).to_string())
}

fn moment(day: Day, clock: &str) -> Given {
    Given::Text(format!("{}T{clock}", from_day(day)))
}

impl Teller<'_> {
    fn today(&self) -> Day {
        day_of(self.now)
    }

    /// An hour of a day that has passed.
    fn at(&self, days_ago: i32, hour: i64) -> Millis {
        end_of(self.today() - days_ago - 1) + 1 + hour * HOUR
    }

    fn who(&mut self, username: &str) -> Result<Actor> {
        let unknown = || Failure::new("unknown_account", username, username);
        let account = self.control.account_named(username)?.ok_or_else(unknown)?;
        let grant = self.store.state().grant(account.id)?.ok_or_else(unknown)?;
        Ok(Actor { id: account.id, grant })
    }

    /// A form is filled in, and the rules look at whom it is about.
    fn fill(
        &mut self,
        at: Millis,
        (by, programme, form): (&str, &str, &str),
        (home, subject, case): (&Home, Subject, Option<CaseId>),
        answers: Answers<'_>,
    ) -> Result<()> {
        let actor = self.who(by)?.id;
        let answers: BTreeMap<String, Given> =
            answers.iter().map(|(name, given)| ((*name).to_owned(), given.clone())).collect();
        let dwelling = home.dwelling;
        let typed = Typed { subject, dwelling, case, programme, form, on: day_of(at), answers: &answers };
        if let FilledIn::Misfits(misfits) = cases::fill_in(self.store, actor, &typed, at)? {
            let named: Vec<String> = misfits.iter().map(|misfit| misfit.text.en.clone()).collect();
            return Err(Failure::new(
                "answer_misfit",
                format!("{form}：{named:?}"),
                format!("{form}: {named:?}"),
            ));
        }
        self.position = judging::judge_now(self.store, &mut self.reader, self.position, at)?;
        Ok(())
    }

    fn case(&mut self, programme: &str, pathway: &str, subject: Subject) -> Result<CaseId> {
        self.reader.refresh()?;
        let found = self.reader.newest_case(programme, pathway, subject)?;
        found.map(|case| case.id).ok_or_else(|| {
            Failure::new(
                "unknown_case",
                format!("没有 {pathway} 个案"),
                format!("there is no case of {pathway}"),
            )
        })
    }

    fn act(
        &mut self,
        at: Millis,
        by: &str,
        role: &str,
        case: CaseId,
        deed: Deed,
        why: Option<&str>,
    ) -> Result<()> {
        let actor = self.who(by)?;
        self.reader.refresh()?;
        let file = self.reader.case_file(case)?.ok_or_else(cases::unknown_case)?;
        let turn = file.standing.ran.len() as u64;
        cases::act(self.store, actor, &Acting { case, role, turn, deed, why }, at)
    }

    fn step(&mut self, at: Millis, by: &str, role: &str, case: CaseId, step: &str) -> Result<()> {
        let deed = Deed::Step { step: step.to_owned(), overridden: false, counted_from: None };
        self.act(at, by, role, case, deed, None)
    }

    /// Offered, and taken by whom it was offered to.
    fn hand_over(&mut self, at: Millis, from: (&str, &str), to: (&str, &str), case: CaseId) -> Result<()> {
        let taker: ActorId = self.who(to.0)?.id;
        self.act(at, from.0, from.1, case, Deed::Offer { to: taker }, None)?;
        self.act(at + 20 * MINUTE, to.0, to.1, case, Deed::Take, None)
    }
}

/// A household whose income is a little below the line: verified by two, and one signature is missing.
fn income(teller: &mut Teller<'_>, home: &Home) -> Result<()> {
    let (at, subject) = (teller.at(4, 9), home.household());
    let about = (home, subject, None);
    let file = [
        ("status", text("out_of_poverty")),
        ("members", Given::Whole(4)),
        ("able_workers", Given::Whole(2)),
        ("disabled", Given::Whole(0)),
        ("uninsured", Given::Whole(0)),
        ("house_grade", text("b")),
        ("water_ok", text("yes")),
        ("subsistence", text("no")),
    ];
    teller.fill(at, ("secretary", LIVELIHOOD, "household_file"), about, &file)?;
    let first = from_day(teller.today()).first_of_month();
    for months in 1..=12 {
        let month = first.checked_sub(Span::new().months(months)).unwrap_or(first);
        // Work away from home until the autumn; then only odd days.
        let wage = if months <= 3 { 600.0 } else { 1_500.0 };
        let sheet = [
            ("month", Given::Text(month.to_string())),
            ("wage", Given::Decimal(wage)),
            ("wage_living", Given::Decimal(wage / 5.0)),
            ("business", Given::Decimal(if months % 3 == 0 { 900.0 } else { 0.0 })),
            ("business_cost", Given::Decimal(if months % 6 == 0 { 400.0 } else { 0.0 })),
            ("property", Given::Decimal(0.0)),
            ("transfer", Given::Decimal(180.0)),
            ("transfer_paid", Given::Decimal(0.0)),
            ("not_counted", Given::Decimal(if months == 10 { 1_000.0 } else { 0.0 })),
            ("payout", Given::Decimal(0.0)),
            ("self_paid", Given::Decimal(if months == 2 { 2_600.0 } else { 0.0 })),
        ];
        teller.fill(at + months * MINUTE, ("secretary", LIVELIHOOD, "income"), about, &sheet)?;
    }
    let case = teller.case(LIVELIHOOD, "monitor", subject)?;
    let seen = teller.today() - 3;
    let verification = [
        ("verifiers", Given::Whole(2)),
        ("visited_on", date(seen)),
        ("signed_on", date(seen)),
        ("basic_life", text("no")),
        ("coping", text("no")),
    ];
    let about = (home, subject, Some(case));
    teller.fill(teller.at(3, 16), ("secretary", LIVELIHOOD, "verification"), about, &verification)?;
    teller.step(teller.at(3, 17), "secretary", "village_cadre", case, "verify")
}

/// An arrival registered on a day.
fn arrives(
    teller: &mut Teller<'_>,
    (at, arrived, temperature): (Millis, Day, f64),
    (home, subject): (&Home, Subject),
    told: Option<Day>,
) -> Result<()> {
    let mut answers = vec![
        ("from_area", text("湖北 黄冈")),
        ("arrived_on", date(arrived)),
        ("transport", text("train")),
        ("listed_area_14d", text("yes")),
        ("near_case_14d", text("no")),
        ("temp_c", Given::Decimal(temperature)),
        ("symptom", several(&["none"])),
        ("dwelling_suitable", text("yes")),
    ];
    if let Some(told) = told {
        answers.extend([("notice_given_on", date(told)), ("promise_signed_on", date(told))]);
    }
    teller.fill(at, ("clerk", EPIDEMIC, "returnee"), (home, subject, None), &answers)
}

fn checked(
    teller: &mut Teller<'_>,
    at: Millis,
    (home, subject): (&Home, Subject),
    check: (f64, &str),
) -> Result<()> {
    let slot = if at - (end_of(day_of(at) - 1) + 1) < 12 * HOUR { "am" } else { "pm" };
    let answers = [
        ("slot", text(slot)),
        ("temp_c", Given::Decimal(check.0)),
        ("symptom", several(&[check.1])),
        ("told_by", text("self")),
    ];
    teller.fill(at, ("clerk", EPIDEMIC, "twice_daily"), (home, subject, None), &answers)
}

/// Fourteen days are over; the secretary has the notice, and the doctor has not signed yet.
fn released_soon(teller: &mut Teller<'_>, home: &Home) -> Result<()> {
    let (subject, arrived) = (home.person(0)?, teller.today() - 15);
    arrives(teller, (teller.at(13, 10), arrived, 36.4), (home, subject), Some(teller.today() - 13))?;
    let case = teller.case(EPIDEMIC, "observe_home", subject)?;
    teller.step(teller.at(13, 11), "secretary", "community_secretary", case, "told")?;
    teller.step(teller.at(1, 8), "secretary", "community_secretary", case, "completed")?;
    let release = [("doctor_agrees", text("yes")), ("notice_no", text("解-0217"))];
    teller.fill(
        teller.at(1, 9),
        ("secretary", EPIDEMIC, "release"),
        (home, subject, Some(case)),
        &release,
    )?;
    teller.step(teller.at(1, 10), "secretary", "community_secretary", case, "release")
}

/// Someone is confirmed by a hospital: placed, and her contacts are named with their case.
fn becomes_a_case(
    teller: &mut Teller<'_>,
    days_ago: i32,
    (home, subject): (&Home, Subject),
    from_known: bool,
) -> Result<CaseId> {
    let day = teller.today() - days_ago;
    let referral = [
        ("reason", text("case")),
        ("onset_on", date(day - 2)),
        ("moved_by", text("ambulance")),
        ("facility", text("区第一医院")),
        ("left_on", date(day - 1)),
        ("result", text("confirmed")),
    ];
    teller.fill(
        teller.at(days_ago, 8),
        ("doctor", EPIDEMIC, "referral"),
        (home, subject, None),
        &referral,
    )?;
    let case = teller.case(EPIDEMIC, "four_categories", subject)?;
    let category = [
        ("category", text("confirmed")),
        ("found_at", moment(day - 1, "20:10")),
        ("reported_at", moment(day - 1, "21:00")),
        ("isolated_at", moment(day - 1, "23:30")),
        ("treated_at", moment(day, "07:40")),
        ("tested_on", date(day - 1)),
        ("contacts_listed", text("yes")),
        ("linked", text(if from_known { "yes" } else { "no" })),
    ];
    let about = (home, subject, Some(case));
    teller.fill(teller.at(days_ago, 9), ("doctor", EPIDEMIC, "category"), about, &category)?;
    teller.step(teller.at(days_ago, 10), "doctor", "doctor", case, "place")?;
    Ok(case)
}

fn exposed(
    teller: &mut Teller<'_>,
    (days_ago, minute): (i32, i64),
    (home, subject): (&Home, Subject),
    (case, kind, told): (CaseId, &str, bool),
) -> Result<()> {
    let day = teller.today() - days_ago;
    let mut answers = vec![("kind", text(kind)), ("last_on", date(day - 2)), ("found_on", date(day))];
    answers.extend(told.then(|| ("told_on", date(day))));
    let at = teller.at(days_ago, 11) + minute * MINUTE;
    teller.fill(at, ("doctor", EPIDEMIC, "exposure"), (home, subject, Some(case)), &answers)
}

/// Asked at the door within the hour: whoever stays can be alone.
fn nobody_left_behind(teller: &mut Teller<'_>, days_ago: i32, home: &Home) -> Result<()> {
    let (at, subject) = (teller.at(days_ago, 10) + 5 * MINUTE, home.household());
    let left = [("depends", several(&["none"]))];
    teller.fill(at, ("secretary", EPIDEMIC, "left_behind"), (home, subject, None), &left)?;
    let case = teller.case(EPIDEMIC, "dependant", subject)?;
    teller.step(at + 2 * MINUTE, "secretary", "community_secretary", case, "nobody_left_behind")
}

/// Three generations: who was infected by whom is in the forms that were filled in for each one's case. Whoever was left
/// at home had a carer within the hour; one contact was told late, and that has climbed.
fn confirmed(teller: &mut Teller<'_>, [first, second, third, fourth]: &[Home; 4]) -> Result<()> {
    let index = (first, first.person(0)?);
    let case = becomes_a_case(teller, 8, index, false)?;
    let about = (first, first.household(), None);
    let left = [("depends", several(&["elder"]))];
    teller.fill(teller.at(8, 10) + 10 * MINUTE, ("secretary", EPIDEMIC, "left_behind"), about, &left)?;
    let cared = [("cares", text("yes")), ("name", text("周敏")), ("seen_by", text("visit"))];
    teller.fill(teller.at(8, 10) + 30 * MINUTE, ("secretary", EPIDEMIC, "carer"), about, &cared)?;
    let dependant = teller.case(EPIDEMIC, "dependant", first.household())?;
    teller.step(
        teller.at(8, 10) + 35 * MINUTE,
        "secretary",
        "community_secretary",
        dependant,
        "carer_named",
    )?;

    exposed(teller, (8, 0), (first, first.person(1)?), (case, "living", true))?;
    exposed(teller, (8, 2), (second, second.person(0)?), (case, "meal", true))?;
    exposed(teller, (8, 4), (third, third.person(0)?), (case, "room", true))?;
    let next = becomes_a_case(teller, 5, (second, second.person(0)?), true)?;
    nobody_left_behind(teller, 5, second)?;
    exposed(teller, (5, 0), (second, second.person(1)?), (next, "living", true))?;
    exposed(teller, (5, 2), (third, third.person(1)?), (next, "vehicle", true))?;
    let last = becomes_a_case(teller, 2, (third, third.person(1)?), true)?;
    nobody_left_behind(teller, 2, third)?;
    exposed(teller, (2, 0), (third, third.person(2)?), (last, "living", true))?;
    exposed(teller, (2, 2), (fourth, fourth.person(0)?), (last, "meeting", false))?;
    teller.step(teller.now - 3 * HOUR, "carer", "carer", dependant, "logged")
}

/// Seedlings from another province, once the roads are open: until then it waits.
fn venture(teller: &mut Teller<'_>, home: &Home) -> Result<()> {
    let planned = Reporting {
        programme: LIVELIHOOD,
        pathway: "venture",
        subject: home.household(),
        dwelling: home.dwelling,
        source: Source::Worker,
        text: None,
    };
    let secretary = teller.who("secretary")?.id;
    cases::report(teller.store, secretary, &planned, teller.at(3, 11))?;
    Ok(())
}

/// The community applies to be named free of cases, and is not yet.
fn compound(teller: &mut Teller<'_>, community: &str) -> Result<()> {
    let own = Id::of_area(community);
    let area = Home { dwelling: own, people: Vec::new() };
    let applied = Reporting {
        programme: EPIDEMIC,
        pathway: "case_free",
        subject: Subject::Area(own),
        dwelling: own,
        source: Source::Worker,
        text: Some("上一例是前天，六个到位还差两项；先申请，请来检查。"),
    };
    let secretary = teller.who("secretary")?.id;
    cases::report(teller.store, secretary, &applied, teller.at(1, 9))?;
    let state = [
        ("applied_on", date(teller.today() - 1)),
        ("last_case_on", date(teller.today() - 2)),
        ("open_cases", Given::Whole(6)),
        ("in_place", several(&["told", "closed", "swept", "supplied"])),
        ("checked_by_other", text("no")),
    ];
    let about = (&area, Subject::Area(own), None);
    teller.fill(teller.at(1, 9), ("secretary", EPIDEMIC, "compound"), about, &state)
}

/// Thirty tonnes of gourds and a closed road: counted, offered, ordered, and handed over to the helper.
fn gourds(teller: &mut Teller<'_>, home: &Home) -> Result<()> {
    let (subject, today) = (home.household(), teller.today());
    let produce = [
        ("crop", text("冬瓜")),
        ("unsold_kg", Given::Decimal(30_000.0)),
        ("price", Given::Decimal(0.8)),
        ("ready_from", date(today - 6)),
        ("ready_to", date(today + 4)),
        ("blocked_by", text("road")),
    ];
    let about = (home, subject, None);
    teller.fill(teller.at(3, 10), ("secretary", LIVELIHOOD, "produce"), about, &produce)?;
    let case = teller.case(LIVELIHOOD, "produce", subject)?;
    teller.step(teller.at(3, 15), "secretary", "village_cadre", case, "count")?;
    teller.step(teller.at(2, 9), "secretary", "village_cadre", case, "offer")?;
    teller.step(teller.at(1, 14), "street", "township_officer", case, "order")?;
    teller.hand_over(teller.at(1, 15), ("secretary", "village_cadre"), ("helper", "helper"), case)
}

/// Medicine was asked for, brought and confirmed within a day, and what was learnt from it is kept.
fn answered(teller: &mut Teller<'_>, home: &Home) -> Result<()> {
    let subject = home.household();
    let secretary = teller.who("secretary")?;
    let asked = Reporting {
        programme: EPIDEMIC,
        pathway: "need",
        subject,
        dwelling: home.dwelling,
        source: Source::Resident,
        text: None,
    };
    let (case, _) = cases::report(teller.store, secretary.id, &asked, teller.at(2, 9))?;
    teller.step(teller.at(2, 10), "secretary", "community_secretary", case, "match")?;
    teller.step(teller.at(2, 14), "secretary", "community_secretary", case, "send")?;
    let delivered = [
        ("kind", text("medicine")),
        ("urgent", text("no")),
        ("raised_on", date(teller.today() - 2)),
        ("outcome", text("delivered")),
        ("outcome_on", date(teller.today() - 2)),
        ("confirmed", text("yes")),
    ];
    let about = (home, subject, Some(case));
    teller.fill(teller.at(2, 16), ("secretary", EPIDEMIC, "need"), about, &delivered)?;
    teller.step(teller.at(2, 16) + 5 * MINUTE, "secretary", "community_secretary", case, "confirm")?;
    let learnt = "药店下午四点前收到处方，当天就能送到；晚了要等第二天。";
    lessons::note(teller.store, secretary, (case, learnt), teller.at(1, 8))
}

/// Day 4 of 14, with her checks.
fn returnee(teller: &mut Teller<'_>, home: &Home) -> Result<()> {
    let subject = home.person(0)?;
    let day = teller.today() - 3;
    arrives(teller, (teller.at(3, 18), day, 36.5), (home, subject), Some(day))?;
    let case = teller.case(EPIDEMIC, "observe_home", subject)?;
    teller.step(teller.at(3, 19), "secretary", "community_secretary", case, "told")?;
    for (days_ago, hour) in [(2, 8), (2, 20), (1, 8), (1, 20)] {
        checked(teller, teller.at(days_ago, hour), (home, subject), (36.5, "none"))?;
    }
    Ok(())
}

/// What came in within the last hours: arrivals all over the district, a fever that nobody has called about in time and
/// one that is new, someone left behind, and a need.
fn this_morning(
    teller: &mut Teller<'_>,
    [late, ill, left, need]: &[Home; 4],
    city: &City,
    communities: &[String],
    community: usize,
) -> Result<()> {
    let now = teller.now;
    checked(teller, now - 3 * HOUR + 10 * MINUTE, (late, late.person(0)?), (37.9, "cough"))?;
    let others = (0..communities.len()).filter(|index| *index != community).step_by(3);
    for (minute, index) in (0..).zip(others) {
        let first = city.households_of(index).next();
        let Some(number) = first else { continue };
        let home = home(&mut teller.reader, city, communities, number)?;
        let Some(home) = home.filter(|home| !home.people.is_empty()) else { continue };
        let at = now - 2 * HOUR + minute * MINUTE / 2;
        arrives(teller, (at, day_of(at), 36.6), (&home, home.person(0)?), None)?;
    }
    let asked = Reporting {
        programme: EPIDEMIC,
        pathway: "need",
        subject: need.household(),
        dwelling: need.dwelling,
        source: Source::Resident,
        text: None,
    };
    let secretary = teller.who("secretary")?.id;
    cases::report(teller.store, secretary, &asked, now - 75 * MINUTE)?;
    let taken_at = now - 70 * MINUTE;
    let taken = [
        ("reason", text("fever")),
        ("moved_by", text("community_car")),
        ("facility", text("区第一医院发热门诊")),
        ("left_on", date(day_of(taken_at))),
    ];
    let away = left.person(0)?;
    teller.fill(taken_at, ("secretary", EPIDEMIC, "referral"), (left, away, None), &taken)?;
    let behind = [("depends", several(&["child", "elder"]))];
    let household = (left, left.household(), None);
    teller.fill(now - 60 * MINUTE, ("clerk", EPIDEMIC, "left_behind"), household, &behind)?;
    let reported =
        Reporting { pathway: "dependant", subject: left.household(), dwelling: left.dwelling, ..asked };
    cases::report(teller.store, secretary, &reported, now - 50 * MINUTE)?;
    checked(teller, now - 40 * MINUTE, (ill, ill.person(0)?), (38.4, "fever"))
}

/// The community in which the story plays: that of its secretary.
///
/// # Errors
/// `unknown_account` in a directory that another program's demonstration made.
pub fn community(store: &mut Store, control: &Control) -> Result<String> {
    let account = control.account_named("secretary")?;
    let grant = match account {
        Some(account) => store.state().grant(account.id)?,
        None => None,
    };
    let areas = &store.book().areas;
    let area = grant.filter(|grant| areas.get(grant.area).is_some_and(|area| area.level >= Level::Community));
    area.map(|grant| areas.code(grant.area).to_owned()).ok_or_else(|| {
        Failure::new(
            "unknown_account",
            "这个目录不是演示做的，或是旧版本做的：请换一个 --data 目录",
            "no demonstration of this version made this directory; choose another --data",
        )
    })
}
