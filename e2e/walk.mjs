/**
 * Every screen against the real server: the demonstration territory, served by the real binary, at each size, language
 * and contrast. Pictures go to the ignored folder /screens, named real-...; whatever a machine can see to be wrong (axe,
 * a sideways scroll, small text and targets, words of the other language, a dialog that Escape leaves open or that
 * drops the focus) is printed, and makes the run fail.
 *
 *     node walk.mjs [console|phone|resident] [zh-CN|en|ar] [narrow|desk] [standard|large|elder|high|forced]
 */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { choosePin, DESK, launch, openPage, PHONE, PIN, unlock } from './browser.mjs'
import { Looking, LOOKS } from './look.mjs'
import { outlines, point } from './outlines.mjs'
import { makeDemonstration, samples } from './territory.mjs'

const out = fileURLToPath(new URL('../screens/', import.meta.url))
const only = process.argv.slice(2)
const wanted = (...words) => only.every((word) => words.includes(word))

await mkdir(out, { recursive: true })
const browser = await launch()
const territory = await makeDemonstration()
const { origin } = territory
const looking = new Looking(browser, territory, out)
const { complaints } = looking
const open = looking.open.bind(looking)
const ask = looking.ask.bind(looking)
/** The next house that a roster of the walk fills: each has a list of its own to apply. */
let houses = 90

try {
  await prepare()
  for (const locale of ['zh-CN', 'en']) {
    for (const [shape, viewport] of [['narrow', PHONE], ['desk', DESK]]) {
      for (const look of LOOKS) {
        if (wanted('console', locale, shape, look)) await looking.whole(consolePages, { locale, shape, viewport, look })
      }
    }
    for (const look of LOOKS) {
      if (wanted('phone', locale, look)) await looking.whole(phonePages, { locale, look })
    }
  }
  for (const locale of ['zh-CN', 'en', 'ar']) {
    for (const look of LOOKS) {
      if (wanted('resident', locale, look)) await looking.whole(residentPages, { locale, look })
    }
  }
  if (wanted('console', 'stopped')) await stopped()
} finally {
  await browser.close()
  await territory.remove()
}
process.exitCode = looking.report()

async function invite(name) {
  return (await ask('secretary', 'POST', '/v1/devices/invitations', { worker_name: name, area_code: territory.community, role: 'grid_worker' })).url
}

async function openSweep(programme) {
  const deadline = new Date(Date.now() + 3 * 86_400_000).toISOString()
  return (await ask('street', 'POST', '/v1/sweeps', { area_code: territory.community, programme, deadline })).id
}

async function closeSweep(id) {
  const { rows } = await ask('street', 'GET', `/v1/sweeps/${id}/residual?area=${territory.community}&limit=1000`)
  await ask('street', 'POST', `/v1/sweeps/${id}/close`, { signatures: rows.map(({ dwelling }) => dwelling) })
}

/** Signs in once in each role, and has the community know every kind of line: a refusal, someone unlisted, a held record. */
async function prepare() {
  for (const role of Object.keys(territory.accounts)) await looking.signIn(role)
  const inn = `小区编码,楼栋,单元,房号,姓名,场所类型\n${territory.community},1,1,如家宾馆,,宾馆\n`
  await ask('secretary', 'POST', '/v1/roster?source=inns', Buffer.from(inn))
  looking.sweep = (await ask('county', 'GET', '/v1/sweeps')).sweeps[0].id
  const { buildings } = await ask('secretary', 'GET', `/v1/sweeps/${looking.sweep}/buildings?area=${territory.community}`)
  await ask('secretary', 'POST', '/v1/map?source=outlines', outlines(buildings.map((one) => one.building)))
  const enrol = async (name) => {
    const opened = await openPage(browser, origin, { viewport: PHONE, isMobile: true, hasTouch: true })
    await opened.page.goto(await invite(name))
    await opened.page.click('.button.lamp')
    await choosePin(opened.page)
    await opened.page.click('h1 ~ .button.lamp')
    await opened.page.waitForSelector('.row')
    return opened
  }
  // At the largest size the answers come once the head of the page is out of sight.
  const pastHead = (page) => page.evaluate(() => scrollTo(0, 600))
  const refuse = async (page, times) => {
    for (let knock = 0; knock < times; knock += 1) {
      await pastHead(page)
      await page.locator('.dock .button.danger').click()
      await page.waitForTimeout(200)
    }
  }
  const working = await enrol('王桂芳')
  // The phones at work go to doors nobody knocked at yet: what is refused here stays refused.
  await working.page.click('.segmented button >> nth=2')
  const knocked = working.page.locator('.row:has(.window:not([data-state=waiting]))')
  for (let door = 0; door < 3; door += 1) {
    await knocked.nth(door).click()
    await working.page.locator('dialog .button.danger').click()
    await working.page.waitForTimeout(300)
    await working.page.keyboard.press('Escape')
    await working.page.locator('dialog').waitFor({ state: 'detached' })
  }
  for (const name of ['孙小雨', '周永']) {
    const another = working.page.locator('.visit section .button.wide')
    for (;;) {
      await pastHead(working.page)
      await working.page.locator('.dock .three .button').first().click()
      await working.page.waitForSelector('.visit footer .button')
      if (await another.isVisible()) break
      // A workplace, where nobody is asked who lives there.
      await working.page.locator('footer .button').click()
      await working.page.waitForSelector('.dock')
    }
    await another.click()
    await working.page.locator('.form input').first().fill(name)
    await working.page.locator('.form .ends .button.dusk').click()
    await working.page.locator('footer .button').click()
    await working.page.waitForSelector('.dock')
  }
  await working.page.goto(`${origin}/phone/#/sync`)
  await working.page.waitForSelector('.verdict[data-tone=fine]')
  await working.context.close()

  const lost = await enrol('李国强')
  await lost.context.setOffline(true)
  await refuse(lost.page, 3)
  const { devices } = await ask('secretary', 'GET', `/v1/devices?area=${territory.community}`)
  const { series } = devices.find(({ worker_name: name }) => name === '李国强')
  await ask('secretary', 'DELETE', `/v1/devices/${series}`)
  await lost.context.setOffline(false)
  await lost.page.getByText('本机的数据和钥匙已经清空').waitFor()
  await lost.page.screenshot({ path: `${out}real-phone-revoked.png` })
  await lost.context.close()
}

async function consolePages({ locale, shape, viewport, look }) {
  const name = `real-console-${locale}-${shape}-${look}`
  const { community, street, county, building } = territory
  /** What differs between the other looks is style: each kind of page once is enough there. */
  const all = look === 'standard'
  const options = { locale, look, viewport }

  const gate = await open(name, options)
  await gate.page.goto(`${origin}/`)
  await gate.page.waitForSelector('form')
  await gate.shot('01-sign-in')
  if (look === 'standard') {
    await gate.page.fill('[name=username]', `nobody-${locale}-${shape}`)
    await gate.page.fill('[name=password]', 'wrong')
    await gate.page.fill('[name=code]', '000000')
    await gate.page.click('.button.lamp')
    await gate.page.waitForSelector('.wrong')
    await gate.shot('02-sign-in-refused')
  }
  await gate.done()

  const above = await open(name, { ...options, role: 'county' })
  await above.visit('/coverage', '.tree tbody tr')
  await above.shot('03-coverage', { full: true })
  await above.page.locator('.fold').first().click()
  await above.page.waitForTimeout(500)
  await above.shot('04-coverage-unfolded')
  await above.visit(`/coverage?area=${street}`, '.tree tbody tr')
  await above.shot('05-street')
  for (const [at, page] of ['tasks', 'residual', 'reconcile', 'building'].entries()) {
    await above.visit(`/${page}`, '.choose li')
    if (at === 0 || all) await above.shot(`06-choose-${page}`)
  }
  await above.visit('/reconcile?kind=lit_unlisted', '.choose li')
  await above.shot('06-choose-lit-unlisted')
  await above.visit('/quarantine', '.held, .empty')
  await above.shot('07-quarantine-county')
  await above.visit('/command', '.figures')
  await above.shot('07-command-county')
  await above.dialog('08-open-sweep', above.page.locator('.top .button.plain').last(), async (dialog) => {
    await dialog.locator('.button.dusk').click()
    await above.shot('09-open-sweep-refused')
  })
  await above.dialog('10-close-too-many', above.page.locator('.top .button.plain').first(), async (dialog) => {
    await dialog.locator('p').nth(1).waitFor()
  })
  await above.done()

  const desk = await open(name, { ...options, role: 'secretary' })
  const { page } = desk
  await desk.visit('/coverage', '.buildings')
  await desk.shot('11-community', { full: true })
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await desk.shot('12-focus')
  await desk.visit('/tasks', '.tasks li')
  await desk.shot('13-tasks')
  await page.locator('.names .button').click()
  await page.waitForTimeout(500)
  await desk.shot('14-tasks-names')
  await desk.dialog('15-tasks-reveal', page.locator('.tasks .button:not(.lamp)').first(), async (dialog) => {
    await dialog.locator('.button.dusk').click()
    await page.waitForTimeout(500)
    await desk.shot('16-revealed')
  })
  await desk.visit('/residual', 'tbody tr')
  await desk.shot('17-residual')
  await page.fill('.find', '没有这个门')
  await desk.shot('18-residual-none-found')
  await page.locator('.who summary').click()
  await page.locator('.who [type=search]').fill('孙小雨')
  await desk.shot('18a-find-person')
  await page.locator('.who .button').click()
  await page.locator('.who li, .who [role=status], .who .wrong').first().waitFor()
  await desk.shot('18b-person-found')
  await desk.visit('/residual?reason=refused_unsigned', 'tbody tr, .empty')
  await desk.shot('19-residual-refused')
  await desk.dialog('20-sign-off', page.locator('.act .button').first())
  await desk.visit('/reconcile', '.task')
  await desk.shot('21-reconcile', { full: true })
  for (const kind of all ? ['lit_unlisted', 'listed_dark', 'moved', 'away', 'confirmed', 'unresolved'] : ['listed_dark']) {
    await desk.visit(`/reconcile?kind=${kind}`, '.task, .empty')
    await desk.shot(`22-reconcile-${kind}`)
  }
  await desk.visit('/reconcile', '.task')
  await desk.dialog('23-register', page.locator('.column .button.lamp').first(), async (dialog) => {
    await dialog.locator('[name=name]').fill('')
    await dialog.locator('.button.lamp').click()
    await page.waitForTimeout(200)
    await desk.shot('24-register-refused')
  })
  await desk.dialog('25-link', page.locator('.column[data-kind=lit_unlisted] .acts .button:not(.lamp, .perhaps)').first())
  await desk.dialog('26-reveal', page.locator('.column[data-kind=listed_dark] .button').first())
  await desk.visit(`/building?area=${community}&building=${encodeURIComponent(building)}`, '.unit')
  await desk.shot('27-building', { full: true })
  // The inn that the walk brought has nobody listed: its door may be none.
  await desk.visit(`/building?area=${community}&building=1`, '.unit')
  await desk.dialog('27-remove-door', page.locator('.page-head .button.plain').first(), async (dialog) => {
    await dialog.getByRole('checkbox').first().check()
    await desk.shot('27-remove-door-chosen')
  })
  await desk.visit('/map', '.canvas[data-drawn]')
  await page.waitForTimeout(1500)
  await desk.shot('27-map', { full: true })
  await page.locator('.page-head .button').click()
  await page.setInputFiles('.draw input[type=file]', { name: '楼栋.geojson', mimeType: 'application/json', buffer: outlines([building, '999'], [point]) })
  await page.waitForSelector('.draw .ends')
  await desk.shot('27-map-preview')
  await desk.visit('/command', '.figures')
  await desk.shot('27-command', { full: true })
  await desk.visit('/floors', '.sheet, .empty')
  await desk.shot('27-floors')
  await page.locator('.segmented button').nth(1).click()
  await page.waitForTimeout(500)
  await desk.shot('27-floors-public', { full: true })
  // As it comes out of a printer: a sheet of A4 without its margins is 703 pixels wide.
  await page.pdf({ path: `${out}${name}-27-floors-print.pdf`, preferCSSPageSize: true })
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 703, height: 1032 })
  await page.screenshot({ path: `${out}${name}-27-floors-print.png`, fullPage: true })
  await page.setViewportSize(viewport)
  await page.emulateMedia({ media: null })
  await desk.visit('/residents', '.slips')
  await desk.shot('27a-residents')
  await desk.dialog('27b-print-slips', page.locator('.page-head .button.lamp'), async (dialog) => {
    await dialog.getByRole('checkbox').nth(3).waitFor()
    await dialog.locator('[name=phone]').fill('')
    await dialog.locator('.button.lamp').click()
    await dialog.locator('.wrong').waitFor()
    await desk.shot('27c-print-slips-refused')
    await dialog.locator('[name=phone]').fill('027-82812345')
    await dialog.locator('[name=language]').selectOption(locale)
    await dialog.locator('.button.lamp').click()
    await dialog.locator('.slip').first().waitFor()
    await desk.shot('27d-slips')
    // They are not printed: the first Escape asks.
    await page.keyboard.press('Escape')
    await dialog.locator('.wrong').waitFor()
    await desk.shot('27e-slips-not-printed')
  })
  await desk.visit('/quarantine', '.held li')
  await desk.shot('28-quarantine')
  await desk.dialog('29-release', page.locator('.held .button').first())
  await desk.visit('/devices', 'tbody tr')
  await desk.shot('30-devices', { full: true })
  await desk.dialog('31-invite', page.locator('.page-head .button.lamp'), async (dialog) => {
    await dialog.locator('.button.lamp').click()
    await desk.shot('32-invite-refused')
    await dialog.locator('[name=worker]').fill('陈小燕')
    await dialog.locator('.button.lamp').click()
    await page.waitForSelector('.shown img')
    await desk.shot('33-invited')
  })
  await desk.dialog('33a-odk-user', page.locator('.page-head .button:not(.lamp)'), async (dialog) => {
    await dialog.locator('[name=worker]').fill('吴网格员')
    await dialog.locator('.button.lamp').click()
    await page.waitForSelector('.shown img')
    await desk.shot('33b-odk-user-added')
  })
  await desk.dialog('34-revoke', page.locator('.act .button').first())
  await desk.visit('/roster', '.drop')
  await desk.shot('35-roster')
  await page.setInputFiles('input[type=file]', { name: '保成社区名册.csv', mimeType: 'text/csv', buffer: roster(community, (houses += 1)) })
  // A room is blank below a filled one: that is asked about first.
  await page.locator('fieldset.blank').first().waitFor()
  for (const leave of await page.locator('fieldset.blank input[value=leave]').all()) await leave.check()
  await desk.shot('35a-roster-blanks')
  await page.locator('.ends .button.lamp').click()
  await page.waitForSelector('.sums')
  await desk.shot('36-roster-preview')
  await page.check('[name=slips]')
  await page.locator('.sums .apply').click()
  await page.waitForSelector('.done')
  await desk.shot('36-roster-applied', { full: true })
  await desk.visit('/roster', '.drop')
  const messy = '大智街道居民情况,,,\n\n住哪栋,几零几,叫什么,说明\n1栋,601,赵云,常住\n'
  await page.setInputFiles('input[type=file]', { name: '居民情况.csv', mimeType: 'text/csv', buffer: Buffer.from(messy) })
  await page.waitForSelector('.columns')
  await desk.shot('36-roster-columns', { full: true })
  await desk.visit('/roster', '.drop')
  await page.setInputFiles('input[type=file]', { name: '照片.csv', mimeType: 'text/csv', buffer: Buffer.from('门卫,日期\n张,2026-01-01\n') })
  await page.waitForSelector('.refusal')
  await desk.shot('37-roster-refused')
  await plans(desk)
  await sheets(desk, name, options)
  await desk.visit(`/residual?area=${county}`, '.wrong')
  await desk.shot('38-outside-area')
  await desk.done()
  await casesPages(name, options)

  if (all) await closing(name, options)
  for (const [at, role] of (all ? ['clerk', 'street', 'observer', 'auditor'] : []).entries()) {
    const other = await open(name, { ...options, role })
    await other.visit('/', 'main h1')
    await other.shot(`4${at}-${role}`)
    await other.done()
  }
}

/** A department's own blank sheet: its columns, what is kept of it, and the look of whoever approves it. */
async function sheets(desk, name, options) {
  const { page } = desk
  await desk.visit('/sheets', 'main h1')
  await page.waitForTimeout(500)
  await desk.shot('39a-sheets', { full: true })
  await page.locator('.page-head .button.lamp').click()
  await page.setInputFiles('[name=file]', samples('roster.csv'))
  await page.locator('.bring .button.dusk').click()
  await page.locator('.bring .wrong').waitFor()
  await desk.shot('39b-no-sheet')
  await page.setInputFiles('[name=file]', samples('department.xlsx'))
  await page.locator('.bring .button.dusk').click()
  await page.locator('.columns').waitFor()
  await desk.shot('39c-sheet-columns', { full: true })
  await page.locator('.columns .button.lamp').click()
  await page.fill('[name=department]', '市民政局')
  await page.fill('[name=name]', '独居老人登记表')
  await page.fill('[name=basis]', '民政〔2020〕7 号')
  await desk.shot('39d-sheet-kept-as', { full: true })
  await page.locator('.bring .button.lamp').last().click()
  await page.locator('.sheet').first().waitFor()
  const above = await open(name, { ...options, role: 'street' })
  await above.visit('/sheets', '.sheet')
  await above.dialog('39e-approve-sheet', above.page.locator('.sheet .button.dusk').first(), async (dialog) => {
    await dialog.locator('.button.dusk').click()
    await dialog.waitFor({ state: 'detached' })
    await above.page.locator('.sheet .button.danger').first().focus()
    await above.page.keyboard.press('Enter')
    await above.page.locator('dialog[open]').waitFor()
  })
  await above.done()
  await desk.visit('/sheets', '.sheet .button.lamp')
  await page.locator('.sheet .button.lamp').first().click()
  await page.waitForTimeout(1_000)
  await page.locator('.sheet .acts .button:not(.lamp, .danger)').first().click()
  await page.locator('.sheet [role=status]').waitFor()
  await desk.shot('39f-sheet-taken', { full: true })
}

/** Drafts of a rota and of grids, one thing moved, and the last look before publishing. */
async function plans(desk) {
  const { page } = desk
  const csv = (name, text) => page.setInputFiles(`[name=${name}]`, { name: `${name}.csv`, mimeType: 'text/csv', buffer: Buffer.from(text) })
  const draft = async (kind, fill) => {
    await desk.visit('/plans', 'main h1')
    await page.locator('.page-head .button.lamp').click()
    await page.locator('dialog select').first().selectOption(kind)
    await fill()
    await page.locator('dialog .button.dusk').click()
    await page.waitForSelector('.certificate')
  }
  await desk.visit('/plans', 'main h1')
  await desk.shot('37a-plans')
  await desk.dialog('37b-new-plan', page.locator('.page-head .button.lamp'))
  await draft('rota', async () => {
    await csv('people', `person_id,limits\n${['李国强', '王桂芳', '赵志远', '周明', '孙小雨'].map((name, at) => `${name},${at % 2 ? 'no_nights' : ''}`).join('\n')}\n`)
    await csv('posts', 'post_id,number,opens,closes,shift_hours\n南门卡口,1,0,24,8\n测温棚,2,8,20,12\n')
  })
  await page.locator('tbody tr:not(.open) .shift').first().click()
  await page.locator('.to select').selectOption('nobody')
  await page.locator('.mover .button.dusk').click()
  await page.waitForSelector('.cost .chip')
  await page.locator('tbody tr:not(.open) .shift').first().click()
  await desk.shot('37c-rota', { full: true })
  await desk.dialog('37d-publish', page.locator('.tools .button.lamp'))
  await draft('grids', async () => {
    await csv('adjacency', 'a,b\n1,2\n2,3\n')
    await page.fill('[name=target]', '20')
  })
  await page.locator('.building[role=button]').first().click()
  await desk.shot('37e-grids', { full: true })
  await draft('deployment', async () => {
    await csv('staff', 'staff_id,x_m,y_m\n李国强,0,0\n王桂芳,500,0\n')
    await csv('communities', 'community_id,x_m,y_m,need\n保成社区,100,0,2\n江汉社区,600,0,1\n')
  })
  await desk.shot('37f-deployment', { full: true })
}

/** What is due of cases, where they stand open, one of them, a household's file, whom a case is tied to, and the figures. */
async function casesPages(name, options) {
  const own = await open(name, { ...options, role: 'secretary' })
  const { page } = own
  await own.visit('/cases', 'a.go')
  await own.shot('60-cases', { full: true })
  await own.visit('/cases?view=open', '.cases a.go')
  await own.shot('61-open-cases', { full: true })
  await own.dialog('61a-area-form', page.locator('.tools button.button').first(), async (dialog) => {
    await dialog.locator('[name=form] option').nth(1).waitFor({ state: 'attached' })
    await dialog.locator('[name=form]').selectOption({ index: 1 })
    await dialog.locator('.field').nth(2).waitFor()
    await own.shot('61b-area-form-filled')
  })
  await own.dialog('61c-area-report', page.locator('.tools button.button').last(), async () => undefined)
  await own.visit('/cases?view=lessons', '.lines li')
  looking.names.push('药店下午')
  await own.shot('61d-lessons')
  await own.visit('/cases?view=ended', '.cases a.go')
  await own.shot('61e-ended-cases')
  await own.visit('/command/late', 'tbody tr')
  await own.shot('61f-late')
  await page.locator('tbody a.go').first().click()
  await page.locator('.path').waitFor()
  await own.dialog('61g-asked-what-holds-it', page.getByRole('button', { name: /^(催问|Ask what holds it)$/ }), async () => undefined)
  await own.visit('/command/communities', 'tbody tr')
  await own.shot('61g-communities')
  await own.visit(`/areas/${territory.community}`, '.part')
  await page.locator('.opening .button').click()
  await page.locator('dd').first().waitFor()
  await own.shot('61g-area-file', { full: true })
  await own.visit('/cases', 'a.go')
  await page.locator('a[href*="/workers/"]').first().click()
  await page.locator('.acts .lamp').first().waitFor()
  await own.dialog('61h-own-shift', page.locator('.acts .lamp').first(), async (dialog) => {
    await dialog.locator('[name=form]').selectOption({ value: 'epidemic shift' })
    await dialog.locator('[name=hours]').fill('13')
    await dialog.locator('.button.dusk').click()
    await dialog.waitFor({ state: 'detached' })
    await page.locator('.acts .lamp').first().focus()
    await page.keyboard.press('Enter')
    await page.locator('dialog[open]').waitFor()
  })
  await own.shot('61i-own-file', { full: true })
  // Of a list only what is in sight is drawn.
  const { rows } = await ask('secretary', 'GET', `/v1/cases?area=${territory.community}`)
  const standing = (state) => `/cases/${rows.find((row) => row.state.zh.includes(state)).case}`
  await own.visit(standing('待解除'), '.path')
  await own.shot('62-case', { full: true })
  await own.dialog('63-hand-over', page.locator('.holder .button').first(), async (dialog) => {
    await dialog.locator('option').nth(1).waitFor({ state: 'attached' })
  })
  await own.visit(standing('观察中'), '.counter')
  await own.shot('64-day-four', { full: true })
  await own.dialog('65-step', page.locator('.steps .button').first(), async () => undefined)
  await own.visit(standing('线索'), '.path')
  await page.locator('.page-head a').first().click()
  await page.locator('.lines').first().waitFor()
  await own.shot('66-household', { full: true })
  await page.locator('.read .button').click()
  await page.locator('summary').first().waitFor()
  await page.locator('summary').first().click()
  await own.shot('67-file', { full: true })
  await own.dialog('68-form', page.locator('.acts .button.lamp'), async (dialog) => {
    await dialog.locator('[name=form] option').nth(2).waitFor({ state: 'attached' })
    await dialog.locator('[name=form]').selectOption({ index: 2 })
    await dialog.locator('.field').nth(3).waitFor()
    await dialog.locator('.button.dusk').click()
    await own.shot('69-form-refused')
  })
  await own.dialog('70-report', page.locator('.acts .button:not(.lamp)'), async () => undefined)
  await own.visit('/indicators', 'tbody tr')
  await own.shot('71-indicators', { full: true })
  await page.locator('button.name').first().click()
  await page.locator('.sides').waitFor()
  await own.shot('72-behind', { full: true })
  await own.done()

  const medical = await open(name, { ...options, role: 'doctor' })
  await medical.visit(`/cases?view=open&area=${territory.community}&pathway=epidemic+four_categories`, '.cases a.go')
  // The first of the chain is the oldest.
  const cases = await medical.page.locator('.cases a.go').evaluateAll((found) => found.map((link) => link.getAttribute('href').slice(1)))
  for (const path of cases) {
    await medical.visit(`${path}/tree`, '.read li, .empty')
    if ((await medical.page.locator('.read li').count()) > 7) break
  }
  await medical.shot('73-tree', { full: true })
  await medical.page.locator('form.read .button').click()
  await medical.page.waitForTimeout(500)
  await medical.shot('74-tree-read', { full: true })
  await medical.done()
}

/** A sweep that ends with doors nobody reached: each is named, and signed for. */
async function closing(name, options) {
  const sweep = await openSweep('当晚复核')
  const street = await open(name, { ...options, role: 'street' })
  const { page } = street
  await page.goto(`${origin}/`)
  await page.evaluate((id) => localStorage.setItem('wanjia.sweep', id), sweep)
  await page.context().addInitScript((id) => location.protocol !== 'about:' && localStorage.setItem('wanjia.sweep', id), sweep)
  await street.visit('/coverage', '.summary, .hero')
  await page.locator('.top .button.plain').first().click()
  const dialog = page.locator('dialog[open]')
  await dialog.getByRole('checkbox').first().waitFor()
  await street.shot('50-closing')
  await dialog.locator('.mistaken summary').click()
  await dialog.locator('[name=reason]').waitFor()
  await street.shot('50a-opened-by-mistake')
  await dialog.locator('.mistaken summary').click()
  for (const box of await dialog.getByRole('checkbox').all()) await box.check()
  await dialog.locator('.ends').last().scrollIntoViewIfNeeded()
  await street.shot('51-closing-signed')
  await dialog.locator('.button.dusk').click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('.top .chip').waitFor()
  await street.shot('52-closed')
  await street.done()
}

/** Good rows, one of each fault that a community's list has, and one that is there already. */
function roster(community, house) {
  const head = '小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系'
  const good = Array.from({ length: 12 }, (_, row) => `${community},${house},1,${row + 1}01,林${'一二三四五六七八九十甲乙'[row]},女,1980-0${(row % 9) + 1}-11,,1390000${String(1000 + row)},户主`)
  const bad = [`${community},${house},1,,王五,男,1990-01-01,,,`, `${community},${house},1,101,赵六,男,1990-13-01,,,`, `${community},${house},1,102,钱七,男,1990-01-01,420102199001011,,`, `420103001001,1,1,101,孙八,男,1990-01-01,,,`]
  return Buffer.from([head, ...good, ...bad].join('\n'))
}

/** A form of a pack, from the sheet of a door: its first page, and what is wrong on it. */
async function forms({ page, shot }) {
  await page.click('.segmented button >> nth=2')
  await page.locator('.row').nth(1).click()
  await page.locator('dialog .button.wide', { hasText: /^(填表|Fill in)/ }).click()
  await page.locator('dialog a[href*="/form/"]').first().click()
  await page.locator('.visit .body').waitFor()
  const who = page.locator('.visit .body > .button.big')
  if ((await who.count()) > 0) {
    await shot('28-form-who')
    await who.first().click()
  }
  await page.locator('.question').first().waitFor()
  await shot('29-form', { full: true })
  await page.locator('footer .button').last().click()
  await page.waitForTimeout(400)
  await shot('30-form-wrong', { full: true })
}

/** Her day, a task of it, and handing over the rest to a colleague who takes it. */
async function day({ page, dialog, shot }, { locale, look, name }) {
  const other = await open(name, { locale, look, viewport: PHONE, phone: true })
  // The colleagues of the walks before are still there.
  const colleague = `${'赵钱孙李周吴郑王冯褚'[LOOKS.indexOf(look) + (locale === 'en' ? LOOKS.length : 0)]}志远`
  await other.page.goto(await invite(colleague))
  await other.page.click('.button.lamp')
  await choosePin(other.page)
  await other.page.click('h1 ~ .button.lamp')
  await other.page.waitForSelector('.tabs')
  const sync = async (one) => {
    await one.goto(`${origin}/phone/#/sync`)
    await one.locator('.verdict .button').click()
    await one.waitForTimeout(1500)
    await one.goto(`${origin}/phone/#/day`)
    await one.locator('.hours').waitFor()
  }
  const sweep = await openSweep('交接复核')
  await sync(page)
  await page.goto(`${origin}/phone/#/doors`)
  await page.locator('.sweep select').selectOption(sweep)
  await page.goto(`${origin}/phone/#/day`)
  await page.locator('.hours').waitFor()
  await shot('31-day', { full: true })
  const task = page.locator('a.task').first()
  if ((await task.count()) > 0) {
    await task.click()
    await page.locator('.steps').waitFor()
    await shot('32-task', { full: true })
    await page.goBack()
    await page.locator('.hours').waitFor()
  }
  const handOver = page.locator('[name=hand-over]')
  await dialog('33-hand-over', handOver)
  await handOver.click()
  await page.locator('dialog .button', { hasText: colleague }).click()
  await page.locator('.receipt').first().waitFor()
  await sync(page)
  await sync(other.page)
  await other.page.locator('[data-group=doors]').waitFor()
  await other.shot('34-day-offered', { full: true })
  await other.page.locator('[data-group=doors] .button.dusk').first().click()
  await sync(other.page)
  await sync(page)
  await shot('35-day-receipt', { full: true })
  await page.goto(`${origin}/phone/#/doors`)
  await page.click('.segmented button >> nth=2')
  await page.waitForTimeout(300)
  await shot('35a-doors-handed-over')
  await other.done()
  await closeSweep(sweep)
}

async function phonePages({ locale, look }) {
  const name = `real-phone-${locale}-${look}`
  const phone = await open(name, { locale, look, viewport: PHONE, phone: true })
  const { page, context, shot } = phone
  await page.goto(`${origin}/phone/`)
  await page.waitForSelector('h1')
  await shot('01-not-enrolled')
  const sweep = await openSweep('夜间复核')
  const url = await invite('陈小燕')
  await page.goto(url)
  await page.waitForSelector('.button.lamp')
  await shot('02-invited')
  await page.click('.button.lamp')
  await page.waitForSelector('.lock .pad')
  await shot('02b-choose-pin')
  await choosePin(page)
  await page.waitForSelector('h1 ~ .button.lamp')
  await shot('03-enrolled')
  await page.click('h1 ~ .button.lamp')
  // Of the other sweep the doors may be with a colleague, who got them from the phone before.
  await page.locator('.sweep select').selectOption(sweep)
  await page.waitForSelector('.row')
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
  await shot('04-doors')
  await page.click('.segmented button >> nth=1')
  await shot('05-recheck')
  await page.click('.segmented button >> nth=2')
  await page.evaluate(() => scrollTo(0, 600))
  await shot('06-all-scrolled')
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
  await shot('07-all-end')
  await page.evaluate(() => scrollTo(0, 0))
  await page.click('.layout')
  await page.waitForSelector('.house')
  await shot('08-floors', { full: true })
  await page.click('.layout')
  await page.click('.segmented button >> nth=0')
  const [first] = await page.locator('.row .who b').allTextContents()
  await page.fill('[name=find]', first)
  await page.waitForSelector('.found .row')
  await shot('08a-found-doors')
  await page.fill('[name=find]', 'z')
  await page.waitForSelector('.found mark')
  await shot('08b-found-people')
  await page.fill('[name=find]', 'xyzxyz')
  await page.waitForSelector('.found .none')
  await shot('08c-found-nothing')
  await page.fill('[name=find]', '')
  await phone.dialog('09-sheet', page.locator('.row').nth(2), async (dialog) => {
    await dialog.locator('.button.plain').last().click()
    await dialog.locator('[name=office]').fill('027-82812345')
    await shot('09b-slip')
    await dialog.locator('.slip .button').click()
    await dialog.locator('.slip .code').waitFor()
    await shot('09c-slip-made')
  })
  await page.click('.segmented button >> nth=2')
  await phone.dialog('09-sheet-workplace', page.locator('.row', { hasText: '如家宾馆' }))
  await page.click('.segmented button >> nth=0')
  const visited = await page.locator('.row').nth(2).locator('.who b').first().textContent()
  await page.locator('.row').nth(2).click()
  const sheet = page.locator('dialog[open]')
  await sheet.locator('.button.empty').click()
  await shot('10-sheet-light')
  await sheet.locator('.actions .button.plain').click()
  await sheet.locator('.actions .button.plain').click()
  await shot('11-sheet-more')
  await sheet.locator('.three .button').nth(1).click()
  await page.waitForSelector('.visit')
  await page.waitForTimeout(400)
  await shot('12-away', { full: true })
  await page.locator('footer .button').click()
  await page.waitForTimeout(200)
  await shot('13-away-no-date')
  await page.locator('.choices .button').nth(0).click()
  await shot('14-met', { full: true })
  if ((await page.locator('.people .person').count()) > 0) {
    await page.locator('footer .button').click()
    await page.locator('.question').waitFor()
    await shot('14a-nobody-ticked')
    await page.locator('.people .person').first().click()
  }
  await page.locator('.visit section .button.wide').click()
  await page.locator('.form .ends .button.dusk').click()
  await shot('15-person-refused', { full: true })
  await page.locator('.form input').first().fill('孙小雨')
  await page.locator('.form .ends .button.dusk').click()
  await shot('16-person-added', { full: true })
  await page.locator('footer .button').click()
  await page.waitForSelector('.dock')
  await page.waitForTimeout(300)
  await shot('17-saved')
  await page.fill('[name=find]', visited)
  await page.locator('.found .row').first().click()
  await sheet.waitFor()
  await shot('17a-visited-door')
  await sheet.locator('.actions .button.plain').click()
  await sheet.locator('.three .button').nth(1).click()
  await page.locator('.visit').waitFor()
  await page.waitForTimeout(400)
  await shot('17b-second-visit', { full: true })
  await page.goBack()
  await page.waitForSelector('.dock')
  await page.fill('[name=find]', '')
  await phone.dialog('18-add-door', page.locator('.add .button'), async (dialog) => {
    await dialog.locator('.button.lamp').click()
    await page.waitForTimeout(200)
    await shot('19-add-door-refused')
  })
  await context.setOffline(true)
  await page.reload()
  await page.waitForSelector('.lock .pad')
  await page.keyboard.type('135790')
  await page.locator('.said', { hasText: /9/ }).waitFor()
  await shot('19b-locked')
  await page.click('.forgot')
  await shot('19c-forgot')
  await page.click('.lock .button.wide:not(.danger)')
  await unlock(page)
  await page.waitForSelector('.dock')
  for (let knock = 0; knock < 2; knock += 1) {
    await page.evaluate(() => scrollTo(0, 600))
    await page.locator('.dock .button.danger').click()
    await page.waitForTimeout(300)
  }
  await shot('20-offline-doors')
  await page.goto(`${origin}/phone/#/sync`)
  await page.waitForSelector('.verdict')
  await page.locator('.verdict .button').click()
  await page.waitForTimeout(800)
  await shot('21-offline-sync', { full: true })
  await page.goto(`${origin}/phone/#/plan`)
  await page.locator('.plans').waitFor()
  await shot('23a-plan')
  await page.goto(`${origin}/phone/#/mine`)
  await page.locator('.body .button.danger').click()
  await shot('22-wipe-unsent', { full: true })
  await page.locator('.wiping .button').first().click()
  await context.setOffline(false)
  await page.goto(`${origin}/phone/#/sync`)
  await page.waitForSelector('.verdict[data-tone=fine]', { timeout: 20_000 }).catch(() => complaints.push(`${name}: does not sync`))
  await shot('23-sync-done', { full: true })
  await page.goto(`${origin}/phone/#/mine`)
  await page.waitForTimeout(300)
  await shot('24-mine', { full: true })
  // The sweep is closed while a phone is away: what it then brings is held.
  await page.goto(`${origin}/phone/#/doors`)
  await page.waitForSelector('.dock')
  await context.setOffline(true)
  await page.locator('.dock .button.danger').click()
  await page.waitForTimeout(300)
  await closeSweep(sweep)
  await context.setOffline(false)
  await page.goto(`${origin}/phone/#/sync`)
  await page.locator('.verdict .button').click()
  await page.waitForTimeout(1500)
  await shot('26-after-closing', { full: true })
  await page.goto(`${origin}/phone/#/doors`)
  await page.waitForTimeout(300)
  await shot('27-doors-after-closing')
  await forms(phone)
  await day(phone, { locale, look, name })
  await page.goto(`${origin}/phone/#/mine`)
  await page.locator('a[href="#/pin"]').click()
  await page.locator('.lock .pad').waitFor()
  await shot('36-pin-old')
  await page.keyboard.type('135790')
  await page.locator('.said', { hasText: /9/ }).waitFor()
  await page.keyboard.type(PIN)
  await page.locator('.lock .soft').waitFor({ state: 'detached' })
  await page.keyboard.type('850314')
  await page.waitForTimeout(200)
  await shot('37-pin-weak')
  await page.locator('.lock .button.wide').click()
  await phone.done()

  const late = await open(name, { locale, look, viewport: PHONE, phone: true })
  await late.page.goto(url)
  await late.page.click('.button.lamp')
  await late.page.waitForSelector('[role=alert]')
  await late.shot('25-invitation-used')
  await late.done()
}

/** The page behind a slip: everything that can be said with it, and what it shows, until it is revoked. */
async function residentPages({ locale, look }) {
  const name = `real-resident-${locale}-${look}`
  const { rows } = await ask('secretary', 'GET', `/v1/sweeps/${looking.sweep}/residual?area=${territory.community}&limit=1`)
  const { slips } = await ask('secretary', 'POST', '/v1/slips', { dwellings: [rows[0].dwelling], office_phone: '027-82812345', days: 30 })
  const [{ slip, url, code }] = slips
  const resident = await open(name, { locale, look, viewport: PHONE, phone: true })
  const { page, shot } = resident
  looking.names.push(slips[0].area_name)
  await page.goto(`${origin}/home/`)
  await page.fill('[name=code]', code.slice(0, 5))
  await page.click('.button.lamp')
  await shot('01-enter-refused', { full: true })
  await page.goto('about:blank')
  await page.goto(url)
  await page.waitForSelector('.huge')
  await shot('02-start', { full: true })
  await page.click('.huge >> nth=0')
  await page.click('form > .button.wide >> nth=0')
  await page.fill('[name=name] >> nth=0', '王奶奶')
  await page.click('form > .button.lamp')
  await shot('03-report-refused', { full: true })
  await page.fill('[name=name] >> nth=1', '孙小雨')
  await page.click('form > .button.lamp')
  await page.waitForSelector('.receipt')
  await shot('04-received')
  await page.click('.back')
  await page.click('.huge >> nth=1')
  await page.click('.kinds .button >> nth=1')
  await shot('05-help', { full: true })
  await page.click('form > .button.lamp')
  await page.waitForSelector('.receipt')
  await page.click('.stack > .button.lamp')
  await page.waitForSelector('article')
  const { rows: said } = await ask('secretary', 'GET', `/v1/said?area=${territory.community}`)
  const mine = said.filter(({ dwelling }) => dwelling === rows[0].dwelling)
  for (const [at, one] of mine.entries()) {
    await ask('secretary', 'GET', `/v1/said/${one.said}`)
    await ask('secretary', 'POST', `/v1/said/${one.said}/settle`, at === 1 ? { decision: 'declined', reason: 'unclear' } : { decision: 'confirmed' })
  }
  await page.reload()
  await page.waitForSelector('article')
  await shot('06-record', { full: true })
  await page.click('.stack > .button.lamp')
  await shot('07-correct', { full: true })
  await ask('secretary', 'DELETE', `/v1/slips/${slip}`)
  await page.goto(`${origin}/home/#/start`)
  await page.waitForSelector('[role=alert]')
  await shot('08-revoked', { full: true })
  await resident.done()
}

/** The server goes away under an open page, and comes back. */
async function stopped() {
  for (const locale of ['zh-CN', 'en']) {
    for (const [shape, viewport] of [['narrow', PHONE], ['desk', DESK]]) {
      const name = `real-console-${locale}-${shape}-stopped`
      const desk = await open(name, { locale, look: 'standard', viewport, role: 'secretary' })
      const gate = await open(name, { locale, look: 'standard', viewport })
      await gate.page.goto(`${origin}/`)
      await desk.visit('/coverage', '.buildings')
      // The pages are fetched ahead a second after the first.
      await desk.page.waitForTimeout(2_500)
      await territory.end('SIGTERM')
      await desk.page.waitForSelector('.live[data-live=false]')
      await desk.shot('1-coverage')
      for (const page of ['residual', 'devices']) {
        await desk.page.goto(`${origin}/#/${page}`)
        await desk.page.waitForSelector('.wrong')
        await desk.shot(`2-${page}`)
      }
      await gate.page.fill('[name=username]', 'secretary')
      await gate.page.fill('[name=password]', 'x')
      await gate.page.fill('[name=code]', '000000')
      await gate.page.click('.button.lamp')
      await gate.page.waitForSelector('.wrong')
      await gate.shot('3-sign-in')
      await gate.done()
      await territory.serve()
      // The demonstration gives new passwords at every start, which ends its sessions: the page must say so by itself.
      await desk.page.waitForSelector('form.panel', { timeout: 20_000 }).catch(() => complaints.push(`${name}: the page does not tell that the session ended`))
      await desk.shot('4-back')
      await desk.done()
      await looking.signIn('secretary')
    }
  }
}
