/**
 * At the way in of the desk, in Chromium against the real binary: a list with cells left blank below filled ones, someone met at a
 * door who is registered, doors that can be taken out and doors that cannot, and an example of a plan's lists.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DESK, findings, launch, openPage, PHONE, sideways } from './browser.mjs'
import { makeTerritory, samples } from './territory.mjs'

const COMMUNITY = '420102002003'
const PATIENCE = 20_000
const VIEWS = [
  ['zh-CN', DESK],
  ['en', PHONE],
]
/** 31 begins once, 32 has no unit. */
const ONCE = '楼栋,单元,房号,姓名,电话\n31栋,1单元,101,孙一,\n,,102,孙二,\n,,,孙三,\n32栋,,101,孙四,\n'

let territory
let browser
let folder
const cookies = {}
const complaints = []

async function ask(who, method, path, json) {
  const headers = { 'content-type': 'application/json', 'x-wanjia': 'console', cookie: cookies[who] ?? '' }
  const answer = await fetch(territory.origin + path, { method, headers, body: json && JSON.stringify(json) })
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
  return answer
}

const shot = async (page, name, [locale, { width }]) => process.env.WANJIA_SHOTS && page.screenshot({ path: join(process.env.WANJIA_SHOTS, `desk-${name}.${locale}.${width}.png`), fullPage: true })

async function open(who, path, [locale, viewport]) {
  const opened = await openPage(browser, territory.origin, { viewport, locale })
  opened.page.setDefaultTimeout(PATIENCE)
  complaints.push(opened.complaints)
  const [name, value] = cookies[who].split('=')
  await opened.context.addCookies([{ name, value, url: territory.origin }])
  await opened.page.goto(`${territory.origin}/#/${path}`)
  await opened.page.locator('main h1').waitFor()
  return opened.page
}

async function quiet(page) {
  assert.deepEqual([...(await findings(page)), ...(await sideways(page))], [])
}

describe('at the way in', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wanjia-desk-'))
    territory = await makeTerritory()
    await territory.wanjia('import', 'roster', samples('roster.csv'))
    const accounts = { secretary: await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记'), clerk: await territory.account('luo', 'clerk', COMMUNITY, '罗文员') }
    const sweep = (await territory.wanjia('sweep', 'open', '--area', '420102002', '--programme', '入冬大排查', '--deadline', new Date(Date.now() + 86_400_000).toISOString())).trim()
    const [visits, seen] = ['visits.csv', 'seen.csv'].map((name) => join(folder, name))
    const at = new Date(Date.now() - 3_600_000).toISOString()
    await writeFile(visits, `area_code,building,unit,room,at,outcome,light\n${COMMUNITY},9栋,1单元,901,${at},met,on\n`)
    await writeFile(seen, `area_code,building,unit,room,at,name,sex,birth_date,phone\n${COMMUNITY},9栋,1单元,901,${at},吴小燕,女,1991-05-06,13800004321\n`)
    await territory.wanjia('import', 'visits', '--sweep', sweep, '--persons', seen, visits)
    await writeFile(join(folder, 'bare.csv'), `小区编码,楼栋,单元,房号,姓名\n${COMMUNITY},3栋,1单元,1O1,空置\n${COMMUNITY},3栋,1单元,1O2,空置\n`)
    await territory.wanjia('import', 'roster', join(folder, 'bare.csv'))
    await territory.serve()
    for (const [who, { username, password }] of Object.entries(accounts)) {
      const signed = await ask('', 'POST', '/v1/session', { username, password, code: await territory.code(username) })
      cookies[who] = signed.headers.get('set-cookie').split(';')[0]
    }
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  it('asks what becomes of cells left blank below filled ones, and fills them only where it is said', async () => {
    const file = { name: '物业名单.csv', mimeType: 'text/csv', buffer: Buffer.from(ONCE) }
    for (const view of VIEWS) {
      const page = await open('clerk', 'roster', view)
      await page.locator('.drop input').setInputFiles(file)
      const [building, unit, room] = ['building', 'unit', 'room'].map((column) => page.locator(`fieldset:has([name=blank-${column}])`))
      const zh = view[0] === 'zh-CN'
      await building.getByText(zh ? '2 行的“楼栋”空着，上面的行有值' : /In 2 rows “Building” is blank/i).waitFor()
      await building.getByText(zh ? '第 3 行（102 孙二）：会填第 2 行的“31栋”' : 'Row 3 (102 孙二): would take “31栋” from row 2').waitFor()
      const use = page.getByRole('button', { name: zh ? '按这个读' : 'Read it like this' })
      if (zh) assert.ok(await use.isDisabled(), 'it is said first')
      await shot(page, 'blanks', view)
      await quiet(page)
      for (const [column, what] of [[building, 'fill'], [unit, 'fill'], [room, 'fill']]) await column.locator(`[value=${what}]`).check()
      await use.click()
      await page.getByText(zh ? '2 行空着的“楼栋”照上一行填了。' : /In 2 rows a blank “.*uilding” is taken from the row above/).waitFor()
      await page.getByText('31栋1单元102').or(page.getByText('31栋 1单元 102')).first().waitFor()
      await shot(page, 'filled', view)
      await quiet(page)
    }
  })

  it('asks again what is blank where another column says where a row is', async () => {
    const page = await open('secretary', 'roster', VIEWS[0])
    await page.locator('.drop input').setInputFiles({ name: '二.csv', mimeType: 'text/csv', buffer: Buffer.from(ONCE.replace('楼栋,单元', '哪一栋,单元')) })
    await page.locator('fieldset').first().waitFor()
    assert.equal(await page.locator('[name=blank-building]').count(), 0)
    await page.locator('tr', { hasText: '哪一栋' }).locator('select').selectOption('building')
    await page.locator('[name=blank-building]').first().waitFor()
  })

  it('fills in what was noted at the door of whoever is registered, and says so', async () => {
    for (const view of VIEWS) {
      const page = await open('clerk', 'reconcile?kind=lit_unlisted', view)
      const zh = view[0] === 'zh-CN'
      await page.locator('.task', { hasText: '901' }).getByRole('button', { name: zh ? '登记' : 'Register', exact: false }).first().click()
      const dialog = page.locator('dialog')
      await dialog.getByText(zh ? /已填上门时记下的（最近见到：.+）/ : /Filled in with what was noted at the door/).waitFor()
      assert.equal(await dialog.locator('[name=name]').inputValue(), '吴小燕')
      assert.equal(await dialog.locator('[type=tel]').inputValue(), '13800004321')
      assert.equal(await dialog.locator('[type=date]').inputValue(), '1991-05-06')
      assert.equal(await dialog.locator('select').inputValue(), '女')
      await shot(page, 'register', view)
      await quiet(page)
      if (zh) continue
      await dialog.getByRole('button', { name: 'Register', exact: true }).click()
      await dialog.waitFor({ state: 'detached' })
    }
  })

  it('says before which doors stay, and what to do first', async () => {
    for (const view of VIEWS) {
      const zh = view[0] === 'zh-CN'
      const page = await open('clerk', 'building?area=' + COMMUNITY + '&building=3', view)
      await page.getByRole('button', { name: zh ? '没有这一户：从册上去掉' : 'No such door: take it out' }).click()
      const dialog = page.locator('dialog')
      await dialog.locator('[type=checkbox]').first().waitFor()
      assert.equal(await dialog.locator('[type=checkbox]').count(), 2)
      await dialog.getByText(zh ? /另有 \d+ 户在册有人.*先请社区书记/ : /more doors have people .*ask the community’s secretary/).waitFor()
      await shot(page, 'remove', view)
      await quiet(page)
    }
  })

  it('offers an example of each list of a plan', async () => {
    for (const view of VIEWS) {
      const zh = view[0] === 'zh-CN'
      const page = await open('secretary', 'plans', view)
      await page.getByRole('button', { name: zh ? '制定方案' : 'Make a plan' }).first().click()
      const dialog = page.locator('dialog')
      const [saved] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: zh ? /下载示例表/ : /Download an example/ }).first().click()])
      assert.match(saved.suggestedFilename(), zh ? /^示例-.+\.xlsx$/ : /^example-.+\.xlsx$/)
      await shot(page, 'example', view)
      await quiet(page)
    }
  })

  it('left nothing on the console', () => assert.deepEqual(complaints.flat(), []))
})
