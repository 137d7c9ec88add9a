/**
 * On the telephone, in Chromium against the real binary: a call that reached nobody stands beside its line and is taken back by a
 * key, a missing number is added without opening a record, a case leads to the number, and what a resident asks for has a limit.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DESK, findings, launch, openPage, PHONE, sideways } from './browser.mjs'
import { makeTerritory, programmes, samples } from './territory.mjs'

const COMMUNITY = '420102002003'
const STREET = '420102002'
const PATIENCE = 20_000

let territory
let browser
let folder
let sweep
let doors
const cookies = {}
const complaints = []

async function ask(who, method, path, json, headers = {}) {
  const answer = await fetch(territory.origin + path, {
    method,
    headers: { 'content-type': 'application/json', 'x-wanjia': 'console', cookie: cookies[who] ?? '', ...headers },
    body: json && JSON.stringify(json),
  })
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
  return answer.status === 204 ? null : answer
}

const get = async (path) => (await ask('secretary', 'GET', path)).json()
const shot = async (page, name) => process.env.WANJIA_SHOTS && page.screenshot({ path: join(process.env.WANJIA_SHOTS, `calls-${name}.png`), fullPage: true })

async function console(path, { locale = 'zh-CN', viewport = DESK } = {}) {
  const opened = await openPage(browser, territory.origin, { viewport, locale })
  opened.page.setDefaultTimeout(PATIENCE)
  complaints.push(opened.complaints)
  const [name, value] = cookies.secretary.split('=')
  await opened.context.addCookies([{ name, value, url: territory.origin }])
  await opened.page.goto(`${territory.origin}/#/${path}`)
  await opened.page.locator('main h1').waitFor()
  return opened.page
}

async function quiet(page) {
  assert.deepEqual([...(await findings(page)), ...(await sideways(page))], [])
}

const doorAt = (room) => doors.find((door) => door.room === room).dwelling

describe('on the telephone', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wanjia-calls-'))
    territory = await makeTerritory()
    await territory.wanjia('import', 'roster', samples('roster.csv'))
    const pack = join(folder, 'epidemic')
    await cp(programmes('epidemic'), pack, { recursive: true })
    const manifest = join(pack, 'programme.toml')
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/^sunset = .*$/m, 'sunset = 2029-12-31'))
    await territory.wanjia('programme', 'publish', '--apply', pack)
    const { username, password } = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
    sweep = (await territory.wanjia('sweep', 'open', '--area', STREET, '--programme', '入冬大排查', '--deadline', new Date(Date.now() + 86_400_000).toISOString())).trim()
    const visits = join(folder, 'visits.csv')
    const at = new Date().toISOString()
    await writeFile(visits, `area_code,building,unit,room,at,outcome,light\n${['101', '102'].map((room) => `${COMMUNITY},3栋,1单元,${room},${at},no_answer,off`).join('\n')}\n`)
    await territory.wanjia('import', 'visits', '--sweep', sweep, visits)
    await territory.serve()
    const signed = await ask('', 'POST', '/v1/session', { username, password, code: await territory.code(username) })
    cookies.secretary = signed.headers.get('set-cookie').split(';')[0]
    doors = (await get(`/v1/sweeps/${sweep}/residual?area=${COMMUNITY}`)).rows
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  it('keeps a call that reached nobody beside its line, says whom to try next, and takes it back by Z', async () => {
    const page = await console('reconcile?kind=listed_dark')
    const line = page.locator('.task', { hasText: '101' })
    const ring = async (what) => {
      await line.getByRole('button', { name: '看电话' }).click()
      const dialog = page.locator('dialog')
      await dialog.getByRole('button', { name: '查看并记录' }).click()
      // The link to the telephone is followed by nobody here: only that it was is told.
      await dialog.locator('a[href^="tel:"]').first().evaluate((link) => {
        link.addEventListener('click', (event) => event.preventDefault())
        link.click()
      })
      await dialog.getByText(what, { exact: true }).click()
      return dialog
    }
    const dialog = await ring('没人接')
    await dialog.getByText('接着打 李梅 的电话。').waitFor()
    await shot(page, 'ring')
    await quiet(page)
    await dialog.getByRole('button', { name: '记下' }).click()
    await line.getByText(/打过 1 次，最近.*没人接/).waitFor()
    assert.equal((await get(`/v1/sweeps/${sweep}/coverage?area=${COMMUNITY}`)).area.persons_reached, 0, 'nobody was reached')
    await page.locator('.undo', { hasText: '没有联系到人' }).waitFor()
    await shot(page, 'tried')
    await quiet(page)
    await page.keyboard.press('z')
    await line.getByText(/打过/).waitFor({ state: 'detached' })
    // One that reached someone comes back by the same key.
    const reach = async (boxes) => {
      const dialog = await ring('打通了，在家')
      const record = dialog.getByRole('button', { name: '记下' })
      assert.ok(await record.isDisabled(), 'nobody is ticked beforehand')
      for (const box of (await dialog.locator('[name=reached]').all()).slice(0, boxes)) await box.check()
      await shot(page, `reached-${boxes}`)
      await quiet(page)
      await record.click()
    }
    const persons = async () => (await get(`/v1/sweeps/${sweep}/coverage?area=${COMMUNITY}`)).area.persons_reached
    // One of the household was reached: the line stays for the others.
    await reach(1)
    await page.locator('.undo', { hasText: '其余的人仍在这一栏' }).waitFor()
    await line.waitFor()
    assert.equal(await persons(), 1)
    await page.keyboard.press('z')
    await page.locator('.undo').waitFor({ state: 'detached' })
    await reach(9)
    await line.waitFor({ state: 'detached' })
    await page.locator('.undo', { hasText: '电话联系已记下' }).waitFor()
    await page.keyboard.press('z')
    await line.waitFor()
  })

  it('adds a number that is missing without opening the record', async () => {
    const dwelling = doorAt('102')
    const { person } = await (await ask('secretary', 'POST', '/v1/persons', { dwelling, name: '张小妹' })).json()
    const page = await console(`households/${dwelling}`)
    await page.locator('[data-part=person]').nth(1).getByRole('button', { name: /添电话/ }).waitFor()
    const { people } = await get(`/v1/households/${dwelling}`)
    const row = page.locator('[data-part=person]').nth(people.indexOf(person))
    const add = async (phone) => {
      await row.getByRole('button', { name: /添电话/ }).click()
      await page.locator('dialog [name=phone]').fill(phone)
      await page.locator('dialog').getByRole('button', { name: '保存' }).click()
    }
    await add('13800001234')
    await page.getByText(/已添上电话/).waitFor()
    // Whoever has a number is offered none.
    await row.getByRole('button', { name: /添电话/ }).waitFor({ state: 'detached' })
    await shot(page, 'add')
    await quiet(page)
    const { without_phone } = await get(`/v1/households/${dwelling}`)
    assert.ok(!without_phone.includes(person))
    await assert.rejects(ask('secretary', 'POST', '/v1/persons', { dwelling, person, phone: '13800005678', adds: true }), /409/, 'another number is not put in its place')
    assert.equal((await get(`/v1/persons/${person}?purpose=service`)).phone, '13800001234')
  })

  it('leads from a case to the number of whom it is about', async () => {
    const dwelling = doorAt('101')
    const { people } = await get(`/v1/households/${dwelling}`)
    const opened = await (await ask('secretary', 'POST', '/v1/cases', { programme: 'epidemic', pathway: 'fever', dwelling, person: people[0], source: 'worker', text: '家属来电' })).json()
    for (const [locale, button, reveal, call] of [['zh-CN', '看电话', '查看并记录', '拨打'], ['en', 'Show phone', 'Show and record', 'Call']]) {
      const page = await console(`cases/${opened.case}`, { locale })
      await page.getByRole('button', { name: button }).click()
      await page.locator('dialog').getByRole('button', { name: reveal }).click()
      await page.locator('dialog a[href^="tel:"]', { hasText: call }).first().waitFor()
      assert.equal(await page.locator('dialog fieldset').count(), 0, 'a case is no line of the reconcile')
      await shot(page, `case.${locale}`)
    }
  })

  it('counts in the menu what residents said, and says until when help is to be answered', async () => {
    const said = (page) => page.locator('#pages a[href*="/residents"] .badge', { hasText: '1' })
    const { slips } = await (await ask('secretary', 'POST', '/v1/slips', { dwellings: [doorAt('101')], office_phone: '02782812345', days: 30 })).json()
    await ask('', 'POST', '/v1/slip/requests', { what: 'help', kinds: ['medicine'], text: '降压药' }, { authorization: `Slip ${slips[0].code}` })
    for (const [viewport, name] of [[DESK, 'desk'], [PHONE, 'phone']]) {
      const page = await console('residents', { viewport })
      if (viewport === PHONE) {
        await page.locator('.menu .badge').first().waitFor()
        await page.getByRole('button', { name: /菜单/ }).click()
      }
      await said(page).waitFor()
      await page.locator('.due', { hasText: /还剩 3 小时/ }).waitFor()
      await shot(page, `said.${name}`)
      await quiet(page)
    }
    const page = await console('residents')
    await page.getByRole('button', { name: /^看/ }).first().click()
    await page.getByRole('button', { name: '接单' }).click()
    await said(page).waitFor({ state: 'detached' })
    assert.equal(await page.locator('.due').count(), 0, 'somebody sees to it')
  })

  it('went without a complaint', () => {
    assert.deepEqual(complaints.flat(), [])
  })
})
