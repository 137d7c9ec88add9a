//! The door for ODK Collect, KoboCollect and Enketo: OpenRosa 1.0 under `/openrosa/key/<token>`, or under `/openrosa` for
//! clients that sign in with the token as their password. What holds and what does not is docs/openrosa.md.
//!
//! | file | holds |
//! | --- | --- |
//! | `reply` | envelopes, and the headers of every answer |
//! | `user` | who asks |
//! | `list` | the list of forms, a form, its manifest, what lies beside it |
//! | `media` | the lists of doors and people that forms choose from |
//! | `submission` | filled-in forms |
//! | `picture` | a picture without what its camera wrote beside it |

use std::borrow::Cow;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, any, get};

use crate::http::Site;

pub mod list;
pub mod media;
pub mod picture;
pub mod reply;
pub mod submission;
pub mod user;

/// The most bytes of one POST.
pub const ACCEPTED_LENGTH: usize = 10_000_000;

const KEY: &str = "/openrosa/key/";

pub fn routes() -> Router<Site> {
    let endpoints = || {
        Router::new()
            .route("/formList", reading(get(list::forms)))
            .route("/formList/", reading(get(list::forms)))
            .route("/forms/{form}/{version}", reading(get(list::form)))
            .route("/forms/{form}/{version}/manifest", reading(get(list::manifest)))
            .route("/forms/{form}/{version}/files/{name}", reading(get(list::beside_form)))
            .route("/media/{name}", reading(get(media::media)))
            .route("/submission", submissions())
            .route("/submission/", submissions())
            .route("/", any(reply::no_such_address))
            .route("/{*rest}", any(reply::no_such_address))
            .layer(DefaultBodyLimit::max(ACCEPTED_LENGTH))
            .layer(from_fn(reply::speak))
    };
    Router::new().nest("/openrosa", endpoints()).nest("/openrosa/key/{token}", endpoints())
}

/// Whatever else is asked of an address is answered in words too.
fn reading(methods: MethodRouter<Site>) -> MethodRouter<Site> {
    methods.fallback(reply::only_for_reading)
}

fn submissions() -> MethodRouter<Site> {
    any(submission::not_for_reading).head(submission::may_submit).post(submission::submit)
}

/// A path without the token that it may hold: for the log.
#[must_use]
pub fn unkeyed(path: &str) -> Cow<'_, str> {
    match path.strip_prefix(KEY) {
        Some(rest) => {
            let rest = rest.split_once('/').map_or("", |(_, rest)| rest);
            format!("{KEY}…/{rest}").into()
        }
        None => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_reaches_the_log() {
        assert_eq!(unkeyed("/openrosa/key/secret/formList"), "/openrosa/key/…/formList");
        assert_eq!(unkeyed("/openrosa/key/secret"), "/openrosa/key/…/");
        assert_eq!(unkeyed("/openrosa/formList"), "/openrosa/formList");
        assert_eq!(unkeyed("/v1/pull"), "/v1/pull");
    }
}
