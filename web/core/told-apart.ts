/** People in a list from which one is chosen. */

interface Known {
  name: string
  area_name?: string
  /** How her phone's number begins. */
  phone?: string
}

/** In the order of their names; with the number of her phone where another of the same name works in the same place. */
export function toldApart<One extends Known>(people: readonly One[]): { one: One; phone: string | null }[] {
  const same = ({ name, area_name: area }: One) => people.filter((other) => other.name === name && other.area_name === area).length > 1
  const order = (left: One, right: One) => left.name.localeCompare(right.name, 'zh-CN') || (left.area_name ?? '').localeCompare(right.area_name ?? '', 'zh-CN') || (left.phone ?? '').localeCompare(right.phone ?? '')
  return [...people].sort(order).map((one) => ({ one, phone: same(one) ? (one.phone ?? null) : null }))
}
