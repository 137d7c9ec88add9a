/**
 * The screens in the states that a demonstration does not come into, against the real server: nothing there yet, a page
 * that waits, a page that fails, two people at one thing, a house of 126 doors, a list of hundreds, names that do not end.
 *
 *     node states.mjs [console|phone] [zh-CN|en] [narrow|desk] [standard|elder]
 */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { choosePin, DESK, launch, openPage, PHONE } from './browser.mjs'
import { Looking } from './look.mjs'
import { makeTerritory } from './territory.mjs'

const COMMUNITY = '420102002003'
const STREET = '420102002'
const HOUSE = '长江二桥花园三期东区12'
const PROGRAMME = '入冬前独居老人与流动人口逐户摸排第二轮（夜间亮灯复核）'
const PAGES = ['coverage', 'tasks', 'residual', 'reconcile', 'building', 'quarantine', 'devices', 'roster']

const out = fileURLToPath(new URL('../screens/', import.meta.url))
const only = process.argv.slice(2)
const wanted = (...words) => only.every((word) => words.includes(word))

await mkdir(out, { recursive: true })
const browser = await launch()
const territory = await makeTerritory()
territory.accounts = {}
for (const [username, role, area] of [['secretary', 'community_secretary', COMMUNITY], ['street', 'street', STREET]]) {
  territory.accounts[username] = (await territory.account(username, role, area, username === 'street' ? '大智街道办事处综合治理中心' : '欧阳建国')).password
}
await territory.serve()
const { origin } = territory
const looking = new Looking(browser, territory, out)
const { complaints } = looking
looking.names = [HOUSE, PROGRAMME]
const open = looking.open.bind(looking)
const ask = looking.ask.bind(looking)

try {
  await looking.signIn('secretary')
  await looking.signIn('street')
  await each('console', nothingYet)
  looking.sweep = (await ask('street', 'POST', '/v1/sweeps', { area_code: COMMUNITY, programme: PROGRAMME, deadline: new Date(Date.now() + 86_400_000).toISOString() })).id
  await each('console', noDoors)
  await ask('secretary', 'POST', '/v1/roster?source=register&dry_run=false', roster())
  await refusals(8)
  await each('phone', manyDoors)
  await each('console', manyRows)
  await each('console', waitingAndFailing)
  await each('console', twoAtOnce)
} finally {
  await browser.close()
  await territory.remove()
}
process.exitCode = looking.report()

/** Each size, language and look that is asked for; a phone is always narrow. */
async function each(kind, pages) {
  for (const locale of ['zh-CN', 'en']) {
    for (const [shape, viewport] of kind === 'phone' ? [['narrow', PHONE]] : [['narrow', PHONE], ['desk', DESK]]) {
      for (const look of ['standard', 'elder']) {
        const name = `state-${kind}-${locale}-${shape}-${look}`
        if (wanted(kind, locale, shape, look)) await looking.whole(pages, { name, locale, viewport, look })
      }
    }
  }
}

async function nothingYet({ name, ...options }) {
  const desk = await open(name, { ...options, role: 'secretary' })
  for (const page of PAGES) {
    await desk.visit(`/${page}`, 'main h1')
    await desk.shot(`1-nothing-${page}`)
  }
  await desk.done()
}

async function noDoors({ name, ...options }) {
  const desk = await open(name, { ...options, role: 'secretary' })
  for (const page of ['coverage', 'tasks', 'residual', 'reconcile', 'building']) {
    await desk.visit(`/${page}`, 'main h1')
    await desk.shot(`2-no-doors-${page}`)
  }
  await desk.done()
}

/** As many refusals as there are pages that come to sign one. */
async function refusals(many) {
  const invited = await ask('secretary', 'POST', '/v1/devices/invitations', { worker_name: '王桂芳', area_code: COMMUNITY, role: 'grid_worker' })
  const { page, context } = await openPage(browser, origin, { viewport: PHONE, isMobile: true, hasTouch: true })
  await page.goto(invited.url)
  await page.click('.button.lamp')
  await choosePin(page)
  await page.click('h1 ~ .button.lamp')
  await page.waitForSelector('.row')
  for (let knock = 0; knock < many; knock += 1) {
    await page.locator('.dock .button.danger').click()
    await page.waitForTimeout(200)
  }
  await page.goto(`${origin}/phone/#/sync`)
  await page.waitForSelector('.verdict[data-tone=fine]')
  await context.close()
}

async function manyDoors({ name, ...options }) {
  const invited = await ask('secretary', 'POST', '/v1/devices/invitations', { worker_name: '阿卜杜热合曼·买买提依明江', area_code: COMMUNITY, role: 'grid_worker' })
  const phone = await open(name, { ...options, phone: true })
  const { page, shot } = phone
  await page.goto(invited.url)
  await page.click('.button.lamp')
  await choosePin(page)
  await page.click('h1 ~ .button.lamp')
  await page.waitForSelector('.row')
  await shot('3-doors')
  await page.click('.segmented button >> nth=2')
  await shot('4-all-doors')
  await page.click('.layout')
  await page.waitForSelector('.house')
  await shot('5-floors', { full: true })
  await phone.dialog('6-sheet', page.locator('.house button').first())
  await page.goto(`${origin}/phone/#/mine`)
  await page.waitForTimeout(300)
  await shot('7-mine', { full: true })
  await phone.done()
}

async function manyRows({ name, ...options }) {
  const desk = await open(name, { ...options, role: 'secretary' })
  const { page, shot, visit } = desk
  await visit('/coverage', '.buildings')
  await shot('10-coverage', { full: true })
  await visit('/residual', 'tbody tr')
  await shot('11-residual')
  for (let more = page.locator('.more .button'), pages = 0; (await more.count()) > 0 && pages < 6; pages += 1) {
    await more.click()
    await page.waitForTimeout(400)
  }
  const rows = await page.locator('tbody tr').count()
  if (rows < 400) complaints.push(`${name}-12-residual-all: only ${rows} rows come`)
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
  await shot('12-residual-all')
  await visit('/reconcile?kind=unresolved', '.task')
  await shot('13-unresolved')
  await page.locator('.names .button').click()
  await page.waitForTimeout(800)
  await shot('14-long-names')
  await visit(`/building?area=${COMMUNITY}&building=${encodeURIComponent(`${HOUSE}栋`)}`, '.unit')
  await shot('15-building', { full: true })
  await visit('/devices', 'tbody tr')
  await shot('16-devices')
  await desk.dialog('17-revoke', page.locator('.act .button').first())
  await desk.done()
}

async function waitingAndFailing({ name, ...options }) {
  const desk = await open(name, { ...options, role: 'secretary' })
  const { page, shot } = desk
  let answer = async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await route.continue()
  }
  await page.route('**/v1/**', (route) => (route.request().url().includes('/v1/session') || route.request().url().includes('/v1/events') ? route.continue() : answer(route)))
  for (const where of ['coverage', 'residual', 'reconcile', 'building']) {
    await page.goto('about:blank')
    await page.goto(`${origin}/#/${where}`)
    await page.waitForSelector('.loading')
    await shot(`20-waiting-${where}`)
  }
  answer = (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:wanjia:problem:internal', title: '服务器出错', status: 500, detail: '服务器内部出错，没有改动任何内容；请重试，仍不行请联系管理员', detail_en: 'the server failed and changed nothing; try again, and tell the administrator if it goes on' }) })
  for (const where of PAGES.filter((page) => page !== 'roster')) {
    await page.goto('about:blank')
    await page.goto(`${origin}/#/${where}`)
    await page.waitForSelector('.wrong')
    await shot(`21-failing-${where}`)
    if ((await page.locator('.side').count()) === 0) complaints.push(`${name}-21-failing-${where}: a failure ended the session`)
  }
  // Chromium says of each that it failed, as it was made to.
  desk.complaints.splice(0, Infinity, ...desk.complaints.filter((text) => !text.includes('status of 500')))
  await desk.done()
}

/** What a second person finds who decides on what the first has decided. */
async function twoAtOnce({ name, ...options }) {
  const { rows } = await ask('secretary', 'GET', `/v1/sweeps/${looking.sweep}/residual?reason=refused_unsigned&limit=1000`)
  if (rows.length === 0) return void complaints.push(`${name}: no refusal is left to sign`)
  const desk = await open(name, { ...options, role: 'secretary' })
  const { page, shot, visit } = desk
  await visit('/residual?reason=refused_unsigned', 'tbody tr')
  // The page learns of the other's decision by itself; the dialog was open before.
  await page.route('**/v1/events', (route) => route.abort())
  await page.locator('.act .button').first().click()
  await page.locator('dialog[open]').waitFor()
  for (const { dwelling } of rows.slice(0, 1)) await ask('secretary', 'POST', `/v1/sweeps/${looking.sweep}/sign`, { dwelling, reason: 'refusal' })
  await shot('30-sign')
  await page.locator('dialog[open] .button.dusk').click()
  await page.waitForTimeout(800)
  await shot('31-signed-by-another')
  await desk.done()
}

/** One house of 126 doors in 21 floors, three hundred more doors, and names as long as they come. */
function roster() {
  const lines = ['小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系']
  const names = ['阿卜杜热合曼·买买提依明江·吐尔逊', 'Alexandra Konstantinopoulou-Wolfeschlegelstein', '欧阳修文', '李', '司马相如']
  for (let door = 0; door < 126; door += 1) {
    const room = `${Math.floor(door / 6) + 1}0${(door % 6) + 1}`
    lines.push(`${COMMUNITY},${HOUSE}栋,${(door % 6) < 3 ? 1 : 2}单元,${room},${names[door % names.length]},女,19${40 + (door % 60)}-03-0${(door % 9) + 1},,,户主`)
  }
  for (let door = 0; door < 300; door += 1) {
    lines.push(`${COMMUNITY},${Math.floor(door / 30) + 1},${Math.floor((door % 30) / 15) + 1},${Math.floor((door % 15) / 3) + 1}0${(door % 3) + 1},王${'春夏秋冬'[door % 4]}${'梅兰竹菊松'[door % 5]},男,1980-01-1${door % 9},,,户主`)
  }
  return new TextEncoder().encode(lines.join('\n'))
}
