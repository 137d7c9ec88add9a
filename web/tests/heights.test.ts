import { describe, expect, it } from 'vitest'
import { Heights } from '../console/heights'

describe('the heights of rows', () => {
  it('tell where each begins and which stands where, as they change', () => {
    const heights = new Heights()
    const plain: number[] = []
    for (let row = 0; row < 2000; row += 1) {
      heights.add(40)
      plain.push(40)
      if (row % 7 === 0) {
        heights.set(row, 40 + (row % 50))
        plain[row] = 40 + (row % 50)
      }
    }
    let start = 0
    for (const [row, height] of plain.entries()) {
      expect([heights.start(row), heights.of(row)]).toEqual([start, height])
      expect([heights.at(start), heights.at(start + height - 1)]).toEqual([row, row])
      start += height
    }
    expect([heights.total, heights.start(2000), heights.length]).toEqual([start, start, 2000])
    expect([heights.at(-5), heights.at(start + 500)]).toEqual([0, 1999])
  })
})
