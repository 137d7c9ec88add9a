/** The console's live line: what was missed is asked for, and a line that was given up is opened again. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Refused, Unreachable } from '@core/api/client'

const { call } = vi.hoisted(() => ({ call: vi.fn() }))
vi.mock('../console/call', () => ({ call, onSessionEnd: () => undefined }))

class Line extends EventTarget {
  static readonly CLOSED = 2
  static opened: Line[] = []
  readyState = 0
  constructor() {
    super()
    Line.opened.push(this)
  }
  close(): void {
    this.readyState = Line.CLOSED
  }
  breaks(state: number): void {
    this.readyState = state
    this.dispatchEvent(new Event('error'))
  }
  opens(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }
}

const kept = new Map<string, string>()
vi.stubGlobal('localStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) })
vi.stubGlobal('EventSource', Line)
const session = await import('../console/session')

beforeEach(async () => {
  vi.useFakeTimers()
  Line.opened = []
  call.mockImplementation((path: string) =>
    Promise.resolve({ body: path === '/v1/sweeps' ? { sweeps: [] } : { account: { id: 'a', name: '彭', role: 'clerk', area_code: '1', area_name: '一' }, campaign: { offset_hours: 8 } } }),
  )
  await session.resume()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the live line', () => {
  it('asks again for every figure when it is back', () => {
    const [line] = Line.opened
    const before = session.tick.value
    line!.opens()
    expect([session.live.value, session.tick.value]).toEqual([true, before])
    line!.breaks(0)
    expect(session.live.value).toBe(false)
    line!.opens()
    expect(session.live.value).toBe(true)
    expect(session.tick.value).toBe(before + 1)
  })

  it('is left to the browser while the browser tries, and opened anew when it gave up', async () => {
    Line.opened[0]!.breaks(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(Line.opened).toHaveLength(1)
    Line.opened[0]!.breaks(Line.CLOSED)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(Line.opened).toHaveLength(2)
  })

  it('waits for a server that is away, and sends whoever was signed out meanwhile to the door', async () => {
    Line.opened[0]!.breaks(Line.CLOSED)
    call.mockRejectedValueOnce(new Unreachable('away'))
    await vi.advanceTimersByTimeAsync(5_000)
    expect([Line.opened.length, session.account.value === null]).toEqual([1, false])
    call.mockRejectedValueOnce(new Refused({ title: '', status: 401, detail: '' }))
    await vi.advanceTimersByTimeAsync(5_000)
    expect([Line.opened.length, session.account.value]).toEqual([1, null])
  })

  it('is not opened again for nobody', async () => {
    Line.opened[0]!.breaks(Line.CLOSED)
    session.account.value = null
    await vi.advanceTimersByTimeAsync(60_000)
    expect(Line.opened).toHaveLength(1)
  })
})
