//! Every endpoint of the document by every caller, in her own community and in another: the real door answers what
//! `tests/access_matrix.csv` says, and an endpoint that is not in the file fails the run.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Role;
use domain::case::Subject;
use domain::fact::{Body, CallFailure, Light, Outcome};
use domain::held::Refusal;
use domain::identity::Identity;
use domain::slip::{Decision, Reason};
use domain::subscription::RowsOf;
use serde_json::{Value, json};
use store::Store;

use super::place::{OTHER, OWN, Place, SWEEP, Who, account, authorization, visited};
use super::{cases, checks, maps, plans, slips, subscriptions};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/access_matrix.csv");

const CALLERS: [(&str, Who); 11] = [
    ("nobody", Who::Nobody),
    ("grid_worker", Who::Role(Role::GridWorker)),
    ("clerk", Who::Role(Role::Clerk)),
    ("community_secretary", Who::Role(Role::CommunitySecretary)),
    ("street", Who::Role(Role::Street)),
    ("county", Who::Role(Role::County)),
    ("city", Who::Role(Role::City)),
    ("department_observer", Who::Role(Role::DepartmentObserver)),
    ("auditor", Who::Role(Role::Auditor)),
    ("revoked_phone", Who::Revoked),
    ("ended_grant", Who::Ended),
];

/// Where what is asked for lies: an endpoint that knows no areas has one line, `any`.
fn places(endpoint: &str) -> &'static [&'static str] {
    match endpoint {
        "GET /healthz"
        | "GET /v1/session"
        | "POST /v1/session"
        | "DELETE /v1/session"
        | "POST /v1/devices"
        | "GET /v1/devices/{series}/standing"
        | "GET /v1/rosters"
        | "GET /v1/plans/examples/{list}"
        | "POST /v1/roster/columns"
        | "PUT /v1/roster/columns"
        | "GET /v1/sweeps"
        | "GET /v1/pull"
        | "GET /v1/rules"
        | "GET /v1/checkpoint"
        | "GET /v1/consistency"
        | "GET /v1/proof/{series}/{sequence}"
        | "GET /v1/tasks"
        | "GET /v1/tiles"
        | "GET /v1/forms"
        | "GET /v1/forms/{programme}/{version}/{form}/questions"
        | "GET /v1/programmes"
        | "GET /v1/forms/{programme}/{version}/{form}"
        | "GET /v1/forms/{programme}/{version}/{form}/files/{name}"
        | "GET /v1/events"
        | "GET /v1/slip"
        | "GET /v1/slip/record"
        | "GET /v1/slip/checks"
        | "POST /v1/slip/checks"
        | "POST /v1/slip/people"
        | "POST /v1/slip/requests"
        | "POST /v1/slip/said/{id}/withdraw" => &["any"],
        _ => &["own", "other"],
    }
}

/// The request, with everything it needs made anew, so that no cell depends on another.
pub async fn request(place: &Place, endpoint: &str, other: bool, who: Who) -> (String, Option<Value>) {
    let area = if other { OTHER } else { OWN };
    let of_sweep = |name: &str, more: &str| format!("/v1/sweeps/{SWEEP}/{name}?area={area}{more}");
    match endpoint {
        "GET /healthz" => ("/healthz".into(), None),
        "GET /v1/session" | "DELETE /v1/session" => ("/v1/session".into(), None),
        "POST /v1/session" => {
            let username = format!("stranger-{}", place.next());
            ("/v1/session".into(), Some(json!({"username": username, "password": "x", "code": "000000"})))
        }
        "POST /v1/devices/invitations" => {
            let body = json!({"worker_name": "吴网格员", "area_code": area, "role": "grid_worker"});
            ("/v1/devices/invitations".into(), Some(body))
        }
        "GET /v1/devices/invitations" => (format!("/v1/devices/invitations?area={area}"), None),
        "DELETE /v1/devices/invitations/{worker}" => {
            let worker = domain::id::Id::from_time(i64::try_from(place.next()).unwrap(), [8; 10]);
            let invitation = store::control::Invitation {
                worker,
                worker_name: "吴网格员".into(),
                area: area.into(),
                role: Role::GridWorker as u64,
                inviter: worker,
                expires_at: wanjia::cli::now() + store::control::INVITATION_LIMIT,
                ends_at: None,
                acts_as: Vec::new(),
            };
            let code = wanjia::app::accounts::token_hash(&worker.to_string());
            place.site.control.invite(&code, &invitation, wanjia::cli::now()).unwrap();
            (format!("/v1/devices/invitations/{worker}"), None)
        }
        "POST /v1/devices" => {
            let body = json!({"worker_name": "吴网格员", "area_code": OWN, "role": "grid_worker"});
            let secretary = Who::Role(Role::CommunitySecretary);
            let invited = place.ask(secretary, "POST", "/v1/devices/invitations", Some(body)).await;
            let series = domain::id::Id::from_time(i64::try_from(place.next()).unwrap(), [7; 10]);
            let public_key = base64_of(&ledger::series::DeviceKey::from_seed([60; 32]).public());
            let body = json!({
                "invitation": invited.json()["invitation"], "series": series, "public_key": public_key,
            });
            ("/v1/devices".into(), Some(body))
        }
        "POST /v1/odk-users" => {
            ("/v1/odk-users".into(), Some(json!({"worker_name": "吴网格员", "area_code": area})))
        }
        "GET /v1/devices" => (format!("/v1/devices?area={area}"), None),
        "GET /v1/devices/{series}/standing" => {
            (format!("/v1/devices/{}/standing", place.own_phone.series), None)
        }
        "DELETE /v1/devices/{series}" => (format!("/v1/devices/{}", place.enrolled(area).await), None),
        "GET /v1/areas" => (format!("/v1/areas?parent={area}"), None),
        "GET /v1/rosters" => ("/v1/rosters".into(), None),
        "GET /v1/plans/examples/{list}" => ("/v1/plans/examples/people".into(), None),
        "POST /v1/roster" => {
            let file = format!("小区编码,楼栋,单元,房号,姓名\n{area},9,1,101,钱七\n");
            ("/v1/roster?source=x&dry_run=true".into(), Some(Value::String(file)))
        }
        "POST /v1/roster/rejects" => {
            let file = format!("小区编码,楼栋,单元,房号,姓名\n{area},9,1,101,\n");
            ("/v1/roster/rejects?source=x".into(), Some(Value::String(file)))
        }
        "GET /v1/command" => (format!("/v1/command?area={area}&sweep={SWEEP}"), None),
        "GET /v1/communities" => (format!("/v1/communities?area={area}&sweep={SWEEP}"), None),
        "GET /v1/command/late" => (format!("/v1/command/late?area={area}"), None),
        "GET /v1/command/unanswered" => (format!("/v1/command/unanswered?area={area}"), None),
        "GET /v1/floors" | "GET /v1/floors/public" => {
            cases::publish(place).await;
            (format!("{}?area={area}", &endpoint["GET ".len()..]), None)
        }
        "POST /v1/roster/columns" => {
            ("/v1/roster/columns".into(), Some(Value::String("房号,姓名\n101,钱七\n".into())))
        }
        "PUT /v1/roster/columns" => {
            ("/v1/roster/columns".into(), Some(json!({"headings": ["房号"], "columns": "0.1;room:0"})))
        }
        "GET /v1/subscriptions" => (format!("/v1/subscriptions?area={area}"), None),
        "POST /v1/subscriptions" | "POST /v1/subscriptions/look" => {
            // What is no workbook is refused after it is known that the caller may bring one.
            let uri = endpoint.trim_start_matches("POST ");
            let more = if uri.ends_with("look") {
                "".to_owned()
            } else {
                let day = domain::time::from_day(domain::time::day_of(wanjia::cli::now()));
                format!("&department=x&name=x&basis=x&last_day={day}&columns=0.1;room:0")
            };
            (format!("{uri}?area={area}&rows=residual{more}"), Some(Value::String("房号\n".into())))
        }
        "GET /v1/subscriptions/{id}/changes"
        | "POST /v1/subscriptions/{id}/sheet"
        | "POST /v1/subscriptions/{id}/approve"
        | "DELETE /v1/subscriptions/{id}" => {
            let waits = endpoint.ends_with("approve");
            let rows = if waits { RowsOf::People } else { RowsOf::Residual };
            let id = subscriptions::of_somebody(place, area, rows).await;
            let (_, uri) = endpoint.split_once(' ').unwrap();
            (uri.replace("{id}", &id.to_string()), None)
        }
        "GET /v1/map" => (format!("/v1/map?area={area}"), None),
        "POST /v1/map" => {
            let name = if other { "1" } else { "3" };
            (
                format!("/v1/map?area={area}&source=x&dry_run=true"),
                Some(Value::String(maps::outlines(&[name]))),
            )
        }
        // There is none: whoever may know of one is told so.
        "GET /v1/tiles" => ("/v1/tiles".into(), None),
        "GET /v1/sweeps" => ("/v1/sweeps".into(), None),
        "POST /v1/sweeps" => {
            let body = json!({"area_code": area, "programme": "x", "deadline": "2999-01-01T00:00:00+08:00"});
            ("/v1/sweeps".into(), Some(body))
        }
        "POST /v1/sweeps/{id}/close" => {
            let sweep = place.sweep(area).await;
            let doors = if other { vec![] } else { doors(place).await };
            (format!("/v1/sweeps/{sweep}/close"), Some(json!({"signatures": doors})))
        }
        "GET /v1/sweeps/{id}/left" => (format!("/v1/sweeps/{}/left", place.sweep(area).await), None),
        "POST /v1/sweeps/{id}/withdraw" => {
            let sweep = place.sweep(area).await;
            (format!("/v1/sweeps/{sweep}/withdraw"), Some(json!({"reason": "twice"})))
        }
        "POST /v1/sweeps/{id}/sign" => {
            let home = place.home(other).await;
            place.visit(SWEEP, home, Outcome::Refused, Light::On).await;
            (format!("/v1/sweeps/{SWEEP}/sign"), Some(json!({"dwelling": home, "reason": "refusal"})))
        }
        "POST /v1/sweeps/{id}/calls" => {
            let home = place.home(other).await;
            // Whom the call before reached stays reached: what is telephoned again is a household that is away.
            place.visit(SWEEP, home, Outcome::Away, Light::Off).await;
            (format!("/v1/sweeps/{SWEEP}/calls"), Some(json!({"dwelling": home, "outcome": "phone"})))
        }
        "DELETE /v1/sweeps/{id}/calls/{record}" => {
            // Written down by whoever asks.
            let (actor, failure) = (account(who).id, CallFailure::NoAnswer);
            let body = Body::CallFailed { sweep: SWEEP, dwelling: place.home(other).await, failure };
            let write =
                move |store: &mut Store, now| Ok(store.write(now, |batch| batch.append(actor, body, None))?);
            let record = place.site.territory.write(write).await.unwrap();
            (format!("/v1/sweeps/{SWEEP}/calls/{record}"), None)
        }
        "GET /v1/sweeps/{id}/coverage" => (of_sweep("coverage", ""), None),
        "GET /v1/sweeps/{id}/series" => (of_sweep("series", ""), None),
        "GET /v1/sweeps/{id}/residual" => (of_sweep("residual", ""), None),
        "GET /v1/sweeps/{id}/reconcile" => (of_sweep("reconcile", ""), None),
        "GET /v1/sweeps/{id}/tasks" => (of_sweep("tasks", ""), None),
        "GET /v1/sweeps/{id}/buildings" => (of_sweep("buildings", ""), None),
        "GET /v1/sweeps/{id}/matrix" => {
            (of_sweep("matrix", if other { "&building=1" } else { "&building=3" }), None)
        }
        "POST /v1/persons" => {
            let home = place.home(other).await;
            ("/v1/persons".into(), Some(json!({"dwelling": home, "name": "孙八"})))
        }
        "GET /v1/persons/{id}" => {
            let home = place.home(other).await;
            let person = place.people(home).await[0];
            (format!("/v1/persons/{person}?purpose=reconcile"), None)
        }
        "POST /v1/dwellings/removed" => {
            let home = place.home(other).await;
            ("/v1/dwellings/removed".into(), Some(json!({"dwellings": [home]})))
        }
        "POST /v1/persons/find" => {
            let area = if other { OTHER } else { OWN };
            let body = json!({"area": area, "find": "王东", "purpose": "reconcile"});
            ("/v1/persons/find".into(), Some(body))
        }
        "POST /v1/persons/names" => {
            let home = place.home(other).await;
            let persons = place.people(home).await;
            ("/v1/persons/names".into(), Some(json!({"purpose": "reconcile", "persons": persons})))
        }
        "POST /v1/links" | "DELETE /v1/links" => {
            let home = place.home(other).await;
            let (from, to) = (place.newcomer(home).await, place.newcomer(home).await);
            if endpoint.starts_with("DELETE") {
                place.facts(vec![Body::Linked { from, to }]).await;
            }
            ("/v1/links".into(), Some(json!({"from": from, "to": to})))
        }
        "POST /v1/links/evidence" | "POST /v1/links/declined" => {
            let home = place.home(other).await;
            let identity = Identity { name: "王冬军".into(), ..Identity::default() };
            let from = place.seen_as(home, identity).await;
            let to = place.people(home).await[0];
            place.facts(vec![Body::LinkProposed { from, to, per_mille: 500, model: [1; 32] }]).await;
            place.site.matching.catch_up(&place.site.territory).await.unwrap();
            (endpoint.trim_start_matches("POST ").into(), Some(json!({"from": from, "to": to})))
        }
        "GET /v1/quarantine" => (format!("/v1/quarantine?area={area}"), None),
        "POST /v1/quarantine/{series}/{sequence}/release" => {
            let (series, sequence) = place.quarantined(other).await;
            (format!("/v1/quarantine/{series}/{sequence}/release"), None)
        }
        "POST /v1/quarantine/{series}/{sequence}/refuse" => {
            let (series, sequence) = place.quarantined(other).await;
            (format!("/v1/quarantine/{series}/{sequence}/refuse"), Some(json!({"reason": "mistaken"})))
        }
        "POST /v1/quarantine/{series}/{sequence}/reopen" => {
            let (series, sequence) = place.quarantined(other).await;
            place.facts(vec![Body::HeldRefused { series, sequence, refusal: Some(Refusal::Twice) }]).await;
            (format!("/v1/quarantine/{series}/{sequence}/reopen"), None)
        }
        "POST /v1/facts" => {
            let phone = match (other, who) {
                (true, _) => &place.other_phone,
                (false, Who::Revoked) => &place.revoked_phone,
                (false, _) => &place.own_phone,
            };
            let home = place.home(other).await;
            // Only its own phone's push is kept, so only then has its series grown.
            let sends = matches!(who, Who::Revoked | Who::Role(Role::GridWorker)) && !other;
            let body = visited(SWEEP, home, Outcome::Met, Light::On);
            let push = if sends { phone.push(body) } else { super::place::unsent(phone, body) };
            let mut push = push;
            if matches!(who, Who::Nobody) {
                // Whoever shows no token is known by the signature, and this one is nobody's.
                push["signature"] = json!(format!("{}==", "A".repeat(86)));
            }
            ("/v1/facts".into(), Some(push))
        }
        "GET /v1/facts/head" => {
            let phone = match (other, who) {
                (true, _) => &place.other_phone,
                (false, Who::Revoked) => &place.revoked_phone,
                (false, _) => &place.own_phone,
            };
            (format!("/v1/facts/head?series={}", phone.series), None)
        }
        "GET /v1/pull" => ("/v1/pull".into(), None),
        "GET /v1/rules" => ("/v1/rules".into(), None),
        "GET /v1/checkpoint" => ("/v1/checkpoint".into(), None),
        "GET /v1/consistency" => ("/v1/consistency?from=1&to=2".into(), None),
        "GET /v1/proof/{series}/{sequence}" => (format!("/v1/proof/{}/0", place.own_phone.series), None),
        "GET /v1/events" => ("/v1/events".into(), None),
        "GET /v1/plans" => (format!("/v1/plans?area={area}"), None),
        "GET /v1/hand-overs" => (format!("/v1/hand-overs?area={area}"), None),
        "POST /v1/plans/drafts" => ("/v1/plans/drafts".into(), Some(small_rota(area, "2031-02-03"))),
        "POST /v1/plans/evaluations" | "POST /v1/plans" => {
            let input = small_rota(area, &plans::another_day(place));
            // In the other community nobody can draft one: the request is refused before its shape is looked at.
            let mut request = match other {
                true => {
                    json!({"input": input, "shape": base64_of(&[0; 32]), "held": [[]], "open_confirmed": 0})
                }
                false => plans::publication(&input, &plans::draft(place, &input).await),
            };
            if endpoint.ends_with("evaluations") {
                request.as_object_mut().unwrap().remove("open_confirmed");
            }
            (endpoint.trim_start_matches("POST ").into(), Some(request))
        }
        "GET /v1/plans/{id}" => (format!("/v1/plans/{}", plans::published(place, other).await), None),
        "POST /v1/plans/{id}/withdraw" => {
            (format!("/v1/plans/{}/withdraw", plans::published(place, other).await), None)
        }
        "GET /v1/tasks" => ("/v1/tasks".into(), None),
        "GET /v1/indicators" => {
            cases::publish(place).await;
            (format!("/v1/indicators?programme=epidemic&area={area}"), None)
        }
        "GET /v1/indicators/{programme}/{code}/areas" => {
            cases::publish(place).await;
            (format!("/v1/indicators/epidemic/E-I04/areas?area={area}"), None)
        }
        "GET /v1/indicators/{programme}/{code}/behind" => {
            cases::publish(place).await;
            (format!("/v1/indicators/epidemic/E-I04/behind?area={area}&side=missed"), None)
        }
        "GET /v1/programmes/{code}/{version}/changes" => {
            cases::publish(place).await;
            (format!("/v1/programmes/epidemic/2020-03/changes?area={area}"), None)
        }
        "GET /v1/cases/{id}" => (format!("/v1/cases/{}", cases::opened(place, other).await), None),
        "GET /v1/programmes" => ("/v1/programmes".into(), None),
        "GET /v1/cases" => (format!("/v1/cases?area={area}"), None),
        "GET /v1/cases/board" => (format!("/v1/cases/board?area={area}"), None),
        "GET /v1/cases/{id}/hands" | "GET /v1/cases/{id}/reach" | "GET /v1/cases/{id}/tree" => {
            let last = endpoint.rsplit('/').next().unwrap();
            (format!("/v1/cases/{}/{last}", cases::opened(place, other).await), None)
        }
        "GET /v1/cases/{id}/places" => {
            (format!("/v1/cases/{}/places?find=", cases::opened(place, other).await), None)
        }
        "GET /v1/cases/{id}/telephones" => {
            cases::publish(place).await;
            let home = place.home(other).await;
            // What a grid worker has to do.
            let case = cases::opened_as(place, "need", Subject::Dwelling(home), home).await;
            (format!("/v1/cases/{case}/telephones?purpose=service"), None)
        }
        "GET /v1/cases/{id}/why" => {
            (format!("/v1/cases/{}/why?purpose=service", cases::opened(place, other).await), None)
        }
        "GET /v1/households/{dwelling}" | "GET /v1/households/{dwelling}/file" => {
            cases::publish(place).await;
            let home = place.home(other).await;
            let file = if endpoint.ends_with("file") { "/file?purpose=service" } else { "" };
            (format!("/v1/households/{home}{file}"), None)
        }
        "POST /v1/households/{dwelling}/pictures" => {
            cases::publish(place).await;
            let home = place.home(other).await;
            let body = json!({"position": 0, "name": "a.jpg", "purpose": "service"});
            (format!("/v1/households/{home}/pictures"), Some(body))
        }
        "POST /v1/attachments" => {
            let phone = match (other, who) {
                (true, _) => &place.other_phone,
                (false, Who::Revoked) => &place.revoked_phone,
                (false, _) => &place.own_phone,
            };
            let uri = format!("/v1/attachments?series={}&sequence=0&name=a.jpg", phone.series);
            (uri, Some(Value::String("no picture".into())))
        }
        "POST /v1/cases" => {
            cases::publish(place).await;
            let dwelling = place.home(other).await;
            let body = json!({
                "programme": "epidemic", "pathway": "dependant", "dwelling": dwelling, "source": "worker",
            });
            ("/v1/cases".into(), Some(body))
        }
        "POST /v1/cases/{id}/deeds" => {
            let body = json!({"deed": "take", "role": "community_secretary", "turn": 0});
            (format!("/v1/cases/{}/deeds", cases::opened(place, other).await), Some(body))
        }
        "GET /v1/areas/{code}/file" => {
            cases::publish(place).await;
            (format!("/v1/areas/{area}/file"), None)
        }
        "GET /v1/workers" => (format!("/v1/workers?area={area}"), None),
        "GET /v1/workers/{id}/file" => {
            cases::publish(place).await;
            let phone = if other { &place.other_phone } else { &place.own_phone };
            (format!("/v1/workers/{}/file", phone.series), None)
        }
        "GET /v1/forms" => ("/v1/forms".into(), None),
        "GET /v1/forms/{programme}/{version}/{form}" => {
            cases::publish(place).await;
            ("/v1/forms/epidemic/2020-03/twice_daily".into(), None)
        }
        // The form has no files: whoever may read it is told so, and whoever may not, nothing.
        "GET /v1/forms/{programme}/{version}/{form}/files/{name}" => {
            cases::publish(place).await;
            ("/v1/forms/epidemic/2020-03/twice_daily/files/a.png".into(), None)
        }
        "GET /v1/forms/{programme}/{version}/{form}/questions" => {
            cases::publish(place).await;
            ("/v1/forms/epidemic/2020-03/twice_daily/questions".into(), None)
        }
        "POST /v1/answers" => ("/v1/answers".into(), Some(cases::check(place, other, 36.6).await)),
        "POST /v1/cases/{id}/lesson" => {
            let case = cases::opened(place, other).await;
            (format!("/v1/cases/{case}/lesson"), Some(json!({"text": "先问谁在家里要人照看"})))
        }
        "GET /v1/lessons" => {
            cases::publish(place).await;
            ("/v1/lessons?programme=epidemic".into(), None)
        }
        "POST /v1/lines" => ("/v1/lines".into(), Some(json!({"text": "3栋402 36.5", "area": area}))),
        "GET /v1/bridges/{programme}/{bridge}" => {
            cases::publish(place).await;
            checks::appoint(place, who, "livelihood", "helper", Some(OWN)).await;
            let home = place.home(other).await;
            let person = place.people(home).await[0];
            (format!("/v1/bridges/epidemic/available_from?person={person}&role=helper"), None)
        }
        "POST /v1/slips" => {
            let home = place.home(other).await;
            let body = json!({"dwellings": [home], "office_phone": "027-82812345", "days": 30});
            ("/v1/slips".into(), Some(body))
        }
        "GET /v1/slips" => (format!("/v1/slips?area={area}"), None),
        "DELETE /v1/slips/{slip}" => {
            let home = place.home(other).await;
            (format!("/v1/slips/{}", slips::laid_down(place, home).await.0), None)
        }
        "POST /v1/said/{id}/reopen" => {
            let home = place.home(other).await;
            let said = slips::said(place, home).await;
            let (decision, reason, kept) = (Decision::Declined, Some(Reason::Unclear), None);
            place.facts(vec![Body::SaidSettled { said, decision, reason, kept }]).await;
            (format!("/v1/said/{said}/reopen"), None)
        }
        "POST /v1/slip/said/{id}/withdraw" => {
            let home = place.home(other).await;
            (format!("/v1/slip/said/{}/withdraw", slips::said(place, home).await), None)
        }
        "GET /v1/said" => (format!("/v1/said?area={area}"), None),
        "GET /v1/said/{id}" | "POST /v1/said/{id}/settle" => {
            let home = place.home(other).await;
            let said = slips::said(place, home).await;
            match endpoint.starts_with("GET") {
                true => (format!("/v1/said/{said}"), None),
                false => (format!("/v1/said/{said}/settle"), Some(json!({"decision": "confirmed"}))),
            }
        }
        "GET /v1/slip" => ("/v1/slip".into(), None),
        "GET /v1/slip/record" => ("/v1/slip/record".into(), None),
        "GET /v1/slip/checks" => ("/v1/slip/checks".into(), None),
        "POST /v1/slip/checks" => {
            let body = json!({"programme": "epidemic", "form": "twice_daily", "answers": {}});
            ("/v1/slip/checks".into(), Some(body))
        }
        "POST /v1/slip/people" => ("/v1/slip/people".into(), Some(json!({"people": [{"name": "周九"}]}))),
        "POST /v1/slip/requests" => {
            ("/v1/slip/requests".into(), Some(json!({"what": "help", "text": "要药"})))
        }
        other => panic!("{other} is new: say here how it is asked for, and in access_matrix.csv who may"),
    }
}

fn small_rota(area: &str, from: &str) -> Value {
    plans::rota(area, from, "person_id\n吴网格员\n", "post_id\n南门\n")
}

async fn doors(place: &Place) -> Vec<domain::id::Id> {
    vec![place.door(OWN, "3", "2", "402").await, place.door(OWN, "3", "2", "501").await]
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub fn endpoints() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&wanjia::http::document().to_pretty_json().unwrap()).unwrap();
    let mut endpoints = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            endpoints.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    endpoints
}

/// By endpoint and place: what each caller is answered.
fn reviewed() -> BTreeMap<(String, String), Vec<String>> {
    let mut file = csv::Reader::from_path(FILE).unwrap();
    let header: Vec<String> = file.headers().unwrap().iter().map(str::to_owned).collect();
    let callers: Vec<&str> = CALLERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(header.get(..2).unwrap(), ["endpoint", "area"]);
    assert_eq!(header.get(2..).unwrap(), callers);
    let cells = |row: csv::StringRecord| {
        let mut row = row.iter().map(str::to_owned);
        ((row.next().unwrap(), row.next().unwrap()), row.collect::<Vec<_>>())
    };
    file.records().map(|row| cells(row.unwrap())).collect()
}

#[test]
fn every_endpoint_is_in_the_reviewed_file_and_nothing_else() {
    let expected: BTreeSet<(String, String)> = endpoints()
        .into_iter()
        .flat_map(|endpoint| {
            places(&endpoint).iter().map(move |place| (endpoint.clone(), (*place).to_owned()))
        })
        .collect();
    let found: BTreeSet<(String, String)> = reviewed().into_keys().collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_answers_what_the_reviewed_file_says() {
    let place = Place::new().await;
    // So that there is a fact to ask for.
    let first = place.own_phone.push(visited(SWEEP, place.home(false).await, Outcome::Met, Light::On));
    assert_eq!(place.by_phone(&place.own_phone, "POST", "/v1/facts", Some(first)).await.status, 200);
    let first = place.revoked_phone.push(visited(SWEEP, place.home(false).await, Outcome::Met, Light::On));
    assert_eq!(place.by_phone(&place.revoked_phone, "POST", "/v1/facts", Some(first)).await.status, 200);
    let reviewed = reviewed();
    let mut wrong = Vec::new();
    let mut lines = vec![format!(
        "endpoint,area,{}",
        CALLERS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",")
    )];
    for endpoint in endpoints() {
        for at in places(&endpoint) {
            let expected = reviewed.get(&(endpoint.clone(), (*at).to_owned()));
            let mut line = format!("{endpoint},{at}");
            for (index, (name, who)) in CALLERS.iter().enumerate() {
                let (uri, body) = request(&place, &endpoint, *at == "other", *who).await;
                let (method, _) = endpoint.split_once(' ').unwrap();
                let answer = place.ask(*who, method, &uri, body).await;
                let status = answer.status.as_str().to_owned();
                if expected.and_then(|cells| cells.get(index)) != Some(&status) {
                    wrong.push(format!("{endpoint} {at} by {name}: {status} {}", answer.text));
                }
                line.push_str(&format!(",{status}"));
            }
            lines.push(line);
        }
    }
    assert!(wrong.is_empty(), "{}\n\nwhat was answered:\n{}", wrong.join("\n"), lines.join("\n"));
    // An old token of a phone that was never there is nobody.
    let mut stranger = authorization(&place.own_phone);
    stranger.push('x');
    let request = axum::http::Request::builder().uri("/v1/pull").header("authorization", stranger);
    assert_eq!(place.send(request.body(axum::body::Body::empty()).unwrap()).await.status, 401);
}
