/**
 * What is being typed on a page, kept for this tab until it is sent or the slip is left: neither the phone's "back" nor a reload takes it
 * away. It is where the slip's code is, and goes with it.
 */
import { reactive, watch, type Reactive } from 'vue'

const STORED = 'wanjia.typed.'

/** The fields of a page as they were left, and what forgets them. */
export function useTyped<Fields extends object>(page: string, blank: Fields): [Reactive<Fields>, () => void] {
  const key = STORED + page
  const kept = JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Fields>
  const typed = reactive({ ...blank, ...kept })
  const stop = watch(typed, () => sessionStorage.setItem(key, JSON.stringify(typed)), { deep: true, flush: 'sync' })
  const forget = () => {
    stop()
    sessionStorage.removeItem(key)
  }
  return [typed, forget]
}

/** Nothing that was typed with a slip stays when another is taken in hand, or none. */
export function forgetTyped(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(STORED)) sessionStorage.removeItem(key)
}
