/** Where everyone of a tree stands when it is drawn: one column a generation, everyone beside the middle of whom she leads to. */
export interface Tied {
  /** The place of whom she is tied to, in the same list and before her. */
  tied_to?: number
}

export interface Spot {
  /** The generation, 0 for the first. */
  column: number
  /** In rows; half a row where two stand below. */
  row: number
}

export function layOut(nodes: readonly Tied[]): { spots: Spot[]; columns: number; rows: number } {
  const below: number[][] = nodes.map(() => [])
  nodes.forEach(({ tied_to: above }, at) => {
    if (above !== undefined) below[above]!.push(at)
  })
  const spots: Spot[] = nodes.map(() => ({ column: 0, row: 0 }))
  nodes.forEach(({ tied_to: above }, at) => {
    spots[at]!.column = above === undefined ? 0 : spots[above]!.column + 1
  })
  let rows = 0
  // Deep first, without a stack of calls: a chain can be long.
  const waiting = nodes.flatMap(({ tied_to: above }, at) => (above === undefined ? [{ at, done: false }] : [])).reverse()
  while (waiting.length > 0) {
    const next = waiting.pop()!
    const children = below[next.at]!
    if (children.length === 0) {
      spots[next.at]!.row = rows
      rows += 1
    } else if (next.done) {
      spots[next.at]!.row = (spots[children[0]!]!.row + spots[children.at(-1)!]!.row) / 2
    } else {
      waiting.push({ at: next.at, done: true }, ...children.map((at) => ({ at, done: false })).reverse())
    }
  }
  return { spots, columns: spots.reduce((most, { column }) => Math.max(most, column + 1), 0), rows }
}

const WIDE_SIGN = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\u3000-\u303f“”‘’…—]/u
/** How wide a sign is, in tenths of its height. */
const [WIDTH, NARROW] = [10, 6]

/** How wide a text is, in signs of Chinese. */
export function widthOf(text: string): number {
  return [...text].reduce((sum, sign) => sum + (WIDE_SIGN.test(sign) ? WIDTH : NARROW), 0) / WIDTH
}

/** A text in lines of so many signs of Chinese, whole: broken at spaces and between signs, inside a word only if it is longer than a line. */
export function wrapped(text: string, most: number): string[] {
  const pieces = text.match(/[^\s\u2e80-\u9fff\uff00-\uff60]+\s*|\s*[\u2e80-\u9fff\uff00-\uff60]\s*/gu) ?? []
  const lines: string[] = []
  let line = ''
  for (const piece of pieces) {
    if (widthOf((line + piece).trim()) <= most) {
      line += piece
      continue
    }
    if (line.trim() !== '') lines.push(line.trim())
    line = ''
    for (const sign of piece) {
      if (widthOf((line + sign).trim()) > most) {
        lines.push(line.trim())
        line = ''
      }
      line += sign
    }
  }
  return line.trim() === '' ? lines : [...lines, line.trim()]
}
