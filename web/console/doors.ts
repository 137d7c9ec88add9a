/** The doors of an area, building by building, for whoever chooses among them. */
import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'
import type { BuildingRow, Matrix } from '@core/api/types'
import { call } from './call'
import { useLoad } from './load'
import { unitName } from './naming'
import { sweep } from './session'

export interface Doors {
  buildings: ComputedRef<BuildingRow[]>
  /** The one that is looked at; the first unless another is chosen. */
  building: Ref<string>
  /** Of that building, each as it is called within it. */
  doors: ComputedRef<{ dwelling: string; name: string }[]>
  wrong: ComputedRef<string | null>
}

/** A building without a name is asked for by its empty name, which an ordinary query would leave out. */
export async function matrixOf(sweepId: string, area: string, building: string): Promise<Matrix> {
  const asked = new URLSearchParams({ area, building })
  return (await call<Matrix>(`/v1/sweeps/${sweepId}/matrix?${asked.toString()}`)).body
}

export function useDoors(area: () => string, first = ''): Doors {
  const building = ref(first)
  const rows = useLoad(
    () => (sweep.value === null ? null : { id: sweep.value.id, area: area() }),
    async ({ id, area: code }) => (await call<{ buildings: BuildingRow[] }>(`/v1/sweeps/${id}/buildings`, { query: { area: code } })).body.buildings,
  )
  watch(rows.value, (found) => {
    building.value ||= found?.[0]?.building ?? ''
  })
  const matrix = useLoad(
    () => (sweep.value === null || rows.value.value === null ? null : { id: sweep.value.id, area: area(), building: building.value }),
    ({ id, area: code, building: name }) => matrixOf(id, code, name),
  )
  return {
    buildings: computed(() => rows.value.value ?? []),
    building,
    doors: computed(() =>
      (matrix.value.value?.units ?? []).flatMap(({ unit, floors }) => floors.flatMap((floor) => floor.doors.map(({ dwelling, room }) => ({ dwelling, name: [unitName(unit), room].filter((part) => part !== '').join(' ') })))),
    ),
    wrong: computed(() => rows.wrong.value ?? matrix.wrong.value),
  }
}
