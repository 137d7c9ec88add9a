//! Phones: inviting one with a picture to scan, enrolling it, listing and revoking.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use domain::access::{Action, Role, Scope, decide};
use domain::area::AreaNumber;
use domain::fact::{Body, TEXT_LIMIT};
use domain::id::{ActorId, Id, SeriesId, SweepId};
use domain::state::State as _;
use domain::time::{Millis, end_of, parse_date, to_day};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use store::Reader;
use store::cases::RoleIn;
use store::control::{INVITATION_LIMIT, Invitation, Invited, KnownInvitation, Phone};
use store::packs::if_readable;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::Named;
use super::command::SILENT;
use super::extract::{Caller, Json, Path, Query, Standing, Who, token_hash};
use super::my_tasks::role_of;
use super::problem::Problem;
use super::scope;
use super::session::{Peer, is_local};
use super::wire::{Base64Of, Campaign, instant};
use crate::app::accounts::{new_actor, new_token};
use crate::app::cases::{Actor, appointments, not_hers_to_pass_on};
use crate::app::failure::Failure;
use crate::cli::now;

/// Invitations that are listed at most.
const INVITATIONS: usize = 200;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(invite, invitations))
        .routes(routes!(withdraw))
        .routes(routes!(enrol, devices))
        .routes(routes!(revoke))
        .routes(routes!(standing))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    worker_name: String,
    area_code: String,
    /// `grid_worker`
    role: String,
    /// The last day of the worker's deployment, from today on: after it the phone wipes itself.
    #[schema(format = Date)]
    ends_on: Option<String>,
    /// In what the worker acts besides: each a role to which the caller was appointed there herself.
    #[serde(default)]
    acts_as: Vec<PassedOn>,
}

/// A role of a programme.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PassedOn {
    pub programme: String,
    pub role: String,
}

/// Roles that someone may pass on, each once.
pub(super) async fn passed_on(
    site: &Site,
    caller: &Caller,
    roles: Vec<PassedOn>,
    area: AreaNumber,
) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs: Vec<(String, String)> =
        roles.into_iter().map(|role| (role.programme, role.role)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let (actor, asked) = (Actor { id: caller.actor(), grant: caller.grant }, pairs.clone());
    let refused = site
        .territory
        .read(move |reader| Ok(not_hers_to_pass_on(reader, actor, &asked, area)?.cloned()))
        .await?;
    match refused {
        None => Ok(pairs),
        Some((programme, role)) => Err(Problem::field(
            "acts_as",
            "role",
            format!("您自己在这里不任 {programme} 的 {role}，不能转给别人"),
            format!("you are not appointed as {role} of {programme} there, and cannot pass it on"),
        )),
    }
}

#[derive(Serialize, ToSchema)]
struct InvitationShown {
    invitation: String,
    /// Who the phone's worker will be: by this the invitation is taken back.
    #[schema(value_type = String, format = "uuid")]
    worker: ActorId,
    /// What the picture holds.
    url: String,
    qr_svg: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Where the caller reached this server, for the address that a phone is to open.
pub(crate) fn origin(headers: &HeaderMap, local: bool) -> Result<String, Problem> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(Problem::field(
            "Host",
            "host",
            "请求没有说明服务器的地址",
            "the request does not say by which address the server was reached",
        ));
    }
    let stated = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    let scheme = match stated {
        Some((scheme @ ("http" | "https"), at)) if at == host => scheme,
        _ if local => "http",
        _ => "https",
    };
    Ok(format!("{scheme}://{host}"))
}

/// Whoever uses a phone or an ODK client, as she is called.
pub(super) fn worker_named(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.len() > TEXT_LIMIT {
        return Err(Problem::field(
            "worker_name",
            "name",
            "请填写使用人姓名，不超过 200 字节",
            "whoever uses it needs a name of at most 200 bytes",
        ));
    }
    Ok(name.to_owned())
}

/// A picture to scan.
pub(super) fn qr_svg(text: &str) -> Result<String, Problem> {
    let picture = QrCode::new(text.as_bytes()).map_err(|_| Problem::internal())?;
    Ok(picture.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}

/// Invite a phone: used once, within 24 hours.
#[utoipa::path(
    post, path = "/v1/devices/invitations", tag = "devices", request_body = NewInvitation,
    responses((status = 201, body = InvitationShown), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn invite(
    State(site): State<Site>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    caller: Caller,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, Json<InvitationShown>), Problem> {
    let area = scope::area(&caller, Action::ManageDevices, Some(&new.area_code), "area_code")?;
    let worker_name = worker_named(&new.worker_name)?;
    if Role::from_name(&new.role) != Some(Role::GridWorker) {
        return Err(Problem::field(
            "role",
            "role",
            "手机只能给网格员用（grid_worker）",
            "a phone is for a grid_worker only",
        ));
    }
    let url = origin(&headers, is_local(peer.as_ref()))?;
    let acts_as = passed_on(&site, &caller, new.acts_as, area).await?;
    let (code, hash) = new_token()?;
    let now = now();
    let ends_at = new.ends_on.as_deref().map(|day| end_of_deployment(day, now)).transpose()?;
    let invitation = Invitation {
        worker: new_actor(now)?,
        worker_name,
        area: caller.book.areas.code(area).to_owned(),
        role: Role::GridWorker as u64,
        inviter: caller.actor(),
        expires_at: now + INVITATION_LIMIT,
        ends_at,
        acts_as,
    };
    let (worker, expires_at) = (invitation.worker, instant(invitation.expires_at));
    let control = Arc::clone(&site.control);
    site.territory.read(move |_| Ok(control.invite(&hash, &invitation, now)?)).await?;
    let url = format!("{url}/phone/#/enrol/{code}");
    let qr_svg = qr_svg(&url)?;
    Ok((StatusCode::CREATED, Json(InvitationShown { invitation: code, worker, url, qr_svg, expires_at })))
}

#[derive(Serialize, ToSchema)]
struct Invitations {
    /// The newest first; 200 at most. One is forgotten thirty days after its end.
    invitations: Vec<InvitationRow>,
}

/// An invitation of a phone, without its code.
#[derive(Serialize, ToSchema)]
struct InvitationRow {
    /// Who the phone's worker is, or would have been.
    #[schema(value_type = String, format = "uuid")]
    worker: ActorId,
    worker_name: String,
    area_code: String,
    area_name: String,
    /// Who invited; none where she has no account any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    invited_by: Option<String>,
    #[schema(format = DateTime)]
    invited_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    /// `open`, `used`, `expired` or `withdrawn`
    standing: &'static str,
    /// When it was used or taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// The invitations of phones in an area: who invited whom, and what became of it.
#[utoipa::path(
    get, path = "/v1/devices/invitations", tag = "devices", params(DevicesQuery),
    responses((status = 200, body = Invitations), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn invitations(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<DevicesQuery>,
) -> Result<Json<Invitations>, Problem> {
    let area = scope::area(&caller, Action::ManageDevices, query.area.as_deref(), "area")?;
    let control = Arc::clone(&site.control);
    let now = now();
    let invitations = site
        .territory
        .read(move |reader| {
            let areas = &reader.book().areas;
            let within = areas.subtree(area).into_iter().map(|number| areas.code(number)).collect();
            let mut rows = Vec::new();
            for known in control.invitations(&within, INVITATIONS)? {
                let KnownInvitation { invitation, used_at, withdrawn_at } = known;
                let standing = match (used_at, withdrawn_at) {
                    (Some(_), _) => "used",
                    (None, Some(_)) => "withdrawn",
                    (None, None) if now >= invitation.expires_at => "expired",
                    (None, None) => "open",
                };
                let name = areas.number(&invitation.area).and_then(|number| areas.get(number));
                rows.push(InvitationRow {
                    worker: invitation.worker,
                    worker_name: invitation.worker_name,
                    area_name: name.map(|area| area.name.clone()).unwrap_or_default(),
                    area_code: invitation.area,
                    invited_by: control.account(invitation.inviter)?.map(|account| account.name),
                    invited_at: instant(invitation.expires_at - INVITATION_LIMIT),
                    expires_at: instant(invitation.expires_at),
                    standing,
                    ended_at: used_at.or(withdrawn_at).map(instant),
                });
            }
            Ok(rows)
        })
        .await?;
    Ok(Json(Invitations { invitations }))
}

/// Take an invitation back that nobody has used: its picture enrols no phone any more.
#[utoipa::path(
    delete, path = "/v1/devices/invitations/{worker}", tag = "devices",
    params(("worker" = String, Path, format = "uuid")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`invitation_used`: the phone is enrolled, and can be revoked")
    )
)]
async fn withdraw(
    State(site): State<Site>,
    caller: Caller,
    Path(worker): Path<ActorId>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::ManageDevices, Scope::Own)?;
    let control = Arc::clone(&site.control);
    let now = now();
    let taken = site
        .territory
        .read(move |reader| {
            let areas = &reader.book().areas;
            let known = control.invitation_of(worker)?.filter(|known| {
                let area = areas.number(&known.invitation.area);
                area.is_some_and(|area| caller.may(Action::ManageDevices, Scope::Area(area)).is_ok())
            });
            let Some(known) = known else { return Ok(None) };
            Ok(Some(known.withdrawn_at.is_some() || control.withdraw_invitation(worker, now)?))
        })
        .await?;
    match taken {
        Some(true) => Ok(StatusCode::NO_CONTENT),
        Some(false) => Err(Problem::conflict(
            "invitation_used",
            "这张二维码已经用过，收不回来",
            "this invitation has been used and cannot be taken back",
        )
        .remedy("请在手机列表里停用那台手机", "revoke that phone in the list of phones")),
        None => Err(Problem::not_found("unknown_invitation", "没有这个邀请", "there is no such invitation")),
    }
}

fn end_of_deployment(day: &str, now: Millis) -> Result<Millis, Problem> {
    let last = parse_date(day).ok().map(|date| end_of(to_day(date)));
    last.filter(|end| *end >= now).ok_or_else(|| {
        Problem::field(
            "ends_on",
            "date",
            "任务的最后一天要写成 2026-12-31 的样子，而且不早于今天",
            "the last day of the deployment must read like 2026-12-31 and not be over yet",
        )
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Enrol {
    invitation: String,
    /// Chosen by the phone.
    #[schema(value_type = String, format = "uuid")]
    series: SeriesId,
    /// Ed25519; the other half never leaves the phone.
    public_key: Base64Of<32>,
}

#[derive(Serialize, ToSchema)]
struct Enrolled {
    /// Shown once; it goes into `Authorization: Device <series>:<token>`.
    token: String,
    #[schema(value_type = String, format = "uuid")]
    actor: Id,
    worker_name: String,
    /// The territory's short name, as in the origin of its checkpoints.
    territory: String,
    area: NamedArea,
    /// The open sweeps that touch the area.
    #[schema(value_type = Vec<String>)]
    sweeps: Vec<SweepId>,
    campaign: Campaign,
    checkpoint_key: Base64Of<32>,
    /// The X25519 key to which the phone encrypts the keys of what it records.
    recovery_key: Base64Of<32>,
    /// When the deployment ends, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ends_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct NamedArea {
    code: String,
    name: String,
}

fn refused(invited: &Invited) -> Problem {
    let again = ("请找社区再要一张二维码", "ask the community for another code");
    match invited {
        Invited::Used => {
            Problem::conflict("invitation_used", "这张二维码已经用过", "this invitation has been used")
        }
        Invited::Withdrawn => Problem::conflict(
            "invitation_withdrawn",
            "这张二维码已被社区收回",
            "this invitation was taken back",
        ),
        Invited::Expired => {
            Problem::conflict("invitation_expired", "这张二维码已经过期", "this invitation is too old")
        }
        _ => Problem::not_found("unknown_invitation", "没有这张二维码", "there is no such invitation"),
    }
    .remedy(again.0, again.1)
}

fn series_taken() -> Problem {
    Problem::conflict("series_taken", "这台手机已经绑定过", "this series is enrolled already")
        .remedy("请在手机上重新开始绑定", "start the enrolment again on the phone")
}

/// A phone enrols itself with an invitation. The only thing that strangers may ask for besides signing in.
#[utoipa::path(
    post, path = "/v1/devices", tag = "devices", request_body = Enrol, security(()),
    responses(
        (status = 201, body = Enrolled), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`invitation_used`, `invitation_expired`, `invitation_withdrawn`, `invitation_void`, `series_taken`")
    )
)]
async fn enrol(
    State(site): State<Site>,
    Json(enrol): Json<Enrol>,
) -> Result<(StatusCode, Json<Enrolled>), Problem> {
    let (series, public_key) = (enrol.series, enrol.public_key.0);
    if ledger::series::check_public_key(&public_key).is_err() {
        return Err(Problem::field(
            "public_key",
            "public_key",
            "公钥不是可用的 Ed25519 公钥",
            "the public key is not a usable Ed25519 key",
        ));
    }
    let code = token_hash(&enrol.invitation);
    let control = Arc::clone(&site.control);
    let taken = site
        .territory
        .read(move |reader| {
            if reader.state().device(series)?.is_some() {
                return Ok(None);
            }
            let invited = control.take_invitation(&code, now())?;
            // Whoever invited must still be allowed to.
            let stands = match &invited {
                Invited::Taken(invitation) => {
                    let grant = reader.state().grant(invitation.inviter)?;
                    let areas = &reader.book().areas;
                    let area = areas.number(&invitation.area);
                    let stands = grant.zip(area).filter(|(grant, area)| {
                        decide(areas, *grant, Action::ManageDevices, Scope::Area(*area)).is_ok()
                    });
                    match stands {
                        Some((grant, area)) => {
                            let inviter = Actor { id: invitation.inviter, grant };
                            let refused = not_hers_to_pass_on(reader, inviter, &invitation.acts_as, area)?;
                            stands.filter(|_| refused.is_none())
                        }
                        None => None,
                    }
                }
                _ => None,
            };
            Ok(Some((invited, stands.map(|(_, area)| area))))
        })
        .await?;
    let Some((invited, area)) = taken else { return Err(series_taken()) };
    let Invited::Taken(invitation) = invited else { return Err(refused(&invited)) };
    let Some(area) = area else {
        return Err(Problem::conflict(
            "invitation_void",
            "邀请人已经没有这个权限，二维码作废",
            "whoever made this invitation may not invite any more",
        )
        .remedy("请找社区再要一张二维码", "ask the community for another code"));
    };
    let body = Body::DeviceEnrolled {
        series,
        public_key,
        worker: invitation.worker,
        role: invitation.role,
        area: invitation.area.clone(),
    };
    let (inviter, ends_at) = (invitation.inviter, invitation.ends_at);
    let appointed = appointments(invitation.worker, &invitation.acts_as, &invitation.area);
    let written = site
        .territory
        .write(move |store, now| {
            if store.state().device(series)?.is_some() {
                return Err(Failure::new(
                    "series_taken",
                    "这台手机已经绑定过",
                    "this series is enrolled already",
                ));
            }
            Ok(store.write(now, |batch| {
                batch.append(inviter, body, None)?;
                if let Some(ends_at) = ends_at {
                    batch.append(inviter, Body::DeviceTerm { series, ends_at }, None)?;
                }
                for body in appointed {
                    batch.append(inviter, body, None)?;
                }
                Ok(())
            })?)
        })
        .await;
    let control = Arc::clone(&site.control);
    if let Err(failure) = written {
        site.territory.read(move |_| Ok(control.return_invitation(&code)?)).await?;
        return Err(if failure.code == "series_taken" { series_taken() } else { failure.into() });
    }
    let (token, hash) = new_token()?;
    let phone =
        Phone { worker: invitation.worker, worker_name: invitation.worker_name.clone(), seen_at: now() };
    site.territory.read(move |_| Ok(control.add_phone(series, &hash, &phone)?)).await?;
    let book = site.territory.book();
    site.fleet.enrolled(&book, series, area, invitation.ends_at);
    let touches = |sweep: &&domain::state::Sweep| {
        sweep.closed_at.is_none()
            && (book.areas.is_within(area, sweep.area) || book.areas.is_within(sweep.area, area))
    };
    Ok((
        StatusCode::CREATED,
        Json(Enrolled {
            token,
            actor: invitation.worker,
            worker_name: invitation.worker_name,
            territory: book.territory.clone(),
            area: NamedArea {
                name: book.areas.get(area).map(|area| area.name.clone()).unwrap_or_default(),
                code: invitation.area,
            },
            sweeps: book.sweeps.iter().filter(touches).map(|sweep| sweep.id).collect(),
            campaign: Campaign::own(),
            checkpoint_key: Base64Of(book.checkpoint_key),
            recovery_key: Base64Of(site.territory.recovery().public()),
            ends_at: invitation.ends_at.map(instant),
        }),
    ))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DevicesQuery {
    /// The caller's own unless given.
    area: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Devices {
    devices: Vec<Device>,
}

#[derive(Serialize, ToSchema)]
struct Device {
    #[schema(value_type = String, format = "uuid")]
    series: SeriesId,
    /// Empty if the accounts' file was restored from before the enrolment. Absent for whoever does not manage phones.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_name: Option<String>,
    area_code: String,
    area_name: String,
    role: &'static str,
    /// In what roles of programmes its worker acts besides. Absent for whoever does not manage phones.
    #[serde(skip_serializing_if = "Option::is_none")]
    acts_as: Option<Vec<Named>>,
    /// It is no phone of ours but a user of an ODK client, for whom the server signs.
    odk: bool,
    #[schema(format = DateTime)]
    enrolled_at: String,
    /// When it last sent something, or asked for something (to ten minutes); for a street only the former.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_seen_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// The end of its worker's deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ends_at: Option<String>,
    /// How many facts came from it.
    facts: u64,
    /// How many of them wait for a decision.
    quarantined: u64,
}

/// The phones of an area; for a street those in use from which nothing came for twelve hours, and not whose they are.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", params(DevicesQuery),
    responses((status = 200, body = Devices), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn devices(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<DevicesQuery>,
) -> Result<Json<Devices>, Problem> {
    let area = scope::area(&caller, Action::ReadDevices, query.area.as_deref(), "area")?;
    let control = Arc::clone(&site.control);
    let manages = caller.may(Action::ManageDevices, Scope::Area(area)).is_ok();
    let now = now();
    let silent_since = now - SILENT;
    let devices = site
        .territory
        .read(move |reader| {
            let mut devices = Vec::new();
            let own = reader.server_key()?;
            for row in reader.phones(area)? {
                let is_over =
                    row.device.revoked_at.is_some() || row.device.ends_at.is_some_and(|end| end <= now);
                let silent = !is_over && row.pushed_at.is_none_or(|at| at < silent_since);
                if !manages && !silent {
                    continue;
                }
                let phone = control.phone(row.series)?;
                let acts_as = manages.then(|| roles_named(reader, row.device.worker)).transpose()?;
                let area = reader.book().areas.get(row.device.area);
                devices.push(Device {
                    series: row.series,
                    worker_name: manages
                        .then(|| phone.as_ref().map(|phone| phone.worker_name.clone()).unwrap_or_default()),
                    area_code: area.map(|area| area.code.clone()).unwrap_or_default(),
                    area_name: area.map(|area| area.name.clone()).unwrap_or_default(),
                    role: Role::from_code(row.device.role).map_or("", Role::as_str),
                    acts_as,
                    odk: row.device.public_key == own,
                    enrolled_at: instant(row.device.enrolled_at),
                    // That it asks for something is no report of what was seen.
                    last_seen_at: phone
                        .map(|phone| phone.seen_at)
                        .filter(|_| manages)
                        .max(row.pushed_at)
                        .map(instant),
                    revoked_at: row.device.revoked_at.map(instant),
                    ends_at: row.device.ends_at.map(instant),
                    facts: row.facts,
                    quarantined: row.quarantined,
                });
            }
            Ok(devices)
        })
        .await?;
    Ok(Json(Devices { devices }))
}

/// The roles of programmes to which someone was appointed, by their names.
fn roles_named(reader: &mut Reader, who: ActorId) -> crate::app::failure::Result<Vec<Named>> {
    let mut named = Vec::new();
    for RoleIn { programme, role, .. } in reader.appointments(who)? {
        let newest = reader.book().editions.iter().rfind(|edition| edition.programme == programme);
        let read = match newest.map(|edition| edition.version.clone()) {
            Some(version) => if_readable(reader.programme(&programme, &version))?,
            None => None,
        };
        named.push(read.map_or_else(|| Named::of(&role, None), |read| role_of(&read, &role)));
    }
    Ok(named)
}

/// Revoke a phone: it wipes itself when it next asks, and what it still sends waits for a decision. A phone may say so of
/// itself, before its owner clears it.
#[utoipa::path(
    delete, path = "/v1/devices/{series}", tag = "devices", params(("series" = String, Path, format = "uuid")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn revoke(
    State(site): State<Site>,
    caller: Caller,
    Path(series): Path<SeriesId>,
) -> Result<StatusCode, Problem> {
    let itself = matches!(caller.who, Who::Phone { series: own, .. } if own == series);
    if !itself {
        caller.may(Action::ManageDevices, Scope::Own)?;
    }
    let actor = caller.actor();
    let found = site
        .territory
        .write(move |store, now| {
            let Some(device) = store.state().device(series)? else { return Ok(false) };
            if !itself && caller.may(Action::ManageDevices, Scope::Area(device.area)).is_err() {
                return Ok(false);
            }
            if device.revoked_at.is_none() {
                store.write(now, |batch| batch.append(actor, Body::DeviceRevoked { series }, None))?;
            }
            Ok(true)
        })
        .await?;
    if !found {
        return Err(Problem::not_found("unknown_device", "没有这台手机", "there is no such phone"));
    }
    site.fleet.revoked(&site.territory.book(), series);
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a phone may still read. A locked phone has no token at hand, so whoever knows its series may ask; it wipes
/// itself when it may not.
#[utoipa::path(
    get, path = "/v1/devices/{series}/standing", tag = "devices", params(("series" = String, Path, format = "uuid")),
    security(()),
    responses(
        (status = 204), (status = 404, body = Problem),
        (status = 403, body = Problem, description = "`device_revoked`, `device_ended`")
    )
)]
async fn standing(State(site): State<Site>, Path(series): Path<SeriesId>) -> Result<StatusCode, Problem> {
    let device = site.territory.read_for_push(move |reader| Ok(reader.state().device(series)?)).await?;
    let device = device
        .ok_or_else(|| Problem::not_found("unknown_device", "没有这台手机", "there is no such phone"))?;
    Standing::of(&device, now()).require_good()?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_sent_to_the_address_that_the_console_was_opened_at() {
        let at = |pairs: &[(header::HeaderName, &'static str)], local| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(name.clone(), header::HeaderValue::from_static(value));
            }
            origin(&headers, local).map_err(|problem| problem.code().to_owned())
        };
        let host = [(header::HOST, "wanjia.example:8443")];
        assert_eq!(at(&host, false).unwrap(), "https://wanjia.example:8443");
        assert_eq!(at(&host, true).unwrap(), "http://wanjia.example:8443");
        let same = (header::ORIGIN, "http://wanjia.example:8443");
        assert_eq!(at(&[host[0].clone(), same], false).unwrap(), "http://wanjia.example:8443");
        let other = (header::ORIGIN, "http://elsewhere.example");
        assert_eq!(at(&[host[0].clone(), other], false).unwrap(), "https://wanjia.example:8443");
        assert_eq!(at(&[(header::HOST, "a/b")], false).unwrap_err(), "host");
        assert_eq!(at(&[], true).unwrap_err(), "host");
    }
}
