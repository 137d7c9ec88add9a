/** Who is signed in, which sweep is looked at, and the live line to the server. */
import { computed, ref, shallowRef, watch } from 'vue'
import { Refused } from '@core/api/client'
import { standing } from '@core/standing'
import { call, onSessionEnd } from './call'
import { offsetHours } from './clock'
import { sentence } from './load'
import { forgetProgrammes } from './cases'
import { forgetNames } from './names'
import { say } from './notice'
import type { Account, Misopened, Sweep } from '@core/api/types'

interface Session {
  account: Account
  campaign: { offset_hours: number }
}

const STORED_SWEEP = 'wanjia.sweep'
/** Pushes come in bursts: pages ask again at most once in this time. */
const QUIET = 800
/** A line that the browser gave up (whatever answered was no stream) is opened again after this time. */
const ANEW = 4_000

export const account = shallowRef<Account | null>(null)
export const sweeps = shallowRef<Sweep[]>([])
/** Whether the server has told which sweeps there are. */
export const sweepsKnown = ref(false)
export const sweepsWrong = ref<string | null>(null)
export const chosenSweep = ref(localStorage.getItem(STORED_SWEEP) ?? '')
/** Rises whenever the server says that figures changed. */
export const tick = ref(0)
export const live = ref(false)
let events: EventSource | undefined
/** Something may have changed while nobody listened: it is asked for when the line is back. */
let missed = false

/** What is shown while nobody chose: it stays, whatever is opened beside it, until it is closed. */
const shownSweep = ref('')

export const sweep = computed<Sweep | null>(
  () =>
    sweeps.value.find(({ id }) => id === chosenSweep.value) ??
    sweeps.value.find(({ id }) => id === shownSweep.value) ??
    sweeps.value[0] ??
    null,
)
/** Its figures change no more, and nothing that is asked of an open one can be done. */
export const sweepClosed = computed(() => Boolean(sweep.value?.closed_at))

/** Whether its area lies within the reader's own: whoever leads a part of it closes it for nobody else. */
export function isOwn({ area_code }: Pick<Sweep, 'area_code'>): boolean {
  return account.value !== null && area_code.startsWith(account.value.area_code)
}

watch(chosenSweep, (id) => localStorage.setItem(STORED_SWEEP, id))

export async function resume(): Promise<void> {
  try {
    enter((await call<Session>('/v1/session')).body)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    account.value = null
  }
}

export async function signIn(username: string, password: string, code: string): Promise<void> {
  const json = { username, password, code }
  enter((await call<Session>('/v1/session', { method: 'POST', json })).body)
}

export async function signOut(): Promise<void> {
  try {
    await call('/v1/session', { method: 'DELETE' })
    location.reload()
  } catch (error) {
    say(sentence(error), 'wrong')
  }
}

export async function loadSweeps(): Promise<void> {
  const { body } = await call<{ sweeps: Sweep[] }>('/v1/sweeps')
  // One that was taken back counts nowhere and is none to look at; the ledger has it.
  sweeps.value = body.sweeps.filter(({ withdrawn }) => !withdrawn).sort((left, right) => right.opened_at.localeCompare(left.opened_at))
  if (!sweeps.value.some(({ id, closed_at }) => id === shownSweep.value && !closed_at)) {
    shownSweep.value = standing(sweeps.value, account.value?.area_code ?? '', Date.now())?.id ?? shownSweep.value
  }
  sweepsKnown.value = true
  sweepsWrong.value = null
}

/** Which sweep is meant is read before the list changes: afterwards the page shows another one. Returns the name of the one taken back. */
export async function withdrawSweep({ sweep: { id, programme } }: { sweep: Sweep }, reason: Misopened): Promise<string> {
  await call(`/v1/sweeps/${id}/withdraw`, { method: 'POST', json: { reason } })
  if (chosenSweep.value === id) chosenSweep.value = ''
  await loadSweeps()
  return programme
}

/** Returns the name of the one that was closed. */
export async function closeSweep({ sweep: { id, programme } }: { sweep: Sweep }, signatures: string[]): Promise<string> {
  await call(`/v1/sweeps/${id}/close`, { method: 'POST', json: { signatures } })
  await loadSweeps()
  return programme
}

/** Asks until it is told: a server that fails once must not look like one without sweeps, nor end the session. */
async function learnSweeps(): Promise<void> {
  try {
    await loadSweeps()
  } catch (error) {
    if (account.value === null) return
    sweepsWrong.value = sentence(error)
    setTimeout(() => void learnSweeps(), ANEW)
  }
}

function leave(): void {
  account.value = null
  sweepsKnown.value = false
  forgetNames()
  forgetProgrammes()
}

onSessionEnd(leave)

function enter({ account: known, campaign }: Session): void {
  offsetHours.value = campaign.offset_hours
  account.value = known
  void learnSweeps()
  listen()
}

/** Whoever was signed out meanwhile is asked to sign in; a server that is still away is asked again. */
async function revive(line: EventSource): Promise<void> {
  if (account.value === null || events !== line) return
  try {
    await call('/v1/session')
    listen()
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 401) leave()
    else setTimeout(() => void revive(line), ANEW)
  }
}

function listen(): void {
  events?.close()
  const line = new EventSource('/v1/events')
  events = line
  let timer: ReturnType<typeof setTimeout> | undefined
  line.addEventListener('open', () => {
    if (missed) tick.value += 1
    missed = false
    live.value = true
  })
  line.addEventListener('error', () => {
    live.value = false
    missed = true
    if (line.readyState === EventSource.CLOSED) setTimeout(() => void revive(line), ANEW)
  })
  line.addEventListener('changed', ({ data }: MessageEvent<string>) => {
    const { sweeps: touched = [] } = JSON.parse(data) as { sweeps?: string[] }
    // Opening and closing a sweep touch no figure that is known here yet.
    const known = new Set(sweeps.value.map(({ id }) => id))
    if (touched.length === 0 || !touched.every((id) => known.has(id))) void loadSweeps().catch(() => undefined)
    timer ??= setTimeout(() => {
      timer = undefined
      tick.value += 1
    }, QUIET)
  })
}
