/**
 * When two written addresses are one door: labels without their suffixes, leading zeros and letter case. The server
 * joins doors in the same way, so the phone can say "already on the list" offline.
 */
const BUILDING = ['号楼', '栋', '幢', '楼', '座', '#']
const UNIT = ['单元', '门', '#']
const ROOM = ['号房', '房', '室', '号', '户', '#']

export function doorKey(building: string, unit: string, room: string): string {
  return [bare(building, BUILDING), bare(unit, UNIT), bare(room, ROOM)].join('\u001f')
}

function bare(label: string, suffixes: readonly string[]): string {
  const trimmed = label.trim()
  const suffix = suffixes.find((ending) => trimmed.endsWith(ending) && trimmed.length > ending.length)
  const stem = suffix === undefined ? trimmed : trimmed.slice(0, -suffix.length).trimEnd()
  return stem.replace(/^0+(?=\d)/, '').toUpperCase()
}
