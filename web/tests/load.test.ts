import { effectScope, nextTick, ref, type Ref } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { Refused, Unreachable } from '@core/api/client'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
vi.mock('../console/session', async () => ({ tick: (await import('vue')).ref(0) }))

const { tick } = (await import('../console/session')) as unknown as { tick: Ref<number> }
const { useLoad } = await import('../console/load')
const { usePages } = await import('../console/pages')
const { hush, notice, say } = await import('../console/notice')

const settle = async () => {
  for (let turn = 0; turn < 6; turn += 1) await nextTick()
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
  const numbers = Array.from({ length: 7 }, (_, at) => at)
  const page = async (_: object, cursor: string | null) => {
    const from = Number(cursor ?? 0)
    return { rows: numbers.slice(from, from + 3), next: from + 3 < numbers.length ? String(from + 3) : null }
  }

  it('grows to its end, and stays as long as it was when figures change', async () => {
    const scope = effectScope()
    const list = scope.run(() => usePages(() => ({}), page))!
    await settle()
    expect(list.rows.value).toEqual([0, 1, 2])
    await list.more()
    expect(list.rows.value).toEqual([0, 1, 2, 3, 4, 5])
    tick.value += 1
    await settle()
    expect([list.rows.value, list.next.value]).toEqual([[0, 1, 2, 3, 4, 5], '6'])
    await list.more()
    await list.more()
    expect([list.rows.value, list.next.value]).toEqual([numbers, null])
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
