//! Accounts of the console: making one, ending one, and signing in with a password and a second factor.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::Role;
use domain::fact::{Body, TEXT_LIMIT};
use domain::id::{ActorId, Id};
use domain::state::State as _;
use domain::time::Millis;
use sha2::{Digest as _, Sha256};
use store::control::{Account, Control, SecretHash};
use store::{Store, StoreError};
use totp_rs::{Builder, Totp};

use super::failure::{Failure, Result};

/// Memory in KiB, passes and lanes of Argon2id: what OWASP's password storage sheet names first.
const ARGON2: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Length of a second factor's secret in bytes: RFC 4226 recommends 160 bits.
const SECRET_LEN: usize = 20;
/// What authenticator apps show above the code.
const ISSUER: &str = "wanjia";
/// The longest password that is looked at, in bytes: hashing takes as long as its input is.
const PASSWORD_LIMIT: usize = 256;

/// What an account's owner is told once, and nobody after.
pub struct Secrets {
    pub account: ActorId,
    pub password: String,
    /// `otpauth://totp/...`, for an authenticator app.
    pub otpauth: String,
}

/// An account to be made.
pub struct NewAccount<'a> {
    pub username: &'a str,
    /// How she is called on the screen.
    pub name: &'a str,
    pub role: Role,
    /// The area's code.
    pub area: &'a str,
}

/// Random bytes of the operating system.
///
/// # Errors
/// If it has none to give.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new("random", format!("系统不能提供随机数：{error}"), error.to_string()))?;
    Ok(bytes)
}

/// A new token of 256 random bits as text that fits a cookie and an address, and the hash under which it is kept.
///
/// # Errors
/// If the system has no random numbers to give.
pub fn new_token() -> Result<(String, SecretHash)> {
    let token = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let hash = token_hash(&token);
    Ok((token, hash))
}

/// The hash under which a token is kept.
#[must_use]
pub fn token_hash(token: &str) -> SecretHash {
    Sha256::digest(token.as_bytes()).into()
}

fn argon2() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = ARGON2;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| password_failure(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn password_failure(error: &dyn std::fmt::Display) -> Failure {
    Failure::new("store", format!("密码不能处理：{error}"), format!("the password cannot be hashed: {error}"))
}

fn hash_password(password: &str) -> Result<String> {
    let hash: PasswordHash =
        argon2()?.hash_password(password.as_bytes()).map_err(|error| password_failure(&error))?;
    Ok(hash.to_string())
}

/// A hash that no password has, so that a name that nobody has takes as long as one that somebody has.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| {
    let (password, _) = new_token().ok()?;
    hash_password(&password).ok()
});

fn totp(username: &str, secret: &[u8]) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(username)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|error| Failure::new("store", format!("动态码密钥不能用：{error}"), error.to_string()))
}

/// Twenty characters that are not mistaken for one another, in groups of five: 100 random bits.
fn new_password() -> Result<String> {
    const CHARACTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut password = String::with_capacity(23);
    for (index, byte) in random::<20>()?.into_iter().enumerate() {
        if index > 0 && index % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(CHARACTERS[usize::from(byte & 31)]));
    }
    Ok(password)
}

struct Fresh {
    password: String,
    hash: String,
    secret: [u8; SECRET_LEN],
    otpauth: String,
}

fn fresh(username: &str) -> Result<Fresh> {
    let (password, secret) = (new_password()?, random()?);
    let otpauth = totp(username, &secret)?
        .to_url()
        .map_err(|error| Failure::new("store", format!("动态码地址不能生成：{error}"), error.to_string()))?;
    Ok(Fresh { hash: hash_password(&password)?, password, secret, otpauth })
}

fn check_username(username: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    if !username.is_empty() && username.len() <= 40 && username.chars().all(plain) {
        return Ok(());
    }
    Err(Failure::new(
        "username",
        "用户名只能用小写字母、数字和 . _ - ，1 到 40 个字符",
        "a user name has 1 to 40 characters: small letters, digits, and . _ -",
    ))
}

/// Makes an account with a password and a second factor of its own, and gives it its right.
///
/// # Errors
/// If the name is taken or not possible, the area is not known, or the role is a phone's.
pub fn add_account(
    store: &mut Store,
    control: &Control,
    new: &NewAccount<'_>,
    now: Millis,
) -> Result<Secrets> {
    check_username(new.username)?;
    if new.name.trim().is_empty() || new.name.len() > TEXT_LIMIT {
        return Err(Failure::new(
            "name",
            "姓名不能为空，不超过 200 字节",
            "a name is not empty and has at most 200 bytes",
        ));
    }
    if new.role == Role::GridWorker {
        return Err(Failure::new(
            "role",
            "网格员用手机，不用账号；请在控制台邀请手机",
            "a grid worker has a phone and no account; invite the phone at the console",
        ));
    }
    if store.book().areas.number(new.area).is_none() {
        return Err(unknown_area(new.area));
    }
    if control.account_named(new.username)?.is_some() {
        return Err(StoreError::refused(
            "username_taken",
            format!("已经有用户名为 {} 的账号；请换一个，或用 wanjia account reset 重置", new.username),
            format!(
                "an account named {} exists; choose another name, or reset it with `wanjia account reset`",
                new.username
            ),
        )
        .into());
    }
    let fresh = fresh(new.username)?;
    let actor = store.book().own_series;
    // The right first: if the account's row cannot be written, a right of nobody's is left, and nothing else.
    let id = store.write(now, |batch| {
        let account = batch.new_id()?;
        let role = new.role as u64;
        batch.append(actor, Body::GrantGiven { account, role, area: new.area.to_owned() }, None)?;
        Ok(account)
    })?;
    control.add_account(&Account {
        id,
        username: new.username.to_owned(),
        name: new.name.trim().to_owned(),
        password: fresh.hash,
        secret: fresh.secret.to_vec(),
        last_step: 0,
        created_at: now,
    })?;
    Ok(Secrets { account: id, password: fresh.password, otpauth: fresh.otpauth })
}

fn unknown_area(code: &str) -> Failure {
    Failure::new(
        "unknown_area",
        format!("没有编码为 {code} 的区域；用 wanjia import areas 导入"),
        format!("no area has the code {code}; import it with `wanjia import areas`"),
    )
}

fn account_named(control: &Control, username: &str) -> Result<Account> {
    control.account_named(username)?.ok_or_else(|| {
        Failure::new(
            "unknown_account",
            format!("没有用户名为 {username} 的账号；wanjia account list 列出所有账号"),
            format!("there is no account named {username}; `wanjia account list` lists them"),
        )
    })
}

/// Takes an account's right away, for good and in the ledger, and ends its sessions.
///
/// # Errors
/// If there is no such account, or it has no right any more.
pub fn end_account(store: &mut Store, control: &Control, username: &str, now: Millis) -> Result<()> {
    let account = account_named(control, username)?;
    control.close_sessions(account.id)?;
    if store.state().grant(account.id)?.is_none() {
        return Err(Failure::new(
            "ended",
            format!("账号 {username} 的权限已经终止"),
            format!("the account {username} has no right any more"),
        ));
    }
    let actor = store.book().own_series;
    store.write(now, |batch| batch.append(actor, Body::GrantEnded { account: account.id }, None))?;
    Ok(())
}

/// An appointment of an account.
#[derive(Debug)]
pub struct NewAppointment<'a> {
    pub username: &'a str,
    pub programme: &'a str,
    pub role: &'a str,
    /// None ends it.
    pub area: Option<&'a str>,
}

/// Lets an account act in a role of a programme, in an area, or no more.
///
/// # Errors
/// If there is no such account, no published programme has the role, or the area is not known or outside her grant.
pub fn appoint(store: &mut Store, control: &Control, new: &NewAppointment<'_>, now: Millis) -> Result<()> {
    let account = account_named(control, new.username)?;
    let NewAppointment { programme, role, .. } = new;
    let newest = store.book().editions.iter().rfind(|edition| edition.programme == *programme);
    let read = match newest.map(|edition| edition.version.clone()) {
        Some(version) => store.state().programme(programme, &version)?,
        None => None,
    };
    let known = read.is_some_and(|read| read.manifest.roles.iter().any(|own| own.code.value == *role));
    if !known {
        return Err(Failure::new(
            "unknown_role",
            format!("没有发布的方案 {programme}，或其中没有角色 {role}"),
            format!("no programme {programme} is published, or it has no role {role}"),
        ));
    }
    if let Some(code) = new.area {
        let area = store.book().areas.number(code).ok_or_else(|| {
            Failure::new(
                "unknown_area",
                format!("没有编码为 {code} 的区域"),
                format!("no area has the code {code}"),
            )
        })?;
        let grant = store.state().grant(account.id)?;
        if !grant.is_some_and(|grant| store.book().areas.is_within(area, grant.area)) {
            return Err(Failure::new(
                "outside_grant",
                format!("{code} 不在账号 {} 的权限范围内", new.username),
                format!("{code} is not within the area of the account {}", new.username),
            ));
        }
    }
    let actor = store.book().own_series;
    let body = Body::Appointed {
        who: account.id,
        programme: (*programme).to_owned(),
        role: (*role).to_owned(),
        area: new.area.map(str::to_owned),
    };
    store.write(now, |batch| batch.append(actor, body, None))?;
    Ok(())
}

/// Gives an account a new password and second factor, as when a phone was lost; its sessions end.
///
/// # Errors
/// If there is no such account.
pub fn reset_account(control: &Control, username: &str) -> Result<Secrets> {
    let account = account_named(control, username)?;
    let fresh = fresh(username)?;
    control.reset_account(account.id, &fresh.hash, &fresh.secret)?;
    Ok(Secrets { account: account.id, password: fresh.password, otpauth: fresh.otpauth })
}

/// How a sign-in ended.
pub enum SignIn {
    /// The token for the cookie, and whose session it is.
    Done { token: String, account: Account },
    /// Name, password or code: which of them is not told.
    Wrong,
    /// Too many failures; seconds until the next try.
    Wait(u64),
}

/// Signs in with a name, a password and the code of the moment. Takes tens of milliseconds of one core and 19 MiB.
///
/// # Errors
/// Those of the storage.
pub fn sign_in(
    control: &Control,
    (username, password, code): (&str, &str, &str),
    address: &str,
    may_enter: impl FnOnce(ActorId) -> Result<bool>,
    now: Millis,
) -> Result<SignIn> {
    if let Err(wait) = control.try_sign_in(username, address, now)? {
        return Ok(SignIn::Wait(u64::try_from(wait).unwrap_or(0).div_ceil(1000)));
    }
    let account = control.account_named(username)?;
    let hash = account.as_ref().map(|account| account.password.as_str()).or(NOBODY.as_deref()).unwrap_or("");
    let right_password =
        password.len() <= PASSWORD_LIMIT && argon2()?.verify_password(password.as_bytes(), hash).is_ok();
    let Some(account) = account.filter(|_| right_password) else { return Ok(SignIn::Wrong) };
    let seconds = u64::try_from(now / 1000).unwrap_or(0);
    let Some(step) = totp(username, &account.secret)?.check(code, seconds) else {
        return Ok(SignIn::Wrong);
    };
    if !may_enter(account.id)? {
        return Ok(SignIn::Wrong);
    }
    let (token, hash) = new_token()?;
    if control.open_session(&account, address, step, &hash, now)? {
        Ok(SignIn::Done { token, account })
    } else {
        Ok(SignIn::Wrong)
    }
}

/// The code that an authenticator app shows for this account at an instant.
///
/// # Errors
/// If there is no such account.
pub fn code_at(control: &Control, username: &str, at: Millis) -> Result<String> {
    let account = account_named(control, username)?;
    let seconds = u64::try_from(at / 1000).unwrap_or(0);
    Ok(totp(username, &account.secret)?.generate(seconds).to_string())
}

/// The code that an authenticator app shows for an `otpauth` address at an instant.
///
/// # Errors
/// If the address is none.
pub fn code_of(otpauth: &str, at: Millis) -> Result<String> {
    let totp = Totp::from_url(otpauth)
        .map_err(|error| Failure::new("otpauth", format!("不是动态码地址：{error}"), error.to_string()))?;
    Ok(totp.generate(u64::try_from(at / 1000).unwrap_or(0)).to_string())
}

/// A new actor's id.
///
/// # Errors
/// If the system has no random numbers to give.
pub fn new_actor(now: Millis) -> Result<ActorId> {
    Ok(Id::from_time(now, random()?))
}
