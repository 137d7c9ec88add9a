//! What is recorded of those who work: who says it, who reads it, what comes of it. And what comes of what people of an area
//! said, for the area.

use std::collections::BTreeMap;

use domain::access::Role;
use domain::area::Level;
use domain::case::Subject;
use domain::fact::Body;
use domain::id::Id;
use domain::time::{Day, day_of, from_day};
use programme::answer::{self, Given};
use serde_json::{Value, json};
use wanjia::cli::now;

use super::cases::{CLERK, DOCTOR, SECRETARY, appoint, publish};
use super::place::{COUNTY, DAY, OTHER, OWN, Phone, Place, Who, account};

const WORKER: Who = Who::Role(Role::GridWorker);

/// A shift as a phone says it, of someone in an area; the reason for which it waits, if it does.
async fn shift(place: &Place, phone: &Phone, (worker, area): (Id, &str), hours: f64) -> Option<Value> {
    let body = Body::Answered {
        subject: Subject::Worker(worker),
        dwelling: Id::of_area(area),
        case: None,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        form: "shift".into(),
        on: day_of(now()),
        replaces: None,
    };
    let answers = BTreeMap::from([("hours".to_owned(), Given::Decimal(hours))]);
    let (push, _) = phone.push_sealed(body, worker, &answer::encode(&answers));
    let pushed = place.by_phone(phone, "POST", "/v1/facts", Some(push)).await;
    assert_eq!(pushed.status, 200, "{}", pushed.text);
    pushed.json()["receipts"][0].get("reason").cloned()
}

async fn typed(place: &Place, who: Who, worker: Id, hours: f64) -> super::place::Answer {
    let form =
        json!({"programme": "epidemic", "form": "shift", "worker": worker, "answers": {"hours": hours}});
    place.ask(who, "POST", "/v1/answers", Some(form)).await
}

async fn judged(place: &Place) {
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
}

async fn tasks(place: &Place, who: Who, pathway: &str) -> Vec<Value> {
    let until = from_day(day_of(now()) + 30);
    let found = place.ask(who, "GET", &format!("/v1/tasks?until={until}"), None).await.json();
    let rows = found["rows"].as_array().unwrap();
    rows.iter().filter(|row| row["pathway"]["code"] == pathway).cloned().collect()
}

async fn rebuilt(place: &Place) {
    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert!(difference.is_none(), "{difference:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shift_that_was_too_long_asks_for_rest_and_is_told_to_nobody_else() {
    let place = Place::new().await;
    publish(&place).await;
    let worker = place.own_phone.series;
    assert_eq!(shift(&place, &place.own_phone, (worker, OWN), 15.0).await, None);
    judged(&place).await;

    let due = tasks(&place, SECRETARY, "rest").await;
    assert_eq!(due.len(), 1);
    assert_eq!((&due[0]["about"]["worker"], &due[0]["about"]["area_code"]), (&json!(worker), &json!(OWN)));
    assert_eq!(due[0]["about"].get("dwelling"), None);
    let case = format!("/v1/cases/{}", due[0]["case"].as_str().unwrap());
    let file = place.ask(SECRETARY, "GET", &case, None).await.json();
    assert_eq!(file["reports"][0]["rule"]["code"], "E-R17");
    assert!(file["staff"].as_array().unwrap().iter().any(|one| one["name"] == "吴网格员"), "{file}");
    judged(&place).await;
    assert_eq!(tasks(&place, SECRETARY, "rest").await.len(), 1, "asked for once");

    // She sees it herself; a colleague of the same community does not, nor how many there are; nor does the doctor.
    assert_eq!(place.ask(WORKER, "GET", &case, None).await.status, 200);
    let colleague = json!(place.enrolled(OWN).await);
    appoint(&place, DOCTOR, "doctor").await;
    for listed in [
        place.ask(SECRETARY, "GET", "/v1/cases", None).await,
        place.ask(WORKER, "GET", "/v1/cases", None).await,
    ] {
        assert_eq!(listed.json()["rows"].as_array().unwrap().len(), 1);
    }
    assert_eq!(place.ask(DOCTOR, "GET", &case, None).await.status, 404);
    assert_eq!(place.ask(DOCTOR, "GET", "/v1/cases", None).await.json()["rows"], json!([]));
    assert_eq!(place.ask(DOCTOR, "GET", "/v1/cases/board", None).await.json()["area"]["open"], 0);
    assert_eq!(place.ask(SECRETARY, "GET", "/v1/cases/board", None).await.json()["area"]["open"], 1);
    let behind = "/v1/indicators/epidemic/E-I25/behind?side=met";
    assert_eq!(place.ask(DOCTOR, "GET", behind, None).await.json()["rows"], json!([]));
    let behind = place.ask(SECRETARY, "GET", behind, None).await.json();
    assert_eq!(behind["rows"][0]["kind"], "worker");

    // Counted where she works, with whoever else works there.
    let secretary = account(SECRETARY).id;
    assert_eq!(typed(&place, SECRETARY, secretary, 8.0).await.status, 204);
    judged(&place).await;
    let rows = place.ask(SECRETARY, "GET", "/v1/indicators?programme=epidemic", None).await.json();
    let long = rows["rows"].as_array().unwrap().iter().find(|row| row["code"] == "E-I25").unwrap().clone();
    assert_eq!((&long["numerator"], &long["denominator"]), (&json!(1.0), &json!(2.0)));

    // Rest is arranged, and that is all that can be done about it.
    let arrange = json!({"deed": "step", "step": "arrange", "role": "community_secretary", "turn": 0});
    let by_herself = place.ask(WORKER, "POST", &format!("{case}/deeds"), Some(arrange.clone())).await;
    assert_eq!(by_herself.status, 403);
    assert_eq!(place.ask(SECRETARY, "POST", &format!("{case}/deeds"), Some(arrange)).await.status, 204);
    judged(&place).await;
    assert_eq!(tasks(&place, SECRETARY, "rest").await, [] as [Value; 0], "it is answered");
    for (who, ended) in [(SECRETARY, 1), (DOCTOR, 0)] {
        let rows = place.ask(who, "GET", "/v1/cases?ended=true", None).await.json()["rows"].clone();
        assert_eq!(rows.as_array().unwrap().len(), ended, "{who:?}");
    }
    assert_eq!(typed(&place, SECRETARY, worker, 14.0).await.status, 204);
    judged(&place).await;
    assert_eq!(tasks(&place, SECRETARY, "rest").await.len(), 1, "and asked for again when it happens again");
    assert_ne!(colleague, json!(worker));
    rebuilt(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_worker_only_she_and_the_roles_that_the_form_names_write_and_read() {
    let place = Place::new().await;
    publish(&place).await;
    let (worker, neighbour) = (place.own_phone.series, place.other_phone.series);
    let waits = [
        (&place.other_phone, (worker, OWN), json!("not_in_role")),
        (&place.other_phone, (neighbour, OWN), json!("outside_rights")),
        (&place.other_phone, (neighbour, "nowhere"), json!("unknown_area")),
    ];
    for (phone, about, reason) in waits {
        assert_eq!(shift(&place, phone, about, 8.0).await, Some(reason));
    }
    assert_eq!(shift(&place, &place.other_phone, (neighbour, OTHER), 8.0).await, None);
    assert_eq!(shift(&place, &place.own_phone, (worker, OWN), 9.0).await, None);

    assert_eq!(typed(&place, SECRETARY, worker, 10.0).await.status, 204);
    assert_eq!(
        typed(&place, CLERK, worker, 10.0).await.code(),
        "not_in_role",
        "she types what others filled in"
    );
    assert_eq!(typed(&place, SECRETARY, neighbour, 10.0).await.code(), "unknown_worker");
    assert_eq!(typed(&place, DOCTOR, worker, 10.0).await.code(), "not_in_role");
    let much = typed(&place, SECRETARY, worker, 30.0).await;
    assert_eq!(much.code(), "answer_misfit");

    let file = |of: Id| format!("/v1/workers/{of}/file?purpose=service");
    let before = place.revealed().await.len();
    for (who, of) in
        [(SECRETARY, neighbour), (DOCTOR, worker), (WORKER, neighbour), (WORKER, account(SECRETARY).id)]
    {
        assert_eq!(place.ask(who, "GET", &file(of), None).await.code(), "unknown_worker", "{who:?}");
    }
    assert_eq!(place.revealed().await.len(), before, "what is not read is not written down");
    let read = place.ask(SECRETARY, "GET", &file(worker), None).await.json();
    assert_eq!((&read["name"], read["file"]["answers"].as_array().unwrap().len()), (&json!("吴网格员"), 2));
    assert_eq!(read.get("readings"), None);
    assert_eq!(place.revealed().await.len(), before + 1);
    let own = place.ask(WORKER, "GET", &format!("/v1/workers/{worker}/file"), None).await.json();
    assert_eq!((own["forms"].as_array().unwrap().len(), own.get("file")), (2, None));
    assert_eq!(own["readings"].as_array().unwrap().len(), 1, "she sees who looked");
    let own = place.ask(WORKER, "GET", &file(worker), None).await.json();
    assert_eq!(own["file"]["answers"][0]["answers"][0]["zh"], "10");

    let listed = async |who| place.ask(who, "GET", "/v1/workers", None).await.json()["rows"].clone();
    let names =
        |rows: &Value| rows.as_array().unwrap().iter().map(|row| row["worker"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&listed(WORKER).await), [json!(worker)]);
    assert!(names(&listed(SECRETARY).await).contains(&json!(worker)));
    // Her right moves to the next community: of those here she hears nothing any more.
    let body = Body::GrantGiven {
        account: account(SECRETARY).id,
        role: Role::CommunitySecretary as u64,
        area: OTHER.into(),
    };
    place.facts(vec![body]).await;
    assert_eq!(place.ask(SECRETARY, "GET", &file(worker), None).await.code(), "unknown_worker");
    assert_eq!(place.ask(SECRETARY, "GET", &file(neighbour), None).await.status, 200);

    // Sixty days later nothing is left of it but that it was there.
    let later = now() + 61 * DAY;
    place.site.judging.catch_up(&place.site.territory, later).await.unwrap();
    let own = place.ask(WORKER, "GET", &file(worker), None).await.json();
    assert_eq!(own["file"]["answers"], json!([]));
    assert!(own["forms"].as_array().unwrap().iter().all(|form| form.get("erased_on").is_some()));
    rebuilt(&place).await;
}

/// A referral of one of the people of a community, with what came of it, as of a day.
async fn referred(place: &Place, door: Id, person: Id, (on, result): (Day, &str)) {
    let form = json!({
        "programme": "epidemic", "form": "referral", "dwelling": door, "person": person,
        "on": from_day(on).to_string(),
        "answers": {
            "reason": "case", "moved_by": "ambulance", "facility": "定点医院", "left_on": from_day(on).to_string(),
            "result": result,
        },
    });
    let typed = place.ask(CLERK, "POST", "/v1/answers", Some(form)).await;
    assert_eq!(typed.status, 204, "{}", typed.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_confirmed_within_fourteen_days_asks_once_whether_it_is_a_cluster() {
    let today = day_of(now());
    // Whatever comes in first, and whether the program looked in between.
    for (late_first, looks) in [(false, true), (true, true), (false, false)] {
        let place = Place::new().await;
        publish(&place).await;
        appoint(&place, DOCTOR, "health_department").await;
        let (account, role) = (account(CLERK).id, Role::Clerk as u64);
        place.facts(vec![Body::GrantGiven { account, role, area: COUNTY.into() }]).await;
        let home = place.home(false).await;
        let upstairs = place.door(OWN, "3", "2", "501").await;
        let elsewhere = place.home(true).await;
        let (couple, alone) = (place.people(home).await, place.people(upstairs).await);
        let next = place.people(elsewhere).await;
        referred(&place, elsewhere, next[0], (today, "confirmed")).await;
        referred(&place, home, couple[0], (today - 14, "confirmed")).await;
        referred(&place, upstairs, alone[0], (today, "suspected")).await;
        judged(&place).await;
        assert_eq!(tasks(&place, DOCTOR, "cluster").await, [] as [Value; 0]);
        // The latest of each counts: she is confirmed today, and so is her neighbour since thirteen days.
        let mut said = [(home, couple[1], today - 13), (upstairs, alone[0], today)];
        if late_first {
            said.reverse();
        }
        for (door, person, on) in said {
            referred(&place, door, person, (on, "confirmed")).await;
            if looks {
                judged(&place).await;
            }
        }
        judged(&place).await;
        let due = tasks(&place, DOCTOR, "cluster").await;
        assert_eq!(due.len(), 1, "{late_first} {looks}");
        assert_eq!(due[0]["about"]["area_code"], OWN);
        assert_eq!(due[0]["about"].get("dwelling"), None);
        // A third is of the same cluster.
        referred(&place, home, couple[0], (today, "confirmed")).await;
        judged(&place).await;
        assert_eq!(tasks(&place, DOCTOR, "cluster").await.len(), 1);

        let area = format!("/v1/areas/{OWN}/file");
        let file = place.ask(DOCTOR, "GET", &format!("{area}?purpose=service"), None).await.json();
        assert_eq!(file["cases"][0]["pathway"]["code"], "cluster");
        assert_eq!(place.ask(DOCTOR, "GET", &format!("/v1/areas/{OTHER}/file"), None).await.status, 403);
        rebuilt(&place).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_confirmed_are_one_cluster_only_in_one_grid_and_a_door_that_moves_takes_them_along() {
    let today = day_of(now());
    let place = Place::new().await;
    publish(&place).await;
    appoint(&place, DOCTOR, "health_department").await;
    let grids = ["420102001001G1", "420102001001G2"];
    let grid = |code: &str| Body::AreaRegistered {
        code: code.into(),
        name: code.into(),
        level: Level::Grid,
        parent: Some(OWN.into()),
    };
    place.facts(grids.map(grid).to_vec()).await;
    let (home, upstairs) = (place.home(false).await, place.door(OWN, "3", "2", "501").await);
    let moved = |dwelling: Id, area: &str| Body::DwellingMoved { dwelling, area: area.into() };
    place.facts(vec![moved(home, grids[0]), moved(upstairs, grids[1])]).await;
    let (below, above) = (place.people(home).await[0], place.people(upstairs).await[0]);
    referred(&place, home, below, (today, "confirmed")).await;
    referred(&place, upstairs, above, (today - 3, "confirmed")).await;
    judged(&place).await;
    assert_eq!(tasks(&place, DOCTOR, "cluster").await, [] as [Value; 0], "each in a grid of its own");
    // Their community is not asked besides: every door of it lies in a grid.
    place.facts(vec![moved(upstairs, grids[0])]).await;
    judged(&place).await;
    let due = tasks(&place, DOCTOR, "cluster").await;
    assert_eq!(due.len(), 1, "nothing was filled in, and yet it is one place now");
    assert_eq!(due[0]["about"]["area_code"], grids[0]);
    rebuilt(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_areas_file_holds_what_was_said_of_it_and_its_reading_is_a_fact() {
    let place = Place::new().await;
    publish(&place).await;
    let seal = json!({
        "programme": "epidemic", "form": "seal", "area": OWN,
        "answers": {"needs_intake": "yes", "delivery_roster": "yes", "medicine_route": "no"},
    });
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/answers", Some(seal)).await.status, 204);
    let area = format!("/v1/areas/{OWN}/file");
    let file = place.ask(SECRETARY, "GET", &area, None).await.json();
    assert_eq!((&file["forms"][0]["form"]["code"], file.get("file")), (&json!("seal"), None));
    assert_eq!(place.revealed().await, []);
    let file = place.ask(SECRETARY, "GET", &format!("{area}?purpose=service"), None).await.json();
    assert!(!file["file"]["answers"][0]["answers"].as_array().unwrap().is_empty());
    let read = place.revealed().await;
    assert_eq!((read[0].0, read[0].1), (account(SECRETARY).id, Id::of_area(OWN)));
    assert_eq!(place.ask(CLERK, "GET", &area, None).await.status, 403);
    assert_eq!(place.ask(DOCTOR, "GET", &area, None).await.code(), "no_file");
}
