/** The rows of a list that grows at its end: what was handed out stays as it was, and nothing is copied. */
export class Grown<Row> {
  readonly length: number

  constructor(private readonly all: Row[]) {
    this.length = all.length
  }

  at(index: number): Row | undefined {
    return index < this.length ? this.all[index] : undefined
  }

  /** The list with these after it. Only the longest of a list's states may grow. */
  grow(rows: readonly Row[]): Grown<Row> {
    for (const row of rows) this.all.push(row)
    return new Grown(this.all)
  }

  /** Whether `earlier` is the beginning of this. */
  continues(earlier: unknown): boolean {
    return earlier instanceof Grown && earlier.all === this.all
  }

  *[Symbol.iterator](): Iterator<Row> {
    for (let index = 0; index < this.length; index += 1) yield this.all[index]!
  }
}
