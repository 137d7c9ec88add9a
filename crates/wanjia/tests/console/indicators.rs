//! Indicators by area and day, who stands behind them, and what becomes of them when a day passes or someone is erased.

use domain::access::Role;
use domain::id::PersonId;
use serde_json::{Value, json};

use wanjia::cli::now;

use super::cases::check;
use super::place::{DAY, OTHER, OWN, Place, Who};

const CLERK: Who = Who::Role(Role::Clerk);
const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const COUNTY: Who = Who::Role(Role::County);

async fn counted(place: &Place, at: i64) {
    place.site.judging.catch_up(&place.site.territory, at).await.unwrap();
}

async fn ask(place: &Place, who: Who, uri: &str) -> Value {
    let answer = place.ask(who, "GET", uri, None).await;
    assert_eq!(answer.status, 200, "{uri}: {}", answer.text);
    answer.json()
}

async fn row(place: &Place, code: &str, more: &str) -> Value {
    let found = ask(place, COUNTY, &format!("/v1/indicators?programme=epidemic{more}")).await;
    found["rows"].as_array().unwrap().iter().find(|row| row["code"] == code).unwrap().clone()
}

/// One of those at the callers' home is confirmed.
async fn confirmed(place: &Place, nth: usize, found: &str, reported: &str) -> PersonId {
    let mut form = check(place, false, 36.6).await;
    let person = place.people(place.home(false).await).await[nth];
    form["person"] = json!(person);
    form["form"] = json!("category");
    form["answers"] = json!({
        "category": "confirmed", "found_on": found, "reported_on": reported, "linked": "no",
    });
    let answer = place.ask(CLERK, "POST", "/v1/answers", Some(form)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    person
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_figure_follows_the_answers_and_names_the_doors_behind_it() {
    let place = Place::new().await;
    let (today, before) = (day(now()), day(now() - 3 * DAY));
    let person = confirmed(&place, 0, &before, &today).await;
    counted(&place, now()).await;

    let unlinked = row(&place, "E-I13", "").await;
    assert_eq!(
        (&unlinked["kind"], &unlinked["value"], &unlinked["applies"]),
        (&json!("share"), &json!(1.0), &json!(true))
    );
    let delay = row(&place, "E-I14-report", "").await;
    assert_eq!(
        (&delay["value"], &delay["unit_en"], &delay["denominator"]),
        (&json!(3.0), &json!("days"), &json!(1.0))
    );
    let sweep = row(&place, "E-I01", "").await;
    assert_eq!((&sweep["applies"], &sweep["denominator"]), (&json!(false), &json!(0.0)));
    let forms: Vec<&Value> = sweep["forms"].as_array().unwrap().iter().map(|form| &form["code"]).collect();
    assert_eq!(forms, ["sweep_visit"], "it counts this form's answers, and there are none");
    let nobody = row(&place, "E-I05", "").await;
    assert_eq!((&nobody["value"], &nobody["applies"]), (&Value::Null, &json!(false)), "nobody is no nought");
    let elsewhere = format!("/v1/indicators?programme=epidemic&area={OTHER}");
    assert_eq!(place.ask(COUNTY, "GET", &elsewhere, None).await.code(), "outside_area");
    let areas = ask(&place, COUNTY, "/v1/indicators/epidemic/E-I13/areas").await;
    assert!(areas["rows"].as_array().unwrap().is_empty(), "a community without grids: {areas}");

    let behind = |side: &str| format!("/v1/indicators/epidemic/E-I13/behind?area={OWN}&side={side}");
    let page = ask(&place, SECRETARY, &behind("met")).await;
    assert_eq!(page["rows"].as_array().unwrap().len(), 1, "{page}");
    assert_eq!(
        (&page["rows"][0]["kind"], &page["rows"][0]["about"]["person"]),
        (&json!("person"), &json!(person))
    );
    assert!(ask(&place, SECRETARY, &behind("missed")).await["rows"].as_array().unwrap().is_empty());
    assert_eq!(place.ask(COUNTY, "GET", &behind("met"), None).await.status, 403, "no role of the programme");
    for (uri, status, code) in [
        (behind("left"), 422, "side"),
        (behind("met") + "&on=2020-01-01", 409, "day_over"),
        (behind("met") + "&cursor=x", 422, "cursor"),
        (format!("/v1/indicators/epidemic/E-I99/behind?area={OWN}&side=met"), 404, "unknown_indicator"),
        ("/v1/indicators?programme=nothing".into(), 404, "unknown_programme"),
        ("/v1/indicators?programme=epidemic&since=soon".into(), 422, "not_a_date"),
    ] {
        let answer = place.ask(SECRETARY, "GET", &uri, None).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_is_over_keeps_its_figures_and_an_erased_person_adds_to_none() {
    let place = Place::new().await;
    let (today, before) = (day(now()), day(now() - 3 * DAY));
    let person = confirmed(&place, 0, &before, &today).await;
    confirmed(&place, 1, &before, &before).await;
    counted(&place, now()).await;
    assert_eq!(row(&place, "E-I13", "").await["numerator"], json!(2.0));
    counted(&place, now() + DAY).await;
    let later = row(&place, "E-I14-report", &format!("&since={today}")).await;
    assert_eq!(later["series"].as_array().unwrap().len(), 2, "{later}");
    assert_eq!(later["series"][0]["value"], json!(0.0), "the middle of 0 and 3 as it was told then");

    place
        .site
        .territory
        .write(move |store, now| Ok(store::erase::erase(store, person, person, 0, now)?))
        .await
        .unwrap();
    counted(&place, now() + DAY).await;
    let after = row(&place, "E-I13", &format!("&since={today}")).await;
    assert_eq!(after["numerator"], json!(1.0));
    assert_eq!(row(&place, "E-I13", &format!("&on={today}")).await["numerator"], json!(2.0));
    let behind = format!("/v1/indicators/epidemic/E-I13/behind?area={OWN}&side=met");
    let left = ask(&place, SECRETARY, &behind).await["rows"].as_array().unwrap().clone();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_ne!(left[0]["about"]["person"], json!(person));
}

fn day(at: i64) -> String {
    domain::time::from_day(domain::time::day_of(at)).to_string()
}
