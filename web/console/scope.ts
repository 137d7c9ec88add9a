/** The area that every page looks at: kept in the address, so that a number's link carries it along. */
import { computed, shallowRef, watch } from 'vue'
import { useRoute } from 'vue-router'
import { call } from './call'
import type { Area } from '@core/api/types'
import { account, sweep } from './session'

const children = new Map<string, Promise<Area[]>>()

export function areasBelow(parent: string): Promise<Area[]> {
  const known = children.get(parent)
  if (known !== undefined) return known
  const asked = call<{ areas: Area[] }>('/v1/areas', { query: { parent } }).then(({ body }) => body.areas)
  asked.catch(() => children.delete(parent))
  children.set(parent, asked)
  return asked
}

/** Of areas that became more, such as a community whose grids were drawn. */
export function forgetAreasBelow(parent: string): void {
  children.delete(parent)
}

/** Names from the account's own area down to `code`, as far as codes lead (a child's code starts with its parent's). */
export async function trail(from: string, code: string): Promise<Area[]> {
  const path: Area[] = []
  let at = from
  while (at !== code) {
    const below = await areasBelow(at)
    const next = below.find((area) => area.code === code) ?? below.find((area) => code.startsWith(area.code))
    if (next === undefined) break
    path.push(next)
    at = next.code
  }
  return path
}

/** A sweep of one community has no figures for the street around it: the street looks at what is swept. */
export function swept(asked: string, sweepArea: string | undefined): string {
  return sweepArea !== undefined && sweepArea.startsWith(asked) ? sweepArea : asked
}

/** Levels of which doors and people are listed no more: they are asked for by community. */
const LISTS_NO_MORE = ['city', 'county', 'township', 'community']

/** Whether doors and people of an area are listed as a whole: of a community at most. */
export async function isListed(code: string): Promise<boolean> {
  return !(await areasBelow(code)).some(({ level }) => LISTS_NO_MORE.includes(level))
}

/** Pages whose figures are the sweep's; the others are about an area, whatever is swept. */
const OF_THE_SWEEP = ['coverage', 'tasks', 'residual', 'reconcile', 'building', 'map', 'floors', 'lines']

/** The area at which a page looks: the trail above it names no other. */
export function lookedAt(page: string, asked: string, sweepArea: string | undefined): string {
  return OF_THE_SWEEP.includes(page) ? swept(asked, sweepArea) : asked
}

/** Names from the account's own area down to one, as it changes. */
export function useTrail(code: () => string) {
  const path = shallowRef<Area[]>([])
  watch(
    code,
    async (to) => {
      const home = account.value?.area_code ?? ''
      const found = to === home ? [] : await trail(home, to).catch(() => [])
      if (code() === to) path.value = found
    },
    { immediate: true },
  )
  return path
}

/** `area` is what pages of the sweep look at, `asked` what the address says, whatever is swept. */
export function useScope() {
  const route = useRoute()
  const home = computed(() => account.value?.area_code ?? '')
  const asked = computed(() => (typeof route.query.area === 'string' && route.query.area !== '' ? route.query.area : home.value))
  const area = computed(() => swept(asked.value, sweep.value?.area_code))
  return { area, asked, home, path: useTrail(() => area.value) }
}
