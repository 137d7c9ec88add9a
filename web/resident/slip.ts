/**
 * The slip in hand: its code, what it opens, and what is said with it. The code stays in this tab alone and goes with it;
 * it comes behind the `#` of the address, and is taken out of there before anything is asked.
 */
import { shallowRef } from 'vue'
import { call, Refused } from '@core/api/client'
import { asciiDigits } from '@core/entry/numbers'
import type { Kind } from './kinds'
import type { Outcome } from '@core/ledger/facts'
import { forgetTyped } from './typed'

export interface Slip {
  door: { area_name: string; building: string; unit: string; room: string }
  office_phone: string
  expires_at: string
}

export type What = 'person' | 'help' | 'correction' | 'erasure'

export interface Said {
  said: string
  what: What
  said_at: string
  state: 'waiting' | 'taken_on' | 'confirmed' | 'settled' | 'declined' | 'withdrawn'
  /** While it waits: when the office took back what it had decided. */
  reopened_at?: string
  /** Why it was declined. */
  reason?: string
  /** As it was given then. */
  receipt: string
  /** Of a request for help. */
  help?: Kind[]
  /** Of a request that waits: what was written, and whom it is about. */
  words?: { text?: string; phone?: string; name?: string }
  /** Of people who were reported and are still kept. */
  person?: { name: string; relation?: string; sex?: string; birth_date?: string; phone?: string; id_number?: string }
}

/** In which words it is told how something stands: help that nobody has taken on waits for somebody, and is not said to be in hand. */
export function standsAs({ what, state }: Pick<Said, 'what' | 'state'>): Said['state'] | 'untaken' | 'undone' {
  if (what === 'person') return state
  if (state === 'declined') return 'undone'
  return state === 'waiting' && what === 'help' ? 'untaken' : state
}

export interface Reading {
  at: string
  /** `office` where no right says who it was. */
  role: string
  area_name: string
  purpose: string
  position: number
  whole_list: boolean
}

/** A form that was filled in with the slip. */
export interface Filled {
  at: string
  form: string
  zh: string
  en: string
  receipt: string
  answers: { name: string; zh: string; en: string; given: string[] }[]
}

export interface SlipRecord {
  said: Said[]
  forms: Filled[]
  readings: Reading[]
  visits: { at: string; outcome: Outcome }[]
}

export interface Reported {
  name: string
  relation?: string
  sex?: string
  birth_date?: string
  phone?: string
  id_number?: string
}

export interface Question {
  name: string
  zh: string
  en: string
  kind: 'one' | 'several' | 'whole' | 'decimal' | 'text'
  choices: string[]
}

/** A form that is asked for behind the door, without a word of whom it is about. */
export interface Check {
  programme: string
  form: string
  several: boolean
  day?: number
  /** By which hour of today it was due, as 11:00, if it is not there. */
  awaited_by?: string
  questions: Question[]
  optional: Question[]
}

const STORED = 'wanjia.slip'
/** Crockford's 32 signs: none looks like another. */
const SIGNS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 12

export const code = shallowRef<string | null>(sessionStorage.getItem(STORED))
export const slip = shallowRef<Slip | null>(null)

/** What was meant by what was typed: O is 0, I and L are 1, hyphens and spaces are nothing. */
export function readCode(typed: string): string | null {
  const signs = asciiDigits(typed)
    .toUpperCase()
    .replace(/[\s\-‐-―]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
  return signs.length === LENGTH && [...signs].every((sign) => SIGNS.includes(sign)) ? signs : null
}

export function takeCodeFromAddress(): void {
  const found = readCode(location.hash.slice(1))
  if (found === null) return
  keepCode(found)
  history.replaceState(null, '', location.pathname)
}

/** Why the slip in hand opens nothing any more; none while it does. */
export const over = shallowRef<Refused | null>(null)

/** What was typed last and opened nothing, to be looked at again; it is in no storage. */
export const mistyped = shallowRef('')

export function keepCode(signs: string): void {
  if (signs !== code.value) forgetTyped()
  sessionStorage.setItem(STORED, signs)
  over.value = null
  slip.value = null
  code.value = signs
}

/** Nothing of the slip stays in the browser. */
export function leave(): void {
  forgetTyped()
  sessionStorage.removeItem(STORED)
  code.value = null
  slip.value = null
}

export async function open(): Promise<void> {
  slip.value = await ask<Slip>('/v1/slip')
}

export const readRecord = () => ask<SlipRecord>('/v1/slip/record')

export const report = (people: Reported[]) => ask<{ receipts: string[] }>('/v1/slip/people', { people })

/** What is empty is left out. */
export function request(asked: { what: Exclude<What, 'person'>; text: string; kinds: Kind[]; phone: string; about: string }) {
  const { what, text, ...more } = asked
  return ask<{ receipts: string[] }>('/v1/slip/requests', { what, text, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value.length > 0)) })
}

/** Whoever said it needs it no more. */
export const withdraw = (said: string) => ask<null>(`/v1/slip/said/${said}/withdraw`, {})

export const readChecks = () => ask<{ checks: Check[] }>('/v1/slip/checks')

export const answer = ({ programme, form }: Check, answers: Record<string, unknown>, name: string | null) =>
  ask<{ receipts: string[] }>('/v1/slip/checks', { programme, form, answers, ...(name === null ? {} : { name }) })

async function ask<Body>(path: string, json?: unknown): Promise<Body> {
  const headers = { authorization: `Slip ${code.value ?? ''}` }
  try {
    const { body } = await call<Body>(path, { headers, ...(json === undefined ? {} : { method: 'POST', json }) })
    return body
  } catch (error) {
    // A slip that opens nothing any more is not kept.
    if (error instanceof Refused && error.problem.status === 401) {
      if (slip.value === null) mistyped.value = code.value?.replace(/(.{4})(?!$)/g, '$1-') ?? ''
      leave()
      over.value = error
    }
    throw error
  }
}
