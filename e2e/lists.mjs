/**
 * A list longer than its pages, in Chromium against the real binary: it is brought as it is scrolled, looked through by the
 * server, and when figures change only what is in sight is asked for again, and stays where it is.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DESK, launch, openPage, signIn } from './browser.mjs'
import { makeTerritory, samples } from './territory.mjs'

const STREET = '420102002'
const COMMUNITY = '420102002005'
/** Whose doors can be signed for one by one. */
const SMALL = '420102002003'
const DOORS = 2600
const PATIENCE = 20_000

let territory
let browser
let page
let opened
/** What was asked for of the list. */
const asked = []
/** Who has not signed in yet: a code of the moment opens once. */
let spare
/** Of those above, who close the sweep. */
let street

async function deskOf(account) {
  const fresh = await openPage(browser, territory.origin, { viewport: DESK })
  fresh.page.setDefaultTimeout(PATIENCE)
  await signIn(fresh.page, territory, account)
  return fresh
}

function send(desk, path, body) {
  return desk.evaluate(
    async ([where, text, rows]) => {
      const headers = { 'x-wanjia': 'console', 'content-type': rows ? 'application/octet-stream' : 'application/json' }
      const answer = await fetch(where, { method: 'POST', headers, body: text })
      if (!answer.ok) throw new Error(`${where}: ${answer.status} ${await answer.text()}`)
    },
    [path, typeof body === 'string' ? body : JSON.stringify(body), typeof body === 'string'],
  )
}

/** One house of a hundred doors after the other. */
function bring(doors) {
  const lines = doors.map(([house, room]) => `${COMMUNITY},${house},1,${room},王春梅,女,1960-03-01,,,户主`)
  return send(page, `/v1/roster?source=${doors[0].join('-')}&dry_run=false`, ['小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系', ...lines].join('\n'))
}

const told = (text) => page.locator('[role=status]', { hasText: text }).waitFor()

/** The first row in sight: its door, how far down it is, and its place in the list. */
const inSight = () =>
  page.evaluate(() => {
    const row = [...document.querySelectorAll('tbody tr[data-index]')].find((one) => one.getBoundingClientRect().top >= 0)
    return { door: row.querySelector('th').innerText, top: Math.round(row.getBoundingClientRect().top), at: Number(row.dataset.index) }
  })

describe('a list longer than its pages', () => {
  before(async () => {
    browser = await launch()
    territory = await makeTerritory()
    const account = await territory.account('zhao', 'community_secretary', COMMUNITY, '赵书记')
    spare = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
    const above = await territory.account('dazhi', 'street', STREET, '大智街道')
    await territory.wanjia('import', 'roster', samples('roster.csv'))
    await territory.serve()
    street = await deskOf(above)
    opened = await deskOf(account)
    page = opened.page
    await bring(Array.from({ length: DOORS }, (_, door) => [Math.floor(door / 100) + 1, `${Math.floor((door % 100) / 10) + 1}${String((door % 10) + 1).padStart(2, '0')}`]))
    await send(street.page, '/v1/sweeps', { area_code: STREET, programme: '入冬大排查', deadline: new Date(Date.now() + 86_400_000).toISOString() })
    page.on('request', (request) => request.url().includes('/residual') && asked.push(new URL(request.url()).searchParams))
    await page.goto(`${territory.origin}/#/residual`)
    await page.locator('tbody tr').first().waitFor()
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
  })

  it('finds a door that is not here yet', async () => {
    await told('200+')
    await page.fill('.find', '25-1-802')
    await told(/(^|\D)1(\D|$)/)
    assert.equal(await page.locator('tbody tr').count(), 1)
    await page.fill('.find', '没有这个门')
    await page.locator('.empty').waitFor()
    await page.fill('.find', '')
    await told('200+')
  })

  it('is brought whole as it is scrolled, and draws what is in sight', async () => {
    await page.evaluate(async () => {
      while (document.querySelector('.more') !== null) {
        scrollTo(0, document.documentElement.scrollHeight)
        await new Promise(requestAnimationFrame)
      }
    })
    await told(String(DOORS))
    const cursors = asked.filter((query) => query.get('cursor')).length
    assert.equal(cursors, 3, 'three pages after the first')
    assert.ok((await page.locator('tbody tr').count()) < 100)
  })

  it('is jumped through with the elements that are there, and takes the keyboard to no other row', async () => {
    const jumped = await page.evaluate(async () => {
      const rows = () => [...document.querySelectorAll('tbody tr[data-index]')]
      const far = async (part, index) => {
        scrollTo(0, document.documentElement.scrollHeight * part)
        while (Math.abs(Number(rows()[0].dataset.index) - index) > 200) await new Promise(requestAnimationFrame)
      }
      await far(0, 0)
      const [held, ...others] = rows()
      held.querySelector('a').focus()
      await far(0.5, 1300)
      const again = rows()
      const free = { reused: others.filter((row) => again.includes(row)).length, held: held.isConnected, names: again.every((row) => row.querySelector('th').innerText.startsWith(String(Math.floor(Number(row.dataset.index) / 100) + 1))) }
      await far(0, 0)
      return free
    })
    assert.ok(jumped.reused > 5, JSON.stringify(jumped))
    assert.deepEqual([jumped.held, jumped.names], [false, true])
  })

  it('asks again for what is in sight alone when figures change, and leaves it where it is', async () => {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight * 0.6))
    await page.waitForFunction(() => Number(document.querySelector('tbody tr[data-index]').dataset.index) > 1000)
    const before = await inSight()
    asked.length = 0
    // One far above, and three in the house before the one in sight.
    const house = Number.parseInt(before.door, 10) - 1
    await bring([[1, '1011'], [house, '1011'], [house, '1012'], [house, '1013']])
    await page.waitForFunction(({ door, at }) => [...document.querySelectorAll('tbody tr[data-index]')].some((row) => row.querySelector('th').innerText === door && Number(row.dataset.index) === at + 3), before)
    const { top, ...now } = await inSight()
    assert.deepEqual(now, { door: before.door, at: before.at + 3 })
    // Lines are not of whole pixels.
    assert.ok(Math.abs(top - before.top) <= 1, `${top} and not ${before.top}`)
    assert.ok(asked.length > 0 && asked.every((query) => query.get('cursor') && query.get('until')), asked.join(' '))
    await page.evaluate(() => scrollTo(0, 0))
    await told(String(DOORS + 4))
    assert.deepEqual(opened.complaints, [])
  })

  it('leads from a door to that door in its building, by key, and leaves it where it is when figures change', async () => {
    await page.fill('.find', '25-1-802')
    await told(/(^|\D)1(\D|$)/)
    await page.locator('tbody tr a').first().focus()
    await page.keyboard.press('Enter')
    await page.locator('[aria-current="location"]:focus').waitFor()
    const marked = await page.evaluate(() => {
      const cells = [...document.querySelectorAll('.units .cell[aria-current]')]
      const { top, bottom } = cells[0].getBoundingClientRect()
      return { cells: cells.length, room: cells[0].querySelector('.room').textContent, seen: top >= 0 && bottom <= innerHeight, pressed: document.querySelector('.picker .pick[aria-pressed=true]').textContent, said: document.querySelector('.sought').textContent }
    })
    assert.deepEqual([marked.cells, marked.room, marked.seen], [1, '802', true])
    assert.match(marked.pressed, /^25/)
    assert.match(marked.said, /25.*802/)
    await page.evaluate(() => document.querySelector('.picker .pick').focus())
    await bring([[25, '1013']])
    await page.locator('.units .room', { hasText: '1013' }).waitFor()
    assert.ok(await page.evaluate(() => document.activeElement === document.querySelector('.picker .pick')), 'she is not taken back to it')
    await page.locator('.picker .pick').first().click()
    await page.locator('.units .cell[aria-current]').waitFor({ state: 'detached' })
    assert.equal(new URL(page.url().replace('/#', '')).searchParams.get('door'), null)
  })

  it('says before all else that too many doors are left for the sweep to be closed', async () => {
    await street.page.goto(`${territory.origin}/#/coverage`)
    await street.page.reload()
    await street.page.getByRole('button', { name: '结束排查' }).click()
    const down = async (part) => (await street.page.locator(part).boundingBox()).y
    await street.page.locator('dialog [data-part=too-many]').waitFor()
    assert.match(await street.page.locator('dialog [data-part=too-many]').innerText(), /超过 300 户/)
    assert.ok((await down('dialog [data-part=too-many]')) < (await down('dialog .left')))
    assert.equal(await street.page.locator('dialog').getByText('超过 300 户').count(), 2, 'on top, and where the boxes would be')
    await street.page.keyboard.press('Escape')
  })

  it('says of each box that is signed which door it is for, why it is left, and how many are listed there', async () => {
    await send(street.page, '/v1/sweeps', { area_code: SMALL, programme: '小排查', deadline: new Date(Date.now() + 86_400_000).toISOString() })
    const option = street.page.locator('.top option', { hasText: '小排查' })
    await option.waitFor({ state: 'attached' })
    await street.page.locator('.top select').selectOption(await option.getAttribute('value'))
    await street.page.getByRole('button', { name: '结束排查' }).click()
    const boxes = street.page.locator('dialog').getByRole('checkbox')
    await boxes.first().waitFor()
    const named = await street.page.locator('dialog').getByRole('checkbox', { name: /^签字：.+（.+在册 \d+ 人）$/ }).count()
    assert.equal(named, await boxes.count())
    assert.ok(named > 3)
    if (process.env.WANJIA_SHOTS) await street.page.screenshot({ path: `${process.env.WANJIA_SHOTS}/closing-boxes.png` })
    await street.page.keyboard.press('Escape')
  })

  it('says that the pages were updated where a part of them can no longer be fetched', async () => {
    const stale = await deskOf(spare)
    await stale.page.route('**/assets/en-*.js', (route) => route.fulfill({ status: 404 }))
    await stale.page.getByRole('button', { name: 'English' }).click()
    const told = stale.page.locator('[role=alert]', { hasText: '页面已更新' })
    await told.waitFor()
    await stale.page.unroute('**/assets/en-*.js')
    await told.getByRole('button', { name: '重新打开' }).click()
    await stale.page.getByRole('link', { name: 'Coverage' }).first().waitFor()
  })
})
