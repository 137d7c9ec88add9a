//! What a rule finds stands in somebody's list: of the rules that speak of what another way was to have seen to, too.

use domain::fact::Body;
use domain::id::Id;
use domain::time::{day_of, from_day, parse_instant};
use serde_json::{Value, json};
use wanjia::cli::now;

use super::cases::{CLERK, DOCTOR, SECRETARY, appoint, judged, publish, publish_pack};
use super::place::{OWN, Place, Who, account};

fn ago(days: i32) -> String {
    from_day(day_of(now()) - days).to_string()
}

/// A form about someone or about the household behind a door, filled in so many days ago.
async fn typed(
    place: &Place,
    (programme, form): (&str, &str),
    who: (Id, Option<Id>),
    days: i32,
    answers: Value,
) {
    let (dwelling, person) = who;
    let form = json!({
        "programme": programme, "form": form, "dwelling": dwelling, "person": person, "on": ago(days),
        "answers": answers,
    });
    let answer = place.ask(CLERK, "POST", "/v1/answers", Some(form)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// The tasks of someone that are due within so many days.
async fn due_by(place: &Place, who: Who, days: i32) -> Vec<Value> {
    let found = place.ask(who, "GET", &format!("/v1/tasks?until={}", ago(-days)), None).await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.json()["rows"].as_array().unwrap().clone()
}

/// The open tasks of someone's list that a rule asked for, by pathway and state, each with how often it stands there.
async fn asked_by(place: &Place, who: Who, rule: &str) -> Vec<String> {
    // Whatever the clock shows, it is judged as of this morning.
    let morning = parse_instant(&format!("{} 08:00", ago(0))).unwrap();
    place.site.judging.catch_up(&place.site.territory, morning).await.unwrap();
    let mut asked = Vec::new();
    for task in due_by(place, who, 30).await {
        let case = format!("/v1/cases/{}", task["case"].as_str().unwrap());
        let file = place.ask(who, "GET", &case, None).await.json();
        let by = |report: &Value| report["rule"]["code"] == rule;
        if file["reports"].as_array().unwrap().iter().any(by) {
            asked.push(format!("{} {}", task["pathway"]["code"], file["state"]["code"]).replace('"', ""));
        }
    }
    asked.sort();
    asked
}

pub async fn returned(place: &Place, who: (Id, Option<Id>), arrived: i32, written_down: i32) {
    let answers = json!({
        "from_area": "武汉", "arrived_on": ago(arrived), "transport": "train", "listed_area_14d": "yes",
        "near_case_14d": "no", "temp_c": 36.5, "symptom": ["none"], "dwelling_suitable": "yes",
    });
    typed(place, ("epidemic", "returnee"), who, written_down, answers).await;
}

pub async fn checked(place: &Place, who: (Id, Option<Id>), days: i32, slot: &str) {
    let answers = json!({"slot": slot, "temp_c": 36.5, "symptom": ["none"], "told_by": "self"});
    typed(place, ("epidemic", "twice_daily"), who, days, answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observation_that_nobody_ended_and_checks_that_nobody_made_are_somebodys_task() {
    let place = Place::new().await;
    publish(&place).await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let (late, silent) = ((home, Some(people[0])), (home, Some(people[1])));
    for role in ["grid_worker", "community_secretary"] {
        appoint(&place, SECRETARY, role).await;
    }

    // Written down when her fourteen days were over: no case of hers began with them.
    returned(&place, late, 20, 1).await;
    assert_eq!(asked_by(&place, SECRETARY, "E-R04-due").await, ["observe_home announced"]);
    assert_eq!(asked_by(&place, SECRETARY, "E-R04").await, [] as [&str; 0]);

    // Of yesterday's two the evening's is missing: a call, and it is no alarm.
    returned(&place, silent, 5, 5).await;
    for slot in ["am", "pm"] {
        checked(&place, silent, 2, slot).await;
    }
    checked(&place, silent, 1, "am").await;
    assert_eq!(asked_by(&place, SECRETARY, "E-R06").await, ["missed_check to_call"]);
    assert_eq!(asked_by(&place, SECRETARY, "E-R06-lost").await, [] as [&str; 0]);

    // Whoever was never heard of is the secretary's, and one case of the door with it, however many rules ask for it.
    let next = place.door(OWN, "3栋", "2单元", "501").await;
    let lost = (next, Some(place.people(next).await[0]));
    returned(&place, lost, 4, 4).await;
    assert_eq!(asked_by(&place, SECRETARY, "E-R06-lost").await, ["look_e_r06_lost flagged"]);
    assert_eq!(asked_by(&place, SECRETARY, "E-R06-two").await, ["missed_check to_visit"]);
    assert_eq!(asked_by(&place, SECRETARY, "E-R06").await, ["missed_check to_call", "missed_check to_visit"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_live_with_a_case_and_who_was_asked_twice_are_the_secretarys_task() {
    let place = Place::new().await;
    publish(&place).await;
    appoint(&place, SECRETARY, "community_secretary").await;
    appoint(&place, DOCTOR, "health_department").await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let who = (home, Some(people[0]));

    let answers = json!({
        "reason": "case", "moved_by": "ambulance", "facility": "市一医院", "left_on": ago(0), "result": "confirmed",
    });
    typed(&place, ("epidemic", "referral"), who, 0, answers).await;
    assert_eq!(asked_by(&place, SECRETARY, "E-R07-home").await, ["look_e_r07_home flagged"]);
    assert_eq!(asked_by(&place, DOCTOR, "E-R07").await, ["four_categories listed"]);

    for office in ["community", "police"] {
        assert_eq!(asked_by(&place, SECRETARY, "E-R18").await, [] as [&str; 0]);
        let asked = json!({"topic": "travel", "office": office});
        typed(&place, ("epidemic", "asked"), (home, Some(people[1])), 0, asked).await;
    }
    assert_eq!(asked_by(&place, SECRETARY, "E-R18").await, ["look_e_r18 flagged"]);
}

/// The mother was named as the carer, and is taken away too: the child's case does not wait for the next entry of care.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_carer_who_is_taken_away_brings_the_case_back_with_its_two_hours() {
    let place = Place::new().await;
    publish(&place).await;
    for role in ["community_secretary", "health_department"] {
        appoint(&place, SECRETARY, role).await;
    }
    let home = place.home(false).await;
    let people = place.people(home).await;
    let left = async |person: Id, days: i32| {
        let answers =
            json!({"reason": "fever", "moved_by": "ambulance", "facility": "市一医院", "left_on": ago(days)});
        typed(&place, ("epidemic", "referral"), (home, Some(person)), days, answers).await;
    };
    let stands = async || {
        judged(&place).await;
        let list =
            place.ask(SECRETARY, "GET", "/v1/cases?programme=epidemic&pathway=dependant", None).await.json();
        assert_eq!(list["rows"].as_array().unwrap().len(), 1, "{list}");
        let case = list["rows"][0]["case"].as_str().unwrap().to_owned();
        let file = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}"), None).await.json();
        let due = parse_instant(file["tasks"][0]["due"].as_str().unwrap()).unwrap() - now();
        (case, file["state"]["code"].as_str().unwrap().to_owned(), (due + 59_999) / 60_000)
    };
    typed(&place, ("epidemic", "care_need"), (home, Some(people[0])), 30, json!({"depends": ["child"]}))
        .await;
    left(people[0], 1).await;
    typed(&place, ("epidemic", "left_behind"), (home, None), 1, json!({"depends": ["child"]})).await;
    let report =
        json!({"programme": "epidemic", "pathway": "dependant", "dwelling": home, "source": "worker"});
    place.ask(SECRETARY, "POST", "/v1/cases", Some(report)).await;
    let (case, ..) = stands().await;
    let named = json!({"cares": "yes", "name": "周敏", "seen_by": "visit"});
    typed(&place, ("epidemic", "carer"), (home, None), 1, named).await;
    let deed = json!({"deed": "step", "step": "carer_named", "role": "community_secretary", "turn": 0});
    let taken = place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(deed)).await;
    assert_eq!(taken.status, 204, "{}", taken.json());
    let (_, state, minutes) = stands().await;
    assert_eq!((state.as_str(), minutes > 120), ("cared", true));

    left(people[1], 0).await;
    let (same, state, minutes) = stands().await;
    assert_eq!((&same, state.as_str()), (&case, "opened"));
    assert!((119..=120).contains(&minutes), "{minutes} minutes");
    // The same flag moves nothing a second time.
    left(people[1], 0).await;
    assert_eq!(stands().await.1, "opened");
}

/// The only open case of a door's need: which, where it stands, and within how many minutes from the one moment to the other it
/// is due.
async fn need(place: &Place, home: Id) -> (String, String, i64) {
    judged(place).await;
    let home = home.to_string();
    let due = due_by(place, SECRETARY, 30).await;
    let of = |task: &&Value| task["pathway"]["code"] == "need" && task["about"]["dwelling"] == json!(home);
    let found: Vec<&Value> = due.iter().filter(of).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    let case = found[0]["case"].as_str().unwrap().to_owned();
    let file = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}"), None).await.json();
    let state = file["state"]["code"].as_str().unwrap().to_owned();
    let left = parse_instant(file["tasks"][0]["due"].as_str().unwrap()).unwrap() - now();
    (case, state, (left + 59_999) / 60_000)
}

/// What was read at the door at 20:00 is not answered at midnight: a need that is urgent begins as one, or becomes one as long
/// as nobody has begun with it, and nobody gains time by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_urgent_need_is_urgent_from_its_form_on_until_someone_has_begun() {
    let place = Place::new().await;
    publish(&place).await;
    for role in ["grid_worker", "community_secretary"] {
        appoint(&place, SECRETARY, role).await;
    }
    let told = async |home: Id, urgent: &str| {
        let answers = json!({"kind": "medicine", "urgent": urgent, "raised_on": ago(0)});
        typed(&place, ("epidemic", "need"), (home, None), 0, answers).await;
    };
    let at_once = place.home(false).await;
    told(at_once, "yes").await;
    let (first, state, left) = need(&place, at_once).await;
    assert_eq!(state, "urgent");
    assert!((29..=30).contains(&left), "{left} minutes");
    // Told once more as ordinary it is no less urgent, and the same case.
    told(at_once, "no").await;
    let (same, state, again) = need(&place, at_once).await;
    assert_eq!((same, state.as_str()), (first, "urgent"));
    assert!(again <= left, "{again} minutes");

    let later = place.door(OWN, "3栋", "2单元", "501").await;
    told(later, "no").await;
    let (case, state, left) = need(&place, later).await;
    assert_eq!(state, "raised");
    assert!(left > 30, "{left} minutes");
    told(later, "yes").await;
    let (same, state, left) = need(&place, later).await;
    assert_eq!((&same, state.as_str()), (&case, "urgent"));
    assert!((29..=30).contains(&left), "{left} minutes");

    let begun = place.home(true).await;
    place.facts(vec![Body::DwellingMoved { dwelling: begun, area: OWN.into() }]).await;
    told(begun, "no").await;
    let (case, state, _) = need(&place, begun).await;
    assert_eq!(state, "raised");
    let step = json!({"deed": "step", "step": "match", "role": "community_secretary", "turn": 0});
    let taken = place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(step)).await;
    assert_eq!(taken.status, 204, "{}", taken.text);
    told(begun, "yes").await;
    let (same, state, left) = need(&place, begun).await;
    assert_eq!((&same, state.as_str()), (&case, "urgent"));
    assert!((29..=30).contains(&left), "{left} minutes");
    // Arranged as well, and then something else: the one that is arranged still flags, and hides nothing.
    let step = json!({"deed": "step", "step": "match", "role": "community_secretary", "turn": 1});
    let taken = place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(step)).await;
    assert_eq!(taken.status, 204, "{}", taken.text);
    let food = json!({"kind": "food", "urgent": "yes", "raised_on": ago(0)});
    typed(&place, ("epidemic", "need"), (begun, None), 0, food).await;
    let (same, state, _) = need(&place, begun).await;
    assert_eq!((&same, state.as_str()), (&case, "urgent"));
    let file = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}"), None).await.json();
    let reports = file["reports"].as_array().unwrap();
    assert!(reports.iter().any(|report| report["rule"]["code"] == "E-R13-urgent"), "{reports:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clue_is_somebodys_from_its_first_day_and_so_is_a_risk_without_help() {
    let place = Place::new().await;
    publish_pack(&place, "livelihood", &[]).await;
    let appointed = |who: Who, role: &str| Body::Appointed {
        who: account(who).id,
        programme: "livelihood".into(),
        role: role.into(),
        area: Some(OWN.into()),
    };
    let roles = ["helper", "village_cadre"].map(|role| appointed(SECRETARY, role));
    place.facts(roles.into_iter().chain([appointed(DOCTOR, "township_officer")]).collect()).await;
    let home = place.home(false).await;
    let clue = json!({"source": "self", "risk": "illness", "channel": "phone"});
    typed(&place, ("livelihood", "clue"), (home, None), 0, clue.clone()).await;
    assert_eq!(asked_by(&place, SECRETARY, "L-R01-clue").await, ["monitor clue"]);

    // One that lay about for a month is asked for by both rules and is one case.
    let next = place.door(OWN, "3栋", "2单元", "501").await;
    typed(&place, ("livelihood", "clue"), (next, None), 20, clue).await;
    assert_eq!(asked_by(&place, SECRETARY, "L-R12").await, ["monitor clue"]);
    assert_eq!(asked_by(&place, SECRETARY, "L-R01-clue").await, ["monitor clue"; 2]);

    // Recognised and nothing began: one task of whoever helps, whichever rules ask for it.
    let recognition = json!({
        "decided": "unstable", "risks": ["illness"], "level": "low", "net_per_head": 4500.0, "simplified": "no",
    });
    typed(&place, ("livelihood", "recognition"), (home, None), 12, recognition).await;
    for rule in ["L-R13", "L-R14"] {
        assert_eq!(asked_by(&place, SECRETARY, rule).await, ["measures missing"], "{rule}");
    }
}
