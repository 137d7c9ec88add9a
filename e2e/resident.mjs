/**
 * The resident's page is as wide as her phone: every page of it, in each of its languages and sizes, from 320 px on. In
 * Chromium, against answers made up here, so that each page is there at once.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cut, launch, openPage, sideways } from './browser.mjs'

const DIST = fileURLToPath(new URL('../web/dist/', import.meta.url))
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const AT = '2026-11-20T06:30:00Z'
const ID = '00000000-0000-7000-8000-00000000000'

const choices = (name, zh, all, kind = 'one') => ({ name, zh, en: name, kind, choices: all })
const CHECK = {
  programme: 'epidemic',
  form: 'twice_daily',
  several: true,
  day: 3,
  questions: [choices('symptom', '症状', ['none', 'fever', 'dyspnoea', 'sore_throat', 'diarrhoea'], 'several'), choices('told_by', '谁说的', ['self', 'family'])],
  optional: [{ name: 'temp_c', zh: '体温', en: 'Temperature', kind: 'decimal', choices: [] }, choices('temp_word', '体温', ['normal', 'fever'])],
}
const reading = (role, position, more = {}) => ({ at: AT, role, area_name: '江城社区', purpose: 'own', position, whole_list: false, ...more })
const ANSWERS = {
  '/v1/slip': { door: { area_name: '江城区合欢街道桂花苑社区', building: '12', unit: '2', room: '1102' }, office_phone: '0270-88886666', expires_at: '2026-12-31T16:00:00Z' },
  '/v1/slip/checks': { checks: [CHECK] },
  '/v1/slip/people': { receipts: ['4F7K-22R9'] },
  '/v1/slip/record': {
    said: [
      { said: `${ID}1`, what: 'person', said_at: AT, state: 'waiting', receipt: '4F7K-22QX', person: { name: '阿卜杜热依木·麦麦提', relation: '租客', sex: '女', birth_date: '1990-03-07', phone: '13800000000', id_number: '…0012' } },
      { said: `${ID}5`, what: 'help', said_at: AT, state: 'waiting', reopened_at: AT, receipt: '7Q2M-88ZX', help: ['food'], words: { text: '要送菜' } },
      { said: `${ID}2`, what: 'help', said_at: AT, state: 'taken_on', receipt: '4F7K-22QY', help: ['food', 'medicine', 'ride', 'care', 'talk'], words: { text: '要送透析', phone: '13800000000' } },
      { said: `${ID}3`, what: 'erasure', said_at: AT, state: 'declined', reason: 'must_be_kept', receipt: '4F7K-22QZ' },
    ],
    forms: [{ at: AT, form: 'twice_daily', zh: '每日两测', en: 'Twice-daily check', receipt: '4F7K-22R0', answers: [{ name: 'symptom', zh: '症状', en: 'Symptoms', given: ['dyspnoea', 'sore_throat'] }] }],
    readings: [
      reading('resident', 41),
      reading('clerk', 44, { purpose: 'report', whole_list: true }),
      reading('resident', 47, { at: '2026-11-21T06:30:00Z' }),
      reading('community_secretary', 52, { purpose: 'service' }),
      reading('resident', 58, { at: '2026-11-22T06:30:00Z' }),
    ],
    visits: [{ at: AT, outcome: 'no_answer' }],
  },
}

let browser
let server
let origin

before(async () => {
  browser = await launch()
  server = createServer(async (request, answer) => {
    const { pathname } = new URL(request.url, 'http://here')
    if (pathname in ANSWERS) return answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWERS[pathname]))
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    await readFile(DIST + file).then(
      (bytes) => answer.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(bytes),
      () => answer.writeHead(404).end(),
    )
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${server.address().port}`
})
after(async () => {
  await browser?.close()
  server.closeAllConnections()
  server.close()
})

async function open({ locale, size, width, height = 800 }) {
  const { page, context } = await openPage(browser, origin, { viewport: { width, height }, isMobile: true, hasTouch: true })
  await context.addInitScript(
    ([chosen, text]) => {
      localStorage.setItem('wanjia.locale', chosen)
      localStorage.setItem('wanjia.size', text)
    },
    [locale, size],
  )
  await page.goto(`${origin}/home/#7K3M9QXD2F8T`)
  await page.locator('.huge').first().waitFor()
  return { page, context }
}

describe('the resident’s page', () => {
  for (const locale of ['zh-CN', 'en', 'ar']) {
    it(`is no wider than a phone in ${locale}`, async () => {
      for (const size of ['standard', 'large', 'elder']) {
        const { page, context } = await open({ locale, size, width: 390 })
        assert.equal(await page.evaluate(() => document.documentElement.dataset.size), size)
        for (const view of ['start', 'report', 'help', 'record', 'check', 'correct', 'erase', 'done', 'enter']) {
          if (view === 'enter') await page.evaluate(() => (sessionStorage.clear(), history.replaceState(null, '', '#'), location.reload()))
          else await page.evaluate((name) => (location.hash = `/${name}`), view)
          await page.locator(view === 'enter' ? '[name=code]' : view === 'record' ? '[data-part=forms]' : view === 'check' ? 'fieldset' : 'h1').first().waitFor()
          for (const width of [320, 360, 390, 412]) {
            await page.setViewportSize({ width, height: 800 })
            assert.deepEqual([...(await sideways(page)), ...(width === 320 ? await cut(page) : [])], [], `${view} at ${size}, ${width} px`)
          }
        }
        await context.close()
      }
    })
  }

  it('keeps what was typed through back and a reload, until it is sent or the slip is left', async () => {
    const { page, context } = await open({ locale: 'zh-CN', size: 'standard', width: 390 })
    const stored = () => page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))
    const show = async (name) => {
      await page.evaluate((view) => (location.hash = `/${view}`), name)
      await page.locator(name === 'start' ? '.huge' : 'form').first().waitFor()
    }
    await show('report')
    await page.fill('[name=name]', '周小雨')
    await page.getByRole('button', { name: '再加一位' }).click()
    await page.locator('[name=name]').nth(1).fill('周大雨')
    await page.goBack()
    await page.locator('.huge').first().waitFor()
    await show('report')
    await page.reload()
    await page.locator('[name=name]').nth(1).waitFor()
    const names = () => page.locator('[name=name]').evaluateAll((fields) => fields.map((field) => field.value))
    assert.deepEqual(await names(), ['周小雨', '周大雨'])

    await show('help')
    await page.fill('[name=text]', '要送透析')
    await page.getByRole('button', { name: '买药' }).click()
    await show('check')
    await page.locator('fieldset button').first().click()
    await page.reload()
    await page.locator('fieldset button[aria-pressed=true]').waitFor()
    await show('help')
    assert.equal(await page.inputValue('[name=text]'), '要送透析')
    assert.equal(await page.locator('.kinds [aria-pressed=true]').count(), 1)

    // What is sent is kept no longer, and what is not goes with the slip.
    await show('report')
    await page.getByRole('button', { name: '报给社区' }).click()
    await page.getByText('4F7K-22R9').waitFor()
    assert.doesNotMatch(await stored(), /周小雨/)
    assert.match(await stored(), /要送透析/)
    await show('report')
    assert.deepEqual(await names(), [''])
    await show('start')
    await page.getByRole('button', { name: '退出' }).click()
    await page.locator('[name=code]').waitFor()
    assert.doesNotMatch(await stored(), /要送透析|7K3M9QXD2F8T/)
    await context.close()
  })

  it('says who else looked first, and in one line how often the slip was used to look', async () => {
    const { page, context } = await open({ locale: 'zh-CN', size: 'standard', width: 390 })
    await page.evaluate(() => (location.hash = '/record'))
    await page.getByText('用这张便条看过 3 次').waitFor()
    const lines = await page.locator('section', { hasText: '谁看过' }).locator('li').allInnerTexts()
    assert.deepEqual(lines.map((line) => /编号 (\d+)/.exec(line)?.[1]), ['44', '52'])
    await context.close()
  })

  const TOLD = { 'zh-CN': ['已收到，等人接', '已有人接了', '又在等人办'], en: ['waits for somebody to take it on', 'somebody has taken it on', 'it waits for somebody again'], ar: ['بانتظار من يتولاه', 'هناك من تولاه', 'وعاد الأمر بانتظار'] }
  for (const [locale, [waiting, taken, again]] of Object.entries(TOLD)) {
    it(`says that help is taken on only where somebody has, in ${locale}`, async () => {
      const { page, context } = await open({ locale, size: 'standard', width: 390 })
      await page.evaluate(() => (location.hash = '/record'))
      const of = (receipt) => page.locator('li', { hasText: receipt })
      await of('7Q2M-88ZX').waitFor()
      const [untaken, inHand] = [await of('7Q2M-88ZX').innerText(), await of('4F7K-22QY').innerText()]
      assert.ok(untaken.includes(waiting) && untaken.includes(again) && !untaken.includes(taken), untaken)
      assert.ok(inHand.includes(taken) && !inHand.includes(waiting), inHand)
      if (process.env.WANJIA_SHOTS) await page.screenshot({ path: `${process.env.WANJIA_SHOTS}/resident-taken-${locale}.png`, fullPage: true })
      await context.close()
    })
  }
})
