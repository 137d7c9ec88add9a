//! The lists that forms choose from. Whoever is in the list of people that is sent has been read, and that is a fact.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Purpose;
use domain::fact::Body;
use domain::id::PersonId;
use serde::Deserialize;

use super::reply::Said;
use super::user::User;
use crate::app::odk;
use crate::http::Site;

pub const DOORS: &str = "doors.csv";
pub const PEOPLE: &str = "people.csv";

/// A list, and who is named in it.
pub async fn file(site: &Site, user: &User, name: &str) -> Result<(Vec<u8>, Vec<PersonId>), Said> {
    let (area, role, people) = (user.grant.area, user.grant.role, name == PEOPLE);
    Ok(site
        .territory
        .read(move |reader| match people {
            true => odk::people_csv(reader, area, role),
            false => Ok((odk::doors_csv(reader, area)?, Vec::new())),
        })
        .await?)
}

pub fn no_file() -> Said {
    Said::new(StatusCode::NOT_FOUND, "没有这个附件", "there is no such file")
}

#[derive(Deserialize)]
pub struct Named {
    name: String,
}

pub async fn media(State(site): State<Site>, user: User, Path(named): Path<Named>) -> Result<Response, Said> {
    user.may_read()?;
    if ![DOORS, PEOPLE].contains(&named.name.as_str()) {
        return Err(no_file());
    }
    let (bytes, people) = file(&site, &user, &named.name).await?;
    let worker = user.worker;
    if !people.is_empty() {
        site.territory
            .write(move |store, now| {
                Ok(store.write(now, |batch| {
                    for person in people {
                        let purpose = Purpose::Visit as u64;
                        batch.append(worker, Body::Revealed { person, purpose }, None)?;
                    }
                    Ok(())
                })?)
            })
            .await?;
    }
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response())
}
