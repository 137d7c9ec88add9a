/** Pictures of every screen, in each language and size, into the ignored folder /screens. Look at them before and after a change. */
import { mkdir, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { choosePin, DESK, launch, openPage, PHONE, phoneOptions } from './browser.mjs'
import { makeMock } from './mock/server.mjs'

const out = fileURLToPath(new URL('../screens/', import.meta.url))
const only = process.argv[2] ?? ''
await mkdir(out, { recursive: true })
if (only === '') await rm(out, { recursive: true, force: true }).then(() => mkdir(out, { recursive: true }))

let mock
let origin
const browser = await launch()
const complaints = []

try {
  for (const locale of ['zh-CN', 'en']) {
    for (const size of ['standard', 'large', 'elder']) {
      const name = `phone-${locale}-${size}`
      if (name.startsWith(only)) await phone(name, locale, size)
    }
  }
  if ('phone-states'.startsWith(only)) await phoneStates()
  for (const locale of ['zh-CN', 'en']) {
    for (const [shape, viewport] of [['desk', DESK], ['narrow', PHONE]]) {
      const name = `console-${locale}-${shape}`
      if (name.startsWith(only)) await consolePages(name, locale, viewport)
    }
  }
} finally {
  await browser.close()
  await stop()
}
for (const complaint of complaints) console.error(complaint)
process.exitCode = complaints.length > 0 ? 1 : 0

async function stop() {
  mock?.server.closeAllConnections()
  await new Promise((resolve) => (mock === undefined ? resolve() : mock.server.close(resolve)))
}

/** The same city as it was for every other picture. */
async function anew() {
  await stop()
  mock = makeMock()
  await new Promise((resolve) => mock.server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${mock.server.address().port}`
}

async function phone(name, locale, size, extra = {}) {
  await anew()
  const opened = await openPage(browser, origin, phoneOptions({ locale }))
  const { page, context } = opened
  await context.addInitScript(
    ([chosen, scale, contrast]) => {
      localStorage.setItem('wanjia.locale', chosen)
      localStorage.setItem('wanjia.size', scale)
      localStorage.setItem('wanjia.contrast', contrast)
    },
    [locale, size, extra.contrast ?? 'normal'],
  )
  const shot = (what, options = {}) => page.screenshot({ path: `${out}${name}-${what}.png`, ...options })
  await page.goto(`${origin}/phone/`)
  await page.waitForSelector('h1')
  await shot('01-enrol-none')
  await page.goto(`${origin}/phone/#/enrol/${mock.invite('陈小燕', '420102005002')}`)
  await page.reload()
  await page.waitForSelector('.button.lamp')
  await shot('02-enrol')
  await page.click('.button.lamp')
  await choosePin(page)
  await page.waitForSelector('h1 ~ .button.lamp')
  await shot('03-enrolled')
  await page.click('.button.lamp')
  await page.waitForSelector('.row')
  await page.waitForTimeout(400)
  await shot('04-doors')
  await page.click('.layout')
  await page.waitForSelector('.house')
  await shot('05-floors', { fullPage: true })
  await page.click('.layout')
  await page.click('.row >> nth=2')
  await page.waitForSelector('dialog .actions')
  await page.waitForTimeout(500)
  await shot('06-sheet')
  await page.click('dialog .button.empty')
  await page.waitForTimeout(100)
  await shot('07-sheet-light')
  await page.click('dialog .button.lamp')
  await page.waitForTimeout(300)
  await shot('08-sheet-next')
  await page.click('dialog .button.plain')
  await page.waitForTimeout(100)
  await shot('09-sheet-more')
  await page.click('dialog .three .button >> nth=1')
  await page.waitForSelector('.visit')
  await page.waitForTimeout(400)
  await shot('10-visit-away', { fullPage: true })
  await page.click('.choices .button >> nth=0')
  await page.click('.people .person >> nth=0').catch(() => {})
  await page.click('.visit section .button.wide')
  await page.waitForTimeout(100)
  await shot('11-visit-person', { fullPage: true })
  await page.goto(`${origin}/phone/#/doors`)
  // At the largest size the answers come once the head of the page is out of sight.
  await page.evaluate(() => scrollTo(0, 600))
  await page.waitForSelector('.dock .button.lamp')
  mock.quarantineNext = { reason: 'outside_area', message: '这个门牌不在您的网格里。', message_en: 'This door is not in your grid.' }
  for (let tap = 0; tap < 6; tap += 1) {
    await page.locator('.dock .button.lamp.wide, .dock .button.danger').first().click()
    await page.waitForTimeout(150)
  }
  await page.waitForTimeout(150)
  await shot('12-doors-saved')
  await page.goto(`${origin}/phone/#/sync`)
  await page.waitForSelector('.verdict')
  await page.waitForTimeout(100)
  await shot('13-sync-waiting')
  await page.click('.verdict .button')
  await page.waitForTimeout(700)
  await shot('14-sync-done', { fullPage: true })
  await page.goto(`${origin}/phone/#/mine`)
  await page.waitForTimeout(200)
  await shot('15-mine', { fullPage: true })
  await page.goto(`${origin}/phone/#/doors`)
  await page.waitForSelector('.row')
  await page.click('.add .button')
  await page.waitForTimeout(500)
  await shot('16-add-door')
  complaints.push(...opened.complaints.map((text) => `${name}: ${text}`))
  await context.close()
}

/** States that need a lever: no network, a wrong clock, high contrast, a past that was rewritten. */
async function phoneStates() {
  await phone('phone-contrast', 'zh-CN', 'standard', { contrast: 'high' })
  mock.clockOffset = 47 * 60_000
  const opened = await openPage(browser, origin, phoneOptions())
  const { page, context } = opened
  await page.goto(`${origin}/phone/#/enrol/${mock.invite('李国强', '420102005002')}`)
  await page.click('.button.lamp')
  await choosePin(page)
  await page.waitForSelector('h1 ~ .button.lamp')
  await page.click('.button.lamp')
  await page.waitForSelector('.row')
  mock.away = true
  await page.click('.dock .button.danger')
  await page.goto(`${origin}/phone/#/sync`)
  await page.click('.verdict .button')
  await page.waitForTimeout(400)
  await page.screenshot({ path: `${out}phone-states-offline-skew.png`, fullPage: true })
  await page.goto(`${origin}/phone/#/doors`)
  await page.waitForTimeout(300)
  await page.screenshot({ path: `${out}phone-states-offline-doors.png` })
  mock.away = false
  mock.rewrite = true
  await page.goto(`${origin}/phone/#/sync`)
  await page.click('.verdict .button')
  await page.waitForSelector('.rewritten')
  await page.screenshot({ path: `${out}phone-states-rewritten.png` })
  await page.goto(`${origin}/phone/#/doors`)
  await page.waitForTimeout(300)
  await page.screenshot({ path: `${out}phone-states-rewritten-doors.png` })
  mock.rewrite = false
  mock.clockOffset = 0
  complaints.push(...opened.complaints.map((text) => `phone-states: ${text}`))
  await context.close()
}

async function consolePages(name, locale, viewport) {
  await anew()
  const opened = await openPage(browser, origin, { viewport, locale, deviceScaleFactor: 1 })
  const { page, context } = opened
  await context.addInitScript((chosen) => localStorage.setItem('wanjia.locale', chosen), locale)
  const shot = (what, options = {}) => page.screenshot({ path: `${out}${name}-${what}.png`, ...options })
  const visit = async (path, selector) => {
    await page.goto(`${origin}/#${path}`)
    await page.waitForSelector(selector)
    await page.waitForTimeout(700)
  }
  await page.goto(`${origin}/`)
  await page.waitForSelector('form')
  await shot('01-sign-in')
  await page.fill('[name=username]', 'peng')
  await page.fill('[name=password]', 'wrong')
  await page.fill('[name=code]', '123456')
  await page.click('.button.lamp')
  await page.waitForSelector('.wrong')
  await shot('02-sign-in-refused')
  await page.fill('[name=password]', 'wanjia-demo')
  await page.click('.button.lamp')
  await visit('/coverage', '.tree tbody tr')
  await shot('03-coverage', { fullPage: true })
  await visit('/coverage?area=420102005', '.tree tbody tr')
  await shot('04-coverage-street')
  await visit('/coverage?area=420102005002', '.buildings')
  await shot('05-coverage-community')
  await visit('/tasks', '.choose li')
  await shot('05a-choose')
  await visit('/tasks?area=420102005002', '.tasks li')
  await shot('05b-tasks-hidden')
  await page.click('.names .button')
  await page.waitForTimeout(300)
  await shot('05c-tasks')
  await visit('/residual?area=420102005002', 'tbody tr')
  await shot('06-residual')
  await visit('/residual?area=420102005002&reason=refused_unsigned', '.act .button')
  await page.click('.act .button >> nth=0')
  await page.waitForTimeout(500)
  await shot('07-sign-off')
  await page.keyboard.press('Escape')
  await visit('/reconcile?area=420102005002', '.task')
  await shot('08-reconcile')
  await page.click('.column .acts .button:not(.lamp):not(.perhaps) >> nth=0')
  await page.waitForTimeout(500)
  await shot('08b-link')
  await page.keyboard.press('Escape')
  await page.click('.column .acts .perhaps >> nth=0')
  await page.waitForTimeout(500)
  await shot('08c-perhaps')
  await page.keyboard.press('Escape')
  await page.click('.column .button.lamp >> nth=0')
  await page.waitForTimeout(500)
  await shot('09-register')
  await page.keyboard.press('Escape')
  await visit('/reconcile?area=420102005002&kind=listed_dark', '.task')
  await shot('10-reconcile-alone')
  await visit('/building?area=420102005002&building=2', '.unit')
  await shot('11-building', { fullPage: true })
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 794, height: 1123 })
  await shot('12-building-print')
  await page.emulateMedia({ media: 'screen' })
  await page.setViewportSize(viewport)
  await visit('/quarantine', '.held li')
  await page.click('.held .button')
  await page.waitForTimeout(300)
  await shot('12a-quarantine')
  await page.keyboard.press('Escape')
  mock.role = 'county'
  await page.reload()
  await page.waitForSelector('.held')
  await page.click('.top .button.plain >> nth=0')
  await page.waitForSelector('dialog')
  await page.waitForTimeout(500)
  await shot('12b-closing')
  mock.role = 'community_secretary'
  await page.reload()
  await page.waitForSelector('.held')
  await visit('/devices', 'tbody tr')
  await shot('13-devices')
  await page.click('.page-head .button.lamp')
  await page.waitForTimeout(500)
  await page.fill('[name=worker]', '陈小燕')
  await page.click('dialog .button.lamp')
  await page.waitForSelector('.shown img')
  await page.waitForTimeout(300)
  await shot('14-invite')
  await visit('/roster', '.drop')
  await shot('15-roster')
  const csv = ['小区编码,楼栋,单元,房号,姓名', ...Array.from({ length: 40 }, (_, row) => `420102005002,1,1,10${row % 4},张三`)].join('\n')
  await page.setInputFiles('input[type=file]', { name: '桃源社区名册.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await page.waitForSelector('.sums')
  await shot('16-roster-preview')
  await page.click('.apply')
  await page.waitForSelector('.done')
  await shot('17-roster-applied')
  complaints.push(...opened.complaints.map((text) => `${name}: ${text}`))
  await context.close()
}
