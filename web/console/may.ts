/**
 * What to offer whom. The server decides (`domain::access` is the law, and refuses what is not in it); this only keeps
 * pages and buttons out of the way of people who could not use them.
 */
import type { Purpose } from '@core/api/types'
import { ROLES, type Deed } from './roles'
import { account } from './session'

export const PAGES = ['coverage', 'command', 'cases', 'tasks', 'residual', 'reconcile', 'building', 'map', 'floors', 'lines', 'indicators', 'residents', 'quarantine', 'devices', 'plans', 'roster', 'sheets'] as const satisfies readonly Deed[]

export function may(deed: Deed): boolean {
  return (ROLES[deed] as readonly string[]).includes(account.value?.role ?? '')
}

export function purposes(): Purpose[] {
  return account.value?.role === 'community_secretary' ? ['reconcile', 'service', 'correction'] : ['reconcile', 'correction']
}
