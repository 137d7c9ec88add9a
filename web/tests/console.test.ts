/** The console's own logic: which doors are left to sign for, and that a name is asked for once. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Account, Coverage, CoverageRow, PlanDraft, PlanJudgement, PlanRow, PlanSlot, ReconcileRow, ResidualRow } from '@core/api/types'
import type { CallOptions } from '@core/api/client'
import { readFileSync } from 'node:fs'
import { households, unchanged } from '../console/households'
import chinese from '../console/messages/zh-CN'
import english from '../console/messages/en'
import type { Messages } from '@core/i18n'
import { ROLES, type Deed } from '../console/roles'

const { call } = vi.hoisted(() => ({ call: vi.fn() }))
vi.mock('../console/call', () => ({ call, onSessionEnd: () => undefined }))
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })

const { remaining, SIGNABLE } = await import('../console/remaining')
const { byUrgency, counted, figure } = await import('../console/choosing')
const { percent: shareOf, phonesReported, share, shortTime } = await import('../console/naming')
const { deploymentTime, offsetHours } = await import('../console/clock')
const { buildingName, doorTitle, fieldInEnglish, sentences } = await import('../console/naming')
const { matrixOf } = await import('../console/doors')
const { account, closeSweep, isOwn, sweeps, withdrawSweep } = await import('../console/session')
const { PAGES } = await import('../console/may')
const { lookedAt, swept } = await import('../console/scope')
const { percent, waterfall } = await import('../console/perhaps')
const { change, changed, daysOf, gridNumbers, heldBy, onTheWay, settingsOf, spread, difference, gap, hours, makeDraft, missing, moved, rivals, takeBack } = await import('../console/plans')
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
  return { code, name: `${code}!`, level: TREE[code]!.level, dwellings: 9, accounted: 0, residual: left(code), persons_listed: 0, persons_reached: 0, lit_unlisted: 0, listed_dark: 0, persons_away: 0 }
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

describe('a share', () => {
  it('of nothing is none, and never all of it', () => {
    expect([shareOf(0, 0), share(0, 0), phonesReported(0, 0)]).toEqual([null, '—', '还没有手机'])
    expect([share(0, 3), share(1, 1000), share(999, 1000), share(3, 3)]).toEqual(['0%', '1%', '99%', '100%'])
    expect(phonesReported(1, 2)).toBe('50% 的手机已上报（1/2）')
  })
})

describe('a building without a name', () => {
  it('is called so, and asked for by its empty name', async () => {
    expect(buildingName('')).toBe(buildingName(' '))
    expect([chinese.building.noName, english.building.noName]).toContain(buildingName(''))
    expect(doorTitle({ building: '', unit: '', room: '103' })).toBe('103')
    call.mockResolvedValue({ body: { units: [] } })
    await matrixOf('s', '420102002003', '')
    expect(call).toHaveBeenCalledWith('/v1/sweeps/s/matrix?area=420102002003&building=')
  })
})

describe('a sweep that ends', () => {
  it('is named, and not the one that the page shows once the list is another', async () => {
    const one = (id: string) => ({ id, programme: id, area_code: '1', area_name: '1', opened_at: '2031-02-01T00:00:00Z', deadline: '2031-02-09T00:00:00Z', closed_at: null })
    const page = {
      get sweep() {
        return sweeps.value[0]!
      },
    }
    for (const end of [() => withdrawSweep(page, 'twice'), () => closeSweep(page, [])]) {
      sweeps.value = [one('mistaken'), one('main')]
      call.mockImplementation((path: string) => Promise.resolve({ body: path === '/v1/sweeps' ? { sweeps: [one('main')] } : {} }))
      expect(await end()).toBe('mistaken')
      expect(sweeps.value.map(({ id }) => id)).toEqual(['main'])
    }
  })
})

describe('sentences', () => {
  it('stand apart in English and together in Chinese', () => {
    expect(sentences(['3 rows fit.', '', '144 more.'], 'en')).toBe('3 rows fit. 144 more.')
    expect(sentences(['放得下。', '插入。'], 'zh-CN')).toBe('放得下。插入。')
  })
})

describe('a column', () => {
  it('is named in words and by no code', () => {
    expect(['birth_date', 'id_last_four', 'id_number', 'grid_name'].map(fieldInEnglish)).toEqual(['date of birth', 'last four of the ID number', 'ID number', 'grid name'])
  })
})

describe('a sweep of a wider area', () => {
  it('is not the reader’s to close', () => {
    account.value = { area_code: '420102002' } as Account
    expect(['420102002003', '420102002', '420102'].map((area_code) => isOwn({ area_code }))).toEqual([true, true, false])
    account.value = null
    expect(isOwn({ area_code: '420102' })).toBe(false)
  })
})

describe('a deadline', () => {
  it('is repeated in the deployment’s time where the browser’s clock is another', () => {
    const own = -new Date('2031-02-05T18:00').getTimezoneOffset() / 60
    offsetHours.value = own
    expect(deploymentTime('2031-02-05T18:00', 'en')).toBeNull()
    offsetHours.value = own + 8 > 14 ? own - 8 : own + 8
    const said = deploymentTime('2031-02-05T18:00', 'en')!
    expect(said).toMatch(own + 8 > 14 ? /Wednesday.*February 5.*10:00/ : /Thursday.*February 6.*02:00/)
    expect(deploymentTime('', 'en')).toBeNull()
    offsetHours.value = 8
  })
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
    ['confirmed', 'acb'],
    [undefined, 'acb'],
  ])('leads on by the figure that was followed: %s', (kind, order) => {
    expect(byUrgency(rows, counted(kind)).map(({ code }) => code).join('')).toBe(order)
  })

  it('is by what the page is about', () => {
    expect(byUrgency(rows, 'residual').map(({ code }) => code).join('')).toBe('bac')
    expect(rows.map((row) => figure(row, counted(undefined)))).toEqual([9, 1, 7])
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

  it('is of the sweep on its own pages, and as asked on those about an area: a sweep of one community hides no other', () => {
    expect(lookedAt('coverage', '420102002', '420102002003')).toBe('420102002003')
    for (const page of ['command', 'communities', 'late', 'cases', 'indicators', 'plans']) expect(lookedAt(page, '420102002', '420102002003'), page).toBe('420102002')
  })
})

describe('times', () => {
  it.each(['zh-CN', 'en'])('of the first hour of a day begin with 00 in %s', (locale) => {
    expect(shortTime('2026-01-01T16:05:00.000Z', locale)).toMatch(/00:05$/)
  })
})

describe('the pages of the console', () => {
  it.each([
    ['zh-CN', chinese],
    ['en', english],
  ])('are called in their titles as in the menu, in %s', (_, said: Messages) => {
    for (const page of PAGES) {
      const [entry, title] = [(said.nav as Messages)[page] as string, (said[page] as Messages).title as string]
      expect(title.toLowerCase(), page).toContain(entry.toLowerCase())
    }
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

  it('that come anew are those of before where nothing of them is another, and all of before where none is', () => {
    const before = households([line('away', 'a', '1', 'x'), line('away', 'b', '2', 'x')])
    expect(unchanged(before, households([line('away', 'a', '1', 'x'), line('away', 'b', '2', 'x')]))).toBe(before)
    const later = unchanged(before, households([line('away', 'c', '3', 'x'), line('away', 'a', '1', 'x'), line('away', 'b', '2', 'y')]))
    expect(later.map(({ first }) => first.dwelling)).toEqual(['c', 'a', 'b'])
    expect(later.map((home) => before.includes(home))).toEqual([false, true, false])
    expect(unchanged(before, households([line('away', 'a', '1', 'x')]))).toEqual([before[0]])
  })
})

describe('what is offered to whom', () => {
  const ASKS: Record<Deed, string> = {
    coverage: 'GET /v1/sweeps/{id}/coverage',
    tasks: 'GET /v1/sweeps/{id}/tasks',
    cases: 'POST /v1/cases',
    indicators: 'GET /v1/indicators',
    residual: 'GET /v1/sweeps/{id}/residual',
    reconcile: 'GET /v1/sweeps/{id}/reconcile',
    building: 'GET /v1/sweeps/{id}/matrix',
    quarantine: 'GET /v1/quarantine',
    devices: 'GET /v1/devices',
    manageDevices: 'POST /v1/devices/invitations',
    plans: 'POST /v1/plans',
    map: 'GET /v1/map',
    command: 'GET /v1/command',
    floors: 'GET /v1/floors/public',
    exactFloors: 'GET /v1/floors',
    drawMap: 'POST /v1/map',
    roster: 'POST /v1/roster',
    sheets: 'GET /v1/subscriptions',
    residents: 'GET /v1/said',
    lines: 'POST /v1/lines',
    names: 'POST /v1/persons/names',
    register: 'POST /v1/persons',
    link: 'POST /v1/links',
    recordCall: 'POST /v1/sweeps/{id}/calls',
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

describe('a plan', () => {
  const slot = (day: string, starts: number, need = 1): PlanSlot => ({ label: '南门', day, starts, minutes: 480, need, households: 0 })
  const slots = [slot('2031-02-04', 480), slot('2031-02-03', 480, 2), slot('2031-02-03', 1320)]
  const judged = (objective: number, bound: number | null = 8): PlanJudgement => ({
    certificate: { objective, bound, unit: '小时无人', unit_en: 'hours uncovered' },
    open: [],
    broken: [],
    figures: [],
  })

  it('changes by one thing and nothing else', () => {
    const held = [[0, 1], [], [2]]
    expect(moved(held, 1, 0, 1)).toEqual([[0], [1], [2]])
    expect(moved(held, 1, 0, null)).toEqual([[0], [], [2]])
    expect(moved(held, 1, null, 2)).toEqual([[0, 1], [], [1, 2]])
    expect(moved(held, 2, null, 2)).toEqual([[0, 1], [], [2]])
    expect(held).toEqual([[0, 1], [], [2]])
  })

  it('has everyone in one place at a time where people are sent', () => {
    const draft = { kind: 'deployment', slots } as PlanDraft
    const held = [[0], [1], []]
    const after = (chosen: Parameters<typeof changed>[1], target: Parameters<typeof changed>[2]) => changed({ draft, held }, chosen, target)
    expect(after({ slot: 0, holder: 0 }, { slot: 2 })).toEqual([[2], [1], []])
    expect(after({ slot: 0, holder: 0 }, { holder: 1 })).toEqual([[1], [0], []])
    expect(after({ slot: 0, holder: 0 }, { holder: 2 })).toEqual([[], [1], [0]])
    expect(after({ slot: 0, holder: 0 }, { holder: null })).toEqual([[], [1], []])
    expect(after({ slot: null, holder: 2 }, { slot: 1 })).toEqual([[0], [1], [1]])
    expect(after({ slot: 2, holder: null }, { holder: 1 })).toEqual([[0], [2], []])
    expect(held).toEqual([[0], [1], []])
  })

  it('takes a stop into a round where it lengthens the way least', () => {
    const at = (x: number, y: number): PlanSlot => ({ ...slots[0]!, at: [x, y] })
    const stops = [at(0, 0), at(100, 0), at(200, 0), at(150, 5), at(-50, 0), { ...slots[0]!, at: null }]
    expect(moved([[0, 1, 2], [3]], 3, 1, 0, onTheWay(stops))).toEqual([[0, 1, 3, 2], []])
    expect(moved([[0, 1, 2], [4]], 4, 1, 0, onTheWay(stops))).toEqual([[4, 0, 1, 2], []])
    expect(moved([[], [5]], 5, 1, 0, onTheWay(stops))).toEqual([[5], []])
  })

  it('stands on the map where its buildings do, apart from each other, or in rows', () => {
    const at = (x: number, y: number): PlanSlot => ({ ...slots[0]!, at: [x, y] })
    const [a, b, c] = spread([at(10_000, 0), at(10_050, 0), at(10_000, 40)])
    expect([b!.x > a!.x, b!.y === a!.y, c!.y < a!.y]).toEqual([true, true, true])
    expect(b!.x - a!.x).toBeGreaterThanOrEqual(52)
    const rows = spread(Array.from({ length: 10 }, () => ({ ...slots[0]!, at: null })))
    expect(new Set(rows.map(({ x, y }) => `${x} ${y}`)).size).toBe(10)
    const mixed = spread([at(0, 0), at(60, 0), { ...slots[0]!, at: null }])
    expect(mixed[2]!.y).toBeGreaterThan(Math.max(mixed[0]!.y, mixed[1]!.y))
  })

  it('says who holds what by name, and what is set for which kind', () => {
    expect([...heldBy({ slots: [{ ...slots[0]!, label: '兰陵社区', detail: '护理' }], holders: [{ name: '甲' }, { name: '乙' }], held: [[0], []] })]).toEqual([['甲', '兰陵社区 · 护理'], ['乙', '—']])
    expect(gridNumbers([{ name: '420102002003001' }, { name: '420102002003012' }, { name: 'X' }], '420102002003')).toEqual(['1', '12', '3'])
    const set = { from: '2031-02-03', days: 7, target: 300, maxKm: '', teams: 2 } as const
    expect(settingsOf('rota', set)).toEqual({ from: '2031-02-03', days: 7 })
    expect(settingsOf('grids', set)).toEqual({ target: 300 })
    expect(settingsOf('deployment', { ...set, days: '', maxKm: 5 })).toEqual({ from: '2031-02-03', max_km: 5 })
    expect(settingsOf('rounds', { ...set, from: '' })).toEqual({ teams: 2 })
  })

  it('knows who is missing, on which days, at which hours', () => {
    expect([...missing(slots, [[1], [0]])]).toEqual([[1, 1], [2, 1]])
    expect(daysOf(slots)).toEqual(['2031-02-03', '2031-02-04'])
    expect(slots.map(hours)).toEqual(['08–16', '08–16', '22–06'])
    expect(hours({ starts: 510, minutes: 930 })).toBe('08:30–24:00')
    expect([hours({ starts: 510, minutes: null }), hours({ starts: null, minutes: 5 })]).toEqual(['08:30', ''])
  })

  it('is proven to be within so much of the best, or nothing is claimed', () => {
    expect([gap(judged(8).certificate), gap(judged(12).certificate)]).toEqual([0, 0.5])
    expect([gap(judged(12, 0).certificate), gap(judged(12, null).certificate)]).toEqual([null, null])
    expect(difference(judged(8), judged(16))).toBe(8)
  })

  it('keeps a change only if the server could judge it, and takes it back', async () => {
    const draft: PlanDraft = { kind: 'rota', area_code: 'd11', area_name: '', shape: 'x', slots, holders: [{ name: '甲' }, { name: '乙' }], held: [[0], []], judgement: judged(16) }
    call.mockResolvedValueOnce({ body: draft })
    const working = await makeDraft({ kind: 'rota', area_code: 'd11', files: {}, settings: {} })
    call.mockResolvedValueOnce({ body: judged(24) })
    await change(working, { slot: 0, holder: 0 }, { holder: null })
    expect([working.held, working.judgement.certificate.objective, working.steps.length]).toEqual([[[], []], 24, 1])
    expect(call).toHaveBeenLastCalledWith('/v1/plans/evaluations', expect.objectContaining({ json: { input: working.input, shape: 'x', held: [[], []] } }))
    call.mockRejectedValueOnce(new Error('away'))
    await change(working, { slot: 1, holder: null }, { holder: 1 })
    expect([working.held, working.steps.length, working.busy]).toEqual([[[], []], 1, false])
    expect(working.wrong).not.toBeNull()
    takeBack(working)
    expect([working.held, working.judgement.certificate.objective, working.steps.length]).toEqual([[[0], []], 16, 0])
  })

  it('has to take the place of what stands for the same area and days', () => {
    const row = (plan: string, more: Partial<PlanRow>) => ({ plan, kind: 'rota', area_code: 'd11', from: '2031-02-03', until: '2031-02-09', ...more }) as PlanRow
    const draft = { kind: 'rota', area_code: 'd11', from: '2031-02-09', until: '2031-02-15' } as const
    const plans = [
      row('meets', {}),
      row('before', { until: '2031-02-08' }),
      row('gone', { withdrawn_at: 'x' }),
      row('replaced', { replaced_by: 'y' }),
      row('elsewhere', { area_code: 'd12' }),
      row('other', { kind: 'grids' }),
    ]
    expect(rivals(draft, plans).map(({ plan }) => plan)).toEqual(['meets'])
  })
})
