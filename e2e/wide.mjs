/**
 * The form with every kind of question that is claimed (`wide.md` of the crate `programme`, but for sounds, films and files as
 * answers, which nobody keeps): on a phone without a signal its pictures are seen, its sounds can be played, its lists chosen
 * from and its order given, in Chinese and in English; what was filled in counts on the server. An ODK client finds the same
 * files beside the form, each with the MD5 that its manifest says.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { after, before, describe, it as plainly } from 'node:test'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crowded, enrol, findings, launch, openPage, phoneOptions, sideways, tooSmall } from './browser.mjs'
import { makeTerritory, programmes, samples } from './territory.mjs'

const COMMUNITY = '420102002003'
const PATIENCE = 20_000
const WIDE = new URL('../crates/programme/tests/xforms/', import.meta.url)

let territory
let browser
let origin
let folder
let session
let phone

function it(name, act) {
  plainly(name, async () => {
    try {
      await act()
    } catch (error) {
      await phone?.page.screenshot({ path: join(tmpdir(), 'wanjia-wide-failed.png'), fullPage: true }).catch(() => {})
      throw error
    }
  })
}

async function ask(path, body) {
  const headers = { 'content-type': 'application/json', 'x-wanjia': 'console', ...(session ? { cookie: session } : {}) }
  const answer = await fetch(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.ok(answer.ok, `${path} ${answer.status} ${await answer.clone().text()}`)
  return answer
}

/** Where `SCREENS` names a folder, what is seen is kept there. */
async function look(name) {
  if (process.env.SCREENS) await phone.page.screenshot({ path: join(process.env.SCREENS, `${name}.png`), fullPage: true })
}

async function quiet(where) {
  const { page } = phone
  const found = [...(await findings(page)), ...(await tooSmall(page, 44)), ...(await sideways(page)), ...(await crowded(page))]
  assert.deepEqual(found, [], where)
}

function formsKept(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const asked = indexedDB.open('wanjia')
        asked.onsuccess = () => {
          const all = asked.result.transaction('forms').objectStore('forms').count()
          all.onsuccess = () => {
            asked.result.close()
            resolve(all.result)
          }
        }
      }),
  )
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wanjia-wide-'))
  territory = await makeTerritory()
  await territory.wanjia('import', 'roster', samples('roster.csv'))
  const pack = join(folder, 'epidemic')
  await cp(programmes('epidemic'), pack, { recursive: true })
  const manifest = join(pack, 'programme.toml')
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/^sunset = .*$/m, 'sunset = 2029-12-31'))
  const sheet = await readFile(new URL('wide.md', WIDE), 'utf8')
  const rows = sheet
    .split('\n')
    .filter((row) => !/^\| \| (audio|video|file) \|/.test(row))
    .map((row) => row.replace('| care | worker | 14d |', '| places | grid_worker community_secretary | programme |').replace('| household | worker |', '| household | grid_worker |'))
    .map((row) => row.replace('show.webm', ''))
  await writeFile(join(pack, 'forms/wide.md'), rows.join('\n'))
  await mkdir(join(pack, 'forms/media'))
  await cp(new URL('media', WIDE), join(pack, 'forms/media'), { recursive: true, filter: (path) => !path.endsWith('.webm') })
  await territory.wanjia('programme', 'publish', '--apply', pack)
  const secretary = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
  await territory.serve()
  origin = territory.origin
  const { username, password } = secretary
  session = (await ask('/v1/session', { username, password, code: await territory.code(username) })).headers.get('set-cookie').split(';')[0]
})
after(async () => {
  await browser?.close()
  await territory?.remove()
  await rm(folder, { recursive: true, force: true })
})

describe('a form with every kind of question', () => {
  it('is on the phone with all that lies beside it', async () => {
    const { url } = await (await ask('/v1/devices/invitations', { worker_name: '陈小燕', area_code: COMMUNITY, role: 'grid_worker' })).json()
    browser = await launch()
    phone = await openPage(browser, origin, phoneOptions())
    const { page } = phone
    page.setDefaultTimeout(PATIENCE)
    await enrol(page, url)
    for (const until = Date.now() + PATIENCE; (await formsKept(page)) === 0; ) {
      assert.ok(Date.now() < until, 'the forms never came')
      await page.evaluate(() => new Promise(requestAnimationFrame))
    }
    await phone.context.setOffline(true)
    await page.locator('.segmented button', { hasText: '全部' }).click()
    await page.locator('.row', { hasText: '101' }).first().click()
    await page.locator('dialog').getByRole('button', { name: '填表' }).click()
    await page.locator('dialog').getByRole('link', { name: '各种题' }).click()
  })

  it('shows a picture beside a note, and asks plainly', async () => {
    const { page } = phone
    await page.getByRole('img', { name: '图片：你好' }).waitFor()
    assert.equal(await page.getByRole('img', { name: '图片：你好' }).evaluate((image) => image.naturalWidth), 160)
    await page.getByLabel(/^文字/).fill('老王')
    await page.getByLabel(/^长文字/).fill('一\n二')
    await page.getByLabel(/^整数/).fill('3')
    await page.getByLabel(/^小数/).fill('1.5')
    await page.getByLabel(/^日期/).fill('2026-11-30')
    await page.getByLabel(/^时间/).fill('08:30')
    await page.getByLabel(/^时刻/).fill('2026-11-30T08:30')
    await page.getByRole('checkbox', { name: '确认' }).click()
    await page.getByLabel(/^条码/).fill('6901234567892')
    await page.getByLabel(/^几分/).fill('4')
    await page.getByLabel(/^几成/).fill('0.75')
    await page.getByLabel(/^感觉/).fill('2')
    await quiet('plain questions')
    await look('wide-1-zh')
    await page.getByRole('button', { name: '下一页' }).click()
  })

  it('chooses with pictures and sounds, from lists in files, and puts in an order', async () => {
    const { page } = phone
    const one = page.getByRole('radiogroup', { name: '选一种' })
    await one.getByRole('img', { name: '图片：苹果' }).waitFor()
    await page.getByRole('img', { name: '图片：选一种' }).waitFor()
    await one.getByRole('radio', { name: /梨 老王/ }).click()
    const sound = page.locator('audio').first()
    await sound.evaluate((audio) => new Promise((resolve, reject) => {
      if (audio.readyState > 0) resolve()
      audio.addEventListener('loadedmetadata', () => resolve())
      audio.addEventListener('error', () => reject(new Error('the sound cannot be played')))
    }))
    const some = page.getByRole('group', { name: '选几种' })
    await some.getByRole('checkbox', { name: /苹果/ }).click()
    await some.getByRole('checkbox', { name: /无花果/ }).click()
    await page.getByRole('button', { name: '“无花果”往前排' }).click()
    await page.getByRole('button', { name: '“无花果”往前排' }).click()
    assert.deepEqual(await page.locator('.what').allInnerTexts(), ['无花果', '苹果', '梨 老王'])
    await page.getByRole('radio', { name: '人民路' }).click()
    await page.getByRole('checkbox', { name: '二巷' }).waitFor()
    assert.equal(await page.getByRole('checkbox', { name: '三巷' }).count(), 0, 'a lane of another street')
    await page.getByRole('checkbox', { name: '二巷' }).click()
    await page.getByRole('radio', { name: '水井' }).click()
    await quiet('choices')
    await look('wide-2-zh')
    await page.getByRole('button', { name: '下一页' }).click()
  })

  it('asks a table, a card for each guest, and chooses from what was answered', async () => {
    const { page } = phone
    await page.getByRole('radiogroup', { name: '冷吗' }).getByRole('radio', { name: '是' }).click()
    await page.getByRole('radiogroup', { name: '热吗' }).getByRole('radio', { name: '否' }).click()
    assert.equal(await page.getByRole('radiogroup').count(), 2, 'the heads of the table are no question')
    await quiet('a table of choices')
    await look('wide-3-zh')
    await page.getByRole('button', { name: '下一页' }).click()
    await page.getByLabel(/称呼 老王/).fill('甲')
    await page.getByRole('radio', { name: '甲' }).click()
    await quiet('cards')
    await look('wide-4-zh')
    await page.getByRole('button', { name: '下一页' }).click()
    await look('wide-5-zh')
  })

  it('counts on the server', async () => {
    const { page } = phone
    await page.getByRole('button', { name: '填完了，保存' }).click()
    await phone.context.setOffline(false)
    await page.locator('.tabs a', { hasText: '同步' }).click()
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.locator('.sentence', { hasText: '全部已发出' }).waitFor()
    await look('wide-6-zh')
    assert.deepEqual(phone.complaints ?? [], [])
  })
})

describe('what lies beside it for an ODK client', () => {
  it('is in the manifest with the MD5 of its bytes', async () => {
    const user = await (await ask('/v1/odk-users', { worker_name: '吴网格员', area_code: COMMUNITY })).json()
    const base = `${origin}/openrosa/key/${user.token}`
    const get = (address) => fetch(address, { headers: { 'x-openrosa-version': '1.0' } })
    const list = await (await get(`${base}/formList?formID=epidemic.wide`)).text()
    const manifest = await (await get(/<manifestUrl>(.*?)<\/manifestUrl>/.exec(list)[1])).text()
    const files = [...manifest.matchAll(/<filename>(.*?)<\/filename><hash>md5:(.*?)<\/hash><downloadUrl>(.*?)<\/downloadUrl>/g)]
    assert.deepEqual(
      files.map(([, name]) => name).sort(),
      ['apple.png', 'doors.csv', 'fruit.png', 'hello.png', 'houses.csv', 'lanes.xml', 'say.wav', 'spots.geojson', 'streets.csv'],
    )
    for (const [, name, md5, address] of files) {
      const answer = await get(address)
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.equal(createHash('md5').update(bytes).digest('hex'), md5, name)
      assert.equal(answer.headers.get('x-openrosa-version'), '1.0')
      if (name !== 'doors.csv') assert.deepEqual(bytes, await readFile(new URL(`media/${name}`, WIDE)), name)
    }
    assert.equal((await get(`${base}/forms/epidemic.wide/2020-03/files/other.png`)).status, 404)
  })
})
