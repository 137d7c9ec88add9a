/**
 * What to offer whom. The server decides (`domain::access` is the law, and refuses what is not in it); this only keeps
 * pages and buttons out of the way of people who could not use them.
 */
import type { Purpose } from '@core/api/types'
import { account } from './session'

const WORKS_WITH_PEOPLE = ['clerk', 'community_secretary']
const LEADS = ['street', 'county']
const READS_LISTS = [...WORKS_WITH_PEOPLE, ...LEADS, 'city']

const ROLES = {
  coverage: [...READS_LISTS, 'department_observer'],
  tasks: READS_LISTS,
  residual: READS_LISTS,
  reconcile: READS_LISTS,
  building: READS_LISTS,
  quarantine: ['community_secretary', ...LEADS, 'auditor'],
  devices: ['community_secretary'],
  roster: WORKS_WITH_PEOPLE,
  names: WORKS_WITH_PEOPLE,
  register: WORKS_WITH_PEOPLE,
  link: WORKS_WITH_PEOPLE,
  openSweep: LEADS,
  closeSweep: LEADS,
  sign: ['community_secretary', ...LEADS],
  release: ['community_secretary', ...LEADS],
} as const satisfies Record<string, readonly string[]>

export type Deed = keyof typeof ROLES

export const PAGES = ['coverage', 'tasks', 'residual', 'reconcile', 'building', 'quarantine', 'devices', 'roster'] as const satisfies readonly Deed[]

export function may(deed: Deed): boolean {
  return (ROLES[deed] as readonly string[]).includes(account.value?.role ?? '')
}

export function purposes(): Purpose[] {
  return account.value?.role === 'community_secretary' ? ['reconcile', 'service', 'correction'] : ['reconcile', 'correction']
}
