//! Checks by the resident herself, one line from the telephone, bridges between programmes, and tasks of whoever leaves.

use axum::body::Body as HttpBody;
use axum::http::Request;
use domain::access::Role;
use domain::case::{Source, Subject};
use domain::fact::Body;
use domain::id::Id;
use domain::time::{day_of, from_day};
use serde_json::{Value, json};
use wanjia::app::accounts::random;
use wanjia::cli::now;

use super::place::{Answer, OTHER, OWN, Place, Who, account};
use super::{cases, slips};

const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const CLERK: Who = Who::Role(Role::Clerk);
const DOCTOR: Who = Who::Role(Role::DepartmentObserver);
const WORKER: Who = Who::Role(Role::GridWorker);

pub async fn appoint(place: &Place, who: Who, programme: &str, role: &str, area: Option<&str>) {
    let body = Body::Appointed {
        who: account(who).id,
        programme: programme.into(),
        role: role.into(),
        area: area.map(str::to_owned),
    };
    place.facts(vec![body]).await;
}

async fn reported(place: &Place, pathway: &str, subject: Subject, dwelling: Id) -> Id {
    cases::publish(place).await;
    let case = Id::from_time(now(), random().unwrap());
    let body = Body::CaseReported {
        case,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        pathway: pathway.into(),
        subject,
        dwelling,
        source: Source::Worker,
        rule: None,
        counted_from: None,
    };
    place.facts(vec![body]).await;
    case
}

fn day(ago: i32) -> String {
    from_day(day_of(now()) - ago).to_string()
}

/// Someone at a door who came home so many days ago, and whose observation has begun.
pub async fn observed(place: &Place, dwelling: Id, person: Id, ago: i32) -> Id {
    let case = reported(place, "observe_home", Subject::Person(person), dwelling).await;
    let returnee = json!({
        "programme": "epidemic", "form": "returnee", "person": person, "dwelling": dwelling, "on": day(ago),
        "answers": {
            "from_area": "武汉", "arrived_on": day(ago), "transport": "train", "listed_area_14d": "yes",
            "near_case_14d": "no", "temp_c": 36.5, "symptom": ["none"], "dwelling_suitable": "yes",
            "notice_given_on": day(ago),
        },
    });
    let answer = place.ask(SECRETARY, "POST", "/v1/answers", Some(returnee)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let told = json!({"deed": "step", "step": "told", "role": "community_secretary", "turn": 0});
    let answer = place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(told)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    case
}

pub async fn with(place: &Place, code: &str, method: &str, uri: &str, body: Option<Value>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Slip {code}"))
        .header("content-type", "application/json");
    let body = body.map_or_else(HttpBody::empty, |body| HttpBody::from(body.to_string()));
    place.send(request.body(body).unwrap()).await
}

async fn filled(place: &Place, person: Id) -> usize {
    place
        .site
        .territory
        .read(move |reader| Ok(reader.known_of("epidemic", Subject::Person(person))?.situation().own.len()))
        .await
        .unwrap()
}

fn check(answers: Value) -> Value {
    json!({"programme": "epidemic", "form": "twice_daily", "answers": answers})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_tells_how_she_is_and_her_word_is_no_workers() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let (_, code) = slips::laid_down(&place, home).await;
    cases::publish(&place).await;
    let asked = with(&place, &code, "GET", "/v1/slip/checks", None).await;
    assert_eq!((asked.status.as_u16(), asked.json()), (200, json!({"checks": []})), "{}", asked.text);
    let fine = json!({"slot": "am", "temp_c": 36.6, "symptom": ["none"]});
    let refused = with(&place, &code, "POST", "/v1/slip/checks", Some(check(fine.clone()))).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "not_asked"));

    observed(&place, home, people[0], 3).await;
    let asked = with(&place, &code, "GET", "/v1/slip/checks", None).await;
    let asked = asked.json()["checks"][0].clone();
    assert_eq!((&asked["day"], &asked["several"]), (&json!(4), &json!(false)), "the day of arrival is day 1");
    assert!(!asked.to_string().contains("王东军"), "it names nobody");
    let told_by = asked["questions"].as_array().unwrap().iter().find(|one| one["name"] == "told_by").unwrap();
    assert_eq!(told_by["choices"], json!(["self", "family"]));

    let before = filled(&place, people[0]).await;
    for (wrong, field) in [
        (json!({"slot": "am", "temp_c": 36.6, "symptom": ["none"], "told_by": "worker"}), "answers.told_by"),
        (json!({"slot": "am", "temp_c": "warm", "symptom": ["none"]}), "answers.temp_c"),
        (json!({"slot": "am"}), "answers.symptom"),
    ] {
        let answer = with(&place, &code, "POST", "/v1/slip/checks", Some(check(wrong))).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (422, "answer_misfit"),
            "{}",
            answer.text
        );
        assert_eq!(answer.json()["field"], field);
    }
    assert_eq!(filled(&place, people[0]).await, before);
    let answer = with(&place, &code, "POST", "/v1/slip/checks", Some(check(fine.clone()))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let receipt = answer.json()["receipts"][0].clone();
    assert_eq!(filled(&place, people[0]).await, before + 1);

    // She sees what she told with this slip, with its receipt, and what she asked for; another slip of the door shows neither.
    let help = json!({"what": "help", "text": "降压药", "kinds": ["medicine", "ride"]});
    let asked_for = with(&place, &code, "POST", "/v1/slip/requests", Some(help)).await.json();
    let record = with(&place, &code, "GET", "/v1/slip/record", None).await.json();
    let told = &record["forms"][0];
    assert_eq!((&told["receipt"], record["forms"].as_array().unwrap().len()), (&receipt, 1));
    let given: Vec<(&str, &Value)> = told["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), &one["given"]))
        .collect();
    assert!(given.contains(&("temp_c", &json!(["36.6"]))), "{given:?}");
    assert!(given.contains(&("symptom", &json!(["none"]))), "{given:?}");
    assert_eq!(record["said"][0]["help"], json!(["medicine", "ride"]));
    assert_eq!(record["said"][0]["words"]["text"], "降压药", "her own words, without the kinds");
    assert_eq!(record["said"][0]["receipt"], asked_for["receipts"][0]);
    let own = (people[0], domain::access::Purpose::Own as u64);
    assert!(place.revealed().await.iter().any(|(_, person, purpose)| (*person, *purpose) == own));
    let (_, another) = slips::laid_down(&place, home).await;
    let other = with(&place, &another, "GET", "/v1/slip/record", None).await.json();
    assert_eq!((&other["forms"], &other["said"]), (&json!([]), &json!([])));

    // A fever counts at once: the rule asks a doctor to call.
    appoint(&place, DOCTOR, "epidemic", "doctor", Some(OWN)).await;
    let fever = json!({"slot": "pm", "temp_c": 38.4, "symptom": ["cough"], "told_by": "family"});
    assert_eq!(with(&place, &code, "POST", "/v1/slip/checks", Some(check(fever))).await.status, 201);
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
    let rows = place.ask(DOCTOR, "GET", "/v1/tasks", None).await.json();
    let fevers =
        rows["rows"].as_array().unwrap().iter().filter(|row| row["pathway"]["code"] == "fever").count();
    assert_eq!(fevers, 1, "{rows}");

    // Two are observed: she says for whom, and learns nothing of who is there.
    observed(&place, home, people[1], 1).await;
    let asked = with(&place, &code, "GET", "/v1/slip/checks", None).await.json();
    assert_eq!((&asked["checks"][0]["several"], &asked["checks"][0]["day"]), (&json!(true), &Value::Null));
    let mut named = check(fine);
    for (name, status) in [(None, 422), (Some("黄蓉"), 422), (Some("李梅"), 201)] {
        named["name"] = json!(name);
        assert_eq!(with(&place, &code, "POST", "/v1/slip/checks", Some(named.clone())).await.status, status);
    }
    assert_eq!(filled(&place, people[0]).await + filled(&place, people[1]).await, before + 2 + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_proposed_and_nothing_is_written_before_it_is_confirmed() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let person = place.people(home).await[0];
    observed(&place, home, person, 3).await;
    let size = place.site.territory.head().size;
    let line = |text: &str| json!({"text": text});
    let read = place.ask(CLERK, "POST", "/v1/lines", Some(line("3栋402从武汉回来第四天 体温正常"))).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let read = read.json();
    assert_eq!(place.site.territory.head().size, size, "nothing is written");
    assert_eq!((&read["read"]["day"], &read["read"]["from"]), (&json!(4), &json!("武汉")));
    assert_eq!(read["left"], json!([]));
    let proposed = &read["doors"][0]["checks"][0];
    assert_eq!(
        (&read["doors"][0]["dwelling"], &proposed["day"], &proposed["fits"]),
        (&json!(home), &json!(4), &json!(true))
    );
    assert_eq!(
        (&proposed["answers"]["temp_word"], &proposed["answers"]["told_by"], &proposed["open"]),
        (&json!("normal"), &json!("self"), &json!(["symptom"]))
    );
    let before = filled(&place, person).await;
    let mut answers = proposed["answers"].clone();
    answers["symptom"] = json!(["none"]);
    let confirmed = json!({
        "programme": proposed["programme"], "form": proposed["form"], "person": proposed["person"],
        "dwelling": home, "case": proposed["case"], "answers": answers,
    });
    let answer = place.ask(CLERK, "POST", "/v1/answers", Some(confirmed)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(filled(&place, person).await, before + 1);

    let other =
        place.ask(CLERK, "POST", "/v1/lines", Some(line("3栋402 第九天 36.5 家属报 无症状"))).await.json();
    let proposed = &other["doors"][0]["checks"][0];
    assert_eq!((&proposed["fits"], &proposed["open"]), (&json!(false), &json!([])), "another day is told");
    let both = line("3栋402第四天 早上体温正常 下午发烧了");
    let both = place.ask(CLERK, "POST", "/v1/lines", Some(both)).await.json();
    assert_eq!(both["doubts"], json!(["contradiction"]));
    let worse = &both["doors"][0]["checks"][0]["answers"];
    assert_eq!((&worse["temp_word"], &worse["symptom"]), (&json!("fever"), &json!(["fever"])));
    let over = place.ask(CLERK, "POST", "/v1/lines", Some(line("3栋402第四天 咳嗽好了"))).await.json();
    assert_eq!((&over["doubts"], &over["left"]), (&json!(["unclear"]), &json!(["咳嗽好了"])));
    assert_eq!(over["doors"][0]["checks"][0]["open"], json!(["symptom"]));
    let left = place.ask(CLERK, "POST", "/v1/lines", Some(line("9栋909 王大爷想吃面"))).await.json();
    assert_eq!((&left["doors"], &left["left"]), (&json!([]), &json!(["王大爷想吃面"])));
    let long = "好".repeat(201);
    for wrong in ["", "  ", &long] {
        assert_eq!(place.ask(CLERK, "POST", "/v1/lines", Some(line(wrong))).await.code(), "text");
    }
}

/// Whose days are over and who is not released yet is on her sixteenth day, and not on the second of another state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_day_counts_from_the_first_until_she_is_released() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let person = place.people(home).await[0];
    let case = observed(&place, home, person, 15).await;
    let over = json!({"deed": "step", "step": "completed", "role": "community_secretary", "turn": 1});
    let answer = place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(over)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let line = json!({"text": "3栋402第十六天 36.5"});
    let read = place.ask(CLERK, "POST", "/v1/lines", Some(line)).await.json();
    let proposed = &read["doors"][0]["checks"][0];
    assert_eq!((&proposed["day"], &proposed["fits"]), (&json!(16), &json!(true)));
    let (_, code) = slips::laid_down(&place, home).await;
    let asked = with(&place, &code, "GET", "/v1/slip/checks", None).await.json();
    assert_eq!(asked["checks"][0]["day"], 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_tells_a_day_to_the_role_it_names_and_nothing_else_crosses() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let person = place.people(home).await[0];
    observed(&place, home, person, 3).await;
    let uri = |bridge: &str, role: &str| format!("/v1/bridges/epidemic/{bridge}?person={person}&role={role}");
    let ask = |uri: String| {
        let place = &place;
        async move { place.ask(DOCTOR, "GET", &uri, None).await }
    };
    appoint(&place, DOCTOR, "epidemic", "doctor", Some(OWN)).await;
    let size = place.site.territory.head().size;
    for (bridge, role) in [
        ("available_from", "helper"),
        ("available_from", "doctor"),
        ("temp_c", "helper"),
        ("returnee", "doctor"),
    ] {
        assert_eq!(ask(uri(bridge, role)).await.code(), "unknown_bridge");
    }
    appoint(&place, DOCTOR, "livelihood", "helper", Some(OTHER)).await;
    assert_eq!(ask(uri("available_from", "helper")).await.code(), "unknown_bridge", "not hers here");
    appoint(&place, DOCTOR, "livelihood", "helper", Some(OWN)).await;
    let told = ask(uri("available_from", "helper")).await;
    assert_eq!(told.status, 200, "{}", told.text);
    // Fourteen days from the arrival, and no word of why.
    assert_eq!(told.json()["day"], day(3 - 14));
    let keys: Vec<String> = told.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["day", "en", "purpose_en", "purpose_zh", "zh"]);
    assert_eq!(ask(uri("temp_c", "helper")).await.code(), "unknown_bridge");
    // Two appointments and the crossing: it is on record, and the person finds it among those who looked.
    assert_eq!(place.site.territory.head().size, size + 3);
    let (_, code) = slips::laid_down(&place, home).await;
    let said = json!({"people": [{"name": "王东军", "phone": "10013800001"}]});
    assert_eq!(with(&place, &code, "POST", "/v1/slip/people", Some(said)).await.status, 201);
    let waiting = place.ask(SECRETARY, "GET", &format!("/v1/said?area={OWN}"), None).await.json();
    let settle = format!("/v1/said/{}/settle", waiting["rows"][0]["said"].as_str().unwrap());
    assert_eq!(
        place.ask(SECRETARY, "POST", &settle, Some(json!({"decision": "confirmed"}))).await.status,
        204
    );
    let record = with(&place, &code, "GET", "/v1/slip/record", None).await.json();
    let readings = record["readings"].as_array().unwrap();
    assert!(readings.iter().any(|reading| reading["purpose"] == "bridge"), "{record}");
}

async fn due(place: &Place, who: Who) -> Vec<Value> {
    let until = day(-30);
    let answer = place.ask(who, "GET", &format!("/v1/tasks?until={until}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["rows"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_household_that_moves_takes_its_task_along_at_the_same_moment() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let case = reported(&place, "need", Subject::Dwelling(home), home).await;
    let there = |phone| {
        let place = &place;
        async move { place.by_phone(phone, "GET", "/v1/tasks", None).await.json()["rows"].clone() }
    };
    let before = there(&place.own_phone).await;
    assert_eq!((&before[0]["case"], there(&place.other_phone).await), (&json!(case), json!([])));
    place.facts(vec![Body::DwellingMoved { dwelling: home, area: OTHER.into() }]).await;
    let after = there(&place.other_phone).await;
    assert_eq!((&after[0]["case"], &after[0]["due"]), (&before[0]["case"], &before[0]["due"]));
    assert_eq!(there(&place.own_phone).await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_task_of_a_worker_who_leaves_is_the_secretarys_before_it_is_late() {
    let place = Place::new().await;
    let home = place.home(false).await;
    // Only the phone is left of those who have the grid.
    place.facts(vec![Body::GrantEnded { account: account(WORKER).id }]).await;
    let case = reported(&place, "need", Subject::Dwelling(home), home).await;
    assert_eq!(due(&place, WORKER).await.len(), 1);
    assert!(due(&place, SECRETARY).await.is_empty(), "it has not climbed");
    let take = Body::CaseActed { case, turn: 0, role: "grid_worker".into(), deed: domain::case::Deed::Take };
    let push = place.own_phone.push(take);
    let answer = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mine = due(&place, WORKER).await;
    assert_eq!((&mine[0]["mine"], &mine[0]["taken"]), (&json!(true), &json!(true)));
    let uri = format!("/v1/devices/{}", place.own_phone.series);
    assert_eq!(place.ask(SECRETARY, "DELETE", &uri, None).await.status, 204);
    // No other worker has the grid: the task is hers at once, and nobody's hand is on it.
    let hers = due(&place, SECRETARY).await;
    assert_eq!(hers.len(), 1, "{hers:?}");
    assert_eq!(
        (&hers[0]["case"], &hers[0]["taken"], &hers[0]["level"]),
        (&json!(case), &json!(false), &json!("open"))
    );
    let view = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}"), None).await.json();
    assert_eq!(view["holder"], Value::Null);
    let take = json!({"deed": "take", "role": "community_secretary", "turn": 0});
    assert_eq!(
        place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(take)).await.status,
        204
    );
    assert_eq!(due(&place, SECRETARY).await[0]["mine"], json!(true));
    // Until someone takes the step it climbs all the same.
    place.site.judging.catch_up(&place.site.territory, now() + 5 * 3_600_000).await.unwrap();
    let view = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}"), None).await.json();
    let told: Vec<&str> =
        view["told"].as_array().unwrap().iter().filter_map(|told| told["role"].as_str()).collect();
    assert_eq!(told, ["community_secretary", "grid_worker"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cadre_who_goes_home_or_whose_right_ends_leaves_no_task_in_her_hand() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let person = place.people(home).await[0];
    let case = reported(&place, "fever", Subject::Person(person), home).await;
    let deeds = format!("/v1/cases/{case}/deeds");
    let take = json!({"deed": "take", "role": "doctor", "turn": 0});
    let view = format!("/v1/cases/{case}");
    for ended in [
        Body::GrantEnded { account: account(DOCTOR).id },
        Body::Appointed {
            who: account(DOCTOR).id,
            programme: "epidemic".into(),
            role: "doctor".into(),
            area: None,
        },
    ] {
        let grant = Body::GrantGiven {
            account: account(DOCTOR).id,
            role: Role::DepartmentObserver as u64,
            area: OWN.into(),
        };
        place.facts(vec![grant]).await;
        appoint(&place, DOCTOR, "epidemic", "doctor", Some(OWN)).await;
        assert_eq!(place.ask(DOCTOR, "POST", &deeds, Some(take.clone())).await.status, 204);
        let held = place.ask(DOCTOR, "GET", &view, None).await.json();
        assert_eq!(held["holder"], json!(account(DOCTOR).id));
        assert!(due(&place, SECRETARY).await.is_empty(), "it is a doctor's");
        place.facts(vec![ended]).await;
        // There is no doctor any more: whom it climbs to has it before the limit is over.
        let hers = due(&place, SECRETARY).await;
        assert_eq!((&hers[0]["case"], &hers[0]["taken"]), (&json!(case), &json!(false)));
        let seen = place.ask(SECRETARY, "GET", &view, None).await.json();
        assert_eq!((&seen["holder"], &seen["tasks"][0]["due"]), (&Value::Null, &held["tasks"][0]["due"]));
        // An offer to someone who cannot act is no receipt: it stays where it was.
        let offer =
            json!({"deed": "offer", "role": "community_secretary", "turn": 0, "to": account(DOCTOR).id});
        assert_eq!(place.ask(SECRETARY, "POST", &deeds, Some(offer)).await.status, 204);
        assert!(!due(&place, SECRETARY).await.is_empty());
    }
}
