/**
 * A list that comes page by page: anew when its question changes, as long as it was when figures change. Of a list whose
 * pages can be asked for alone, only those in sight are asked for again; the others when they come into sight.
 */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Page } from '@core/api/types'
import { Grown } from './grown'
import { sentence, useLoad, type Loaded } from './load'
import { say } from './notice'

/** What is asked for at first, so that it is there soon, and then. */
const [FIRST, FOLLOWING] = [200, 1000]

export interface Part {
  cursor: string | null
  /** The `next` of that page when it was there before. */
  until?: string
  limit: number
}

export interface Pages<Row> extends Omit<Loaded<unknown>, 'value'> {
  /** Null until the first page is there. */
  rows: Readonly<ShallowRef<Grown<Row> | null>>
  /** Whether there are more. */
  next: Readonly<Ref<string | null>>
  /** How many `more` brings at most. */
  step: number
  more: () => Promise<void>
  /** Which rows are in sight. */
  look: (first: number, last: number) => void
}

interface Stretch<Row> {
  cursor: string | null
  next: string | null
  rows: Row[]
  /** Figures changed since it was asked for. */
  stale: boolean
}

/** @param alone whether a page can be asked for by where it begins and ends */
export function usePages<Question, Row>(
  question: () => Question | null,
  ask: (question: Question, part: Part) => Promise<Page<Row>>,
  { alone = false }: { alone?: boolean } = {},
): Pages<Row> {
  const rows = shallowRef<Grown<Row> | null>(null)
  const next = ref<string | null>(null)
  /** What `rows` are of. */
  let shown: List | null = null
  let asking: List | null = null
  let sight: readonly [number, number] = [0, 0]

  interface List {
    question: Question
    key: string
    stretches: Stretch<Row>[]
  }

  async function answer(asked: Question): Promise<List> {
    const key = JSON.stringify(asked)
    const there = shown?.key === key ? shown : null
    if (there !== null && alone) {
      for (const stretch of there.stretches) stretch.stale = true
      await freshen(there)
      return there
    }
    const long = there === null ? 0 : there.stretches.reduce((sum, stretch) => sum + stretch.rows.length, 0)
    const list: List = { question: asked, key, stretches: [] }
    await append(list, FIRST)
    while (list.stretches.at(-1)!.next !== null) {
      const missing = long - list.stretches.reduce((sum, stretch) => sum + stretch.rows.length, 0)
      if (missing <= 0) break
      await append(list, Math.min(FOLLOWING, missing))
    }
    return list
  }
  const { value, ...first } = useLoad<Question, List>(question, answer)

  function show(list: List | null): void {
    shown = list
    rows.value = list === null ? null : new Grown(list.stretches.flatMap((stretch) => stretch.rows))
    next.value = list?.stretches.at(-1)?.next ?? null
  }
  watch(value, show, { flush: 'sync' })

  async function append(list: List, limit: number): Promise<Row[]> {
    const cursor = list.stretches.at(-1)?.next ?? null
    const page = await ask(list.question, { cursor, limit })
    list.stretches.push({ cursor, next: page.next ?? null, rows: page.rows, stale: false })
    return page.rows
  }

  /** Asks again for what is stale and in sight; what stands above and below stays as it is. */
  async function freshen(list: List): Promise<void> {
    let at = 0
    for (const stretch of [...list.stretches]) {
      const [from, to] = [at, at + stretch.rows.length]
      at = to
      if (!stretch.stale || from > sight[1] || (to <= sight[0] && to !== 0)) continue
      stretch.stale = false
      try {
        stretch.rows = await again(list.question, stretch)
      } catch (error) {
        stretch.stale = true
        throw error
      }
      if (shown !== list) return
      show(list)
    }
  }

  async function again(asked: Question, stretch: Stretch<Row>): Promise<Row[]> {
    const found: Row[] = []
    let { cursor } = stretch
    for (;;) {
      const page = await ask(asked, { cursor, limit: FOLLOWING, ...(stretch.next === null ? {} : { until: stretch.next }) })
      found.push(...page.rows)
      // The last stretch ends where a page ends: the rest of the list is asked for as it is reached.
      if (!page.next || stretch.next === null) {
        if (stretch.next === null) stretch.next = page.next ?? null
        return found
      }
      cursor = page.next
    }
  }

  function look(from: number, to: number): void {
    sight = [from, to]
    const list = shown
    // Nothing is said of a failure: the frame tells that the server is away, and the next look asks again.
    if (list?.stretches.some((stretch) => stretch.stale)) void freshen(list).catch(() => undefined)
  }

  async function more(): Promise<void> {
    const list = shown
    if (list === null || asking === list || list.stretches.at(-1)!.next === null) return
    // Another question was asked, and is not answered yet.
    if (list.key !== JSON.stringify(question())) return
    asking = list
    try {
      const added = await append(list, FOLLOWING)
      // The list was begun anew meanwhile.
      if (shown !== list) return
      rows.value = rows.value!.grow(added)
      next.value = list.stretches.at(-1)!.next
    } catch (error) {
      say(sentence(error), 'wrong')
    } finally {
      if (asking === list) asking = null
    }
  }
  return { ...first, rows, next, step: FOLLOWING, more, look }
}
