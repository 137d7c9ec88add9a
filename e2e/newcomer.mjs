/**
 * Whole days in Chromium against the real binary: what a newcomer does on the first evening, and the evenings that go
 * wrong. Each step stands on the one before.
 */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { after, before, describe, it as plainly } from 'node:test'
import { fileURLToPath } from 'node:url'
import { crowded, DESK, enrol, findings, foreign, go, launch, openPage, PHONE, phoneOptions, sideways, signIn, tooSmall, unlock } from './browser.mjs'
import { outlines, point } from './outlines.mjs'
import { makeTerritory, samples } from './territory.mjs'

const COMMUNITY = '420102002003'
const STREET = '420102002'
const PATIENCE = 20_000

let territory
let browser
let origin
const opened = []
const open = async (options) => {
  const one = await openPage(browser, origin, options)
  one.page.setDefaultTimeout(PATIENCE)
  opened.push(one)
  return one
}

/** A step; when it fails, pictures of every page lie in the ignored folder /screens. */
function it(name, act) {
  plainly(name, async () => {
    try {
      await act()
    } catch (error) {
      const folder = fileURLToPath(new URL('../screens/', import.meta.url))
      await mkdir(folder, { recursive: true })
      await Promise.allSettled(opened.map(({ page }, at) => page.screenshot({ path: `${folder}failed-${at}.png` })))
      throw error
    }
  })
}

async function deskOf(account) {
  const { page } = await open({ viewport: DESK })
  await signIn(page, territory, account)
  return page
}

/** Waits until the console says that so many dwellings were not reached, without a reload. */
const residual = (page, count) => page.locator('.huge', { hasText: new RegExp(`^\\s*${count}\\s*$`) }).waitFor()

async function quiet(page, where) {
  assert.deepEqual(await findings(page), [], where)
}

async function invite(page, worker, grid = null) {
  await go(page, '手机')
  await page.getByRole('button', { name: '邀请一台手机' }).click()
  await page.getByLabel('走访员姓名').fill(worker)
  if (grid !== null) await page.locator('dialog .picker select').last().selectOption({ label: grid })
  await page.getByRole('button', { name: '生成二维码' }).click()
  const link = page.locator('dialog .link a')
  await link.waitFor()
  const url = await link.getAttribute('href')
  assert.match(await page.locator('dialog img').getAttribute('src'), /^data:image\/svg/)
  await page.getByRole('button', { name: '完成' }).click()
  return url
}

async function phoneBy(url) {
  const { page, context } = await open(phoneOptions())
  await enrol(page, url)
  return { page, context }
}

const tab = (page, name) => page.locator('.tabs a', { hasText: name }).click()

const list = (page, name, text) => page.setInputFiles(`dialog [name=${name}]`, { name: `${name}.csv`, mimeType: 'text/csv', buffer: Buffer.from(text) })

/** Drafts a plan of a kind from its lists. */
async function draftPlan(page, kind, lists, settings = {}) {
  await page.getByRole('button', { name: '制定方案' }).click()
  await page.getByLabel('种类').selectOption(kind)
  for (const [name, text] of Object.entries(lists)) await list(page, name, text)
  for (const [name, value] of Object.entries(settings)) await page.fill(`dialog [name=${name}]`, value)
  await quiet(page, `a new plan: ${kind}`)
  await page.getByRole('button', { name: '制定草案' }).click()
  await page.getByRole('button', { name: '发布…' }).waitFor()
  await quiet(page, `a draft: ${kind}`)
}

/** Publishes the draft on the page, whose open points and people without a phone have to be looked at first. */
async function publishPlan(page, { unseen = true } = {}) {
  await page.getByRole('button', { name: '发布…' }).click()
  const publish = page.locator('dialog').getByRole('button', { name: '发布', exact: true })
  await publish.waitFor()
  await quiet(page, 'publishing')
  if (unseen) {
    assert.ok(await publish.isDisabled(), 'nothing is published unseen')
    await page.getByLabel('我已看清以上各项').check()
  }
  await publish.click()
  await page.locator('.facts').getByText('生效中').waitFor()
  await quiet(page, 'a published plan')
}

/** Where no door is left to go to, the one that was saved lies open over the list. */
async function saveVisit(page) {
  await page.getByRole('button', { name: /^保存/ }).click()
  await page.locator('main.doors').waitFor()
  await page.waitForTimeout(500)
  await page.keyboard.press('Escape')
}

async function sync(page) {
  await tab(page, '同步')
  await page.getByRole('button', { name: '立即同步' }).click()
  await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
  await tab(page, '走访')
}

/** Opens the sheet of a door from the list of all doors. */
async function openDoor(page, room) {
  await page.locator('.segmented button', { hasText: '全部' }).click()
  await page.locator('.row', { hasText: room }).click()
  await page.locator('dialog .actions').waitFor()
}

/** A saved sheet goes on to the next door that needs a knock, or leaves when there is none. */
async function leaveSheet(page, next = null) {
  const sheet = page.locator('dialog')
  if (next !== null) {
    await sheet.locator('h2', { hasText: next }).waitFor()
    await sheet.getByRole('button', { name: '关闭' }).click()
  }
  await sheet.waitFor({ state: 'detached' })
}

/** Every row of a store of the phone's database. */
const stored = (page, store) =>
  page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const asked = indexedDB.open('wanjia')
        asked.onerror = () => reject(asked.error)
        asked.onsuccess = () => {
          const all = asked.result.transaction(name).objectStore(name).getAll()
          all.onsuccess = () => resolve(all.result)
        }
      }),
    store,
  )

const facts = async (page) => (await stored(page, 'outbox')).map(({ fate }) => fate)

before(async () => {
  browser = await launch()
  territory = await makeTerritory()
})
after(async () => {
  await browser?.close()
  await territory?.remove()
})

describe('a newcomer’s first evening', () => {
  let secretary
  let street
  let phone
  let accounts

  before(async () => {
    accounts = {
      secretary: await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记'),
      street: await territory.account('dazhi', 'street', STREET, '大智街道'),
    }
    await territory.serve()
    origin = territory.origin
  })

  it('meets pages that allow nothing foreign', async () => {
    for (const path of ['/', '/phone/', '/home/']) {
      const response = await fetch(origin + path)
      assert.equal(response.status, 200)
      const policy = response.headers.get('content-security-policy') ?? ''
      for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]) {
        assert.ok(policy.includes(part), `${path}: ${part} in ${policy}`)
      }
      // WebAssembly may be compiled where forms are filled in, and nowhere else.
      assert.doesNotMatch(path === '/phone/' ? policy.replace("'wasm-unsafe-eval'", '') : policy, /unsafe/)
      assert.doesNotMatch(await response.text(), /<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=/)
    }
  })

  it('is refused with a wrong password, in words', async () => {
    const { page } = await open({ viewport: DESK })
    await page.goto(`${origin}/`)
    await quiet(page, 'sign-in')
    await page.fill('[name=username]', 'peng')
    await page.fill('[name=password]', 'wrong')
    await page.fill('[name=code]', '000000')
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByRole('alert').waitFor()
    await quiet(page, 'sign-in refused')
    await page.context().close()
  })

  it('signs in with a password and a code', async () => {
    secretary = await deskOf(accounts.secretary)
    await quiet(secretary, 'coverage without a sweep')
  })

  it('previews the sample roster, then writes it', async () => {
    await go(secretary, '名册')
    await quiet(secretary, 'roster')
    await secretary.setInputFiles('input[type=file]', samples('roster.csv'))
    await secretary.locator('.sum', { hasText: '新增' }).locator('.figure', { hasText: '8' }).waitFor()
    await quiet(secretary, 'roster preview')
    await secretary.getByRole('button', { name: '写入这份名册' }).click()
    await secretary.locator('.done').waitFor()
    await secretary.getByRole('button', { name: '换一份文件' }).click()
    await secretary.setInputFiles('input[type=file]', samples('roster.csv'))
    await secretary.locator('.sum', { hasText: '不变' }).locator('.figure', { hasText: '8' }).waitFor()
    assert.ok(await secretary.getByRole('button', { name: '写入这份名册' }).isDisabled())
  })

  it('says which column is which of a sheet whose headings mean nothing, and is not asked again', async () => {
    const messy = (name) => ({ name, mimeType: 'text/csv', buffer: Buffer.from('物业登记,,,\n\n住哪栋,几零几,叫什么,电话\n3栋,101,王东军,\n') })
    await secretary.getByRole('button', { name: '换一份文件' }).click()
    await secretary.getByLabel('来源').fill('物业')
    await secretary.setInputFiles('input[type=file]', messy('一月.csv'))
    const columns = secretary.locator('.columns')
    await columns.getByText('王东军').waitFor()
    await quiet(secretary, 'columns of a messy sheet')
    await secretary.getByText('您只有这一个社区').waitFor()
    for (const [heading, column] of [['住哪栋', '楼栋'], ['几零几', '房号 *'], ['叫什么', '姓名 *']]) {
      await columns.getByLabel(`“${heading}”是`).selectOption({ label: column })
    }
    await columns.getByRole('button', { name: '按这个读' }).click()
    await secretary.locator('.sums').waitFor()
    await secretary.getByRole('button', { name: '换一份文件' }).click()
    await secretary.setInputFiles('input[type=file]', messy('二月.csv'))
    await columns.waitFor()
    assert.equal(await columns.getByLabel('“几零几”是').inputValue(), 'room')
    await secretary.getByRole('button', { name: '换一份文件' }).click()
  })

  it('sees the street open a sweep', async () => {
    street = await deskOf(accounts.street)
    await street.getByRole('button', { name: '开展新排查' }).click()
    await street.getByLabel('名称').fill('入冬大排查')
    await street.getByLabel('截止时间').fill('2031-12-01T20:00')
    await street.locator('dialog select').selectOption(COMMUNITY)
    await quiet(street, 'opening a sweep')
    await street.getByRole('button', { name: '开展', exact: true }).click()
    await street.locator('.top select').waitFor()
    // Swept is one community of the street: its figures are shown, not a refusal.
    await residual(street, 6)
    await go(secretary, '进度')
    await residual(secretary, 6)
    await quiet(secretary, 'coverage')
  })

  it('invites a phone, which enrols and holds the doors', async () => {
    const url = await invite(secretary, '陈小燕')
    await quiet(secretary, 'phones')
    const { page, context } = await open(phoneOptions())
    await page.goto(`${origin}/phone/`)
    await page.getByRole('heading', { name: '这台手机还没有登记' }).waitFor()
    await quiet(page, 'phone not enrolled')
    await context.close()
    phone = await phoneBy(url)
    assert.equal(await phone.page.locator('.row').count(), 6)
    await quiet(phone.page, 'doors')
    const again = await open(phoneOptions())
    await again.page.goto(url)
    await again.page.getByRole('button', { name: '登记' }).click()
    await again.page.getByRole('alert').waitFor()
    await again.context.close()
    await go(secretary, '进度')
  })

  it('finds a person by the letters of her name and a door by its number, without a signal', async () => {
    const { page, context } = phone
    await context.setOffline(true)
    const field = page.getByRole('searchbox', { name: '查找' })
    await field.fill('wdj')
    await page.locator('.found .row', { hasText: '王东军' }).waitFor()
    assert.equal(await page.locator('.row').count(), 1)
    assert.equal(await page.locator('.found mark').innerText(), '王东军')
    await quiet(page, 'found by initials')
    await field.fill('3-1-302')
    await page.locator('.found .row', { hasText: '302' }).click()
    await page.locator('dialog h2', { hasText: '302' }).waitFor()
    await page.locator('dialog').getByRole('button', { name: '关闭' }).click()
    await field.fill('查无此人')
    await page.getByText('这台手机上没有').waitFor()
    await quiet(page, 'nothing found')
    await page.getByRole('button', { name: '清除' }).click()
    await page.locator('.dock').waitFor()
    await context.setOffline(false)
  })

  it('knocks with a signal, and the residual falls on the secretary’s page', async () => {
    await phone.page.getByRole('button', { name: '见到了，没有变化' }).click()
    await sync(phone.page)
    await residual(secretary, 5)
  })

  it('knocks on without a signal, through a reload, and comes back', async () => {
    const { page, context } = phone
    await context.setOffline(true)
    await page.reload()
    await unlock(page)
    await page.locator('.dock').waitFor()
    // 302: nobody answers, the light is on.
    await page.locator('.dock').getByRole('button', { name: '没人应门' }).click()
    await page.locator('.dock').getByRole('button', { name: '亮灯' }).click()
    // 201: everyone, and someone who is on no list.
    await page.locator('.dock').getByRole('button', { name: '有变化', exact: true }).click()
    await page.getByRole('button', { name: '全都见到了' }).click()
    await page.getByRole('button', { name: '登记名单上没有的人' }).click()
    await page.getByLabel('姓名').fill('孙小雨')
    await page.getByRole('button', { name: '完成' }).click()
    await quiet(page, 'visit')
    await page.getByRole('button', { name: /^保存/ }).click()
    // 202: refuses.
    await page.locator('.dock').getByRole('button', { name: '拒绝' }).click()
    await page.locator('.badge', { hasText: '3' }).waitFor()
    await tab(page, '同步')
    await page.locator('.sentence', { hasText: '3 条等待发出' }).waitFor()
    await quiet(page, 'sync, offline')
    await context.setOffline(false)
    await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
    assert.deepEqual(new Set(await facts(page)), new Set(['accepted']))
    await residual(secretary, 4)
  })

  it('draws the community’s own map, which leads to the building', async () => {
    await go(secretary, '地图')
    await secretary.getByRole('button', { name: '画地图' }).click()
    await secretary.setInputFiles('input[type=file]', { name: '楼栋.geojson', mimeType: 'application/json', buffer: outlines(['3号楼', '学校'], [point]) })
    await secretary.getByText('对上 1 个轮廓，没对上 1 个，拒收 1 个').waitFor()
    await secretary.getByText('第 3 个要素').waitFor()
    await quiet(secretary, 'a map, previewed')
    await secretary.getByRole('button', { name: '用这份地图' }).click()
    await secretary.locator('.canvas[data-drawn="1"] canvas').waitFor()
    await secretary.locator('.map-label', { hasText: '3栋 33%' }).waitFor()
    await secretary.getByRole('button', { name: '上次走访' }).click()
    await secretary.locator('.map-label', { hasText: '3栋 今天' }).waitFor()
    await quiet(secretary, 'a map')
    await secretary.locator('.map-label').click()
    await secretary.getByRole('heading', { name: '楼栋图' }).waitFor()
    assert.match(secretary.url(), /building=3/)
  })

  it('goes back through the sweep to before anyone knocked', async () => {
    await go(secretary, '进度')
    const replay = secretary.locator('.replay')
    await replay.getByText('现在：2 / 6 户已核清').waitFor()
    await replay.getByRole('slider').focus()
    await secretary.keyboard.press('Home')
    await replay.getByText('0 / 0 户已核清').waitFor()
    await quiet(secretary, 'replay')
    await secretary.keyboard.press('End')
    await replay.getByText('现在：2 / 6 户已核清').waitFor()
  })

  it('sees on one page what waits, and each number leads to its rows', async () => {
    await go(secretary, '指挥')
    const figure = (name) => secretary.locator(`[data-figure=${name}] dd`).first()
    await figure('residual').getByText('4', { exact: true }).waitFor()
    await figure('silent').getByText('0', { exact: true }).waitFor()
    await quiet(secretary, 'command')
    await figure('residual').getByRole('link').click()
    await secretary.locator('tbody tr', { hasText: '1单元 202' }).waitFor()
  })

  it('signs for the refusal', async () => {
    await go(secretary, '未到的户')
    await secretary.locator('tbody tr', { hasText: '1单元 202' }).getByText('拒绝，未签字').waitFor()
    await quiet(secretary, 'residual')
    await secretary.locator('tbody tr', { hasText: '1单元 202' }).getByRole('button', { name: '签字' }).click()
    await quiet(secretary, 'signing')
    await secretary.locator('dialog').getByRole('button', { name: '签字' }).click()
    await secretary.locator('tbody tr', { hasText: '1单元 202' }).waitFor({ state: 'detached' })
    // That no refusal is left does not mean that nobody is.
    await secretary.getByRole('button', { name: '拒绝，未签字' }).click()
    await secretary.locator('.empty', { hasText: '没有“拒绝，未签字”的户' }).waitFor()
    await go(secretary, '进度')
    await residual(secretary, 3)
  })

  it('fills a department’s own blank sheet once another person has approved it', async () => {
    await go(secretary, '部门报表')
    await quiet(secretary, 'no sheet is kept')
    await secretary.getByRole('button', { name: '登记一张空白表' }).click()
    await secretary.setInputFiles('[name=file]', samples('roster.csv'))
    await secretary.getByRole('button', { name: '看看它的列' }).click()
    await secretary.getByRole('alert').filter({ hasText: '不是 .xlsx 表格' }).waitFor()
    await secretary.setInputFiles('[name=file]', samples('department.xlsx'))
    await secretary.getByRole('button', { name: '看看它的列' }).click()
    await secretary.locator('.columns').getByText('是否低保').waitFor()
    await quiet(secretary, 'columns of a blank sheet')
    await secretary.locator('.columns .button.lamp').click()
    await secretary.fill('[name=department]', '市民政局')
    await secretary.fill('[name=name]', '独居老人登记表')
    await secretary.fill('[name=basis]', '民政〔2020〕7 号')
    await quiet(secretary, 'a sheet to be kept')
    await secretary.locator('.bring .button.lamp').last().click()
    await secretary.locator('.sheet .chip', { hasText: '等批准' }).waitFor()
    assert.equal(await secretary.getByRole('button', { name: '打开此刻的表' }).count(), 0)
    await go(street, '部门报表')
    await street.getByRole('button', { name: '批准' }).click()
    await quiet(street, 'approving a sheet')
    await street.locator('dialog').getByRole('button', { name: '批准' }).click()
    await street.locator('.sheet .chip', { hasText: '有效' }).waitFor()
    await secretary.locator('.sheet .chip', { hasText: '有效' }).waitFor()
    const [sheet] = await Promise.all([secretary.waitForEvent('download'), secretary.getByRole('button', { name: '打开此刻的表' }).click()])
    assert.match(sheet.suggestedFilename(), /^独居老人登记表 \d{4}-\d\d-\d\d\.xlsx$/)
    await secretary.getByRole('button', { name: '跟上次比有什么变化' }).click()
    await secretary.getByText('新增 0，离开 0，变动 0').waitFor()
    await quiet(secretary, 'a sheet that was taken')
  })

  for (const [page, path, rows] of [
    ['待办', 'tasks', '.tasks li[data-index]'],
    ['双向核对', 'reconcile', '.column[data-kind=listed_dark] li[data-index]'],
  ]) {
    it(`draws of a hundred thousand lines of ${path} only those in sight, down to the last`, async () => {
      const tab = await secretary.context().newPage()
      tab.setDefaultTimeout(PATIENCE)
      const due = new Date(Date.now() + 3_600_000).toISOString()
      const lines = Array.from({ length: 100_000 }, (_, at) => ({ kind: 'listed_dark', person_id: `person ${at}`, dwelling: `door ${at}`, area_code: COMMUNITY, building: String(1 + Math.floor(at / 1000)), unit: '1', room: String(at), task: 'phone', due, overdue: false }))
      await tab.route(`**/v1/sweeps/*/${path}?*`, (route) => route.fulfill({ json: { rows: /kind=(?!listed_dark)/.test(route.request().url()) ? [] : lines } }))
      await tab.goto(`${origin}/`)
      await go(tab, page)
      const drawn = tab.locator(rows)
      await drawn.first().waitFor()
      assert.ok((await drawn.count()) < 80, `${await drawn.count()} rows`)
      assert.equal(await drawn.first().getAttribute('aria-setsize'), '100000')
      await quiet(tab, `very many lines of ${path}`)
      await tab.evaluate(() => {
        const list = document.querySelector('.column[data-kind=listed_dark] ul') ?? document.scrollingElement
        list.scrollTop = list.scrollHeight
      })
      await drawn.filter({ hasText: ' 99999' }).waitFor()
      assert.ok((await drawn.count()) < 80, `${await drawn.count()} rows`)
      await tab.close()
    })
  }

  it('draws of a hundred thousand doors only those in sight, down to the last', async () => {
    // In a second tab: a code that signed in once does not do so again.
    const page = await secretary.context().newPage()
    page.setDefaultTimeout(PATIENCE)
    const rows = Array.from({ length: 100_000 }, (_, at) => ({ dwelling: `door ${at}`, area_code: COMMUNITY, building: String(1 + Math.floor(at / 1000)), unit: '1', room: String(at), reason: 'never_visited' }))
    await page.route('**/v1/sweeps/*/residual?*', (route) => {
      const wanted = new URL(route.request().url()).searchParams.get('find') ?? ''
      return route.fulfill({ json: { rows: rows.filter(({ room }) => room.includes(wanted)) } })
    })
    await page.goto(`${origin}/`)
    await go(page, '未到的户')
    await page.getByText('已列出 100000 户').waitFor()
    const drawn = () => page.locator('tbody tr[data-index]').count()
    assert.ok((await drawn()) < 60, `${await drawn()} rows`)
    assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '100001')
    await quiet(page, 'a very long list')
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
    await page.locator('tbody tr', { hasText: ' 99999' }).waitFor()
    assert.ok((await drawn()) < 60, `${await drawn()} rows`)
    await page.getByRole('searchbox').fill('77777')
    await page.locator('tbody tr', { hasText: ' 77777' }).waitFor()
    assert.equal(await drawn(), 1)
    await page.close()
  })

  it('registers whom the roster does not know, by a name asked for and recorded', async () => {
    await go(secretary, '双向核对')
    const column = secretary.locator('.column[data-kind=lit_unlisted]')
    await column.locator('.task').waitFor()
    assert.doesNotMatch(await secretary.locator('main').innerText(), /孙小雨/)
    await quiet(secretary, 'reconcile')
    await secretary.locator('.names').getByRole('button').click()
    await column.getByText('孙小雨').waitFor()
    await quiet(secretary, 'reconcile with names')
    await column.getByRole('button', { name: '登记' }).click()
    await quiet(secretary, 'registering')
    await secretary.locator('dialog').getByRole('button', { name: '登记' }).click()
    await column.locator('.task').waitFor({ state: 'detached' })
    await go(secretary, '待办')
    await secretary.locator('main h1').waitFor()
    await quiet(secretary, 'tasks')
  })

  it('takes someone seen as someone listed, takes it back, and takes it again', async () => {
    const { page } = phone
    await tab(page, '走访')
    await openDoor(page, '301')
    await page.locator('dialog').getByRole('button', { name: '有变化', exact: true }).click()
    await page.getByRole('button', { name: '登记名单上没有的人' }).click()
    await page.getByLabel('姓名').fill('周永')
    await page.getByRole('button', { name: '完成' }).click()
    await saveVisit(page)
    await sync(page)
    await go(secretary, '双向核对')
    const column = secretary.locator('.column[data-kind=lit_unlisted]')
    const link = async () => {
      await column.getByRole('button', { name: '在册的人' }).click()
      await secretary.getByRole('radio', { name: '周勇' }).check()
      await quiet(secretary, 'linking')
      await secretary.getByRole('button', { name: '是同一个人' }).click()
      await column.locator('.task').waitFor({ state: 'detached' })
    }
    await link()
    await secretary.getByRole('button', { name: '撤销' }).click()
    await column.locator('.task').waitFor()
    await link()
  })

  it('proposes whom a name typed by its sound may be, tells why, and a person decides', async () => {
    const { page } = phone
    await openDoor(page, '301')
    await page.locator('dialog').getByRole('button', { name: '有变化', exact: true }).click()
    await page.getByRole('button', { name: '登记名单上没有的人' }).click()
    await page.getByLabel('姓名').fill('王冬军')
    await page.getByLabel('出生日期').fill('1970-01-01')
    await page.getByRole('button', { name: '完成' }).click()
    await saveVisit(page)
    await sync(page)
    const column = secretary.locator('.column[data-kind=lit_unlisted]')
    const perhaps = column.getByRole('button', { name: '可能是名册上的人' })
    await perhaps.click()
    const dialog = secretary.locator('dialog')
    const name = dialog.locator('tr[data-field=name]')
    await name.getByText('王冬军').waitFor()
    await name.getByText('王东军').waitFor()
    await name.getByText('同音').waitFor()
    await dialog.locator('.places', { hasText: '101' }).waitFor()
    await quiet(secretary, 'perhaps the same')
    await secretary.keyboard.press('1')
    await column.locator('.task').waitFor({ state: 'detached' })
    await secretary.getByRole('button', { name: '撤销' }).click()
    await perhaps.click()
    await name.getByText('同音').waitFor()
    await dialog.getByRole('button', { name: '是两个人' }).click()
    await dialog.waitFor({ state: 'detached' })
    await perhaps.waitFor({ state: 'detached' })
    assert.equal(await column.locator('.task').count(), 1)
    await column.getByRole('button', { name: '登记' }).click()
    await dialog.getByRole('button', { name: '登记' }).click()
    await column.locator('.task').waitFor({ state: 'detached' })
  })

  it('shows the building door by door', async () => {
    await go(secretary, '楼栋图')
    await secretary.locator('.cell').first().waitFor()
    assert.equal(await secretary.locator('.cell').count(), 6)
    await quiet(secretary, 'building')
  })

  it('prints a slip, with which a resident reports her mother, reads what is kept and who looked, until it is revoked', async () => {
    await go(secretary, '居民')
    await secretary.getByText('没有在等的').waitFor()
    await secretary.getByRole('button', { name: '印便条' }).click()
    const dialog = secretary.locator('dialog')
    await dialog.getByRole('checkbox').first().waitFor()
    await secretary.waitForFunction(() => document.querySelector('dialog [name=all]')?.checked === true)
    await dialog.getByLabel('全选').uncheck()
    await dialog.getByLabel('1单元 101').check()
    await dialog.getByLabel('社区电话').fill('027-82812345')
    await quiet(secretary, 'choosing doors for slips')
    await dialog.getByRole('button', { name: '生成 1 张' }).click()
    const code = await dialog.locator('.code').innerText()
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/)
    await quiet(secretary, 'slips')
    await secretary.evaluate(() => (window.print = () => undefined))
    await dialog.getByRole('button', { name: '打印', exact: true }).click()
    await dialog.getByRole('button', { name: '完成' }).click()

    const { page, context } = await open(phoneOptions())
    await context.addInitScript(() => {
      Object.defineProperty(globalThis, 'speechSynthesis', { value: { spoken: [], cancel() {}, getVoices: () => [{ lang: 'zh-CN' }], speak(said) { this.spoken.push(said.text) } } })
      globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text } }
    })
    await page.goto(`${origin}/home/`)
    await page.getByLabel('请输入便条上的 12 位编号').fill('0000')
    await page.getByRole('button', { name: '进入' }).click()
    await page.getByText('还差几位').waitFor()
    await quiet(page, 'entering a code')
    await page.goto(`${origin}/home/#${code}`)
    await page.getByRole('heading', { name: '101' }).waitFor()
    assert.doesNotMatch(page.url(), new RegExp(code), 'the code leaves the address')
    await quiet(page, 'the resident’s page')
    assert.deepEqual(await tooSmall(page, 60), [])
    await page.getByRole('button', { name: '念给我听' }).click()
    assert.match(await page.evaluate(() => globalThis.speechSynthesis.spoken.join()), /报我和家人/)

    await page.getByRole('button', { name: '报我和家人' }).click()
    await page.getByText('打 027-82812345，说“我要报家里住的人”').waitFor()
    await page.getByLabel('姓名').fill('王奶奶')
    await page.getByLabel('和您的关系').selectOption('父母')
    await quiet(page, 'reporting')
    assert.deepEqual(await tooSmall(page, 60), [])
    await page.getByRole('button', { name: '报给社区' }).click()
    await page.getByText('回执号').first().waitFor()
    await quiet(page, 'received')
    await page.getByRole('button', { name: '看我的记录' }).click()
    await page.getByText('等社区核实').waitFor()
    // Who is on the roster of this door is not the slip's to show.
    assert.doesNotMatch(await page.locator('main').innerText(), /王东军|李梅/)

    const row = secretary.locator('.waiting li', { hasText: '101' })
    await row.waitFor()
    assert.doesNotMatch(await secretary.locator('main').innerText(), /王奶奶/)
    await row.getByRole('button', { name: '看内容' }).click()
    await row.getByText('王奶奶').waitFor()
    await quiet(secretary, 'said by residents')
    await row.getByRole('button', { name: '核实，登记在册' }).click()
    await secretary.getByText('没有在等的').waitFor()

    for (const language of ['العربية', 'English', '中文']) {
      await page.getByRole('button', { name: language }).click()
      await page.reload()
      await page.locator('article .state[data-state=confirmed]').waitFor()
      assert.equal(await page.evaluate(() => document.documentElement.dir), language === 'العربية' ? 'rtl' : 'ltr')
      await quiet(page, `the record, ${language}`)
      assert.deepEqual(await sideways(page), [], language)
      assert.deepEqual(await tooSmall(page, 60), [], language)
    }
    await page.getByText('保成社区 书记：核对名单').waitFor()

    await secretary.locator('tbody tr', { hasText: '101' }).getByRole('button', { name: '作废' }).click()
    await secretary.locator('dialog').getByRole('button', { name: '作废' }).click()
    await secretary.locator('tbody tr', { hasText: '101' }).getByText('已作废').waitFor()
    await page.reload()
    await page.getByRole('alert').getByText('这张便条已经作废').waitFor()
    await context.close()
  })

  it('gives a slip at the door, on the worker’s screen', async () => {
    const { page } = phone
    await tab(page, '走访')
    await openDoor(page, '301')
    await page.getByRole('button', { name: '给住户一张便条' }).click()
    await page.getByLabel('社区电话').fill('027-82812345')
    await quiet(page, 'giving a slip')
    await page.getByRole('button', { name: '生成便条' }).click()
    const code = await page.locator('.slip .code').innerText()
    await quiet(page, 'a slip on the screen')
    assert.deepEqual(await tooSmall(page, 44), [])
    await page.locator('dialog').getByRole('button', { name: '关闭' }).click()
    const resident = await open(phoneOptions())
    await resident.page.goto(`${origin}/home/#${code}`)
    await resident.page.getByRole('heading', { name: '301' }).waitFor()
    await resident.context.close()
  })

  it('sends from a locked phone what was written about someone, and the office can read it', async () => {
    const { page, context } = phone
    await context.setOffline(true)
    await openDoor(page, '301')
    await page.locator('dialog').getByRole('button', { name: '更多结果' }).click()
    await page.locator('dialog').getByRole('button', { name: '逐人登记' }).click()
    await page.getByRole('button', { name: '登记名单上没有的人' }).click()
    await page.getByLabel('姓名').fill('锁着也到')
    await page.getByRole('button', { name: '完成' }).click()
    await page.getByRole('button', { name: /^保存/ }).click()
    await page.locator('.badge', { hasText: '1' }).waitFor()
    await page.keyboard.press('Escape')
    await tab(page, '我的')
    await page.getByRole('button', { name: '现在锁上' }).click()
    await page.getByText('有 1 条记录等待发出').waitFor()
    await context.setOffline(false)
    await page.getByText('本机的记录都已发出').waitFor()
    await unlock(page)
    await go(secretary, '双向核对')
    await secretary.locator('.names').getByRole('button').click()
    const column = secretary.locator('.column[data-kind=lit_unlisted]')
    await column.getByText('锁着也到').waitFor()
    await column.getByRole('button', { name: '登记' }).click()
    await secretary.locator('dialog').getByRole('button', { name: '登记' }).click()
    await column.locator('.task').waitFor({ state: 'detached' })
    await tab(page, '走访')
  })

  it('drafts a rota, moves a shift, sees what it costs, and publishes it to the phones of the people in it', async () => {
    await go(secretary, '方案')
    await secretary.getByText('还没有发布过方案').waitFor()
    await quiet(secretary, 'plans, none')
    const rota = (people) => draftPlan(secretary, 'rota', { people, posts: 'post_id,opens,closes,shift_hours\n南门,8,20,12\n' }, { days: '3' })
    await rota('person_id,limits\n陈小燕,\n李国强,no_nights\n')
    const hers = secretary.locator('tr', { has: secretary.getByRole('rowheader', { name: '陈小燕' }) })
    await hers.locator('button').first().focus()
    await secretary.keyboard.press('Enter')
    await secretary.getByLabel('交给').selectOption('nobody')
    await secretary.getByRole('button', { name: '调整', exact: true }).click()
    await secretary.getByText('刚才的改动：多 12 小时无人').waitFor()
    await quiet(secretary, 'a draft that was changed')
    await secretary.getByRole('button', { name: '撤销上一步' }).click()
    await publishPlan(secretary)
    const { page, context } = phone
    await sync(page)
    await tab(page, '安排')
    await page.locator('.plan .line', { hasText: '南门' }).first().waitFor()
    await quiet(page, 'my plan')
    assert.deepEqual(await tooSmall(page, 44), [])
    assert.doesNotMatch(await page.locator('main').innerText(), /李国强/)
    await context.setOffline(true)
    await page.reload()
    await unlock(page)
    await tab(page, '安排')
    await page.locator('.plan .line', { hasText: '08:00–20:00' }).first().waitFor()
    await context.setOffline(false)
    // A newer one takes its place, and she is not in it.
    await secretary.getByRole('link', { name: '返回列表' }).click()
    await rota('person_id\n李国强\n')
    await publishPlan(secretary)
    await sync(page)
    await tab(page, '安排')
    await page.getByText('已被新的取代').waitFor()
    await page.getByText('现在没有给您的这类安排').waitFor()
    assert.equal(await page.locator('.plan').count(), 0)
  })

  it('sends staff where they are needed, says why someone is not sent, and what sending her elsewhere costs', async () => {
    await secretary.getByRole('link', { name: '返回列表' }).click()
    const staff = 'staff_id,x_m,y_m\n陈小燕,0,0\n李国强,1000,0\n王桂芳,,\n'
    const communities = 'community_id,x_m,y_m,need\n桃源社区,100,0,1\n兰陵社区,1200,0,1\n保成社区,5000,0,1\n'
    await draftPlan(secretary, 'deployment', { staff, communities })
    const row = (name) => secretary.getByRole('row').filter({ has: secretary.getByRole('rowheader', { name }) })
    await row('王桂芳').getByText('没有坐标').waitFor()
    await row('陈小燕').getByText('100 米').waitFor()
    await secretary.getByText('路程 300 米').waitFor()
    await row('陈小燕').getByRole('button', { name: '桃源社区' }).click()
    await secretary.getByLabel('改派').selectOption({ label: '保成社区 (缺 1 人)' })
    await secretary.getByRole('button', { name: '调整', exact: true }).click()
    await secretary.getByText('刚才的改动：多 4,900 米').waitFor()
    await quiet(secretary, 'a deployment that was changed')
    await secretary.getByRole('button', { name: '撤销上一步' }).click()
    await row('陈小燕').getByRole('button', { name: '桃源社区' }).click()
    await secretary.getByLabel('改派').selectOption({ label: '李国强' })
    await secretary.getByRole('button', { name: '调整', exact: true }).click()
    await row('陈小燕').getByText('1,200 米').waitFor()
    await publishPlan(secretary)
    const { page } = phone
    await sync(page)
    await tab(page, '安排')
    await page.locator('.plan', { hasText: '派往' }).getByText('兰陵社区').waitFor()
    assert.doesNotMatch(await page.locator('.plan').innerText(), /桃源社区/)
    await quiet(page, 'where I am sent')
    await tab(page, '走访')
    await go(secretary, '手机')
  })

  it('revokes a phone: what it still had is held until a person decides, and the phone empties itself', async () => {
    const lost = await phoneBy(await invite(secretary, '李国强'))
    await lost.context.setOffline(true)
    await openDoor(lost.page, '102')
    await lost.page.locator('dialog').getByRole('button', { name: '更多结果' }).click()
    await quiet(lost.page, 'door sheet')
    await lost.page.locator('dialog').getByRole('button', { name: '空置' }).click()
    await leaveSheet(lost.page, '101')
    await secretary.locator('tbody tr', { hasText: '李国强' }).getByRole('button', { name: '停用' }).click()
    await secretary.locator('dialog').getByRole('button', { name: '停用' }).click()
    await secretary.locator('tbody tr', { hasText: '李国强' }).getByText('已停用').waitFor()
    await lost.context.setOffline(false)
    await lost.page.getByText('本机的数据和钥匙已经清空').waitFor()
    for (const store of ['plain', 'settings', 'doors', 'outbox', 'visits', 'visitDrafts']) assert.deepEqual(await stored(lost.page, store), [], store)
    await go(secretary, '待放行')
    await secretary.locator('.held li', { hasText: '102' }).getByText('走访：空置', { exact: true }).waitFor()
    await quiet(secretary, 'quarantine')
    await secretary.getByRole('button', { name: '放行' }).click()
    await quiet(secretary, 'releasing')
    await secretary.locator('dialog').getByRole('button', { name: '放行' }).click()
    await secretary.getByText('没有待放行的记录').waitFor()
    await go(secretary, '进度')
    await residual(secretary, 2)
  })

  it('adds an ODK user, who fetches forms with what is shown once, until she is revoked', async () => {
    await go(secretary, '手机')
    await secretary.getByRole('button', { name: '添加 ODK 用户' }).click()
    await secretary.getByRole('button', { name: '生成二维码' }).click()
    await secretary.locator('dialog').getByText('请写姓名').waitFor()
    await secretary.getByLabel('走访员姓名').fill('吴玉兰')
    await quiet(secretary, 'adding an ODK user')
    await secretary.getByRole('button', { name: '生成二维码' }).click()
    await secretary.locator('dialog .link').first().waitFor()
    const [address, password] = await secretary.locator('dialog .link').allInnerTexts()
    assert.match(await secretary.locator('dialog img').getAttribute('src'), /^data:image\/svg/)
    await quiet(secretary, 'an ODK user’s code')
    const list = async (at, headers = {}) => (await fetch(`${at}/formList`, { headers: { 'X-OpenRosa-Version': '1.0', ...headers } })).status
    const signedIn = { Authorization: `Basic ${Buffer.from(`wu:${password}`).toString('base64')}` }
    assert.equal(await list(address), 200)
    assert.equal(await list(`${origin}/openrosa`, signedIn), 200)
    await secretary.getByRole('button', { name: '完成' }).click()
    const row = secretary.locator('tbody tr', { hasText: '吴玉兰' })
    await row.getByText('· ODK').waitFor()
    await row.getByRole('button', { name: '停用' }).click()
    await secretary.locator('dialog').getByText('停用这个 ODK 用户？').waitFor()
    await secretary.locator('dialog').getByRole('button', { name: '停用' }).click()
    await row.getByText('已停用').waitFor()
    assert.equal(await list(address), 403)
    await go(secretary, '进度')
  })

  it('takes two phones at one door as one door, and the later knock counts whichever arrives first', async () => {
    const second = await phoneBy(await invite(secretary, '王桂芳'))
    await go(secretary, '进度')
    await sync(phone.page)
    await phone.page.locator('.segmented button', { hasText: '全部' }).click()
    await phone.page.locator('.row', { hasText: '102' }).getByText('空置').waitFor()
    await phone.context.setOffline(true)
    await second.context.setOffline(true)
    await openDoor(phone.page, '101')
    await phone.page.locator('dialog').getByRole('button', { name: '没人应门' }).click()
    await phone.page.locator('dialog').getByRole('button', { name: '黑灯' }).click()
    await leaveSheet(phone.page)
    await openDoor(second.page, '101')
    await second.page.locator('dialog').getByRole('button', { name: '见到了，没有变化' }).click()
    await leaveSheet(second.page)
    await second.context.setOffline(false)
    await sync(second.page)
    await residual(secretary, 1)
    await phone.context.setOffline(false)
    await sync(phone.page)
    await phone.page.locator('.row', { hasText: '101' }).getByText('已访').waitFor()
    await residual(secretary, 1)
    await second.context.close()
  })

  it('loses and doubles nothing when the server is killed in the middle of a push', async () => {
    const { page, context } = phone
    await context.setOffline(true)
    for (let knock = 0; knock < 10; knock += 1) {
      await openDoor(page, '302')
      await page.locator('dialog').getByRole('button', { name: '拒绝' }).click()
      await leaveSheet(page)
    }
    const before = await facts(page)
    const pushing = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/v1/facts'))
    await context.setOffline(false)
    await pushing
    await territory.end('SIGKILL')
    await tab(page, '同步')
    await secretary.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: '名册' }).click()
    await secretary.getByRole('heading', { name: '导入名册' }).waitFor()
    await go(secretary, '未到的户')
    await secretary.getByText('连不上服务器').waitFor()
    await secretary.locator('.live[data-live=false]').waitFor()
    await territory.serve()
    assert.equal(territory.origin, origin)
    // Nobody reloads: the line comes back, and with it what the page could not load.
    await secretary.locator('.live[data-live=true]').waitFor()
    await secretary.locator('tbody tr').first().waitFor()
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
    const now = await facts(page)
    assert.equal(now.length, before.length)
    assert.deepEqual(new Set(now), new Set(['accepted']))
    await go(secretary, '手机')
    await secretary.locator('tbody tr', { hasText: '陈小燕' }).locator('.number', { hasText: String(now.length) }).waitFor()
    await go(secretary, '进度')
    await residual(secretary, 1)
  })

  it('shows doors on a short screen in the largest letters before anything is scrolled', async () => {
    const { page } = phone
    for (const locale of ['zh-CN', 'en']) {
      await page.evaluate((chosen) => {
        localStorage.setItem('wanjia.size', 'elder')
        localStorage.setItem('wanjia.locale', chosen)
      }, locale)
      await page.goto(`${origin}/phone/#/doors`)
      await page.reload()
      await unlock(page)
      await page.locator('.row').first().waitFor()
      await page.getByRole('button', { name: locale === 'en' ? /^All \d/ : /^全部 \d/ }).click()
      for (const viewport of [{ width: 360, height: 640 }, { width: 390, height: 667 }]) {
        await page.setViewportSize(viewport)
        const seen = await page.evaluate(() => {
          scrollTo(0, 0)
          const bottom = document.querySelector('.tabs').getBoundingClientRect().top
          const boxes = [...document.querySelectorAll('.row')].map((row) => row.getBoundingClientRect())
          return boxes.reduce((rows, { top, height }) => rows + Math.max(0, Math.min(1, (bottom - top) / height)), 0)
        })
        assert.ok(seen >= 1.5, `${seen} rows of ${JSON.stringify(viewport)} in ${locale}`)
        assert.deepEqual(await tooSmall(page, 60), [], locale)
      }
    }
    await page.evaluate(() => {
      localStorage.setItem('wanjia.size', 'standard')
      localStorage.setItem('wanjia.locale', 'zh-CN')
    })
    await page.setViewportSize(PHONE)
    await page.reload()
    await unlock(page)
    await page.locator('.row').first().waitFor()
  })

  it('takes back a sweep that was opened by mistake', async () => {
    await street.reload()
    await street.getByRole('button', { name: '＋ 开展新排查' }).click()
    const dialog = street.locator('dialog')
    await dialog.getByLabel('名称').fill('开错的排查')
    await dialog.getByLabel('截止时间').fill('2099-01-01T12:00')
    await dialog.getByRole('button', { name: '开展', exact: true }).click()
    await street.locator('.pick select').getByText('开错的排查').waitFor({ state: 'attached' })
    await street.getByRole('button', { name: '结束排查' }).click()
    await dialog.getByText('这次排查是开错的？').click()
    await dialog.getByRole('button', { name: '撤回这次排查' }).click()
    await dialog.getByText('请选错在哪里').waitFor()
    await dialog.getByLabel('错在哪里').selectOption('twice')
    await quiet(street, 'withdrawing')
    await dialog.getByRole('button', { name: '撤回这次排查' }).click()
    await street.getByText('“开错的排查”已撤回。').waitFor()
    await street.locator('.pick select').getByText('开错的排查').waitFor({ state: 'detached' })
  })

  it('cannot close the sweep without a signature for each dwelling left', async () => {
    await street.reload()
    await street.getByRole('button', { name: '结束排查' }).click()
    const dialog = street.locator('dialog')
    await dialog.locator('label', { hasText: '302' }).waitFor()
    const close = dialog.getByRole('button', { name: '结束排查' })
    assert.ok(await close.isDisabled())
    // What is left is said before, with where it goes; what was recorded cannot be taken back.
    assert.match(await dialog.locator('.left').textContent(), /1 户/)
    await dialog.getByText('这次排查是开错的？').click()
    await dialog.getByText('不能撤回：').waitFor()
    await quiet(street, 'closing')
    await dialog.getByRole('checkbox').check()
    await close.click()
    await street.locator('.top').getByText('已结束').waitFor()
  })

  it('draws grids, publishes them, and a phone of a grid has its buildings', async () => {
    await go(secretary, '名册')
    const doors = ['5栋', '6栋', '7栋'].flatMap((building, at) => [`${COMMUNITY},${building},1单元,101,林一${at},女`, `${COMMUNITY},${building},1单元,102,林二${at},男`])
    await secretary.setInputFiles('input[type=file]', { name: '新楼.csv', mimeType: 'text/csv', buffer: Buffer.from(`小区编码,楼栋,单元,房号,姓名,性别\n${doors.join('\n')}\n`) })
    // Buildings that nobody had before are looked up first: any of them may be a slip of the pen.
    await secretary.getByLabel('对过原件了，这些门牌没有写错').check()
    await secretary.getByRole('button', { name: '写入这份名册' }).click()
    await secretary.locator('.done').waitFor()
    await go(secretary, '方案')
    await draftPlan(secretary, 'grids', { adjacency: 'a,b\n3,5\n5,6\n6,7\n' }, { target: '6' })
    // Between the six doors of the third building and two a building beyond it one street is cut.
    await secretary.getByText('已证明最优').waitFor()
    const sixth = secretary.getByRole('button', { name: /^6 ?栋/ })
    await sixth.focus()
    await secretary.keyboard.press('Enter')
    const other = secretary.getByLabel('交给').locator('option').nth(-1)
    await secretary.getByLabel('交给').selectOption(await other.getAttribute('value'))
    await secretary.getByRole('button', { name: '调整', exact: true }).click()
    await secretary.getByText('刚才的改动：多 2 处相邻被切开').waitFor()
    await quiet(secretary, 'grids that were changed')
    await secretary.getByRole('button', { name: '撤销上一步' }).click()
    await publishPlan(secretary, { unseen: false })
    const grid = await secretary.locator('.building', { has: secretary.locator('rect') }).first().getAttribute('aria-label')
    assert.match(grid, /第 \d+ 格/)
    await go(secretary, '手机')
    const { page, context } = await phoneBy(await invite(secretary, '周网格员', '第2网格'))
    await tab(page, '安排')
    await page.locator('.plan', { hasText: '网格' }).waitFor()
    const chips = await page.locator('.plan .chips li').allInnerTexts()
    assert.ok(chips.length > 0 && chips.length < 4, chips.join())
    await quiet(page, 'my buildings')
    await context.close()
  })

  it('is the same at every size, in high contrast and in English', async () => {
    const { page } = phone
    for (const [size, target, locale, contrast] of [
      ['standard', 44, 'zh-CN', 'high'],
      ['elder', 60, 'zh-CN', 'normal'],
      ['large', 44, 'en', 'normal'],
    ]) {
      await page.evaluate(
        (kept) => {
          for (const [name, value] of Object.entries(kept)) localStorage.setItem(`wanjia.${name}`, value)
        },
        { size, locale, contrast },
      )
      await page.reload()
      await page.locator('.lock .pad').waitFor()
      await quiet(page, `locked ${size} ${locale} ${contrast}`)
      assert.deepEqual(await tooSmall(page, 60), [], `locked ${size}`)
      assert.deepEqual(await sideways(page), [], `locked ${size} ${locale}`)
      await unlock(page)
      // The router takes over the address when the page has been drawn.
      await page.locator('.tabs').waitFor()
      for (const [path, selector] of [
        ['/doors', '.row'],
        ['/plan', '.plans'],
        ['/sync', '.verdict'],
        ['/mine', '.choices'],
      ]) {
        await page.goto(`${origin}/phone/#${path}`)
        await page.locator(selector).first().waitFor()
        await quiet(page, `${path} ${size} ${locale} ${contrast}`)
        assert.deepEqual(await tooSmall(page, target), [], `${path} ${size}`)
        assert.deepEqual(await sideways(page), [], `${path} ${size} ${locale}`)
        if (locale === 'en') assert.deepEqual(await foreign(page), [], path)
      }
    }
  })

  it('can end its list with a new door at every size: nothing that stays lies over it', async () => {
    const { page } = phone
    await page.setViewportSize({ width: 360, height: 640 })
    for (const size of ['standard', 'large', 'elder']) {
      await page.evaluate((chosen) => localStorage.setItem('wanjia.size', chosen), size)
      await page.goto(`${origin}/phone/#/doors`)
      await page.reload()
      await unlock(page)
      await page.locator('.row').first().waitFor()
      await page.locator('.add .button').click()
      await page.getByRole('button', { name: 'Cancel' }).click()
    }
  })

  it('has every page of the console in reach on a phone, in both languages', async () => {
    await secretary.setViewportSize(PHONE)
    for (const language of ['zh-CN', 'en']) {
      await secretary.evaluate((chosen) => localStorage.setItem('wanjia.locale', chosen), language)
      await secretary.reload()
      const pages = secretary.locator('.side ul a')
      const menu = secretary.locator('.side .menu')
      await menu.waitFor()
      assert.equal(await pages.count(), 17)
      for (const link of await pages.all()) {
        await menu.click()
        const name = await link.innerText()
        const { x, width } = await link.boundingBox()
        assert.ok(x >= 0 && x + width <= PHONE.width, name)
        assert.deepEqual(await tooSmall(secretary, 44, true), [], `menu before ${name}`)
        await link.click()
        await secretary.locator('main h1').waitFor()
        await link.waitFor({ state: 'hidden' })
        await quiet(secretary, `${name} ${language}`)
        assert.deepEqual(await sideways(secretary), [], name)
        assert.deepEqual(await tooSmall(secretary, 44, true), [], name)
        assert.deepEqual(await crowded(secretary), [], name)
      }
      assert.match(await secretary.title(), language === 'en' ? /Wanjia/ : /万家/)
    }
  })

  it('never asked another origin for anything, nor broke a policy', () => {
    assert.deepEqual(
      opened.flatMap(({ complaints }) => complaints),
      [],
    )
  })

  it('leaves a ledger that proves itself and views that equal a rebuild', async () => {
    await browser.close()
    browser = null
    await territory.end('SIGTERM')
    await territory.wanjia('verify')
    await territory.wanjia('rebuild', '--check')
  })
})
