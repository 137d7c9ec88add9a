/**
 * The one place that knows @getodk/xforms-engine: a form of a pack, opened from its XForm, as plain pages of questions that
 * a screen draws, and its answers as the ledger seals them. The engine judges what is asked, what fits and what is missing.
 */
import { loadForm, type AnyControlNode, type GeneralChildNode, type GeneralParentNode, type RepeatInstanceNode, type RootNode, type UploadNode } from '@getodk/xforms-engine'
import { readNumber } from '@core/entry/numbers'
import type { Given } from '@core/ledger/answers'
import type { Bytes } from '@core/ledger/bytes'
import type { Picture } from '../db'

export type QuestionKind = 'text' | 'whole' | 'decimal' | 'day' | 'time' | 'one' | 'several' | 'range' | 'confirm' | 'note' | 'code' | 'moment' | 'order' | 'picture' | 'signature' | 'unsupported'

/** A picture, a sound or a film beside a text, by its name. */
export interface Shown {
  kind: 'image' | 'audio' | 'video'
  name: string
}

export interface Choice {
  value: string
  label: string
  shown: readonly Shown[]
}

export interface Question {
  part: 'question'
  id: string
  name: string
  kind: QuestionKind
  label: string
  hint: string
  shown: readonly Shown[]
  /** The answer as text; empty where there is none. */
  value: string
  /** Of an order: in it. */
  chosen: readonly string[]
  choices: readonly Choice[]
  required: boolean
  readonly: boolean
  /** Why the answer does not do, or that it is missing. */
  wrong: { missing: boolean; message: string; number?: QuestionKind } | null
  /** Lines of a text that is meant to be long. */
  rows: number
  bounds: { min: number; max: number; step: number } | null
  /** Of a picture: pixels of its longest side, where the form says it. */
  longest: number | null
}

export interface Group {
  part: 'group'
  id: string
  label: string
  parts: Part[]
}

/** A group that is filled in for each of several, a card each. */
export interface Repeat {
  part: 'repeat'
  id: string
  label: string
  cards: Group[]
  /** Whether the form leaves their number to whoever fills it in. */
  open: boolean
}

export type Part = Question | Group | Repeat

/** What is on the screen at a time: one group, or questions that stand between groups. */
export interface Page {
  id: string
  label: string
  parts: Part[]
}

export class FormUnreadable extends Error {
  override name = 'FormUnreadable'
}

export interface OpenForm {
  pages(): Page[]
  /** Sets an answer; several choices as a list. */
  answer(id: string, value: string | readonly string[]): void
  /** Answers with a picture, or with none. */
  attach(id: string, picture: Picture | null): void
  /** Those that are answers now. */
  pictures(): Picture[]
  addCard(repeat: string): void
  removeCard(repeat: string, at: number): void
  /** `zh-CN`, `en`: the form's own language of that name, if it has it. */
  speak(locale: string): void
  /** By the names of the questions that are asked: what the ledger seals. */
  answers(): Record<string, Given>
  /** The instance, XML: opened again it is as it is now. */
  instance(): Promise<string>
}

const INSTANCE = 'xml_submission_file'

/** Opens a form anew, or as it was left, with the pictures that were in it and what lies beside it. Throws `FormUnreadable`. */
export async function openForm(xform: string, left: string | null, pictures: readonly Picture[] = [], files: ReadonlyMap<string, Bytes> = new Map()): Promise<OpenForm> {
  const fetchFormAttachment = (address: URL): Promise<Response> => {
    const name = fileIn(address)
    const bytes = files.get(name)
    if (bytes === undefined) return Promise.resolve(new Response(null, { status: 404 }))
    return Promise.resolve(new Response(name.endsWith('.xml') ? undeclared(bytes) : bytes, { headers: { 'content-type': LIST_TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain' } }))
  }
  const form = await loadForm(xform, { fetchFormAttachment, missingResourceBehavior: 'BLANK' })
  if (form.status === 'failure') throw new FormUnreadable(String(form.error))
  const { root } = left === null ? form.createInstance() : await form.restoreInstance({ data: [asData(left, pictures)] })
  // The engine reads the pictures of an instance in a task of their own.
  if (pictures.length > 0) await new Promise((resolve) => setTimeout(resolve))
  return overRoot(root, pictures)
}

/** The engine sets a list among other elements, where none may say of which XML it is. */
const undeclared = (bytes: Bytes): string => new TextDecoder().decode(bytes).replace(/^\s*<\?xml[^?]*\?>/, '')

const LIST_TYPES: Readonly<Record<string, string>> = { csv: 'text/csv', xml: 'text/xml', geojson: 'application/geo+json' }

/** `jr://images/cough.png` is cough.png. */
const fileIn = ({ href }: URL): string => decodeURIComponent(href.slice(href.lastIndexOf('/') + 1))

function shownBy(text: { imageSource?: URL | undefined; audioSource?: URL | undefined; videoSource?: URL | undefined } | null | undefined): Shown[] {
  const sources = [
    ['image', text?.imageSource],
    ['audio', text?.audioSource],
    ['video', text?.videoSource],
  ] as const
  return sources.flatMap(([kind, source]) => (source === undefined ? [] : [{ kind, name: fileIn(source) }]))
}

function fileOf({ name, bytes }: Picture): File {
  return new File([bytes], name, { type: 'image/jpeg' })
}

function asData(instance: string, pictures: readonly Picture[]) {
  const data = new FormData()
  data.set(INSTANCE, new File([instance], INSTANCE, { type: 'text/xml' }))
  for (const picture of pictures) data.set(picture.name, fileOf(picture))
  return data as never
}

export function overRoot(root: RootNode, pictures: readonly Picture[] = []): OpenForm {
  const known = new Map(pictures.map((picture) => [picture.name, picture]))
  /** What was typed for a number and is none, by question: the engine would forget it. */
  const unread = new Map<string, string>()
  const node = (id: string) => {
    const found = [...everyNode(root)].find(({ nodeId }) => nodeId === id)
    if (found === undefined) throw new Error(`no node ${id}`)
    return found
  }
  return {
    pages: () => pagesOf(root, unread),
    answer: (id, value) => setAnswer(node(id), value, unread),
    attach: (id, picture) => {
      const upload = node(id)
      if (upload.nodeType !== 'upload') return
      if (picture !== null) known.set(picture.name, picture)
      upload.setValue(picture === null ? null : fileOf(picture))
    },
    pictures: () => [...everyNode(root)].flatMap((one) => (isAsked(one) ? (known.get(one.currentState.instanceValue) ?? []) : [])),
    addCard: (id) => {
      const range = node(id)
      if (range.nodeType === 'repeat-range:uncontrolled') range.addInstances()
    },
    removeCard: (id, at) => {
      const range = node(id)
      if (range.nodeType === 'repeat-range:uncontrolled') range.removeInstances(at)
    },
    speak: (locale) => {
      const wanted = locale.split('-')[0]!
      const known = root.languages.find(({ language }) => language === wanted || language.endsWith(`(${wanted})`))
      if (known !== undefined && known.isSyntheticDefault === undefined) root.setLanguage(known)
    },
    answers: () => {
      const found: Record<string, Given> = {}
      collect(root, found, false, known)
      return found
    },
    instance: async () => {
      const { data } = await root.prepareInstancePayload({ payloadType: 'monolithic' })
      return data[0].get(INSTANCE).text()
    },
  }
}

type Unread = ReadonlyMap<string, string>

function pagesOf(root: RootNode, unread: Unread): Page[] {
  const pages: Page[] = []
  let loose: Page | null = null
  for (const child of root.currentState.children) {
    const part = partOf(child, unread)
    if (part === null) continue
    if (part.part === 'group') {
      loose = null
      pages.push({ id: part.id, label: part.label, parts: part.parts })
    } else {
      if (loose === null) {
        loose = { id: part.id, label: '', parts: [] }
        pages.push(loose)
      }
      loose.parts.push(part)
    }
  }
  return pages
}

function partsOf(parent: GeneralParentNode, unread: Unread): Part[] {
  return parent.currentState.children.map((child) => partOf(child, unread)).filter((part) => part !== null)
}

/** The line over a table of choices, which other clients draw as its heads; here each question shows its own. */
const isHeading = (node: GeneralChildNode): boolean => nameIn(node.currentState.reference).startsWith('reserved_name_for_field_list_labels_')

/** What the screen shows of a node; null where it is not asked now, or never seen. */
function partOf(node: GeneralChildNode, unread: Unread): Part | null {
  if (!node.currentState.relevant || isHeading(node)) return null
  switch (node.nodeType) {
    case 'model-value':
      return null
    case 'group': {
      const parts = partsOf(node, unread)
      return parts.length === 0 ? null : { part: 'group', id: node.nodeId, label: textOf(node.currentState.label), parts }
    }
    case 'repeat-range:controlled':
    case 'repeat-range:uncontrolled':
      return {
        part: 'repeat',
        id: node.nodeId,
        label: textOf(node.currentState.label),
        open: node.nodeType === 'repeat-range:uncontrolled',
        cards: node.currentState.children.map((card: RepeatInstanceNode) => ({
          part: 'group',
          id: card.nodeId,
          label: textOf(card.currentState.label),
          parts: partsOf(card, unread),
        })),
      }
    default:
      return questionOf(node, unread)
  }
}

function questionOf(node: AnyControlNode, unread: Unread): Question {
  const { label, hint, required, readonly, reference } = node.currentState
  const kind = kindOf(node)
  const chooses = node.nodeType === 'select' || node.nodeType === 'rank'
  const { violation } = node.validationState
  const typed = unread.get(node.nodeId)
  return {
    part: 'question',
    id: node.nodeId,
    name: nameIn(reference),
    kind,
    label: textOf(label),
    hint: textOf(hint),
    shown: shownBy(label),
    value: typed ?? ('instanceValue' in node.currentState ? node.currentState.instanceValue : ''),
    chosen: chooses ? node.currentState.value : [],
    choices: chooses ? node.currentState.valueOptions.map(({ value, label: text }) => ({ value, label: text.asString, shown: shownBy(text) })) : [],
    required,
    readonly,
    wrong: typed !== undefined ? { missing: false, message: '', number: kind } : violation === null ? null : { missing: violation.condition === 'required', message: textOf(violation.message) },
    rows: node.nodeType === 'input' && node.valueType === 'string' && node.appearances.multiline ? (node.nodeOptions?.rows ?? 3) : 1,
    bounds: node.nodeType === 'range' ? boundsOf(node.definition.bounds) : null,
    longest: node.nodeType === 'upload' ? node.maxPixels : null,
  }
}

function kindOf(node: AnyControlNode): QuestionKind {
  if (node.nodeType === 'select') return node.selectType === 'select' ? 'several' : 'one'
  if (node.nodeType === 'rank') return 'order'
  if (node.nodeType === 'range') return 'range'
  if (node.nodeType === 'note') return 'note'
  if (node.nodeType === 'trigger') return 'confirm'
  if (node.nodeType === 'upload') {
    if (node.nodeOptions.media.type !== 'image') return 'unsupported'
    return node.appearances.signature ? 'signature' : 'picture'
  }
  if (node.nodeType !== 'input') return 'unsupported'
  switch (node.valueType) {
    case 'string':
      return 'text'
    case 'barcode':
      return 'code'
    case 'int':
      return 'whole'
    case 'decimal':
      return 'decimal'
    case 'date':
      return 'day'
    case 'time':
      return 'time'
    case 'dateTime':
      return 'moment'
    default:
      return 'unsupported'
  }
}

function setAnswer(node: GeneralChildNode, value: string | readonly string[], unread: Map<string, string>): void {
  if (node.nodeType === 'select') node.selectValues(typeof value === 'string' ? (value === '' ? [] : [value]) : value)
  else if (node.nodeType === 'rank') node.setValues(typeof value === 'string' ? (value === '' ? [] : [value]) : value)
  else if (node.nodeType === 'trigger') node.setValue(value === 'OK')
  else if ((node.nodeType === 'input' || node.nodeType === 'range') && typeof value === 'string') {
    const set = (text: string): void => {
      // The engine takes text for every kind of value, and none for no answer.
      ;(node.setValue as (value: string | null) => unknown)(text === '' ? null : text)
    }
    unread.delete(node.nodeId)
    const whole = node.valueType === 'int'
    if (node.valueType === 'dateTime' || node.valueType === 'time') return set(toTheSecond(value))
    if (value.trim() === '' || !(whole || node.valueType === 'decimal')) return set(value)
    const number = readNumber(value)
    if (number !== null && !(whole && number.includes('.'))) return set(number)
    set('')
    unread.set(node.nodeId, value)
  }
}

/** The engine takes no time without its seconds, which no picker asks for; a moment is of the phone's clock. */
function toTheSecond(value: string): string {
  if (!/\d\d:\d\d$/.test(value) || /:\d\d:\d\d$|[+-]\d\d:\d\d$/.test(value)) return value
  const whole = `${value}:00.000`
  if (!value.includes('T')) return whole
  const ahead = -new Date(whole).getTimezoneOffset()
  const two = (number: number): string => String(Math.trunc(Math.abs(number))).padStart(2, '0')
  return `${whole}${ahead < 0 ? '-' : '+'}${two(ahead / 60)}:${two(ahead % 60)}`
}

/** Answers of questions in a repeat are lists, in the order of its cards. */
function collect(parent: GeneralParentNode, found: Record<string, Given>, repeated: boolean, pictures: ReadonlyMap<string, Picture>): void {
  for (const node of parent.currentState.children) {
    if (!node.currentState.relevant) continue
    if (node.nodeType === 'group') {
      if (nameIn(node.currentState.reference) !== 'meta') collect(node, found, repeated, pictures)
    } else if (node.nodeType === 'repeat-range:controlled' || node.nodeType === 'repeat-range:uncontrolled') {
      for (const card of node.currentState.children) collect(card, found, true, pictures)
    } else {
      const given = givenOf(node, pictures)
      if (given === null) continue
      const name = nameIn(node.currentState.reference)
      if (!repeated) found[name] = given
      else found[name] = [...((found[name] as Given[] | undefined) ?? []), given]
    }
  }
}

function givenOf(node: Exclude<GeneralChildNode, { currentState: { children: readonly unknown[] } }>, pictures: ReadonlyMap<string, Picture>): Given | null {
  if (node.nodeType === 'note') return null
  if (node.nodeType === 'rank' || (node.nodeType === 'select' && node.selectType === 'select')) return node.currentState.value.length === 0 ? null : [...node.currentState.value]
  const text = 'instanceValue' in node.currentState ? node.currentState.instanceValue : ''
  if (text === '') return null
  // The fact commits to the bytes, which come after it.
  if (node.nodeType === 'upload') return pictures.has(text) ? `${text} sha256:${pictures.get(text)!.digest}` : null
  return node.valueType === 'int' || node.valueType === 'decimal' ? Number(text) : text
}

function isAsked(node: GeneralChildNode): node is UploadNode {
  return node.nodeType === 'upload' && node.currentState.relevant
}

function* everyNode(parent: GeneralParentNode): Generator<GeneralChildNode> {
  for (const node of parent.currentState.children as readonly GeneralChildNode[]) {
    yield node
    if (node.nodeType === 'group') yield* everyNode(node)
    else if (node.nodeType === 'repeat-range:controlled' || node.nodeType === 'repeat-range:uncontrolled') {
      for (const card of node.currentState.children) yield* everyNode(card)
    }
  }
}

function boundsOf({ start, end, step }: { start: unknown; end: unknown; step: unknown }): Question['bounds'] {
  return { min: Number(start), max: Number(end), step: Number(step) }
}

const textOf = (text: { asString: string } | null | undefined): string => text?.asString ?? ''

/** `/data/home[1]/temp_c` is the question temp_c. */
const nameIn = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1).replace(/\[\d+\]$/, '')
