//! Whose flags come and go when a version comes into force, and what becomes of the list.

use domain::access::Role;
use domain::time::day_of;
use serde_json::{Value, json};
use wanjia::cli::now;

use super::cases::{CLERK, SECRETARY, check, publish, publish_version};
use super::place::{DAY, OWN, Place, Who};

const COUNTY: Who = Who::Role(Role::County);
/// Of the rule that a fever flags.
const FEVER: &str = "E-R05";

async fn judged(place: &Place, at: i64) {
    place.site.judging.catch_up(&place.site.territory, at).await.unwrap();
}

async fn changes(place: &Place, who: Who, version: &str, more: &str) -> Value {
    let uri = format!("/v1/programmes/epidemic/{version}/changes?area={OWN}{more}");
    let answer = place.ask(who, "GET", &uri, None).await;
    assert_eq!(answer.status, 200, "{uri}: {}", answer.text);
    answer.json()
}

/// Those at the callers' home, each with her temperature.
async fn measured(place: &Place, temperatures: &[f64]) -> Vec<Value> {
    let people = place.people(place.home(false).await).await;
    let mut measured = Vec::new();
    for (person, temperature) in people.iter().zip(temperatures) {
        let mut form = check(place, false, *temperature).await;
        form["person"] = json!(person);
        let answer = place.ask(CLERK, "POST", "/v1/answers", Some(form)).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        measured.push(json!(person));
    }
    measured
}

/// A version in which only the temperature of a fever is another.
async fn fever_from(place: &Place, version: &'static str, from: i32, celsius: &str) {
    let other = format!("value = {celsius}");
    let line = ("value = 37.3", other.as_str());
    publish_version(place, ("epidemic", version), from, &[], &[line]).await;
}

fn count(came: u64, went: u64) -> Value {
    json!([{"rule": {"code": FEVER, "zh": "发热或有症状", "en": "A fever or a symptom"}, "came": came, "went": went}])
}

fn about(row: &Value) -> Value {
    row["about"]["person"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_tells_whose_flags_came_and_went_when_its_day_arrives() {
    let place = Place::new().await;
    let today = day_of(now());
    let people = measured(&place, &[37.5, 37.1]).await;
    judged(&place, now()).await;
    let first = changes(&place, SECRETARY, "2020-03", "").await;
    assert_eq!(
        (&first["compared"], &first["counts"], &first["rows"]),
        (&Value::Null, &json!([]), &json!([]))
    );

    fever_from(&place, "2020-04", today + 1, "37.8").await;
    judged(&place, now()).await;
    assert_eq!(
        changes(&place, SECRETARY, "2020-04", "").await["compared"],
        Value::Null,
        "its day is tomorrow"
    );
    judged(&place, now() + DAY).await;
    let went = changes(&place, SECRETARY, "2020-04", "").await;
    assert_eq!((&went["compared"]["before"], &went["compared"]["whole"]), (&json!("2020-03"), &json!(true)));
    let lines = went["compared"]["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["en"].as_str().unwrap().contains("37.8")), "{lines:?}");
    assert_eq!(went["counts"], count(0, 1));
    let rows = went["rows"].as_array().unwrap();
    assert_eq!((rows.len(), about(&rows[0])), (1, people[0].clone()));
    assert_eq!((&rows[0]["went"][0]["code"], &rows[0]["came"]), (&json!(FEVER), &json!([])));
    assert_eq!(rows[0]["about"]["building"], "3栋");

    // What comes in later is a matter of the version in force, and no more of the one before it.
    measured(&place, &[36.6]).await;
    judged(&place, now() + DAY).await;
    assert_eq!(changes(&place, SECRETARY, "2020-04", "").await["counts"], count(0, 1));

    // Numbers for the county, which has no role of the programme; of what is no version nothing.
    let county = changes(&place, COUNTY, "2020-04", "").await;
    assert_eq!((&county["counts"], &county["rows"]), (&count(0, 1), &Value::Null));
    let unknown = place.ask(SECRETARY, "GET", "/v1/programmes/epidemic/2019-01/changes", None).await;
    assert_eq!((unknown.status.as_u16(), unknown.code().as_str()), (404, "unknown_programme"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_outlives_a_rebuild_and_a_start_and_goes_with_whom_it_is_about() {
    let place = Place::new().await;
    let today = day_of(now());
    publish(&place).await;
    let people = measured(&place, &[37.1, 37.2]).await;
    judged(&place, now()).await;
    // On a day that is there already: the next pass compares.
    fever_from(&place, "2020-04", today - 1, "37.0").await;
    judged(&place, now()).await;
    let both = changes(&place, SECRETARY, "2020-04", "").await;
    assert_eq!((&both["counts"], both["rows"].as_array().unwrap().len()), (&count(2, 0), 2));
    let first = changes(&place, SECRETARY, "2020-04", "&limit=1").await;
    let next = first["next"].as_str().unwrap();
    let second = changes(&place, SECRETARY, "2020-04", &format!("&limit=1&cursor={next}")).await;
    assert_eq!(json!([first["rows"][0], second["rows"][0]]), both["rows"]);
    assert_eq!(second["next"], Value::Null);

    let kept = tempfile::tempdir().unwrap();
    let control = kept.path().join("control.db");
    let accounts = rusqlite::Connection::open(place.folder.path().join("data/control.db")).unwrap();
    accounts.execute("vacuum into ?1", [control.to_str().unwrap()]).unwrap();
    drop(accounts);
    let place = place
        .reopened_after(&control, |root| {
            store::rebuild::rebuild(root, &mut |_| ()).unwrap();
        })
        .await;
    judged(&place, now()).await;
    assert_eq!(changes(&place, SECRETARY, "2020-04", "").await["rows"], both["rows"]);

    let person: domain::id::Id = serde_json::from_value(people[0].clone()).unwrap();
    place
        .site
        .territory
        .write(move |store, now| Ok(store::erase::erase(store, person, person, 0, now)?))
        .await
        .unwrap();
    judged(&place, now()).await;
    let left = changes(&place, SECRETARY, "2020-04", "").await;
    assert_eq!(left["counts"], count(1, 0));
    let rows = left["rows"].as_array().unwrap();
    assert_eq!((rows.len(), about(&rows[0])), (1, people[1].clone()));

    // A newer version takes the list's place.
    fever_from(&place, "2020-05", today, "37.9").await;
    judged(&place, now()).await;
    assert_eq!(changes(&place, SECRETARY, "2020-04", "").await["compared"], Value::Null);
    assert_eq!(changes(&place, SECRETARY, "2020-05", "").await["counts"], count(0, 1));
}
