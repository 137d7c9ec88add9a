import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
vi.mock('../console/call', () => ({ call: vi.fn(), onSessionEnd: () => undefined }))

const { answersOf, askedOf, climbs, isWithdrawn, standing, when, word } = await import('../console/cases')
const { legible } = await import('../console/floors')
const { layOut, widthOf, wrapped } = await import('../console/tree')
const { runs } = await import('../console/spark')

describe('a task', () => {
  const now = Date.parse('2020-03-10T20:00:00+08:00')

  it('is overdue, due today or later by the days of the campaign', () => {
    expect(when('2020-03-10T20:00:00+08:00', now)).toBe('overdue')
    expect(when('2020-03-10T23:59:59+08:00', now)).toBe('today')
    // Still the tenth in London.
    expect(when('2020-03-10T16:00:00Z', now)).toBe('later')
  })

  it('climbs to one role more for each time as long again', () => {
    const task = { since: '2020-03-10T10:00:00.000Z', due: '2020-03-10T12:00:00.000Z', climbs_to: ['secretary', 'department'] }
    expect(climbs(task)).toEqual([
      { role: 'secretary', at: '2020-03-10T12:00:00.000Z' },
      { role: 'department', at: '2020-03-10T14:00:00.000Z' },
    ])
  })

  it('is asked about by those to whom it climbs, and answered for by its owner and them', () => {
    const task = (owner: string, climbs_to: string[]) => ({ owner, climbs_to }) as never
    const { climbing, answering } = askedOf({ tasks: [task('carer', ['secretary', 'department']), task('doctor', ['department'])] })
    expect([...climbing]).toEqual(['secretary', 'department'])
    expect([...answering].sort()).toEqual(['carer', 'department', 'doctor', 'secretary'])
  })

  it('is named in the language of its reader', () => {
    expect([word({ zh: '发热', en: 'a fever' }, 'zh-CN'), word({ zh: '发热', en: 'a fever' }, 'en')]).toEqual(['发热', 'A fever'])
  })
})

describe('what stands open of an area', () => {
  it('is of all pathways, or of the one that is looked at', () => {
    const row = { code: '1', name: '', open: 5, overdue: 2, pathways: [{ programme: 'p', pathway: { code: 'w', zh: '', en: '' }, open: 3, overdue: 1 }] }
    const numbers = (way: string) => [standing(row, way).open, standing(row, way).overdue]
    expect([numbers(''), numbers('p w'), numbers('p other')]).toEqual([[5, 2], [3, 1], [0, 0]])
  })
})

describe('a box of a tree', () => {
  const texts = ['四类人员 · 居家观察，等第二次核酸结果', 'Four categories · under observation at home', 'Wanjiashequershiyihaolou 5', '发热门诊 fever clinic 第3诊室', '']

  it('has its text whole, in lines that fit', () => {
    for (const text of texts) {
      const lines = wrapped(text, 12)
      expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      expect(lines.filter((line) => widthOf(line) > 12 || line === '')).toEqual([])
    }
    expect(wrapped('Four categories · under observation at home', 12)).toEqual(['Four categories ·', 'under observation at', 'home'])
  })
})

describe('the floor map for a notice board', () => {
  const floor = (n: number, open?: number) => ({ unit: '1', floor: n, cells: [open === undefined ? {} : { open }, {}] })
  const buildings = [{ building: '5', floors: [floor(3, 4), floor(2), floor(1)] }, { building: '6', floors: [floor(1)] }]

  it('has the floors with a number, and names the buildings without any', () => {
    const { buildings: shown, silent } = legible({ least: 3, buildings })
    expect(shown.map(({ building, floors, rest }) => [building, floors.map((one) => one.floor), rest])).toEqual([['5', [3], 2]])
    expect(silent).toEqual(['6'])
  })

  it('has every floor where every number is told', () => {
    const { buildings: shown, silent } = legible({ least: 0, buildings })
    expect([shown.flatMap(({ floors }) => floors).length, shown.map(({ rest }) => rest), silent]).toEqual([4, [0, 0], []])
  })
})

describe('answers', () => {
  const question = (code: string, kind: 'text' | 'whole' | 'decimal' | 'several') => ({ question: { code, zh: '', en: '' }, kind, required: false, choices: [] })

  it('are sent as what they are, and those left empty not at all', () => {
    const questions = [question('n', 'whole'), question('t', 'decimal'), question('s', 'several'), question('e', 'several'), question('x', 'text'), question('odd', 'decimal')]
    expect(answersOf(questions, { n: '3', t: '36.5', s: ['a', 'b'], e: [], x: '', odd: 'warm' })).toEqual({ n: 3, t: 36.5, s: ['a', 'b'], odd: 'warm' })
  })
})

describe('a tree', () => {
  it('has a column for each generation and nobody on another', () => {
    const nodes = [{}, { tied_to: 0 }, { tied_to: 0 }, { tied_to: 1 }, { tied_to: 1 }, { tied_to: 4 }]
    const { spots, columns, rows } = layOut(nodes)
    expect(spots.map(({ column }) => column)).toEqual([0, 1, 1, 2, 2, 3])
    expect([columns, rows]).toEqual([4, 3])
    expect(new Set(spots.map(({ column, row }) => `${column} ${row}`)).size).toBe(nodes.length)
    // Whoever leads to others stands beside the middle of them.
    expect(spots[1]!.row).toBe((spots[3]!.row + spots[4]!.row) / 2)
  })

  it('is laid out whatever its depth', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => (at === 0 ? {} : { tied_to: at - 1 }))
    expect(layOut(chain).columns).toBe(20_000)
    expect(layOut([])).toEqual({ spots: [], columns: 0, rows: 0 })
  })
})

describe('the line of a figure', () => {
  it('breaks where there is no figure, and is none of nothing', () => {
    const series = [{ on: '1', value: 1 }, { on: '2' }, { on: '3', value: 3 }, { on: '4', value: 2 }]
    expect(runs(series, 30, 10)).toEqual([[{ x: 0, y: 10 }], [{ x: 20, y: 0 }, { x: 30, y: 5 }]])
    expect(runs([{ on: '1' }], 30, 10)).toEqual([])
    expect(runs([{ on: '1', value: 7 }, { on: '2', value: 7 }], 30, 10)[0]!.map(({ y }) => y)).toEqual([5, 5])
  })
})

const { offsetHours, today } = await import('../console/clock')
const { duration, relationName, shortTime } = await import('../console/naming')
const { i18n } = await import('../console/texts')
const { default: english } = await import('../console/messages/en')
const { partsOf, SLIP, slipDoor } = await import('../console/slip')

describe('hours and days', () => {
  it('are the deployment’s, wherever the reader’s computer is', () => {
    // Midnight of the eleventh at +08:00 is the tenth in London and in New York.
    const zone = process.env.TZ
    for (process.env.TZ of ['America/New_York', 'Europe/London', 'Asia/Shanghai']) {
      expect(shortTime('2020-03-10T16:00:00.000Z', 'en-GB')).toBe('11/03, 00:00')
    }
    process.env.TZ = zone
    offsetHours.value = 6
    expect(shortTime('2020-03-10T16:00:00.000Z', 'en-GB')).toBe('10/03, 22:00')
    offsetHours.value = 8
  })

  it('begin a day at the deployment’s midnight', () => {
    vi.useFakeTimers({ now: Date.parse('2020-03-10T16:30:00Z') })
    expect([today(), today(-1), today(60)]).toEqual(['2020-03-11', '2020-03-10', '2020-05-10'])
    vi.useRealTimers()
  })
})

describe('a relation', () => {
  it('is said in the reader’s language where it is a usual one', () => {
    expect([relationName('配偶', 'zh-CN'), relationName('表叔', 'en'), relationName(undefined, 'en')]).toEqual(['配偶', '表叔', ''])
    i18n.global.setLocaleMessage('en' as never, english as never)
    ;(i18n.global.locale as unknown as { value: string }).value = 'en'
    expect(relationName('配偶', 'en')).toBe('spouse')
  })
})

describe('an offer that came to nothing', () => {
  it('was declined by whom it was made to, or taken back by whoever made it', () => {
    const event = (deed: string, by: string, to?: string) => ({ deed, by, to, at: '', role: '' }) as never
    const events = [event('offer', 'me', 'anna'), event('decline', 'anna'), event('offer', 'me', 'bert'), event('decline', 'me')]
    expect([events[1]!, events[3]!].map((answer) => isWithdrawn(events, answer))).toEqual([false, true])
  })
})

describe('what is left', () => {
  it('is never said to be more than it is', () => {
    i18n.global.locale.value = 'zh-CN'
    const hour = 3_600_000
    expect([60.5, 71.9, 47.9, 0.99].map((hours) => duration(hours * hour))).toEqual(['2 天', '2 天', '47 小时', '59 分钟'])
  })
})

describe('a slip', () => {
  it('sets apart what is read from the left in every language', () => {
    const filled = { address: 'home.example/home/', phone: '0571-8888 6666' }
    expect(partsOf(SLIP.ar.call, filled).filter((part) => part.filled)).toEqual([{ text: '0571-8888 6666', filled: true }])
    expect(partsOf(SLIP.ar.scan, filled).map(({ text }) => text).join('')).toBe(SLIP.ar.scan.replace('{address}', filled.address))
  })

  it('names its door in each language', () => {
    const door = { building: '3', unit: '2', room: '402' }
    expect((Object.keys(SLIP) as (keyof typeof SLIP)[]).map((language) => slipDoor(door, language))).toEqual(['3 栋 2 单元 402', 'Building 3 Unit 2 402', 'المبنى 3 المدخل 2 402'])
    expect(slipDoor({ building: '东楼', unit: '', room: '402' }, 'en')).toBe('东楼 402')
  })
})
