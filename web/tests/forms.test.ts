/** What the phone makes of the form engine's nodes: pages of plain questions, and the answers that are sealed. */
import { describe, expect, it, vi } from 'vitest'
import { answersContent } from '@core/ledger/answers'
import { overRoot, type Question } from '../phone/forms/engine'
import { fitted } from '../phone/forms/picture'

// The engine itself wants a browser; the end-to-end test runs it in one.
vi.mock('@getodk/xforms-engine', () => ({ loadForm: vi.fn() }))

interface Fake {
  nodeType: string
  nodeId: string
  currentState: Record<string, unknown>
  [more: string]: unknown
}

let ids = 0
const said = (text: string) => ({ asString: text })
const node = (nodeType: string, name: string, state: Record<string, unknown> = {}, more: Record<string, unknown> = {}): Fake => ({
  nodeType,
  nodeId: `n${(ids += 1)}`,
  appearances: {},
  validationState: { violation: null },
  currentState: { relevant: true, required: false, readonly: false, reference: `/data/${name}`, label: said(name), hint: null, ...state },
  ...more,
})
const input = (name: string, valueType: string, instanceValue: string, more: Record<string, unknown> = {}) =>
  node('input', name, { instanceValue }, { valueType, nodeOptions: { rows: null }, setValue: vi.fn(), ...more })
const select = (name: string, selectType: string, value: string[]) =>
  node('select', name, { value, instanceValue: value.join(' '), valueOptions: ['yes', 'no'].map((one) => ({ value: one, label: said(`label ${one}`) })) }, { selectType, valueType: 'string', selectValues: vi.fn() })
const group = (name: string, children: Fake[], state: Record<string, unknown> = {}) => node('group', name, { children, ...state })
const card = (name: string, children: Fake[]) => node('repeat-instance', name, { children })
const over = (children: Fake[], languages: object[] = []) => {
  const setLanguage = vi.fn()
  return { form: overRoot({ currentState: { children }, languages, setLanguage } as never), setLanguage }
}

describe('pages', () => {
  it('are the groups, and the questions between them', () => {
    const { form } = over([
      input('first', 'string', ''),
      input('second', 'int', ''),
      group('home', [input('rooms', 'int', '')]),
      input('last', 'date', ''),
    ])
    expect(form.pages().map(({ label, parts }) => [label, parts.map((part) => (part as Question).name)])).toEqual([
      ['', ['first', 'second']],
      ['home', ['rooms']],
      ['', ['last']],
    ])
  })

  it('leave out what is not asked now, and what is never seen', () => {
    const hidden = input('hidden', 'string', 'x')
    hidden.currentState.relevant = false
    const heads = select('reserved_name_for_field_list_labels_7', 'select1', [])
    const { form } = over([hidden, heads, node('model-value', 'sum', { instanceValue: '3' }), group('empty', [])])
    expect(form.pages()).toEqual([])
  })

  it('say of a question what a person needs: its kind, its choices and what is wrong with the answer', () => {
    const odd = input('temp_c', 'decimal', '50')
    odd.validationState = { violation: { condition: 'constraint', message: said('34 to 43') } }
    const missing = select('has_water', 'select1', [])
    missing.validationState = { violation: { condition: 'required', message: null } }
    const { form } = over([odd, missing, select('feels', 'select', ['no']), node('upload', 'voice', { instanceValue: '' }, { nodeOptions: { media: { type: 'audio' } } })])
    const [temperature, water, feels, voice] = form.pages()[0]!.parts as Question[]
    expect(temperature).toMatchObject({ kind: 'decimal', value: '50', wrong: { missing: false, message: '34 to 43' } })
    expect(water).toMatchObject({ kind: 'one', chosen: [], wrong: { missing: true, message: '' } })
    expect(water!.choices).toEqual([{ value: 'yes', label: 'label yes', shown: [] }, { value: 'no', label: 'label no', shown: [] }])
    expect(feels).toMatchObject({ kind: 'several', chosen: ['no'], wrong: null })
    expect(voice!.kind).toBe('unsupported')
  })

  it('say what is shown and played beside a question and beside its choices', () => {
    const asked = select('fruit', 'select1', [])
    asked.currentState.label = { asString: 'Which', imageSource: new URL('jr://images/%E6%A2%A8%201.png'), audioSource: new URL('jr://audio/say.wav') }
    asked.currentState.valueOptions = [{ value: 'fig', label: { asString: 'Fig', videoSource: new URL('jr://video/fig.webm') } }]
    const [question] = over([asked]).form.pages()[0]!.parts as Question[]
    expect(question!.shown).toEqual([{ kind: 'image', name: '梨 1.png' }, { kind: 'audio', name: 'say.wav' }])
    expect(question!.choices[0]!.shown).toEqual([{ kind: 'video', name: 'fig.webm' }])
  })

  it('put choices in an order, which is a list', () => {
    const setValues = vi.fn()
    const valueOptions = ['a', 'b'].map((value) => ({ value, label: said(value) }))
    const order = node('rank', 'order', { value: ['b', 'a'], instanceValue: 'b a', valueOptions }, { valueType: 'string', setValues })
    const { form } = over([order])
    const [question] = form.pages()[0]!.parts as Question[]
    expect(question).toMatchObject({ kind: 'order', chosen: ['b', 'a'], choices: [{ value: 'a' }, { value: 'b' }] })
    expect(form.answers()).toEqual({ order: ['b', 'a'] })
    form.answer(question!.id, ['a', 'b'])
    expect(setValues).toHaveBeenCalledWith(['a', 'b'])
  })
})

describe('answers', () => {
  it('are numbers, texts and lists by the names of the questions, without what is not asked', () => {
    const hidden = input('hidden', 'string', 'left from before')
    hidden.currentState.relevant = false
    const { form } = over([
      input('from', 'string', '武汉'),
      input('empty', 'string', ''),
      hidden,
      group('body', [input('temp_c', 'decimal', '36.6'), input('days', 'int', '-3'), input('on', 'date', '2020-03-10')]),
      select('one', 'select1', ['yes']),
      select('several', 'select', ['yes', 'no']),
      node('note', 'hello', { instanceValue: 'x' }),
      node('model-value', 'total', { instanceValue: '7' }, { valueType: 'int' }),
      group('meta', [node('model-value', 'instanceID', { instanceValue: 'uuid:1' })]),
    ])
    expect(form.answers()).toEqual({ from: '武汉', temp_c: 36.6, days: -3, on: '2020-03-10', one: 'yes', several: ['yes', 'no'], total: 7 })
  })

  it('of a repeat are lists in the order of its cards', () => {
    const cards = [card('p[1]', [input('p[1]/age', 'int', '4'), input('p[1]/name', 'string', '甲')]), card('p[2]', [input('p[2]/age', 'int', '71')])]
    const { form } = over([node('repeat-range:uncontrolled', 'p', { children: cards }, { addInstances: vi.fn(), removeInstances: vi.fn() })])
    expect(form.answers()).toEqual({ age: [4, 71], name: ['甲'] })
    expect(form.pages()[0]!.parts[0]).toMatchObject({ part: 'repeat', open: true, cards: [{}, {}] })
  })

  it('are set by the kind of the question, and taken away by an empty one', () => {
    const text = input('from', 'string', '')
    const chosen = select('one', 'select1', [])
    const { form } = over([text, chosen])
    form.answer(text.nodeId, '武汉')
    form.answer(text.nodeId, '')
    form.answer(chosen.nodeId, 'yes')
    form.answer(chosen.nodeId, '')
    expect((text.setValue as ReturnType<typeof vi.fn>).mock.calls).toEqual([['武汉'], [null]])
    expect((chosen.selectValues as ReturnType<typeof vi.fn>).mock.calls).toEqual([[['yes']], [[]]])
  })

  it('are numbers in whatever digits and with whatever mark they are typed, and never silently none', () => {
    const degrees = input('temp_c', 'decimal', '')
    const days = input('days', 'int', '')
    const { form } = over([degrees, days])
    const shown = () => (form.pages()[0]!.parts as Question[]).map(({ value, wrong }) => [value, wrong?.number ?? null])
    const set = (one: Fake) => (one.setValue as ReturnType<typeof vi.fn>).mock.calls.map(([value]) => value)
    for (const typed of ['38,9', '٣٨٫٩', '３８．９']) form.answer(degrees.nodeId, typed)
    expect(set(degrees)).toEqual(['38.9', '38.9', '38.9'])
    form.answer(degrees.nodeId, '热')
    form.answer(days.nodeId, '3,5')
    expect(shown()).toEqual([['热', 'decimal'], ['3,5', 'whole']])
    expect([set(degrees).at(-1), set(days).at(-1)]).toEqual([null, null])
    form.answer(degrees.nodeId, '37')
    form.answer(days.nodeId, '')
    expect(shown()).toEqual([['', null], ['', null]])
  })

  it('are sealed as the server reads them: names by their bytes, fractions as 64-bit floats', () => {
    const bytes = answersContent({ n: -3, b: 'x', aa: 36.6, a: ['none'] })
    expect(Buffer.from(bytes).toString('hex')).toBe('a4616181646e6f6e65626161fb40424ccccccccccd616261786 16e22'.replace(' ', ''))
  })
})

describe('pictures', () => {
  const upload = (name: string, instanceValue: string, signature = false, type = 'image') =>
    node('upload', name, { instanceValue }, { appearances: { signature }, nodeOptions: { media: { type } }, maxPixels: 800, setValue: vi.fn() })
  const kept = { name: 'a.jpg', digest: 'ab'.repeat(32), bytes: new Uint8Array([1]) }

  it('are asked for by a camera or a signature, and other files are not', () => {
    const { form } = over([upload('photo', ''), upload('signed', '', true), upload('voice', '', false, 'audio'), input('code', 'barcode', '')])
    expect((form.pages()[0]!.parts as Question[]).map(({ kind, longest }) => [kind, longest])).toEqual([['picture', 800], ['signature', 800], ['unsupported', 800], ['code', null]])
  })

  it('are answers that commit to their bytes, as long as they are asked', () => {
    const [photo, hidden, unknown] = [upload('photo', 'a.jpg'), upload('hidden', 'a.jpg'), upload('unknown', 'b.jpg')]
    hidden.currentState.relevant = false
    const form = overRoot({ currentState: { children: [photo, hidden, unknown] }, languages: [] } as never, [kept])
    expect(form.answers()).toEqual({ photo: `a.jpg sha256:${kept.digest}` })
    expect(form.pictures()).toEqual([kept])
  })

  it('are set, and taken away', () => {
    const photo = upload('photo', '')
    const { form } = over([photo])
    form.attach(photo.nodeId, kept)
    form.attach(photo.nodeId, null)
    const [[file], [none]] = (photo.setValue as ReturnType<typeof vi.fn>).mock.calls as [[File], [null]]
    expect([file.name, file.type, none]).toEqual(['a.jpg', 'image/jpeg', null])
  })

  it('are made smaller, and never larger', () => {
    expect(fitted(4000, 3000, 1600)).toEqual({ width: 1600, height: 1200 })
    expect(fitted(300, 4000, 1600)).toEqual({ width: 120, height: 1600 })
    expect(fitted(640, 480, 1600)).toEqual({ width: 640, height: 480 })
    expect(fitted(1, 9000, 1600)).toEqual({ width: 1, height: 1600 })
  })
})

describe('language', () => {
  it('follows the app to the form’s own of that name', () => {
    const zh = { language: '中文 (zh)' }
    const en = { language: 'English (en)' }
    const { form, setLanguage } = over([], [zh, en])
    form.speak('en')
    form.speak('zh-CN')
    form.speak('ar')
    expect(setLanguage.mock.calls).toEqual([[en], [zh]])
  })
})
