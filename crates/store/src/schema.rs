//! Tables, migrations and the gate that refuses a schema this program does not know.
//!
//! Migrations are append-only: a released one is never edited. Views are not migrated: their version is
//! [`VIEWS_VERSION`], and a directory with another one rebuilds them from the facts when it is opened for writing.

use rusqlite::Connection;

use crate::error::{Result, StoreError};

/// What the ledger, the vault and the keys look like. Raise it with each migration.
pub const SCHEMA_VERSION: i64 = 5;

/// What the views look like and how facts add up to them. Raise it whenever a rule in `domain::apply` changes.
pub const VIEWS_VERSION: i64 = 40;

/// The ledger of a territory: the only truth.
pub const TERRITORY: &[&str] = &[
    "
create table meta (name text primary key, value) without rowid;
create table series (
    number integer primary key, -- 0 is the territory's own
    id blob not null unique,
    next integer not null,
    hash blob not null,         -- of the newest fact
    signature blob not null     -- over that head, by the device; covers all before it
);
create table facts (
    position integer primary key, -- in the territory's tree
    series integer not null,
    sequence integer not null,
    received_at integer not null, -- milliseconds since 1970
    verdict integer not null,     -- 0 accepted, else domain::admit::Quarantine
    fact blob not null            -- the envelope as the device made it
);
create unique index fact_of_series on facts (series, sequence) where series <> 0 and verdict <> 1;
create table nodes (first integer primary key, hashes blob not null);
create table checkpoints (size integer primary key, note text not null);
",
    "
-- Rows of another length; they are made again from the facts.
delete from nodes;
",
    "
create table pack (
    digest blob primary key, -- SHA-256 of the bytes, as a publication names it
    bytes blob not null
) without rowid;
",
    "
create table submission (
    instance blob primary key, -- keyed hash of an ODK client's instanceID
    content blob not null,     -- keyed hash of what it sent
    position integer not null  -- of the fact that it became
) without rowid;
",
];

/// The tables of a territory's file that are no views.
pub const LEDGER_TABLES: [&str; 7] =
    ["meta", "series", "facts", "nodes", "checkpoints", "pack", "submission"];

/// Ciphertexts, by whose they are. Deleting a row is half of an erasure.
pub const VAULT: &[&str] = &[
    "
create table content (
    owner blob not null,
    position integer not null, -- of the fact that commits to its hash
    ciphertext blob not null,
    primary key (owner, position)
) without rowid;
",
    "
create table meta (name text primary key, value) without rowid;
",
];

/// Wrapped data keys and blind-index tags. Deleting a row is the other half of an erasure.
pub const KEYS: &[&str] = &["
create table meta (name text primary key, value) without rowid;
create table data_key (
    owner blob not null,
    position integer not null, -- opens the owner's content from this position on
    wrapped blob not null,
    primary key (owner, position)
) without rowid;
create table tag (
    tag blob not null,   -- keyed hash of an ID number or a phone
    owner blob not null,
    primary key (tag, owner)
) without rowid;
", "
create table owner_tag (
    owner blob not null,
    tag blob not null,   -- so that a tag is deleted with its owner though nothing of hers can be opened any more
    primary key (owner, tag)
) without rowid;
insert into owner_tag (owner, tag) select owner, tag from tag order by owner, tag;
", "
create table contribution (
    subject blob not null,
    programme text not null,
    kind integer not null,
    dwelling blob not null,
    area integer not null,
    day integer not null,   -- for which it was judged
    parts blob not null,    -- what it adds to each indicator, sealed
    primary key (subject, programme)
) without rowid;
create index contribution_of_area on contribution (area, programme);
-- What they add up to in an area and all within it, in thousandths.
create table indicator_sum (
    programme text not null,
    area integer not null,
    day integer not null,
    indicator text not null,
    numerator integer not null,
    denominator integer not null,
    unknown integer not null,
    middle integer,         -- of a day that is over
    primary key (programme, area, day, indicator)
) without rowid;
-- How many have each value, of the day that is not over.
create table indicator_value (
    programme text not null,
    area integer not null,
    indicator text not null,
    value integer not null,
    subjects integer not null,
    primary key (programme, area, indicator, value)
) without rowid;
", "
-- The newest version of each programme and the one before it, by which everyone is judged on one day.
create table comparison (
    programme text primary key,
    version text not null,
    before text not null,
    day integer not null,
    whole integer not null  -- whether everyone was
) without rowid;
create table changed (
    programme text not null,
    subject blob not null,
    kind integer not null,
    dwelling blob not null,
    area integer not null,
    rules blob not null,    -- whose flags came and went, sealed
    primary key (subject, programme)
) without rowid;
create index changed_of_area on changed (area, programme, subject);
-- How many in an area and all within it.
create table change_sum (
    programme text not null,
    area integer not null,
    rule text not null,
    came integer not null,
    went integer not null,
    primary key (programme, area, rule)
) without rowid;
"];

/// Accounts, sessions, invitations, phones' tokens, the codes of slips: not facts, and no right comes from here.
pub const CONTROL: &[&str] = &["
create table account (
    id blob primary key,
    username text not null unique,
    name blob not null,        -- sealed
    password text not null,    -- Argon2id, as a PHC string
    secret blob not null,      -- of the second factor, sealed
    last_step integer not null,
    created_at integer not null
) without rowid;
create table session (
    token blob primary key,    -- SHA-256, as all tokens and codes below
    account blob not null,
    created_at integer not null,
    seen_at integer not null
) without rowid;
create index session_of_account on session (account);
create table invitation (
    code blob primary key,
    worker blob not null,
    name blob not null,        -- sealed
    area text not null,
    role integer not null,
    inviter blob not null,
    expires_at integer not null,
    used_at integer
) without rowid;
create table phone (
    series blob primary key,
    token blob not null,
    worker blob not null,
    name blob not null,        -- sealed
    seen_at integer not null
) without rowid;
create table failure (subject blob not null, at integer not null); -- a keyed hash of a user name or an address
create index failure_of_subject on failure (subject, at);
", "
create table slip (
    tag blob primary key,      -- keyed hash of the code on the paper
    slip blob not null,
    office_phone text not null
) without rowid;
", "
alter table invitation add column ends_at integer;
", "
create index phone_of_token on phone (token);
", "
create table heading (
    tag blob primary key,      -- keyed hash of a list's headings
    columns text not null
) without rowid;
", "
create index slip_of_id on slip (slip);
", "
alter table invitation add column withdrawn_at integer;
", "
alter table invitation add column acts_as text not null default '';
"];

/// Views: what the facts add up to. Made, emptied and compared table by table; see [`VIEW_TABLES`].
pub const VIEWS: &str = "
create table book (name text primary key, value) without rowid;
create table area (number integer primary key, code text not null, name text not null, level integer not null, parent integer);
create table sweep (number integer primary key, id blob not null, area integer not null, programme text not null,
    opened_at integer not null, deadline integer not null, closed_at integer, withdrawn integer);
create table roster (number integer primary key, id blob not null, source text not null, digest blob not null,
    bytes integer not null, imported_at integer not null);
create table edition (number integer primary key, programme text not null, version text not null, from_day integer not null,
    sunset integer not null, digest blob not null, published_at integer not null);
create table map (number integer primary key, area integer not null, source text not null, digest blob not null,
    shapes integer not null, drawn_at integer not null);
create table subscription (number integer primary key, id blob not null, area integer not null, rows_of integer not null,
    department text not null, name text not null, basis text not null, last_day integer not null, fields text not null,
    kept_at integer not null, kept_by blob not null, position integer not null, approved_at integer, approved_by blob,
    taken_at integer, taken_by blob, taken_rows integer, taken_position integer, takings integer not null,
    ended_at integer, ended_by blob);
create table device (series blob primary key, public_key blob not null, worker blob not null, role integer not null,
    area integer not null, enrolled_at integer not null, revoked_at integer, ends_at integer) without rowid;
create index device_of_area on device (area);
create index device_of_worker on device (worker);
create index device_of_role on device (role, area) where revoked_at is null;
create table access (account blob primary key, role integer not null, area integer not null) without rowid;
create table dwelling (id blob primary key, area integer not null, place integer not null, on_roster integer not null,
    listed integer not null, changed integer not null, building text not null, unit text not null, room text not null,
    walk blob not null) without rowid; -- walk: as domain::door::walking_key
create index dwelling_of_area on dwelling (area, walk, id);
create table door (area integer not null, key text not null, dwelling blob not null, primary key (area, key)) without rowid;
create table departure (area integer not null, dwelling blob not null, position integer not null,
    primary key (area, dwelling)) without rowid;
create table dwelling_alias (id blob primary key, dwelling blob not null) without rowid;
create table person (id blob primary key, dwelling blob, content integer, link blob) without rowid;
create index person_of_dwelling on person (dwelling) where dwelling is not null;
create index person_linked on person (link) where link is not null;
create table proposal (person blob not null, candidate blob not null, per_mille integer not null, model blob not null,
    primary key (person, candidate)) without rowid;
create index proposal_of_candidate on proposal (candidate);
create table two_people (one blob not null, other blob not null, primary key (one, other)) without rowid;
create table plan (id blob primary key, area integer not null, kind integer not null, from_day integer, until_day integer,
    objective integer not null, bound integer not null, open integer not null, parts integer not null,
    publisher blob not null, published_at integer not null, position integer not null, replaced_by blob,
    replaced_at integer, withdrawn_at integer, changed integer not null) without rowid;
create index plan_of_area on plan (area, kind);
create index plan_changed on plan (changed);
create table plan_part (plan blob not null, person blob not null, worker blob, position integer not null,
    primary key (plan, person)) without rowid;
create index plan_part_of_person on plan_part (person);
create index plan_part_of_worker on plan_part (worker) where worker is not null;
create table appointment (who blob not null, programme text not null, role text not null, area integer not null,
    primary key (who, programme, role)) without rowid;
create index appointment_of_role on appointment (programme, role);
create table filled (subject blob not null, position integer not null, subject_kind integer not null,
    dwelling blob not null, at integer not null, programme text not null, version text not null, form text not null, on_day integer not null,
    case_id blob, slip blob, erased_at integer, first_at integer not null, primary key (subject, position)) without rowid;
-- Answers whose place others took, at which position. They may wait in quarantine themselves.
create table filled_replaced (position integer primary key, by_position integer not null);
create index filled_kept on filled (on_day, position) where erased_at is null;
create index filled_for_case on filled (case_id) where case_id is not null;
create index filled_with on filled (slip, on_day) where slip is not null;
-- What people of an area said in forms that a rule about areas of a level looks at, by the day for which they were filled in.
create table area_people (area integer not null, level integer not null, programme text not null, form text not null,
    on_day integer not null, position integer not null, subject blob not null, dwelling blob not null,
    primary key (area, level, programme, form, on_day, position)) without rowid;
create index area_people_at on area_people (dwelling);
create index area_people_of on area_people (subject);
create table attachment (series blob not null, sequence integer not null, number integer not null, owner blob not null,
    position integer, primary key (series, sequence, number)) without rowid;
create index attachment_of_owner on attachment (owner);
create table to_judge (subject blob not null, kind integer not null, with_people integer not null,
    position integer not null, primary key (subject, with_people)) without rowid;
create index to_judge_at on to_judge (position);
create table case_file (id blob primary key, programme text not null, version text not null, pathway text not null,
    subject_kind integer not null, subject blob not null, dwelling blob not null, opened_at integer not null,
    counted_from integer, area integer not null, state text not null, since integer not null, turn integer not null,
    holder blob, offered blob, ended integer not null, waits integer not null, asked blob,
    received integer) without rowid;
create index case_of_subject on case_file (subject, programme, pathway);
create index case_at_dwelling on case_file (dwelling);
create index case_open_in on case_file (programme, area, pathway) where ended = 0;
create index case_ended_in on case_file (programme, area, since, id) where ended = 1;
create index case_offered_to on case_file (offered) where offered is not null and ended = 0;
-- The places to which a case was sent since whom it is about moves there; no area is outside the territory.
create table passage (case_id blob not null, number integer not null, from_area integer not null, to_area integer,
    sent_by blob not null, sent_at integer not null, answer integer, answered_by blob, answered_at integer,
    open integer not null, primary key (case_id, number)) without rowid;
create index passage_to on passage (to_area) where open = 1;
create index passage_from on passage (from_area, answered_at) where answer = 0;
create table case_alias (id blob primary key, case_id blob not null) without rowid;
create index alias_of_case on case_alias (case_id);
create table case_report (case_id blob not null, position integer not null, at integer not null, source integer not null,
    rule text, actor blob not null, named blob not null, dwelling blob not null, counted_from integer,
    primary key (case_id, position)) without rowid;
create table case_event (case_id blob not null, series blob not null, sequence integer not null, at integer not null,
    actor blob not null, role text not null, turn integer not null, deed integer not null, step text, to_whom blob,
    counted_from integer, position integer not null, named blob not null,
    primary key (case_id, series, sequence)) without rowid;
create table due (case_id blob not null, task text not null, rank integer not null, programme text not null,
    role text not null, area integer not null, since integer not null, remind_at integer not null, due integer not null,
    tell_at integer not null, told integer not null, primary key (case_id, task, rank)) without rowid;
create index due_to_tell on due (tell_at) where told = 0;
-- Whose list a task stands in, in its own area (below 0) and in each above it (below 1); owner: whose it is, if another's.
create table due_list (programme text not null, role text not null, area integer not null, below integer not null,
    rank integer not null, owner text not null, at integer not null, case_id blob not null, task text not null,
    primary key (programme, role, area, below, rank, owner, at, case_id, task)) without rowid;
create table climbed (case_id blob not null, task text not null, role text not null, due integer not null,
    at integer not null, named blob not null, primary key (case_id, task, role, due)) without rowid;
create table hand_over (id blob primary key, sweep integer not null, area integer not null, giver blob not null,
    taker blob not null, offered_at integer not null, answer integer, answered_at integer, changed integer not null) without rowid;
create index hand_over_of_area on hand_over (area);
create index hand_over_changed on hand_over (changed);
create table hand_over_door (hand_over blob not null, dwelling blob not null, primary key (hand_over, dwelling)) without rowid;
create table lesson (id blob primary key, programme text not null, pathway text not null, rule text, at integer not null,
    position integer not null, series blob not null, sequence integer not null) without rowid;
create index lesson_of on lesson (programme, pathway, position);
create table slip (id blob primary key, dwelling blob not null, issued_at integer not null, expires_at integer not null,
    revoked_at integer) without rowid;
create index slip_of_dwelling on slip (dwelling);
create table said (id blob primary key, slip blob not null, dwelling blob not null, what integer not null, about blob,
    said_at integer not null, taken_on integer, decision integer, decided_at integer, reason integer,
    kept blob, reopened integer) without rowid;
create index said_of_slip on said (slip);
create index said_of_dwelling on said (dwelling);
create index said_waiting on said (said_at) where decision is null;
create index said_decided on said (decided_at) where decision is not null;
create table reading (person blob not null, position integer not null, at integer not null, actor blob not null,
    purpose integer not null, primary key (person, position)) without rowid;
create table list_reading (area integer not null, position integer not null, at integer not null, actor blob not null,
    purpose integer not null, primary key (area, position)) without rowid;
create table roster_row (person blob not null, roster integer not null, row integer not null,
    primary key (person, roster, row)) without rowid;
create table erased (person blob primary key, position integer not null) without rowid;
create table notes_erased (dwelling blob primary key, position integer not null, at integer not null) without rowid;
create table answers_erased (content integer primary key, owner blob not null, position integer not null) without rowid;
create index answers_erased_at on answers_erased (position);
create table round (sweep integer not null, dwelling blob not null, at integer, series blob, sequence integer,
    outcome integer, light integer, evidence integer, recheck_on integer, visits integer not null, signed integer not null,
    here integer not null, elsewhere integer not null, unlisted integer not null, recorded integer not null,
    changed integer not null,
    -- Of the newest visit that reached someone, where that is not the newest one.
    found_at integer, found_series blob, found_sequence integer, found_outcome integer,
    primary key (sweep, dwelling)) without rowid;
create table earlier_visit (sweep integer not null, dwelling blob not null, at integer not null, series blob not null,
    sequence integer not null, outcome integer not null, light integer not null, evidence integer not null,
    recheck_on integer, primary key (sweep, dwelling, series, sequence)) without rowid;
create table failed_call (sweep integer not null, dwelling blob not null, at integer not null, series blob not null,
    sequence integer not null, failure integer not null, primary key (sweep, dwelling, series, sequence)) without rowid;
create table sighting (sweep integer not null, person blob not null, dwelling blob not null, at integer not null,
    series blob not null, sequence integer not null,
    primary key (sweep, person, dwelling, series, sequence)) without rowid;
create table taken_back (series blob not null, first integer not null, end integer not null,
    primary key (series, first, end)) without rowid;
create index sighting_of_dwelling on sighting (dwelling, sweep);
create table area_count (area integer primary key, dwellings integer not null, listed integer not null);
create table tally (sweep integer not null, area integer not null, accounted integer not null,
    persons_reached integer not null, lit_unlisted integer not null, listed_dark integer not null,
    persons_away integer not null, primary key (sweep, area)) without rowid;
create table tally_hour (sweep integer not null, area integer not null, hour integer not null, accounted integer not null,
    persons_reached integer not null, persons_away integer not null, primary key (sweep, area, hour)) without rowid;
create table count_hour (area integer not null, hour integer not null, dwellings integer not null, listed integer not null,
    primary key (area, hour)) without rowid;
create table frozen (sweep integer not null, area integer not null, dwellings integer not null, listed integer not null,
    primary key (sweep, area)) without rowid;
create table unreached (sweep integer not null, area integer not null, dwelling blob not null,
    primary key (sweep, area, dwelling)) without rowid;
create table quarantine (series blob not null, sequence integer not null, position integer not null, verdict integer not null,
    refused integer, refused_at integer, primary key (series, sequence, position)) without rowid;
-- What was decided last about a fact that waited or waits, for the phone that it came from.
create table held (series blob not null, sequence integer not null, fate integer not null, refusal integer,
    changed integer not null, primary key (series, sequence)) without rowid;
create index held_since on held (series, changed);
";

/// Every view, with the columns by which its rows are in order.
pub const VIEW_TABLES: &[(&str, &str)] = &[
    ("book", "name"),
    ("area", "number"),
    ("sweep", "number"),
    ("roster", "number"),
    ("edition", "number"),
    ("map", "number"),
    ("subscription", "number"),
    ("device", "series"),
    ("access", "account"),
    ("dwelling", "id"),
    ("door", "area, key"),
    ("departure", "area, dwelling"),
    ("dwelling_alias", "id"),
    ("person", "id"),
    ("proposal", "person, candidate"),
    ("two_people", "one, other"),
    ("plan", "id"),
    ("plan_part", "plan, person"),
    ("appointment", "who, programme, role"),
    ("filled", "subject, position"),
    ("filled_replaced", "position"),
    ("area_people", "area, level, programme, form, on_day, position"),
    ("attachment", "series, sequence, number"),
    ("to_judge", "subject, with_people"),
    ("case_file", "id"),
    ("passage", "case_id, number"),
    ("case_alias", "id"),
    ("case_report", "case_id, position"),
    ("case_event", "case_id, series, sequence"),
    ("due", "case_id, task, rank"),
    ("due_list", "programme, role, area, below, rank, owner, at, case_id, task"),
    ("climbed", "case_id, task, role, due"),
    ("lesson", "id"),
    ("hand_over", "id"),
    ("hand_over_door", "hand_over, dwelling"),
    ("slip", "id"),
    ("said", "id"),
    ("reading", "person, position"),
    ("list_reading", "area, position"),
    ("roster_row", "person, roster, row"),
    ("erased", "person"),
    ("notes_erased", "dwelling"),
    ("answers_erased", "content"),
    ("round", "sweep, dwelling"),
    ("earlier_visit", "sweep, dwelling, series, sequence"),
    ("failed_call", "sweep, dwelling, series, sequence"),
    ("sighting", "sweep, person, dwelling, series, sequence"),
    ("taken_back", "series, first, end"),
    ("area_count", "area"),
    ("tally", "sweep, area"),
    ("tally_hour", "sweep, area, hour"),
    ("count_hour", "area, hour"),
    ("frozen", "sweep, area"),
    ("unreached", "sweep, area, dwelling"),
    ("quarantine", "series, sequence, position"),
    ("held", "series, sequence"),
];

/// Brings a file up to [`SCHEMA_VERSION`], or refuses one that is newer. A new file gets every migration in turn.
pub fn migrate(connection: &Connection, migrations: &[&str]) -> Result<()> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Schema { found, known });
    }
    for (version, migration) in (1..).zip(migrations).skip(usize::try_from(found).unwrap_or(0)) {
        connection.execute_batch(&format!(
            "begin immediate; {migration}; pragma user_version = {version}; commit;"
        ))?;
    }
    Ok(())
}

/// Refuses a file whose schema this program does not know exactly, without touching it.
pub fn gate(connection: &Connection, migrations: &[&str]) -> Result<()> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if found == known { Ok(()) } else { Err(StoreError::Schema { found, known }) }
}

/// The oldest SQLite whose write-ahead log cannot lose a commit to a concurrent checkpoint.
const OLDEST_ENGINE: i32 = 3_051_003;

/// # Errors
/// [`StoreError::OldEngine`].
pub fn check_engine() -> Result<()> {
    if rusqlite::version_number() >= OLDEST_ENGINE {
        Ok(())
    } else {
        Err(StoreError::OldEngine(rusqlite::version().to_owned()))
    }
}
