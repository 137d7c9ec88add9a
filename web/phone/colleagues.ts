/** Colleagues in a list from which one is chosen. */
import type { Colleague } from '@core/api/types'

/** In the order of their names; with the number of her phone where another of the same name works in the same place. */
export function toldApart(colleagues: readonly Colleague[]): { one: Colleague; phone: string | null }[] {
  const same = ({ name, area_name: area }: Colleague) => colleagues.filter((other) => other.name === name && other.area_name === area).length > 1
  const sorted = [...colleagues].sort((one, other) => one.name.localeCompare(other.name, 'zh-CN') || (one.area_name ?? '').localeCompare(other.area_name ?? '', 'zh-CN') || one.worker.localeCompare(other.worker))
  return sorted.map((one) => ({ one, phone: same(one) ? (one.phone ?? null) : null }))
}
