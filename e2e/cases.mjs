/**
 * A fever from the form to the hand-over, in Chromium against the demonstration on the real binary: a rule opens the case, a
 * step waits for another's signature, and who hands over sees the receipt. Each step stands on the one before.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DESK, findings, go, launch, openPage, sideways, signIn } from './browser.mjs'
import { makeDemonstration } from './territory.mjs'

const PATIENCE = 30_000
const FIRST_PASS = 240_000

let territory
let browser
const pages = {}

async function deskOf(username, more = {}) {
  const { page } = await openPage(browser, territory.origin, { viewport: DESK, ...more })
  page.setDefaultTimeout(PATIENCE)
  await signIn(page, territory, { username, password: territory.accounts[username] })
  pages[username] = page
  return page
}

async function quiet(page, where) {
  assert.deepEqual(await findings(page), [], where)
  assert.deepEqual(await sideways(page), [], where)
}

describe('a case', () => {
  before(async () => {
    browser = await launch()
    territory = await makeDemonstration()
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
  })

  it('is opened by a rule once a fever is typed in', async () => {
    const page = await deskOf('secretary')
    await go(page, '楼栋图')
    // The last door of the building: the story of the demonstration plays behind the first.
    await page.locator('a.window').last().click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await quiet(page, 'a household')
    await page.getByRole('button', { name: '填表' }).click()
    const dialog = page.locator('dialog')
    await dialog.getByLabel('关于谁').selectOption({ label: '第 1 人' })
    await dialog.getByLabel('哪张表').selectOption({ label: '每日两测 · 疫情防控' })
    await dialog.getByLabel('上午还是晚上').selectOption({ label: '晚上' })
    await dialog.getByRole('button', { name: '存下' }).click()
    await dialog.getByText('必须填写').first().waitFor()
    await dialog.getByLabel('体温').fill('热')
    await dialog.getByLabel('发热', { exact: true }).check()
    await dialog.getByLabel('谁报的').selectOption({ label: '家人' })
    await dialog.getByRole('button', { name: '存下' }).click()
    // The server names the field.
    await dialog.getByText('有答案与表单不符').waitFor()
    assert.equal(await dialog.getByLabel('体温').getAttribute('aria-invalid'), 'true')
    await dialog.getByLabel('体温').fill('38.6')
    await quiet(page, 'a form')
    await dialog.getByRole('button', { name: '存下' }).click()
    await dialog.waitFor({ state: 'detached' })
    // Told by the live line, without a reload; whoever was there before the server began is judged first.
    await page.getByRole('link', { name: '发热', exact: true }).waitFor({ timeout: FIRST_PASS })
    await page.getByRole('button', { name: '打开档案' }).click()
    await page.getByText('另有').first().waitFor()
    assert.ok(!(await page.locator('main').innerText()).includes('38.6'), 'the temperature is not for a secretary')
    await quiet(page, 'an opened file')
    await page.getByRole('link', { name: '发热', exact: true }).click()
    await page.getByRole('heading', { name: /发热.*待问诊/ }).waitFor()
    await page.getByText('规则编号 E-R05', { exact: true }).waitFor()
    await quiet(page, 'a case')
  })

  it('is moved by whose step it is', async () => {
    const page = await deskOf('doctor')
    await go(page, '事项')
    await page.locator('a.go').first().waitFor()
    await quiet(page, 'tasks')
    await page.keyboard.press('Tab')
    await page.locator('table.due').press('ArrowDown')
    await page.goto(pages.secretary.url())
    await page.getByRole('heading', { name: /发热.*待问诊/ }).waitFor()
    await page.getByRole('button', { name: '看依据和原因' }).click()
    await page.getByText('38.6').waitFor()
    await page.getByRole('button', { name: '走这一步 转诊' }).click()
    await page.locator('dialog').getByLabel('原因（可不写）').fill('气促')
    await page.locator('dialog').getByRole('button', { name: '走这一步' }).click()
    await page.getByRole('heading', { name: /发热.*待派车/ }).waitFor()
    await pages.secretary.getByRole('heading', { name: /发热.*待派车/ }).waitFor()
  })

  it('is handed over with a receipt', async () => {
    // A vehicle is to come: nothing in it is the doctor's.
    const { secretary } = pages
    const health = await deskOf('health')
    await health.goto(secretary.url())
    await secretary.getByRole('button', { name: '移交' }).click()
    const dialog = secretary.locator('dialog')
    const theirName = dialog.locator('select[name=to] option', { hasText: '卫生健康局' })
    await theirName.waitFor({ state: 'attached' })
    const colleagues = await dialog.locator('select[name=to] option:enabled').allInnerTexts()
    assert.equal(new Set(colleagues).size, colleagues.length, 'no two of them look alike')
    assert.ok(colleagues.every((one) => one.split(' · ').length >= 3), 'each with her role and where she works')
    await dialog.locator('select[name=to]').selectOption(await theirName.getAttribute('value'))
    await quiet(secretary, 'an offer')
    await dialog.getByRole('button', { name: '移交' }).click()
    await secretary.getByText('已移交给卫生健康局，等接手').waitFor()
    await health.getByText('已移交给卫生健康局，等接手').waitFor()
    await health.getByRole('button', { name: '接手' }).click()
    await health.locator('dialog').getByRole('button', { name: '接手' }).click()
    await health.getByText('由卫生健康局接手').waitFor()
    await secretary.getByText('接手（回执）').waitFor()
  })

  it('does not move on one signature where two are asked for', async () => {
    const { secretary } = pages
    await go(secretary, '事项')
    // It stands on her list, and is not counted as hers: the menu says the same number.
    await secretary.locator('tr.head', { hasText: '在等别人' }).waitFor()
    const said = await secretary.getByRole('status').filter({ hasText: '轮到我的' }).innerText()
    const [, mine, others] = /轮到我的 (\d+) 项.*另有 (\d+) 项在等别人/.exec(said)
    assert.equal(await secretary.locator('tr.head').last().locator('.tabular').innerText(), others)
    assert.equal(await secretary.locator('.side a', { hasText: '事项' }).locator('.badge [aria-hidden]').innerText(), mine)
    await quiet(secretary, 'what is hers, and what waits for others')
    await secretary.getByRole('button', { name: '在办的个案' }).click()
    await secretary.getByRole('link', { name: '线索，待核实' }).click()
    await secretary.getByText('已做，等乡镇工作人员签字').waitFor()
    const url = secretary.url()
    // Her computer is somewhere else.
    const street = await deskOf('street', { timezoneId: 'America/New_York' })
    await street.goto(url)
    await street.getByRole('button', { name: /^签字/ }).click()
    await street.locator('dialog').getByRole('button', { name: '签字' }).click()
    await street.getByRole('heading', { name: /监测与帮扶.*已核实/ }).waitFor()
    await secretary.getByRole('heading', { name: /监测与帮扶.*已核实/ }).waitFor()
  })

  it('shows whom it is tied to, through three generations', async () => {
    const { doctor } = pages
    await go(doctor, '事项')
    await doctor.getByRole('button', { name: '在办的个案' }).click()
    await doctor.locator('tbody th a').first().waitFor()
    await doctor.goto(`${territory.origin}/#/cases?view=open&area=${territory.community}&pathway=epidemic+four_categories`)
    await doctor.locator('.cases a.go').first().waitFor()
    const links = await doctor.locator('.cases a.go').evaluateAll((found) => found.map((link) => link.getAttribute('href')))
    let most = 0
    for (const link of links) {
      await doctor.goto(`${territory.origin}/${link}/tree`)
      await doctor.locator('.read li, .empty').first().waitFor()
      most = Math.max(most, await doctor.locator('.read li li li li').count())
    }
    assert.ok(most > 0, 'a contact of a contact of a contact')
    await quiet(doctor, 'a tree')
  })

  it('that waits says for what, and one is about the area as a whole', async () => {
    const { secretary } = pages
    await go(secretary, '事项')
    await secretary.getByRole('link', { name: '在等：外出管控解除' }).click()
    await secretary.getByRole('heading', { name: /外出考察和引种.*已计划/ }).waitFor()
    await secretary.getByText('在等：外出管控解除').waitFor()
    await go(secretary, '事项')
    await secretary.getByRole('button', { name: '在办的个案' }).click()
    await secretary.getByRole('link', { name: '申请中，待检查' }).click()
    await secretary.getByRole('heading', { name: /无疫情小区.*申请中/ }).waitFor()
    await secretary.getByText('整个区域').waitFor()
    await secretary.getByRole('button', { name: '填表' }).click()
    const dialog = secretary.locator('dialog')
    await dialog.getByLabel('哪张表').selectOption({ label: '小区疫情与六个到位 · 疫情防控' })
    await quiet(secretary, 'a form about an area')
    await dialog.getByRole('button', { name: '取消' }).click()
    await go(secretary, '指标')
    await secretary.getByLabel('专项方案').selectOption({ label: '防止返贫监测与帮扶' })
    await secretary.getByText(/到 \d{4}-\d\d-\d\d 还差|已达到/).first().waitFor()
    await quiet(secretary, 'indicators with a day')
    // Who is behind a figure stands right below it, in sight.
    await secretary.locator('button.name').nth(1).click()
    await secretary.locator('.behind .sides').waitFor()
    const below = await secretary.evaluate(() => {
      const [figure, people] = [document.querySelector('.chosen'), document.querySelector('.behind .sides')].map((part) => part.getBoundingClientRect())
      return { gap: Math.round(people.top - figure.bottom), inSight: figure.top >= 0 && people.bottom <= innerHeight }
    })
    assert.ok(below.gap >= 0 && below.gap < 120 && below.inSight, JSON.stringify(below))
    await quiet(secretary, 'who is behind a figure')
  })

  it('asks the resident herself with her slip, and what she says is in the file', async () => {
    const { secretary } = pages
    const found = await secretary.evaluate(async (area) => {
      const ask = async (method, path, json) => (await fetch(path, { method, headers: { 'content-type': 'application/json', 'x-wanjia': 'console' }, body: json && JSON.stringify(json) })).json()
      const { rows } = await ask('GET', `/v1/cases?area=${area}&programme=epidemic&pathway=observe_home`)
      const observed = rows.find(({ state }) => state.code === 'observing')
      const { slips } = await ask('POST', '/v1/slips', { dwellings: [observed.about.dwelling], office_phone: '027-82812345', days: 30 })
      return { url: slips[0].url, dwelling: observed.about.dwelling }
    }, territory.community)
    const { page } = await openPage(browser, territory.origin)
    page.setDefaultTimeout(PATIENCE)
    await page.goto(found.url)
    await page.getByRole('button', { name: '今天身体怎么样' }).click()
    await page.getByText(/今天是观察第 \d+ 天/).waitFor()
    await quiet(page, 'a resident’s check')
    await page.fill('[name=temp_c]', '高')
    await page.getByRole('button', { name: '没有，都好', exact: true }).click()
    // "None" gives way to what is pressed after it.
    await page.getByRole('button', { name: '发热', exact: true }).click()
    assert.equal(await page.getByRole('button', { name: '没有，都好', exact: true }).getAttribute('aria-pressed'), 'false')
    await page.getByRole('button', { name: '我自己' }).click()
    await page.getByRole('button', { name: '报给社区' }).click()
    await page.getByText('体温要写成数字').waitFor()
    await page.fill('[name=temp_c]', '٣٨,٩')
    await page.getByRole('button', { name: '报给社区' }).click()
    await page.getByText('收到了，谢谢').waitFor()
    const receipt = await page.locator('.receipt').innerText()
    await page.getByRole('button', { name: '看我的记录' }).click()
    const told = page.locator('[data-part=forms]')
    await told.getByText('38.9').waitFor()
    await told.getByText('发热').waitFor()
    await told.getByText(receipt).waitFor()
    await page.getByRole('button', { name: '首页' }).click()
    await page.getByRole('button', { name: '我要帮助' }).click()
    await page.getByRole('button', { name: '买药' }).click()
    await page.getByRole('button', { name: '去医院' }).click()
    await page.getByRole('button', { name: '发给社区' }).click()
    await page.getByRole('button', { name: '看我的记录' }).click()
    await page.locator('li', { hasText: '求助' }).getByText('买药、去医院', { exact: true }).waitFor()
    await quiet(page, 'a resident’s record with what she told')
    await secretary.goto(`${territory.origin}/#/households/${found.dwelling}`)
    const { page: another } = await openPage(browser, territory.origin)
    another.setDefaultTimeout(PATIENCE)
    await another.goto(`${territory.origin}/home/`)
    await another.fill('[name=code]', '7K3M-9QXD-2F8T')
    await another.getByRole('button', { name: '进入' }).click()
    await another.getByText('没有这个编号的便条').waitFor()
    assert.equal(await another.inputValue('[name=code]'), '7K3M-9QXD-2F8T', 'what was typed stays to be mended')
    await quiet(another, 'a code that opens nothing')
    // A fever is a case at once, whoever told it.
    await secretary.getByRole('link', { name: '发热', exact: true }).waitFor({ timeout: FIRST_PASS })
    await quiet(secretary, 'the file of who told')
  })

  it('counts what is overdue once: each number leads to as many lines', async () => {
    for (const who of ['secretary', 'street']) {
      const page = pages[who]
      await go(page, '指挥')
      const figure = page.locator('[data-figure=late] a')
      await figure.waitFor()
      const number = Number(await figure.innerText())
      assert.ok(number > 0, `${who}: the story has tasks that are overdue`)
      await figure.click()
      await page.getByRole('heading', { name: '超时的任务' }).waitFor()
      await page.locator('table.due tbody tr.late').first().waitFor()
      assert.equal(Number(await page.locator('table.due').getAttribute('aria-rowcount')) - 1, number, who)
      assert.equal(await page.getByRole('status').filter({ hasText: '项' }).innerText(), `${number} 项`)
      await quiet(page, `what is overdue, for ${who}`)
      // Whose they are adds up to the same, and back is where she came from.
      await page.getByRole('link', { name: '‹ 指挥' }).click()
      const parts = page.locator('table', { hasText: '超时的是谁的' }).locator('td.number a')
      await parts.first().waitFor()
      const each = (await parts.allInnerTexts()).map(Number)
      assert.equal(each.reduce((sum, one) => sum + one, 0), number, who)
      await parts.first().click()
      await page.locator('table.due tbody tr.late').first().waitFor()
      assert.equal(Number(await page.locator('table.due').getAttribute('aria-rowcount')) - 1, each[0], who)
    }
    const { secretary } = pages
    await go(secretary, '事项')
    await secretary.getByRole('button', { name: '在办的个案' }).click()
    const [open, late] = (await secretary.getByText(/在办 \d+ 个个案/).innerText()).match(/\d+/g).map(Number)
    const rows = async () => Number(await secretary.locator('.cases table.due').getAttribute('aria-rowcount')) - 1
    assert.equal(await rows(), open)
    await secretary.getByLabel('只看有任务超时的').check()
    await secretary.waitForFunction((wanted) => document.querySelector('.cases table.due')?.getAttribute('aria-rowcount') === String(wanted + 1), late)
    await secretary.getByText(`有任务超时的个案 ${late} 个`).waitFor()
    // A filter is of the totals too.
    await secretary.getByLabel('只看有任务超时的').uncheck()
    const choice = secretary.getByLabel('流程')
    const fever = choice.locator('option', { hasText: /^\s*发热 ·/ })
    await fever.waitFor({ state: 'attached' })
    await choice.selectOption(await fever.getAttribute('value'))
    await secretary.waitForFunction((all) => Number(/在办 (\d+) 个/.exec(document.querySelector('main').innerText)?.[1] ?? all) < all, open)
    const [fevers] = (await secretary.getByText(/在办 \d+ 个个案/).innerText()).match(/\d+/g).map(Number)
    await secretary.waitForFunction((wanted) => document.querySelector('.cases table.due')?.getAttribute('aria-rowcount') === String(wanted + 1), fevers)
    // So on the board of those above: its numbers are those of the pathway, and so are the rows behind them.
    const { street } = pages
    await go(street, '事项')
    await street.getByRole('button', { name: '在办的个案' }).click()
    // Behind the number of all and of what is late stands each pathway's, in the order in which they can be chosen.
    const figures = street.locator('.board tr.whole td')
    await figures.nth(2).waitFor()
    const first = await figures.nth(2).innerText()
    await street.getByLabel('流程').selectOption({ index: 1 })
    await street.waitForFunction((wanted) => document.querySelector('.board tr.whole td').innerText === wanted && document.querySelectorAll('.board thead th').length === 4, first)
    assert.equal(await street.locator('.board thead th').count(), 4, 'the columns of other pathways are not there')
  })

  it('that is late is asked about by whom it climbed to, and its community answers', async () => {
    const { secretary, health } = pages
    await go(health, '事项')
    const climbed = health.locator('tr', { hasText: '已升级到' }).first()
    await climbed.waitFor()
    await climbed.locator('a.go').click()
    await health.getByRole('button', { name: '催问' }).click()
    const asking = health.locator('dialog')
    await asking.getByLabel('想问什么').fill('还缺什么？')
    await quiet(health, 'asking')
    await asking.getByRole('button', { name: '催问' }).click()
    await health.getByText('卫生健康局在问：卡在哪里？').waitFor()
    await secretary.goto(health.url())
    await secretary.getByText('卫生健康局在问：卡在哪里？').waitFor()
    await secretary.getByText('另有留言').waitFor()
    assert.ok(!(await secretary.locator('main').innerText()).includes('还缺什么'), 'what was asked is sealed')
    await quiet(secretary, 'what was asked')
    if (process.env.WANJIA_SHOTS) await secretary.screenshot({ path: `${process.env.WANJIA_SHOTS}/asked-zh.png`, fullPage: true })
    await secretary.getByRole('button', { name: '答复' }).click()
    const answering = secretary.locator('dialog')
    assert.ok(await answering.getByRole('button', { name: '答复' }).isDisabled(), 'an answer says something')
    await answering.getByLabel('卡在哪里，什么时候能办好').fill('下午送到')
    await quiet(secretary, 'answering')
    if (process.env.WANJIA_SHOTS) await secretary.screenshot({ path: `${process.env.WANJIA_SHOTS}/answering-zh.png` })
    await answering.getByRole('button', { name: '答复' }).click()
    await secretary.getByText('答复了催问').waitFor()
    await health.getByText('答复了催问').waitFor()
    assert.equal(await health.getByText('在问：卡在哪里？').count(), 0)
    await health.getByRole('button', { name: '看依据和原因' }).click()
    await health.getByText('下午送到').waitFor()
  })

  it('that has ended is found again', async () => {
    const { secretary } = pages
    await go(secretary, '事项')
    await secretary.getByRole('button', { name: '已结束的个案' }).click()
    const ended = secretary.locator('.cases a.go')
    await ended.first().waitFor()
    await quiet(secretary, 'ended cases')
    await secretary.locator('.tools select').selectOption({ label: '需求 · 疫情防控' })
    await ended.first().click()
    await secretary.getByRole('button', { name: '写下经验' }).waitFor()
    await secretary.getByRole('link', { name: '‹ 事项' }).click()
    await secretary.getByRole('button', { name: '已结束的个案', pressed: true }).waitFor()
    await secretary.getByRole('button', { name: '经验', exact: true }).click()
    await secretary.getByLabel('在经验里找').fill('没有这样的词')
    await secretary.getByText('没有找到').waitFor()
  })

  it('of an area is told in words by the staff, and says which open one it joined', async () => {
    const { secretary } = pages
    await go(secretary, '事项')
    await secretary.getByRole('button', { name: '在办的个案' }).click()
    await secretary.getByRole('button', { name: '报告本区域的个案' }).click()
    const dialog = secretary.locator('dialog')
    assert.equal(await dialog.locator('select[name=source]').inputValue(), 'worker')
    await dialog.getByLabel('流程').selectOption({ label: '无疫情小区 · 疫情防控' })
    await dialog.getByLabel('是什么情况').fill('消杀记录缺两天')
    await dialog.getByRole('button', { name: '报告个案' }).click()
    await dialog.getByText('您的报告记在它名下').waitFor()
    await quiet(secretary, 'a report that joined')
    await dialog.getByRole('link', { name: '看这个个案' }).click()
    await secretary.getByRole('heading', { name: /无疫情小区/ }).waitFor()
    await secretary.getByRole('button', { name: '看依据和原因' }).click()
    await secretary.getByText('消杀记录缺两天').waitFor()
    await secretary.getByText(/^条件：/).first().waitFor()
  })

  it('leaves a slip that is not printed only after asking, in the language that was chosen', async () => {
    const { secretary } = pages
    await go(secretary, '居民')
    await secretary.getByRole('button', { name: '印便条' }).click()
    const dialog = secretary.locator('dialog')
    const every = dialog.getByLabel('全选')
    await secretary.waitForFunction(() => document.querySelector('dialog [name=all]')?.checked === true)
    await every.uncheck()
    await dialog.locator('.doors label').first().click()
    assert.equal(await every.evaluate((box) => box.indeterminate), true)
    await dialog.getByLabel('便条上的语言').selectOption({ label: 'العربية' })
    await dialog.locator('[name=phone]').fill('027-82812345')
    await dialog.getByRole('button', { name: '生成 1 张' }).click()
    const slip = dialog.locator('article.slip')
    await slip.waitFor()
    assert.deepEqual(await slip.evaluate((paper) => [paper.lang, paper.dir]), ['ar', 'rtl'])
    await slip.getByText('ورقة الحي').waitFor()
    await dialog.getByRole('button', { name: '关闭' }).click()
    await dialog.getByText('还没有打印').waitFor()
    assert.match(await slip.locator('.code').innerText(), /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/, 'the code is still there')
    await quiet(secretary, 'a slip that is not printed')
    await secretary.evaluate(() => (window.print = () => undefined))
    await dialog.getByRole('button', { name: '打印' , exact: true }).click()
    await dialog.getByRole('button', { name: '完成' }).click()
    await dialog.waitFor({ state: 'detached' })
    // Whoever presses Escape twice means it, and can begin anew.
    await secretary.getByRole('button', { name: '印便条' }).click()
    await secretary.waitForFunction(() => document.querySelector('dialog [name=all]')?.checked === true)
    await every.uncheck()
    await dialog.locator('.doors label').first().click()
    await dialog.getByRole('button', { name: '生成 1 张' }).click()
    await slip.waitFor()
    await secretary.keyboard.press('Escape')
    await dialog.getByText('还没有打印').waitFor()
    await secretary.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await secretary.getByRole('button', { name: '印便条' }).click()
    await every.waitFor()
    await secretary.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  it('has the people behind its door, whose records are corrected and who can be moved to another door', async () => {
    const { secretary } = pages
    await go(secretary, '楼栋图')
    await secretary.locator('a.window').last().click()
    const people = secretary.locator('[data-part=person]')
    await people.first().waitFor()
    const count = await people.count()
    await people.last().getByRole('button', { name: '看资料、更正' }).click()
    const dialog = secretary.locator('dialog')
    const name = dialog.getByLabel('姓名')
    await name.waitFor()
    assert.notEqual(await name.inputValue(), '')
    await quiet(secretary, 'a record')
    await name.fill('沈更名')
    await dialog.getByLabel('电话').fill('13900004444')
    await dialog.getByRole('button', { name: '保存' }).click()
    await people.filter({ hasText: '沈更名' }).waitFor()
    await people.filter({ hasText: '沈更名' }).getByRole('button', { name: /看资料、更正/ }).click()
    assert.equal(await dialog.getByLabel('电话').inputValue(), '13900004444')
    await dialog.getByLabel('她不住这户').check()
    await dialog.getByRole('button', { name: '保存' }).click()
    await dialog.getByText('请选她住的门牌').waitFor()
    await dialog.getByLabel('门牌').selectOption({ index: 1 })
    await dialog.getByRole('button', { name: '保存' }).click()
    await dialog.waitFor({ state: 'detached' })
    await people.filter({ hasText: '沈更名' }).waitFor({ state: 'detached' })
    assert.equal(await people.count(), count - 1)
  })

  it('asks for nothing that its reader may not see, and shows midnight where the doors are', async () => {
    const { doctor } = pages
    const refused = []
    doctor.on('response', (answer) => answer.status() >= 400 && refused.push(`${answer.status()} ${answer.url()}`))
    for (const name of ['进度', '指挥', '事项', '指标']) {
      await go(doctor, name)
      await doctor.locator('main :is(table, dl, .huge)').first().waitFor()
    }
    await doctor.getByRole('button', { name: '排查覆盖率' }).click()
    await doctor.getByText(/数的是排查“.*”的走访/).waitFor()
    assert.deepEqual(refused, [])
    const deadline = (page) => page.getByText(/^截止 /).innerText()
    assert.equal(await deadline(pages.street), await deadline(pages.secretary))
  })
})
