import Dexie, { liveQuery, type Subscription } from 'dexie'
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import { phase, type Phase } from './vault'

const LISTEN_AGAIN = 2_000

/**
 * The latest answer of a query over the phone's database; asked again whenever a row it read changes. Nothing is asked
 * before the phone is open, and nothing kept once it is locked.
 */
export function useLive<Value>(query: () => Promise<Value>, initial: Value, phases: readonly Phase[] = ['open']): Readonly<ShallowRef<Value>> {
  const value = shallowRef(initial) as ShallowRef<Value>
  let disposed = false
  let subscription: Subscription | undefined
  const subscribe = (): void => {
    if (disposed || !phases.includes(phase.value)) return
    subscription = liveQuery(query).subscribe({
      next: (latest) => {
        value.value = latest
      },
      // An error ends the subscription, and a screen that has gone deaf shows doors as they were.
      error: (error: unknown) => {
        // The phone was wiped: there is nothing to listen to, and the page begins anew.
        if (error instanceof Dexie.DatabaseClosedError) return
        console.error(error)
        setTimeout(subscribe, LISTEN_AGAIN)
      },
    })
  }
  watch(
    phase,
    () => {
      subscription?.unsubscribe()
      value.value = initial
      subscribe()
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(() => {
    disposed = true
    subscription?.unsubscribe()
  })
  return value
}
