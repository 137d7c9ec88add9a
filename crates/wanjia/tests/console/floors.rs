//! 疫情地图 and the command page: exact numbers for whoever acts, none that is small for the public, and sums that are sums.

use domain::access::Role;
use domain::case::{Source, Subject};
use domain::fact::{Body, Light, Outcome};
use domain::id::Id;
use serde_json::{Value, json};
use wanjia::cli::now;

use super::cases::publish;
use super::place::{COUNTY, OTHER, OWN, Place, SWEEP, Who, account, visited};

const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const STREET: Who = Who::Role(Role::Street);
const CLERK: Who = Who::Role(Role::Clerk);

/// Opens a case of each of these people at their door.
async fn contacts(place: &Place, dwelling: Id, people: &[Id]) {
    publish(place).await;
    let reported = people.iter().map(|person| Body::CaseReported {
        case: Id::from_time(now(), wanjia::app::accounts::random().unwrap()),
        programme: "epidemic".into(),
        version: "2020-03".into(),
        pathway: "contact".into(),
        subject: Subject::Person(*person),
        dwelling,
        source: Source::Department,
        rule: None,
        counted_from: None,
    });
    place.facts(reported.collect()).await;
}

async fn cell(place: &Place, who: Who, uri: &str, floor: i64) -> Value {
    let answer = place.ask(who, "GET", uri, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let column =
        answer["pathways"].as_array().unwrap().iter().position(|one| one["code"] == "contact").unwrap();
    let floors = answer["buildings"][0]["floors"].as_array().unwrap();
    assert_eq!(floors.iter().map(|row| row["floor"].as_i64().unwrap()).collect::<Vec<_>>(), [5, 4]);
    floors.iter().find(|row| row["floor"] == floor).unwrap()["cells"][column].clone()
}

#[tokio::test]
async fn the_public_is_told_of_no_few_and_of_no_name() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let mut people = place.people(home).await;
    contacts(&place, home, &people).await;
    let own = format!("/v1/floors?area={OWN}");
    let public = format!("/v1/floors/public?area={OWN}");
    assert_eq!(cell(&place, SECRETARY, &own, 4).await["open"], 2);
    assert_eq!(cell(&place, SECRETARY, &own, 5).await, json!({"open": 0, "restricted": 0}));
    // Two look as nobody does.
    assert_eq!(cell(&place, CLERK, &public, 4).await, json!({}));
    assert_eq!(cell(&place, CLERK, &public, 5).await, json!({}));

    people = vec![place.newcomer(home).await];
    contacts(&place, home, &people).await;
    assert_eq!(cell(&place, CLERK, &public, 4).await, json!({"open": 3}));
    assert_eq!(cell(&place, CLERK, &format!("{public}&k=4"), 4).await, json!({}));
    let text = place.ask(CLERK, "GET", &public, None).await.text;
    for name in ["王东军", "李梅", "张三丰"] {
        assert!(!text.contains(name));
    }
    assert_eq!(place.ask(CLERK, "GET", &format!("{public}&k=2"), None).await.code(), "too_small");
}

#[tokio::test]
async fn exact_numbers_are_for_those_who_act_in_the_programme() {
    let place = Place::new().await;
    let own = format!("/v1/floors?area={OWN}");
    assert_eq!(place.ask(SECRETARY, "GET", &own, None).await.code(), "unknown_programme");
    publish(&place).await;
    assert_eq!(place.ask(SECRETARY, "GET", &own, None).await.status, 200);
    assert_eq!(place.ask(Who::Role(Role::DepartmentObserver), "GET", &own, None).await.code(), "not_in_role");
}

#[tokio::test]
async fn the_series_ends_where_coverage_is_and_begins_before_anyone_knocked() {
    let place = Place::new().await;
    let points = async || {
        let uri = format!("/v1/sweeps/{SWEEP}/series?area={OWN}");
        place.ask(CLERK, "GET", &uri, None).await.json()["points"].as_array().unwrap().clone()
    };
    let before = points().await;
    place.visit(SWEEP, place.door(OWN, "3", "2", "402").await, Outcome::Met, Light::On).await;
    let after = points().await;
    let last = after.last().unwrap();
    assert_eq!((&last["dwellings"], &last["accounted"]), (&json!(2), &json!(1)), "{after:?}");
    assert!(before.iter().all(|point| point["accounted"] == 0), "{before:?}");
    assert!(after.is_sorted_by_key(|point| point["at"].as_str().unwrap().to_owned()));
    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    assert!(store::verify::verify(&root, None, true, &mut |_| {}).is_ok());
}

#[tokio::test]
async fn what_waits_in_an_area_is_the_sum_of_its_parts() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    contacts(&place, home, &people).await;
    let uri = format!("/v1/command?area={OWN}&sweep={SWEEP}");
    let answer = place.ask(STREET, "GET", &uri, None).await.json();
    assert_eq!(answer["area"]["residual"], 2);
    assert_eq!(answer["area"]["silent"], 1, "{answer}");
    for figure in ["residual", "late", "unanswered", "open_posts", "held", "silent"] {
        let parts = answer["children"].as_array().unwrap().iter().chain([&answer["here"]]);
        let sum: u64 = parts.map(|part| part[figure].as_u64().unwrap()).sum();
        assert_eq!(answer["area"][figure], sum, "{figure}");
    }
    let late: u64 = answer["late"].as_array().unwrap().iter().map(|one| one["late"].as_u64().unwrap()).sum();
    assert_eq!(answer["area"]["late"], late);
}

/// Whoever looks at more than a sweep does is told what waits everywhere, and of doors those that the sweep is about.
#[tokio::test]
async fn a_sweep_of_one_community_hides_nothing_of_the_others() {
    let place = Place::new().await;
    let street =
        Body::GrantGiven { account: account(STREET).id, role: Role::Street as u64, area: COUNTY.into() };
    place.facts(vec![street]).await;
    let small = place.sweep(OWN).await;
    let waits = async |area: &str, sweep: Id| {
        place.ask(STREET, "GET", &format!("/v1/command?area={area}&sweep={sweep}"), None).await.json()
    };
    let own = waits(OWN, small).await["area"].clone();
    assert!(own["residual"].as_u64().unwrap() > 0, "{own}");
    let whole = waits(COUNTY, small).await;
    assert_eq!(whole["area"]["residual"], own["residual"], "only the community is swept");
    let parts = whole["children"].as_array().unwrap().iter().chain([&whole["here"]]);
    assert_eq!(parts.map(|part| part["residual"].as_u64().unwrap()).sum::<u64>(), own["residual"]);
    assert_eq!(waits(OTHER, small).await["area"]["residual"], 0, "it is not swept");
    assert!(waits(OTHER, SWEEP).await["area"]["residual"].as_u64().unwrap() > 0);
    assert!(whole["area"]["silent"].as_u64().unwrap() > own["silent"].as_u64().unwrap(), "{whole}");
}

/// The number of what nobody decided leads to as many rows for whoever leads, with whom to ask and nothing of who said it.
#[tokio::test]
async fn what_nobody_answered_is_listed_with_whom_to_ask_and_without_what_was_said() {
    let place = Place::new().await;
    let county =
        Body::GrantGiven { account: account(STREET).id, role: Role::Street as u64, area: COUNTY.into() };
    place.facts(vec![county]).await;
    let (home, elsewhere) = (place.home(false).await, place.home(true).await);
    for door in [home, elsewhere, home] {
        super::slips::said(&place, door).await;
    }
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let uri = format!("/v1/command/unanswered?area={COUNTY}&limit=2&cursor={cursor}");
        let answer = place.ask(STREET, "GET", &uri, None).await;
        assert!(!answer.text.contains("要药") && !answer.text.contains(&home.to_string()), "{}", answer.text);
        let page = answer.json();
        rows.extend(page["rows"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let counted = place.ask(STREET, "GET", &format!("/v1/command?area={COUNTY}"), None).await.json();
    assert_eq!((rows.len(), &counted["area"]["unanswered"]), (3, &json!(3)));
    let places: Vec<_> = rows.iter().map(|row| row["area_code"].as_str().unwrap()).collect();
    assert_eq!(places, [OWN, OTHER, OWN]);
    assert_eq!(rows[0]["what"], "help");
    assert_eq!(rows[0]["reach"], json!({"secretaries": ["陈主任"], "office_phone": "02782812345"}));
    assert_eq!(rows[1]["reach"], json!({"office_phone": "02782812345"}), "nobody has an account there");
    let narrow = place.ask(CLERK, "GET", &format!("/v1/command/unanswered?area={OWN}"), None).await.json();
    assert_eq!(narrow["rows"].as_array().unwrap().len(), 2);
    assert_eq!(narrow["rows"][0].get("reach"), None, "a clerk has no community to ask");

    let list = place.ask(STREET, "GET", &format!("/v1/communities?area={COUNTY}"), None).await.json();
    let own = list["rows"].as_array().unwrap().iter().find(|row| row["code"] == OWN).unwrap().clone();
    assert_eq!((&own["reach"], &own["unanswered"]), (&rows[0]["reach"], &json!(2)));
}

#[tokio::test]
async fn every_community_is_a_line_with_what_its_supervisor_asks_about() {
    let place = Place::new().await;
    let county =
        Body::GrantGiven { account: account(STREET).id, role: Role::Street as u64, area: COUNTY.into() };
    place.facts(vec![county]).await;
    let list = async |area: &str, sweep: Id| {
        let uri = format!("/v1/communities?area={area}&sweep={sweep}");
        place.ask(STREET, "GET", &uri, None).await.json()
    };
    let all = list(COUNTY, SWEEP).await;
    let rows = all["rows"].as_array().unwrap();
    let of =
        |rows: &[Value], code: &str| rows.iter().find(|row| row["code"] == code).cloned().unwrap_or_default();
    assert_eq!((rows.len(), &all["left_off"]), (2, &json!(0)), "{all}");
    assert!(rows.iter().all(|row| row["level"] == "community" && row["above"].is_string()));
    for code in [OWN, OTHER] {
        let row = of(rows, code);
        let uri = format!("/v1/sweeps/{SWEEP}/coverage?area={code}");
        let known = place.ask(STREET, "GET", &uri, None).await.json()["area"].clone();
        for figure in ["dwellings", "accounted", "listed_dark"] {
            assert_eq!(row["swept"][figure], known[figure], "{figure} of {code}");
        }
        let uri = format!("/v1/command?area={code}&sweep={SWEEP}");
        let waits = place.ask(STREET, "GET", &uri, None).await.json()["area"].clone();
        for figure in ["residual", "late", "unanswered", "held", "silent"] {
            assert_eq!(row[figure], waits[figure], "{figure} of {code}");
        }
    }
    assert_eq!(of(rows, OWN)["phones"], 1, "one of the two is revoked");
    assert_eq!(of(rows, OWN)["pushed_at"], Value::Null, "nothing was heard of it yet");
    let visit = place.own_phone.push(visited(SWEEP, place.home(false).await, Outcome::Met, Light::On));
    assert_eq!(place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(visit)).await.status, 200);
    let after = list(COUNTY, SWEEP).await;
    assert!(of(after["rows"].as_array().unwrap(), OWN)["pushed_at"].is_string(), "{after}");

    // What is not swept has no figures of the sweep, and a community is a list of itself.
    let small = place.sweep(OWN).await;
    let beside = of(list(COUNTY, small).await["rows"].as_array().unwrap(), OTHER);
    assert_eq!((beside.get("swept"), &beside["residual"]), (None, &json!(0)));
    assert_eq!(list(OWN, SWEEP).await["rows"].as_array().unwrap().len(), 1);
}
