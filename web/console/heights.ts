/** How far down each row of a long list stands: rows are added, and one's height changed, without going through all. */

const BLOCK = 512

export class Heights {
  private readonly own: number[] = []
  /** What the rows of each block add up to. */
  private readonly blocks: number[] = []
  total = 0

  get length(): number {
    return this.own.length
  }

  add(height: number): void {
    const block = Math.floor(this.own.length / BLOCK)
    this.own.push(height)
    this.blocks[block] = (this.blocks[block] ?? 0) + height
    this.total += height
  }

  of(index: number): number {
    return this.own[index]!
  }

  set(index: number, height: number): void {
    const more = height - this.own[index]!
    this.own[index] = height
    this.blocks[Math.floor(index / BLOCK)]! += more
    this.total += more
  }

  /** Where a row begins; of the length, where the last ends. */
  start(index: number): number {
    const block = Math.floor(index / BLOCK)
    let start = 0
    for (let before = 0; before < block; before += 1) start += this.blocks[before]!
    for (let before = block * BLOCK; before < index; before += 1) start += this.own[before]!
    return start
  }

  /** The row that stands at so many pixels; the first above all, the last below. */
  at(pixels: number): number {
    let [block, start] = [0, 0]
    while (block < this.blocks.length - 1 && start + this.blocks[block]! <= pixels) {
      start += this.blocks[block]!
      block += 1
    }
    let index = block * BLOCK
    while (index < this.own.length - 1 && start + this.own[index]! <= pixels) {
      start += this.own[index]!
      index += 1
    }
    return index
  }
}
