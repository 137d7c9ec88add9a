/**
 * A fever from the form to the hand-over, in Chromium against the demonstration on the real binary: a rule opens the case, a
 * step waits for another's signature, and who hands over sees the receipt. Each step stands on the one before.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DESK, findings, launch, openPage, sideways } from './browser.mjs'
import { makeDemonstration } from './territory.mjs'

const PATIENCE = 30_000
const FIRST_PASS = 240_000

let territory
let browser
const pages = {}

async function signIn(username) {
  const { page } = await openPage(browser, territory.origin, { viewport: DESK })
  page.setDefaultTimeout(PATIENCE)
  await page.goto(`${territory.origin}/`)
  await page.fill('[name=username]', username)
  await page.fill('[name=password]', territory.accounts[username])
  await page.fill('[name=code]', await territory.code(username))
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('navigation', { name: '主菜单' }).waitFor()
  pages[username] = page
  return page
}

const go = (page, name) => page.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name, exact: true }).click()

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
    const page = await signIn('secretary')
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
    await quiet(page, 'a case')
  })

  it('is moved by whose step it is', async () => {
    const page = await signIn('doctor')
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
    const { secretary, doctor } = pages
    await secretary.getByRole('button', { name: '移交' }).click()
    const dialog = secretary.locator('dialog')
    const doctorsName = dialog.locator('select[name=to] option', { hasText: '社区医生' })
    await doctorsName.waitFor({ state: 'attached' })
    await dialog.locator('select[name=to]').selectOption(await doctorsName.getAttribute('value'))
    await quiet(secretary, 'an offer')
    await dialog.getByRole('button', { name: '移交' }).click()
    await secretary.getByText('已移交给社区医生，等接手').waitFor()
    await doctor.getByText('已移交给社区医生，等接手').waitFor()
    await doctor.getByRole('button', { name: '接手' }).click()
    await doctor.locator('dialog').getByRole('button', { name: '接手' }).click()
    await doctor.getByText('由社区医生接手').waitFor()
    await secretary.getByText('接手（回执）').waitFor()
  })

  it('does not move on one signature where two are asked for', async () => {
    const { secretary } = pages
    await go(secretary, '事项')
    await secretary.getByRole('button', { name: '在办的个案' }).click()
    await secretary.getByRole('link', { name: '线索，待核实' }).click()
    await secretary.getByText('已做，等乡镇工作人员签字').waitFor()
    const url = secretary.url()
    const street = await signIn('street')
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
})
