//! Cases through the console: a typed form, the rule that flags, who sees the task, and what she may do about it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use domain::access::Role;
use domain::case::{Deed, Source, Subject};
use domain::fact::Body;
use domain::id::Id;
use domain::time::{Day, day_of, from_day};
use programme::answer::{self, Given};
use programme::{Content, Files, archive};
use serde_json::{Value, json};
use store::packs::Publication;
use wanjia::app::judging::Judging;
use wanjia::cli::now;

use super::place::{COUNTY, OWN, Phone, Place, Who, account};

pub const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
pub const CLERK: Who = Who::Role(Role::Clerk);
/// Of the health department; appointed as the doctor.
pub const DOCTOR: Who = Who::Role(Role::DepartmentObserver);

/// Publishes the epidemic programme with a term around today, if that is not done.
pub async fn publish(place: &Place) {
    if place.site.territory.book().editions.is_empty() {
        publish_pack(place, "epidemic", &[]).await;
    }
}

/// Publishes a programme with a term around today, with those of its overlays that are named, each from its day on.
pub async fn publish_pack(place: &Place, programme: &'static str, overlays: &[(&str, Day)]) {
    publish_version(place, (programme, "2020-03"), day_of(now()) - 30, overlays, &[]).await;
}

/// Publishes a version of a programme from a day on, with some of its parameters' lines in other words.
pub async fn publish_version(
    place: &Place,
    (programme, version): (&'static str, &'static str),
    from: Day,
    overlays: &[(&str, Day)],
    parameters: &[(&str, &str)],
) {
    let sunset = day_of(now()) + 300;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes").join(programme);
    let mut files = Files::new();
    for folder in ["", "classes", "forms", "pathways"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let inside = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.insert(inside, Content::Bytes(std::fs::read(&path).unwrap()));
            }
        }
    }
    let dated = |text: String, key: &str, day: Day| -> String {
        let line = |line: &str| match line.starts_with(key) {
            true => format!("{key} = {}\n", from_day(day)),
            false => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    };
    for (overlay, from) in overlays {
        let inside = format!("overlays/{overlay}.toml");
        let text = dated(std::fs::read_to_string(root.join(&inside)).unwrap(), "from", *from);
        // The county of the tests lies in Hubei.
        let text = text.replace("area = \"34\"", "area = \"42\"");
        files.insert(inside, Content::Bytes(text.into_bytes()));
        for entry in std::fs::read_dir(root.join(format!("overlays/{overlay}/forms"))).into_iter().flatten() {
            let path = entry.unwrap().path();
            let inside = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            files.insert(inside, Content::Bytes(std::fs::read(&path).unwrap()));
        }
    }
    let Some(Content::Bytes(own)) = files.get("parameters.toml") else { panic!("no parameters") };
    let mut own = String::from_utf8(own.clone()).unwrap();
    for (line, other) in parameters {
        assert_eq!(own.matches(line).count(), 1, "{line}");
        own = own.replace(line, other);
    }
    files.insert("parameters.toml".into(), Content::Bytes(own.into_bytes()));
    let Some(Content::Bytes(manifest)) = files.get("programme.toml") else { panic!("no manifest") };
    let manifest = String::from_utf8(manifest.clone()).unwrap();
    let manifest = manifest.replace("version = \"2020-03\"", &format!("version = \"{version}\""));
    let manifest = dated(manifest, "in_force", from);
    files.insert("programme.toml".into(), Content::Bytes(dated(manifest, "sunset", sunset).into_bytes()));
    let found = programme::read(&files);
    assert!(found.is_ok(), "{:?}", found.err());
    let pack = archive::encode(&files).unwrap();
    place
        .site
        .territory
        .write(move |store, now| {
            let actor = store.book().own_series;
            let publication = Publication { programme, version, from, sunset, pack: &pack };
            store.write(now, |batch| batch.publish_programme(actor, &publication))?;
            Ok(())
        })
        .await
        .unwrap();
}

/// A case of a household in the callers' community or in the other; its id may be another name of one that was there.
pub async fn opened(place: &Place, other: bool) -> Id {
    publish(place).await;
    let dwelling = place.home(other).await;
    opened_as(place, "dependant", Subject::Dwelling(dwelling), dwelling).await
}

/// A case of a pathway, about someone or something behind a door.
pub async fn opened_as(place: &Place, pathway: &str, subject: Subject, dwelling: Id) -> Id {
    let case = Id::from_time(now(), wanjia::app::accounts::random().unwrap());
    let reported = Body::CaseReported {
        case,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        pathway: pathway.into(),
        subject,
        dwelling,
        source: Source::Department,
        rule: None,
        counted_from: None,
    };
    place.facts(vec![reported]).await;
    case
}

/// A form about someone who lives at the callers' home, as a clerk types it in.
pub async fn check(place: &Place, other: bool, temperature: f64) -> Value {
    publish(place).await;
    let dwelling = place.home(other).await;
    let person = place.people(dwelling).await[0];
    json!({
        "programme": "epidemic", "form": "twice_daily", "person": person, "dwelling": dwelling,
        "answers": {"slot": "am", "temp_c": temperature, "symptom": ["none"], "told_by": "self"},
    })
}

pub async fn appoint(place: &Place, who: Who, role: &str) {
    let body = Body::Appointed {
        who: account(who).id,
        programme: "epidemic".into(),
        role: role.into(),
        area: Some(OWN.into()),
    };
    place.facts(vec![body]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_told_what_is_due_from_its_worker_and_only_when_that_changed() {
    let place = Place::new().await;
    let case = opened(&place, false).await;
    let worker = place.own_phone.series;
    let body = Body::Appointed {
        who: worker,
        programme: "epidemic".into(),
        role: "community_secretary".into(),
        area: Some(OWN.into()),
    };
    place.facts(vec![body]).await;
    let phone = Who::Role(Role::GridWorker);
    // The number that was printed on a slip there is the one to call.
    let home = place.home(false).await;
    let slips = json!({"dwellings": [home], "office_phone": "027-82812345", "days": 30});
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/slips", Some(slips)).await.status, 201);
    let pulled = async |known: &str| {
        let answer = place.ask(phone, "GET", &format!("/v1/pull?tasks={known}"), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["tasks"].clone()
    };
    let told = pulled("").await;
    assert_eq!(told["office_phone"], "027-82812345");
    let row = &told["rows"][0];
    assert_eq!((&row["case"], &row["turn"], &row["kind"]), (&json!(case), &json!(0), &json!("leave")));
    assert_eq!(row["state"]["en"], "a carer is to be named");
    let steps: Vec<(&str, &Value)> = row["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"]["code"].as_str().unwrap(), &step["forms"]))
        .collect();
    let step = |code: &str| steps.iter().find(|(own, _)| *own == code).map(|(_, forms)| (*forms).clone());
    assert_eq!(step("nobody_left_behind"), Some(json!(["left_behind"])));
    assert_eq!(step("carer_named"), Some(json!(["carer"])));
    assert_eq!(step("carer_gone"), None, "there is no such step from here");
    assert!(
        told["roles"].as_array().unwrap().iter().any(|role| role["role"]["code"] == "community_secretary")
    );

    // Whoever stands at the door reads what it is, whose it is, and what others do.
    assert_eq!(row["owner"]["code"], "community_secretary");
    assert!(!row["climbs_to"].as_array().unwrap().is_empty(), "{row}");
    assert!(row["reported_at"].is_string() && row["source"] == "department", "{row}");
    let told_of = |told: &Value, key: &str| told["colleagues"].as_array().unwrap()[0][key].clone();

    let missing = |told: &Value| {
        let steps = told["rows"][0]["steps"].as_array().unwrap().clone();
        let found = steps.into_iter().find(|step| step["step"]["code"] == "carer_named");
        found.unwrap()["missing_forms"].clone()
    };
    assert_eq!(missing(&told), json!(["carer"]));
    let guard = |told: &Value, code: &str| {
        let steps = told["rows"][0]["steps"].as_array().unwrap().clone();
        steps.into_iter().find(|step| step["step"]["code"] == code).unwrap()["guard"].clone()
    };
    assert_eq!(
        guard(&told, "carer_named")["says"]["en"],
        "the carer is named, has agreed and was met in person since then"
    );
    assert_eq!(guard(&told, "carer_named")["holds_from"], Value::Null);
    let known = told["known"].as_str().unwrap();
    assert_eq!(pulled(known).await, Value::Null, "it knows");

    // A colleague with a phone in use over these doors is told with where she works and the beginning of its number; one
    // whose phone is revoked or whose deployment is over is told no more.
    assert_eq!(told["colleagues"], json!([]));
    let colleague = place.enrolled(OWN).await;
    let told = pulled(known).await;
    assert_eq!(told_of(&told, "worker"), json!(colleague));
    assert_eq!(told_of(&told, "phone"), colleague.to_string()[..8]);
    assert!(told_of(&told, "area_name").as_str().is_some_and(|name| !name.is_empty()));
    let over = place.enrolled(OWN).await;
    assert_eq!(pulled("").await["colleagues"].as_array().unwrap().len(), 2);
    place.facts(vec![Body::DeviceTerm { series: over, ends_at: now() - 1 }]).await;
    assert_eq!(pulled("").await["colleagues"].as_array().unwrap().len(), 1, "her deployment is over");
    place.facts(vec![Body::DeviceRevoked { series: colleague }]).await;
    let told = pulled(told["known"].as_str().unwrap()).await;
    assert_eq!(told["colleagues"], json!([]));
    let known = told["known"].as_str().unwrap();
    // Offered to her and declined: it is where it was, and whoever reads it learns who declined.
    let act = async |deed: Value| {
        place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(deed)).await
    };
    let decline = json!({"deed": "decline", "role": "community_secretary", "turn": 0});
    assert_eq!(act(decline.clone()).await.code(), "step_not_possible", "nothing is offered");
    let offer = json!({"deed": "offer", "role": "community_secretary", "turn": 0, "to": worker});
    assert_eq!(act(offer.clone()).await.status, 204);
    let offered = pulled(known).await;
    assert_eq!(
        (&offered["rows"][0]["offered"], &offered["rows"][0]["offered_by"]),
        (&json!(worker), &json!(account(SECRETARY).id))
    );
    assert_eq!(
        offered["others"],
        json!([{"worker": account(SECRETARY).id, "name": account(SECRETARY).name}]),
        "who offered it has no phone over these doors"
    );
    let role = "community_secretary".to_owned();
    let said = place.own_phone.push(Body::CaseActed { case, turn: 0, role, deed: Deed::Decline });
    let pushed = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(said)).await;
    assert_eq!(
        (pushed.status.as_u16(), &pushed.json()["receipts"][0]["verdict"]),
        (200, &json!(0)),
        "{}",
        pushed.text
    );
    let after = pulled(offered["known"].as_str().unwrap()).await;
    assert_eq!(
        (&after["rows"][0]["offered"], &after["rows"][0]["declined_by"]),
        (&Value::Null, &json!(worker))
    );
    // Whoever offered it may take that back.
    assert_eq!(act(offer).await.status, 204);
    assert_eq!(act(decline).await.status, 204);
    let back = pulled(after["known"].as_str().unwrap()).await;
    assert_eq!((&back["rows"][0]["offered"], &back["rows"][0]["declined_by"]), (&Value::Null, &Value::Null));
    let known = back["known"].as_str().unwrap();
    let deed = json!({"deed": "take", "role": "community_secretary", "turn": 0});
    let taken = place.ask(SECRETARY, "POST", &format!("/v1/cases/{case}/deeds"), Some(deed)).await;
    assert_eq!(taken.status, 204, "{}", taken.text);
    let told = pulled(known).await;
    assert_eq!(told["rows"][0]["holder"], json!(account(SECRETARY).id));
    // What lies elsewhere is not hers.
    opened(&place, true).await;
    assert_eq!(pulled(told["known"].as_str().unwrap()).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_told_what_came_of_its_own_answers_and_of_no_others() {
    let place = Place::new().await;
    publish(&place).await;
    let dwelling = place.home(false).await;
    let person = place.people(dwelling).await[0];
    let filled = async |phone: &Phone, temperature: f64| {
        let body = Body::Answered {
            subject: Subject::Person(person),
            dwelling,
            case: None,
            programme: "epidemic".into(),
            version: "2020-03".into(),
            form: "twice_daily".into(),
            on: day_of(now()),
            replaces: None,
        };
        let text = |text: &str| Given::Text(text.into());
        let answers = BTreeMap::from([
            ("slot".to_owned(), text("am")),
            ("temp_c".to_owned(), Given::Decimal(temperature)),
            ("symptom".to_owned(), Given::List(vec![text("none")])),
            ("told_by".to_owned(), text("self")),
        ]);
        let (push, _) = phone.push_sealed(body, person, &answer::encode(&answers));
        let pushed = place.by_phone(phone, "POST", "/v1/facts", Some(push)).await;
        assert_eq!(pushed.json()["receipts"][0]["verdict"], 0, "{}", pushed.text);
        judged(&place).await;
        pushed.json()["receipts"][0]["position"].as_u64().unwrap()
    };
    let told = async |phone: &Phone, answers: &str| {
        let pulled = place.by_phone(phone, "GET", &format!("/v1/pull?answers={answers}"), None).await;
        assert_eq!(pulled.status, 200, "{}", pulled.text);
        pulled.json()["came_of"].clone()
    };
    let calm = filled(&place.own_phone, 36.6).await;
    assert_eq!(told(&place.own_phone, &calm.to_string()).await, Value::Null);
    let fever = filled(&place.own_phone, 38.5).await;
    let came = told(&place.own_phone, &format!("{fever},1")).await;
    assert_eq!(came.as_array().map(Vec::len), Some(1), "{came}");
    let case = &came[0];
    assert_eq!((&case["position"], &case["pathway"]["code"]), (&json!(fever), &json!("fever")));
    assert_eq!((&case["owner"]["code"], &case["ended"]), (&json!("doctor"), &json!(false)));
    assert!(case["due"].is_string(), "{case}");
    assert_eq!(told(&place.other_phone, &fever.to_string()).await, Value::Null, "it is not hers");
    let wrong = place.by_phone(&place.own_phone, "GET", "/v1/pull?answers=x", None).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["field"]), (422, &json!("answers")));

    appoint(&place, DOCTOR, "doctor").await;
    let deeds = format!("/v1/cases/{}/deeds", case["case"].as_str().unwrap());
    let no_need = json!({"deed": "step", "step": "no_need", "role": "doctor", "turn": 0});
    assert_eq!(place.ask(DOCTOR, "POST", &deeds, Some(no_need)).await.status, 204);
    let came = told(&place.own_phone, &fever.to_string()).await;
    assert_eq!((&came[0]["state"]["code"], &came[0]["ended"]), (&json!("excluded"), &json!(true)));
    assert_eq!((&came[0]["owner"], &came[0]["due"]), (&Value::Null, &Value::Null), "nothing is due any more");
}

pub async fn judged(place: &Place) {
    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
}

pub async fn tasks(place: &Place, who: Who) -> Vec<Value> {
    let answer = place.ask(who, "GET", "/v1/tasks", None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["rows"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typed_form_becomes_a_case_that_a_rule_asked_for_and_a_person_ends() {
    let place = Place::new().await;
    let calm = check(&place, false, 36.6).await;
    assert_eq!(place.ask(CLERK, "POST", "/v1/answers", Some(calm)).await.status, 204);
    judged(&place).await;
    assert!(tasks(&place, DOCTOR).await.is_empty());

    let fever = check(&place, false, 38.5).await;
    assert_eq!(place.ask(CLERK, "POST", "/v1/answers", Some(fever.clone())).await.status, 204);
    judged(&place).await;
    judged(&place).await;
    // Judged from the beginning, as after a start of the server, it is no second report.
    Arc::new(Judging::default()).catch_up(&place.site.territory, now()).await.unwrap();
    assert!(tasks(&place, DOCTOR).await.is_empty(), "she was appointed to nothing");
    appoint(&place, DOCTOR, "doctor").await;
    let rows = tasks(&place, DOCTOR).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!(
        (&row["kind"], &row["pathway"]["en"], &row["role"]),
        (&json!("leave"), &json!("Fever"), &json!("doctor"))
    );
    assert_eq!((&row["about"]["building"], &row["level"]), (&json!("3栋"), &json!("open")));
    assert!(tasks(&place, SECRETARY).await.is_empty(), "it has not climbed to her yet");

    let uri = format!("/v1/cases/{}", row["case"].as_str().unwrap());
    let case = place.ask(DOCTOR, "GET", &uri, None).await.json();
    assert_eq!(case["reports"].as_array().unwrap().len(), 1, "{case}");
    assert_eq!((&case["reports"][0]["rule"]["code"], &case["turn"]), (&json!("E-R05"), &json!(0)));
    assert!(!case.to_string().contains("38.5"), "no answer is in it");
    let deed = |deed: Value| {
        place.ask(DOCTOR, "POST", Box::leak(format!("{uri}/deeds").into_boxed_str()), Some(deed))
    };
    let no_need = json!({"deed": "step", "step": "no_need", "role": "doctor", "turn": 0});
    assert_eq!(deed(no_need.clone()).await.status, 204);
    assert_eq!(deed(no_need).await.code(), "case_moved");
    let case = place.ask(DOCTOR, "GET", &uri, None).await.json();
    assert_eq!((&case["state"]["code"], &case["ended"]), (&json!("excluded"), &json!(true)));
    assert_eq!(
        (&case["events"][0]["outcome"], &case["events"][0]["role"]),
        (&json!("ran"), &json!("doctor"))
    );
    assert!(tasks(&place, DOCTOR).await.is_empty());

    // What the doctor saw is answered; only what is new asks again.
    Arc::new(Judging::default()).catch_up(&place.site.territory, now()).await.unwrap();
    assert!(tasks(&place, DOCTOR).await.is_empty());
    assert_eq!(place.ask(CLERK, "POST", "/v1/answers", Some(fever)).await.status, 204);
    judged(&place).await;
    assert_eq!(tasks(&place, DOCTOR).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_do_not_fit_are_named_and_nothing_is_written() {
    let place = Place::new().await;
    let mut form = check(&place, false, 36.6).await;
    let before = place.site.territory.head().size;
    form["answers"] = json!({"slot": "midnight", "temp_c": "warm", "minzu": "x"});
    let answer = place.ask(CLERK, "POST", "/v1/answers", Some(form.clone())).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "answer_misfit"), "{}", answer.text);
    let fields: Vec<(String, String)> = answer.json()["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| {
            (field["field"].as_str().unwrap().to_owned(), field["code"].as_str().unwrap().to_owned())
        })
        .collect();
    let wanted = [
        ("minzu", "unknown_name"),
        ("slot", "answer"),
        ("symptom", "required"),
        ("temp_c", "answer"),
        ("told_by", "required"),
    ];
    assert_eq!(fields, wanted.map(|(field, code)| (field.to_owned(), code.to_owned())));
    assert!(!answer.text.contains("warm"), "no value is repeated");
    for (key, value, code) in [
        ("form", json!("no_such"), "unknown_form"),
        ("form", json!("carer"), "form_subject"),
        ("programme", json!("nothing"), "unknown_programme"),
        ("on", json!("2019-01-01"), "unknown_programme"),
        ("on", json!("2199-01-01"), "unknown_programme"),
        ("on", json!("soon"), "not_a_date"),
        ("answers", json!({"slot": {"a": 1}}), "not_an_answer"),
    ] {
        let mut wrong = check(&place, false, 36.6).await;
        wrong[key] = value;
        let answer = place.ask(CLERK, "POST", "/v1/answers", Some(wrong)).await;
        assert_eq!(answer.code(), code);
    }
    // Nothing chosen is no answer.
    let mut silent = check(&place, false, 36.6).await;
    silent["answers"]["symptom"] = json!([]);
    let answer = place.ask(CLERK, "POST", "/v1/answers", Some(silent)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "answer_misfit"), "{}", answer.text);
    assert_eq!(answer.json()["fields"][0]["field"], "symptom");
    assert_eq!(answer.json()["fields"][0]["code"], "required");
    assert_eq!(place.site.territory.head().size, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_handed_over_with_a_receipt_and_steps_need_their_role_and_their_condition() {
    let place = Place::new().await;
    let case = opened(&place, false).await;
    let uri = format!("/v1/cases/{case}/deeds");
    let deed = |who, deed: Value| place.ask(who, "POST", &uri, Some(deed));
    let told = |answer: super::place::Answer| (answer.status.as_u16(), answer.code());
    let carer = json!({"deed": "step", "step": "carer_named", "role": "community_secretary", "turn": 0});
    let shown = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}"), None).await.json();
    let steps = shown["next"].as_array().unwrap();
    let step = steps.iter().find(|step| step["step"]["code"] == "carer_named").unwrap();
    assert_eq!(
        (&step["unmet"], &step["forms"][0]["filled"], &step["forms"][0]["pictures"]),
        (&json!(true), &json!(false), &json!(false)),
        "what it waits for is told before it is tried"
    );
    let early = deed(SECRETARY, carer.clone()).await;
    assert_eq!(
        (early.code().as_str(), &early.json()["detail"]),
        ("condition_fails", &json!("这一步要求的条件还没有满足：请先填《照护人》")),
        "which form it waits for"
    );
    let mut as_doctor = carer.clone();
    as_doctor["role"] = json!("doctor");
    assert_eq!(told(deed(SECRETARY, as_doctor).await), (403, "not_in_role".into()));
    let mut elsewhere = carer.clone();
    elsewhere["step"] = json!("logged");
    assert_eq!(told(deed(SECRETARY, elsewhere).await), (409, "step_not_possible".into()));
    let mut by_will = carer.clone();
    by_will["deed"] = json!("step_overridden");
    assert_eq!(told(deed(SECRETARY, by_will.clone()).await), (422, "no_reason".into()));
    by_will["why"] = json!("照护人在路上");
    assert_eq!(
        told(deed(SECRETARY, by_will).await),
        (409, "condition_fails".into()),
        "this one may not be overridden"
    );

    // Whoever has no role of the programme knows of no such case.
    let view = format!("/v1/cases/{case}");
    assert_eq!(place.ask(DOCTOR, "GET", &view, None).await.status, 404);
    appoint(&place, DOCTOR, "carer").await;
    assert_eq!(place.ask(DOCTOR, "GET", &view, None).await.status, 200);
    // A role that answers for nothing here can neither take it over nor hand it over, and is told so before.
    let seen = place.ask(DOCTOR, "GET", &view, None).await.json();
    assert_eq!((&seen["may_take"], &seen["may_offer"]), (&json!(false), &json!(false)));
    let away = json!({"deed": "offer", "role": "carer", "turn": 0, "to": account(SECRETARY).id});
    assert_eq!(told(deed(DOCTOR, away).await), (409, "step_not_possible".into()));
    let seen = place.ask(SECRETARY, "GET", &view, None).await.json();
    assert_eq!((&seen["may_take"], &seen["may_offer"]), (&json!(true), &json!(true)));
    let says = |file: &Value, step: &str| {
        let next = file["next"].as_array().unwrap().iter();
        next.into_iter().find(|next| next["step"]["code"] == step).map(|next| next["says"]["en"].clone())
    };
    assert_eq!(
        says(&seen, "carer_named"),
        Some(json!("the carer is named, has agreed and was met in person since then"))
    );
    let forms = |file: &Value| {
        let next = file["next"].as_array().unwrap().iter().find(|next| next["step"]["code"] == "carer_named");
        next.map(|next| (next["forms"][0]["form"]["code"].clone(), next["forms"][0]["filled"].clone()))
    };
    assert_eq!(forms(&seen), Some((json!("carer"), json!(false))));
    appoint(&place, DOCTOR, "doctor").await;
    let hands = place.ask(SECRETARY, "GET", &format!("{view}/hands"), None).await.json();
    let doctor = json!(account(DOCTOR).id);
    let hers = hands["hands"].as_array().unwrap().iter().find(|hand| hand["id"] == doctor).unwrap();
    // A carer signs that the family is back; a doctor can do nothing about it.
    assert_eq!(hers["roles"], json!(["carer"]));
    // Two of one name are told apart by where they work and by their phones; she has none, since she works at the console.
    let session = place.ask(DOCTOR, "GET", "/v1/session", None).await.json();
    assert_eq!((&hers["area_name"], hers.get("phone")), (&session["account"]["area_name"], None));
    let beginning = &place.own_phone.series.to_string()[..8];
    let phones: Vec<&Value> =
        hands["hands"].as_array().unwrap().iter().filter_map(|hand| hand.get("phone")).collect();
    assert_eq!(
        phones,
        [&json!(beginning)],
        "the grid worker over these doors, and nobody whose phone is revoked: {hands}"
    );
    let take = json!({"deed": "take", "role": "carer", "turn": 0});
    assert_eq!(
        told(deed(DOCTOR, take.clone()).await),
        (409, "step_not_possible".into()),
        "it was offered to nobody"
    );
    let offer = json!({"deed": "offer", "role": "community_secretary", "turn": 0, "to": account(DOCTOR).id});
    assert_eq!(deed(SECRETARY, offer).await.status, 204);
    let offered = place.ask(SECRETARY, "GET", &view, None).await.json();
    assert_eq!((&offered["holder"], &offered["offered"]), (&Value::Null, &json!(account(DOCTOR).id)));
    // Whom it is offered to finds it, though it is no task of her role; who offered it sees that it waits for her.
    let hers = place.ask(DOCTOR, "GET", "/v1/tasks", None).await.json();
    assert_eq!(hers["rows"], json!([]));
    let offer = &hers["offers"][0];
    assert_eq!((&offer["case"], &offer["role"], &offer["turn"]), (&json!(case), &json!("carer"), &json!(0)));
    let own = place.ask(SECRETARY, "GET", "/v1/tasks", None).await.json();
    assert_eq!((&own["offers"], &own["rows"][0]["offered_to"]), (&Value::Null, &offer["from"]));
    assert_eq!(deed(DOCTOR, take).await.status, 204);
    let passes = place.ask(DOCTOR, "GET", &view, None).await.json();
    assert_eq!((&passes["may_take"], &passes["may_offer"]), (&json!(false), &json!(true)), "she holds it");
    let held = place.ask(SECRETARY, "GET", &view, None).await.json();
    assert_eq!((&held["holder"], &held["offered"]), (&json!(account(DOCTOR).id), &Value::Null));
    assert_eq!(held["tasks"][0]["due"], offered["tasks"][0]["due"], "handing over moves no limit");
    let answered = place.ask(DOCTOR, "GET", "/v1/tasks", None).await.json();
    assert_eq!(answered["offers"], Value::Null, "what is taken is offered no more");

    let dwelling = place.home(false).await;
    let named = json!({
        "programme": "epidemic", "form": "carer", "dwelling": dwelling, "case": case,
        "answers": {"cares": "yes", "name": "周敏", "seen_by": "visit"},
    });
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/answers", Some(named)).await.status, 204);
    assert_eq!(deed(SECRETARY, carer).await.status, 204);
    let cared = place.ask(SECRETARY, "GET", &view, None).await.json();
    assert_eq!((&cared["state"]["code"], &cared["turn"]), (&json!("cared"), &json!(1)));
    let again = json!({
        "programme": "epidemic", "pathway": "dependant", "dwelling": dwelling, "source": "resident",
    });
    let answer = place.ask(SECRETARY, "POST", "/v1/cases", Some(again.clone())).await;
    assert_eq!(answer.json()["case"], json!(case), "the same problem reported again is the same case");
    let mut by_rule = again;
    by_rule["source"] = json!("rule");
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/cases", Some(by_rule)).await.code(), "unknown_source");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_acts_on_a_case_is_told_whom_to_ask_and_nobody_else_is() {
    let place = Place::new().await;
    let case = opened(&place, false).await;
    let uri = format!("/v1/cases/{case}/reach");
    let home = place.home(false).await;
    let slips = json!({"dwellings": [home], "office_phone": "027-82812345", "days": 30});
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/slips", Some(slips)).await.status, 201);
    assert_eq!(place.ask(DOCTOR, "GET", &uri, None).await.status, 404, "she has no role of the programme");
    assert_eq!(place.ask(CLERK, "GET", &uri, None).await.status, 403);
    appoint(&place, DOCTOR, "health_department").await;
    let told = place.ask(DOCTOR, "GET", &uri, None).await.json();
    let reach = json!({"secretaries": ["陈主任"], "office_phone": "027-82812345"});
    assert_eq!((&told["community"]["area_code"], &told["community"]["reach"]), (&json!(OWN), &reach));
    let asked: Vec<(&str, bool, &Value, bool)> = told["asked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let (above, here) = (one["above"].as_bool().unwrap(), one["in_community"].as_bool().unwrap());
            (one["role"].as_str().unwrap(), above, &one["names"], here)
        })
        .collect();
    let doctor = json!([account(DOCTOR).name]);
    assert_eq!(
        asked,
        [
            ("community_secretary", false, &json!(["陈主任"]), true),
            ("health_department", true, &doctor, true),
        ]
    );
    // Nobody who lives there is in it, nor her number.
    for person in place.people(home).await {
        assert!(!told.to_string().contains(&person.to_string()), "{told}");
    }
    // Whose right has ended is asked no more, though her appointment stands.
    let ended = Body::GrantEnded { account: account(SECRETARY).id };
    place.facts(vec![ended]).await;
    let told = place.ask(DOCTOR, "GET", &uri, None).await.json();
    assert_eq!(told["asked"][0]["names"], json!([]), "{told}");
    assert_eq!(told["community"]["reach"], json!({"office_phone": "027-82812345"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_someone_else_stands_on_the_list_and_is_not_hers_to_do() {
    let place = Place::new().await;
    let case = opened(&place, false).await;
    appoint(&place, DOCTOR, "carer").await;
    let waits = |rows: Vec<Value>| -> Vec<(String, bool)> {
        let mut told: Vec<(String, bool)> = rows
            .iter()
            .map(|row| (row["kind"].as_str().unwrap().to_owned(), row["waits_for_others"].as_bool().unwrap()))
            .collect();
        told.sort();
        told
    };
    let deed = async |who, body: Value| {
        let answer = place.ask(who, "POST", &format!("/v1/cases/{case}/deeds"), Some(body)).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    };
    assert_eq!(waits(tasks(&place, SECRETARY).await), [("leave".into(), false)]);
    // Another of the staff has it in hand; as long as it is only offered, it is still hers.
    let offer = json!({"deed": "offer", "role": "community_secretary", "turn": 0, "to": account(DOCTOR).id});
    deed(SECRETARY, offer).await;
    assert_eq!(waits(tasks(&place, SECRETARY).await), [("leave".into(), false)]);
    deed(DOCTOR, json!({"deed": "take", "role": "carer", "turn": 0})).await;
    assert_eq!(waits(tasks(&place, SECRETARY).await), [("leave".into(), true)]);
    deed(SECRETARY, json!({"deed": "take", "role": "community_secretary", "turn": 0})).await;
    assert_eq!(waits(tasks(&place, SECRETARY).await), [("leave".into(), false)]);

    // A step that waits for another's signature is that other's to do.
    let home = json!({
        "deed": "step", "step": "family_returns", "role": "community_secretary", "turn": 0,
    });
    deed(SECRETARY, home).await;
    assert_eq!(waits(tasks(&place, SECRETARY).await), [("leave".into(), true)]);
    assert_eq!(waits(tasks(&place, DOCTOR).await), [("sign".into(), false)]);
    // Though she may sign in that role, her own signature would not count.
    appoint(&place, SECRETARY, "carer").await;
    assert_eq!(
        waits(tasks(&place, SECRETARY).await),
        [("leave".into(), true), ("sign".into(), true)],
        "the step was her own"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_overdue_climbs_and_who_was_told_is_on_record() {
    let place = Place::new().await;
    let case = opened(&place, false).await;
    assert_eq!(tasks(&place, SECRETARY).await.len(), 1);
    let later = now() + 3 * 3_600_000;
    place.site.judging.catch_up(&place.site.territory, later).await.unwrap();
    place.site.judging.catch_up(&place.site.territory, later).await.unwrap();
    let told = place.ask(SECRETARY, "GET", &format!("/v1/cases/{case}"), None).await.json();
    let roles: Vec<&str> =
        told["told"].as_array().unwrap().iter().map(|told| told["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["community_secretary", "health_department"], "each once");
    let first = &told["told"][0];
    assert_eq!((&first["kind"], &first["of"]["en"]), (&json!("leave"), &json!("a carer is to be named")));
    assert_eq!(first["due"], told["tasks"][0]["due"], "by when it was to be done");
}

/// A case of the household behind a door, reported so long ago that its owner is late.
async fn neglected(place: &Place, dwelling: Id) {
    publish(place).await;
    let report = Body::CaseReported {
        case: Id::from_time(now(), wanjia::app::accounts::random().unwrap()),
        programme: "epidemic".into(),
        version: "2020-03".into(),
        pathway: "dependant".into(),
        subject: Subject::Dwelling(dwelling),
        dwelling,
        source: Source::Worker,
        rule: None,
        counted_from: None,
    };
    place
        .site
        .territory
        .write(move |store, now| {
            let then = now - 3 * 24 * 3_600_000;
            Ok(store.write(then, |batch| batch.append(Id([9; 16]), report, None))?)
        })
        .await
        .unwrap();
}

/// Every row of a list, a page at a time.
async fn all_rows(place: &Place, who: Who, uri: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = place.ask(who, "GET", &format!("{uri}&limit={limit}&cursor={cursor}"), None).await;
        assert_eq!(answer.status, 200, "{uri}: {}", answer.text);
        let page = answer.json();
        rows.extend(page["rows"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { return rows };
        cursor = next.to_owned();
    }
}

/// Gives someone her right for the county and not for the community alone.
async fn over_the_county(place: &Place, role: Role) {
    let account = account(Who::Role(role)).id;
    place.facts(vec![Body::GrantGiven { account, role: role as u64, area: COUNTY.into() }]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_of_what_is_late_is_that_of_its_rows() {
    let place = Place::new().await;
    let (home, elsewhere) = (place.home(false).await, place.home(true).await);
    neglected(&place, home).await;
    neglected(&place, elsewhere).await;
    let fresh = place.door(OWN, "3", "2", "501").await;
    let report =
        json!({"programme": "epidemic", "pathway": "dependant", "dwelling": fresh, "source": "worker"});
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/cases", Some(report)).await.status, 201);

    for role in [Role::Street, Role::County, Role::City] {
        over_the_county(&place, role).await;
    }
    for who in [Role::Street, Role::County, Role::City, Role::CommunitySecretary].map(Who::Role) {
        let command = place.ask(who, "GET", "/v1/command", None).await.json();
        let mut rows = 0;
        for area in command["children"].as_array().unwrap().iter().chain([&command["area"]]) {
            let code = area["code"].as_str().unwrap();
            let listed = all_rows(&place, who, &format!("/v1/command/late?area={code}"), 1).await;
            assert_eq!(area["late"], json!(listed.len()), "{who:?} {code}");
            rows = listed.len();
        }
        assert_eq!(rows, if who == SECRETARY { 1 } else { 2 }, "{who:?}: as many as were neglected");
        for late in command["late"].as_array().unwrap() {
            let [programme, role] = ["programme", "role"].map(|key| late[key]["code"].as_str().unwrap());
            let uri = format!("/v1/command/late?programme={programme}&role={role}");
            assert_eq!(late["late"], json!(all_rows(&place, who, &uri, 1000).await.len()), "{who:?} {role}");
        }
    }
    // What it is and about whom is for whoever has a role of the programme; the others see that it is there.
    let mine = all_rows(&place, SECRETARY, "/v1/command/late?", 10).await;
    assert_eq!(mine[0]["task"]["about"]["dwelling"], json!(home));
    let city = all_rows(&place, Who::Role(Role::City), "/v1/command/late?", 10).await;
    assert!(city.iter().all(|row| row.get("task").is_none()), "{city:?}");
    assert_eq!(city[0]["role"]["en"], "community secretary");

    let board = place.ask(SECRETARY, "GET", "/v1/cases/board", None).await.json();
    let cases = all_rows(&place, SECRETARY, "/v1/cases?", 1).await;
    let overdue = all_rows(&place, SECRETARY, "/v1/cases?overdue=true", 1).await;
    assert_eq!((&board["area"]["open"], cases.len()), (&json!(2), 2));
    assert_eq!((&board["area"]["overdue"], overdue.len()), (&json!(1), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_that_have_ended_are_listed_the_last_first() {
    let place = Place::new().await;
    publish(&place).await;
    let home = place.home(false).await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        let report =
            json!({"programme": "epidemic", "pathway": "dependant", "dwelling": home, "source": "worker"});
        let case = place.ask(SECRETARY, "POST", "/v1/cases", Some(report)).await.json()["case"].clone();
        let filled = json!({
            "programme": "epidemic", "form": "left_behind", "dwelling": home, "answers": {"depends": ["none"]},
        });
        assert_eq!(place.ask(SECRETARY, "POST", "/v1/answers", Some(filled)).await.status, 204);
        let deed =
            json!({"deed": "step", "step": "nobody_left_behind", "role": "community_secretary", "turn": 0});
        let uri = format!("/v1/cases/{}/deeds", case.as_str().unwrap());
        assert_eq!(place.ask(SECRETARY, "POST", &uri, Some(deed)).await.status, 204);
        ended.insert(0, case);
    }
    let ids = |rows: Vec<Value>| rows.into_iter().map(|row| row["case"].clone()).collect::<Vec<_>>();
    for limit in [1, 2, 1000] {
        assert_eq!(ids(all_rows(&place, SECRETARY, "/v1/cases?ended=true", limit).await), ended, "{limit}");
    }
    let own = "/v1/cases?ended=true&programme=epidemic&pathway=dependant";
    assert_eq!(all_rows(&place, SECRETARY, own, 10).await.len(), 3);
    assert!(all_rows(&place, SECRETARY, "/v1/cases?ended=true&pathway=fever", 10).await.is_empty());
    assert!(all_rows(&place, SECRETARY, "/v1/cases?", 10).await.is_empty(), "none is open");
    assert!(all_rows(&place, DOCTOR, "/v1/cases?ended=true", 10).await.is_empty(), "she has no role");
    over_the_county(&place, Role::Street).await;
    let street = Who::Role(Role::Street);
    let whole = place.ask(street, "GET", "/v1/cases?ended=true", None).await;
    assert_eq!(whole.code(), "area_too_large");
    let open = place.ask(SECRETARY, "GET", "/v1/cases?ended=true&limit=1", None).await.json();
    let other = format!("/v1/cases?cursor={}", open["next"].as_str().unwrap());
    assert_eq!(place.ask(SECRETARY, "GET", &other, None).await.code(), "cursor", "a place of another list");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_says_what_is_the_matter_and_whether_it_joined_an_open_case() {
    let place = Place::new().await;
    publish(&place).await;
    let report = async |text: &str| {
        let body = json!({
            "programme": "epidemic", "pathway": "case_free", "area": OWN, "source": "worker", "text": text,
        });
        place.ask(SECRETARY, "POST", "/v1/cases", Some(body)).await
    };
    assert_eq!(report(&"长".repeat(400)).await.code(), "too_long");
    let opened = report("消杀记录缺两天").await.json();
    assert_eq!(opened["joined"], json!(false));
    let again = report("").await.json();
    assert_eq!((&again["case"], &again["joined"]), (&opened["case"], &json!(true)));
    let uri = format!("/v1/cases/{}", opened["case"].as_str().unwrap());
    let file = place.ask(SECRETARY, "GET", &uri, None).await;
    assert!(!file.text.contains("消杀"), "what was said is sealed until someone reads it");
    let why = place.ask(SECRETARY, "GET", &format!("{uri}/why?purpose=service"), None).await.json();
    assert_eq!(why["said"], json!(["消杀记录缺两天", null]));
    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert!(difference.is_none(), "{difference:?}");
    assert!(store::verify::verify(&root, None, true, &mut |_| {}).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_waits_says_for_what_and_opens_on_the_day() {
    let place = Place::new().await;
    let opens = day_of(now()) + 3;
    publish_pack(&place, "livelihood", &[("travel_open", opens)]).await;
    let cadre = Body::Appointed {
        who: account(SECRETARY).id,
        programme: "livelihood".into(),
        role: "village_cadre".into(),
        area: Some(OWN.into()),
    };
    place.facts(vec![cadre]).await;
    let planned = json!({
        "programme": "livelihood", "pathway": "venture", "dwelling": place.home(false).await, "source": "worker",
    });
    let case = place.ask(SECRETARY, "POST", "/v1/cases", Some(planned)).await.json()["case"].clone();
    let task = async |at| {
        place.site.judging.catch_up(&place.site.territory, at).await.unwrap();
        let until = from_day(day_of(now()) + 40);
        let rows = place.ask(SECRETARY, "GET", &format!("/v1/tasks?until={until}"), None).await.json();
        let row = rows["rows"][0].clone();
        assert_eq!((rows["rows"].as_array().unwrap().len(), &row["case"]), (1, &case));
        (row["kind"].clone(), row["of"]["zh"].clone())
    };
    let day = 24 * 3_600_000;
    let waits = (json!("wait"), json!("外出管控解除"));
    assert_eq!(task(now()).await, waits);
    assert_eq!(task(now() + 2 * day).await, waits);
    assert_eq!(task(now() + 3 * day).await, (json!("leave"), json!("已计划")), "nobody filled anything in");
    assert_eq!(task(now() + 3 * day + 1).await.0, "leave", "once");
    let file =
        place.ask(SECRETARY, "GET", &format!("/v1/cases/{}", case.as_str().unwrap()), None).await.json();
    let deeds: Vec<&Value> = file["events"].as_array().unwrap().iter().map(|event| &event["deed"]).collect();
    assert_eq!(deeds, ["resume"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compound_is_named_free_of_cases_and_its_figures_count_it() {
    let place = Place::new().await;
    publish(&place).await;
    appoint(&place, DOCTOR, "health_department").await;
    let report =
        json!({"programme": "epidemic", "pathway": "case_free", "area": OWN, "source": "department"});
    let opened = place.ask(SECRETARY, "POST", "/v1/cases", Some(report.clone())).await;
    assert_eq!(opened.status, 201);
    let case = opened.json()["case"].clone();
    let mut both = report.clone();
    both["dwelling"] = json!(place.home(false).await);
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/cases", Some(both)).await.code(), "about_what");
    let mut above = report.clone();
    above["area"] = json!(super::place::OTHER);
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/cases", Some(above)).await.status, 403);
    let mut about_a_door = report;
    about_a_door["pathway"] = json!("dependant");
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/cases", Some(about_a_door)).await.code(), "unknown_pathway");

    let rows = tasks(&place, DOCTOR).await;
    assert_eq!(rows, [] as [Value; 0], "checked within some days, not today");
    let uri = format!("/v1/cases/{}/deeds", case.as_str().unwrap());
    let check = json!({"deed": "step", "step": "check", "role": "health_department", "turn": 0});
    let taken = place.ask(DOCTOR, "POST", &uri, Some(check.clone())).await;
    assert_eq!(taken.code(), "condition_fails");
    let unmet = async || {
        let shown =
            place.ask(SECRETARY, "GET", &format!("/v1/cases/{}", case.as_str().unwrap()), None).await.json();
        let step = shown["next"].as_array().unwrap().iter().find(|step| step["step"]["code"] == "check");
        step.unwrap()["unmet"].clone()
    };
    assert_eq!(unmet().await, true);
    let day = |back| from_day(day_of(now()) - back).to_string();
    let compound = json!({
        "programme": "epidemic", "form": "compound", "area": OWN,
        "answers": {
            "applied_on": day(0), "last_case_on": day(20), "open_cases": 0, "checked_by_other": "yes",
            "in_place": ["told", "closed", "swept", "clean", "supplied", "organised"],
        },
    });
    assert_eq!(place.ask(SECRETARY, "POST", "/v1/answers", Some(compound)).await.status, 204);
    assert_eq!(unmet().await, false, "what it asks for is there");
    assert_eq!(place.ask(DOCTOR, "POST", &uri, Some(check)).await.status, 204);
    let file =
        place.ask(SECRETARY, "GET", &format!("/v1/cases/{}", case.as_str().unwrap()), None).await.json();
    assert_eq!((&file["state"]["code"], &file["about"]["area_code"]), (&json!("on_notice"), &json!(OWN)));
    assert_eq!(file["about"].get("dwelling"), None);

    place.site.judging.catch_up(&place.site.territory, now()).await.unwrap();
    let rows = place.ask(SECRETARY, "GET", "/v1/indicators?programme=epidemic", None).await.json();
    let closed =
        rows["rows"].as_array().unwrap().iter().find(|row| row["code"] == "E-I15-closed").unwrap().clone();
    assert_eq!((&closed["numerator"], &closed["denominator"]), (&json!(1.0), &json!(1.0)));
    let behind = "/v1/indicators/epidemic/E-I15-closed/behind?side=met";
    let behind = place.ask(SECRETARY, "GET", behind, None).await.json();
    assert_eq!(
        (&behind["rows"][0]["kind"], &behind["rows"][0]["about"]["area_code"]),
        (&json!("area"), &json!(OWN))
    );
    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert!(difference.is_none(), "{difference:?}");
}

/// What a program that is gone published stops nothing but itself, and says so to whoever asks for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_that_does_not_read_is_told_and_the_rest_is_there() {
    let place = Place::new().await;
    publish(&place).await;
    let home = place.home(false).await;
    let case = Id([90; 16]);
    place
        .site
        .territory
        .write(move |store, now| {
            let actor = Id([9; 16]);
            let (from, sunset) = (day_of(now) - 30, day_of(now) + 300);
            let (programme, version) = ("heat", "2020-03");
            let publication = Publication { programme, version, from, sunset, pack: b"of another program" };
            let report = Body::CaseReported {
                case,
                programme: programme.into(),
                version: version.into(),
                pathway: "dependant".into(),
                subject: Subject::Dwelling(home),
                dwelling: home,
                source: Source::Department,
                rule: None,
                counted_from: None,
            };
            Ok(store.write(now, |batch| {
                batch.publish_programme(actor, &publication)?;
                batch.append(actor, report, None)
            })?)
        })
        .await
        .unwrap();
    for uri in [format!("/v1/cases/{case}"), "/v1/indicators?programme=heat".to_owned()] {
        let answer = place.ask(SECRETARY, "GET", &uri, None).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "pack_unreadable"), "{uri}");
        for part in ["heat", "2020-03", "wanjia rebuild"] {
            assert!(answer.text.contains(part), "{part}: {}", answer.text);
        }
    }
    for uri in ["/v1/tasks", "/v1/forms", "/v1/indicators?programme=epidemic"] {
        let answer = place.ask(SECRETARY, "GET", uri, None).await;
        assert_eq!(answer.status, 200, "{uri}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_learnt_from_a_case_is_offered_once_when_one_of_its_kind_begins() {
    let place = Place::new().await;
    publish(&place).await;
    let home = place.home(false).await;
    let report = async || {
        let body =
            json!({"programme": "epidemic", "pathway": "dependant", "dwelling": home, "source": "worker"});
        let case = place.ask(SECRETARY, "POST", "/v1/cases", Some(body)).await.json()["case"].clone();
        format!("/v1/cases/{}", case.as_str().unwrap())
    };
    let step = async |case: &str, step: &str, turn: u64, form: &str, answers: Value| {
        let filled = json!({"programme": "epidemic", "form": form, "dwelling": home, "answers": answers});
        assert_eq!(place.ask(SECRETARY, "POST", "/v1/answers", Some(filled)).await.status, 204);
        let deed = json!({"deed": "step", "step": step, "role": "community_secretary", "turn": turn});
        let taken = place.ask(SECRETARY, "POST", &format!("{case}/deeds"), Some(deed)).await;
        assert_eq!(taken.status, 204, "{}", taken.json());
    };
    let case = report().await;
    let lesson = async |text: &str| {
        place.ask(SECRETARY, "POST", &format!("{case}/lesson"), Some(json!({"text": text}))).await
    };
    let text = "先问家里还有谁要人照看，再叫车";
    assert_eq!(lesson(text).await.code(), "case_not_ended");
    step(&case, "nobody_left_behind", 0, "left_behind", json!({"depends": ["none"]})).await;
    let person = place.people(home).await[0];
    let known = place.site.territory.read(move |reader| Ok(reader.identity(person)?.unwrap())).await.unwrap();
    let words = [known.name, known.id_number, known.phone];
    for names in words.iter().filter(|word| !word.is_empty()) {
        assert_eq!(lesson(&format!("{names}家要先派人")).await.code(), "names_someone", "{names}");
    }
    assert_eq!(lesson("先打13812345678").await.code(), "names_someone", "whoever's it is");
    for (text, code) in
        [("  ", "no_text"), (&*"长".repeat(301), "too_long"), ("13812345678", "names_someone")]
    {
        let refused = lesson(text).await;
        assert_eq!((refused.code(), &refused.json()["field"]), (code.to_owned(), &json!("text")));
    }
    assert_eq!(lesson(text).await.status, 204);
    assert_eq!(place.ask(DOCTOR, "GET", "/v1/lessons?programme=epidemic", None).await.status, 403);
    let found = place.ask(SECRETARY, "GET", "/v1/lessons?programme=epidemic&text=照看", None).await.json();
    assert_eq!((found["rows"].as_array().unwrap().len(), &found["rows"][0]["text"]), (1, &json!(text)));
    let none = place.ask(SECRETARY, "GET", "/v1/lessons?programme=epidemic&text=口罩", None).await.json();
    assert_eq!(none["rows"], json!([]));

    let next = report().await;
    assert_ne!(next, case);
    let file = place.ask(SECRETARY, "GET", &next, None).await.json();
    assert_eq!(file["lessons"][0]["text"], json!(text));
    step(&next, "carer_named", 0, "carer", json!({"cares": "yes", "name": "周敏", "seen_by": "visit"})).await;
    let file = place.ask(SECRETARY, "GET", &next, None).await.json();
    assert_eq!(file["lessons"], json!([]), "it has begun");
    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert!(difference.is_none(), "{difference:?}");
    assert!(store::verify::verify(&root, None, true, &mut |_| {}).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_a_late_case_climbs_to_asks_what_holds_it_and_its_owner_answers() {
    let place = Place::new().await;
    publish(&place).await;
    let case = Id::from_time(now(), wanjia::app::accounts::random().unwrap());
    let dwelling = place.home(false).await;
    let reported = Body::CaseReported {
        case,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        pathway: "dependant".into(),
        subject: Subject::Dwelling(dwelling),
        dwelling,
        source: Source::Department,
        rule: None,
        counted_from: None,
    };
    let yesterday = now() - 86_400_000;
    let written = place.site.territory.write(move |store, _| {
        Ok(store.write(yesterday, |batch| batch.append(Id([9; 16]), reported, None))?)
    });
    written.await.unwrap();
    let view = format!("/v1/cases/{case}");
    let shown = async |who| place.ask(who, "GET", &view, None).await.json();
    let own = shown(SECRETARY).await;
    let climbs: Vec<String> = serde_json::from_value(own["tasks"][0]["climbs_to"].clone()).unwrap();
    let above = climbs.iter().find(|role| *role != "community_secretary").unwrap().clone();
    appoint(&place, DOCTOR, &above).await;
    let act = async |who, deed: &str, role: &str, why: Option<&str>| {
        let mut json = json!({"deed": deed, "role": role, "turn": 0});
        if let Some(why) = why {
            json["why"] = json!(why);
        }
        place.ask(who, "POST", &format!("{view}/deeds"), Some(json)).await
    };
    assert_eq!(
        act(SECRETARY, "reply", "community_secretary", Some("在办")).await.code(),
        "step_not_possible"
    );
    assert_eq!(shown(DOCTOR).await["may_ask"], true);
    let owner = act(SECRETARY, "ask", "community_secretary", None).await;
    assert_eq!(owner.code(), "step_not_possible", "it does not climb to whose it is");
    let dwelling = place.door(OWN, "3", "2", "501").await;
    let fresh = json!({
        "programme": "epidemic", "pathway": "dependant", "dwelling": dwelling, "source": "department",
    });
    let fresh = place.ask(SECRETARY, "POST", "/v1/cases", Some(fresh)).await.json()["case"].clone();
    let uri = format!("/v1/cases/{}/deeds", fresh.as_str().unwrap());
    let early = json!({"deed": "ask", "role": above, "turn": 0});
    let early = place.ask(DOCTOR, "POST", &uri, Some(early)).await;
    assert_eq!((early.status.as_u16(), early.code().as_str()), (409, "not_late"));
    let asked = act(DOCTOR, "ask", &above, Some("照护人为什么还没有定？")).await;
    assert_eq!(asked.status, 204, "{}", asked.text);
    assert_eq!(act(DOCTOR, "reply", &above, Some("x")).await.code(), "step_not_possible", "her own question");

    // Its owner finds it in her list, with who asks and not with what is asked: that is sealed.
    let row = tasks(&place, SECRETARY).await.into_iter().find(|row| row["case"] == json!(case)).unwrap();
    assert_eq!((&row["asked_by"], &row["asked_in_words"]), (&json!(account(DOCTOR).name), &json!(true)));
    let by_phone = {
        let worker = place.own_phone.series;
        let role = Body::Appointed {
            who: worker,
            programme: "epidemic".into(),
            role: "community_secretary".into(),
            area: Some(OWN.into()),
        };
        place.facts(vec![role]).await;
        let rows = place.ask(Who::Role(Role::GridWorker), "GET", "/v1/pull", None).await.json();
        let rows = rows["tasks"]["rows"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["case"] == json!(case)).unwrap()
    };
    assert_eq!(
        (&by_phone["asked"], &by_phone["asked_in_words"]),
        (&json!(account(DOCTOR).id), &json!(true)),
        "on her phone it says so too"
    );
    let own = shown(SECRETARY).await;
    assert_eq!((&own["asked"], &own["may_reply"]), (&json!(account(DOCTOR).id), &json!(true)));
    assert!(!own.to_string().contains("照护人为什么"), "{own}");
    assert_eq!(act(SECRETARY, "reply", "community_secretary", None).await.code(), "no_answer");
    let answered = act(SECRETARY, "reply", "community_secretary", Some("照护人明天到")).await;
    assert_eq!(answered.status, 204, "{}", answered.text);
    let own = shown(DOCTOR).await;
    assert_eq!((own.get("asked"), &own["state"]["code"]), (None, &own["path"][0]["code"]), "nothing moved");
    let row = tasks(&place, SECRETARY).await.into_iter().find(|row| row["case"] == json!(case)).unwrap();
    assert_eq!((row.get("asked_by"), &row["asked_in_words"]), (None, &json!(false)), "it is answered");
    let deeds: Vec<&str> =
        own["events"].as_array().unwrap().iter().map(|event| event["deed"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["ask", "reply"]);
    let why = place.ask(DOCTOR, "GET", &format!("{view}/why?purpose=service"), None).await.json();
    assert_eq!(why["reasons"], json!(["照护人为什么还没有定？", "照护人明天到"]));
}
