/** Cases, tasks and what is filled in, as the server tells them; and what is reckoned of them to be shown. */
import { shallowRef } from 'vue'
import type { Reach } from '@core/api/types'
import { call } from './call'
import { dayOf, today } from './clock'

/** A code of a programme, and how it is called. */
export interface Named {
  code: string
  zh: string
  en: string
}

export interface About {
  /** Without it: the household behind the door. */
  person?: string
  /** Without it: the area, or a worker. */
  dwelling?: string
  worker?: string
  area_code: string
  area_name: string
  building: string
  unit: string
  room: string
}

/** What a form or a pathway can be about that is found behind a door and is no person. */
export const BEHIND_A_DOOR = ['household', 'dwelling', 'place', 'organisation']

export interface DueTask {
  case: string
  programme: string
  pathway: Named
  state: Named
  kind: 'leave' | 'wait' | 'release' | 'sign' | 'hand_over' | 'register'
  of: Named
  role: string
  level: 'open' | 'reminded' | 'overdue'
  climbed: boolean
  due: string
  since: string
  mine: boolean
  taken: boolean
  /** How whoever it is offered to is called, until she answers. */
  offered_to?: string
  /** How whoever asked what holds it is called, until someone answers. */
  asked_by?: string
  /** Whether words were given with that. */
  asked_in_words?: boolean
  /** A step was taken, and waits for signatures of these roles. */
  waits_for?: Named[]
  /** It stands on her list, and someone else is to move it. */
  waits_for_others: boolean
  about: About
}

/** A case that waits for the reader's answer. */
export interface CaseOffer {
  case: string
  programme: string
  pathway: Named
  state: Named
  turn: number
  role: string
  from?: string
  due?: string
  about: About
  /** Another community hands it over: it is answered in this area with `receive` or `refuse`. */
  to?: CaseArea
}

export interface CaseArea {
  area_code: string
  area_name: string
}

/** That another community has received a case. */
export interface CaseReceipt {
  case: string
  programme: string
  pathway: Named
  to: CaseArea
  by?: string
  at: string
}

/** That a case was sent to another community, or out of the territory. */
export interface CasePassage {
  from: CaseArea
  to?: CaseArea
  by: string
  at: string
  answer?: 'received' | 'refused' | 'withdrawn'
  answered_by?: string
  answered_at?: string
}

/** A community or village to which a case can be sent. */
export interface SendPlace extends CaseArea {
  within: string
}

export interface CaseRow {
  case: string
  programme: string
  pathway: Named
  state: Named
  about: About
  opened_at: string
  since: string
  ended: boolean
  due?: string
  overdue: boolean
  holder?: string
}

/** What was learnt from a case of some kind that has ended. */
export interface Lesson {
  lesson: string
  pathway: Named
  at: string
  text: string
}

export interface BoardRow {
  code: string
  name: string
  open: number
  overdue: number
  pathways: { programme: string; pathway: Named; open: number; overdue: number }[]
}

export interface CaseTask {
  task: string
  kind: DueTask['kind']
  of: Named
  owner: string
  climbs_to: string[]
  since: string
  remind_at: string
  due: string
  days?: { day: number; of: number; until: string }
}

export interface NextStep {
  step: Named
  to: Named
  by: string[]
  signed_by: string[]
  missing?: string[]
  condition?: string
  says?: { zh: string; en: string }
  /** What the condition looks at. */
  forms?: { form: Named; filled: boolean; pictures?: boolean }[]
  /** The condition does not hold today, and from which day it will if nothing else is filled in. */
  unmet?: boolean
  holds_from?: string
  may_override: boolean
  /** Taken with the receipt of whoever has received her outside the territory, in words. */
  outside?: boolean
}

/** Whom to ask about a case: the roles that answer for what is due, those above them, and its community. */
export interface CaseReach {
  community?: { area_code: string; area_name: string; reach: Reach }
  asked: {
    role: string
    above: boolean
    names: string[]
    area_name?: string
    in_community: boolean
  }[]
}

export interface CaseEvent {
  at: string
  by: string
  role: string
  deed: 'step' | 'step_overridden' | 'sign' | 'offer' | 'take' | 'decline' | 'ask' | 'reply' | 'resume' | 'send' | 'receive' | 'refuse' | 'recall'
  step?: Named
  to?: string
  outcome?: 'ran' | 'overtaken' | 'ahead' | 'waiting'
}

export interface CaseFile {
  case: string
  programme: string
  version: string
  pathway: Named
  about: About
  opened_at: string
  path: Named[]
  state: Named
  ended: boolean
  since: string
  turn: number
  next: NextStep[]
  tasks: CaseTask[]
  reports: { at: string; source: 'rule' | 'worker' | 'department' | 'resident'; rule?: Named; by: string }[]
  events: CaseEvent[]
  told: { at: string; kind: DueTask['kind']; of: Named; role: string; due: string }[]
  holder?: string
  offered?: string
  roles: string[]
  may_offer: boolean
  may_take: boolean
  /** Who asked what holds it, if nobody has answered; whether the reader may ask, and answer. */
  asked?: string
  /** Words were given with it; absent from an older server. */
  asked_in_words?: boolean
  may_ask?: boolean
  may_reply?: boolean
  staff: { id: string; name: string }[]
  lessons: Lesson[]
  /** All of it; as much as whoever is to receive it needs; or that another community has received it, and nothing since. */
  seen: 'whole' | 'sent' | 'handed_over'
  passages: CasePassage[]
  moving: boolean
  /** Where the reader answers whether it is received. */
  answers_in?: CaseArea
  may_send: boolean
  may_recall: boolean
  sends_outside: boolean
  may_register: boolean
}

export type { Why } from '@core/api/types'

export interface Hand {
  id: string
  name: string
  roles: string[]
  area_name: string
  phone?: string
}

export interface InForce {
  programme: Named
  version: string
  in_force: boolean
  roles: Named[]
  pathways: { pathway: Named; about: string }[]
  own: string[]
}

export interface OfferedForm {
  programme: string
  version: string
  form: string
  zh: string
  en: string
  hint?: string
  hint_en?: string
  about: string
  roles: string[]
}

export interface Question {
  question: Named
  kind: 'text' | 'whole' | 'decimal' | 'day' | 'moment' | 'one' | 'several'
  required: boolean
  choices: Named[]
}

export interface AskedForm {
  form: Named
  about: string
  questions: Question[]
  simple: boolean
}

export interface FilledAnswer {
  question: Named
  zh: string
  en: string
}

/** That a form was filled in, without its answers. */
export interface FilledForm {
  programme: string
  form: Named
  person?: string
  on: string
  at: string
  case?: string
  erased_on?: string
}

export interface FileView {
  classes: { programme: string; classes: Named; person?: string; spans: { from: string; class: Named }[] }[]
  figures: {
    programme: string
    figure: Named
    unit: string
    value?: number
    text: string
    only_if?: string
    forms: Named[]
    figures: string[]
    parameters: { parameter: Named; unit: string; value: number }[]
  }[]
  answers: { position: number; programme: string; form: Named; person?: string; on: string; at: string; answers: FilledAnswer[]; pictures: { question: string; name: string; here: boolean }[]; hidden: number }[]
  /** What was noted at the newest visit of each sweep, for whoever reads such notes. */
  notes?: { sweep: string; note: string; place: string }[]
}

/** What is called something in both languages, in the reader's. */
export function word(named: { zh: string; en: string }, locale: string): string {
  const said = locale.startsWith('zh') ? named.zh : named.en
  return locale.startsWith('zh') ? said : said.charAt(0).toUpperCase() + said.slice(1)
}

/** The programmes, asked for once: their names stand on every page of cases. */
export const programmes = shallowRef<InForce[]>([])
let asked: Promise<void> | null = null

export function knowProgrammes(): Promise<void> {
  asked ??= call<{ programmes: InForce[] }>('/v1/programmes').then(
    ({ body }) => {
      programmes.value = body.programmes
    },
    (error: unknown) => {
      asked = null
      throw error
    },
  )
  return asked
}

export function forgetProgrammes(): void {
  asked = null
  programmes.value = []
}

/** What is not known yet has no name: a code says nothing to whoever reads it. */
const notYet = (): boolean => programmes.value.length === 0

export function programmeName(code: string, locale: string): string {
  if (notYet()) return ''
  const found = programmes.value.find(({ programme }) => programme.code === code)
  return found === undefined ? code : word(found.programme, locale)
}

/** A role as its programme calls it; one that only an older version knew, by its code. */
export function roleName(programme: string, role: string, locale: string): string {
  if (notYet()) return ''
  const roles = programmes.value.find(({ programme: { code } }) => code === programme)?.roles ?? []
  const found = roles.find(({ code }) => code === role)
  return found === undefined ? role : word(found, locale)
}

/** How far ahead tasks are looked at, in days. */
const AHEAD = 60

export interface DuePage {
  offers?: CaseOffer[]
  handed_over?: CaseReceipt[]
  rows: DueTask[]
  next?: string
}

/** A page of what is due from whoever is signed in. */
export async function dueTasks(cursor?: string): Promise<DuePage> {
  return (await call<DuePage>('/v1/tasks', { query: { until: today(AHEAD), cursor } })).body
}

/** What is hers to do, and what stands on her list until someone else does it. */
export function partedOf<Task extends Pick<DueTask, 'waits_for_others'>>(tasks: readonly Task[]): { hers: Task[]; others: Task[] } {
  return { hers: tasks.filter((task) => !task.waits_for_others), others: tasks.filter((task) => task.waits_for_others) }
}

/** How many things wait for her, as the menu says it: her tasks, and cases that are offered to her and are none of those. */
export function forHer({ offers = [], rows, next }: DuePage): { n: number; more: boolean } {
  const { hers } = partedOf(rows)
  const known = new Set(hers.map((task) => task.case))
  return { n: hers.length + offers.filter((offer) => !known.has(offer.case)).length, more: next !== undefined }
}

/** How many cases of an area stand open, and with something overdue: of all pathways, or of one of the key `programme pathway`. */
export function standing(row: BoardRow, way: string): { open: number; overdue: number } {
  if (way === '') return row
  return row.pathways.find(({ programme, pathway }) => way === `${programme} ${pathway.code}`) ?? { open: 0, overdue: 0 }
}

export const WHEN = ['overdue', 'today', 'later'] as const
export type When = (typeof WHEN)[number]

export function when(due: string, now: number): When {
  const at = Date.parse(due)
  if (at <= now) return 'overdue'
  return dayOf(at) === dayOf(now) ? 'today' : 'later'
}

/** The roles that a task climbs to and from when on: the first when it is due, one more for each time as long again. */
export function climbs(task: Pick<CaseTask, 'since' | 'due' | 'climbs_to'>): { role: string; at: string }[] {
  const due = Date.parse(task.due)
  const length = Math.max(due - Date.parse(task.since), 1)
  return task.climbs_to.map((role, times) => ({ role, at: new Date(due + times * length).toISOString() }))
}

/** The roles to which what is late of a case climbs, and those that answer for it or are told of it. */
export function askedOf({ tasks }: Pick<CaseFile, 'tasks'>): { climbing: Set<string>; answering: Set<string> } {
  const climbing = new Set(tasks.flatMap(({ climbs_to: roles }) => roles))
  return { climbing, answering: new Set([...tasks.map(({ owner }) => owner), ...climbing]) }
}

/** Whether an offer was taken back by whoever made it, and not declined by whom it was made to. */
export function isWithdrawn(events: readonly CaseEvent[], answer: CaseEvent): boolean {
  const offer = events.slice(0, events.indexOf(answer)).findLast(({ deed }) => deed === 'offer')
  return offer !== undefined && offer.to !== answer.by
}

/** What a form's answers are sent as: numbers as numbers, several as a list, what was left empty not at all. */
export function answersOf(questions: readonly Question[], given: Record<string, string | string[]>): Record<string, unknown> {
  const answers: Record<string, unknown> = {}
  for (const { question, kind } of questions) {
    const value = given[question.code]
    if (value === undefined || value.length === 0) continue
    if (kind === 'whole' || kind === 'decimal') {
      const number = Number(value)
      answers[question.code] = Number.isNaN(number) ? value : number
    } else answers[question.code] = value
  }
  return answers
}
