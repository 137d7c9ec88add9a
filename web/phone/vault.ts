/**
 * What lies on this phone lies sealed. Every row keeps its key and its indexes in the clear, whatever else a table says
 * is needed to push while the phone is locked, and nothing more; the rest is one ciphertext under the vault key, which
 * is in memory only while the phone is open. See ADR 0024.
 */
import { decode, encode } from 'cborg'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import type { DBCore, DBCoreCursor, DBCoreTable, Middleware } from 'dexie'
import { shallowRef } from 'vue'
import { concat, text, type Bytes } from '@core/ledger/bytes'

const NONCE_LENGTH = 24

/**
 * fresh: nobody is enrolled. unsealed: enrolled, and no PIN chosen yet. locked: only the PIN opens it. open: it is read
 * and written.
 */
export type Phase = 'fresh' | 'unsealed' | 'locked' | 'open'

export const phase = shallowRef<Phase>('fresh')

let vaultKey: Bytes | null = null

/** Something sealed was to be written while nobody had opened the phone. */
export class Locked extends Error {
  override name = 'Locked'
}

export function freshVaultKey(): Bytes {
  return crypto.getRandomValues(new Uint8Array(32))
}

/** From now on rows are written sealed, and sealed ones are read. Null forgets the key and what was opened with it. */
export function holdKey(key: Bytes | null): void {
  forgetting.forEach((forget) => forget())
  vaultKey?.fill(0)
  vaultKey = key
}

const forgetting: (() => void)[] = []

let writing = 0
const waiting: (() => void)[] = []

/** What someone tapped is written down, also where the phone is locked in the same instant: the key stays until it is. */
export async function keeping<Result>(write: () => Promise<Result>): Promise<Result> {
  writing += 1
  try {
    return await write()
  } finally {
    writing -= 1
    if (writing === 0) for (const go of waiting.splice(0)) go()
  }
}

export function isKeeping(): boolean {
  return writing > 0
}

/** Settled once nothing is being written any more. */
export async function kept(): Promise<void> {
  while (writing > 0) await new Promise<void>((go) => waiting.push(go))
}

type Row = Record<string, unknown>

/**
 * `clear`: what of a table stays readable besides its indexes. `bare`: tables of which nothing is sealed. `lists`: tables that
 * are read whole whenever a row changes, and of which nobody changes what was read: a row is opened once for each time it
 * is written.
 */
export function sealing(clear: Readonly<Record<string, readonly string[]>>, bare: readonly string[], lists: readonly string[]): Middleware<DBCore> {
  return {
    stack: 'dbcore',
    name: 'sealing',
    create: (down) => ({
      ...down,
      table: (name) => (bare.includes(name) ? down.table(name) : sealedTable(down.table(name), clear[name] ?? [], lists.includes(name))),
    }),
  }
}

function sealedTable(table: DBCoreTable, also: readonly string[], remembers: boolean): DBCoreTable {
  const { name, primaryKey, indexes } = table.schema
  const keyPath = primaryKey.keyPath as string
  const clear = new Set([keyPath, ...indexes.flatMap(({ keyPath: path }) => path ?? []), ...also])
  const place = (row: Row): Bytes => concat(text(`wanjia row v1 ${name} `), new Uint8Array(encode(row[keyPath])))

  /** What was opened, by key, with the nonce under which it was sealed: no two writes have the same. */
  const known = new Map<unknown, { nonce: Uint8Array; rest: Row }>()
  forgetting.push(() => known.clear())

  const open = <Value>(value: Value): Value => {
    const row = value as Row | undefined
    if (vaultKey === null || row === undefined || !(row.sealed instanceof Uint8Array)) return value
    const { sealed, ...kept } = row
    const nonce = sealed.subarray(0, NONCE_LENGTH)
    const before = known.get(row[keyPath])
    if (before !== undefined && isSame(before.nonce, nonce)) return { ...kept, ...before.rest } as Value
    const rest = decode(xchacha20poly1305(vaultKey, nonce, place(row)).decrypt(sealed.subarray(NONCE_LENGTH))) as Row
    if (remembers) known.set(row[keyPath], { nonce, rest })
    return { ...kept, ...rest } as Value
  }
  const close = (row: Row): Row => {
    if (vaultKey === null) {
      // On a locked phone a row may be settled, what is sealed of it untouched.
      if (phase.value !== 'locked' || row.sealed instanceof Uint8Array) return row
      throw new Locked(name)
    }
    const kept: Row = {}
    const rest: Row = {}
    for (const [field, value] of Object.entries(row)) (clear.has(field) ? kept : rest)[field] = value
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_LENGTH))
    return { ...kept, sealed: concat(nonce, xchacha20poly1305(vaultKey, nonce, place(row)).encrypt(encode(rest))) }
  }

  return {
    ...table,
    // Chained and never awaited: a transaction ends where something else than itself is waited for.
    get: (request) => table.get(request).then(open),
    getMany: (request) => table.getMany(request).then((rows) => rows.map(open)),
    query: (request) =>
      table.query(request).then((found) => (request.values === true ? { ...found, result: found.result.map(open) } : found)),
    openCursor: (request) =>
      table.openCursor(request).then((cursor) => (cursor === null || request.values !== true ? cursor : opened(cursor, open))),
    mutate: (request) =>
      request.type === 'add' || request.type === 'put'
        ? table.mutate({ ...request, values: request.values.map(close) })
        : table.mutate(request),
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => one.every((byte, at) => byte === other[at])

function opened(cursor: DBCoreCursor, open: (value: unknown) => unknown): DBCoreCursor {
  return Object.create(cursor, {
    continue: { value: (key?: unknown) => (key === undefined ? cursor.continue() : cursor.continue(key)) },
    continuePrimaryKey: { value: (key: unknown, primary: unknown) => cursor.continuePrimaryKey(key, primary) },
    primaryKey: { get: () => cursor.primaryKey },
    key: { get: () => cursor.key },
    value: { get: () => open(cursor.value) },
  }) as DBCoreCursor
}
