/**
 * The pictures of docs/guide, from the demonstration on the real program, in Chinese and English: make guide.
 *
 *     node guide.mjs
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { choosePin, DESK, launch, openPage, PHONE } from './browser.mjs'
import { Looking } from './look.mjs'
import { makeDemonstration, samples } from './territory.mjs'

const LARGEST = 70_000
const out = fileURLToPath(new URL('../docs/guide/pictures/', import.meta.url))
await mkdir(out, { recursive: true })
const browser = await launch()
const territory = await makeDemonstration()
const looking = new Looking(browser, territory, out)
try {
  await looking.signIn('secretary')
  looking.sweep = (await looking.ask('secretary', 'GET', '/v1/sweeps')).sweeps[0].id
  // The phones at work leave fewer doors to go to with every minute.
  for (const take of [worker, secretary, resident]) for (const locale of ['zh-CN', 'en']) await take(locale)
} finally {
  await browser.close()
  await territory.remove()
}
const large = []
for (const name of await readdir(out)) if ((await stat(out + name)).size > LARGEST) large.push(name)
if (large.length > 0) throw new Error(`over ${LARGEST} bytes: ${large.join(', ')}`)

/** A picture as small as it stays readable. */
async function picture(page, name, quality = 60) {
  await page.waitForTimeout(500)
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality })
  await writeFile(`${out}${name}.webp`, Buffer.from(data, 'base64'))
}

async function open(locale, options) {
  const { page } = await openPage(browser, territory.origin, { locale, deviceScaleFactor: 1, ...options })
  page.setDefaultTimeout(30_000)
  await page.context().addInitScript(
    ([chosen, sweep]) => {
      localStorage.setItem('wanjia.locale', chosen)
      localStorage.setItem('wanjia.sweep', sweep)
    },
    [locale, looking.sweep],
  )
  return page
}

async function worker(locale) {
  const page = await open(locale, { viewport: PHONE, isMobile: true, hasTouch: true })
  const { url } = await looking.ask('secretary', 'POST', '/v1/devices/invitations', { worker_name: '陈小燕', area_code: territory.community, role: 'grid_worker' })
  await page.goto(url)
  await page.click('.button.lamp')
  await page.locator('.lock .pad').waitFor()
  await picture(page, `worker-pin.${locale}`)
  await choosePin(page)
  await page.click('h1 ~ .button.lamp')
  await page.waitForSelector('.dock')
  await picture(page, `worker-doors.${locale}`)
  await page.locator('.row').first().click()
  await page.locator('dialog .actions').waitFor()
  await picture(page, `worker-sheet.${locale}`)
  await page.context().close()
}

async function secretary(locale) {
  const page = await open(locale, { viewport: DESK, storageState: looking.cookies.get('secretary') })
  await page.goto(`${territory.origin}/#/coverage`)
  await page.waitForSelector('.huge')
  await picture(page, `secretary-coverage.${locale}`, 45)
  await page.goto(`${territory.origin}/#/reconcile`)
  await page.waitForSelector('.column')
  await picture(page, `secretary-reconcile.${locale}`, 45)
  await page.goto(`${territory.origin}/#/cases`)
  await page.locator('a.go').first().waitFor()
  await page.getByText(/社区书记|Community secretary/).nth(1).waitFor()
  await picture(page, `secretary-cases.${locale}`, 38)
  await page.goto(`${territory.origin}/#/sheets`)
  await page.click('.page-head .button.lamp')
  await page.setInputFiles('[name=file]', samples('department.xlsx'))
  await page.locator('.bring .button.dusk').click()
  await page.waitForSelector('.columns')
  await picture(page, `secretary-sheets.${locale}`, 45)
  await page.context().close()
}

async function resident(locale) {
  const { rows } = await looking.ask('secretary', 'GET', `/v1/sweeps/${looking.sweep}/residual?area=${territory.community}&limit=1`)
  const { slips } = await looking.ask('secretary', 'POST', '/v1/slips', { dwellings: [rows[0].dwelling], office_phone: '027-82812345', days: 30 })
  const page = await open(locale, { viewport: PHONE, isMobile: true, hasTouch: true })
  await page.goto(slips[0].url)
  await page.waitForSelector('main h1, main h2')
  await picture(page, `resident-page.${locale}`)
  await page.context().close()
}
