//! Indicators by area and day, who stands behind them, and what becomes of them when a day passes or someone is erased.

use domain::access::Role;
use domain::fact::{Body, Light, Outcome};
use domain::id::{Id, PersonId};
use serde_json::{Value, json};

use wanjia::cli::now;

use super::cases::{check, publish};
use super::place::{DAY, OTHER, OWN, Place, SWEEP, Who};

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
        "category": "confirmed", "found_at": format!("{found}T00:00"), "reported_at": format!("{reported}T00:00"), "linked": "no",
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
        (&json!(72.0), &json!("hours"), &json!(1.0))
    );
    let forms: Vec<&Value> = unlinked["forms"].as_array().unwrap().iter().map(|form| &form["code"]).collect();
    assert_eq!((forms, &unlinked["of_sweep"]), (vec![&json!("category")], &json!(false)));
    let sweep = row(&place, "E-I01", "").await;
    assert_eq!((&sweep["forms"], &sweep["of_sweep"]), (&json!([]), &json!(true)), "no form is asked");
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

/// What both pages tell of an area.
async fn told_alike(place: &Place, area: &str, query: &str) -> Value {
    let coverage =
        ask(place, COUNTY, &format!("/v1/sweeps/{SWEEP}/coverage?area={area}")).await["area"].clone();
    let number = |name: &str| coverage[name].as_f64().unwrap();
    let to_reach = number("persons_listed") - number("persons_away");
    let uri = format!("/v1/indicators?programme=epidemic&area={area}{query}");
    let found = ask(place, COUNTY, &uri).await;
    let of = |code: &str| {
        found["rows"].as_array().unwrap().iter().find(|row| row["code"] == code).unwrap().clone()
    };
    for (code, numerator, denominator) in [
        ("E-I01", number("accounted"), json!(number("dwellings"))),
        ("E-I02", number("residual"), Value::Null),
        ("E-I03", number("persons_reached"), json!(to_reach)),
    ] {
        let row = of(code);
        assert_eq!((&row["numerator"], &row["denominator"]), (&json!(numerator), &denominator), "{row}");
        assert_eq!(row["sweep"]["id"], json!(SWEEP), "{row}");
        let value = denominator.as_f64().map_or(numerator, |denominator| numerator / denominator);
        assert_eq!(row["value"], json!(value), "none left is nought, and not nothing: {row}");
    }
    json!([coverage, of("E-I01")["value"], of("E-I02")["value"], of("E-I03")["value"]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_sweep_counts_is_one_number_on_both_pages_whatever_comes_in_which_order() {
    let mut ends = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let place = Place::new().await;
        publish(&place).await;
        let grant = Body::GrantGiven {
            account: Id([100 + Role::County as u8; 16]),
            role: Role::County as u64,
            area: "420102".into(),
        };
        place.facts(vec![grant]).await;
        let (home, upstairs) = (place.home(false).await, place.door(OWN, "3", "2", "501").await);
        let there = place.home(true).await;
        let first = place.people(home).await[0];
        let visit = |dwelling: Id, outcome: Outcome| Body::Visited {
            sweep: SWEEP,
            dwelling,
            outcome,
            light: Light::On,
            evidence: 0,
            recheck_on: (outcome == Outcome::Away).then_some(25_000),
            occupants: None,
        };
        // Each with what comes of it, by whoever stands at that door; two of them at one door, at two moments.
        let seen = Body::PersonSeen { sweep: SWEEP, dwelling: home, person: first, by_phone: false };
        let pushes = [
            (&place.own_phone, visit(home, Outcome::Met)),
            (&place.own_phone, seen),
            (&place.other_phone, visit(there, Outcome::Phone)),
            (&place.own_phone, visit(upstairs, Outcome::Away)),
        ];
        for at in order {
            let (phone, body) = &pushes[at];
            let answer = place.by_phone(phone, "POST", "/v1/facts", Some(phone.push(body.clone()))).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.json()["receipts"][0]["status"], "accepted", "{}", answer.text);
            for area in ["420102", OWN, OTHER] {
                told_alike(&place, area, "").await;
                told_alike(&place, area, &format!("&sweep={SWEEP}")).await;
            }
        }
        let mut end = Vec::new();
        for area in ["420102", OWN, OTHER] {
            end.push(told_alike(&place, area, "").await);
        }
        ends.push(end);

        let behind = |code: &str, side: &str| {
            format!("/v1/indicators/epidemic/{code}/behind?area={OWN}&side={side}&sweep={SWEEP}")
        };
        let doors = |page: Value| -> Vec<Value> {
            page["rows"].as_array().unwrap().iter().map(|row| row["about"]["dwelling"].clone()).collect()
        };
        let residual = format!("/v1/sweeps/{SWEEP}/residual?area={OWN}");
        let left = ask(&place, SECRETARY, &residual).await["rows"].as_array().unwrap().clone();
        assert_eq!(doors(ask(&place, SECRETARY, &behind("E-I02", "met")).await).len(), left.len());
        let mut met = doors(ask(&place, SECRETARY, &behind("E-I01", "met")).await);
        met.sort_by_key(ToString::to_string);
        let mut both = vec![json!(home), json!(upstairs)];
        both.sort_by_key(ToString::to_string);
        assert_eq!(met, both);
        let reached = ask(&place, SECRETARY, &behind("E-I03", "met")).await;
        assert_eq!(reached["rows"][0]["about"]["person"], json!(first), "{reached}");
        let missed = ask(&place, SECRETARY, &behind("E-I03", "missed")).await;
        let missed = missed["rows"].as_array().unwrap();
        assert_eq!(missed.len(), 1, "her husband; who is away upstairs is on neither side: {missed:?}");
        let areas = ask(&place, COUNTY, "/v1/indicators/epidemic/E-I01/areas?area=420102").await;
        let street = &areas["rows"][0];
        assert_eq!((&street["numerator"], &street["denominator"]), (&json!(3.0), &json!(4.0)), "{areas}");
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0], ends[2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_two_sweeps_are_the_one_that_is_looked_at_counts() {
    let place = Place::new().await;
    publish(&place).await;
    let home = place.home(false).await;
    place.visit(SWEEP, home, Outcome::Met, Light::On).await;
    let own = place.sweep(OWN).await;
    let named = |row: &Value| (row["sweep"]["id"].clone(), row["numerator"].clone());
    assert_eq!(named(&row(&place, "E-I01", "").await), (json!(own), json!(0.0)), "it is due sooner");
    let asked = row(&place, "E-I01", &format!("&sweep={SWEEP}")).await;
    assert_eq!(named(&asked), (json!(SWEEP), json!(1.0)));
    assert_eq!(
        place
            .ask(COUNTY, "GET", &format!("/v1/indicators?programme=epidemic&sweep={}", Id([1; 16])), None)
            .await
            .code(),
        "unknown_sweep"
    );
    let elsewhere = place.sweep(OTHER).await;
    let uri = format!("/v1/indicators?programme=epidemic&sweep={elsewhere}");
    assert_eq!(place.ask(COUNTY, "GET", &uri, None).await.code(), "unknown_sweep", "not in her area");
    // As it was closed it stays, until another one is opened.
    place.facts(vec![Body::SweepClosed { sweep: own }, Body::SweepClosed { sweep: SWEEP }]).await;
    place.visit(SWEEP, place.door(OWN, "3", "2", "501").await, Outcome::Met, Light::On).await;
    assert_eq!(named(&row(&place, "E-I01", "").await), (json!(own), json!(0.0)), "the last that was opened");
    let closed = row(&place, "E-I01", &format!("&sweep={SWEEP}&since={}", day(now() - 3 * DAY))).await;
    assert_eq!(named(&closed), (json!(SWEEP), json!(1.0)));
    assert_eq!(closed["series"].as_array().unwrap().len(), 1, "it began today: {closed}");
}

fn day(at: i64) -> String {
    domain::time::from_day(domain::time::day_of(at)).to_string()
}
