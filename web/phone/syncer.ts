/** When to sync, and what to say about it: one round at a time, across tabs too; nothing on screen waits for it. */
import { computed, effectScope, ref, shallowRef } from 'vue'
import { Refused, Unreachable } from '@core/api/client'
import { bestNow } from './clock'
import { db, keep, setting, wipe, type Fate, type OutboxFact } from './db'
import { useLive } from './live'
import { held, shownFor } from './notice'
import { identity } from './session'
import { isOver, PastWasRewritten, SeriesForked } from './stops'
import { kept, Locked, phase } from './vault'

const RETRY_EVERY = 60_000
const LOCK = 'wanjia.sync'
/** Why a phone wiped itself: the only thing that it remembers. */
export const WIPED = 'wanjia.wiped'
export const ENDINGS = ['revoked', 'ended', 'forgotten'] as const
export type Ending = (typeof ENDINGS)[number]

export type Trouble = 'offline' | 'revoked' | 'forked' | 'refused' | 'full'

const scope = effectScope(true)

export const running = ref(false)
export const trouble = ref<Trouble | null>(null)
export const refusal = shallowRef<Refused | null>(null)
export const outbox = scope.run(() => useLive(() => db.outbox.toArray(), [] as OutboxFact[]))!
export const pastRewritten = scope.run(() => useLive(async () => (await setting('pastRewritten')) ?? null, null))!
export const lastSync = scope.run(() => useLive(async () => (await setting('lastSync')) ?? null, null))!
export const checkpoint = scope.run(() => useLive(async () => (await setting('checkpoint')) ?? null, null))!

/** Counted as the worker counts: a knock is one record, whatever facts it holds. */
export const unsent = computed(() => visits('waiting', 'sent'))
export const quarantined = computed(() => visits('quarantined'))

function visits(...fates: Fate[]): number {
  return new Set(outbox.value.filter(({ fate, putAway }) => fates.includes(fate) && !putAway).map(({ visit }) => visit)).size
}

let soon: ReturnType<typeof setTimeout> | undefined
let again = false
/** The phone was wiped, and the page is about to begin anew. */
let gone = false

/** Begins to listen for occasions; what waits goes out from a locked phone, too. */
export function startSyncing(): void {
  addEventListener('online', () => void syncNow())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void syncNow()
  })
  setInterval(() => {
    if (document.visibilityState === 'visible') void syncNow()
  }, RETRY_EVERY)
  void syncNow()
}

/** After a save: sends once it can no longer be taken back. */
export function syncSoon(): void {
  clearTimeout(soon)
  soon = setTimeout(() => void syncNow(), shownFor.value)
}

export async function syncNow(): Promise<void> {
  if (gone) return
  // Before the PIN is chosen nothing is fetched: it would lie open.
  const sender = phase.value === 'unsealed' ? undefined : (identity.value ?? (await setting('device')))
  if (sender === undefined) return
  if (running.value) {
    again = true
    return
  }
  running.value = true
  try {
    // The list of doors does not wait for what exchanges them.
    const { syncOnce } = await import('./sync')
    await exclusively(() => syncOnce(sender, Date.now, held))
    trouble.value = null
    refusal.value = null
    await keep('lastSync', { at: bestNow(), ok: true, why: null })
    if (phase.value === 'fresh') await wipeWhenEmpty('forgotten')
  } catch (error) {
    note(error)
    if (error instanceof Refused && isOver(error)) await wipeWhenEmpty(error.code === 'device_ended' ? 'ended' : 'revoked')
    else if (error instanceof Unreachable && (await isPastItsEnd())) await wipeWhenEmpty('ended')
  } finally {
    running.value = false
  }
  if (again) {
    again = false
    await syncNow()
  }
}

/** Also without a network the day comes; the clock is taken as the server corrected it last. */
async function isPastItsEnd(): Promise<boolean> {
  const [end, told] = [await setting('endsAt'), await setting('serverTime')]
  const ahead = told === undefined ? 0 : told.device - told.server
  return end !== undefined && end !== null && Date.now() - ahead > end
}

/** A phone whose time is over keeps nothing about residents, but first everything it saw reaches the server. */
async function wipeWhenEmpty(why: Ending): Promise<void> {
  await kept()
  const unsentNow = await db.outbox.where('fate').anyOf('waiting', 'sent').count()
  if (unsentNow + (await db.attachments.where('fate').equals('waiting').count()) > 0) return
  gone = true
  await wipe()
  localStorage.setItem(WIPED, why)
  location.replace(location.pathname)
}

/** Only one tab talks to the server at a time, where the browser has locks. */
async function exclusively(work: () => Promise<void>): Promise<void> {
  if (!('locks' in navigator)) return work()
  await navigator.locks.request(LOCK, work)
}

/** The disk is full. Dexie wraps what the browser said, sometimes more than once. */
export function isFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Object; cause = (cause as { inner?: unknown }).inner) {
    if ((cause as { name?: unknown }).name === 'QuotaExceededError') return true
  }
  return false
}

function note(error: unknown): void {
  refusal.value = null
  if (error instanceof Unreachable) trouble.value = 'offline'
  else if (error instanceof SeriesForked) trouble.value = 'forked'
  // It was locked in the middle of a round: the next one goes on from there.
  else if (error instanceof PastWasRewritten || error instanceof Locked) trouble.value = null
  else if (error instanceof Refused) {
    const { status } = error.problem
    trouble.value = status === 401 || isOver(error) ? 'revoked' : status >= 500 ? 'offline' : 'refused'
    refusal.value = error
  } else if (isFull(error)) trouble.value = 'full'
  else {
    trouble.value = 'offline'
    console.error(error)
  }
}
