/**
 * How the screens feel: the budgets in time, measured in Chromium on the real program, with a bare Vue list as the
 * yardstick in the same run. Prints a table and ends with 1 if a budget is missed.
 *
 *     node bench.mjs [--runs 7] [--throttle 6] [--rows 100000]
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DESK, enrol, launch, openPage, phoneOptions, PIN, signIn } from './browser.mjs'
import { makeTerritory } from './territory.mjs'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' }, throttle: { type: 'string', default: '6' }, rows: { type: 'string', default: '100000' } } })
const RUNS = Number(values.runs)
const THROTTLE = Number(values.throttle)
/** Of the longest list. */
const ROWS = Number(values.rows)
/** Five hundred doors of many houses, and a thousand dwellings of one house. */
const STREET = '420102002'
const DOORS = '420102002003'
const HOUSE = '420102002004'
/** A community with as many doors as the longest list has rows, brought in parts that fit into one request. */
const LONG = '420102002005'
const PART = 20_000
/** So many places of a long list are flicked past, so many frames at each. */
const [STOPS, FLICK] = [20, 30]
/** So many proposals are settled by keyboard alone; two hundred an hour leave 18 seconds for each. */
const SETTLED = 20

const rows = []
/** Keys that were struck so far. */
let strokes = 0
const middle = (list) => [...list].sort((left, right) => left - right)[Math.floor(list.length / 2)]
const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const keys = (value) => `${value} keys`
const frames = (value) => `${value} frames`

/** A budget holds for the middle of the runs. */
function note(what, bar, measured, yardstick = null, unit = ms) {
  rows.push({ what, bar, unit, measured: middle(measured), worst: Math.max(...measured), yardstick: yardstick === null ? null : middle(yardstick) })
}

const browser = await launch()
const territory = await makeTerritory()
try {
  const secretary = await territory.account('peng', 'community_secretary', DOORS, '彭书记')
  const other = await territory.account('dazhi', 'street', STREET, '大智街道')
  const neighbour = await territory.account('liu', 'community_secretary', HOUSE, '刘书记')
  const largest = await territory.account('zhao', 'community_secretary', LONG, '赵书记')
  await territory.serve()
  const desk = await deskOf(secretary)
  const street = await deskOf(other)
  const next = await deskOf(neighbour)
  await ask(desk, 'POST', '/v1/roster?source=doors&dry_run=false', roster(DOORS, 500, 10))
  await ask(next, 'POST', '/v1/roster?source=house&dry_run=false', roster(HOUSE, 1000, 1))
  await ask(street, 'POST', '/v1/sweeps', { area_code: STREET, programme: '入冬大排查', deadline: new Date(Date.now() + 86_400_000).toISOString() })

  const phone = await phoneOf(desk, DOORS)
  const bare = await bareList()
  await unlocking(phone)
  await firstTap(phone)
  await listOpens(phone, bare)
  await houseScrolls(await phoneOf(next, HOUSE), next)
  await lives(phone, desk)
  await listScrolls(await deskOf(largest))
  await board()
} finally {
  await browser.close()
  await territory.remove()
}
report()

async function throttle(page, rate) {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
  return session
}

async function deskOf(account, at = territory) {
  const { page } = await openPage(browser, at.origin, { viewport: DESK })
  await signIn(page, at, account)
  return page
}

function ask(page, method, path, body) {
  return page.evaluate(
    async ([how, where, text, bytes]) => {
      const answer = await fetch(where, { method: how, headers: { 'x-wanjia': 'console', 'content-type': bytes ? 'application/octet-stream' : 'application/json' }, body: text })
      if (!answer.ok) throw new Error(`${where}: ${answer.status} ${await answer.text()}`)
      return (await answer.text()) || null
    },
    [method, path, typeof body === 'string' ? body : JSON.stringify(body), typeof body === 'string'],
  )
}

function roster(area, doors, houses, from = 0) {
  const lines = ['小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系']
  const each = doors / houses
  for (let door = 0; door < doors; door += 1) {
    const at = door % each
    lines.push(`${area},${from + Math.floor(door / each) + 1},1,${Math.floor(at / 10) + 1}${String((at % 10) + 1).padStart(2, '0')},王${'春夏秋冬'[door % 4]}${'梅兰竹菊松'[door % 5]},女,1960-03-0${(door % 9) + 1},,,户主`)
  }
  return lines.join('\n')
}

async function phoneOf(desk, area) {
  const { url } = JSON.parse(await ask(desk, 'POST', '/v1/devices/invitations', { worker_name: '陈小燕', area_code: area, role: 'grid_worker' }))
  const { page } = await openPage(browser, territory.origin, phoneOptions())
  await enrol(page, url)
  await page.waitForTimeout(1000)
  return page
}

/** Milliseconds from `act` until `selector` is on the page (or its text another) and painted. */
function until(page, act, selector, from = null) {
  return page.evaluate(
    ([clicked, awaited, before]) =>
      new Promise((resolve) => {
        const began = performance.now()
        const there = () => {
          const found = document.querySelector(awaited)
          return found !== null && (before === null || found.textContent !== before)
        }
        const painted = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)))
        const watching = new MutationObserver(() => {
          if (!there()) return
          watching.disconnect()
          painted()
        })
        watching.observe(document.body, { childList: true, subtree: true, characterData: true })
        document.querySelector(clicked).click()
      }),
    [act, selector, from],
  )
}

async function reopen(page, rate) {
  const session = await throttle(page, 1)
  await page.goto(`${territory.origin}/phone/#/doors`)
  await page.reload()
  await page.waitForSelector('.lock .pad')
  await page.keyboard.type(PIN)
  await page.waitForSelector('.row')
  await page.waitForTimeout(500)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
}

async function unlocking(page) {
  const measured = []
  for (let run = 0; run < RUNS; run += 1) {
    await page.reload()
    await page.waitForSelector('.lock .pad')
    await page.waitForTimeout(300)
    const session = await throttle(page, THROTTLE)
    await page.keyboard.type(PIN.slice(0, -1))
    measured.push(await until(page, `.pad button:nth-of-type(${'123456789'.indexOf(PIN.at(-1)) + 1})`, '.doors'))
    await session.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  }
  note(`the PIN's last digit to the doors, ${THROTTLE}x`, 1000, measured)
}

/** The first tap after the app was opened, when nothing is warm. Saved is what the notice says, after the commit. */
async function firstTap(page) {
  for (const [rate, bar] of [
    [1, 100],
    [THROTTLE, null],
  ]) {
    const measured = []
    for (let run = 0; run < RUNS; run += 1) {
      await reopen(page, rate)
      measured.push(await until(page, '.dock .button.danger', '.notice'))
    }
    note(`first tap to saved${rate === 1 ? '' : `, ${rate}x`}`, bar, measured)
  }
  await throttle(page, 1)
}

async function listOpens(page, bare) {
  const measured = []
  const yardstick = []
  for (let run = 0; run < RUNS; run += 1) {
    await reopen(page, 1)
    await page.click('.segmented button >> nth=2')
    await page.click('.tabs a >> nth=-1')
    await page.waitForSelector('.mine')
    await throttle(page, THROTTLE)
    measured.push(await until(page, '.tabs a', '.doors .rows li'))
    await throttle(page, 1)
    await throttle(bare, THROTTLE)
    yardstick.push(await until(bare, '#open', '#list li'))
    await bare.click('#close')
    await throttle(bare, 1)
  }
  const drawn = await page.locator('.doors .row').count()
  note(`a list of ${drawn} doors opens, ${THROTTLE}x`, 300, measured, yardstick)
}

/** The longest frame while the whole house passes by, on the phone and at the desk. */
async function houseScrolls(page, desk) {
  await page.click('.layout')
  await page.waitForFunction(() => document.querySelectorAll('.house .cell').length === 1000)
  note(`${await page.locator('.house .cell').count()} dwellings scroll on the phone: the longest frame`, 50, await longest(page))
  await desk.goto(`${territory.origin}/#/building?area=${HOUSE}`)
  await desk.waitForSelector('.unit .cell')
  note(`${await desk.locator('.unit .cell').count()} dwellings scroll at the desk: the longest frame`, 50, await longest(desk))
}

async function longest(page) {
  const measured = []
  for (let run = 0; run < RUNS; run += 1) {
    const { frame, passed } = await page.evaluate(async () => {
      if (!PerformanceObserver.supportedEntryTypes.includes('long-animation-frame')) throw new Error('this browser reports no long frames')
      scrollTo(0, 0)
      await new Promise((resolve) => setTimeout(resolve, 300))
      const long = []
      const frames = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)))
      frames.observe({ type: 'long-animation-frame' })
      const end = document.documentElement.scrollHeight - innerHeight
      // A brisk flick: sixty pixels a frame.
      while (scrollY < end - 1) {
        scrollBy(0, 60)
        await new Promise(requestAnimationFrame)
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
      frames.disconnect()
      // The browser reports frames of 50 ms and more only: none is none of these.
      return { frame: Math.max(0, ...long), passed: end }
    })
    if (passed < 2000) throw new Error(`only ${passed} px of a house to scroll`)
    measured.push(frame)
  }
  return measured
}

/** The whole residual list, brought page by page, and a bare list of as many lines: what a brisk flick at many places of each costs. */
async function listScrolls(page) {
  for (let from = 0; from < ROWS; from += PART) {
    const doors = Math.min(PART, ROWS - from)
    await ask(page, 'POST', `/v1/roster?source=long${from}&dry_run=false`, roster(LONG, doors, doors / 1000, from / 1000))
  }
  await page.goto(`${territory.origin}/#/residual`)
  await page.locator('tbody tr').first().waitFor()
  const brought = await page.evaluate(async () => {
    const began = performance.now()
    const told = document.querySelector('[role=status].tabular')
    for (let more = document.querySelector('.more button'); more !== null; more = document.querySelector('.more button')) {
      const grown = new Promise((resolve) => {
        const watching = new MutationObserver(() => (watching.disconnect(), resolve()))
        watching.observe(told, { childList: true, characterData: true, subtree: true })
      })
      more.click()
      await grown
    }
    return performance.now() - began
  })
  note(`all pages of ${ROWS} rows are brought`, null, [brought])
  const bare = await bareList(DESK, ROWS)
  await bare.click('#open')
  await bare.locator('#list li').first().waitFor({ timeout: 120_000 })
  const [measured, yardstick] = [await flicked(page), await flicked(bare)]
  const told = await page.locator('[role=status].tabular').innerText()
  if (!told.replace(/\D/g, '').startsWith(String(ROWS))) throw new Error(`not all of it is there: ${told}`)
  note(`${ROWS} rows of the residual list scroll: the longest frame`, 50, measured.map(({ frame }) => frame), yardstick.map(({ frame }) => frame))
  note(`${ROWS} rows of the residual list scroll: frames over 50 ms`, null, measured.map(({ count }) => count), yardstick.map(({ count }) => count), frames)
  await page.evaluate(() => scrollTo(0, 0))
  await listFinds(page)
}

/** From the last key of a search to the one door of the list that it is for. */
async function listFinds(page) {
  const measured = []
  for (let run = 0; run < RUNS; run += 1) {
    const house = Math.floor((((ROWS / 1000) * run) / RUNS) + 1)
    await page.fill('.find', '')
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 2)
    const wanted = `${house}-1-${(run % 9) + 1}01`
    measured.push(
      await page.evaluate(
        (text) =>
          new Promise((resolve) => {
            const began = performance.now()
            const look = () => {
              const status = document.querySelector('[role=status].tabular')?.textContent ?? ''
              return /\d/.test(status) && Number(status.replace(/\D/g, '')) < 1000 ? resolve(performance.now() - began) : requestAnimationFrame(look)
            }
            const field = document.querySelector('.find')
            field.value = text
            field.dispatchEvent(new Event('input', { bubbles: true }))
            requestAnimationFrame(look)
          }),
        wanted,
      ),
    )
  }
  note(`a door is found among ${ROWS}, from the last key`, 1000, measured)
}

/** The longest frame, and how many there were of 50 ms and more, at places all along a long page. */
async function flicked(page) {
  const measured = []
  for (let run = 0; run < RUNS; run += 1) {
    measured.push(
      await page.evaluate(
        async ([stops, flick]) => {
          scrollTo(0, 0)
          await new Promise((resolve) => setTimeout(resolve, 300))
          const long = []
          const watching = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)))
          watching.observe({ type: 'long-animation-frame' })
          const end = document.documentElement.scrollHeight - innerHeight
          for (let stop = 0; stop < stops; stop += 1) {
            scrollTo(0, (end * stop) / stops)
            for (let frame = 0; frame < flick; frame += 1) {
              await new Promise(requestAnimationFrame)
              scrollBy(0, 60)
            }
          }
          await new Promise((resolve) => setTimeout(resolve, 100))
          watching.disconnect()
          return { frame: Math.max(0, ...long), count: long.length }
        },
        [STOPS, FLICK],
      ),
    )
  }
  return measured
}

/** From the server's answer to a push until the secretary's number has changed, without a reload. */
async function lives(page, desk) {
  await reopen(page, 1)
  await desk.goto(`${territory.origin}/#/coverage`)
  await desk.waitForSelector('.huge')
  await desk.waitForTimeout(1000)
  const measured = []
  for (let run = 0; run < RUNS; run += 1) {
    const before = await desk.locator('.huge').textContent()
    const changed = desk.evaluate(
      (text) =>
        new Promise((resolve) => {
          const watching = new MutationObserver(() => {
            if (document.querySelector('.huge')?.textContent === text) return
            watching.disconnect()
            resolve(Date.now())
          })
          watching.observe(document.body, { childList: true, subtree: true, characterData: true })
        }),
      before,
    )
    const pushed = page.waitForResponse((answer) => answer.url().endsWith('/v1/facts') && answer.request().method() === 'POST').then(() => Date.now())
    await page.locator('.dock .button.lamp.wide').click()
    measured.push(Math.max(0, (await changed) - (await pushed)))
  }
  note('the console’s number after a push', 1000, measured)
}

/** From line to line of the board by keyboard: the keys each decision takes, and how long the next line lets wait. */
async function board() {
  const own = await makeTerritory()
  try {
    const clerk = await own.account('peng', 'community_secretary', DOORS, '彭书记')
    await own.lookalikes(STREET, DOORS, SETTLED)
    await own.serve()
    const page = await deskOf(clerk, own)
    await page.goto(`${own.origin}/#/reconcile`)
    await page.waitForSelector('.perhaps')
    await page.locator('.column[data-kind=lit_unlisted] .task').first().focus()
    await throttle(page, THROTTLE)
    const [pressed, opens, waits] = [[], [], []]
    for (let line = 0; line < SETTLED; line += 1) {
      // One in five is not the same, and stays to be registered.
      const decision = line % 5 === 4 ? '2' : '1'
      const stood = await page.evaluate(() => document.activeElement.dataset.key)
      const before = strokes
      opens.push(await struck(page, 'Enter'))
      waits.push(await struck(page, decision, stood))
      pressed.push(strokes - before)
    }
    note('keys for one decision on the board', 5, pressed, null, keys)
    note(`a line of the board to its evidence, ${THROTTLE}x`, null, opens)
    note(`a decision to the next line of the board, ${THROTTLE}x`, 300, waits)
  } finally {
    await own.remove()
  }
}

/** Milliseconds from a key going down until the evidence is there, or the keyboard stands on the board away from a line. */
async function struck(page, key, left = null) {
  await page.evaluate((line) => {
    const evidence = () => document.querySelector('dialog tr[data-field=name]') !== null
    const onward = () => document.querySelector('dialog') === null && document.activeElement.closest('.column') !== null && document.activeElement.dataset.key !== line
    const there = line === null ? evidence : onward
    window.struck = new Promise((resolve) => {
      const pressed = () => {
        const began = performance.now()
        const look = () => (there() ? setTimeout(() => resolve(performance.now() - began)) : requestAnimationFrame(look))
        requestAnimationFrame(look)
      }
      addEventListener('keydown', pressed, { capture: true, once: true })
    })
  }, left)
  await page.keyboard.press(key)
  strokes += 1
  return page.evaluate(() => window.struck)
}

/** A page with Vue and nothing else: so many lines of three words. */
async function bareList(viewport = null, lines = 500) {
  const vue = await readFile(createRequire(fileURLToPath(new URL('../web/package.json', import.meta.url))).resolve('vue/dist/vue.runtime.global.prod.js'), 'utf8')
  const { page } = await openPage(browser, 'http://bare.test', viewport === null ? phoneOptions() : { viewport })
  await page.route('http://bare.test/**', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><body><button id="open">open</button><button id="close">close</button><div id="app"></div><script>${vue}</script><script>
        const { createApp, h, ref } = Vue
        const open = ref(false)
        const doors = Array.from({ length: ${lines} }, (_, at) => ({ room: String(at), name: '王' + at, state: '待访' }))
        document.querySelector('#open').onclick = () => { open.value = true }
        document.querySelector('#close').onclick = () => { open.value = false }
        createApp({ setup: () => () => open.value ? h('ul', { id: 'list' }, doors.map((door) => h('li', { key: door.room }, [h('button', [h('b', door.room), h('span', door.name), h('span', door.state)])]))) : null }).mount('#app')
      </script>`,
    }),
  )
  await page.goto('http://bare.test/')
  return page
}

function report() {
  const table = [['', 'budget', 'middle', 'worst', 'bare Vue', ''], ...rows.map(({ what, bar, unit, measured, worst, yardstick }) => [what, bar === null ? '–' : `≤ ${unit(bar)}`, unit(measured), unit(worst), yardstick === null ? '' : unit(yardstick), bar === null ? '' : measured <= bar ? 'met' : 'MISSED'])]
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)))
  for (const line of table) console.log(line.map((text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]))).join('  '))
  console.log(`${RUNS} runs each; a budget holds for the middle one`)
  process.exitCode = rows.some(({ bar, measured }) => bar !== null && measured > bar) ? 1 : 0
}
