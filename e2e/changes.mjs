/**
 * A version of a programme comes into force with a higher line for a fever: the secretary reads whose flag went, by rule and at
 * which door, in both languages and shapes.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DESK, PHONE, findings, launch, openPage, sideways, tooSmall } from './browser.mjs'
import { makeTerritory, programmes, samples } from './territory.mjs'

const COMMUNITY = '420102002003'
/** The server judges everyone behind all else that it does. */
const FIRST_PASS = 240_000

let territory
let browser
let folder
let cookie

async function ask(own, method, path, json) {
  const answer = await fetch(territory.origin + path, {
    method,
    headers: { 'content-type': 'application/json', 'x-wanjia': 'console', cookie: own },
    body: json && JSON.stringify(json),
  })
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
  return answer
}

async function signIn({ username, password }) {
  const answer = await ask('', 'POST', '/v1/session', { username, password, code: await territory.code(username) })
  return answer.headers.get('set-cookie').split(';')[0]
}

async function publish(version, from, fever) {
  const pack = join(folder, version)
  await cp(programmes('epidemic'), pack, { recursive: true, filter: (path) => !path.endsWith('tests') })
  const change = async (file, ...pairs) => {
    const text = await readFile(join(pack, file), 'utf8')
    await writeFile(join(pack, file), pairs.reduce((own, [line, other]) => own.replace(line, other), text))
  }
  await change('programme.toml', [/^version = .*$/m, `version = "${version}"`], [/^in_force = .*$/m, `in_force = ${from}`], [/^sunset = .*$/m, 'sunset = 2029-12-31'])
  await change('parameters.toml', ['value = 37.3', `value = ${fever}`])
  await territory.wanjia('programme', 'publish', '--apply', pack)
}

describe('a version that comes into force', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wanjia-changes-'))
    territory = await makeTerritory()
    await territory.wanjia('import', 'roster', samples('roster.csv'))
    await publish('2020-03', '2020-03-01', '37.3')
    const street = await territory.account('street', 'street', '420102002', '王主任')
    const secretary = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
    await territory.serve()
    const above = await signIn(street)
    cookie = await signIn(secretary)
    const deadline = new Date(Date.now() + 3 * 86_400_000).toISOString()
    const { id } = await (await ask(above, 'POST', '/v1/sweeps', { area_code: COMMUNITY, programme: 'doors', deadline })).json()
    const { rows } = await (await ask(cookie, 'GET', `/v1/sweeps/${id}/residual?area=${COMMUNITY}&limit=2`)).json()
    for (const { dwelling } of rows) {
      const { people } = await (await ask(cookie, 'GET', `/v1/households/${dwelling}`)).json()
      const answers = { slot: 'am', temp_c: 37.5, symptom: ['none'], told_by: 'self' }
      await ask(cookie, 'POST', '/v1/answers', { programme: 'epidemic', form: 'twice_daily', person: people[0], dwelling, answers })
    }
    await territory.end('SIGTERM')
    await publish('2020-04', '2020-04-01', '37.8')
    await territory.serve()
    const until = Date.now() + FIRST_PASS
    for (let whole = false; !whole; ) {
      assert.ok(Date.now() < until, 'the first pass never ended')
      const found = await (await ask(cookie, 'GET', `/v1/programmes/epidemic/2020-04/changes?area=${COMMUNITY}`)).json()
      whole = found.compared?.whole === true
      if (!whole) await delay(1_000)
    }
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await territory?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  for (const [locale, viewport, title, went] of [
    ['zh-CN', DESK, '版本 2020-04 改变了什么', '取消：发热或有症状'],
    ['en', PHONE, 'What version 2020-04 changed', 'Went: A fever or a symptom'],
  ]) {
    it(`tells whose flags went (${locale})`, async () => {
      const { page, context } = await openPage(browser, territory.origin, { viewport, locale })
      const [name, value] = cookie.split('=')
      await context.addCookies([{ name, value, url: territory.origin }])
      await page.goto(`${territory.origin}/#/indicators`)
      await page.getByRole('heading', { name: title }).waitFor()
      await page.getByText(went).nth(1).waitFor()
      await page.locator('summary').click()
      await page.getByText('37.8').first().waitFor()
      if (process.env.WANJIA_SHOTS) await page.screenshot({ path: join(process.env.WANJIA_SHOTS, `changes-${locale}.png`), fullPage: true })
      assert.deepEqual([...(await findings(page)), ...(await sideways(page)), ...(viewport === PHONE ? await tooSmall(page, 44, true) : [])], [])
      await page.locator('.changes a.alone').first().click()
      await page.waitForURL(/household/)
    })
  }
})
