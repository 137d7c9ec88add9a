/**
 * The PIN and what it opens. The vault key is wrapped under scrypt of the PIN, bound to a secret that this browser made
 * and does not give out where it can keep one: what is copied out of the database by script does not suffice. Six digits
 * are few: whoever copies the whole browser profile and tries them all needs a million derivations, no more.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concat, text, type Bytes } from '@core/ledger/bytes'
import { headMessage } from '@core/ledger/envelope'
import { sign } from '@core/ledger/signature'
import { db, keep, SEALED_TABLES, setting, type Lock } from './db'
import { freshVaultKey, holdKey, kept, phase } from './vault'

export const PIN_LENGTH = 6
/** scrypt with r = 8 and p = 1 over 2^COST blocks, 16 MiB: half a second or so on a phone that is two versions old. */
export const COST = 14
/** Wrong PINs before each further one has to wait, and before what is sealed is thrown away. */
export const FREE_TRIES = 5
export const TRIES = 10
const FIRST_WAIT = 30_000
const NONCE_LENGTH = 24
/** What waits in them needs no PIN to be sent. */
const SENT_SEALED = ['outbox', 'attachments']
const PLACE = text('wanjia vault key v1')

export type Refused = { open: false; left: number; notBefore: number }
export type Opened = { open: true } | Refused

/** Why a PIN is among the first that anyone would try. */
export type Weakness = 'run' | 'again' | 'date' | 'known'

const MONTH = '(?:0[1-9]|1[0-2])'
const DAY = '(?:0[1-9]|[12]\\d|3[01])'
/** 850314, 140385, 198503: as a birthday is typed. */
const DATE = new RegExp(`^(?:\\d\\d${MONTH}${DAY}|${DAY}${MONTH}\\d\\d|(?:19|20)\\d\\d${MONTH})$`)
/** A column or a cross of the pad, and what is typed because of how it sounds. */
const KNOWN = ['147258', '258369', '369258', '159357', '159753', '357159', '142857', '521314', '201314']

/** What makes a PIN easy to guess: a run, the same figures over again, a date, or one that many have. */
export function weakness(pin: string): Weakness | null {
  const steps = [...pin].slice(1).map((digit, index) => Number(digit) - Number(pin[index]))
  if (steps.every((step) => step === steps[0] && Math.abs(step) <= 1)) return 'run'
  if ([2, 3].some((length) => pin.slice(0, length).repeat(PIN_LENGTH / length) === pin)) return 'again'
  if (DATE.test(pin)) return 'date'
  return KNOWN.includes(pin) ? 'known' : null
}

/** Chooses the PIN of an enrolled phone and seals everything that lay open until now, in one transaction. */
export async function choosePin(pin: string): Promise<void> {
  const vaultKey = freshVaultKey()
  const lock = await wrap(pin, vaultKey)
  const identity = await setting('identity')
  const unsigned = await db.outbox.orderBy('sequence').last()
  if (identity !== undefined && unsigned !== undefined && !unsigned.signature) {
    const signature = await sign(identity.key, headMessage(identity.series, unsigned.sequence, unsigned.hash))
    await db.outbox.update(unsigned.sequence, { signature })
  }
  try {
    await db.transaction('rw', db.tables, async () => {
      const rows = await Promise.all(SEALED_TABLES.map((name) => db.table(name).toArray()))
      holdKey(vaultKey)
      for (const [index, name] of SEALED_TABLES.entries()) await db.table(name).bulkPut(rows[index]!)
      await keep('lock', lock)
    })
  } catch (error) {
    holdKey(null)
    throw error
  }
  phase.value = 'open'
}

/** Tries a PIN, and opens the phone with it. */
export async function unlock(pin: string, now: number): Promise<Opened> {
  const tried = await tryPin(pin, now)
  if (!('key' in tried)) return tried
  holdKey(tried.key)
  phase.value = 'open'
  return { open: true }
}

/** Another PIN for a vault key. What is sealed stays as it is: one row is written, so that the old PIN or the new one opens it. */
export async function changePin(key: Bytes, pin: string): Promise<void> {
  await keep('lock', await wrap(pin, key))
}

/** The vault key, for its PIN. A try is counted before it is made, so that ending the app in between saves none. */
export async function tryPin(pin: string, now: number): Promise<{ key: Bytes } | Refused> {
  const lock = await setting('lock')
  if (lock === undefined) throw new Error('this phone is not locked')
  if (now < lock.notBefore) return { open: false, left: TRIES - lock.wrong, notBefore: lock.notBefore }
  const wrong = lock.wrong + 1
  const notBefore = wrong < FREE_TRIES ? 0 : now + FIRST_WAIT * 2 ** (wrong - FREE_TRIES)
  await keep('lock', { ...lock, wrong, notBefore })
  const key = await unwrap(pin, lock)
  if (key === null) {
    if (wrong >= TRIES) await forget()
    return { open: false, left: TRIES - wrong, notBefore }
  }
  await keep('lock', { ...lock, wrong: 0, notBefore: 0 })
  return { key }
}

/**
 * Throws away what is sealed. What waits to be sent stays, and needs no PIN: it is signed already, and its content opens
 * with the territory's key alone.
 */
export async function forget(): Promise<void> {
  await kept()
  await db.transaction('rw', db.tables, async () => {
    for (const name of SEALED_TABLES) if (!SENT_SEALED.includes(name)) await db.table(name).clear()
    await db.plain.delete('lock')
  })
  holdKey(null)
  phase.value = 'fresh'
}

async function wrap(pin: string, vaultKey: Bytes): Promise<Lock> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const half = await freshHalf()
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_LENGTH))
  const key = await derive(pin, { salt, cost: COST, half })
  const wrapped = concat(nonce, xchacha20poly1305(key, nonce, PLACE).encrypt(vaultKey))
  return { salt, cost: COST, half, wrapped, wrong: 0, notBefore: 0 }
}

async function unwrap(pin: string, lock: Lock): Promise<Bytes | null> {
  const key = await derive(pin, lock)
  const nonce = lock.wrapped.subarray(0, NONCE_LENGTH)
  try {
    return new Uint8Array(xchacha20poly1305(key, nonce, PLACE).decrypt(lock.wrapped.subarray(NONCE_LENGTH)))
  } catch {
    // What it does not open does not authenticate: another PIN.
    return null
  }
}

/** A key that scripts can use and not read; over plain http, where browsers have none, the bytes themselves. */
async function freshHalf(): Promise<CryptoKey | Bytes> {
  const subtle = crypto.subtle as SubtleCrypto | undefined
  if (subtle === undefined) return crypto.getRandomValues(new Uint8Array(32))
  return subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

async function derive(pin: string, { salt, cost, half }: Pick<Lock, 'salt' | 'cost' | 'half'>): Promise<Uint8Array> {
  const stretched = new Uint8Array(await scryptAsync(pin, salt, { N: 2 ** cost, r: 8, p: 1, dkLen: 32, asyncTick: 50 }))
  if (half instanceof Uint8Array) return hmac(sha256, half, stretched)
  return new Uint8Array(await crypto.subtle.sign('HMAC', half, stretched))
}
