//! Accounts, sessions, invitations, phones' tokens, the codes of slips and how headings are read: what is not a fact, in a file of its own.
//!
//! Nothing here gives a right. What an account or a phone may do is read from the ledger at each request, so an older
//! copy of this file put back revives no ended grant and no revoked phone. Names and second-factor secrets are sealed
//! under keys wrapped by the territory's; tokens, invitations and sign-in failures are kept as hashes only.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::{ActorId, Id, SeriesId, SlipId};
use domain::time::Millis;
use ledger::seal::{DataKey, TerritoryKey, WRAPPED_LEN};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::directory::{self, Directory};
use crate::entropy::Entropy;
use crate::error::{Result, StoreError};
use crate::schema;

/// A session ends this long after the sign-in, whatever happens.
pub const SESSION_LIMIT: Millis = 12 * 3_600_000;
/// A session ends when nothing was asked for this long.
pub const SESSION_IDLE: Millis = 30 * 60_000;
/// How stale the time of the last request may be in the file: it saves a write for each request, and a session may
/// end this much early for it.
pub const SEEN_STEP: Millis = 60_000;
/// The same for phones, of which there are many more.
pub const PHONE_SEEN_STEP: Millis = 10 * 60_000;
/// An invitation can be used this long.
pub const INVITATION_LIMIT: Millis = 24 * 3_600_000;
/// Failures are counted over this time.
pub const FAILURE_WINDOW: Millis = 15 * 60_000;
/// As many failures of one name are allowed within [`FAILURE_WINDOW`].
pub const FAILURE_LIMIT: usize = 5;
/// And as many from one address: a whole office, or a whole street behind one network, may share it.
pub const ADDRESS_FAILURE_LIMIT: usize = 50;

/// As often may a slip's record be opened within [`FAILURE_WINDOW`].
pub const RECORD_LIMIT: usize = 20;

/// What stands in the place of a series when something is sealed here.
const PLACE: &[u8; 16] = b"wanjia control 1";
const NAME: u64 = 0;
const SECRET: u64 = 1;

/// SHA-256 of a token or an invitation: the secret itself is not stored.
pub type SecretHash = [u8; 32];

/// Someone who can sign in. What she may do is in the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub id: ActorId,
    pub username: String,
    /// How she is called on the screen.
    pub name: String,
    /// A PHC string.
    pub password: String,
    /// The second factor's secret.
    pub secret: Vec<u8>,
    /// The last 30-second step whose code was used.
    pub last_step: u64,
    pub created_at: Millis,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Account({})", self.id)
    }
}

/// An invitation that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The actor that the phone's worker will be.
    pub worker: ActorId,
    pub worker_name: String,
    /// The area's code.
    pub area: String,
    pub role: u64,
    /// The account that invited.
    pub inviter: ActorId,
    pub expires_at: Millis,
    /// The end of the worker's deployment, if one was said.
    pub ends_at: Option<Millis>,
    /// The programmes and their roles to which the worker will be appointed.
    pub acts_as: Vec<(String, String)>,
}

/// Codes hold neither of the two signs.
fn roles_as_text(roles: &[(String, String)]) -> String {
    roles.iter().map(|(programme, role)| format!("{programme}/{role}")).collect::<Vec<_>>().join(" ")
}

fn roles_of_text(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (programme, role) = pair.split_once('/')?;
        Some((programme.to_owned(), role.to_owned()))
    };
    text.split(' ').filter_map(pair).collect()
}

/// An invitation as whoever answers for the area is told of it: what became of it, and never its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownInvitation {
    pub invitation: Invitation,
    pub used_at: Option<Millis>,
    pub withdrawn_at: Option<Millis>,
}

/// How an invitation was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// It is this one, and marked as used from now on.
    Taken(Invitation),
    Unknown,
    Used,
    Expired,
    /// Whoever answers for the area took it back.
    Withdrawn,
}

/// A phone's token and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    pub worker: ActorId,
    pub worker_name: String,
    /// When it last showed its token, to ten minutes.
    pub seen_at: Millis,
}

/// The file `control.db`. Shared by all threads: one connection reads, one reads sessions, so that people do not wait
/// for phones, and one writes.
pub struct Control {
    reader: Mutex<Connection>,
    sessions: Mutex<Connection>,
    writer: Mutex<Connection>,
    key: Arc<TerritoryKey>,
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A panic while it was held left at most an open transaction, which was rolled back as it was dropped.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    Entropy::default().bytes()
}

/// How long to wait until fewer than `limit` of these lie within [`FAILURE_WINDOW`]; none if that is so now.
fn wait_of(connection: &Connection, subject: [u8; 16], limit: usize, now: Millis) -> Result<Option<Millis>> {
    let oldest: Option<Millis> = connection
        .prepare_cached(
            "select at from failure where subject = ?1 and at > ?2 order by at desc limit 1 offset ?3",
        )?
        .query_row(params![subject, now - FAILURE_WINDOW, limit as u64 - 1], |row| row.get(0))
        .optional()?;
    Ok(oldest.map(|oldest| oldest + FAILURE_WINDOW - now))
}

fn note(connection: &Connection, subject: [u8; 16], now: Millis) -> Result<()> {
    connection
        .prepare_cached("insert into failure (subject, at) values (?1, ?2)")?
        .execute(params![subject, now])?;
    Ok(())
}

impl Control {
    /// Opens the control file of a data directory, and makes it if there is none.
    ///
    /// # Errors
    /// [`StoreError::NotADataDirectory`], [`StoreError::Schema`] and those of the storage.
    pub fn open(root: &Path, key: Arc<TerritoryKey>) -> Result<Self> {
        let path = Directory::find(root)?.control();
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| StoreError::Io { path: path.clone(), source })?;
        let writer = directory::open_writer(&path, schema::CONTROL, false)?;
        let reader = directory::open_reader(&path, schema::CONTROL)?;
        let sessions = directory::open_reader(&path, schema::CONTROL)?;
        Ok(Self {
            reader: Mutex::new(reader),
            sessions: Mutex::new(sessions),
            writer: Mutex::new(writer),
            key,
        })
    }

    fn seal(&self, owner: Id, field: u64, plaintext: &[u8]) -> Result<Vec<u8>> {
        let key = DataKey::from_bytes(random()?);
        let mut sealed = self.key.wrap(&owner.0, &key, random()?);
        sealed.extend(ledger::seal::seal(&key, &owner.0, PLACE, field, random()?, plaintext));
        Ok(sealed)
    }

    fn open_sealed(&self, owner: Id, field: u64, sealed: &[u8]) -> Result<Vec<u8>> {
        let fail = |error: ledger::seal::SealError| StoreError::Seal(error.to_string());
        let (wrapped, ciphertext) = sealed.split_at(sealed.len().min(WRAPPED_LEN));
        let key = self.key.unwrap(&owner.0, wrapped).map_err(fail)?;
        ledger::seal::open(&key, &owner.0, PLACE, field, ciphertext).map_err(fail)
    }

    fn open_name(&self, owner: Id, sealed: &[u8]) -> Result<String> {
        let name = self.open_sealed(owner, NAME, sealed)?;
        String::from_utf8(name).map_err(|error| StoreError::Seal(error.utf8_error().to_string()))
    }

    /// Keeps under which slip a code is found, and the telephone number that is printed beside it.
    pub fn add_slips(&self, slips: &[(SlipId, String)], office_phone: &str) -> Result<()> {
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (slip, code) in slips {
            transaction.execute(
                "insert into slip (tag, slip, office_phone) values (?1, ?2, ?3)",
                params![self.key.blind_tag("slip", code), slip.0, office_phone],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// The slip with this code, and the number printed beside it.
    pub fn slip(&self, code: &str) -> Result<Option<(SlipId, String)>> {
        Ok(lock(&self.reader)
            .prepare_cached("select slip, office_phone from slip where tag = ?1")?
            .query_row([self.key.blind_tag("slip", code)], |row| Ok((Id(row.get(0)?), row.get(1)?)))
            .optional()?)
    }

    /// The number printed beside a slip.
    pub fn office_phone(&self, slip: SlipId) -> Result<Option<String>> {
        Ok(lock(&self.reader)
            .prepare_cached("select office_phone from slip where slip = ?1")?
            .query_row([slip.0], |row| row.get(0))
            .optional()?)
    }

    /// Keeps which columns a roster with these headings has; the latest word stands.
    pub fn keep_columns(&self, headings: &[String], columns: &str) -> Result<()> {
        lock(&self.writer).execute(
            "insert or replace into heading (tag, columns) values (?1, ?2)",
            params![self.heading(headings), columns],
        )?;
        Ok(())
    }

    /// The columns of a roster with these headings, as they were kept.
    pub fn columns(&self, headings: &[String]) -> Result<Option<String>> {
        Ok(lock(&self.reader)
            .prepare_cached("select columns from heading where tag = ?1")?
            .query_row([self.heading(headings)], |row| row.get(0))
            .optional()?)
    }

    fn heading(&self, headings: &[String]) -> [u8; 16] {
        self.key.blind_tag("roster headings", &headings.join("\u{1f}"))
    }

    /// Adds an account. It may do nothing until the ledger holds a grant for it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] (`username_taken`).
    pub fn add_account(&self, account: &Account) -> Result<()> {
        let name = self.seal(account.id, NAME, account.name.as_bytes())?;
        let secret = self.seal(account.id, SECRET, &account.secret)?;
        let added = lock(&self.writer).execute(
            "insert or ignore into account (id, username, name, password, secret, last_step, created_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                account.id.0,
                account.username,
                name,
                account.password,
                secret,
                account.last_step,
                account.created_at
            ],
        )?;
        if added == 1 { Ok(()) } else { Err(username_taken(&account.username)) }
    }

    fn account_from(&self, row: &Row<'_>) -> Result<Account> {
        let id = Id(row.get(0)?);
        Ok(Account {
            id,
            username: row.get(1)?,
            name: self.open_name(id, row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?,
            password: row.get(3)?,
            secret: self.open_sealed(
                id,
                SECRET,
                row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?,
            )?,
            last_step: row.get(5)?,
            created_at: row.get(6)?,
        })
    }

    fn account_where(&self, condition: &str, value: impl rusqlite::ToSql) -> Result<Option<Account>> {
        let connection = lock(&self.reader);
        let mut read = connection.prepare_cached(&format!(
            "select id, username, name, password, secret, last_step, created_at from account where {condition} = ?1"
        ))?;
        let mut rows = read.query([value])?;
        rows.next()?.map(|row| self.account_from(row)).transpose()
    }

    pub fn account(&self, id: ActorId) -> Result<Option<Account>> {
        self.account_where("id", id.0)
    }

    pub fn account_named(&self, username: &str) -> Result<Option<Account>> {
        self.account_where("username", username)
    }

    /// Every account, by user name.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        let connection = lock(&self.reader);
        let mut read = connection.prepare(
            "select id, username, name, password, secret, last_step, created_at from account order by username",
        )?;
        let mut rows = read.query([])?;
        let mut accounts = Vec::new();
        while let Some(row) = rows.next()? {
            accounts.push(self.account_from(row)?);
        }
        Ok(accounts)
    }

    /// Gives an account a new password and a new second factor, and ends its sessions.
    pub fn reset_account(&self, id: ActorId, password: &str, secret: &[u8]) -> Result<()> {
        let sealed = self.seal(id, SECRET, secret)?;
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "update account set password = ?2, secret = ?3, last_step = 0 where id = ?1",
            params![id.0, password, sealed],
        )?;
        transaction.execute("delete from session where account = ?1", [id.0])?;
        transaction.commit()?;
        Ok(())
    }

    /// Notes that someone tries to sign in, before anything is compared, so that tries made at once are all counted.
    /// Gives the time until the next try if there were too many.
    pub fn try_sign_in(&self, username: &str, address: &str, now: Millis) -> Result<Result<(), Millis>> {
        let subjects = self.subjects(username, address);
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("delete from failure where at <= ?1", [now - FAILURE_WINDOW])?;
        for (subject, limit) in subjects.iter().zip([FAILURE_LIMIT, ADDRESS_FAILURE_LIMIT]) {
            if let Some(wait) = wait_of(&transaction, *subject, limit, now)? {
                return Ok(Err(wait));
            }
        }
        for subject in subjects {
            note(&transaction, subject, now)?;
        }
        transaction.commit()?;
        Ok(Ok(()))
    }

    /// How long an address has to wait before it may show another code of a slip: its failures of every kind count.
    pub fn slip_wait(&self, address: &str, now: Millis) -> Result<Option<Millis>> {
        let [_, address] = self.subjects("", address);
        wait_of(&lock(&self.reader), address, ADDRESS_FAILURE_LIMIT, now)
    }

    /// Notes that an address showed a code that no slip has.
    pub fn wrong_slip(&self, address: &str, now: Millis) -> Result<()> {
        let [_, address] = self.subjects("", address);
        note(&lock(&self.writer), address, now)
    }

    /// Notes that the record of a slip is about to be opened; gives the time to wait if that was done too often.
    pub fn open_record(&self, slip: SlipId, now: Millis) -> Result<Option<Millis>> {
        let subject = self.key.blind_tag("slip record", &slip.to_string());
        let connection = lock(&self.writer);
        let wait = wait_of(&connection, subject, RECORD_LIMIT, now)?;
        if wait.is_none() {
            note(&connection, subject, now)?;
        }
        Ok(wait)
    }

    fn subjects(&self, username: &str, address: &str) -> [[u8; 16]; 2] {
        [self.key.blind_tag("sign-in name", username), self.key.blind_tag("sign-in address", address)]
    }

    /// Opens a session, once the password and the code were right: uses up the code's step, and takes back the try.
    /// False if the step was used before; then nothing is opened.
    pub fn open_session(
        &self,
        account: &Account,
        address: &str,
        step: u64,
        token: &SecretHash,
        now: Millis,
    ) -> Result<bool> {
        let [name, address] = self.subjects(&account.username, address);
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let used = transaction.execute(
            "update account set last_step = ?2 where id = ?1 and last_step < ?2",
            params![account.id.0, step],
        )?;
        if used != 1 {
            return Ok(false);
        }
        transaction.execute("delete from failure where subject = ?1", [name])?;
        transaction.execute(
            "delete from failure where rowid = (select rowid from failure where subject = ?1 order by at desc limit 1)",
            [address],
        )?;
        transaction.execute(
            "delete from session where created_at <= ?1 or seen_at <= ?2",
            [now - SESSION_LIMIT, now - SESSION_IDLE],
        )?;
        transaction.execute(
            "insert into session (token, account, created_at, seen_at) values (?1, ?2, ?3, ?3)",
            params![token, account.id.0, now],
        )?;
        transaction.commit()?;
        Ok(true)
    }

    /// Whose session a token is, while it lasts.
    pub fn session(&self, token: &SecretHash, now: Millis) -> Result<Option<ActorId>> {
        let found: Option<([u8; 16], Millis, Millis)> = lock(&self.sessions)
            .prepare_cached("select account, created_at, seen_at from session where token = ?1")?
            .query_row([token], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((account, created_at, seen_at)) = found else { return Ok(None) };
        if now >= created_at + SESSION_LIMIT || now >= seen_at + SESSION_IDLE {
            return Ok(None);
        }
        if now >= seen_at + SEEN_STEP {
            lock(&self.writer)
                .prepare_cached("update session set seen_at = ?2 where token = ?1")?
                .execute(params![token, now])?;
        }
        Ok(Some(Id(account)))
    }

    pub fn close_session(&self, token: &SecretHash) -> Result<()> {
        lock(&self.writer).execute("delete from session where token = ?1", [token])?;
        Ok(())
    }

    pub fn close_sessions(&self, account: ActorId) -> Result<()> {
        lock(&self.writer).execute("delete from session where account = ?1", [account.0])?;
        Ok(())
    }

    pub fn invite(&self, code: &SecretHash, invitation: &Invitation, now: Millis) -> Result<()> {
        let name = self.seal(invitation.worker, NAME, invitation.worker_name.as_bytes())?;
        let connection = lock(&self.writer);
        // Long after its end an invitation is nobody's business any more.
        connection.execute("delete from invitation where expires_at <= ?1", [now - 30 * INVITATION_LIMIT])?;
        connection.execute(
            "insert into invitation (code, worker, name, area, role, inviter, expires_at, ends_at, acts_as)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                code,
                invitation.worker.0,
                name,
                invitation.area,
                invitation.role,
                invitation.inviter.0,
                invitation.expires_at,
                invitation.ends_at,
                roles_as_text(&invitation.acts_as)
            ],
        )?;
        Ok(())
    }

    /// Takes an invitation: of two who come with it at once, one gets it.
    pub fn take_invitation(&self, code: &SecretHash, now: Millis) -> Result<Invited> {
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let invitation = {
            let mut read = transaction.prepare_cached(
                "select worker, name, area, role, inviter, expires_at, ends_at, used_at, withdrawn_at, acts_as
                 from invitation where code = ?1",
            )?;
            let mut rows = read.query([code])?;
            let Some(row) = rows.next()? else { return Ok(Invited::Unknown) };
            match self.known_invitation(row)? {
                known if known.used_at.is_some() => return Ok(Invited::Used),
                known if known.withdrawn_at.is_some() => return Ok(Invited::Withdrawn),
                known if now >= known.invitation.expires_at => return Ok(Invited::Expired),
                known => known.invitation,
            }
        };
        transaction.execute("update invitation set used_at = ?2 where code = ?1", params![code, now])?;
        transaction.commit()?;
        Ok(Invited::Taken(invitation))
    }

    fn known_invitation(&self, row: &Row<'_>) -> Result<KnownInvitation> {
        let worker = Id(row.get(0)?);
        Ok(KnownInvitation {
            invitation: Invitation {
                worker,
                worker_name: self
                    .open_name(worker, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?,
                area: row.get(2)?,
                role: row.get(3)?,
                inviter: Id(row.get(4)?),
                expires_at: row.get(5)?,
                ends_at: row.get(6)?,
                acts_as: roles_of_text(row.get_ref(9)?.as_str().map_err(rusqlite::Error::from)?),
            },
            used_at: row.get(7)?,
            withdrawn_at: row.get(8)?,
        })
    }

    /// The invitations of areas with these codes, the newest first and `limit` at most.
    pub fn invitations(&self, areas: &HashSet<&str>, limit: usize) -> Result<Vec<KnownInvitation>> {
        let connection = lock(&self.reader);
        let mut read = connection.prepare_cached(
            "select worker, name, area, role, inviter, expires_at, ends_at, used_at, withdrawn_at, acts_as
             from invitation order by expires_at desc, worker",
        )?;
        let mut rows = read.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let area = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            if areas.contains(area) {
                found.push(self.known_invitation(row)?);
            }
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// The invitation by which someone would become a worker.
    pub fn invitation_of(&self, worker: ActorId) -> Result<Option<KnownInvitation>> {
        let connection = lock(&self.reader);
        let mut read = connection.prepare_cached(
            "select worker, name, area, role, inviter, expires_at, ends_at, used_at, withdrawn_at, acts_as
             from invitation where worker = ?1",
        )?;
        let mut rows = read.query([worker.0])?;
        rows.next()?.map(|row| self.known_invitation(row)).transpose()
    }

    /// Takes an invitation back that nobody has used. False if it was used meanwhile, or taken back before.
    pub fn withdraw_invitation(&self, worker: ActorId, now: Millis) -> Result<bool> {
        let changed = lock(&self.writer).execute(
            "update invitation set withdrawn_at = ?2 where worker = ?1 and used_at is null and withdrawn_at is null",
            params![worker.0, now],
        )?;
        Ok(changed == 1)
    }

    /// Gives an invitation back that could not be used for a reason that is not the phone's.
    pub fn return_invitation(&self, code: &SecretHash) -> Result<()> {
        lock(&self.writer).execute("update invitation set used_at = null where code = ?1", [code])?;
        Ok(())
    }

    /// Remembers a phone that the ledger has enrolled.
    pub fn add_phone(&self, series: SeriesId, token: &SecretHash, phone: &Phone) -> Result<()> {
        let name = self.seal(phone.worker, NAME, phone.worker_name.as_bytes())?;
        lock(&self.writer).execute(
            "insert into phone (series, token, worker, name, seen_at) values (?1, ?2, ?3, ?4, ?5)",
            params![series.0, token, phone.worker.0, name, phone.seen_at],
        )?;
        Ok(())
    }

    /// The hash of a phone's token.
    pub fn phone_token(&self, series: SeriesId) -> Result<Option<SecretHash>> {
        Ok(lock(&self.reader)
            .prepare_cached("select token from phone where series = ?1")?
            .query_row([series.0], |row| row.get(0))
            .optional()?)
    }

    /// The series to which a token belongs.
    pub fn series_of_token(&self, token: &SecretHash) -> Result<Option<SeriesId>> {
        Ok(lock(&self.reader)
            .prepare_cached("select series from phone where token = ?1")?
            .query_row([token], |row| row.get(0).map(Id))
            .optional()?)
    }

    /// Notes that a phone showed its token, at most once in ten minutes.
    pub fn saw_phone(&self, series: SeriesId, now: Millis) -> Result<()> {
        let stale = lock(&self.reader)
            .prepare_cached("select 1 from phone where series = ?1 and seen_at <= ?2")?
            .exists(params![series.0, now - PHONE_SEEN_STEP])?;
        if stale {
            lock(&self.writer)
                .prepare_cached("update phone set seen_at = ?2 where series = ?1 and seen_at < ?2")?
                .execute(params![series.0, now])?;
        }
        Ok(())
    }

    /// What is kept of a phone; none for one that this file, being an older copy, does not know.
    pub fn phone(&self, series: SeriesId) -> Result<Option<Phone>> {
        let connection = lock(&self.reader);
        let mut read =
            connection.prepare_cached("select worker, name, seen_at from phone where series = ?1")?;
        let mut rows = read.query([series.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let worker = Id(row.get(0)?);
        let name = self.open_name(worker, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        Ok(Some(Phone { worker, worker_name: name, seen_at: row.get(2)? }))
    }
}

fn username_taken(username: &str) -> StoreError {
    StoreError::refused(
        "username_taken",
        format!("已经有用户名为 {username} 的账号；请换一个用户名，或用 wanjia account reset 重置"),
        format!(
            "an account named {username} exists; choose another name, or reset it with `wanjia account reset`"
        ),
    )
}
