//! Signing in and out at the console.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::access::Role;
use domain::id::{ActorId, Id};
use domain::state::State as _;
use serde::{Deserialize, Serialize};
use store::control::SESSION_LIMIT;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, SESSION_COOKIE, Who, require_console_header, session_token, token_hash};
use super::problem::Problem;
use super::wire::Campaign;
use crate::app::accounts::{SignIn, sign_in};
use crate::cli::now;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(open, show, close))
}

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Whether the request came from this very machine.
pub fn is_local(peer: Option<&Extension<Peer>>) -> bool {
    peer.is_some_and(|Extension(Peer(address))| address.ip().to_canonical().is_loopback())
}

/// Whether the page was opened without encryption, on this very machine. A proxy here that encrypts for others has pages
/// that say so.
fn is_plain(peer: Option<&Extension<Peer>>, headers: &HeaderMap) -> bool {
    let encrypted =
        headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    is_local(peer) && !encrypted
}

/// By what failures are counted: an address, and of the sixth version its network, since one machine has all of it. Of a
/// proxy on this machine, the address that it was called from.
pub(super) fn counted_as(peer: Option<&Extension<Peer>>, headers: &HeaderMap) -> String {
    let mut address = peer.map(|Extension(Peer(address))| address.ip().to_canonical());
    if is_local(peer) {
        // The proxy adds at the end; what stands before it is what its caller says.
        let forwarded =
            headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let last = forwarded
            .and_then(|list| list.rsplit(',').next())
            .and_then(|last| last.trim().parse::<IpAddr>().ok());
        address = last.map(|last| last.to_canonical()).or(address);
    }
    match address {
        None => String::new(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
    /// The six digits that the authenticator shows; each is used once.
    code: String,
}

#[derive(Serialize, ToSchema)]
struct Session {
    account: Account,
    campaign: Campaign,
}

#[derive(Serialize, ToSchema)]
struct Account {
    #[schema(value_type = String, format = "uuid")]
    id: Id,
    /// How she is called.
    name: String,
    role: &'static str,
    area_code: String,
    area_name: String,
}

fn wrong() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "sign_in",
        "用户名、密码或动态码不对；动态码只能用一次，请等下一个",
        "the user name, the password or the code is wrong; a code is used once, wait for the next",
    )
}

fn cookie(token: &str, seconds: i64, local: bool) -> AppendHeaders<[(header::HeaderName, String); 1]> {
    let secure = if local { "" } else { "; Secure" };
    AppendHeaders([(
        header::SET_COOKIE,
        format!("{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"),
    )])
}

/// Sign in with a user name, a password and the code of the moment.
#[utoipa::path(
    post, path = "/v1/session", tag = "session", request_body = Credentials, security(()),
    responses(
        (status = 200, body = Session, description = "with the cookie `wanjia_session`"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem, description = "five failures of a name, or fifty of an address, within 15 minutes; see Retry-After")
    )
)]
async fn open(
    State(site): State<Site>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Problem> {
    require_console_header(&headers)?;
    // Hashing a password takes memory and a core, and strangers may ask for it.
    let permit = site.sign_ins.clone().acquire_owned().await.map_err(|_| Problem::internal())?;
    let (control, address) = (Arc::clone(&site.control), counted_as(peer.as_ref(), &headers));
    let outcome = site
        .territory
        .read(move |reader| {
            let _permit = permit;
            let Credentials { username, password, code } = &credentials;
            let may_enter = |account: ActorId| Ok(reader.state().grant(account)?.is_some());
            sign_in(&control, (username, password, code), &address, may_enter, now())
        })
        .await?;
    match outcome {
        SignIn::Wrong => Err(wrong()),
        SignIn::Wait(seconds) => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_sign_ins",
            format!("失败次数太多；请 {} 分钟后再试", seconds.div_ceil(60)),
            format!("too many failures; try again in {} minutes", seconds.div_ceil(60)),
        )
        .retry_after(seconds)),
        SignIn::Done { token, account } => {
            let (name, id) = (account.name, account.id);
            let grant = site.territory.read(move |reader| Ok(reader.state().grant(id)?)).await?;
            let book = site.territory.book();
            let grant = grant.ok_or_else(wrong)?;
            let account = told(id, name, grant.role, grant.area, &book).ok_or_else(wrong)?;
            let cookie = cookie(&token, SESSION_LIMIT / 1000, is_plain(peer.as_ref(), &headers));
            Ok((cookie, Json(Session { account, campaign: Campaign::own() })).into_response())
        }
    }
}

fn told(id: Id, name: String, role: u64, area: u32, book: &domain::state::Book) -> Option<Account> {
    let area = book.areas.get(area)?;
    let role = Role::from_code(role)?.as_str();
    Some(Account { id, name, role, area_code: area.code.clone(), area_name: area.name.clone() })
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/v1/session", tag = "session",
    responses((status = 200, body = Session), (status = 401, body = Problem), (status = 403, body = Problem))
)]
async fn show(State(site): State<Site>, caller: Caller) -> Result<Json<Session>, Problem> {
    let Who::Console { account: id } = caller.who else { return Err(Problem::forbidden()) };
    let control = Arc::clone(&site.control);
    let known = site.territory.read(move |_| Ok(control.account(id)?)).await?.ok_or_else(Problem::nobody)?;
    let account = told(id, known.name, caller.grant.role, caller.grant.area, &caller.book);
    Ok(Json(Session { account: account.ok_or_else(Problem::nobody)?, campaign: Campaign::own() }))
}

/// Sign out.
#[utoipa::path(
    delete, path = "/v1/session", tag = "session",
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem))
)]
async fn close(
    State(site): State<Site>,
    peer: Option<Extension<Peer>>,
    caller: Caller,
    parts: Parts,
) -> Result<Response, Problem> {
    let Who::Console { .. } = caller.who else { return Err(Problem::forbidden()) };
    let token = session_token(&parts).ok_or_else(Problem::nobody)?;
    let control = Arc::clone(&site.control);
    site.territory.read(move |_| Ok(control.close_session(&token_hash(&token))?)).await?;
    Ok((StatusCode::NO_CONTENT, cookie("", 0, is_plain(peer.as_ref(), &parts.headers))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Option<Extension<Peer>> {
        Some(Extension(Peer(address.parse().unwrap())))
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_other_sites_and_plain_connections() {
        let text = |local| cookie("T", 60, local).0[0].1.clone();
        assert_eq!(text(false), "wanjia_session=T; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
        assert_eq!(text(true), "wanjia_session=T; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
    }

    #[test]
    fn only_this_machine_is_local_and_a_network_of_addresses_counts_as_one() {
        assert!(is_local(peer("127.0.0.1:9").as_ref()) && is_local(peer("[::ffff:127.0.0.1]:9").as_ref()));
        assert!(is_local(peer("[::1]:9").as_ref()));
        assert!(!is_local(None) && !is_local(peer("192.0.2.1:9").as_ref()));
        let none = HeaderMap::new();
        let counted = |address, headers: &HeaderMap| counted_as(peer(address).as_ref(), headers);
        assert_eq!(counted("[2001:db8::1]:9", &none), counted("[2001:db8::2]:7", &none));
        assert_ne!(counted("192.0.2.1:9", &none), counted("192.0.2.2:9", &none));

        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.7".parse().unwrap());
        assert_eq!(counted("127.0.0.1:9", &headers), "198.51.100.7", "a proxy on this machine is believed");
        assert_eq!(counted("192.0.2.1:9", &headers), "192.0.2.1", "a stranger is not");
    }

    #[test]
    fn a_page_behind_an_encrypting_proxy_gets_a_cookie_for_encrypted_connections() {
        let mut headers = HeaderMap::new();
        assert!(is_plain(peer("127.0.0.1:9").as_ref(), &headers));
        assert!(!is_plain(peer("192.0.2.1:9").as_ref(), &headers));
        headers.insert(header::ORIGIN, "https://wanjia.example".parse().unwrap());
        assert!(!is_plain(peer("127.0.0.1:9").as_ref(), &headers));
    }
}
