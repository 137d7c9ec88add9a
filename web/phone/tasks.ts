/** What is due from this worker, as the server told it last, and what she may do about it. */
import { computed, effectScope } from 'vue'
import { dayFromText } from '@core/doors/day'
import type { Colleague, MyStep, Named } from '@core/api/types'
import type { Deed, HandOverAnswer } from '@core/ledger/facts'
import { db, setting, type KeptTask, type OutboxFact, type PhoneDoor } from './db'
import { caseReceipts, myDay, worked } from './day'
import { clock } from './clock'
import { doorViews, openSweeps } from './doors'
import { answerTo, handings, me, offers, type Handing, type HandingEntry } from './handing'
import { useLive } from './live'
import { say } from './notice'
import { recordDeed, recordHanding } from './outbox'
import { identity, offsetHours } from './session'
import { outbox, syncSoon } from './syncer'
import { i18n, translate } from './texts'
import { keeping } from './vault'

const scope = effectScope(true)
export const tasks = scope.run(() => useLive(() => db.tasks.toArray(), [] as KeptTask[]))!
export const colleagues = scope.run(() => useLive(async () => (await setting('colleagues')) ?? [], [] as Colleague[]))!

const others = scope.run(() => useLive(async () => (await setting('others')) ?? [], [] as Colleague[]))!

const rank = computed(() => new Map(doorViews.value.map(({ door }, place) => [door.dwelling, place])))
export const day = computed(() => myDay(tasks.value, outbox.value, rank.value, me.value, clock.value, offsetHours.value))
export const handedCases = computed(() => caseReceipts(tasks.value, outbox.value, offsetHours.value))
export const hoursWorked = computed(() => worked(outbox.value, offsetHours.value))

/** Doors that are handed over in rounds that are open, and those of them that colleagues would hand to her. */
export const openHandings = computed(() => handings.value.filter((row) => openSweeps.value.some(({ id }) => id === row.sweep)))
export const doorsAsked = computed(() => openHandings.value.filter((row) => row.taker.worker === me.value && !row.answer))

export function named(name: Named | { zh: string; en: string }): string {
  return i18n.global.locale.value.startsWith('zh') ? name.zh : name.en
}

/** What is said of an offer that waits: whose the task is until then, and to her only where it is hers. */
export function offerSaid({ holder, offered_by: by }: KeptTask, to: string): string {
  const name = colleagueName(to)
  if (holder === me.value || by === me.value) return translate('day.waitsFor', { name })
  return translate('day.offeredByTo', { giver: by === undefined ? translate('day.someone') : colleagueName(by), name })
}

export function colleagueName(worker: string): string {
  return [...colleagues.value, ...others.value].find((known) => known.worker === worker)?.name || translate('day.someone')
}

/** The step that a deed took, and its task, where the task still is hers. */
export function stepOf({ deed, named: step }: OutboxFact): { task: KeptTask; step: MyStep | null } | null {
  const task = tasks.value.find((one) => one.case === deed?.case)
  return task === undefined ? null : { task, step: task.steps.find((one) => one.step.code === step?.code) ?? null }
}

/** Writes a step or a signature; with a reason, against the step's condition. Never waits for the network. */
export async function take(task: KeptTask, step: MyStep, why: string | null = null): Promise<void> {
  await keeping(async () => {
    const countedFrom = await countingDay(task, step)
    const deed = why === null ? step.deed : 'step_overridden'
    await write(task, deed, step.role, { step: step.step, countedFrom, why }, translate('day.did', { step: named(step.step) }))
  })
}

export async function accept(task: KeptTask): Promise<void> {
  await write(task, 'take', task.role, {}, translate('day.took'))
}

export async function decline(task: KeptTask): Promise<void> {
  await write(task, 'decline', task.role, {}, translate(task.offered === me.value ? 'day.declined' : 'day.withdrew'))
}

export async function reply(task: KeptTask, words: string): Promise<void> {
  await keeping(() => write(task, 'reply', task.role, { why: words }, translate('task.replied')))
}

export async function offer(task: KeptTask, to: string): Promise<void> {
  await write(task, 'offer', task.role, { to }, translate('day.offeredTo', { name: colleagueName(to) }))
}

/** Offers the doors of a round that are left. */
export async function offerDoors(doors: readonly PhoneDoor[], sweep: string, to: Colleague): Promise<void> {
  for (const entry of offers(doors, sweep, me.value, { worker: to.worker, name: to.name })) await hand(entry, translate('day.offeredTo', { name: to.name }))
}

const SAID = { taken: 'day.took', declined: 'day.declined', withdrawn: 'day.withdrew' } as const

export async function answerDoors(handing: Handing, answer: HandOverAnswer): Promise<void> {
  await hand(answerTo(handing, answer), translate(SAID[answer]))
}

async function hand(entry: HandingEntry, said: string): Promise<void> {
  if (identity.value === null) throw new Error('a phone that is not enrolled cannot record')
  const visit = await recordHanding(identity.value, entry, Date.now())
  navigator.vibrate?.(20)
  say(said, visit)
  syncSoon()
}

async function write(
  task: KeptTask,
  deed: Deed,
  role: string,
  more: { step?: Named; to?: string; countedFrom?: number | null; why?: string | null },
  said: string,
): Promise<void> {
  if (identity.value === null) throw new Error('a phone that is not enrolled cannot record')
  const { step = null, to = null, countedFrom = null, why = null } = more
  const visit = await recordDeed(identity.value, { task, deed, role, step, to, countedFrom, why }, Date.now())
  navigator.vibrate?.(20)
  say(said, visit)
  syncSoon()
}

/** The day from which the state after a step counts: what was filled in on this phone is newer than what the server told. */
async function countingDay(task: KeptTask, { counted_from: counted }: MyStep): Promise<number | null> {
  if (counted === undefined) return null
  const last = await db.answers.get(`${task.programme}/${counted.form}/${task.about.person ?? task.about.dwelling}`)
  const answer = last?.answers[counted.field]
  const day = typeof answer === 'string' ? answer : counted.day
  return day === undefined ? null : dayFromText(day)
}
