//! What is read of cases and households beside the lists: boards, files, whom a case is tied to, and why. Nothing sealed is
//! read without a fact that says so.

use domain::case::{Source, Subject};
use domain::fact::{Body, Light, Outcome};
use domain::id::Id;
use domain::note::VisitNote;
use serde_json::{Value, json};
use wanjia::cli::now;

use super::cases::{CLERK, DOCTOR, SECRETARY, appoint, check, judged, opened, opened_as, publish, tasks};
use super::place::{OTHER, Place, SWEEP, account, visited};

const SERVICE: u64 = 1;

async fn get(place: &Place, who: super::place::Who, uri: &str) -> Value {
    let answer = place.ask(who, "GET", uri, None).await;
    assert_eq!(answer.status, 200, "{uri}: {}", answer.text);
    answer.json()
}

/// A fever behind the callers' door, and its case.
async fn fever(place: &Place) -> String {
    let form = check(place, false, 38.5).await;
    assert_eq!(place.ask(CLERK, "POST", "/v1/answers", Some(form)).await.status, 204);
    judged(place).await;
    appoint(place, DOCTOR, "doctor").await;
    tasks(place, DOCTOR).await[0]["case"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_households_file_shows_each_role_what_it_reads_and_says_who_read_it() {
    let place = Place::new().await;
    fever(&place).await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let uri = format!("/v1/households/{home}");
    let seen = get(&place, DOCTOR, &uri).await;
    assert_eq!(seen["people"].as_array().unwrap().len(), people.len());
    assert_eq!(
        (&seen["cases"][0]["pathway"]["en"], &seen["forms"][0]["form"]["code"]),
        (&json!("Fever"), &json!("twice_daily"))
    );
    assert!(!seen.to_string().contains("38.5"), "{seen}");
    assert!(place.revealed().await.is_empty(), "pseudonyms reveal nobody");
    // Who has no telephone number is told to whoever may add one, and to nobody else; no number, and so no reading.
    let nameless = place.newcomer(home).await;
    let told = get(&place, SECRETARY, &uri).await;
    let numbers =
        place.ask(SECRETARY, "GET", &format!("/v1/persons/{}?purpose=service", people[0]), None).await;
    let has = numbers.json()["phone"].as_str().unwrap().to_owned();
    let without = told["without_phone"].as_array().unwrap();
    assert!(without.contains(&json!(nameless)) && !without.contains(&json!(people[0])), "{told}");
    assert!(!told.to_string().contains(&has), "{told}");
    assert_eq!(place.revealed().await.len(), 1, "only the one that was asked for");
    let body = json!({"dwelling": home, "person": nameless, "phone": "13800001234", "adds": true});
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/persons", Some(body)).await.status, 201);
    let told = get(&place, SECRETARY, &uri).await;
    assert!(!told["without_phone"].as_array().unwrap().contains(&json!(nameless)), "{told}");
    assert_eq!(get(&place, DOCTOR, &uri).await.get("without_phone"), None);
    let people = place.people(home).await;
    let before = place.revealed().await.len();

    let file = get(&place, DOCTOR, &format!("{uri}/file?purpose=service")).await;
    let answers = file["answers"][0]["answers"].as_array().unwrap();
    let told = |code: &str| answers.iter().find(|answer| answer["question"]["code"] == code);
    assert_eq!(told("temp_c").unwrap()["en"], "38.5");
    assert_eq!(
        (&told("slot").unwrap()["zh"], &told("slot").unwrap()["en"]),
        (&json!("上午"), &json!("morning"))
    );
    // Who told it is not for a doctor.
    assert_eq!((told("told_by"), &file["answers"][0]["hidden"]), (None, &json!(1)));
    let class =
        file["classes"].as_array().unwrap().iter().find(|own| own["classes"]["code"] == "four_categories");
    assert_eq!(class.unwrap()["spans"].as_array().unwrap().last().unwrap()["class"]["code"], "none");
    let mut owners = people.clone();
    owners.push(home);
    owners.sort_unstable();
    let revealed = place.revealed().await.split_off(before);
    let mut found: Vec<Id> = revealed.iter().map(|(_, owner, _)| *owner).collect();
    found.sort_unstable();
    assert_eq!(found, owners, "the household and everyone listed there, once");
    assert!(revealed.iter().all(|(who, _, purpose)| (*who, *purpose) == (account(DOCTOR).id, SERVICE)));

    // The secretary reads neither the temperature nor a class that is told by what only doctors read.
    let file = get(&place, SECRETARY, &format!("{uri}/file?purpose=service")).await;
    assert!(!file.to_string().contains("38.5"), "{file}");
    let classes = file["classes"].as_array().unwrap();
    assert!(classes.iter().all(|own| own["classes"]["code"] != "four_categories"), "{classes:?}");
    let unsaid = place.ask(DOCTOR, "GET", &format!("{uri}/file?purpose=curiosity"), None).await;
    assert_eq!(unsaid.code(), "purpose");
    let elsewhere = place.home(true).await;
    let before = place.revealed().await.len();
    let away = format!("/v1/households/{elsewhere}/file?purpose=service");
    assert_eq!(place.ask(DOCTOR, "GET", &away, None).await.status, 404);
    assert_eq!(place.revealed().await.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_a_case_is_there_is_told_to_whoever_reads_it_and_on_record() {
    let place = Place::new().await;
    let case = fever(&place).await;
    let uri = format!("/v1/cases/{case}");
    let refer = json!({"deed": "step", "step": "refer", "role": "doctor", "turn": 0, "why": "气促"});
    assert_eq!(place.ask(DOCTOR, "POST", &format!("{uri}/deeds"), Some(refer)).await.status, 204);
    let seen = get(&place, DOCTOR, &uri).await;
    assert!(!seen.to_string().contains("气促"));
    assert_eq!((&seen["roles"], &seen["tasks"][0]["kind"]), (&json!(["doctor"]), &json!("leave")));
    assert!(place.revealed().await.is_empty());
    let why = get(&place, DOCTOR, &format!("{uri}/why?purpose=service")).await;
    assert_eq!(why["reasons"], json!(["气促"]));
    assert_eq!(
        (&why["evidence"][0][1]["en"], &why["evidence"][0][1]["value_en"]),
        (&json!("Temperature (℃)"), &json!("38.5")),
        "{why}"
    );
    assert_eq!(place.revealed().await.len(), 1);
    let why = get(&place, SECRETARY, &format!("{uri}/why?purpose=service")).await;
    assert!(!why.to_string().contains("38.5"), "the temperature is not hers to read");
}

/// A worker who has to ring someone is told her number, on record, and of nobody else's case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_told_whom_to_ring_about_a_task_of_its_worker_and_on_record() {
    let place = Place::new().await;
    publish(&place).await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let about = |pathway: &'static str, person: Id| opened_as(&place, pathway, Subject::Person(person), home);
    let ask = async |case: Id, purpose: &str| {
        let uri = format!("/v1/cases/{case}/telephones?purpose={purpose}");
        place.by_phone(&place.own_phone, "GET", &uri, None).await
    };
    let missed = about("missed_check", people[0]).await;
    assert_eq!(ask(missed, "curiosity").await.code(), "purpose");
    assert!(place.revealed().await.is_empty());
    let told = ask(missed, "service").await.json();
    let known = told["people"].as_array().unwrap();
    assert_eq!((known.len(), &known[0]["person"]), (1, &json!(people[0])), "{told}");
    assert!(!known[0]["name"].as_str().unwrap().is_empty());
    assert!(known[0]["numbers"][0].as_str().unwrap().len() >= 11, "{told}");
    let read: Vec<_> =
        place.revealed().await.into_iter().map(|(_, person, purpose)| (person, purpose)).collect();
    assert_eq!(read, [(people[0], SERVICE)], "of whom it is about, and of nobody else");

    // Of whom no number is known the others are rung who live with her.
    let body = json!({"dwelling": home, "name": "孙小芳"});
    let silent = place.ask(SECRETARY, "POST", "/v1/persons", Some(body)).await.json()["person"].clone();
    let silent: Id = serde_json::from_value(silent).unwrap();
    let told = ask(about("missed_check", silent).await, "service").await.json();
    let named: Vec<_> = told["people"].as_array().unwrap().iter().map(|one| one["person"].clone()).collect();
    assert!(named.contains(&json!(people[0])) && !named.contains(&json!(silent)), "{told}");
    assert_eq!(place.revealed().await.len(), 1 + named.len());

    // What is another's to do is not hers to ring about, and a console has rights of its own.
    let before = place.revealed().await.len();
    let fever = about("fever", people[0]).await;
    assert_eq!(ask(fever, "service").await.code(), "unknown_case");
    let other = place.home(true).await;
    let away = opened_as(&place, "need", Subject::Dwelling(other), other).await;
    assert_eq!(ask(away, "service").await.code(), "unknown_case");
    let uri = format!("/v1/cases/{missed}/telephones?purpose=service");
    assert_eq!(place.ask(SECRETARY, "GET", &uri, None).await.status, 403);
    assert_eq!(place.revealed().await.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_filled_in_for_a_case_about_others_make_its_tree() {
    let place = Place::new().await;
    publish(&place).await;
    appoint(&place, DOCTOR, "doctor").await;
    let (home, away) = (place.home(false).await, place.home(true).await);
    let people = place.people(home).await;
    let stranger = place.people(away).await[0];
    let reported = |person: Id, dwelling: Id| Body::CaseReported {
        case: Id::from_time(now(), wanjia::app::accounts::random().unwrap()),
        programme: "epidemic".into(),
        version: "2020-03".into(),
        pathway: "four_categories".into(),
        subject: Subject::Person(person),
        dwelling,
        source: Source::Department,
        rule: None,
        counted_from: None,
    };
    let body = reported(people[0], home);
    let Body::CaseReported { case, .. } = &body else { panic!() };
    let case = *case;
    place.facts(vec![body]).await;
    let exposed = |person: Id, dwelling: Id| {
        let on = domain::time::from_day(domain::time::day_of(now())).to_string();
        json!({
            "programme": "epidemic", "form": "exposure", "person": person, "dwelling": dwelling, "case": case,
            "answers": {"kind": "meal", "last_on": on, "found_on": on},
        })
    };
    let typed = place.ask(DOCTOR, "POST", "/v1/answers", Some(exposed(people[1], home))).await;
    assert_eq!(typed.status, 204, "{}", typed.text);
    // One who lives elsewhere is written down there.
    place
        .facts(vec![Body::Answered {
            subject: Subject::Person(stranger),
            dwelling: away,
            case: Some(case),
            programme: "epidemic".into(),
            version: "2020-03".into(),
            form: "exposure".into(),
            on: domain::time::day_of(now()),
            replaces: None,
        }])
        .await;
    let uri = format!("/v1/cases/{case}/tree");
    let tree = get(&place, DOCTOR, &uri).await;
    let nodes = tree["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 3, "{tree}");
    assert_eq!((&nodes[1]["tied_to"], &nodes[1]["about"]["person"]), (&json!(0), &json!(people[1])));
    assert_eq!(
        (&nodes[1]["ties"][0]["form"]["code"], &nodes[1]["ties"][0]["answers"]),
        (&json!("exposure"), &json!([]))
    );
    assert_eq!(
        (&nodes[2]["tied_to"], &nodes[2]["about"], &nodes[2]["ties"]),
        (&json!(0), &Value::Null, &json!([]))
    );
    assert!(place.revealed().await.is_empty());
    let tree = get(&place, DOCTOR, &format!("{uri}?purpose=service")).await;
    assert_eq!(tree["nodes"][1]["ties"][0]["answers"][0]["en"], "a meal");
    assert_eq!(place.revealed().await, [(account(DOCTOR).id, people[1], SERVICE)]);
    // From a contact's own case the way leads up again.
    judged(&place).await;
    let contact = get(&place, DOCTOR, &format!("/v1/households/{home}")).await;
    let hers =
        contact["cases"].as_array().unwrap().iter().find(|own| own["pathway"]["code"] == "contact").unwrap();
    let up = get(&place, DOCTOR, &format!("/v1/cases/{}/tree", hers["case"].as_str().unwrap())).await;
    assert_eq!((&up["above"][0]["case"], up["nodes"].as_array().unwrap().len()), (&json!(case), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_count_what_a_role_sees_and_a_case_can_be_offered_to_whoever_has_one() {
    let place = Place::new().await;
    let case = opened(&place, false).await;
    opened(&place, true).await;
    let board = get(&place, SECRETARY, "/v1/cases/board").await;
    assert_eq!((&board["area"]["open"], &board["area"]["overdue"]), (&json!(1), &json!(0)), "{board}");
    let none = get(&place, DOCTOR, "/v1/cases/board").await;
    assert_eq!(none["area"]["open"], json!(0), "without a role nothing is counted");
    let list = get(&place, SECRETARY, "/v1/cases?programme=epidemic&pathway=dependant").await;
    assert_eq!(list["rows"][0]["case"], json!(case));
    assert_eq!(get(&place, SECRETARY, "/v1/cases?pathway=fever").await["rows"], json!([]));
    let other = format!("/v1/cases?area={OTHER}");
    assert_eq!(place.ask(SECRETARY, "GET", &other, None).await.code(), "outside_area");
    appoint(&place, DOCTOR, "health_department").await;
    let hands = get(&place, SECRETARY, &format!("/v1/cases/{case}/hands")).await;
    let named = hands["hands"].as_array().unwrap();
    assert!(named.iter().any(|hand| hand["roles"] == json!(["health_department"])), "{hands}");
    assert!(named.iter().all(|hand| hand["id"] != json!(account(SECRETARY).id)), "not to herself");
    let all = get(&place, CLERK, "/v1/programmes").await;
    let epidemic = &all["programmes"][0];
    assert_eq!((&epidemic["programme"]["en"], &epidemic["own"]), (&json!("Epidemic prevention"), &json!([])));
    let mine = get(&place, SECRETARY, "/v1/programmes").await;
    assert_eq!(mine["programmes"][0]["own"], json!(["community_secretary"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_is_none_to_come_and_none_before_she_was_found() {
    let place = Place::new().await;
    appoint(&place, DOCTOR, "doctor").await;
    let clock = |ahead: i64| {
        let at = jiff::Timestamp::from_millisecond(now() + ahead * 3_600_000).unwrap();
        programme::calendar::local(at).strftime("%Y-%m-%dT%H:%M").to_string()
    };
    let mut form = check(&place, false, 36.6).await;
    form["form"] = json!("category");
    let mut told = async |found: String, treated: String| {
        form["answers"] = json!({"category": "confirmed", "found_at": found, "treated_at": treated});
        let answer = place.ask(DOCTOR, "POST", "/v1/answers", Some(form.clone())).await;
        (answer.status.as_u16(), answer.text)
    };
    let (status, text) = told(clock(2), clock(2)).await;
    assert!(status == 422 && text.contains("时间不能在将来"), "{status} {text}");
    let (status, text) = told(clock(-2), clock(-3)).await;
    assert!(status == 422 && text.contains("不能早于发现时间"), "{status} {text}");
    let (status, text) = told("2026-01-01".into(), clock(-3)).await;
    assert!(status == 422 && text.contains("found_at"), "{status} {text}");
    let (status, text) = told(clock(-3), clock(-2)).await;
    assert_eq!(status, 204, "{text}");
    let asked = get(&place, DOCTOR, "/v1/forms/epidemic/2020-03/category/questions").await;
    assert_eq!((&asked["simple"], &asked["questions"][1]["kind"]), (&json!(true), &json!("moment")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_a_role_fills_in_its_forms_and_no_others() {
    let place = Place::new().await;
    let mut form = check(&place, false, 36.6).await;
    form["form"] = json!("category");
    form["answers"] = json!({"category": "confirmed", "found_at": "2026-01-01T08:30"});
    let told = |answer: super::place::Answer| (answer.status.as_u16(), answer.text);
    assert_eq!(place.ask(DOCTOR, "POST", "/v1/answers", Some(form.clone())).await.code(), "not_in_role");
    appoint(&place, DOCTOR, "doctor").await;
    let (status, text) = told(place.ask(DOCTOR, "POST", "/v1/answers", Some(form.clone())).await);
    assert_eq!(status, 204, "{text}");
    form["form"] = json!("returnee");
    assert_eq!(place.ask(DOCTOR, "POST", "/v1/answers", Some(form)).await.code(), "not_in_role");
    let asked = get(&place, DOCTOR, "/v1/forms/epidemic/2020-03/category/questions").await;
    assert_eq!((&asked["simple"], &asked["about"]), (&json!(true), &json!("person")));
    let first = &asked["questions"][0];
    assert_eq!((&first["kind"], &first["required"]), (&json!("one"), &json!(true)));
    assert_eq!(first["choices"][0], json!({"code": "confirmed", "zh": "确诊患者", "en": "confirmed"}));
    assert_eq!(
        place.ask(DOCTOR, "GET", "/v1/forms/epidemic/2020-03/nothing/questions", None).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_visit_noted_is_in_the_file_of_whoever_reads_notes_and_on_record() {
    let place = Place::new().await;
    publish(&place).await;
    appoint(&place, DOCTOR, "doctor").await;
    let home = place.home(false).await;
    let noted = VisitNote { note: "有只大狗".into(), place: "孝感".into(), worker: String::new() }.encode();
    let body = visited(SWEEP, home, Outcome::NoAnswer, Light::Off);
    let (push, _) = place.own_phone.push_sealed(body, home, &noted);
    let pushed = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await;
    assert_eq!(pushed.json()["receipts"][0]["status"], "accepted", "{}", pushed.text);
    let uri = format!("/v1/households/{home}");
    let shut = place.ask(SECRETARY, "GET", &uri, None).await;
    assert!(shut.json()["reads_notes"] == true && !shut.text.contains("有只大狗"), "{}", shut.text);
    let before = place.site.territory.head().size;
    let file = get(&place, SECRETARY, &format!("{uri}/file?purpose=service")).await;
    assert_eq!(file["notes"], json!([{"sweep": SWEEP, "note": "有只大狗", "place": "孝感"}]));
    assert!(place.site.territory.head().size > before, "that she read it is on record");
    let other = place.ask(DOCTOR, "GET", &format!("{uri}/file?purpose=service"), None).await;
    assert_eq!(other.status, 200, "{}", other.text);
    assert!(!other.text.contains("有只大狗"), "a doctor reads no notes");
}
