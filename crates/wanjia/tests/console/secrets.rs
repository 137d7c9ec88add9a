//! What must not be found: names and tokens in logs, an erased person anywhere, an unsafe request without the console's
//! own header; and the real socket.

use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::http::Request;
use domain::access::Role;
use domain::fact::{Body, Light, Outcome};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use wanjia::app::accounts::{NewAccount, add_account, code_of};
use wanjia::cli::now;
use wanjia::http::{listen, router};

use super::matrix::{endpoints, request};
use super::place::{OWN, Place, SWEEP, Who, logged, visited};

const SECRETARY: Who = Who::Role(Role::CommunitySecretary);
const CLERK: Who = Who::Role(Role::Clerk);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_unsafe_is_done_for_a_session_without_the_consoles_header() {
    let place = Place::new().await;
    let mut refused = 0;
    for endpoint in endpoints() {
        let (method, _) = endpoint.split_once(' ').unwrap();
        // A phone enrols with an invitation, a resident shows her slip: no session does.
        if method == "GET" || endpoint == "POST /v1/devices" || endpoint.contains("/v1/slip/") {
            continue;
        }
        let (uri, body) = request(&place, &endpoint, false, SECRETARY).await;
        for header in [None, Some("phone")] {
            let mut asked = Request::builder()
                .method(method)
                .uri(&uri)
                .header("cookie", place.session(SECRETARY))
                .header("content-type", "application/json");
            if let Some(header) = header {
                asked = asked.header("x-wanjia", header);
            }
            let body = body.as_ref().map_or_else(HttpBody::empty, |body| HttpBody::from(body.to_string()));
            let answer = place.send(asked.body(body).unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "csrf"), "{endpoint}");
            refused += 1;
        }
    }
    assert!(refused >= 28, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_nobody_here() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let people = place.people(home).await;
    let (erased, kept) = (people[0], people[1]);
    let uri = format!("/v1/persons/{erased}?purpose=correction");
    assert_eq!(place.ask(CLERK, "GET", &uri, None).await.status, 200);
    place
        .site
        .territory
        .write(move |store, now| {
            let actor = store.book().own_series;
            store::erase::erase(store, actor, erased, 0, now)?;
            Ok(())
        })
        .await
        .unwrap();
    let revealed = place.revealed().await.len();
    assert_eq!(place.ask(CLERK, "GET", &uri, None).await.code(), "unknown_person");
    let body = json!({"purpose": "correction", "persons": [erased, kept]});
    let names = place.ask(CLERK, "POST", "/v1/persons/names", Some(body)).await.json();
    assert_eq!(names["names"].as_array().unwrap().len(), 1);
    assert_eq!(place.revealed().await.len(), revealed + 1);
    let link = json!({"from": erased, "to": kept});
    assert_eq!(place.ask(CLERK, "POST", "/v1/links", Some(link)).await.status, 404);
    let again = json!({"dwelling": home, "person": erased, "name": "又是她"});
    assert_eq!(place.ask(CLERK, "POST", "/v1/persons", Some(again)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_tells_what_was_asked_and_nothing_of_anybody() {
    let place = Place::new().await;
    let home = place.home(false).await;
    let person = place.people(home).await[0];
    let cookie = place.session(SECRETARY);
    let register = json!({"dwelling": home, "name": "不可记录", "phone": "13899990000"});
    assert_eq!(place.ask(CLERK, "POST", "/v1/persons", Some(register)).await.status, 201);
    let wrong = json!({"dwelling": home, "name": "不可记录", "phone": "13899990000", "sex": "不可记录"});
    assert_eq!(place.ask(CLERK, "POST", "/v1/persons", Some(wrong)).await.status, 422);
    let uri = format!("/v1/persons/{person}?purpose=correction");
    assert_eq!(place.ask(CLERK, "GET", &uri, None).await.status, 200);
    let sign_in = json!({"username": "not-to-be-logged", "password": "secret-password", "code": "123456"});
    assert_eq!(place.ask(Who::Nobody, "POST", "/v1/session", Some(sign_in)).await.status, 401);
    let file = format!("小区编码,楼栋,单元,房号,姓名\n{OWN},9,1,101,不可记录\n{OWN},9,1,101,不可记录,多\n");
    assert_eq!(
        place
            .ask(CLERK, "POST", "/v1/roster?source=%E5%90%8D%E5%86%8C", Some(Value::String(file)))
            .await
            .status,
        200
    );
    let invited = json!({"worker_name": "不可记录", "area_code": OWN, "role": "grid_worker"});
    let invited = place.ask(SECRETARY, "POST", "/v1/devices/invitations", Some(invited)).await.json();
    let push = place.own_phone.push(visited(SWEEP, home, Outcome::Met, Light::On));
    assert_eq!(place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(push)).await.status, 200);
    let session = Request::builder().uri("/v1/session").header("cookie", &cookie);
    assert_eq!(place.send(session.body(HttpBody::empty()).unwrap()).await.status, 200);

    let log = logged();
    assert!(log.contains("/v1/persons") && log.contains("answered"), "{log}");
    let invitation = invited["invitation"].as_str().unwrap();
    let token = cookie.split_once('=').unwrap().1;
    for secret in [
        "不可记录",
        "13899990000",
        "王东军",
        "10013800001",
        "not-to-be-logged",
        "secret-password",
        invitation,
        token,
        "token 1",
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_socket_on_this_machine_the_cookie_needs_no_encryption() {
    let place = Place::new().await;
    let control = Arc::clone(&place.site.control);
    let made = place.site.territory.write(move |store, now| {
        let new = NewAccount { username: "zhou", name: "周书记", role: Role::Clerk, area: OWN };
        add_account(store, &control, &new, now)
    });
    let secrets = made.await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(listen::serve(listener, router(place.site.clone()), stopping));
    let cookie = tokio::task::spawn_blocking(move || {
        let body = json!({
            "username": "zhou", "password": secrets.password, "code": code_of(&secrets.otpauth, now()).unwrap(),
        });
        let answer = ureq::post(format!("http://{address}/v1/session"))
            .header("x-wanjia", "console")
            .send_json(body)
            .unwrap();
        answer.headers()["set-cookie"].to_str().unwrap().to_owned()
    })
    .await
    .unwrap();
    assert!(cookie.contains("HttpOnly") && !cookie.contains("Secure"), "{cookie}");
    stop.send_replace(true);
    serving.await.unwrap();
}

/// A right and a revocation are in the ledger, so an accounts' file from before them, put back, revives neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_accounts_file_put_back_revives_nothing() {
    let place = Place::new().await;
    let data = place.folder.path().join("data");
    let cookie = place.session(SECRETARY);
    let kept = place.folder.path().join("kept.db");
    let control = rusqlite::Connection::open(data.join("control.db")).unwrap();
    control.execute("vacuum into ?1", [kept.to_str().unwrap()]).unwrap();
    drop(control);
    let account = super::place::account(SECRETARY).id;
    let series = place.own_phone.series;
    place.facts(vec![Body::GrantEnded { account }, Body::DeviceRevoked { series }]).await;
    let restored = place.reopened(&kept).await;
    let session = Request::builder().uri("/v1/session").header("cookie", &cookie);
    assert_eq!(restored.send(session.body(HttpBody::empty()).unwrap()).await.status, 401);
    let pull = restored.by_phone(&restored.own_phone, "GET", "/v1/pull", None).await;
    assert_eq!((pull.status.as_u16(), pull.code().as_str()), (403, "device_revoked"));
}
