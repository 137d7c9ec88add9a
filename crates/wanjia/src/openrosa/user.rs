//! Who asks: a user of an ODK client, by the token in the address or as her password.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Grant;
use domain::id::{ActorId, SeriesId};
use domain::state::State as _;

use super::reply::Said;
use crate::app::accounts::token_hash;
use crate::app::cases::Actor;
use crate::cli::now;
use crate::http::Site;
use crate::http::devices::origin;
use crate::http::session::{Peer, is_local};

#[derive(Clone, Debug)]
pub struct User {
    pub series: SeriesId,
    pub worker: ActorId,
    pub grant: Grant,
    pub revoked: bool,
    /// What the addresses of this user begin with.
    pub base: String,
}

impl User {
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { id: self.worker, grant: self.grant }
    }

    /// # Errors
    /// 403 for one who was revoked: she may hand in what she has, and nothing else.
    pub fn may_read(&self) -> Result<(), Said> {
        if self.revoked {
            return Err(Said::new(
                StatusCode::FORBIDDEN,
                "这个用户已停用；已填好的表仍可提交，由社区决定是否计入",
                "this user has been revoked; forms that are filled in may still be sent, and the community decides",
            ));
        }
        Ok(())
    }
}

fn nobody(by_address: bool) -> Said {
    match by_address {
        true => Said::new(
            StatusCode::FORBIDDEN,
            "这个地址里的口令不对；请找社区重新要一张二维码",
            "the token in this address is unknown; ask the community for another picture to scan",
        ),
        false => Said {
            challenge: true,
            ..Said::new(
                StatusCode::UNAUTHORIZED,
                "请登录：用户名任意，密码是社区给的口令",
                "sign in: any name, and the token that the community gave you as the password",
            )
        },
    }
}

fn password(parts: &Parts) -> Option<String> {
    let (scheme, rest) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let pair = STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    Some(String::from_utf8(pair).ok()?.split_once(':')?.1.to_owned())
}

impl FromRequestParts<Site> for User {
    type Rejection = Said;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Said> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, site).await;
        let key = path.ok().and_then(|Path(mut path)| path.remove("token"));
        let by_address = key.is_some();
        let token = match &key {
            Some(key) => key.clone(),
            None => password(parts).ok_or_else(|| nobody(false))?,
        };
        let control = Arc::clone(&site.control);
        let found = site
            .territory
            .read_for_push(move |reader| {
                let Some(series) = control.series_of_token(&token_hash(&token))? else { return Ok(None) };
                let own = reader.server_key()?;
                let device = reader.state().device(series)?;
                let Some(device) = device.filter(|device| device.public_key == own) else {
                    return Ok(None);
                };
                control.saw_phone(series, now())?;
                Ok(Some((series, device)))
            })
            .await?;
        let (series, device) = found.ok_or_else(|| nobody(by_address))?;
        let peer = parts.extensions.get::<Peer>().copied().map(Extension);
        let origin = origin(&parts.headers, is_local(peer.as_ref())).map_err(|problem| {
            let (zh, en) = problem.detail();
            Said::new(problem.status(), zh, en)
        })?;
        let base = match &key {
            Some(key) => format!("{origin}/openrosa/key/{key}"),
            None => format!("{origin}/openrosa"),
        };
        Ok(Self {
            series,
            worker: device.worker,
            grant: Grant { role: device.role, area: device.area },
            revoked: device.revoked_at.is_some(),
            base,
        })
    }
}
