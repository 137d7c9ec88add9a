/**
 * A case of someone who moves, in Chromium against the demonstration: sent by her secretary, seen and received by the one where she
 * goes, and what each of them sees then.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DESK, PHONE, findings, launch, openPage, sideways, signIn } from './browser.mjs'
import { makeDemonstration } from './territory.mjs'

const shots = process.env.SHOTS

let territory
let browser
let there
let thereName
let caseId
const pages = {}

async function quiet(page, where) {
  assert.deepEqual(await findings(page), [], where)
  assert.deepEqual(await sideways(page), [], where)
  if (!shots) return
  for (const [size, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    await page.setViewportSize(viewport)
    await page.screenshot({ path: `${shots}/${where.replaceAll(' ', '-')}-${size}.png`, fullPage: true })
  }
  await page.setViewportSize(DESK)
}

const ask = (page, path, more = {}) =>
  page.evaluate(async ([uri, options]) => {
    const answer = await fetch(uri, { headers: { 'x-wanjia': 'console', 'content-type': 'application/json' }, ...options })
    return { status: answer.status, body: answer.status === 204 ? null : await answer.json() }
  }, [path, more])

async function deskOf(username, password, more = {}) {
  const { page } = await openPage(browser, territory.origin, { viewport: DESK, ...more })
  page.setDefaultTimeout(25_000)
  await signIn(page, territory, { username, password })
  pages[username] = page
  return page
}

describe('a case of someone who moves', () => {
  before(async () => {
    browser = await launch()
    territory = await makeDemonstration(5_000)
    // The next community of the street; who receives there works in an account of hers.
    const street = await deskOf('street', territory.accounts.street)
    const communities = (await ask(street, `/v1/communities?area=${territory.street}`)).body.rows
    const other = communities.find(({ code }) => code !== territory.community)
    there = other.code
    thereName = other.name
    pages.password = await territory.account('receives', 'community_secretary', there, '赵书记')
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
  })

  it('is sent by the secretary of the community that she leaves', async () => {
    const page = await deskOf('secretary', territory.accounts.secretary)
    const post = (path, json) => ask(page, path, { method: 'POST', body: JSON.stringify(json) })
    const door = (await post('/v1/lines', { text: '1栋' })).body.doors.find(({ people }) => people.length > 0)
    const her = { programme: 'epidemic', person: door.people[0], dwelling: door.dwelling }
    const arrived = new Date(Date.now() + 8 * 3_600_000 - 2 * 86_400_000).toISOString().slice(0, 10)
    const answers = { from_area: '武汉', arrived_on: arrived, transport: 'train', listed_area_14d: 'yes', near_case_14d: 'no', temp_c: 36.5, symptom: ['none'], dwelling_suitable: 'yes', notice_given_on: arrived }
    assert.equal((await post('/v1/answers', { ...her, form: 'returnee', on: arrived, answers })).status, 204)
    caseId = (await post('/v1/cases', { ...her, pathway: 'observe_home', source: 'worker' })).body.case
    assert.equal((await post(`/v1/cases/${caseId}/deeds`, { deed: 'step', step: 'told', role: 'community_secretary', turn: 0 })).status, 204)
    await page.goto(`${territory.origin}/#/cases/${caseId}`)
    await page.getByRole('button', { name: '搬走：交接给别处' }).click()
    const dialog = page.locator('dialog')
    await dialog.getByLabel('新住地的社区或村').fill(thereName.slice(0, 2))
    await dialog.getByLabel('选一个').selectOption(there)
    await dialog.getByLabel('给对方的话').fill('周三搬去女儿家')
    await quiet(page, 'send')
    await dialog.getByRole('button', { name: '搬走：交接给别处' }).click()
    await page.getByText('等对方接收').waitFor()
    await quiet(page, 'sent by the old')
  })

  it('is offered to the secretary where she goes, who sees what she needs', async () => {
    const page = await deskOf('receives', pages.password)
    await page.goto(`${territory.origin}/#/cases`)
    await page.getByRole('link', { name: '看一看再答复' }).waitFor()
    await quiet(page, 'offered to the new')
    await page.getByRole('link', { name: '看一看再答复' }).click()
    await page.getByText('另一个社区请您接收').waitFor()
    assert.equal(await page.getByRole('button', { name: '填表' }).count(), 0)
    await quiet(page, 'case at the new')
    await page.getByRole('button', { name: '接收', exact: true }).click()
    await page.locator('dialog').getByRole('button', { name: '接收', exact: true }).click()
    await page.getByRole('button', { name: '登记住处' }).waitFor()
    await quiet(page, 'received')
    await page.getByRole('button', { name: '登记住处' }).click()
    await page.locator('dialog [name=dwelling]').selectOption({ index: 1 })
    await quiet(page, 'register')
    await page.locator('dialog').getByRole('button', { name: '登记住处' }).click()
    await page.getByRole('button', { name: '填表' }).first().waitFor()
    await quiet(page, 'registered')
  })

  it('leaves a receipt with the old secretary, and nothing since', async () => {
    const page = pages.secretary
    await page.goto(`${territory.origin}/#/cases`)
    await page.locator('[data-part=receipts] a').click()
    await page.getByText('之后的事由对方负责').waitFor()
    assert.equal(await page.getByRole('button', { name: '签字' }).count(), 0)
    await quiet(page, 'receipt of the old')
  })

  it('says the same in English', async () => {
    for (const [username, says, where] of [['secretary', 'was received elsewhere', 'receipt in English'], ['receives', 'received by', 'received in English']]) {
      const page = pages[username]
      await page.evaluate(() => localStorage.setItem('wanjia.locale', 'en'))
      await page.goto(`${territory.origin}/#/cases/${caseId}`)
      await page.reload()
      await page.getByText(says).first().waitFor()
      await quiet(page, where)
    }
  })
})
