import { liveQuery } from 'dexie'
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

/** The latest answer of a query over the phone's database; asked again whenever a row it read changes. */
export function useLive<Value>(query: () => Promise<Value>, initial: Value): Readonly<ShallowRef<Value>> {
  const value = shallowRef(initial) as ShallowRef<Value>
  const subscription = liveQuery(query).subscribe({
    next: (latest) => {
      value.value = latest
    },
    error: (error: unknown) => console.error(error),
  })
  onScopeDispose(() => subscription.unsubscribe())
  return value
}
