/**
 * What must not happen to a phone: that someone reads it, that it forgets what was typed, that it loses a record because
 * of a forgotten PIN, a killed browser, an update or an end. In Chromium, against the contract's server in memory, whose
 * levers a sound server lacks.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { chromium } from 'playwright-core'
import { choosePin, findings, launch, LAUNCH, openPage, phoneOptions, sideways, tooSmall, unlock } from './browser.mjs'
import { makeMock } from './mock/server.mjs'

const GRID = '420102005002'
const PATIENCE = 20_000

let browser
let mock
let origin
const opened = []

before(async () => {
  browser = await launch()
  mock = makeMock()
  await new Promise((resolve) => mock.server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${mock.server.address().port}`
})
afterEach(() => {
  Object.assign(mock, { away: false, clockOffset: 0, endsAt: null, update: '' })
})
after(async () => {
  await browser?.close()
  mock.server.closeAllConnections()
  mock.server.close()
})

async function phone({ clock = false, list = true, before = async () => {} } = {}) {
  const one = await openPage(browser, origin, phoneOptions())
  opened.push(one)
  one.page.setDefaultTimeout(PATIENCE)
  if (clock) await one.page.clock.install()
  await before(one.page)
  await enrol(one.page, list)
  return one
}

async function enrol(page, list = true) {
  await page.goto(`${origin}/phone/#/enrol/${mock.invite('陈小燕', GRID)}`)
  await page.getByRole('button', { name: '登记' }).click()
  await choosePin(page)
  await page.getByRole('button', { name: '开始走访' }).click()
  if (list) await page.locator('.row').first().waitFor()
}

/** Every row of every store, and every value of localStorage, as one text. */
const everything = (page) =>
  page.evaluate(async () => {
    const raw = await new Promise((resolve) => {
      const asked = indexedDB.open('wanjia')
      asked.onsuccess = () => resolve(asked.result)
    })
    const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]
    for (const name of raw.objectStoreNames) {
      const rows = await new Promise((resolve) => {
        const all = raw.transaction(name).objectStore(name).getAll()
        all.onsuccess = () => resolve(all.result)
      })
      found.push(JSON.stringify(rows, (_, value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value)))
    }
    raw.close()
    return found.join('\n')
  })

const outbox = (page) =>
  page.evaluate(async () => {
    const raw = await new Promise((resolve) => {
      const asked = indexedDB.open('wanjia')
      asked.onsuccess = () => resolve(asked.result)
    })
    const rows = await new Promise((resolve) => {
      const all = raw.transaction('outbox').objectStore('outbox').getAll()
      all.onsuccess = () => resolve(all.result)
    })
    raw.close()
    return rows.map(({ fate }) => fate)
  })

const knock = async (page) => {
  await page.locator('.dock').getByRole('button', { name: '拒绝' }).click()
  await page.getByRole('button', { name: '撤销' }).waitFor()
}

/** Homes of several people that nobody has knocked at yet. */
const households = () => mock.doors.filter(({ area_code: code, members, outcome }) => code === GRID && outcome === null && members.length > 1)

async function openDoor(page, door) {
  // The list reads which door to open as it comes.
  await page.goto(`${origin}/phone/#/sync`)
  await page.locator('.verdict').waitFor()
  await page.goto(`${origin}/phone/#/doors?open=${door.dwelling}`)
  await page.locator('dialog h2', { hasText: door.room }).waitFor()
}

async function changed(page, door) {
  await openDoor(page, door)
  await page.locator('dialog').getByRole('button', { name: '有变化', exact: true }).click()
  await page.getByRole('button', { name: '全都见到了' }).waitFor()
}

async function writeNote(page, note) {
  await page.locator('.dock .three .button').first().click()
  await page.getByLabel('备注').fill(note)
}

describe('a phone', () => {
  it('says where nothing is left to visit how many doors need a second knock, and leads there', async () => {
    const { page } = await phone({ list: false, before: async (fresh) => {
      await fresh.route('**/v1/pull*', async (route) => {
        // Whoever asks while the browser closes is answered by nobody.
        const response = await route.fetch().catch(() => null)
        if (response === null) return
        const told = await response.json()
        for (const [at, door] of told.doors.entries()) for (const round of door.sweeps) Object.assign(round, at < 7 ? { outcome: 'no_answer', at: '2020-03-01T02:00:00Z', recheck_on: '2020-03-02' } : { outcome: 'met', at: '2020-03-01T02:00:00Z', recheck_on: null })
        await route.fulfill({ response, json: told })
      })
    } })
    await page.getByText('待访的门都敲过了。').waitFor()
    await page.getByRole('button', { name: '另有 7 户要再敲一次门' }).click()
    assert.equal(await page.locator('.segmented button', { hasText: '复查' }).getAttribute('aria-pressed'), 'true')
    assert.equal(await page.locator('.row').count(), 7)
  })

  it('holds nothing to read without its PIN, and locks itself with a half-written visit inside', async () => {
    const { page, context } = await phone({ clock: true })
    const [name] = await page.locator('.row .who').first().innerText().then((text) => text.match(/[\p{Script=Han}]{2,4}/u))
    await writeNote(page, '门口有两只猫')
    await page.waitForFunction(async () => (await indexedDB.databases()).length > 0)
    await page.clock.fastForward('11:00')
    await page.locator('.lock .pad').waitFor()
    assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(name))
    const read = await everything(page)
    for (const secret of ['门口有两只猫', name, '陈小燕']) assert.ok(!read.includes(secret), secret)
    await page.keyboard.type('135790')
    await page.locator('.said', { hasText: '还可以试 9 次' }).waitFor()
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(await tooSmall(page, 60), [])
    assert.deepEqual(await sideways(page), [])
    await unlock(page)
    assert.equal(await page.getByLabel('备注').inputValue(), '门口有两只猫')
    await context.close()
  })

  it('keeps a tap in whose instant it is locked, and opens with the PIN that was changed', async () => {
    const { page, context } = await phone()
    mock.away = true
    await page.locator('.dock .button.danger').waitFor()
    await page.evaluate(() => {
      document.querySelector('.dock .button.danger').click()
      // She has not touched it for eleven minutes, says the clock, as the app goes to the background.
      const now = Date.now
      Date.now = () => now() + 11 * 60_000
      document.dispatchEvent(new Event('visibilitychange'))
      Date.now = now
    })
    await page.getByText('有 1 条记录等待发出；锁着也会发出').waitFor()
    await unlock(page)
    assert.equal((await outbox(page)).length, 1)
    await page.locator('.tabs a', { hasText: '我的' }).click()
    await page.getByRole('link', { name: '改密码' }).click()
    await page.locator('main .dots').waitFor()
    for (const pin of ['246813', '123456', '308274', '308274']) {
      await page.locator('.dots .full').first().waitFor({ state: 'detached' })
      await page.keyboard.type(pin)
    }
    await page.getByText('密码已改').waitFor()
    await page.reload()
    await page.locator('.lock .pad').waitFor()
    await page.keyboard.type('246813')
    await page.locator('.said', { hasText: '还可以试 9 次' }).waitFor()
    await unlock(page, '308274')
    mock.away = false
    await context.close()
  })

  it('sends what waits while it is locked', async () => {
    const { page, context } = await phone()
    mock.away = true
    await knock(page)
    await page.locator('.badge', { hasText: '1' }).waitFor()
    await page.locator('.tabs a', { hasText: '我的' }).click()
    await page.getByRole('button', { name: '现在锁上' }).click()
    await page.getByText('有 1 条记录等待发出；锁着也会发出').waitFor()
    mock.away = false
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.getByText('本机的记录都已发出').waitFor()
    assert.deepEqual(await outbox(page), ['accepted'])
    await context.close()
  })

  it('whose PIN is forgotten still sends what waits, is emptied, and begins anew without doubling anything', async () => {
    const { page, context } = await phone()
    mock.away = true
    await knock(page)
    await writeNote(page, '写到一半')
    await page.reload()
    await page.getByRole('button', { name: '忘记密码' }).click()
    await page.getByText('1 条等待的记录不会丢').waitFor()
    await page.getByText('1 份还没写完的走访或表格会一起删除').waitFor()
    assert.equal(await page.locator('.lock h1').innerText(), '忘记密码')
    assert.equal(await page.locator('.lock .dots, .lock .pad').count(), 0)
    assert.deepEqual([...(await findings(page)), ...(await sideways(page))], [])
    await page.getByRole('button', { name: '删除，重新开始' }).click()
    assert.equal((await outbox(page)).length, 1)
    await page.getByText('确定吗').waitFor()
    await page.getByRole('button', { name: '返回' }).click()
    await page.locator('.lock .pad').waitFor()
    await page.getByRole('button', { name: '忘记密码' }).click()
    await page.getByRole('button', { name: '删除，重新开始' }).click()
    await page.getByRole('button', { name: '确定删除' }).click()
    await page.getByText('本机还有以前的 1 条记录没有发出').waitFor()
    assert.deepEqual(await findings(page), [])
    assert.ok(await page.getByRole('button', { name: '登记' }).isDisabled())
    const before = mock.facts()
    mock.away = false
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.getByText('等待的记录都已发出').waitFor()
    assert.equal(mock.facts(), before + 1)
    assert.deepEqual(await outbox(page), [])
    await enrol(page)
    assert.equal(await page.locator('.segmented b').nth(2).innerText(), String(mock.doors.filter(({ area_code: code }) => code === GRID).length))
    assert.equal(mock.facts(), before + 1)
    await context.close()
  })

  it('comes back after its storage was wiped by enrolling anew: all doors, nothing twice', async () => {
    const { page, context } = await phone()
    await knock(page)
    await page.locator('.tabs a', { hasText: '同步' }).click()
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
    const before = mock.facts()
    const session = await context.newCDPSession(page)
    await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
    await page.goto('about:blank')
    await enrol(page)
    assert.equal(await page.locator('.segmented b').nth(2).innerText(), String(mock.doors.filter(({ area_code: code }) => code === GRID).length))
    assert.equal(mock.facts(), before)
    await context.close()
  })

  it('wipes itself when its deployment has ended, but not before everything is sent', async () => {
    mock.endsAt = new Date(Date.now() + 3_600_000).toISOString()
    const { page, context } = await phone({ clock: true })
    mock.away = true
    await knock(page)
    await page.clock.fastForward('02:00:00')
    mock.clockOffset = 2 * 3_600_000
    await page.locator('.lock .pad').waitFor()
    await page.getByText('有 1 条记录等待发出').waitFor()
    const before = mock.facts()
    mock.away = false
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.getByText('这台手机的任务期限已到').waitFor()
    assert.deepEqual(await findings(page), [])
    assert.equal(mock.facts(), before + 1)
    assert.doesNotMatch(await everything(page), /"token"|"lock"/)
    await context.close()
  })

  it('learns while it is locked that it was revoked, and wipes itself', async () => {
    const { page, context } = await phone()
    await page.locator('.tabs a', { hasText: '我的' }).click()
    await page.getByRole('button', { name: '现在锁上' }).click()
    await page.locator('.lock .pad').waitFor()
    const [series] = [...mock.devices.keys()].slice(-1)
    mock.devices.get(series).revoked_at = new Date().toISOString()
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.getByText('这台手机已被社区停用').waitFor()
    assert.doesNotMatch(await everything(page), /"token"|"lock"/)
    await context.close()
  })

  it('wipes itself at the end out of reach of any server, too', async () => {
    mock.endsAt = new Date(Date.now() + 3_600_000).toISOString()
    const { page, context } = await phone({ clock: true })
    await page.locator('.tabs a', { hasText: '同步' }).click()
    await page.locator('.verdict[data-tone=fine]').waitFor()
    mock.away = true
    await page.clock.fastForward('02:00:00')
    await page.getByText('这台手机的任务期限已到').waitFor()
    assert.doesNotMatch(await everything(page), /"token"|"lock"/)
    await context.close()
  })

  it('at the largest size leaves the search and a door of the list in sight at the top of the page', async () => {
    const { page, context } = await phone()
    await page.locator('.size').click()
    await page.locator('.size').click()
    await page.locator('.dock.small').waitFor()
    const edge = (selector, side) => page.locator(selector).first().evaluate((element, at) => element.getBoundingClientRect()[at], side)
    const dock = await edge('.dock', 'top')
    for (const selector of ['.find', '.row']) assert.ok((await edge(selector, 'bottom')) <= dock, selector)
    await context.close()
  })

  it('records one door where a finger trembles, and every door of a worker who does one a second', async () => {
    const { page, context } = await phone()
    mock.away = true
    // Taps at these milliseconds of the events' clock, each on what lies under the finger by then.
    const taps = (times, keys = false) =>
      page.evaluate(
        async ([moments, byKey]) => {
          for (const moment of moments) {
            const tap = new MouseEvent('click', { bubbles: true, detail: byKey ? 0 : 1 })
            Object.defineProperty(tap, 'timeStamp', { value: moment })
            const before = document.querySelector('.dock .upnext b').textContent
            document.querySelector('.dock .button.danger').dispatchEvent(tap)
            for (let frame = 0; frame < 30 && document.querySelector('.dock .upnext b').textContent === before; frame += 1) await new Promise(requestAnimationFrame)
          }
        },
        [times, keys],
      )
    await taps([100_000, 100_090])
    assert.equal((await outbox(page)).length, 1)
    await taps([101_000, 102_000, 103_000])
    assert.equal((await outbox(page)).length, 4)
    await taps([104_000, 104_110, 104_500], true)
    assert.equal((await outbox(page)).length, 5)
    const rests = await page.evaluate(async () => {
      const tap = new MouseEvent('click', { bubbles: true })
      Object.defineProperty(tap, 'timeStamp', { value: 200_000 })
      document.querySelector('.dock .button.danger').dispatchEvent(tap)
      await new Promise(requestAnimationFrame)
      return document.querySelector('.dock .button.danger').ariaDisabled
    })
    assert.equal(rests, 'true')
    // A key that is held down asks again by itself.
    await page.locator('.dock .button.danger:not([aria-disabled=true])').focus()
    const prevented = await page.locator('.dock .button.danger').evaluate((button) => !button.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', repeat: true, bubbles: true, cancelable: true })))
    assert.ok(prevented)
    mock.away = false
    await context.close()
  })

  it('offers a door again whose answer was taken back', async () => {
    const { page, context } = await phone()
    mock.away = true
    const number = page.locator('.dock .upnext b')
    const first = await number.innerText()
    await knock(page)
    await page.waitForFunction((before) => document.querySelector('.dock .upnext b').textContent !== before, first)
    await page.getByRole('button', { name: '撤销' }).click()
    await page.waitForFunction((before) => document.querySelector('.dock .upnext b').textContent === before, first)
    assert.deepEqual(await outbox(page), [])
    mock.away = false
    await context.close()
  })

  it('takes back what its line offers to, whatever round was tried meanwhile, and longer where the text is largest', async () => {
    const { page, context } = await phone({ clock: true })
    for (const [size, most] of [['standard', 5], ['elder', 11]]) {
      while ((await page.evaluate(() => document.documentElement.dataset.size)) !== size) await page.locator('button.size').click()
      mock.away = true
      // At the head of the list the largest text leaves only the door's number of its card.
      await page.evaluate(() => scrollTo(0, 800))
      await knock(page)
      await page.evaluate(() => dispatchEvent(new Event('online')))
      await page.locator('.offline').waitFor()
      await page.clock.fastForward(most * 1000)
      await page.getByRole('button', { name: '撤销' }).click()
      await page.getByText('已撤销').waitFor()
      assert.deepEqual(await outbox(page), [])
      mock.away = false
      await page.evaluate(() => dispatchEvent(new Event('online')))
      await page.locator('.offline').waitFor({ state: 'detached' })
    }
    await page.evaluate(() => scrollTo(0, 800))
    await knock(page)
    await page.clock.fastForward(13_000)
    await page.getByRole('button', { name: '撤销' }).waitFor({ state: 'detached' })
    await page.waitForFunction(() => document.querySelector('.badge') === null)
    assert.deepEqual(await outbox(page), ['accepted'])
    await context.close()
  })

  it('opens from a task the card of its door, and says who offered it and who has the doors', async () => {
    const named = (zh) => ({ code: 'x', zh, en: 'x' })
    const own = mock.doors.filter(({ area_code: code }) => code === GRID)
    const due = new Date(Date.now() + 3_600_000).toISOString()
    const [wang, zhao] = [
      { worker: '00000000-0000-7000-8000-0000000000b1', name: '王丽' },
      { worker: '00000000-0000-7000-8000-0000000000b2', name: '赵强' },
    ]
    const row = (door, id, more = {}) => ({
      case: `00000000-0000-7000-8000-0000000000d${id}`, task: 'leave:x', programme: 'epidemic', version: '1', pathway: named('居家观察'), state: named('观察中'), kind: 'leave', of: named('观察中'), role: 'grid_worker', climbed: false, since: due, remind_at: due, due, turn: 0,
      about: { dwelling: door.dwelling, area_code: GRID, area_name: '', building: door.building, unit: door.unit, room: door.room },
      steps: [{ deed: 'step', step: named('观察期满'), to: named('已解除'), role: 'grid_worker', signed_by: [], forms: ['returnee'], missing_forms: [], guard: { says: named('到达后已满 14 天'), holds_from: '2999-03-24' }, may_override: false }],
      ...more,
    })
    const asked = own.at(-1)
    const offer = { offered: wang.worker, offered_by: zhao.worker }
    mock.tasks = { known: '2', roles: [], colleagues: [wang], others: [zhao], rows: [row(asked, 1), row(own[0], 2, offer)] }
    mock.handOvers = [{ hand_over: '00000000-0000-7000-8000-0000000000e1', sweep: mock.sweepId, area_code: GRID, giver: zhao, taker: wang, offered_at: due, answer: 'taken', answered_at: due, doors: own.map(({ dwelling }) => dwelling) }]
    const { page, context } = await phone({ list: false })
    Object.assign(mock, { tasks: null, handOvers: null })
    await page.getByText(/^\d+ 户在王丽那里$/).waitFor()
    await page.getByRole('button', { name: '看全部' }).click()
    await page.locator('.row', { hasText: '王丽接手' }).first().waitFor()
    await page.locator('.tabs a', { hasText: '今天' }).click()
    const offered = page.locator('.task', { hasText: '赵强已提出交给王丽' })
    await offered.waitFor()
    assert.doesNotMatch(await offered.innerText(), /归您/)
    await page.locator('.task').filter({ hasNotText: '赵强' }).click()
    await page.getByText('到达后已满 14 天').waitFor()
    await page.getByText('2999-03-24 起可以做').waitFor()
    assert.ok(await page.getByRole('button', { name: '观察期满', exact: true }).isDisabled())
    assert.deepEqual(await findings(page), [])
    await page.getByRole('link', { name: '看这户' }).click()
    await page.locator('dialog h2', { hasText: asked.room }).waitFor()
    assert.deepEqual(await findings(page), [])
    await context.close()
  })

  it('says on the way to the day how much is offered, first in it, and hands a round over only when it is asked to whom', async () => {
    const { page, context } = await phone()
    const day = page.locator('.tabs a', { hasText: '今天' })
    assert.equal(await day.locator('.badge').count(), 0)
    const named = (zh) => ({ code: 'x', zh, en: 'x' })
    const wang = { worker: '00000000-0000-7000-8000-0000000000b1', name: '王丽' }
    const due = new Date(Date.now() + 3_600_000).toISOString()
    const [door] = mock.doors.filter(({ area_code: code }) => code === GRID)
    const row = (id, more = {}) => ({
      case: `00000000-0000-7000-8000-0000000000f${id}`, task: 'leave:x', programme: 'epidemic', version: '1', pathway: named('居家观察'), state: named('观察中'), kind: 'leave', of: named('观察中'), role: 'grid_worker', climbed: false, since: due, remind_at: due, due, turn: 0, steps: [],
      about: { dwelling: door.dwelling, area_code: GRID, area_name: '', building: door.building, unit: door.unit, room: door.room },
      ...more,
    })
    const offer = { offered: mock.actor, offered_by: wang.worker }
    mock.tasks = { known: '3', roles: [], colleagues: [wang], others: [], rows: [row(1), row(2, offer), row(3, offer)] }
    await page.locator('.tabs a', { hasText: '同步' }).click()
    await page.getByRole('button', { name: '立即同步' }).click()
    await day.locator('.badge', { hasText: '2' }).waitFor()
    assert.match(await day.innerText(), /2 件有人想交给您/)
    mock.tasks = null
    await day.click()
    const first = page.locator('.group').first()
    await first.getByText('有人想交给您').waitFor()
    await first.getByRole('button', { name: '接手', exact: true }).first().click()
    await day.locator('.badge', { hasText: '1' }).waitFor()

    const written = async () => (await outbox(page)).length
    const before = await written()
    await page.getByRole('button', { name: '把剩下的交给同事' }).click()
    const dialog = page.locator('dialog')
    await dialog.getByRole('button', { name: '交给 王丽' }).waitFor()
    assert.equal(await written(), before, 'nothing is handed over by asking')
    await dialog.getByRole('button', { name: '取消' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await written(), before)
    await page.getByRole('button', { name: '把剩下的交给同事' }).click()
    await dialog.getByRole('button', { name: '交给 王丽' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.ok((await written()) > before)
    await context.close()
  })

  it('says of a case what it is, whose, by when and whom to call, and opens what was said on record', async () => {
    const named = (code, zh, en = zh) => ({ code, zh, en })
    const door = mock.doors.find(({ area_code: code }) => code === GRID)
    const due = new Date(Date.now() + 3 * 3_600_000).toISOString()
    const step = { deed: 'step', step: named('brought', '已送到'), to: named('settled', '已办好'), role: 'grid_worker', signed_by: [named('community_secretary', '社区书记')], forms: [], missing_forms: [], may_override: false }
    const same = { name: '王丽', area_name: '铭新社区二网格' }
    mock.why = { evidence: [[{ form_zh: '需求', form_en: 'Need', zh: '要什么', en: 'what is needed', value_zh: '食品', value_en: 'food' }]], said: ['家里的米只够今天'], reasons: [] }
    mock.tasks = { known: '4', roles: [], office_phone: '027-82812345', others: [], colleagues: [{ worker: '00000000-0000-7000-8000-0000000000b1', ...same, phone: '01977aaa' }, { worker: '00000000-0000-7000-8000-0000000000b2', ...same, phone: '01977bbb' }], rows: [{
      case: '00000000-0000-7000-8000-0000000000f1', task: 'leave:x', programme: 'epidemic', version: '1', pathway: named('need', '居民需求', 'Need'), state: named('matched', '已派人', 'assigned'), kind: 'leave', of: named('matched', '已派人', 'assigned'), role: 'grid_worker', owner: named('grid_worker', '网格员', 'grid worker'), climbs_to: [named('community_secretary', '社区书记', 'community secretary')], climbed: false, since: due, remind_at: due, due, turn: 0,
      why: named('E-N01', '当天要解决的需求', 'a need of today'), reported_at: due, source: 'resident', asked: '00000000-0000-7000-8000-0000000000b1',
      about: { dwelling: door.dwelling, area_code: GRID, area_name: '', building: door.building, unit: door.unit, room: door.room },
      steps: [step], of_others: [{ step: named('refer', '转给街道', 'passed to the street'), by: [named('community_secretary', '社区书记', 'community secretary')], signed: false }],
    }] }
    const { page, context } = await phone()
    mock.tasks = null
    await page.locator('.tabs a', { hasText: '今天' }).click()
    await page.locator('.task', { hasText: '王丽在问：卡在哪里？' }).click()
    await page.getByText('居民自己报来：当天要解决的需求').waitFor()
    await page.getByText(/已派人：最迟 .+ 办好，由网格员负责/).waitFor()
    await page.getByText('到期没有办好，依次报给：社区书记').waitFor()
    await page.getByText('别人要做的：转给街道（社区书记）').waitFor()
    assert.equal(await page.getByRole('link', { name: '打给社区 027-82812345' }).getAttribute('href'), 'tel:027-82812345')
    const taking = page.getByRole('button', { name: '已送到', exact: true })
    const told = page.getByText('您做了以后还不算，要另一个人签字：社区书记')
    assert.ok((await told.boundingBox()).y < (await taking.boundingBox()).y, 'it is told before it is taken')
    assert.deepEqual(mock.read, [], 'nothing sealed is read unasked')
    if (process.env.WANJIA_SHOTS) await page.screenshot({ path: `${process.env.WANJIA_SHOTS}/task-zh.png`, fullPage: true })
    mock.telephones = { people: [{ person: '00000000-0000-7000-8000-0000000000c1', name: '王东军', relation: '户主', numbers: ['10013800001', '027-82810001'] }] }
    await context.setOffline(true)
    const telephone = page.getByRole('button', { name: '看电话（会记在账上，本人查得到）' })
    await telephone.click()
    await page.getByRole('alert').filter({ hasText: '现在没有网络' }).waitFor()
    await context.setOffline(false)
    await telephone.click()
    assert.equal(await page.getByRole('link', { name: '打给王东军 10013800001' }).getAttribute('href'), 'tel:10013800001')
    await page.getByRole('link', { name: '打给王东军 027-82810001' }).waitFor()
    assert.deepEqual(mock.read, [{ case: '00000000-0000-7000-8000-0000000000f1', purpose: 'service', telephones: true }])
    mock.read.length = 0
    assert.doesNotMatch(await everything(page), /10013800001/, 'it is not kept on the phone')
    assert.deepEqual(await findings(page), [])
    if (process.env.WANJIA_SHOTS) await page.screenshot({ path: `${process.env.WANJIA_SHOTS}/task-numbers-zh.png`, fullPage: true })
    await page.getByRole('button', { name: '看当时怎么说、怎么填的' }).click()
    await page.getByText('原话：家里的米只够今天').waitFor()
    await page.locator('.words', { hasText: '食品' }).waitFor()
    assert.deepEqual(mock.read, [{ case: '00000000-0000-7000-8000-0000000000f1', purpose: 'service' }])
    assert.doesNotMatch(await everything(page), /只够今天/, 'it is not kept on the phone')
    assert.deepEqual(await findings(page), [])
    await page.getByRole('button', { name: '交给同事' }).click()
    const choices = page.locator('dialog .colleague')
    assert.deepEqual(await choices.allInnerTexts().then((texts) => texts.map((text) => /01977\w+/.exec(text)?.[0])), ['01977aaa', '01977bbb'])
    if (process.env.WANJIA_SHOTS) await page.screenshot({ path: `${process.env.WANJIA_SHOTS}/colleagues-zh.png` })
    assert.deepEqual(await findings(page), [])
    await page.getByRole('button', { name: '取消' }).click()
    const before = (await outbox(page)).length
    await page.locator('.asked textarea').fill('下午送到')
    await page.locator('.asked').getByRole('button', { name: '答复' }).click()
    await page.locator('.asked').waitFor({ state: 'detached' })
    assert.equal((await outbox(page)).length, before + 1)
    assert.ok(await taking.isVisible(), 'an answer takes no step')
    await page.locator('.back').click()
    await page.locator('.tabs a', { hasText: '我的' }).click()
    await page.getByRole('radio', { name: 'English' }).click()
    await page.locator('.tabs a', { hasText: 'Today' }).click()
    await page.locator('.task').click()
    await page.getByText('reported by a resident herself: a need of today').waitFor()
    await page.getByRole('link', { name: 'Call the community 027-82812345' }).waitFor()
    assert.deepEqual(await findings(page), [])
    await page.getByRole('button', { name: 'See the telephone number' }).click()
    await page.getByRole('link', { name: 'Call 王东军 10013800001' }).waitFor()
    if (process.env.WANJIA_SHOTS) await page.screenshot({ path: `${process.env.WANJIA_SHOTS}/task-en.png`, fullPage: true })
    mock.why = null
    mock.telephones = null
    await context.close()
  })

  it('tells the server when its owner clears it, and clears it without a signal, too', async () => {
    for (const away of [false, true]) {
      const { page, context } = await phone()
      const [series] = [...mock.devices.keys()].slice(-1)
      await page.locator('.tabs a', { hasText: '我的' }).click()
      await page.getByRole('button', { name: '清空这台手机' }).click()
      mock.away = away
      await page.getByRole('button', { name: '清空', exact: true }).click()
      await page.waitForFunction(() => document.body.innerText.includes('这台手机还没有登记'))
      mock.away = false
      assert.equal(mock.devices.get(series).revoked_at === null, away)
      await context.close()
    }
  })

  it('leads from a step that was sent back to its case, names what it needs, and puts it away', async () => {
    const named = (zh) => ({ code: 'x', zh, en: 'x' })
    const door = mock.doors.find(({ area_code: code }) => code === GRID)
    const due = new Date(Date.now() + 3_600_000).toISOString()
    mock.tasks = { known: '3', roles: [], colleagues: [], rows: [{
      case: '00000000-0000-7000-8000-0000000000f1', task: 'leave:x', programme: 'epidemic', version: '1', pathway: named('居家观察'), state: named('观察中'), kind: 'leave', of: named('观察中'), role: 'grid_worker', climbed: false, since: due, remind_at: due, due, turn: 0,
      about: { dwelling: door.dwelling, area_code: GRID, area_name: '', building: door.building, unit: door.unit, room: door.room },
      steps: [{ deed: 'step', step: named('观察期满'), to: named('已解除'), role: 'grid_worker', signed_by: [], forms: [], missing_forms: [], guard: { says: named('到达后已满 14 天'), holds_from: '2000-01-01' }, may_override: false }],
    }] }
    const { page, context } = await phone()
    mock.tasks = null
    await page.locator('.tabs a', { hasText: '今天' }).click()
    await page.locator('.task').click()
    await page.getByRole('button', { name: '观察期满', exact: true }).click()
    mock.quarantineNext = { reason: 'condition_fails', message: '条件没有满足', message_en: 'the condition does not hold' }
    await page.getByRole('button', { name: '确定' }).click()
    await page.locator('.tabs a', { hasText: '同步' }).click()
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.getByText('要先满足：到达后已满 14 天').waitFor()
    assert.deepEqual(await findings(page), [])
    await page.getByRole('link', { name: '打开这个个案' }).click()
    await page.getByText('您做的一步没有生效').waitFor()
    await page.locator('.back').click()
    await page.getByRole('button', { name: '知道了' }).click()
    await page.locator('[data-fate=quarantined]').waitFor({ state: 'detached' })
    await page.locator('.verdict[data-tone=fine]').waitFor()
    await context.close()
  })

  it('at the largest size shows which door its answers are of, wherever the list stands, and none of them under the tabs', async () => {
    const { page, context } = await phone()
    await page.locator('.size').click()
    await page.locator('.size').click()
    const seen = () =>
      page.evaluate(() => {
        const within = (element, above) => {
          const { top, bottom, height } = element.getBoundingClientRect()
          return height > 0 && top >= 0 && bottom <= above + 0.5
        }
        const tabs = document.querySelector('.tabs').getBoundingClientRect().top
        const answers = [...document.querySelectorAll('.dock .actions .button')].filter((one) => one.checkVisibility())
        // On a short screen the dock waits until the head of the page is out of sight; nothing can be answered meanwhile.
        if (document.querySelector('.dock .upnext b')?.checkVisibility({ visibilityProperty: true }) !== true) return { answers: answers.length, whole: true, number: innerHeight < 700 && scrollY < 300 }
        return { answers: answers.length, whole: answers.every((one) => within(one, tabs)), number: within(document.querySelector('.dock .upnext b'), tabs) }
      })
    for (const locale of ['zh-CN', 'en']) {
      if (locale === 'en') {
        await page.evaluate(() => localStorage.setItem('wanjia.locale', 'en'))
        await page.reload()
        await unlock(page)
        await page.locator('.row').first().waitFor()
      }
      for (const [width, height] of [[390, 844], [360, 640]]) {
        await page.setViewportSize({ width, height })
        for (const step of ['outcome', 'light']) {
          for (const top of [0, 160, 420, 5_000]) {
            await page.evaluate((to) => scrollTo(0, to), top)
            await page.waitForTimeout(50)
            const { answers, whole, number } = await seen()
            assert.ok(number && whole, `${locale} ${width}x${height} ${step} at ${top}`)
            // On a small screen, and as long as the head of the page is in sight, the number opens the door's sheet instead.
            assert.equal(answers > 0, height > 700 && top > 300)
          }
          if (height > 700) await page.locator('.dock .actions .button').nth(step === 'outcome' ? -2 : -1).click()
        }
      }
      await page.locator('.dock .upnext').click()
      const dialog = page.locator('dialog')
      await dialog.evaluate((element) => element.scrollTo(0, 1_000))
      const title = await dialog.locator('h2').boundingBox()
      assert.ok(title.y >= 0, 'the sheet says whose it is, too')
      await page.keyboard.press('Escape')
    }
    await context.close()
  })

  it('in 1970 says so where days matter, and goes by the server’s time', async () => {
    const named = (zh) => ({ code: 'x', zh, en: 'x' })
    const door = mock.doors.find(({ area_code: code }) => code === GRID)
    const due = new Date(Date.now() - 3_600_000).toISOString()
    const about = { dwelling: door.dwelling, area_code: GRID, area_name: '', building: door.building, unit: door.unit, room: door.room }
    const step = { deed: 'step', step: named('送达'), to: named('观察中'), role: 'grid_worker', signed_by: [], forms: ['returnee'], missing_forms: ['returnee'], may_override: false }
    mock.tasks = { known: '1', roles: [], colleagues: [], rows: [{ case: '00000000-0000-7000-8000-0000000000c1', task: 'leave:x', programme: 'epidemic', version: '1', pathway: named('居家观察'), state: named('待告知'), kind: 'leave', of: named('待告知'), role: 'grid_worker', climbed: false, since: due, remind_at: due, due, turn: 0, about, steps: [step] }] }
    const { page, context } = await phone()
    mock.tasks = null
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
    mock.away = true
    await page.clock.install({ time: 12 * 86_400_000 })
    await page.reload()
    await unlock(page)
    for (const name of ['走访', '今天']) {
      await page.locator('.tabs a', { hasText: name }).click()
      await page.getByText('手机的日期不对').waitFor()
      await page.getByText(/本机显示 1970-01-13，按服务器应是 20\d\d-\d\d-\d\d，相差 \d+ 年/).waitFor()
      assert.deepEqual(await findings(page), [])
    }
    await page.locator('[data-group=overdue] .task', { hasText: '超时 1 小时' }).waitFor()
    // The form that its step needs is named, and the step waits for it.
    await page.locator('.task').click()
    await page.getByText('先填：returnee。').waitFor()
    assert.ok(await page.getByRole('button', { name: '送达', exact: true }).isDisabled())
    assert.deepEqual(await findings(page), [])
    await page.locator('.tabs, .back').first().click()
    mock.away = false
    await context.close()
  })

  it('refuses an identity number that nobody can have, and finds again what was half written', async () => {
    const { page, context } = await phone()
    await page.locator('.row').nth(2).click()
    await page.locator('dialog').getByRole('button', { name: '有变化', exact: true }).click()
    await page.getByRole('button', { name: '登记名单上没有的人' }).click()
    await page.getByLabel('姓名').fill('王五')
    await page.getByLabel('身份证号').fill('99000019801301100X')
    await page.locator('.form').getByRole('button', { name: '完成' }).click()
    await page.getByText('号码里的出生日期不存在').waitFor()
    await page.getByLabel('身份证号').fill('１１０１０５１９４９１２３１００２１')
    await page.getByText('有一位写错了').waitFor()
    await page.getByLabel('身份证号').fill('１１０１０５１９４９１２３１００２ｘ')
    await page.getByLabel('电话').fill('1391234567')
    await page.locator('.form').getByRole('button', { name: '完成' }).click()
    await page.getByText('手机号应是 11 位').waitFor()
    await page.getByRole('button', { name: '号码就是这样，照样记' }).click()
    await page.locator('.form').getByRole('button', { name: '完成' }).click()
    await page.getByText('王五').waitFor()
    await page.getByLabel('备注').fill('还要再来')
    await page.waitForTimeout(200)
    await page.goto(`${origin}/phone/#/sync`)
    await page.getByText('另有 1 份没写完').waitFor()
    await page.goto(`${origin}/phone/#/day`)
    await page.locator('[data-group=begun] a').click()
    await page.waitForFunction(() => document.querySelector('textarea')?.value === '还要再来')
    await page.getByRole('button', { name: '保存，去下一户' }).click()
    await page.locator('.dock').waitFor()
    // Once it is sent, nothing is "only on this phone" any more.
    await page.goto(`${origin}/phone/#/sync`)
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.getByText('全部已发出').waitFor()
    assert.equal(await page.getByText('没写完').count(), 0)
    await page.goto(`${origin}/phone/#/doors`)
    await page.locator('.segmented button').nth(2).click()
    await page.locator('.row').nth(2).click()
    await page.locator('dialog').getByText('上次：').waitFor()
    assert.equal(await page.locator('dialog').getByText('还没发出').count(), 0)
    await context.close()
  })

  it('offers what acts otherwise than what is chosen, and says of an empty knock whether a light was on', async () => {
    const { page, context } = await phone()
    mock.away = true
    const [door] = households()
    await openDoor(page, door)
    const sheet = page.locator('dialog')
    const fill = (button) => button.evaluate((element) => getComputedStyle(element).backgroundColor)
    const empty = await fill(sheet.getByRole('button', { name: '没人应门' }))
    await sheet.getByRole('button', { name: '没人应门' }).click()
    await page.waitForTimeout(700)
    await sheet.getByRole('button', { name: '留了门条' }).click()
    const chosen = await fill(sheet.locator('[aria-pressed=true]'))
    const acting = [empty, await fill(sheet.getByRole('button', { name: '亮灯' })), await fill(sheet.getByRole('button', { name: '黑灯' }))]
    assert.ok(!acting.includes(chosen), `${acting} ${chosen}`)
    assert.deepEqual([...(await findings(page)), ...(await tooSmall(page, 44)), ...(await sideways(page))], [])
    await sheet.getByRole('button', { name: '亮灯' }).click()
    await page.locator('.notice', { hasText: '没人应门，亮着灯' }).waitFor()
    await openDoor(page, door)
    await sheet.getByText('上次：没人应门，亮着灯').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.segmented button', { hasText: '全部' }).click()
    await page.locator('.row', { hasText: door.room }).getByText('无人，亮着灯').first().waitFor()
    mock.away = false
    await context.close()
  })

  it('asks whether nobody answered before it saves a meeting with nobody', async () => {
    const { page, context } = await phone()
    mock.away = true
    const [first, second, third] = households()
    const question = page.locator('.question')
    const saving = page.getByRole('button', { name: '保存，去下一户' })
    await changed(page, first)
    await saving.click()
    await question.getByText('没有点任何人。是没人应门吗？').waitFor()
    assert.deepEqual(await outbox(page), [], 'nothing is saved before it is answered')
    assert.deepEqual([...(await findings(page)), ...(await tooSmall(page, 44)), ...(await sideways(page))], [])
    const above = async () => (await question.boundingBox()).y + (await question.boundingBox()).height <= (await page.locator('footer').boundingBox()).y
    assert.ok(await above(), 'the question is not under the button')
    // Whoever presses again is asked again.
    await page.waitForTimeout(700)
    await saving.click()
    await page.waitForTimeout(100)
    assert.deepEqual(await outbox(page), [])
    await question.getByRole('button', { name: '就这样保存' }).click()
    await page.locator('.dock').waitFor()
    assert.equal((await outbox(page)).length, 1)

    await changed(page, second)
    await saving.click()
    await question.getByRole('button', { name: '改成没人应门' }).click()
    await question.waitFor({ state: 'detached' })
    assert.equal(await page.getByRole('radio', { name: '没人应门' }).getAttribute('aria-checked'), 'true')
    assert.equal((await outbox(page)).length, 1, 'the light is asked first')
    await saving.click()
    await page.locator('.dock').waitFor()
    assert.equal((await outbox(page)).length, 2)

    // Ticked after all: it is not asked.
    await changed(page, third)
    await page.waitForTimeout(700)
    await saving.click()
    await question.waitFor()
    await page.getByRole('checkbox').first().click()
    await question.waitFor({ state: 'detached' })
    await saving.click()
    await page.locator('.dock').waitFor()
    assert.equal((await outbox(page)).length, 4)
    await page.goto(`${origin}/phone/#/sync`)
    await page.locator('.group li', { hasText: '走访：没人应门' }).waitFor()
    mock.away = false
    await context.close()
  })

  it('stays at the door that was saved where none is left to go to', async () => {
    const [last, ...rest] = mock.doors.filter(({ area_code: code, outcome }) => code === GRID && outcome === null)
    rest.forEach((door) => Object.assign(door, { outcome: 'met', at: Date.now() }))
    const { page, context } = await phone()
    await openDoor(page, last)
    await page.locator('dialog').getByRole('button', { name: '更多结果' }).click()
    await page.locator('dialog').getByRole('button', { name: '电话联系上' }).click()
    await page.waitForTimeout(700)
    assert.equal(await page.getByRole('button', { name: '保存，去下一户' }).count(), 0)
    await page.getByRole('button', { name: '保存', exact: true }).click()
    await page.locator('dialog h2', { hasText: last.room }).waitFor()
    await page.locator('dialog').getByText('上次：').waitFor()
    await context.close()
    rest.forEach((door) => Object.assign(door, { outcome: null, at: null }))
  })

  it('says who was recorded as seen and is not ticked now, and takes the last record back where she says that it was wrong', async () => {
    const { page, context } = await phone()
    mock.away = true
    const [door, other] = households()
    const [gone, ...here] = door.members
    const said = page.getByText(`上次记了见到：${gone.name}。`)
    const again = page.getByRole('checkbox', { name: '上次记错了，就按这次重记' })
    const saving = page.getByRole('button', { name: '保存，去下一户' })
    const meet = async (one) => {
      await openDoor(page, one)
      await page.locator('dialog').getByRole('button', { name: '见到了，没有变化' }).click()
      await page.waitForTimeout(700)
    }
    const tick = (members) => members.reduce((before, { name }) => before.then(() => page.getByRole('checkbox', { name }).click()), Promise.resolve())
    await meet(door)
    let written = 1 + door.members.length
    assert.equal((await outbox(page)).length, written)
    await changed(page, door)
    await tick(here)
    await said.waitFor()
    assert.equal(await again.getAttribute('aria-checked'), 'false', 'nothing is taken back unasked')
    assert.deepEqual([...(await findings(page)), ...(await sideways(page))], [])
    await saving.click()
    await page.locator('.dock').waitFor()
    written += 1 + here.length
    assert.equal((await outbox(page)).length, written, 'both stand')

    await meet(other)
    written += 1 + other.members.length
    await changed(page, other)
    await page.getByText('上次记了见到：').waitFor()
    await tick(other.members)
    await again.waitFor({ state: 'detached' })
    await page.getByRole('checkbox', { name: other.members[0].name }).click()
    await again.click()
    await page.getByText('上次记的“见到了”作废').waitFor()
    assert.deepEqual(await findings(page), [])
    await page.waitForTimeout(200)
    // What she chose is kept with what she wrote.
    await page.reload()
    await unlock(page)
    await page.getByText('上次记的“见到了”作废').waitFor()
    await saving.click()
    await page.locator('.dock').waitFor()
    written += 1 + (other.members.length - 1) + 1
    assert.equal((await outbox(page)).length, written, 'one more: the last one is taken back')
    await page.goto(`${origin}/phone/#/sync`)
    const rows = page.locator('.group li', { hasText: '上次的作废' })
    await rows.first().waitFor()
    assert.equal(await rows.count(), 1)

    // From there to the sheet where a record is taken back, wherever the row is tapped.
    assert.deepEqual([...(await findings(page)), ...(await tooSmall(page, 44))], [])
    const { height } = await rows.boundingBox()
    await rows.click({ position: { x: 40, y: height - 12 } })
    await page.locator('dialog h2', { hasText: other.room }).waitFor()
    await page.getByRole('button', { name: '上次记错了，重新记' }).waitFor()
    await page.keyboard.press('Escape')

    // Also once the server has it and told of it: what was wrong is not chosen beforehand, and need not be replaced.
    mock.away = false
    await page.goto(`${origin}/phone/#/sync`)
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
    await page.evaluate(() => sessionStorage.setItem('wanjia.doors.filter', 'all'))
    await page.goto(`${origin}/phone/#/doors`)
    await openDoor(page, other)
    // With whom she did not meet, by name; the list says how many.
    const met = `见到 ${other.members.length - 1} 人，1 人没见到`
    await page.locator('dialog').getByText(`上次：${met}（${other.members[0].name}）`).waitFor()
    await page.locator('.row', { hasText: met }).waitFor()
    if (process.env.WANJIA_SHOTS) await page.screenshot({ path: `${process.env.WANJIA_SHOTS}/missed-zh.png` })
    assert.equal(await page.locator('dialog').getByText('还没发出').count(), 0)
    await page.getByRole('button', { name: '上次记错了，重新记' }).click()
    await page.getByText('上次记的“见到了”作废').waitFor()
    assert.equal(await page.locator('[role=radio][aria-checked=true]').count(), 0)
    await page.waitForTimeout(700)
    await saving.click()
    await page.getByRole('alert').getByText('请先选结果').waitFor()
    assert.deepEqual([...(await findings(page)), ...(await tooSmall(page, 44)), ...(await sideways(page))], [])
    const sent = (await outbox(page)).length
    await page.getByRole('button', { name: '没去过这户：作废，不另记' }).click()
    await page.getByText(/上次记的“见到了”已作废/).waitFor()
    assert.equal((await outbox(page)).length, sent + 1)
    await openDoor(page, other)
    await page.locator('dialog .actions').waitFor()
    assert.equal(await page.locator('dialog').getByText('上次：').count(), 0)
    assert.equal(await page.getByRole('button', { name: '上次记错了，重新记' }).count(), 0)
    await context.close()
  })

  it('asks before it updates, and an update in the middle of a visit loses nothing of it', async () => {
    const { page, context } = await phone()
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
    await page.reload()
    await unlock(page)
    await writeNote(page, '写到一半')
    mock.update = '\n// another version\n'
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update())
    await page.getByText('有新版本').waitFor()
    await page.waitForTimeout(300)
    assert.equal(await page.getByLabel('备注').inputValue(), '写到一半', 'nothing happens unasked')
    await page.getByRole('button', { name: '更新', exact: true }).click()
    await unlock(page)
    assert.equal(await page.getByLabel('备注').inputValue(), '写到一半')
    await context.close()
  })

  it('survives that its browser is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wanjia-phone-'))
    const start = () => chromium.launchPersistentContext(folder, { ...LAUNCH, ...phoneOptions({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai' }) })
    try {
      let context = await start()
      let [page] = context.pages()
      page.setDefaultTimeout(PATIENCE)
      await enrol(page)
      mock.away = true
      for (const count of ['1', '2', '3']) {
        await knock(page)
        await page.locator('.badge', { hasText: count }).waitFor()
      }
      const ended = new Promise((resolve) => context.once('close', resolve))
      process.kill(await processOf(folder), 'SIGKILL')
      await ended
      context = await start()
      page = context.pages()[0]
      page.setDefaultTimeout(PATIENCE)
      await page.goto(`${origin}/phone/`)
      await unlock(page)
      await page.locator('.badge', { hasText: '3' }).waitFor()
      mock.away = false
      await page.locator('.tabs a', { hasText: '同步' }).click()
      await page.getByRole('button', { name: '立即同步' }).click()
      await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
      assert.deepEqual(await outbox(page), ['accepted', 'accepted', 'accepted'])
      await context.close()
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('never asked another origin for anything, nor broke a policy', () => {
    assert.deepEqual(
      opened.flatMap(({ complaints }) => complaints),
      [],
    )
  })
})

/** The browser's own process: the one with this profile that is no helper of another. */
async function processOf(folder) {
  for (const id of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(`--user-data-dir=${folder}`) && !line.includes('--type=')) return Number(id)
  }
  throw new Error('the browser is not running')
}
