/**
 * A worker files her own shift on the phone; it was too long, and her secretary is asked to let her rest: she reads it in the
 * worker's file, and the area has a file of its own. In both languages and shapes.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crowded, DESK, enrol, findings, launch, openPage, PHONE, phoneOptions, sideways, tooSmall } from './browser.mjs'
import { makeTerritory, programmes, samples } from './territory.mjs'

const COMMUNITY = '420102002003'

let territory
let browser
let folder
let cookie

async function ask(method, path, json, own = cookie) {
  const answer = await fetch(territory.origin + path, {
    method,
    headers: { 'content-type': 'application/json', 'x-wanjia': 'console', cookie: own },
    body: json && JSON.stringify(json),
  })
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
  return answer
}

async function shot(page, name) {
  if (process.env.WANJIA_SHOTS) await page.screenshot({ path: join(process.env.WANJIA_SHOTS, `workers-${name}.png`), fullPage: true })
}

async function console(locale, viewport) {
  const { page, context } = await openPage(browser, territory.origin, { viewport, locale })
  const [name, value] = cookie.split('=')
  await context.addCookies([{ name, value, url: territory.origin }])
  return page
}

async function quiet(page, viewport) {
  assert.deepEqual([...(await findings(page)), ...(await sideways(page)), ...(await crowded(page)), ...(viewport === PHONE ? await tooSmall(page, 44, true) : [])], [])
}

describe('those who work', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wanjia-workers-'))
    territory = await makeTerritory()
    await territory.wanjia('import', 'roster', samples('roster.csv'))
    const pack = join(folder, 'epidemic')
    await cp(programmes('epidemic'), pack, { recursive: true, filter: (path) => !path.endsWith('tests') })
    const manifest = join(pack, 'programme.toml')
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/^sunset = .*$/m, 'sunset = 2029-12-31'))
    await territory.wanjia('programme', 'publish', '--apply', pack)
    const secretary = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
    await territory.serve()
    const { username, password } = secretary
    const signed = await ask('POST', '/v1/session', { username, password, code: await territory.code(username) }, '')
    cookie = signed.headers.get('set-cookie').split(';')[0]
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  it('files her shift from her day, without a signal until it is sent', async () => {
    const { url } = await (await ask('POST', '/v1/devices/invitations', { worker_name: '吴网格员', area_code: COMMUNITY, role: 'grid_worker' })).json()
    const { page, context } = await openPage(browser, territory.origin, phoneOptions())
    await enrol(page, url)
    await page.locator('.tabs a', { hasText: '今天' }).click()
    const own = page.locator('[data-group=shift]')
    await own.getByRole('link', { name: '值班' }).waitFor()
    assert.equal(await own.getByRole('link').count(), 1, 'what is counted of her day is not asked of her')
    await own.scrollIntoViewIfNeeded()
    await shot(page, 'day')
    await context.setOffline(true)
    await own.getByRole('link', { name: '值班' }).click()
    await page.locator('.question input').first().fill('15')
    await shot(page, 'shift')
    assert.deepEqual([...(await findings(page)), ...(await tooSmall(page, 44)), ...(await sideways(page)), ...(await crowded(page))], [])
    await page.locator('footer .button.lamp').click()
    await page.waitForURL(/day/)
    await context.setOffline(false)
    await page.locator('.tabs a', { hasText: '同步' }).click()
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
    await context.close()
  })

  for (const [locale, viewport, asks, open, answers] of [
    ['zh-CN', DESK, '安排轮休', '打开档案', '15'],
    ['en', PHONE, 'A day of rest', 'Open the file', '15'],
  ]) {
    it(`asks her secretary to let her rest, and shows why (${locale})`, async () => {
      const page = await console(locale, viewport)
      await page.goto(`${territory.origin}/#/cases`)
      const task = page.locator('tr', { hasText: asks }).last()
      await task.waitFor()
      await task.locator('a.go').click()
      await page.locator('h1', { hasText: asks }).waitFor()
      await shot(page, `case-${locale}`)
      await quiet(page, viewport)
      await page.getByRole('link', { name: '吴网格员' }).click()
      await page.locator('h1', { hasText: '吴网格员' }).waitFor()
      await page.getByRole('button', { name: open }).click()
      await page.locator('dd', { hasText: answers }).waitFor()
      await shot(page, `worker-${locale}`)
      await quiet(page, viewport)
    })

    it(`types her own shift in, and sees who looked (${locale})`, async () => {
      const page = await console(locale, viewport)
      await page.goto(`${territory.origin}/#/cases`)
      await page.getByRole('link', { name: locale === 'en' ? 'My shifts' : '我的值班' }).click()
      await page.locator('h1', { hasText: '彭书记' }).waitFor()
      await page.locator('.acts .lamp').click()
      const dialog = page.locator('dialog')
      await dialog.locator('[name=form]').selectOption({ value: 'epidemic shift' })
      await dialog.locator('[name=hours]').fill('8')
      await quiet(page, viewport)
      await dialog.locator('.dusk').click()
      await dialog.waitFor({ state: 'detached' })
      await page.locator('.part', { hasText: locale === 'en' ? 'Who has looked' : '谁看过' }).waitFor()
      await shot(page, `own-${locale}`)
      await quiet(page, viewport)
    })

    it(`opens the file of the area as a whole (${locale})`, async () => {
      await ask('POST', '/v1/answers', { programme: 'epidemic', form: 'seal', area: COMMUNITY, answers: { needs_intake: 'yes', delivery_roster: 'yes', medicine_route: 'no' } })
      const page = await console(locale, viewport)
      await page.goto(`${territory.origin}/#/cases?view=open`)
      await page.getByRole('link', { name: locale === 'en' ? 'This area’s file' : '本区域的档案' }).click()
      await page.getByRole('button', { name: open }).click()
      await page.locator('dd').first().waitFor()
      await shot(page, `area-${locale}`)
      await quiet(page, viewport)
    })
  }
})
