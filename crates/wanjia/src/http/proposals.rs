//! Who may be whom: the evidence of a proposed pair, and a person's word that they are two.

use axum::extract::State;
use axum::http::StatusCode;
use domain::access::{Action, Purpose};
use domain::apply;
use domain::fact::Body;
use domain::id::PersonId;
use domain::identity::Identity;
use domain::state::{Labels, Proposal};
use linkage::{Explanation, Raw};
use serde::Serialize;
use store::Reader;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json};
use super::persons::{Link, holds, holds_both};
use super::problem::Problem;
use crate::app::failure::Result as AppResult;
use crate::app::propose::{Who, raw};

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(evidence)).routes(routes!(decline))
}

/// Why one who was seen may be one who is listed. The prior and the weights add up to the total, in bits.
#[derive(Serialize, ToSchema)]
struct Evidence {
    #[schema(value_type = String, format = "uuid")]
    from: PersonId,
    #[schema(value_type = String, format = "uuid")]
    to: PersonId,
    /// How likely they are one, as proposed, other candidates taken into account.
    per_mille: u64,
    prior: f64,
    evidence: Vec<FieldEvidence>,
    total: f64,
    /// The one seen, then the one listed.
    persons: [Side; 2],
}

/// What one field says.
#[derive(Serialize, ToSchema)]
struct FieldEvidence {
    /// `name`, `birth`, `identifier`, `phone`, `sex` or `dwelling`
    field: &'static str,
    field_zh: &'static str,
    field_en: &'static str,
    /// Of the one listed.
    left: String,
    /// Of the one seen.
    right: String,
    agreement_zh: &'static str,
    agreement_en: &'static str,
    /// Above 0 it speaks for one person.
    weight: f64,
    /// The odds, as a power of two, after this field.
    total: f64,
}

/// Where someone is.
#[derive(Serialize, ToSchema)]
struct Side {
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    area_code: String,
    area_name: String,
    building: String,
    unit: String,
    room: String,
}

fn no_proposal() -> Problem {
    Problem::not_found("no_proposal", "这两个人之间没有待定的关联建议", "no proposal of these two waits")
}

fn preparing() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "preparing",
        "正在读取名册，稍后才能给出依据；请过几分钟再试",
        "the lists are still being read; the evidence can be given in a few minutes",
    )
    .retry_after(30)
}

/// The proposal of these two that waits, under the ids that theirs lead to.
fn waiting(reader: &mut Reader, link: Link) -> AppResult<Option<Proposal>> {
    let to = apply::canonical(reader.state(), link.to)?;
    Ok(reader.proposals(link.from)?.into_iter().find(|proposal| proposal.candidate == to))
}

/// Why two may be one person: both side by side, field by field. That both are read is written down first.
#[utoipa::path(
    post, path = "/v1/links/evidence", tag = "persons", request_body = Link,
    responses((status = 200, body = Evidence), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem))
)]
async fn evidence(
    State(site): State<Site>,
    caller: Caller,
    Json(link): Json<Link>,
) -> Result<Json<Evidence>, Problem> {
    let reading = Action::ReadNames(Purpose::Reconcile);
    holds_both(&site, &caller, link).await?;
    let asker = caller.clone();
    let found = site
        .territory
        .read(move |reader| {
            let both = holds(reader, &asker, reading, link.from)? && holds(reader, &asker, reading, link.to)?;
            if both { waiting(reader, link) } else { Ok(None) }
        })
        .await?;
    let proposal = found.ok_or_else(no_proposal)?;
    if site.matching.ask(|_| Ok(()))?.is_none() {
        return Err(preparing());
    }
    let actor = caller.actor();
    site.territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| {
                for person in [proposal.person, proposal.candidate] {
                    let body = Body::Revealed { person, purpose: Purpose::Reconcile as u64 };
                    batch.append(actor, body, None)?;
                }
                Ok(())
            })?)
        })
        .await?;
    let matching = std::sync::Arc::clone(&site.matching);
    let answer = site
        .territory
        .read(move |reader| {
            let seen = Who::seen(reader, proposal.person)?;
            let listed = Who::listed(reader, proposal.candidate)?;
            // One of them may have been erased in between.
            let (Some(seen), Some(listed)) = (seen, listed) else { return Ok(None) };
            let shown = [Shown::of(reader, &listed), Shown::of(reader, &seen)];
            let explained = matching.ask(|matcher| {
                matcher.explain(proposal.candidate, &seen, [&shown[0].raw(), &shown[1].raw()])
            })?;
            let side = |reader: &Reader, person, who: &Who| Side {
                person,
                area_code: reader.book().areas.code(who.area).to_owned(),
                area_name: area_name(reader, who),
                building: who.labels.building.clone(),
                unit: who.labels.unit.clone(),
                room: who.labels.room.clone(),
            };
            let persons = [side(reader, proposal.person, &seen), side(reader, proposal.candidate, &listed)];
            Ok(Some(explained.map(|explained| answer(proposal, explained, persons))))
        })
        .await?;
    Ok(Json(answer.ok_or_else(no_proposal)?.ok_or_else(preparing)?))
}

fn area_name(reader: &Reader, who: &Who) -> String {
    reader.book().areas.get(who.area).map(|area| area.name.clone()).unwrap_or_default()
}

fn answer(proposal: Proposal, explained: Explanation, persons: [Side; 2]) -> Evidence {
    let fields = explained.evidence.into_iter().map(|item| FieldEvidence {
        field: match item.field {
            linkage::Field::Name => "name",
            linkage::Field::Birth => "birth",
            linkage::Field::Identifier => "identifier",
            linkage::Field::Phone => "phone",
            linkage::Field::Sex => "sex",
            linkage::Field::Dwelling => "dwelling",
        },
        field_zh: item.field_zh,
        field_en: item.field_en,
        left: item.left,
        right: item.right,
        agreement_zh: item.agreement_zh,
        agreement_en: item.agreement_en,
        weight: item.weight,
        total: item.total,
    });
    Evidence {
        from: proposal.person,
        to: proposal.candidate,
        per_mille: proposal.per_mille,
        prior: explained.prior,
        evidence: fields.collect(),
        total: explained.total,
        persons,
    }
}

/// What may be seen of someone: of an ID number the last four.
struct Shown {
    identity: Identity,
    /// The area's name: a person reads it, a code she does not.
    area: String,
    labels: Labels,
}

impl Shown {
    fn of(reader: &Reader, who: &Who) -> Self {
        let mut identity = who.identity.clone();
        let characters: Vec<char> = identity.id_number.chars().collect();
        if !characters.is_empty() {
            let last: String = characters.iter().skip(characters.len().saturating_sub(4)).collect();
            identity.id_number = format!("···{last}");
        }
        Self { identity, area: area_name(reader, who), labels: who.labels.clone() }
    }

    fn raw(&self) -> Raw<'_> {
        raw(&self.identity, &self.area, &self.labels)
    }
}

/// Say that two are two people. They are not proposed again until someone links them.
#[utoipa::path(
    post, path = "/v1/links/declined", tag = "persons", request_body = Link,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn decline(
    State(site): State<Site>,
    caller: Caller,
    Json(link): Json<Link>,
) -> Result<StatusCode, Problem> {
    holds_both(&site, &caller, link).await?;
    let proposal = site.territory.read(move |reader| waiting(reader, link)).await?.ok_or_else(no_proposal)?;
    let actor = caller.actor();
    site.territory
        .write(move |store, now| {
            let body = Body::LinkDeclined { from: proposal.person, to: proposal.candidate };
            store.write(now, |batch| batch.append(actor, body, None))?;
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
