/**
 * Drafts of plans. They name staff with their limits, so they live in this page's memory and nowhere else; what is
 * published is the server's.
 */
import { ref, shallowReactive, type Ref } from 'vue'
import { base64 } from '@core/ledger/bytes'
import type { PlanDraft, PlanHolder, PlanInput, PlanJudgement, PlanKind, PlanRow, PlanSlot } from '@core/api/types'
import { call } from './call'
import { sentence } from './load'

/** A planner takes its time. */
const PATIENCE = 5 * 60_000

/** A draft and what a person made of it. */
export interface Working {
  key: number
  input: PlanInput
  draft: PlanDraft
  held: number[][]
  judgement: PlanJudgement
  /** What stood before each change, the newest last. */
  steps: { held: number[][]; judgement: PlanJudgement }[]
  busy: boolean
  wrong: string | null
}

export const drafts: Ref<Working[]> = ref([])
let keys = 0

export async function fileText(file: File): Promise<string> {
  return base64(new Uint8Array(await file.arrayBuffer()))
}

export async function makeDraft(input: PlanInput): Promise<Working> {
  const { body: draft } = await call<PlanDraft>('/v1/plans/drafts', { method: 'POST', json: input, patience: PATIENCE })
  keys += 1
  const working = shallowReactive<Working>({ key: keys, input, draft, held: draft.held, judgement: draft.judgement, steps: [], busy: false, wrong: null })
  drafts.value = [...drafts.value, working]
  return working
}

export function discard(working: Working): void {
  drafts.value = drafts.value.filter(({ key }) => key !== working.key)
}

/** How a slot is put among those that someone holds. */
export type Put = (order: number[], slot: number) => number[]

const byNumber: Put = (order, slot) => [...order, slot].sort((left, right) => left - right)

/** Where the way is lengthened least, by straight lines. */
export function onTheWay(slots: readonly PlanSlot[]): Put {
  const apart = (a: number | undefined, b: number | undefined): number => {
    const [from, to] = [a, b].map((slot) => (slot === undefined ? null : slots[slot]?.at))
    return from && to ? Math.hypot(from[0] - to[0], from[1] - to[1]) : 0
  }
  return (order, slot) => {
    const longer = (at: number) => apart(order[at - 1], slot) + apart(slot, order[at]) - apart(order[at - 1], order[at])
    const places = [...order, slot].map((_, at) => at)
    const best = places.reduce((least, at) => (longer(at) < longer(least) ? at : least), 0)
    return [...order.slice(0, best), slot, ...order.slice(best)]
  }
}

/** The plan with one slot taken from a holder (null: nobody holds it yet) and given to another (null: to nobody). */
export function moved(held: readonly number[][], slot: number, from: number | null, to: number | null, put: Put = byNumber): number[][] {
  return held.map((slots, holder) => {
    const kept = holder === from ? slots.filter((one) => one !== slot) : [...slots]
    return holder === to && !kept.includes(slot) ? put(kept, slot) : kept
  })
}

/** What is pressed in a plan: a slot and who holds it (null: nobody), or a holder to whom nothing is given. */
export interface Chosen {
  slot: number | null
  holder: number | null
}

/** Where it goes: to another holder (null: to nobody), or the holder to another slot. */
export type Target = { holder: number | null } | { slot: number }

/** Someone is in one place at a time: sent elsewhere she leaves hers, and whose place she takes has hers. */
export function posted(held: readonly number[][], { slot, holder }: Chosen, target: Target): number[][] {
  if ('slot' in target) return held.map((slots, at) => (at === holder ? [target.slot] : [...slots]))
  const theirs = target.holder === null ? [] : held[target.holder]!
  return held.map((slots, at) => {
    if (at === target.holder) return slot === null ? [] : [slot]
    return at === holder ? [...theirs] : [...slots]
  })
}

/** The plan of a draft with one thing of it changed. */
export function changed({ draft, held }: Pick<Working, 'draft' | 'held'>, chosen: Chosen, target: Target): number[][] {
  if (draft.kind === 'deployment') return posted(held, chosen, target)
  if (chosen.slot === null || 'slot' in target) return held.map((slots) => [...slots])
  return moved(held, chosen.slot, chosen.holder, target.holder, draft.kind === 'rounds' ? onTheWay(draft.slots) : byNumber)
}

/** How many are missing at each slot, for those where anyone is. */
export function missing(slots: readonly PlanSlot[], held: readonly number[][]): Map<number, number> {
  const there = new Map<number, number>()
  for (const slot of held.flat()) there.set(slot, (there.get(slot) ?? 0) + 1)
  const short = slots.map(({ need }, slot) => [slot, need - (there.get(slot) ?? 0)] as const)
  return new Map(short.filter(([, left]) => left > 0))
}

/** What a judgement costs more than another, in the planner's unit. */
export function difference(before: PlanJudgement, after: PlanJudgement): number {
  return after.certificate.objective - before.certificate.objective
}

/** How far from the best a plan is at most: 0 is proven best, null where nothing is proven. */
export function gap(certificate: PlanJudgement['certificate']): number | null {
  const { objective, bound } = certificate
  if (bound === null || bound === undefined) return null
  if (objective <= bound) return 0
  return bound === 0 ? null : (objective - bound) / bound
}

async function judge(working: Working, held: number[][]): Promise<PlanJudgement> {
  const json = { input: working.input, shape: working.draft.shape, held }
  return (await call<PlanJudgement>('/v1/plans/evaluations', { method: 'POST', json, patience: PATIENCE })).body
}

/** Changes one thing and asks what it costs. The change stays only if the server could judge it. */
export async function change(working: Working, chosen: Chosen, target: Target): Promise<void> {
  const held = changed(working, chosen, target)
  working.busy = true
  working.wrong = null
  try {
    const judgement = await judge(working, held)
    working.steps = [...working.steps, { held: working.held, judgement: working.judgement }]
    working.held = held
    working.judgement = judgement
  } catch (error) {
    working.wrong = sentence(error)
  } finally {
    working.busy = false
  }
}

export function takeBack(working: Working): void {
  const before = working.steps.at(-1)
  if (before === undefined) return
  working.steps = working.steps.slice(0, -1)
  working.held = before.held
  working.judgement = before.judgement
}

export async function publish(working: Working, replaces: string | null): Promise<PlanRow> {
  const json = {
    input: working.input,
    shape: working.draft.shape,
    held: working.held,
    ...(replaces === null ? {} : { replaces }),
    open_confirmed: working.judgement.open.length,
  }
  return (await call<PlanRow>('/v1/plans', { method: 'POST', json, patience: PATIENCE })).body
}

export const stands = (plan: PlanRow): boolean => !plan.replaced_by && !plan.withdrawn_at

/** Plans that stand for the same kind, area and days as a draft: one of them has to give way. */
export function rivals(draft: Pick<PlanDraft, 'kind' | 'area_code' | 'from' | 'until'>, plans: readonly PlanRow[]): PlanRow[] {
  const apart = (end?: string | null, start?: string | null) => Boolean(end && start && end < start)
  return plans.filter(
    (plan) =>
      stands(plan) &&
      plan.kind === draft.kind &&
      plan.area_code === draft.area_code &&
      !apart(plan.until, draft.from) &&
      !apart(draft.until, plan.from),
  )
}

/** The days of a rota's slots, in order. */
export function daysOf(slots: readonly PlanSlot[]): string[] {
  return [...new Set(slots.flatMap(({ day }) => (day ? [day] : [])))].sort()
}

export function clock(minutes: number): string {
  const of = ((minutes % 1440) + 1440) % 1440
  return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`
}

/** "08–16" where both are full hours, else "08:30–16:00". */
export function hours({ starts, minutes }: Pick<PlanSlot, 'starts' | 'minutes'>): string {
  if (starts === null || starts === undefined) return ''
  if (!minutes) return clock(starts)
  const ends = [clock(starts), starts + minutes === 1440 ? '24:00' : clock(starts + minutes)]
  const full = ends.every((end) => end.endsWith(':00'))
  return ends.map((end) => (full ? end.slice(0, 2) : end)).join('–')
}

export interface Asked {
  name: string
  optional?: boolean
}

/** The lists that each kind of plan is made from, by their part in it. */
export const FILES: Partial<Record<PlanKind, Asked[]>> = {
  rota: [{ name: 'people' }, { name: 'posts' }],
  grids: [{ name: 'adjacency' }, { name: 'buildings', optional: true }],
  deployment: [{ name: 'staff' }, { name: 'communities' }],
  pairing: [{ name: 'units' }, { name: 'places' }],
  rounds: [{ name: 'stops' }, { name: 'teams', optional: true }, { name: 'vehicles', optional: true }],
}

export interface Set {
  from: string
  days: number | ''
  target: number
  maxKm: number | ''
  teams: number
}

/** What is set beside the lists of a kind. Only a rota has to have days. */
export function settingsOf(kind: PlanKind, all: Set): PlanInput['settings'] {
  if (kind === 'grids') return { target: all.target }
  const days = { ...(all.from === '' ? {} : { from: all.from }), ...(all.days === '' || all.from === '' ? {} : { days: all.days }) }
  if (kind === 'deployment' && all.maxKm !== '') return { ...days, max_km: all.maxKm }
  return kind === 'rounds' ? { ...days, teams: all.teams } : days
}

/** A slot in words. */
export const inWords = (slot: PlanSlot | undefined): string => [slot?.label, slot?.detail].filter(Boolean).join(' · ')

/** What each holder of a plan has, in words, by name. */
export function heldBy({ slots, holders, held }: Pick<PlanDraft, 'slots' | 'holders' | 'held'>): Map<string, string> {
  return new Map(holders.map(({ name }, holder) => [name, (held[holder] ?? []).map((slot) => inWords(slots[slot])).join(', ') || '—']))
}

/** Width and height that a building takes on the map. */
const CELL = { x: 78, y: 66 }

/**
 * Where buildings are drawn. By their coordinates, scaled until neighbours do not cover each other; those without stand
 * in rows below, and all do where none has any. North is up.
 */
export function spread(slots: readonly PlanSlot[]): { x: number; y: number }[] {
  const known = slots.flatMap(({ at }, slot) => (at ? [{ slot, x: at[0], y: -at[1] }] : []))
  const places = new Map<number, { x: number; y: number }>()
  if (known.length > 1) {
    const near = known.map((one) => Math.min(...known.filter((other) => other !== one).map((other) => Math.max(Math.abs(other.x - one.x) / CELL.x, Math.abs(other.y - one.y) / CELL.y))))
    const apart = [...near].sort((left, right) => left - right)[Math.floor(near.length / 4)] || 1
    const [left, top] = [Math.min(...known.map(({ x }) => x)), Math.min(...known.map(({ y }) => y))]
    for (const { slot, x, y } of known) places.set(slot, { x: (x - left) / apart, y: (y - top) / apart })
  }
  const below = places.size === 0 ? 0 : Math.max(...[...places.values()].map(({ y }) => y)) + CELL.y
  const rest = slots.map((_, slot) => slot).filter((slot) => !places.has(slot))
  const across = Math.max(1, Math.ceil(Math.sqrt(rest.length * 1.6)))
  rest.forEach((slot, at) => places.set(slot, { x: (at % across) * CELL.x, y: below + Math.floor(at / across) * CELL.y }))
  return slots.map((_, slot) => places.get(slot)!)
}

/** A grid's short number: what its code adds to its community's. */
export function gridNumbers(holders: readonly PlanHolder[], area: string): string[] {
  return holders.map(({ name }, at) => {
    const own = name.startsWith(area) ? name.slice(area.length).replace(/^0+/, '') : ''
    return own === '' || own.length > 3 ? String(at + 1) : own
  })
}
