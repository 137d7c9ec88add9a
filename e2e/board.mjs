/**
 * The board of the reconcile by keyboard alone, in Chromium against the real binary: from line to line, the evidence, the
 * decision, the next line. Each step stands on the one before.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DESK, findings, launch, openPage, sideways } from './browser.mjs'
import { makeTerritory } from './territory.mjs'

const STREET = '420102002'
const COMMUNITY = '420102002003'
const PATIENCE = 60_000

let territory
let browser
let page
/** The rooms of the column in its order. */
let rooms

const column = () => page.locator('.column[data-kind=lit_unlisted]')
const press = (key) => page.keyboard.press(key)
/** The keyboard is on the line of this room, and on nothing within it. */
const stands = (at) => page.locator('.task:focus', { hasText: rooms[at] }).waitFor()
const lines = (count) => page.waitForFunction((wanted) => document.querySelectorAll('.column[data-kind=lit_unlisted] .task').length === wanted, count)
const evidence = (at) => page.locator('dialog .places', { hasText: rooms[at] }).waitFor()
const said = (at, what) => page.locator('[role=status]', { hasText: `${rooms[at]}：${what}` }).waitFor()

describe('the board by keyboard', () => {
  before(async () => {
    browser = await launch()
    territory = await makeTerritory()
    const account = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
    await territory.lookalikes(STREET, COMMUNITY, 5)
    await territory.serve()
    ;({ page } = await openPage(browser, territory.origin, { viewport: DESK }))
    page.setDefaultTimeout(PATIENCE)
    await page.goto(`${territory.origin}/`)
    await page.fill('[name=username]', account.username)
    await page.fill('[name=password]', account.password)
    await page.fill('[name=code]', await territory.code(account.username))
    await press('Enter')
    await page.locator('.side').waitFor()
    await page.goto(`${territory.origin}/#/reconcile`)
    await column().locator('.perhaps').first().waitFor()
    rooms = await column().locator('.who a').evaluateAll((doors) => doors.map((door) => door.textContent.split(' ').at(-1)))
    assert.equal(rooms.length, 5)
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
  })

  it('is begun by an arrow where the keyboard is on nothing', async () => {
    await page.evaluate(() => document.activeElement?.blur())
    await press('ArrowDown')
    await page.waitForFunction(() => document.activeElement?.matches('.column .task[data-index="0"]'))
  })

  it('shows its keys, and is walked by arrows', async () => {
    await page.locator('.keys', { hasText: '是同一个人' }).waitFor()
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(await sideways(page), [])
    await column().locator('.task').first().focus()
    await press('ArrowDown')
    await stands(1)
    await press('ArrowUp')
    await stands(0)
  })

  it('gives the keyboard back to the line that was only looked at', async () => {
    await press('Enter')
    await evidence(0)
    await press('Escape')
    await stands(0)
  })

  it('stands on the next line once two are one, and says who was settled', async () => {
    await press('Enter')
    await evidence(0)
    await press('1')
    await stands(1)
    await said(0, '已认作同一个人')
    await lines(4)
    await stands(1)
  })

  it('stands on the next line once they are two, who stays to be registered', async () => {
    await press('Enter')
    await evidence(1)
    await press('2')
    await stands(2)
    await said(1, '已记下，不是同一个人')
    await column().locator('.task', { hasText: rooms[1] }).locator('.perhaps').waitFor({ state: 'detached' })
    await stands(2)
  })

  it('takes the last joining back by one key, and stands on the line that came back', async () => {
    await press('z')
    await stands(0)
    await said(0, '已撤销')
    await lines(5)
    await press('Enter')
    await evidence(0)
    await press('1')
    await stands(1)
    await lines(4)
  })

  it('keeps its place when someone else settles the line under it, also behind its own evidence', async () => {
    await press('ArrowDown')
    await stands(2)
    await settledElsewhere(2)
    await stands(3)
    await press('Enter')
    await evidence(3)
    await settledElsewhere(3)
    await press('Escape')
    await stands(4)
  })

  it('stays on the board when its column is empty', async () => {
    await press('Enter')
    await evidence(4)
    await press('1')
    await stands(1)
    await press('Enter')
    await page.locator('dialog').waitFor()
    await press('Escape')
    await settledElsewhere(1)
    await page.locator('.column[data-kind=lit_unlisted]:focus').waitFor()
  })

  /** Another browser says that the person seen at a door is the one listed in the first building with the same number. */
  async function settledElsewhere(at) {
    const before = await column().locator('.task').count()
    await page.evaluate(async (number) => {
      const get = async (path) => (await fetch(path, { headers: { 'x-wanjia': 'console' } })).json()
      const { sweeps } = await get('/v1/sweeps')
      const rows = async (kind) => (await get(`/v1/sweeps/${sweeps[0].id}/reconcile?kind=${kind}`)).rows
      const from = (await rows('lit_unlisted')).find((row) => row.room === number)
      const to = (await rows('unresolved')).find((row) => row.room === number)
      const answer = await fetch('/v1/links', { method: 'POST', headers: { 'x-wanjia': 'console', 'content-type': 'application/json' }, body: JSON.stringify({ from: from.person_id, to: to.person_id }) })
      if (!answer.ok) throw new Error(await answer.text())
    }, rooms[at])
    await lines(before - 1)
  }
})
