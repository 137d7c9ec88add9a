import { effectScope, nextTick, ref, type Ref } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { Refused, Unreachable } from '@core/api/client'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
vi.mock('../console/session', async () => ({ tick: (await import('vue')).ref(0) }))

const { tick } = (await import('../console/session')) as unknown as { tick: Ref<number> }
const { useLoad } = await import('../console/load')
const { usePages } = await import('../console/pages')
type Part = import('../console/pages').Part
const { hush, notice, say } = await import('../console/notice')

const settle = async () => {
  for (let turn = 0; turn < 30; turn += 1) await nextTick()
}
const refusal = (status: number) => new Refused({ type: 'urn:wanjia:problem:forbidden', title: '', status, detail: '不行', detail_en: 'no' })

describe('what is asked', () => {
  it.each([403, 422])('is not asked again after %i, whatever changes, until the question is another', async (status) => {
    const asked = vi.fn(async (question: { area: string }) => {
      if (question.area === 'street') throw refusal(status)
      return question.area
    })
    const area = ref('street')
    const scope = effectScope()
    const loaded = scope.run(() => useLoad(() => ({ area: area.value }), asked))!
    await settle()
    tick.value += 1
    await settle()
    tick.value += 1
    await settle()
    expect([asked.mock.calls.length, loaded.value.value]).toEqual([1, null])
    expect(loaded.wrong.value).not.toBeNull()
    area.value = 'community'
    await settle()
    tick.value += 1
    await settle()
    expect([asked.mock.calls.length, loaded.value.value, loaded.wrong.value]).toEqual([3, 'community', null])
    scope.stop()
  })

  it('is asked again while the server is away or busy', async () => {
    const asked = vi.fn(async () => {
      throw asked.mock.calls.length === 1 ? new Unreachable() : refusal(503)
    })
    const scope = effectScope()
    scope.run(() => useLoad(() => ({}), asked))
    await settle()
    for (let turn = 0; turn < 2; turn += 1) {
      tick.value += 1
      await settle()
    }
    expect(asked).toHaveBeenCalledTimes(3)
    scope.stop()
  })
})

describe('a list in pages', () => {
  /** As the server has it: a cursor is the last row that was given, whether or not it is still there. */
  function server(count: number) {
    let numbers = Array.from({ length: count }, (_, at) => at)
    const page = vi.fn(async (_: object, { cursor, until, limit }: Part) => {
      const after = numbers.filter((number) => number > Number(cursor ?? -1) && number <= Number(until ?? Infinity))
      const rows = after.slice(0, limit)
      return { rows, next: rows.length < after.length ? String(rows.at(-1)) : null }
    })
    return { page, drop: (...gone: number[]) => (numbers = numbers.filter((number) => !gone.includes(number))) }
  }
  const range = (end: number) => Array.from({ length: end }, (_, at) => at)

  it('grows to its end, and stays as long as it was when figures change', async () => {
    const { page } = server(2500)
    const scope = effectScope()
    const list = scope.run(() => usePages(() => ({}), page))!
    await settle()
    const first = list.rows.value!
    expect([...first]).toEqual(range(200))
    await list.more()
    expect([...list.rows.value!]).toEqual(range(1200))
    expect([list.rows.value!.continues(first), [...first]]).toEqual([true, range(200)])
    tick.value += 1
    await settle()
    await settle()
    expect([[...list.rows.value!], list.next.value]).toEqual([range(1200), '1199'])
    await list.more()
    await list.more()
    expect([[...list.rows.value!], list.next.value]).toEqual([range(2500), null])
    scope.stop()
  })

  it('asks again for what is in sight alone, and for the rest as it comes into sight', async () => {
    const { page, drop } = server(3300)
    const scope = effectScope()
    const list = scope.run(() => usePages(() => ({}), page, { alone: true }))!
    await settle()
    for (let more = 0; more < 3; more += 1) await list.more()
    list.look(1500, 1530)
    page.mockClear()
    // A row in sight goes, the one at which its page ended, one above and one below.
    drop(1510, 2199, 7, 2300)
    tick.value += 1
    await settle()
    expect(page.mock.calls.map(([, part]) => part)).toEqual([{ cursor: '1199', until: '2199', limit: 1000 }])
    expect([...list.rows.value!]).toEqual(range(3200).filter((number) => ![1510, 2199].includes(number)))
    list.look(0, 40)
    await settle()
    list.look(2190, 2230)
    await settle()
    expect([...list.rows.value!]).toEqual(range(3200).filter((number) => ![1510, 2199, 7, 2300].includes(number)))
    expect(page).toHaveBeenCalledTimes(3)
    await list.more()
    expect([[...list.rows.value!].slice(-2), list.next.value]).toEqual([[3298, 3299], null])
    scope.stop()
  })
})

describe('a notice', () => {
  it('does not outlive its page', () => {
    say('已存下')
    expect(notice.value?.text).toBe('已存下')
    hush()
    expect(notice.value).toBeNull()
  })
})
