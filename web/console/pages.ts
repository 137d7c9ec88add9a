/** A list that comes page by page: anew when its question changes, as long as it was when figures change. */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { Page } from '@core/api/types'
import { sentence, useLoad, type Loaded } from './load'
import { say } from './notice'

export interface Pages<Row> extends Omit<Loaded<Page<Row>>, 'value'> {
  /** Null until the first page is there. */
  rows: ComputedRef<Row[] | null>
  /** Whether there are more. */
  next: Readonly<Ref<string | null>>
  more: () => Promise<void>
}

export function usePages<Question, Row>(question: () => Question | null, ask: (question: Question, cursor: string | null) => Promise<Page<Row>>): Pages<Row> {
  const rest = shallowRef<Row[]>([])
  const next = ref<string | null>(null)
  const asking = ref(false)
  let listed = ''
  const { value, ...first } = useLoad(question, async (asked) => {
    const key = JSON.stringify(asked)
    const there = key === listed ? (rows.value?.length ?? 0) : 0
    listed = key
    let page = await ask(asked, null)
    while (page.next && page.rows.length < there) {
      const following = await ask(asked, page.next)
      page = { rows: [...page.rows, ...following.rows], next: following.next }
    }
    return page
  })
  watch(value, (page) => {
    rest.value = []
    next.value = page?.next ?? null
  })
  const rows = computed(() => (value.value === null ? null : [...value.value.rows, ...rest.value]))

  async function more(): Promise<void> {
    const asked = question()
    if (asked === null || next.value === null || asking.value) return
    asking.value = true
    const before = value.value
    try {
      const page = await ask(asked, next.value)
      // The list was begun anew meanwhile.
      if (value.value !== before) return
      rest.value = [...rest.value, ...page.rows]
      next.value = page.next ?? null
    } catch (error) {
      say(sentence(error), 'wrong')
    } finally {
      asking.value = false
    }
  }
  return { ...first, rows, next, more }
}
