/** When to sync, and what to say about it: one round at a time, across tabs too; nothing on screen waits for it. */
import { computed, effectScope, ref, shallowRef } from 'vue'
import { Refused, Unreachable } from '@core/api/client'
import { db, keep, setting, wipe, type Fate, type Identity, type OutboxFact } from './db'
import { useLive } from './live'
import { PastWasRewritten, SeriesForked, syncOnce } from './sync'

/** Long enough to take back a slip of the thumb before the fact leaves the phone. */
const UNDO_WINDOW = 6_000
const RETRY_EVERY = 60_000
const LOCK = 'wanjia.sync'
/** Set when a revoked phone wiped itself: the only thing it remembers. */
export const WIPED = 'wanjia.wiped'

export type Trouble = 'offline' | 'revoked' | 'forked' | 'refused'

const scope = effectScope(true)

export const running = ref(false)
export const trouble = ref<Trouble | null>(null)
export const refusal = shallowRef<Refused | null>(null)
export const outbox = scope.run(() => useLive(() => db.outbox.toArray(), [] as OutboxFact[]))!
export const pastRewritten = scope.run(() => useLive(async () => (await setting('pastRewritten')) ?? null, null))!
export const clockSkew = scope.run(() => useLive(async () => (await setting('clockSkew')) ?? 0, 0))!
export const lastSync = scope.run(() => useLive(async () => (await setting('lastSync')) ?? null, null))!
export const checkpoint = scope.run(() => useLive(async () => (await setting('checkpoint')) ?? null, null))!

/** Counted as the worker counts: a knock is one record, whatever facts it holds. */
export const unsent = computed(() => visits('waiting', 'sent'))
export const quarantined = computed(() => visits('quarantined'))

function visits(...fates: Fate[]): number {
  return new Set(outbox.value.filter(({ fate }) => fates.includes(fate)).map(({ visit }) => visit)).size
}

let identity: Identity | null = null
let soon: ReturnType<typeof setTimeout> | undefined
let again = false

export function startSyncing(known: Identity): void {
  identity = known
  addEventListener('online', () => void syncNow())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void syncNow()
  })
  setInterval(() => {
    if (document.visibilityState === 'visible') void syncNow()
  }, RETRY_EVERY)
  void syncNow()
}

/** After a save: sends once the undo window has passed. */
export function syncSoon(): void {
  clearTimeout(soon)
  soon = setTimeout(() => void syncNow(), UNDO_WINDOW)
}

export async function syncNow(): Promise<void> {
  if (identity === null) return
  if (running.value) {
    again = true
    return
  }
  running.value = true
  try {
    await exclusively(() => syncOnce(identity!, Date.now))
    trouble.value = null
    refusal.value = null
    await keep('lastSync', { at: Date.now(), ok: true, why: null })
  } catch (error) {
    note(error)
    if (error instanceof Refused && error.code === 'device_revoked') await wipeWhenEmpty()
  } finally {
    running.value = false
  }
  if (again) {
    again = false
    await syncNow()
  }
}

/** A revoked phone keeps nothing about residents, but first everything it saw reaches the server. */
async function wipeWhenEmpty(): Promise<void> {
  const unsentNow = await db.outbox.where('fate').anyOf('waiting', 'sent').count()
  if (unsentNow > 0) return
  await wipe()
  localStorage.setItem(WIPED, 'revoked')
  location.replace(location.pathname)
}

/** Only one tab talks to the server at a time, where the browser has locks. */
async function exclusively(work: () => Promise<void>): Promise<void> {
  if (!('locks' in navigator)) return work()
  await navigator.locks.request(LOCK, work)
}

function note(error: unknown): void {
  refusal.value = null
  if (error instanceof Unreachable) trouble.value = 'offline'
  else if (error instanceof SeriesForked) trouble.value = 'forked'
  else if (error instanceof PastWasRewritten) trouble.value = null
  else if (error instanceof Refused) {
    const { status } = error.problem
    trouble.value = status === 401 || error.code === 'device_revoked' ? 'revoked' : status >= 500 ? 'offline' : 'refused'
    refusal.value = error
  } else {
    trouble.value = 'offline'
    console.error(error)
  }
}
