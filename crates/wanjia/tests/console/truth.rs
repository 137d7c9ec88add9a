//! What is recorded is held to the programme's own checks, and what they flag reaches whoever must look into it, until it is
//! settled or was not so.

use domain::access::Role;
use domain::fact::{Body, FoundBy, Place as Kind};
use domain::id::Id;
use domain::time::{Day, day_of, from_day};
use serde_json::{Value, json};
use wanjia::app::accounts::random;
use wanjia::cli::now;

use super::cases::{CLERK, DOCTOR, SECRETARY, publish_pack};
use super::place::{COUNTY, DAY, OTHER, OWN, Place, Who, account};

/// The doctor of the other tests; here she inspects.
const INSPECTOR: Who = DOCTOR;
const OFFICER: Who = SECRETARY;

async fn village() -> Place {
    let place = Place::new().await;
    publish_pack(&place, "livelihood", &[]).await;
    let appointed = |who: Who, role: &str| Body::Appointed {
        who: account(who).id,
        programme: "livelihood".into(),
        role: role.into(),
        area: Some(OWN.into()),
    };
    let clerk =
        Body::GrantGiven { account: account(CLERK).id, role: Role::Clerk as u64, area: COUNTY.into() };
    place.facts(vec![appointed(INSPECTOR, "inspector"), appointed(OFFICER, "county_officer"), clerk]).await;
    place
}

async fn households(place: &Place, area: &str, count: usize) -> Vec<Id> {
    let doors: Vec<Id> = (0..count).map(|_| Id::from_time(now(), random().unwrap())).collect();
    let registered = doors.iter().zip(1..).map(|(dwelling, room)| Body::DwellingRegistered {
        dwelling: *dwelling,
        area: area.into(),
        building: "9".into(),
        unit: "1".into(),
        room: format!("{room}01"),
        place: Kind::Home,
        found_by: FoundBy::Roster,
    });
    place.facts(registered.collect()).await;
    doors
}

async fn typed(place: &Place, form: Value) {
    let mut form = form;
    form["programme"] = json!("livelihood");
    let answer = place.ask(CLERK, "POST", "/v1/answers", Some(form)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

async fn recognised(place: &Place, dwelling: Id, net: f64) {
    let answers = json!({
        "decided": "unstable", "risks": ["other"], "level": "low", "net_per_head": net, "simplified": "no",
    });
    typed(place, json!({"form": "recognition", "dwelling": dwelling, "answers": answers})).await;
}

async fn cleared(place: &Place, dwelling: Id, (on, net): (Day, f64)) {
    let answers = json!({
        "kind": "natural", "net_per_head": net, "spending_solved": "yes", "guarantees_ok": "yes", "steady": "yes",
    });
    let on = from_day(on).to_string();
    typed(place, json!({"form": "clearance", "dwelling": dwelling, "on": on, "answers": answers})).await;
}

async fn judged(place: &Place) {
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
}

/// What is due of an area as a whole, by pathway.
async fn of_areas(place: &Place, who: Who) -> Vec<(String, Value)> {
    judged(place).await;
    let until = from_day(day_of(now()) + 30);
    let found = place.ask(who, "GET", &format!("/v1/tasks?until={until}"), None).await;
    assert_eq!(found.status, 200, "{}", found.text);
    let rows = found.json()["rows"].as_array().unwrap().clone();
    let area = |row: &Value| row["about"].get("dwelling").is_none() && row["about"].get("worker").is_none();
    let mut found: Vec<(String, Value)> = rows
        .into_iter()
        .filter(area)
        .map(|row| (row["pathway"]["code"].as_str().unwrap().to_owned(), row))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn codes(rows: &[(String, Value)]) -> Vec<&str> {
    rows.iter().map(|(code, _)| code.as_str()).collect()
}

async fn rebuilt(place: &Place) {
    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert!(difference.is_none(), "{difference:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_very_same_income_in_three_households_is_looked_into_and_settled_by_a_person() {
    let place = village().await;
    let doors = households(&place, OWN, 3).await;
    let next = households(&place, OTHER, 2).await;
    for dwelling in [doors[0], doors[1], next[0], next[1]] {
        recognised(&place, dwelling, 4321.0).await;
    }
    assert_eq!(
        codes(&of_areas(&place, OFFICER).await),
        [] as [&str; 0],
        "two here and two in the next village"
    );
    recognised(&place, doors[2], 4321.0).await;
    let due = of_areas(&place, OFFICER).await;
    assert_eq!(codes(&due), ["look_l_t21"]);
    let task = &due[0].1;
    assert_eq!(
        (&task["about"]["area_code"], &task["pathway"]["zh"]),
        (&json!(OWN), &json!("三户以上的收入数字完全一样"))
    );
    assert_eq!(codes(&of_areas(&place, INSPECTOR).await), [] as [&str; 0], "it is not hers yet");

    let case = format!("/v1/cases/{}", task["case"].as_str().unwrap());
    let file = place.ask(OFFICER, "GET", &case, None).await.json();
    assert_eq!(file["reports"][0]["rule"]["code"], "L-T21");
    let steps: Vec<&Value> =
        file["next"].as_array().unwrap().iter().map(|step| &step["step"]["zh"]).collect();
    assert_eq!(
        steps,
        ["抽查这几户的收支", "核实过，情况不实"],
        "what would settle it, or that it is not so: {file}"
    );
    assert_eq!(codes(&of_areas(&place, OFFICER).await), ["look_l_t21"], "asked for once");

    let settle = json!({"deed": "step", "step": "settle", "role": "county_officer", "turn": 0});
    let by_a_clerk = place.ask(CLERK, "POST", &format!("{case}/deeds"), Some(settle.clone())).await;
    assert!(by_a_clerk.status.is_client_error(), "{}", by_a_clerk.text);
    let done = place.ask(OFFICER, "POST", &format!("{case}/deeds"), Some(settle)).await;
    assert_eq!(done.status, 204, "{}", done.text);
    assert_eq!(
        codes(&of_areas(&place, OFFICER).await),
        [] as [&str; 0],
        "and it is answered, though it flags still"
    );
    rebuilt(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_cleared_just_above_the_line_before_an_inspection_reach_the_inspector_whatever_comes_first() {
    let today = day_of(now());
    for inspection_first in [true, false] {
        let place = village().await;
        let doors = households(&place, OWN, 5).await;
        let inspection = json!({
            "form": "inspection", "area": OWN, "answers": {"inspected_on": from_day(today + 6).to_string()},
        });
        if inspection_first {
            typed(&place, inspection.clone()).await;
        }
        // Three just above the line, and three within the week before: of five, and not the same three.
        let said = [
            (today - 20, 5100.0),
            (today - 15, 5001.0),
            (today - 1, 5249.0),
            (today - 1, 9000.0),
            (today, 8000.0),
        ];
        for (dwelling, said) in doors[..4].iter().zip(said) {
            cleared(&place, *dwelling, said).await;
        }
        assert_eq!(codes(&of_areas(&place, INSPECTOR).await), [] as [&str; 0], "four are too few to say");
        cleared(&place, doors[4], said[4]).await;
        if !inspection_first {
            assert_eq!(
                codes(&of_areas(&place, INSPECTOR).await),
                ["look_l_t22"],
                "no inspection is known of"
            );
            typed(&place, inspection).await;
        }
        let due = of_areas(&place, INSPECTOR).await;
        assert_eq!(codes(&due), ["look_l_t22", "look_l_t23"]);
        assert!(due.iter().all(|(_, task)| task["about"]["area_code"] == OWN), "{due:?}");

        // Nobody did anything for three days: it climbs.
        assert_eq!(codes(&of_areas(&place, OFFICER).await), [] as [&str; 0]);
        let late = now() + 73 * DAY / 24;
        place.site.judging.catch_up(&place.site.territory, late).await.unwrap();
        let file = place
            .ask(INSPECTOR, "GET", &format!("/v1/cases/{}", due[0].1["case"].as_str().unwrap()), None)
            .await
            .json();
        assert_eq!(file["reports"][0]["rule"]["code"], "L-T22");
        assert!(
            file["told"]
                .as_array()
                .is_some_and(|told| told.iter().any(|told| told["role"] == "county_officer")),
            "{file}"
        );
        rebuilt(&place).await;
    }
}
