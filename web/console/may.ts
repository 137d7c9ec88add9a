/**
 * What to offer whom. The server decides (`domain::access` is the law, and refuses what is not in it); this only keeps
 * pages and buttons out of the way of people who could not use them.
 */
import type { Purpose } from '@core/api/types'
import { ROLES, type Deed } from './roles'
import { account } from './session'

/** The pages as the menu groups them. */
export const GROUPS = {
  overview: ['coverage', 'command'],
  sweep: ['residual', 'reconcile', 'tasks', 'building', 'map'],
  people: ['cases', 'floors', 'indicators', 'lines', 'residents'],
  office: ['quarantine', 'devices', 'plans', 'roster', 'sheets'],
} as const satisfies Record<string, readonly Deed[]>

/** In the order of the menu: whoever signs in lands on the first that she may read. */
export const PAGES = [...GROUPS.overview, ...GROUPS.sweep, ...GROUPS.people, ...GROUPS.office] as const

export function may(deed: Deed): boolean {
  return (ROLES[deed] as readonly string[]).includes(account.value?.role ?? '')
}

export function purposes(): Purpose[] {
  return account.value?.role === 'community_secretary' ? ['reconcile', 'service', 'correction'] : ['reconcile', 'correction']
}
