/** Names that were asked for in this visit to the console. Lists hold none; each asking is written in the ledger, so none is made twice. */
import { shallowReactive } from 'vue'
import type { PersonRecord, Purpose } from '@core/api/types'
import { call } from './call'

/** As many as one request may ask for. */
const AT_ONCE = 100

export const names = shallowReactive(new Map<string, string>())

export async function askNames(persons: readonly string[], purpose: Purpose): Promise<void> {
  const unknown = [...new Set(persons)].filter((person) => !names.has(person))
  for (let start = 0; start < unknown.length; start += AT_ONCE) {
    const json = { purpose, persons: unknown.slice(start, start + AT_ONCE) }
    const { body } = await call<{ names: { person: string; name: string }[] }>('/v1/persons/names', { method: 'POST', json })
    for (const { person, name } of body.names) names.set(person, name)
  }
}

export async function askPerson(person: string, purpose: Purpose): Promise<PersonRecord> {
  const { body } = await call<PersonRecord>(`/v1/persons/${person}`, { query: { purpose } })
  names.set(person, body.name)
  return body
}

export function forgetNames(): void {
  names.clear()
}
