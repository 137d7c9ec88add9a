//! Signing in at the console, and enrolling a phone.

use axum::body::Body as HttpBody;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Role;
use domain::fact::Body;
use domain::id::Id;
use ledger::series::DeviceKey;
use serde_json::{Value, json};
use store::control::INVITATION_LIMIT;
use wanjia::app::accounts::{NewAccount, add_account, code_of, token_hash};
use wanjia::cli::now;

use super::place::{OTHER, OWN, Place, SWEEP, Who};

const SECRETARY: Who = Who::Role(Role::CommunitySecretary);

/// Makes an account and gives its password and otpauth address.
async fn account(place: &Place, username: &'static str) -> (String, String) {
    let control = std::sync::Arc::clone(&place.site.control);
    let made = place.site.territory.write(move |store, now| {
        let new = NewAccount { username, name: "周书记", role: Role::CommunitySecretary, area: OWN };
        add_account(store, &control, &new, now)
    });
    let secrets = made.await.unwrap();
    (secrets.password, secrets.otpauth)
}

fn credentials(username: &str, password: &str, code: &str) -> Option<Value> {
    Some(json!({"username": username, "password": password, "code": code}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_opens_shows_who_it_is_and_closes() {
    let place = Place::new().await;
    let (password, otpauth) = account(&place, "zhou").await;
    let code = code_of(&otpauth, now()).unwrap();
    let answer = place.ask(Who::Nobody, "POST", "/v1/session", credentials("zhou", &password, &code)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["campaign"]["offset_hours"], 8, "in which the console tells days and hours");
    let shown = answer.json()["account"].clone();
    assert_eq!(
        (shown["name"].as_str(), shown["role"].as_str(), shown["area_name"].as_str()),
        (Some("周书记"), Some("community_secretary"), Some("桃源社区"))
    );
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(answer.headers["cache-control"], "no-store");
    let token = cookie.split(';').next().unwrap().to_owned();
    let with = |method: &str, console: bool| {
        let mut request = Request::builder().method(method).uri("/v1/session").header("cookie", &token);
        if console {
            request = request.header("x-wanjia", "console");
        }
        request.body(HttpBody::empty()).unwrap()
    };
    assert_eq!(place.send(with("GET", false)).await.json()["account"], shown);
    let refused = place.send(with("DELETE", false)).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "csrf"));
    let closed = place.send(with("DELETE", true)).await;
    assert_eq!(closed.status, 204);
    assert!(closed.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(place.send(with("GET", false)).await.status, 401);

    // The code was used; the file's copy of the token is a hash.
    let again = place.ask(Who::Nobody, "POST", "/v1/session", credentials("zhou", &password, &code)).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (401, "sign_in"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_wrong_the_answer_is_the_same_until_it_is_wait() {
    let place = Place::new().await;
    let (password, otpauth) = account(&place, "zhou").await;
    let code = code_of(&otpauth, now()).unwrap();
    let mut told = Vec::new();
    for (username, password, code) in [
        ("nobody", password.as_str(), code.as_str()),
        ("zhou", "wrong", code.as_str()),
        ("zhou", password.as_str(), "000"),
        ("zhou", "", ""),
        ("zhou", "guess", "1"),
        ("zhou", "guess", "2"),
    ] {
        let body = credentials(username, password, code);
        let answer = place.ask(Who::Nobody, "POST", "/v1/session", body).await;
        assert_eq!(answer.status, 401);
        told.push(answer.text);
    }
    assert!(told.iter().all(|text| *text == told[0]));
    let wait = place.ask(Who::Nobody, "POST", "/v1/session", credentials("zhou", &password, &code)).await;
    assert_eq!((wait.status.as_u16(), wait.code().as_str()), (429, "too_many_sign_ins"));
    let seconds: u64 = wait.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((800..=900).contains(&seconds), "{seconds}");
    let strict = json!({"username": "zhou", "password": "x", "code": "1", "remember": true});
    let strict = place.ask(Who::Nobody, "POST", "/v1/session", Some(strict)).await;
    assert_eq!((strict.status.as_u16(), strict.json()["field"].as_str()), (422, Some("remember")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_ends_ends_the_session_with_it() {
    let place = Place::new().await;
    let cookie = place.session(SECRETARY);
    let asked = || {
        let request = Request::builder().uri("/v1/session").header("cookie", &cookie);
        place.send(request.body(HttpBody::empty()).unwrap())
    };
    assert_eq!(asked().await.status, 200);
    let account = super::place::account(SECRETARY).id;
    place.facts(vec![Body::GrantEnded { account }]).await;
    assert_eq!(asked().await.status, 401);
    // Another right is another role from the next request on.
    let role = Role::DepartmentObserver as u64;
    place.facts(vec![Body::GrantGiven { account, role, area: OTHER.into() }]).await;
    assert_eq!(asked().await.json()["account"]["area_code"], OTHER);
    place.facts(vec![Body::GrantGiven { account, role: 200, area: OTHER.into() }]).await;
    assert_eq!(asked().await.status, 401, "a role of a later program is no right");
}

fn enrolment(invitation: &Value, series: Id) -> Option<Value> {
    let public_key = STANDARD.encode(DeviceKey::from_seed([60; 32]).public());
    Some(json!({"invitation": invitation, "series": series, "public_key": public_key}))
}

async fn invited(place: &Place) -> Value {
    let body = json!({"worker_name": " 钱网格员 ", "area_code": OWN, "role": "grid_worker"});
    let answer = place.ask(SECRETARY, "POST", "/v1/devices/invitations", Some(body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_enrols_with_the_picture_pulls_and_is_revoked() {
    let place = Place::new().await;
    let invitation = invited(&place).await;
    let code = invitation["invitation"].as_str().unwrap();
    assert_eq!(invitation["url"], format!("https://wanjia.example/phone/#/enrol/{code}"));
    assert!(invitation["qr_svg"].as_str().unwrap().contains("<svg"));
    let series = Id([42; 16]);
    let answer =
        place.ask(Who::Nobody, "POST", "/v1/devices", enrolment(&invitation["invitation"], series)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let enrolled = answer.json();
    assert_eq!((&enrolled["worker_name"], &enrolled["territory"]), (&json!("钱网格员"), &json!("test")));
    assert_eq!(enrolled["area"], json!({"code": OWN, "name": "桃源社区"}));
    assert_eq!(enrolled["sweeps"], json!([SWEEP]));
    assert_eq!(enrolled["campaign"]["offset_hours"], 8);
    assert_eq!(STANDARD.decode(enrolled["checkpoint_key"].as_str().unwrap()).unwrap().len(), 32);
    assert_eq!(STANDARD.decode(enrolled["recovery_key"].as_str().unwrap()).unwrap().len(), 32);
    assert!(enrolled["ends_at"].is_null());
    let token = enrolled["token"].as_str().unwrap().to_owned();
    let pull = || {
        let request =
            Request::builder().uri("/v1/pull").header("authorization", format!("Device {series}:{token}"));
        place.send(request.body(HttpBody::empty()).unwrap())
    };
    let doors = pull().await.json()["doors"].as_array().unwrap().clone();
    assert_eq!(doors.len(), 2);

    let listed = place.ask(SECRETARY, "GET", "/v1/devices", None).await.json();
    let of_series = |listed: &Value| {
        let devices = listed["devices"].as_array().unwrap();
        devices.iter().find(|device| device["series"] == json!(series)).cloned().unwrap()
    };
    assert_eq!(listed["devices"].as_array().unwrap().len(), 3);
    let device = of_series(&listed);
    assert_eq!((&device["worker_name"], &device["role"]), (&json!("钱网格员"), &json!("grid_worker")));
    assert!(device["revoked_at"].is_null() && device["last_seen_at"].is_string());
    assert!(listed["devices"].as_array().unwrap().iter().all(|device| device["area_code"] == OWN));

    assert_eq!(place.ask(SECRETARY, "DELETE", &format!("/v1/devices/{series}"), None).await.status, 204);
    assert_eq!(place.ask(SECRETARY, "DELETE", &format!("/v1/devices/{series}"), None).await.status, 204);
    let refused = pull().await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "device_revoked"));
    let listed = place.ask(SECRETARY, "GET", "/v1/devices", None).await.json();
    assert!(of_series(&listed)["revoked_at"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_says_until_when_and_the_phone_is_told() {
    let place = Place::new().await;
    let until = |day: &'static str| {
        let body = json!({"worker_name": "钱", "area_code": OWN, "role": "grid_worker", "ends_on": day});
        place.ask(SECRETARY, "POST", "/v1/devices/invitations", Some(body))
    };
    for wrong in ["2020-01-01", "soon", ""] {
        let refused = until(wrong).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["field"].as_str()),
            (422, Some("ends_on")),
            "{wrong}"
        );
    }
    let invitation = until("2099-12-31").await.json()["invitation"].clone();
    let series = Id([43; 16]);
    let enrolled = place.ask(Who::Nobody, "POST", "/v1/devices", enrolment(&invitation, series)).await.json();
    assert_eq!(enrolled["ends_at"], "2099-12-31T15:59:59.999Z", "the end of that day in the campaign's zone");
    let listed = place.ask(SECRETARY, "GET", "/v1/devices", None).await.json();
    let devices = listed["devices"].as_array().unwrap();
    assert!(devices.iter().any(|device| device["ends_at"] == enrolled["ends_at"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_used_once_in_time_and_stands_with_its_inviter() {
    let place = Place::new().await;
    let enrol = |invitation: Value, series: u8| {
        let place = &place;
        async move {
            place.ask(Who::Nobody, "POST", "/v1/devices", enrolment(&invitation, Id([series; 16]))).await
        }
    };
    let stranger = enrol(json!("made up"), 40).await;
    assert_eq!((stranger.status.as_u16(), stranger.code().as_str()), (404, "unknown_invitation"));

    let first = invited(&place).await["invitation"].clone();
    assert_eq!(enrol(first.clone(), 41).await.status, 201);
    let twice = enrol(first, 42).await;
    assert_eq!((twice.status.as_u16(), twice.code().as_str()), (409, "invitation_used"));

    // A series is enrolled once, and asking for it again does not use an invitation up.
    let second = invited(&place).await["invitation"].clone();
    let taken = enrol(second.clone(), 41).await;
    assert_eq!((taken.status.as_u16(), taken.code().as_str()), (409, "series_taken"));
    let bad_key =
        json!({"invitation": second, "series": Id([43; 16]), "public_key": STANDARD.encode([0; 32])});
    let bad_key = place.ask(Who::Nobody, "POST", "/v1/devices", Some(bad_key)).await;
    assert_eq!((bad_key.status.as_u16(), bad_key.json()["field"].as_str()), (422, Some("public_key")));
    assert_eq!(enrol(second, 44).await.status, 201);

    let late = invited(&place).await["invitation"].clone();
    let file = place.folder.path().join("data/control.db");
    rusqlite::Connection::open(file)
        .unwrap()
        .execute(
            "update invitation set expires_at = expires_at - ?1 where code = ?2",
            rusqlite::params![INVITATION_LIMIT, token_hash(late.as_str().unwrap())],
        )
        .unwrap();
    let late = enrol(late, 45).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (409, "invitation_expired"));

    let orphan = invited(&place).await["invitation"].clone();
    let account = super::place::account(SECRETARY).id;
    place.facts(vec![Body::GrantEnded { account }]).await;
    let orphan = enrol(orphan, 46).await;
    assert_eq!((orphan.status.as_u16(), orphan.code().as_str()), (409, "invitation_void"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_phones_with_one_invitation_one_is_enrolled() {
    let place = Place::new().await;
    let invitation = invited(&place).await["invitation"].clone();
    let ask =
        |series: u8| place.ask(Who::Nobody, "POST", "/v1/devices", enrolment(&invitation, Id([series; 16])));
    let (a, b, c) = tokio::join!(ask(41), ask(42), ask(43));
    let mut statuses = [a.status.as_u16(), b.status.as_u16(), c.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_fields_of_an_invitation_are_named() {
    let place = Place::new().await;
    for (body, field, code) in [
        (json!({"worker_name": " ", "area_code": OWN, "role": "grid_worker"}), "worker_name", "name"),
        (json!({"worker_name": "x", "area_code": "1", "role": "grid_worker"}), "area_code", "unknown_area"),
        (json!({"worker_name": "x", "area_code": OWN, "role": "county"}), "role", "role"),
        (json!({"worker_name": "x", "area_code": OWN}), "role", "field"),
    ] {
        let answer = place.ask(SECRETARY, "POST", "/v1/devices/invitations", Some(body)).await;
        let problem = answer.json();
        assert_eq!((answer.status.as_u16(), problem["field"].as_str()), (422, Some(field)), "{problem}");
        assert_eq!(answer.code(), code);
        assert!(problem["detail"].is_string() && problem["detail_en"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_an_invitation_is_told_and_an_open_one_is_taken_back() {
    let place = Place::new().await;
    let used = invited(&place).await;
    let enrolment_of = |invitation: &Value, series: u8| enrolment(invitation, Id([series; 16]));
    let enrol = enrolment_of(&used["invitation"], 41);
    assert_eq!(place.ask(Who::Nobody, "POST", "/v1/devices", enrol).await.status, 201);
    let open = invited(&place).await;
    let late = invited(&place).await;
    let file = place.folder.path().join("data/control.db");
    rusqlite::Connection::open(file)
        .unwrap()
        .execute(
            "update invitation set expires_at = expires_at - ?1 where code = ?2",
            rusqlite::params![INVITATION_LIMIT, token_hash(late["invitation"].as_str().unwrap())],
        )
        .unwrap();
    let listed = async || {
        let listed = place.ask(SECRETARY, "GET", "/v1/devices/invitations", None).await.json();
        assert!(!listed.to_string().contains(open["invitation"].as_str().unwrap()), "its code is not told");
        listed["invitations"].as_array().unwrap().clone()
    };
    let of = |rows: &[Value], invited: &Value| {
        rows.iter().find(|row| row["worker"] == invited["worker"]).unwrap().clone()
    };
    let rows = listed().await;
    assert_eq!(rows.len(), 3);
    assert_eq!(of(&rows, &used)["standing"], "used");
    assert!(of(&rows, &used)["ended_at"].is_string());
    assert_eq!(of(&rows, &late)["standing"], "expired");
    let row = of(&rows, &open);
    assert_eq!((&row["standing"], &row["area_code"]), (&json!("open"), &json!(OWN)));
    let inviter = super::place::account(SECRETARY).name;
    assert_eq!(row["invited_by"], inviter);
    assert!(row["worker_name"].as_str().is_some_and(|name| !name.is_empty()));

    let withdraw = async |invited: &Value| {
        let path = format!("/v1/devices/invitations/{}", invited["worker"].as_str().unwrap());
        place.ask(SECRETARY, "DELETE", &path, None).await
    };
    assert_eq!(withdraw(&open).await.status, 204);
    assert_eq!(withdraw(&open).await.status, 204, "twice is once");
    assert_eq!(of(&listed().await, &open)["standing"], "withdrawn");
    let refused = place.ask(Who::Nobody, "POST", "/v1/devices", enrolment_of(&open["invitation"], 42)).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "invitation_withdrawn"));
    let refused = withdraw(&used).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "invitation_used"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_is_cleared_revokes_itself_and_no_other() {
    let place = Place::new().await;
    let other = place.enrolled(OWN).await;
    let delete = async |series: Id| {
        place.by_phone(&place.own_phone, "DELETE", &format!("/v1/devices/{series}"), None).await
    };
    assert_eq!(delete(other).await.code(), "forbidden");
    assert_eq!(delete(place.own_phone.series).await.status, 204);
    let pull = place.by_phone(&place.own_phone, "GET", "/v1/pull", None).await;
    assert_eq!((pull.status.as_u16(), pull.code().as_str()), (403, "device_revoked"));
    let listed = place.ask(SECRETARY, "GET", "/v1/devices", None).await.json();
    let revoked = |series: Id| {
        let devices = listed["devices"].as_array().unwrap();
        devices.iter().find(|device| device["series"] == json!(series)).unwrap()["revoked_at"].is_string()
    };
    assert!(revoked(place.own_phone.series) && !revoked(other));
}
