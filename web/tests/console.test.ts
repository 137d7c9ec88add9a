/** The console's own logic: which doors are left to sign for, and that a name is asked for once. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Coverage, CoverageRow, ReconcileRow, ResidualRow } from '@core/api/types'
import type { CallOptions } from '@core/api/client'
import { readFileSync } from 'node:fs'
import { households } from '../console/households'
import { ROLES, type Deed } from '../console/roles'

const { call } = vi.hoisted(() => ({ call: vi.fn() }))
vi.mock('../console/call', () => ({ call, onSessionEnd: () => undefined }))
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })

const { remaining, SIGNABLE } = await import('../console/remaining')
const { byUrgency, counted } = await import('../console/choosing')
const { shortTime } = await import('../console/naming')
const { swept } = await import('../console/scope')
const { percent, waterfall } = await import('../console/perhaps')
const { askNames, askPerson, forgetNames, names } = await import('../console/names')

/** A district of two streets; each community holds as many unreached doors as its number says. */
const TREE: Record<string, { level: string; below: string[]; left: number }> = {
  d: { level: 'county', below: ['d1', 'd2'], left: 0 },
  d1: { level: 'township', below: ['d11', 'd12'], left: 0 },
  d2: { level: 'township', below: ['d21'], left: 0 },
  d11: { level: 'community', below: ['d11g'], left: 3 },
  d11g: { level: 'grid', below: [], left: 3 },
  d12: { level: 'community', below: [], left: 0 },
  d21: { level: 'community', below: [], left: 2 },
}

function left(code: string): number {
  const { level, below, left: own } = TREE[code]!
  return level === 'community' || level === 'grid' ? own : below.reduce((sum, child) => sum + left(child), 0)
}

function row(code: string): CoverageRow {
  return { code, name: `${code}!`, level: TREE[code]!.level, dwellings: 9, accounted: 0, residual: left(code), persons_listed: 0, persons_reached: 0, lit_unlisted: 0, listed_dark: 0 }
}

function serve(path: string, options: CallOptions = {}): Promise<{ body: unknown }> {
  const area = String(options.query?.area)
  if (path.endsWith('/coverage')) {
    const body: Coverage = { as_of: '', devices_reported: 0, devices_total: 0, area: row(area), children: TREE[area]!.below.map(row) }
    return Promise.resolve({ body })
  }
  if (path.endsWith('/residual')) {
    const from = Number(options.query?.cursor ?? 0)
    const rows = Array.from({ length: left(area) }, (_, index) => ({ dwelling: `${area}-${index}` }) as ResidualRow)
    return Promise.resolve({ body: { rows: rows.slice(from, from + 2), next: from + 2 < rows.length ? String(from + 2) : null } })
  }
  return Promise.reject(new Error(path))
}

beforeEach(() => {
  call.mockReset()
  forgetNames()
})

describe('what is left to sign for', () => {
  it('is every unreached dwelling of every community, once, over all pages', async () => {
    call.mockImplementation(serve)
    const found = (await remaining('s', 'd'))!
    expect(found.map(({ areaName, rows }) => [areaName, rows.map(({ dwelling }) => dwelling)])).toEqual([
      ['d11!', ['d11-0', 'd11-1', 'd11-2']],
      ['d21!', ['d21-0', 'd21-1']],
    ])
  })

  it('is not listed when nobody would sign for each', async () => {
    call.mockResolvedValue({ body: { area: { ...row('d'), residual: SIGNABLE + 1 }, children: [] } })
    expect(await remaining('s', 'd')).toBeNull()
    expect(call).toHaveBeenCalledTimes(1)
  })

  it('asks for no list where nothing is left', async () => {
    call.mockImplementation(serve)
    expect(await remaining('s', 'd12')).toEqual([])
    expect(call).toHaveBeenCalledTimes(1)
  })
})

describe('names', () => {
  const answer = (_: string, { json }: CallOptions) => {
    const { persons } = json as { persons: string[] }
    return Promise.resolve({ body: { names: persons.map((person) => ({ person, name: `name of ${person}` })) } })
  }

  it('are asked for at most a hundred at once, each once, with the purpose', async () => {
    call.mockImplementation(answer)
    const persons = Array.from({ length: 130 }, (_, index) => `p${index}`)
    await askNames([...persons, 'p0'], 'reconcile')
    await askNames(persons, 'reconcile')
    const asked = call.mock.calls.map(([, options]) => (options as CallOptions).json as { purpose: string; persons: string[] })
    expect(asked.map(({ purpose, persons: some }) => [purpose, some.length])).toEqual([
      ['reconcile', 100],
      ['reconcile', 30],
    ])
    expect(names.get('p129')).toBe('name of p129')
  })

  it('are forgotten at the end of the session', async () => {
    call.mockResolvedValue({ body: { person: 'p', name: '王东军' } })
    await askPerson('p', 'correction')
    expect(call).toHaveBeenCalledWith('/v1/persons/p', { query: { purpose: 'correction' } })
    expect(names.get('p')).toBe('王东军')
    forgetNames()
    expect(names.size).toBe(0)
  })
})

describe('choosing an area', () => {
  const rows = [
    { code: 'a', residual: 5, lit_unlisted: 0, listed_dark: 9 },
    { code: 'b', residual: 9, lit_unlisted: 1, listed_dark: 0 },
    { code: 'c', residual: 1, lit_unlisted: 4, listed_dark: 3 },
  ] as CoverageRow[]

  it.each([
    ['lit_unlisted', 'cba'],
    ['listed_dark', 'acb'],
    ['confirmed', 'bac'],
    [undefined, 'bac'],
  ])('leads on by the figure that was followed: %s', (kind, order) => {
    expect(byUrgency(rows, counted(kind)).map(({ code }) => code).join('')).toBe(order)
  })
})

describe('the area that is looked at', () => {
  it.each([
    ['420102002', '420102002003', '420102002003'],
    ['420102002003', '420102002003', '420102002003'],
    ['420102002003', '420102', '420102002003'],
    ['420102002005', '420102002003', '420102002005'],
    ['420102', undefined, '420102'],
  ])('for %s while %s is swept is %s', (asked, area, looked) => {
    expect(swept(asked, area)).toBe(looked)
  })
})

describe('times', () => {
  it.each(['zh-CN', 'en'])('of the first hour of a day begin with 00 in %s', (locale) => {
    expect(shortTime(new Date(2026, 0, 2, 0, 5).toISOString(), locale)).toMatch(/00:05$/)
  })
})

describe('households', () => {
  const line = (kind: ReconcileRow['kind'], dwelling: string, person: string | null, due: string) => ({ kind, dwelling, person_id: person, due }) as ReconcileRow

  it('put the people of a door together, in the order of their first line, and lose nobody', () => {
    const rows = [
      line('listed_dark', 'a', '1', 'x'),
      line('listed_dark', 'b', '2', 'y'),
      line('listed_dark', 'a', '3', 'z'),
      line('away', 'a', '4', 'z'),
    ]
    const found = households(rows)
    expect(found.map(({ kind, first, persons }) => [kind, first.dwelling, persons])).toEqual([
      ['listed_dark', 'a', ['1', '3']],
      ['listed_dark', 'b', ['2']],
      ['away', 'a', ['4']],
    ])
    expect(found.flatMap(({ rows: some }) => some)).toHaveLength(rows.length)
    expect(new Set(found.map(({ key }) => key)).size).toBe(found.length)
  })

  it('leave people who are on no list, and doors where nobody was recorded, each alone', () => {
    const rows = [line('lit_unlisted', 'a', '1', ''), line('lit_unlisted', 'a', '2', ''), line('lit_unlisted', 'a', null, '')]
    expect(households(rows).map(({ persons }) => persons)).toEqual([['1'], ['2'], []])
  })
})

describe('what is offered to whom', () => {
  const ASKS: Record<Deed, string> = {
    coverage: 'GET /v1/sweeps/{id}/coverage',
    tasks: 'GET /v1/sweeps/{id}/tasks',
    residual: 'GET /v1/sweeps/{id}/residual',
    reconcile: 'GET /v1/sweeps/{id}/reconcile',
    building: 'GET /v1/sweeps/{id}/matrix',
    quarantine: 'GET /v1/quarantine',
    devices: 'GET /v1/devices',
    roster: 'POST /v1/roster',
    names: 'POST /v1/persons/names',
    register: 'POST /v1/persons',
    link: 'POST /v1/links',
    openSweep: 'POST /v1/sweeps',
    closeSweep: 'POST /v1/sweeps/{id}/close',
    sign: 'POST /v1/sweeps/{id}/sign',
    release: 'POST /v1/quarantine/{series}/{sequence}/release',
  }
  const [head, ...lines] = readFileSync(new URL('../../crates/wanjia/tests/access_matrix.csv', import.meta.url), 'utf8').trim().split('\n')
  const columns = head!.split(',')
  const matrix = new Map(lines.map((line) => [line.split(',').slice(0, 2).join(' '), line.split(',')]))

  it.each(Object.keys(ROLES) as Deed[])('%s is what the server grants', (deed) => {
    const row = matrix.get(`${ASKS[deed]} own`)
    expect(row, ASKS[deed]).toBeDefined()
    const granted = columns.filter((_, at) => /^20\d$/.test(row![at]!))
    expect(granted.sort()).toEqual([...ROLES[deed]].sort())
  })
})

describe('the evidence of a pair', () => {
  const field = (name: string, weight: number, total: number) =>
    ({ field: name, field_zh: '', field_en: '', left: '', right: '', agreement_zh: '', agreement_en: '', weight, total }) as never
  const evidence = { prior: -10, total: 6, evidence: [field('name', 20, 10), field('phone', -4, 6), field('sex', 0.01, 6.01)] } as never

  it('is a waterfall on one scale: each bar begins where the one before ended', () => {
    const bars = waterfall(evidence)
    expect(bars.map(({ key, says, text }) => [key, says, text])).toEqual([
      ['prior', 'against', '−10.0'],
      ['name', 'for', '+20.0'],
      ['phone', 'against', '−4.0'],
      ['sex', 'nothing', '0'],
      ['total', 'for', '+6.0'],
    ])
    const [prior, name, phone, , total] = bars
    expect([prior!.start, prior!.width]).toEqual([0, 50])
    expect([name!.start, name!.width]).toEqual([0, 100])
    expect([phone!.start, phone!.width]).toEqual([80, 20])
    expect([total!.start, total!.width]).toEqual([50, 30])
  })

  it('is never said to be certain', () => {
    expect([0, 4, 500, 996, 1000].map(percent)).toEqual(['1%', '1%', '50%', '99%', '99%'])
  })
})
