//! People: every name that is read is a fact of its own, and nobody is read who is not the reader's to read.

use domain::access::{Purpose, Role};
use domain::fact::{Body, Light, Outcome};
use domain::id::Id;
use domain::identity::Identity;
use intake::Table;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

use super::place::{OTHER, OWN, Place, SWEEP, Who, account, visited};

const CLERK: Who = Who::Role(Role::Clerk);
const SECRETARY: Who = Who::Role(Role::CommunitySecretary);

async fn named(place: &Place, person: Id) -> Value {
    let answer = place.ask(CLERK, "GET", &format!("/v1/persons/{person}?purpose=reconcile"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_name_read_is_a_fact_and_none_is_read_without() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let clerk = account(CLERK).id;
    let person = named(&place, people[0]).await;
    assert_eq!((&person["name"], &person["dwelling"]), (&json!("王东军"), &json!(home)));
    assert_eq!((&person["phone"], &person["id_number"]), (&json!("10013800001"), &Value::Null));
    let mut expected = vec![(clerk, people[0], Purpose::Reconcile as u64)];
    assert_eq!(place.revealed().await, expected);

    // Twice the same, an unknown one, one of another community: each of her own once, nobody else at all.
    let elsewhere = place.people(place.home(true).await).await[0];
    let asked = [people[0], people[1], people[1], Id([1; 16]), elsewhere];
    let body = json!({"purpose": "correction", "persons": asked});
    let names = place.ask(CLERK, "POST", "/v1/persons/names", Some(body)).await.json();
    let mut found: Vec<&str> =
        names["names"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, ["李梅", "王东军"]);
    for person in &people[..2] {
        expected.push((clerk, *person, Purpose::Correction as u64));
    }
    assert_eq!(place.revealed().await, expected);

    // Refused, so not read.
    for (who, uri, status) in [
        (CLERK, format!("/v1/persons/{elsewhere}?purpose=reconcile"), 404),
        (CLERK, format!("/v1/persons/{}?purpose=service", people[0]), 403),
        (CLERK, format!("/v1/persons/{}?purpose=visit", people[0]), 422),
        (CLERK, format!("/v1/persons/{}", people[0]), 422),
        (Who::Role(Role::Auditor), format!("/v1/persons/{}?purpose=reconcile", people[0]), 403),
    ] {
        let answer = place.ask(who, "GET", &uri, None).await;
        assert_eq!(answer.status.as_u16(), status, "{uri}");
        assert!(!answer.text.contains("王东军") && !answer.text.contains("黄蓉"), "{}", answer.text);
    }
    let many = json!({"purpose": "correction", "persons": vec![people[0]; 101]});
    let many = place.ask(CLERK, "POST", "/v1/persons/names", Some(many)).await;
    assert_eq!((many.status.as_u16(), many.json()["field"].as_str()), (422, Some("persons")));
    assert_eq!(place.revealed().await, expected);
    let service =
        place.ask(SECRETARY, "GET", &format!("/v1/persons/{}?purpose=service", people[0]), None).await;
    assert_eq!(service.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn someone_found_is_put_on_the_list_and_known_again() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let number = {
        let first = b"99000019800101101";
        format!("{}{}", std::str::from_utf8(first).unwrap(), char::from(intake::cell::check_character(first)))
    };
    let body = json!({
        "dwelling": home, "name": "孙 八", "id_number": number, "phone": "138 0000 1234", "relation": "租客",
    });
    let registered = place.ask(CLERK, "POST", "/v1/persons", Some(body.clone())).await;
    assert_eq!(registered.status, 201, "{}", registered.text);
    let person: Id = serde_json::from_value(registered.json()["person"].clone()).unwrap();
    let read = named(&place, person).await;
    assert_eq!((&read["name"], &read["birth_date"]), (&json!("孙八"), &json!("1980-01-01")));
    let last_four: String = number.chars().skip(14).collect();
    assert_eq!((&read["id_number"], &read["phone"]), (&json!(last_four), &json!("13800001234")));
    // The same again is the same person, whatever is added.
    let mut again = body;
    again["relation"] = json!("房客");
    let again = place.ask(CLERK, "POST", "/v1/persons", Some(again)).await;
    assert_eq!(again.json()["person"], json!(person));
    assert_eq!(named(&place, person).await["relation"], "房客");
    assert_eq!(place.people(home).await.len(), 3);

    // Of someone on no list it is told when what is known was noted, to whoever reads it on record.
    let noted = Identity {
        name: "吴十".into(),
        sex: "女".into(),
        phone: "10013800009".into(),
        ..Identity::default()
    };
    let noted = place.seen_as(home, noted).await;
    let read = named(&place, noted).await;
    assert_eq!(
        (&read["name"], &read["sex"], &read["phone"]),
        (&json!("吴十"), &json!("女"), &json!("10013800009"))
    );
    assert!(
        read["seen_at"].as_str().is_some_and(|at| at.ends_with('Z')) && read.get("dwelling").is_none(),
        "{read}"
    );
    assert_eq!(place.revealed().await.last().unwrap().1, noted);
    assert_eq!(named(&place, person).await.get("seen_at"), None, "she is listed");

    // Someone who was seen keeps her id.
    let stranger = place.newcomer_seen(SWEEP, home).await;
    let body = json!({"dwelling": home, "person": stranger, "name": "周九"});
    let listed = place.ask(CLERK, "POST", "/v1/persons", Some(body)).await;
    assert_eq!((listed.status.as_u16(), &listed.json()["person"]), (201, &json!(stranger)));
    assert_eq!(named(&place, stranger).await["name"], "周九");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_missing_is_added_without_reading_the_record() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let new = json!({"dwelling": home, "name": "孙八"});
    let person = place.ask(CLERK, "POST", "/v1/persons", Some(new)).await.json()["person"].clone();
    let add = |phone: &str| {
        let body = json!({"dwelling": home, "person": person, "phone": phone, "adds": true});
        place.ask(CLERK, "POST", "/v1/persons", Some(body))
    };
    let known = place.people(home).await;
    assert_eq!(add("138 0000 1234").await.status, 201);
    assert_eq!(place.revealed().await, [], "nothing was read, and no purpose had to be made up");
    assert_eq!(add("13800001234").await.status, 201, "said again, it is the same");
    let other = add("13800005678").await;
    assert_eq!((other.code().as_str(), &other.json()["field"]), ("on_record", &json!("phone")));
    assert!(!other.text.contains("1380000"), "what is on record is not told: {}", other.text);
    assert_eq!((place.revealed().await, place.people(home).await), (vec![], known));
    let read = named(&place, serde_json::from_value(person.clone()).unwrap()).await;
    assert_eq!((&read["name"], &read["phone"]), (&json!("孙八"), &json!("13800001234")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_a_number_of_someone_elsewhere_neither_moves_nor_reads_her() {
    let place = Place::new().await;
    let (home, elsewhere) = (place.home(false).await, place.home(true).await);
    let clerk = account(CLERK).id;
    let granted = |area: &str| {
        vec![Body::GrantGiven { account: clerk, role: Role::Clerk as u64, area: area.to_owned() }]
    };
    let number = {
        let first = b"99000019800101103";
        format!("{}{}", std::str::from_utf8(first).unwrap(), char::from(intake::cell::check_character(first)))
    };
    let said = |dwelling: Id| json!({"dwelling": dwelling, "name": "周通", "id_number": number, "phone": "13800009999"});
    place.facts(granted("420102001")).await;
    let listed = place.ask(CLERK, "POST", "/v1/persons", Some(said(elsewhere))).await;
    let person: Id = serde_json::from_value(listed.json()["person"].clone()).unwrap();
    place.facts(granted(OWN)).await;

    let mut found_out = Vec::new();
    let by_phone = json!({"dwelling": home, "name": "周通", "phone": "13800009999"});
    for body in [said(home), by_phone] {
        let refused = place.ask(CLERK, "POST", "/v1/persons", Some(body)).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "known_elsewhere"));
        assert!(
            !refused.text.contains(OTHER) && !refused.text.contains(&person.to_string()),
            "{}",
            refused.text
        );
        found_out.push((clerk, person, Purpose::Correction as u64));
        assert_eq!(place.revealed().await, found_out, "that she found it out is a fact");
    }
    let file =
        format!("小区编码,楼栋,单元,房号,姓名,身份证号\n{OWN},7,1,101,周通,{number}\n{OWN},7,1,102,钱七,\n");
    for (applied, added) in [(false, 1), (true, 1), (true, 0)] {
        let uri = format!("/v1/roster?source=x&dry_run={}", !applied);
        let told = place.ask(CLERK, "POST", &uri, Some(Value::String(file.clone()))).await.json();
        assert_eq!((&told["added"], &told["refused"]), (&json!(added), &json!(1)), "{told}");
        let row = &told["rows"][0];
        assert_eq!((&row["row"], &row["field"]), (&json!(2), &json!("id_number")), "{told}");
        found_out.push((clerk, person, Purpose::Correction as u64));
        assert_eq!(place.revealed().await, found_out);
    }
    assert_eq!(place.people(elsewhere).await.len(), 2, "she is where she was");
    let uri = format!("/v1/persons/{person}?purpose=correction");
    assert_eq!(place.ask(CLERK, "GET", &uri, None).await.status, 404);

    // Whoever answers for both moves her.
    place.facts(granted("420102001")).await;
    let moved = place.ask(CLERK, "POST", "/v1/persons", Some(said(home))).await;
    assert_eq!((moved.status.as_u16(), &moved.json()["person"]), (201, &json!(person)));
    assert_eq!(place.people(elsewhere).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_fields_of_a_person_are_named_and_not_repeated() {
    let place = Place::new().await;
    let home = place.home(false).await;
    for (more, field) in [
        (json!({}), "name"),
        (json!({"name": "孙八", "sex": "女人花"}), "sex"),
        (json!({"name": "孙八", "birth_date": "1980-02-30"}), "birth_date"),
        (json!({"name": "孙八", "id_number": "990000198001011011"}), "id_number"),
        (json!({"name": "孙八", "phone": "一三八"}), "phone"),
        (json!({"name": "孙八", "wechat": "abc"}), "wechat"),
    ] {
        let mut body = json!({"dwelling": home});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = place.ask(CLERK, "POST", "/v1/persons", Some(body)).await;
        let problem = answer.json();
        assert_eq!((answer.status.as_u16(), problem["field"].as_str()), (422, Some(field)), "{problem}");
        for value in ["孙八", "女人花", "1980-02-30", "990000198001011011", "一三八", "abc"] {
            assert!(!answer.text.contains(value), "{}", answer.text);
        }
    }
    assert_eq!(place.people(home).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_are_made_one_and_two_again() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let link = json!({"from": people[0], "to": people[1]});
    for _ in 0..2 {
        assert_eq!(place.ask(CLERK, "POST", "/v1/links", Some(link.clone())).await.status, 204);
        assert_eq!(place.people(home).await.len(), 1);
    }
    assert_eq!(place.ask(CLERK, "DELETE", "/v1/links", Some(link.clone())).await.status, 204);
    assert_eq!(place.people(home).await.len(), 2);
    let none = place.ask(CLERK, "DELETE", "/v1/links", Some(link)).await;
    assert_eq!((none.status.as_u16(), none.code().as_str()), (404, "no_link"));
    let same = json!({"from": people[0], "to": people[0]});
    let same = place.ask(CLERK, "POST", "/v1/links", Some(same)).await;
    assert_eq!((same.status.as_u16(), same.json()["field"].as_str()), (422, Some("to")));
    let elsewhere = place.people(place.home(true).await).await[0];
    let across = json!({"from": people[0], "to": elsewhere});
    assert_eq!(place.ask(CLERK, "POST", "/v1/links", Some(across)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_shown_and_counts_once_it_is_released() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let (series, sequence) = place.quarantined(false).await;
    place.quarantined(true).await;
    let page = place.ask(SECRETARY, "GET", "/v1/quarantine", None).await.json();
    let row = &page["rows"][0];
    assert_eq!(page["rows"].as_array().unwrap().len(), 1);
    assert_eq!((&row["series"], &row["sequence"]), (&json!(series), &json!(sequence)));
    assert_eq!(
        (&row["worker_name"], &row["reason"], &row["kind"]),
        (&json!("吴网格员"), &json!("sweep_closed"), &json!("visited"))
    );
    assert_eq!(
        (&row["dwelling"], &row["area_code"], &row["room"], &row["outcome"]),
        (&json!(home), &json!(OWN), &json!("402"), &json!("met"))
    );
    let uri = format!("/v1/quarantine/{series}/{sequence}/release");
    assert_eq!(place.ask(SECRETARY, "POST", &uri, None).await.status, 204);
    let again = place.ask(SECRETARY, "POST", &uri, None).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (404, "not_waiting"));
    assert_eq!(place.ask(SECRETARY, "GET", "/v1/quarantine", None).await.json()["rows"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_street_reads_which_phones_are_silent_and_not_whose_they_are() {
    let place = Place::new().await;
    let street = Who::Role(Role::Street);
    let rows = |answer: Value| answer["devices"].as_array().unwrap().clone();
    let before = rows(place.ask(street, "GET", "/v1/devices", None).await.json());
    assert!(before.iter().any(|row| row["series"] == json!(place.own_phone.series)), "{before:?}");
    assert!(
        before.iter().all(|row| row["worker_name"].is_null() && row["revoked_at"].is_null()),
        "{before:?}"
    );
    // It asks for its doors, which is no report.
    assert_eq!(place.by_phone(&place.own_phone, "GET", "/v1/pull", None).await.status, 200);
    let before = rows(place.ask(street, "GET", "/v1/devices", None).await.json());
    assert!(
        before.iter().all(|row| row["area_name"].is_string() && row["last_seen_at"].is_null()),
        "{before:?}"
    );
    // One from which something came is not among them; its secretary reads it all the same, with its worker.
    let push = place.own_phone.push(visited(SWEEP, place.home(false).await, Outcome::Met, Light::On));
    assert_eq!(place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.status, 200);
    let after = rows(place.ask(street, "GET", "/v1/devices", None).await.json());
    assert_eq!(after.len() + 1, before.len());
    let all = rows(place.ask(SECRETARY, "GET", "/v1/devices", None).await.json());
    assert!(all.iter().any(|row| row["worker_name"] == "吴网格员"), "{all:?}");
    // As many as the command page counts.
    let command = place.ask(street, "GET", &format!("/v1/command?area={OWN}"), None).await.json();
    assert_eq!(command["area"]["silent"], json!(after.len()));
}

/// What a phone is told with its pull of records that waited, and the cursor of the next pull.
async fn told(place: &Place, after: &str) -> (Value, String) {
    let uri = format!("/v1/pull?after={after}");
    let pulled = place.by_phone(&place.own_phone, "GET", &uri, None).await.json();
    (pulled["held"].clone(), pulled["cursor"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_refused_for_a_reason_that_its_phone_is_told_and_waits_again_when_that_is_taken_back() {
    let place = Place::new().await;
    let (series, sequence) = place.quarantined(false).await;
    let (_, later) = place.quarantined(false).await;
    let (held, cursor) = told(&place, "").await;
    assert_eq!(held, Value::Null);
    let uri = |sequence: u64, deed: &str| format!("/v1/quarantine/{series}/{sequence}/{deed}");
    let ask = |sequence, deed, body| place.ask(SECRETARY, "POST", uri(sequence, deed).leak(), body);
    for wrong in [json!({"reason": "she is lazy"}), json!({"reason": ""})] {
        let answer = ask(sequence, "refuse", Some(wrong)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["field"].clone()), (422, json!("reason")));
    }
    assert_eq!(ask(sequence, "reopen", None).await.code(), "not_waiting");
    assert_eq!(ask(sequence, "refuse", Some(json!({"reason": "mistaken"}))).await.status, 204);
    // Refused it does not wait, cannot be refused again, nor released; it is on a list of its own.
    assert_eq!(ask(sequence, "refuse", Some(json!({"reason": "twice"}))).await.code(), "not_waiting");
    assert_eq!(ask(sequence, "release", None).await.code(), "not_waiting");
    let numbers = |page: Value| -> Vec<Value> {
        page["rows"].as_array().unwrap().iter().map(|row| row["sequence"].clone()).collect()
    };
    let waits = place.ask(SECRETARY, "GET", "/v1/quarantine", None).await.json();
    assert_eq!(numbers(waits), [json!(later)]);
    let refused = place.ask(SECRETARY, "GET", "/v1/quarantine?refused=true", None).await.json();
    assert_eq!(
        (&refused["rows"][0]["refusal"], numbers(refused.clone())),
        (&json!("mistaken"), vec![json!(sequence)])
    );
    let devices = place.ask(SECRETARY, "GET", "/v1/devices", None).await.json();
    let own =
        devices["devices"].as_array().unwrap().iter().find(|row| row["series"] == json!(series)).unwrap();
    assert_eq!(own["quarantined"], 1, "{own}");
    // The phone is told once, in words that say what to do.
    let (held, cursor) = told(&place, &cursor).await;
    assert_eq!(
        (&held[0]["sequence"], &held[0]["status"], &held[0]["reason"]),
        (&json!(sequence), &json!("refused"), &json!("mistaken"))
    );
    assert!(held[0]["message"].as_str().unwrap().contains("重新登记"), "{held}");
    assert_eq!(told(&place, &cursor).await.0, Value::Null);

    assert_eq!(ask(sequence, "reopen", None).await.status, 204);
    let (held, cursor) = told(&place, &cursor).await;
    assert_eq!((&held[0]["status"], &held[0]["reason"]), (&json!("waiting"), &json!("sweep_closed")));
    assert_eq!(ask(sequence, "release", None).await.status, 204);
    let (held, _) = told(&place, &cursor).await;
    assert_eq!((&held[0]["status"], held.as_array().unwrap().len()), (&json!("released"), 1));

    // Once the phone recorded the same door anew, that stands.
    assert_eq!(ask(later, "refuse", Some(json!({"reason": "too_late"}))).await.status, 204);
    let home = place.home(false).await;
    let push = place.own_phone.push(visited(SWEEP, home, Outcome::Met, Light::On));
    assert_eq!(place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.status, 200);
    let answer = ask(later, "reopen", None).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "followed".into()));
    // Kept in the ledger as it came, and rebuilt as it stands.
    let territory = &place.site.territory;
    let kept = territory.read(move |reader| Ok(reader.waiting(series, later, true)?)).await.unwrap();
    assert!(kept.is_some_and(|waiting| waiting.fact.is_some()));
    let root = place.folder.path().join("data");
    assert_eq!(store::rebuild::check(&root, &mut |_| {}).unwrap().1, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quarantine_comes_page_by_page() {
    let place = Place::new().await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        let (series, sequence) = place.quarantined(false).await;
        expected.push((json!(series), json!(sequence)));
    }
    for limit in [1, 2, 5, 6] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let uri = format!("/v1/quarantine?limit={limit}&cursor={cursor}");
            let page = place.ask(SECRETARY, "GET", &uri, None).await.json();
            let rows = page["rows"].as_array().unwrap();
            assert!(rows.len() <= limit);
            found.extend(rows.iter().map(|row| (row["series"].clone(), row["sequence"].clone())));
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(found, expected, "{limit}");
    }
}

/// A phone that is not what it seems writes itself a right; whoever releases it gives none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_phones_may_not_say_is_released_into_being() {
    let place = Place::new().await;
    let observer = Who::Role(Role::DepartmentObserver);
    let body = Body::GrantGiven {
        account: account(observer).id,
        role: Role::CommunitySecretary as u64,
        area: OWN.into(),
    };
    let push = place.own_phone.push(body);
    let receipt = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.json();
    assert_eq!(receipt["receipts"][0]["reason"], "outside_rights");
    let uri =
        format!("/v1/quarantine/{}/{}/release", place.own_phone.series, receipt["receipts"][0]["sequence"]);
    let refused = place.ask(SECRETARY, "POST", &uri, None).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "cannot_count"));
    // Even a fact that says it is released, as an older program might have written, gives nothing.
    let sequence = receipt["receipts"][0]["sequence"].as_u64().unwrap();
    place.facts(vec![Body::Released { series: place.own_phone.series, sequence }]).await;
    assert_eq!(place.ask(observer, "GET", "/v1/devices", None).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_about_anothers_door_is_for_whoever_has_both() {
    let place = Place::new().await;
    let elsewhere = place.home(true).await;
    let push = place.own_phone.push(visited(SWEEP, elsewhere, Outcome::Met, Light::On));
    let receipt = place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.json();
    assert_eq!(receipt["receipts"][0]["reason"], "outside_rights");
    let uri =
        format!("/v1/quarantine/{}/{}/release", place.own_phone.series, receipt["receipts"][0]["sequence"]);
    let own = place.ask(SECRETARY, "POST", &uri, None).await;
    assert_eq!((own.status.as_u16(), own.code().as_str()), (403, "outside_area"));
    let street = account(Who::Role(Role::Street)).id;
    let role = Role::Street as u64;
    place.facts(vec![Body::GrantGiven { account: street, role, area: "420102001".into() }]).await;
    assert_eq!(place.ask(Who::Role(Role::Street), "POST", &uri, None).await.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_looked_at_imported_once_and_kept_to_the_importers_area() {
    let place = Place::new().await;
    let file = format!(
        "小区编码,楼栋,单元,房号,姓名,性别,身份证号\n{OWN},5,1,101,钱七,男,\n{OTHER},5,1,101,赵六,男,\n{OWN},5,1,102,李四,男,123\n"
    );
    let import = |dry_run: bool| {
        let uri = format!("/v1/roster?source=%E8%A1%A5%E5%BD%95&dry_run={dry_run}");
        let (place, file) = (&place, file.clone());
        async move { place.ask(CLERK, "POST", &uri, Some(Value::String(file))).await }
    };
    let looked = import(true).await;
    assert_eq!(looked.status, 200, "{}", looked.text);
    let looked = looked.json();
    let counts =
        |told: &Value| ["added", "changed", "left", "refused"].map(|name| told[name].as_u64().unwrap());
    assert_eq!((counts(&looked), &looked["applied"]), ([1, 0, 0, 2], &json!(false)));
    let rows: Vec<(u64, &str, Option<&str>)> = looked["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["verdict"].as_str().unwrap(), row["field"].as_str()))
        .collect();
    assert_eq!(
        rows,
        [(2, "added", None), (3, "refused", Some("area_code")), (4, "refused", Some("id_number"))]
    );
    assert_eq!(
        place.ask(CLERK, "GET", "/v1/rosters", None).await.json()["rosters"].as_array().unwrap().len(),
        1
    );
    let applied = import(false).await.json();
    assert_eq!((counts(&applied), &applied["applied"]), ([1, 0, 0, 2], &json!(true)));
    let rosters = place.ask(CLERK, "GET", "/v1/rosters", None).await.json();
    assert_eq!(
        (&rosters["rosters"][1]["source"], &rosters["rosters"][1]["bytes"]),
        (&json!("补录"), &json!(file.len()))
    );
    assert_eq!(counts(&import(false).await.json()), [0, 0, 1, 2]);
    for name in ["钱七", "赵六", "李四"] {
        assert!(!looked.to_string().contains(name) && !rosters.to_string().contains(name));
    }
    let left: Vec<_> = std::fs::read_dir(place.folder.path().join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.contains(".db") && name != "writer.lock")
        .collect();
    assert_eq!(left, Vec::<String>::new(), "nothing of an upload is left");
}

/// Whoever is told that rows were refused gets them back as they came, before and after the good ones are taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_rows_come_back_as_a_workbook_to_mend() {
    let place = Place::new().await;
    let file = format!(
        "小区编码,楼栋,单元,房号,姓名,性别,身份证号\n{OWN},5,1,101,钱七,男,\n{OTHER},5,1,101,赵六,男,\n{OWN},5,1,102,李四,男,110101194901010017X\n"
    );
    let rejects = async |language: &str| {
        let uri = format!("/v1/roster/rejects?source=x&language={language}");
        let answer = place.ask(CLERK, "POST", &uri, Some(Value::String(file.clone()))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let table = Table::from_bytes(answer.bytes.to_vec()).unwrap();
        table.map(|row| row.unwrap().cells).collect::<Vec<_>>()
    };
    let before = rejects("zh-CN").await;
    let headings = [
        "行号 row",
        "原因 reason",
        "怎么办 remedy",
        "小区编码",
        "楼栋",
        "单元",
        "房号",
        "姓名",
        "性别",
        "身份证号",
    ];
    assert_eq!(before[0], headings);
    let as_they_came: Vec<_> = before[1..]
        .iter()
        .map(|row| (row[0].as_str(), row[7].as_str(), row.last().unwrap().as_str()))
        .collect();
    assert_eq!(as_they_came, [("3", "赵六", "男"), ("4", "李四", "110101194901010017X")]);
    assert_eq!(
        place.ask(CLERK, "GET", "/v1/rosters", None).await.json()["rosters"].as_array().unwrap().len(),
        1
    );
    place.ask(CLERK, "POST", "/v1/roster?source=x", Some(Value::String(file.clone()))).await;
    assert_eq!(rejects("zh-CN").await, before);
    assert!(rejects("en").await[1][1].contains("outside"));
}

/// A thousand rows are told one by one; where it is the last of more that is refused, it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_rows_are_told_before_all_others() {
    let place = Place::new().await;
    let mut file = "小区编码,楼栋,单元,房号,姓名,性别\n".to_owned();
    for room in 0..1100 {
        let sex = if room == 1050 { "雄" } else { "男" };
        file += &format!("{OWN},5,1,{room},钱七,{sex}\n");
    }
    file += &format!("{OTHER},5,1,1,赵六,男\n");
    let told =
        place.ask(CLERK, "POST", "/v1/roster?source=x&dry_run=true", Some(Value::String(file))).await.json();
    let rows = told["rows"].as_array().unwrap();
    assert_eq!((told["added"].as_u64(), rows.len()), (Some(1100), 1000));
    let last: Vec<_> = rows[998..].iter().map(|row| (row["row"].as_u64(), row["field"].as_str())).collect();
    assert_eq!(last, [(Some(1052), Some("sex")), (Some(1102), Some("area_code"))]);
}

/// Nobody at a screen has a command line, and nobody should find out after applying what was left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_says_what_its_reader_can_do_and_what_was_not_read() {
    let place = Place::new().await;
    let file = format!(
        "小区编码,楼栋,单元,房号,姓名,性别,血型\n{OWN},5,1,101,钱七,雄,A\n{OTHER},5,1,101,赵六,男,B\n999,5,1,102,李四,男,AB\n"
    );
    let answer =
        place.ask(CLERK, "POST", "/v1/roster?source=x&dry_run=true", Some(Value::String(file))).await;
    let told = answer.json();
    assert_eq!(told["ignored"][0]["message"], "不认识“血型”这一列，没有采用");
    assert_eq!(told["ignored"][0]["message_en"], "column \"血型\" means nothing here and is ignored");
    let [taken, outside, unknown] = [0, 1, 2].map(|at| told["rows"][at].clone());
    assert_eq!((&taken["verdict"], &taken["field"]), (&json!("added"), &json!("sex")));
    assert!(taken["message"].as_str().unwrap().starts_with("5栋1单元101；"), "{taken}");
    for row in [&outside, &unknown] {
        let (zh, en) = (row["message"].as_str().unwrap(), row["message_en"].as_str().unwrap());
        assert!(zh.contains(&format!("您这里有 {OWN}")) && en.contains(&format!("yours are {OWN}")), "{row}");
        assert!(!zh.contains("wanjia") && !en.contains("wanjia"), "{row}");
    }
}

/// A hotel is no home: a list says so, a later list corrects it, and nobody else's door is renamed by its id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_says_what_is_behind_a_door_and_corrects_it() {
    let place = Place::new().await;
    let import = |rows: &'static str| {
        let file = format!("小区编码,楼栋,房号,姓名,场所类型\n{}", rows.replace("OWN", OWN));
        let place = &place;
        async move {
            let uri = "/v1/roster?source=%E5%9C%BA%E6%89%80&dry_run=false";
            place.ask(CLERK, "POST", uri, Some(Value::String(file))).await.json()
        }
    };
    let doors = || async {
        let uri = format!("/v1/sweeps/{SWEEP}/matrix?area={OWN}&building=8");
        let matrix = place.ask(SECRETARY, "GET", &uri, None).await.json();
        let doors: Vec<Value> = matrix["units"][0]["floors"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|floor| floor["doors"].as_array().unwrap().clone())
            .collect();
        doors
    };
    let places = |doors: &[Value]| -> Vec<String> {
        doors
            .iter()
            .map(|door| format!("{} {}", door["room"].as_str().unwrap(), door["place"].as_str().unwrap()))
            .collect()
    };
    let verdicts = |told: &Value| ["added", "changed", "left"].map(|name| told[name].as_u64().unwrap());

    let told = import("OWN,8,101,,宾馆\nOWN,8,102,钱七,\nOWN,8,103,,寺庙\n").await;
    assert_eq!(verdicts(&told), [3, 0, 0], "{told}");
    assert_eq!(told["rows"][2]["field"], "place");
    assert!(told["rows"][2]["message"].as_str().unwrap().contains("可写住宅、企业"), "{told}");
    assert_eq!(places(&doors().await), ["101 hotel", "102 home", "103 home"]);

    let told = import("OWN,8,101,,\nOWN,8,102,钱七,企业\nOWN,8,103,,market\n").await;
    assert_eq!(verdicts(&told), [0, 2, 1], "{told}");
    let now = doors().await;
    assert_eq!(places(&now), ["101 hotel", "102 enterprise", "103 market"]);

    let forged = Body::DwellingRegistered {
        dwelling: now[0]["dwelling"].as_str().unwrap().parse().unwrap(),
        area: OTHER.into(),
        building: "77".into(),
        unit: String::new(),
        room: "7".into(),
        place: domain::fact::Place::Site,
        found_by: domain::fact::FoundBy::Visit,
    };
    place.facts(vec![forged]).await;
    assert_eq!(places(&doors().await), ["101 hotel", "102 enterprise", "103 market"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_none_changes_nothing() {
    let place = Place::new().await;
    for (uri, file, status, code) in [
        ("/v1/roster?source=x", "", 422, "empty"),
        ("/v1/roster?source=x", "这不是名单\n一行\n", 422, "header"),
        ("/v1/roster", "小区编码,房号,姓名\n", 422, "source"),
        ("/v1/roster?source=x&dry=1", "小区编码,房号,姓名\n", 422, "field"),
    ] {
        let answer = place.ask(CLERK, "POST", uri, Some(Value::String(file.into()))).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{}", answer.text);
    }
    let json = place.ask(CLERK, "POST", "/v1/roster?source=x", Some(json!({}))).await;
    assert_eq!((json.status.as_u16(), json.code().as_str()), (415, "content_type"));
    let _permit = place.site.imports.clone().try_acquire_owned().unwrap();
    let busy = place.ask(CLERK, "POST", "/v1/roster?source=x", Some(Value::String("a".into()))).await;
    assert_eq!((busy.status.as_u16(), busy.code().as_str()), (409, "import_running"));
    assert_eq!(
        place.ask(CLERK, "GET", "/v1/rosters", None).await.json()["rosters"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn someone_is_found_in_the_own_community_only_and_who_looked_is_written_down() {
    let place = Place::new().await;
    let find = async |who: Who, body: Value| place.ask(who, "POST", "/v1/persons/find", Some(body)).await;
    let asked = |text: &str| json!({"find": text, "purpose": "reconcile"});
    let home = place.home(false).await;
    let people = place.people(home).await;
    let before = place.revealed().await.len();

    let answer = find(CLERK, asked("东军")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let found = answer.json()["people"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    let one = &found[0];
    assert_eq!(
        (&one["name"], &one["by"], &one["dwelling"]),
        (&json!("王东军"), &json!("name"), &json!(home))
    );
    assert!(people.iter().any(|person| one["person"] == json!(person)), "{one}");
    let person: Id = one["person"].as_str().unwrap().parse().unwrap();
    let revealed = place.revealed().await;
    assert_eq!(revealed[before..], [(account(CLERK).id, person, Purpose::Reconcile as u64)]);

    // By the end of her telephone number, with the same trace.
    let answer = find(CLERK, asked("0001")).await.json();
    assert!(answer["people"].as_array().unwrap().iter().any(|found| found["by"] == "phone"), "{answer}");

    // Whoever is not found leaves no trace of anyone, and too little is not looked for.
    let before = place.revealed().await.len();
    assert_eq!(find(CLERK, asked("没有这个人")).await.json()["people"], json!([]));
    for little in ["王", "001", " "] {
        let answer = find(CLERK, asked(little)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "too_short".to_owned()), "{little}");
    }
    let elsewhere = json!({"find": "黄蓉", "purpose": "reconcile", "area": OTHER});
    assert_eq!(find(CLERK, elsewhere).await.status, 403);
    assert_eq!(
        find(CLERK, asked("黄蓉")).await.json()["people"],
        json!([]),
        "she is listed in the other community"
    );
    assert_eq!(find(Who::Role(Role::Street), asked("东军")).await.status, 403, "a street reads no names");
    assert_eq!(place.revealed().await.len(), before);

    // A name that many have is not a way to read a list.
    let rows: String = (1..=21)
        .map(|room| format!("{OWN},8,1,{},赵小{},,,,\n", 100 + room, if room % 2 == 0 { "明" } else { "亮" }))
        .collect();
    let header = "小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话\n";
    let list = Some(Value::String(format!("{header}{rows}")));
    assert_eq!(place.ask(CLERK, "POST", "/v1/roster?source=x&dry_run=false", list).await.status, 200);
    let answer = find(CLERK, asked("赵小")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (422, "too_many".to_owned()), "{}", answer.text);
    assert_eq!(place.revealed().await.len(), before, "of whom nobody was told, nothing is written");
    assert_eq!(find(CLERK, asked("赵小明")).await.json()["people"].as_array().map(Vec::len), Some(10));
}

/// Whoever mends a refused row of a workbook whose building and unit are merged over several rows imports it again at the door
/// under which it stood, and not in a building without a name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_row_below_merged_cells_comes_back_with_its_building_and_unit() {
    let place = Place::new().await;
    let (mut book, plain) = (Workbook::new(), Format::new());
    let page = book.add_worksheet();
    for (column, heading) in (0..).zip(["小区编码", "楼栋", "单元", "房号", "姓名", "电话"]) {
        page.write_string(0, column, heading).unwrap();
    }
    for (column, text) in [(0, OWN), (1, "5栋"), (2, "1单元")] {
        page.merge_range(1, column, 3, column, text, &plain).unwrap();
    }
    for (row, [room, name, phone]) in
        (1..).zip([["101", "钱七", ""], ["102", "赵六", "12"], ["103", "李四", "34"]])
    {
        for (column, text) in (3..).zip([room, name, phone]) {
            page.write_string(row, column, text).unwrap();
        }
    }
    let uri = "/v1/roster/rejects?source=x";
    let answer = place.upload(CLERK, uri, book.save_to_buffer().unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let rows: Vec<_> =
        Table::from_bytes(answer.bytes.to_vec()).unwrap().map(|row| row.unwrap().cells).skip(1).collect();
    let doors: Vec<_> = rows.iter().map(|row| row[3..7].join(" ")).collect();
    assert_eq!(doors, [format!("{OWN} 5栋 1单元 102"), format!("{OWN} 5栋 1单元 103")]);
}
