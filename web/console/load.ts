/** Loading what a page shows: again when its question changes (with a skeleton) or when figures change (silently). */
import { computed, onScopeDispose, ref, shallowReactive, shallowRef, watch, type ShallowRef } from 'vue'
import { Refused, Unreachable } from '@core/api/client'
import { tick } from './session'
import { i18n, translate } from './texts'

/** Every load that a page waits for with nothing to show; the frame says so in one place. */
const waiting = shallowReactive(new Set<symbol>())
export const loading = computed(() => waiting.size > 0)

export interface Loaded<Value> {
  value: Readonly<ShallowRef<Value | null>>
  busy: Readonly<{ value: boolean }>
  wrong: Readonly<{ value: string | null }>
  /** What kind of refusal `wrong` is, when the server refused. */
  code: Readonly<{ value: string }>
  /** Ends when nothing newer is under way: figures that change meanwhile ask once more. */
  reload: () => Promise<void>
}

export function useLoad<Question, Value>(
  question: () => Question | null,
  answer: (question: Question) => Promise<Value>,
): Loaded<Value> {
  const value = shallowRef<Value | null>(null)
  const busy = ref(false)
  const wrong = ref<string | null>(null)
  const code = ref('')
  const self = Symbol('load')
  let round = 0
  let latest = Promise.resolve()
  /** She may not ask this, or not so: asking it again would be refused again. */
  let refused = false

  watch([busy, value], () => (busy.value && value.value === null ? waiting.add(self) : waiting.delete(self)), { flush: 'sync' })

  function load(fresh: boolean): void {
    latest = answered(fresh)
  }

  async function reload(): Promise<void> {
    load(false)
    for (let seen: Promise<void> | null = null; seen !== latest; ) {
      seen = latest
      await seen
    }
  }

  async function answered(fresh: boolean): Promise<void> {
    const asked = question()
    round += 1
    const mine = round
    if (asked === null) return
    busy.value = fresh
    try {
      const found = await answer(asked)
      if (mine !== round) return
      value.value = found
      wrong.value = null
      code.value = ''
      refused = false
    } catch (error) {
      if (mine !== round) return
      wrong.value = sentence(error)
      code.value = error instanceof Refused ? error.code : ''
      refused = error instanceof Refused && [403, 422].includes(error.problem.status)
      // What another question was answered with must not stand under this one.
      if (fresh) value.value = null
    } finally {
      if (mine === round) busy.value = false
    }
  }

  watch(() => JSON.stringify(question()), () => load(true), { immediate: true })
  watch(tick, () => refused || load(false))
  onScopeDispose(() => {
    round += 1
    waiting.delete(self)
  })
  return { value, busy, wrong, code, reload }
}

export function sentence(error: unknown): string {
  if (error instanceof Refused) return error.text((i18n.global.locale as unknown as { value: string }).value)
  if (error instanceof Unreachable) return translate('problem.unreachable')
  return translate('problem.unexpected', { what: String(error) })
}
