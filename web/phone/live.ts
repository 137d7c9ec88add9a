import { liveQuery, type Subscription } from 'dexie'
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

const LISTEN_AGAIN = 2_000

/** The latest answer of a query over the phone's database; asked again whenever a row it read changes. */
export function useLive<Value>(query: () => Promise<Value>, initial: Value): Readonly<ShallowRef<Value>> {
  const value = shallowRef(initial) as ShallowRef<Value>
  let disposed = false
  let subscription: Subscription | undefined
  const subscribe = (): void => {
    if (disposed) return
    subscription = liveQuery(query).subscribe({
      next: (latest) => {
        value.value = latest
      },
      // An error ends the subscription, and a screen that has gone deaf shows doors as they were.
      error: (error: unknown) => {
        console.error(error)
        setTimeout(subscribe, LISTEN_AGAIN)
      },
    })
  }
  subscribe()
  onScopeDispose(() => {
    disposed = true
    subscription?.unsubscribe()
  })
  return value
}
