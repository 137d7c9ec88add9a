/**
 * A form of a programme on a phone without a signal, from the door to the case: filled in, the browser killed in the
 * middle, gone on with and finished; a rule answers at once; the case that it opens comes back as a task; two phones take
 * a step of it, and one is told that it moved; what is left is handed over, and is nobody's but the giver's until it is
 * accepted. A picture is taken of a place, and a signature; nothing of the camera's file remains in what the secretary opens.
 * Each step stands on the one before.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { after, before, describe, it as plainly } from 'node:test'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { crowded, enrol, findings, launch, openPage, phoneOptions, sideways, tooSmall, unlock } from './browser.mjs'
import { makeTerritory, programmes, samples } from './territory.mjs'

const COMMUNITY = '420102002003'
const PATIENCE = 20_000

let territory
let browser
let origin
let folder
let session
const opened = []

function it(name, act) {
  plainly(name, async () => {
    try {
      await act()
    } catch (error) {
      await Promise.allSettled(opened.map((page, at) => page.screenshot({ path: join(tmpdir(), `wanjia-forms-failed-${at}.png`) })))
      throw error
    }
  })
}

async function signIn({ username, password }) {
  const code = await territory.code(username)
  const answer = await fetch(`${origin}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-wanjia': 'console' },
    body: JSON.stringify({ username, password, code }),
  })
  assert.equal(answer.status, 200, await answer.text())
  return answer.headers.get('set-cookie').split(';')[0]
}

async function invite(name) {
  const answer = await fetch(`${origin}/v1/devices/invitations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-wanjia': 'console', cookie: session },
    body: JSON.stringify({ worker_name: name, area_code: COMMUNITY, role: 'grid_worker' }),
  })
  assert.equal(answer.status, 201, await answer.clone().text())
  return (await answer.json()).url
}

const tab = (page, name) => page.locator('.tabs a', { hasText: name }).click()

async function sync(page) {
  await tab(page, '同步')
  await page.getByRole('button', { name: '立即同步' }).click()
  await page.locator('.sentence', { hasText: /全部已发出|还没有记录|被退回/ }).waitFor()
}

async function quiet(page, where) {
  const found = [...(await findings(page)), ...(await tooSmall(page, 44)), ...(await sideways(page)), ...(await crowded(page))]
  assert.deepEqual(found, [], where)
}

/** Syncs until a task is there: the server judges rules away from the push. */
async function waitForTask(page, text) {
  for (let round = 0; ; round += 1) {
    await sync(page)
    await tab(page, '今天')
    const found = page.locator('.task', { hasText: text }).first()
    const there = await found.waitFor({ timeout: 2_000 }).then(() => true, () => false)
    if (there) return found
    assert.ok(round < 8, `${text} never came`)
  }
}

/** As a camera writes it: larger than is sent, and with where it was taken. */
const SECRET = 'N30.5928 E114.3055'
async function withPlace(page) {
  const drawn = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 2400, height: 1800 })
    const context = canvas.getContext('2d')
    context.fillStyle = '#b0a090'
    context.fillRect(0, 0, 2400, 1800)
    context.strokeRect(200, 200, 2000, 1400)
    return canvas.toDataURL('image/jpeg')
  })
  const picture = Buffer.from(drawn.split(',')[1], 'base64')
  const written = Buffer.from(`Exif\0\0${SECRET}`)
  const head = Buffer.from([0xff, 0xe1, 0, written.length + 2])
  return Buffer.concat([picture.subarray(0, 2), head, written, picture.subarray(2)])
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wanjia-forms-'))
  territory = await makeTerritory()
  await territory.wanjia('import', 'roster', samples('roster.csv'))
  // The pack as it is, with a sunset that is still to come.
  const pack = join(folder, 'epidemic')
  await cp(programmes('epidemic'), pack, { recursive: true })
  const manifest = join(pack, 'programme.toml')
  const text = await readFile(manifest, 'utf8')
  await writeFile(manifest, text.replace(/^sunset = .*$/m, 'sunset = 2029-12-31'))
  // And one form that asks for a signature and a code beside its picture.
  const form = join(pack, 'forms/weak_place.md')
  const rows = await readFile(form, 'utf8')
  const kept = 'operational | places | grid_worker community_secretary | programme'
  const more = `| | image | signed | 负责人签名 | Signature of who is in charge | | | | | ${kept} | | signature | signature |\n| | barcode | code | 场所编码 | Code of the place | | | | | ${kept} | | | |\n`
  await writeFile(form, rows.replace('parameters | depicts |', 'parameters | depicts | appearance |').replace(/(\| \| date \| fix_by)/, `${more}$1`))
  await territory.wanjia('programme', 'publish', '--apply', pack)
  const secretary = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
  await territory.serve()
  origin = territory.origin
  session = await signIn(secretary)
})
after(async () => {
  await browser?.close()
  await territory?.remove()
  await rm(folder, { recursive: true, force: true })
})

describe('a form at the door', () => {
  let first
  let second
  let profile
  after(() => first?.context.close())

  const openProfile = async () => {
    // A browser that is killed keeps what was on its disk, and nothing else.
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      ...phoneOptions(),
    })
    await context.addInitScript({ content: await readFile(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8') })
    const page = context.pages()[0] ?? (await context.newPage())
    page.setDefaultTimeout(PATIENCE)
    opened[0] = page
    first = { context, page, complaints: [] }
    page.on('console', (message) => {
      if (message.type() === 'error' && !/net::ERR_|status of 4/.test(message.text())) first.complaints.push(message.text())
    })
    page.on('pageerror', (error) => first.complaints.push(String(error)))
  }

  it('has the forms and the engine on the phone before the signal goes', async () => {
    profile = join(folder, 'profile')
    await openProfile()
    await enrol(first.page, await invite('陈小燕'))
    await first.page.waitForFunction(
      () =>
        new Promise((resolve) => {
          const asked = indexedDB.open('wanjia')
          asked.onsuccess = () => {
            const all = asked.result.transaction('forms').objectStore('forms').count()
            all.onsuccess = () => {
              asked.result.close()
              resolve(all.result > 0)
            }
          }
        }),
    )
    browser = await launch()
    second = await openPage(browser, origin, phoneOptions())
    second.page.setDefaultTimeout(PATIENCE)
    opened[1] = second.page
    await enrol(second.page, await invite('李国强'))
  })

  it('is filled in offline, says at once what matters, and outlives the browser', async () => {
    await first.context.setOffline(true)
    const { page } = first
    await page.locator('.segmented button', { hasText: '全部' }).click()
    await page.locator('.row', { hasText: '101' }).first().click()
    await page.locator('dialog').getByRole('button', { name: '填表' }).click()
    await page.locator('dialog').getByText('从外地回来的人：哪天到、从哪个市来、有没有症状。').waitFor()
    await page.locator('dialog').getByRole('link', { name: '返城登记' }).click()
    await page.getByRole('button', { name: /王东军/ }).click()
    await page.getByLabel('从哪个省市来').fill('湖北武汉')
    const today = await page.evaluate(() => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10))
    await page.getByLabel('到达日期').fill(today)
    await page.getByRole('radio', { name: '火车' }).click()
    await page.getByLabel('体温（℃）').fill('50')
    await page.getByLabel('体温（℃）').blur()
    await page.getByText('体温应在 34 到 43 ℃ 之间').waitFor()
    // Typed on another keyboard, with a comma; and what is no number is said to be none, and not forgotten.
    await page.getByLabel('体温（℃）').fill('三十八')
    await page.getByLabel('体温（℃）').blur()
    await page.getByText('这里要写数字').waitFor()
    assert.equal(await page.getByLabel('体温（℃）').inputValue(), '三十八')
    await page.getByLabel('体温（℃）').fill('٣٨,٥')
    await page.locator('.rule', { hasText: '抵达时发热或有症状' }).waitFor()
    // What a rule finds is no mistake of whoever fills the form in, and does not look like one.
    await page.locator('.notes', { hasText: '不是填错了' }).waitFor()
    const colours = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('i'))
      probe.style.color = 'var(--trouble)'
      const { color: trouble } = getComputedStyle(probe)
      probe.remove()
      return { trouble, flags: [...document.querySelectorAll('.flag, .notes')].map((flag) => getComputedStyle(flag).borderInlineStartColor) }
    })
    assert.ok(colours.flags.length > 1 && !colours.flags.includes(colours.trouble), JSON.stringify(colours))
    await quiet(page, 'a form with a rule that flags')
    await page.getByText(/已存本机/).waitFor()
    await page.locator('.where[aria-busy=false]').waitFor()
    // Killed, not closed: nothing is asked of the page on its way out.
    const lock = await readlink(join(profile, 'SingletonLock'))
    const gone = new Promise((resolve) => first.context.once('close', resolve))
    process.kill(Number(lock.split('-').at(-1)), 'SIGKILL')
    await gone
  })

  it('is gone on with where it was left, and finished', async () => {
    await openProfile()
    await first.context.setOffline(true)
    const { page } = first
    await page.goto(`${origin}/phone/`)
    await unlock(page)
    await page.locator('.segmented button', { hasText: '全部' }).click()
    await page.locator('.row', { hasText: '101' }).first().click()
    await page.locator('dialog').getByRole('button', { name: '填表' }).click()
    await page.locator('dialog').getByRole('link', { name: /返城登记.*接着填/ }).click()
    await page.getByRole('button', { name: /王东军/ }).click()
    await page.getByLabel('体温（℃）').waitFor()
    assert.equal(await page.getByLabel('体温（℃）').inputValue(), '38.5')
    assert.equal(await page.getByLabel('从哪个省市来').inputValue(), '湖北武汉')
    // What is missing is told where it is missing.
    await page.getByRole('button', { name: '填完了，保存' }).click()
    await page.locator('.question .wrong').first().waitFor()
    await quiet(page, 'a form with answers missing')
    for (const question of ['14 天内到过疫情重点地区', '14 天内接触过病例']) {
      await page.getByRole('radiogroup', { name: question }).getByRole('radio', { name: '否' }).click()
    }
    await page.getByRole('checkbox', { name: '咳嗽' }).click()
    await page.getByRole('radiogroup', { name: '住处适合居家观察' }).getByRole('radio', { name: '是' }).click()
    await page.getByLabel('告知书送达日期').fill(await page.getByLabel('到达日期').inputValue())
    await page.getByRole('button', { name: '填完了，保存' }).click()
    // What was found has its consequence at once, offline, and where it was found.
    await page.locator('dialog .came').getByText(/发热/).first().waitFor()
    await quiet(page, 'what happens next')
    await page.locator('dialog').getByRole('button', { name: '关闭' }).click()
    await tab(page, '同步')
    await page.locator('li', { hasText: '填表：返城登记' }).waitFor()
    await first.context.setOffline(false)
  })

  it('opens a case by rule, which comes back as a task with its day', async () => {
    const task = await waitForTask(first.page, '居家观察')
    await quiet(first.page, 'my day')
    await task.click()
    await first.page.getByText('返城不满观察期').waitFor()
    await quiet(first.page, 'a task')
    await waitForTask(second.page, '居家观察')
  })

  it('tells one of two phones that take a step of one case that it moved', async () => {
    await second.context.setOffline(true)
    await first.page.getByRole('button', { name: '告知书已送达，承诺书已签' }).click()
    await quiet(first.page, 'taking a step')
    await first.page.locator('dialog').getByRole('button', { name: '确定' }).click()
    await first.page.locator('[data-group=done] .task').waitFor()
    await sync(first.page)
    // Later, by another's phone that has not heard of it.
    await second.page.locator('.task', { hasText: '居家观察' }).click()
    await second.page.getByRole('button', { name: '出现症状，转医生' }).click()
    await second.page.locator('dialog').getByRole('button', { name: '确定' }).click()
    await second.page.locator('[data-group=done] .task').waitFor()
    await second.context.setOffline(false)
    await sync(second.page)
    await second.page.locator('.sentence', { hasText: '被退回' }).waitFor()
    await second.page.getByText('别人已经对这个个案做了一步').waitFor()
    await second.page.getByText('看现在到了哪一步').waitFor()
    await quiet(second.page, 'a step that was overtaken')
    await tab(second.page, '今天')
    const task = second.page.locator('.task', { hasText: '居家观察' })
    await task.locator('.count', { hasText: '第 1 天' }).waitFor()
    await task.click()
    await second.page.getByText('您做的一步没有生效').waitFor()
    await quiet(second.page, 'a task with a step that was sent back')
    await second.page.getByRole('button', { name: '返回' }).click()
  })

  it('hands over by a handshake: nothing is anyone’s before she accepts, and nothing falls between', async () => {
    await tab(first.page, '今天')
    await first.page.locator('.task', { hasText: '居家观察' }).click()
    await first.page.getByRole('button', { name: '交给同事' }).click()
    await quiet(first.page, 'offering a case')
    await first.page.locator('dialog').getByRole('button', { name: '交给 李国强' }).click()
    await sync(first.page)
    await tab(first.page, '今天')
    await first.page.locator('.task', { hasText: '已提出交给李国强，等对方接手；现在仍归您' }).waitFor()
    await first.page.locator('.receipt', { hasText: '交给李国强：1 件事' }).getByText('还没有答复').waitFor()
    await sync(second.page)
    await tab(second.page, '今天')
    await second.page.getByRole('button', { name: '不接', exact: true }).click()
    await second.page.getByRole('heading', { name: /有人想交给您/ }).waitFor({ state: 'detached' })
    await sync(second.page)
    await sync(first.page)
    await tab(first.page, '今天')
    await first.page.locator('.task', { hasText: '李国强没有接手，仍归您' }).waitFor()
    await first.page.locator('.receipt', { hasText: '交给李国强：1 件事' }).getByText('1 件没有接手').waitFor()
    await quiet(first.page, 'a case that was declined')

    await first.page.locator('.task', { hasText: '居家观察' }).click()
    await first.page.getByRole('button', { name: '交给同事' }).click()
    await first.page.locator('dialog').getByRole('button', { name: '交给 李国强' }).click()
    await sync(first.page)
    await sync(second.page)
    await tab(second.page, '今天')
    await second.page.getByRole('heading', { name: /有人想交给您/ }).waitFor()
    await quiet(second.page, 'a case that is offered')
    await second.page.getByRole('button', { name: '接手', exact: true }).click()
    await second.page.locator('[data-group=later] .task').waitFor()
    await sync(second.page)
    await sync(first.page)
    await tab(first.page, '今天')
    await first.page.locator('[data-group=others] .task', { hasText: '李国强已接手' }).waitFor()
    await first.page.locator('.receipt', { hasText: '交给李国强：1 件事' }).getByText('1 件已接手').waitFor()
  })

  it('takes a picture and a signature offline, which outlive the browser', async () => {
    const { page, context } = first
    await context.setOffline(true)
    await page.goto(`${origin}/phone/#/doors`)
    await page.getByRole('button', { name: '添加名单上没有的门牌' }).click()
    await page.locator('dialog').getByLabel('房号').fill('便民超市')
    await page.locator('dialog select').selectOption({ index: 1 })
    await page.getByRole('button', { name: '添加并打开' }).click()
    await page.locator('dialog').getByRole('button', { name: '填表' }).click()
    await page.locator('dialog').getByRole('link', { name: '薄弱区域检查' }).click()
    await page.getByRole('radio', { name: '市场' }).click()
    for (const question of ['在营业或使用', '有问题']) {
      await page.getByRole('radiogroup', { name: question, exact: true }).getByRole('radio', { name: '是' }).click()
    }
    const photo = page.getByRole('group', { name: '有问题的地方' })
    await photo.locator('input[type=file]').setInputFiles({ name: 'IMG_1.txt', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') })
    await photo.getByText('这个文件不是图片').waitFor()
    await photo.locator('input[type=file]').setInputFiles({ name: 'IMG_1.jpg', mimeType: 'image/jpeg', buffer: await withPlace(page) })
    await photo.getByRole('img', { name: '拍好的图片' }).waitFor()
    const signed = page.getByRole('group', { name: '负责人签名' })
    await signed.getByRole('button', { name: '在屏幕上签名' }).click()
    const field = await signed.getByRole('img', { name: '用手指在这里签名' }).boundingBox()
    await page.mouse.move(field.x + 30, field.y + 30)
    await page.mouse.down()
    for (const step of [1, 2, 3, 4]) await page.mouse.move(field.x + 30 + 40 * step, field.y + 30 + 20 * (step % 2))
    await page.mouse.up()
    await quiet(page, 'a form that is being signed')
    await signed.getByRole('button', { name: '签好了' }).click()
    await signed.getByRole('img', { name: '签名', exact: true }).waitFor()
    await page.getByLabel('场所编码').fill('6901234567892')
    await quiet(page, 'a form with a picture and a signature')
    await page.locator('.where[aria-busy=false]').waitFor()
    const lock = await readlink(join(profile, 'SingletonLock'))
    const gone = new Promise((resolve) => context.once('close', resolve))
    process.kill(Number(lock.split('-').at(-1)), 'SIGKILL')
    await gone
  })

  let place
  it('sends them after their fact, and says how many are still waiting', async () => {
    await openProfile()
    await first.context.setOffline(true)
    const { page } = first
    await page.goto(`${origin}/phone/`)
    await unlock(page)
    await page.locator('.segmented button', { hasText: '全部' }).click()
    await page.locator('.row', { hasText: '便民超市' }).first().click()
    await page.locator('dialog').getByRole('button', { name: '填表' }).click()
    await page.locator('dialog').getByRole('link', { name: /薄弱区域检查.*接着填/ }).click()
    await page.getByRole('img', { name: '拍好的图片' }).waitFor()
    await page.getByRole('img', { name: '签名', exact: true }).waitFor()
    assert.equal(await page.getByLabel('场所编码').inputValue(), '6901234567892')
    place = page.url().split('/').at(-1)
    await page.getByRole('button', { name: '填完了，保存' }).click()
    await tab(page, '同步')
    await page.getByText('还有 2 张图片待发送').waitFor()
    await quiet(page, 'pictures that wait')
    await first.context.setOffline(false)
    await sync(page)
    await page.getByText(/张图片待发送/).waitFor({ state: 'detached' })
  })

  it('shows the secretary what was on it, with nothing that the camera wrote', async () => {
    const { context, page } = await openPage(browser, origin, { viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(PATIENCE)
    opened[2] = page
    const [name, value] = session.split('=')
    await context.addCookies([{ name, value, url: origin }])
    await page.goto(`${origin}/#/households/${place}`)
    await page.getByRole('button', { name: '打开档案' }).click()
    for (const label of ['有问题的地方，拍物不拍人', '负责人签名']) {
      await page.getByRole('button', { name: `打开图片：${label}` }).click()
      const image = page.getByRole('img', { name: label })
      await image.waitFor()
      const [wide, high] = await image.evaluate(async (node) => {
        await node.decode()
        return [node.naturalWidth, node.naturalHeight]
      })
      assert.ok(wide > 100 && high > 100 && Math.max(wide, high) <= 1600, `${label}: ${wide}x${high}`)
    }
    assert.deepEqual([...(await findings(page)), ...(await sideways(page))], [], 'the pictures of a household')
    const asked = { headers: { 'content-type': 'application/json', 'x-wanjia': 'console', cookie: session } }
    const file = await (await fetch(`${origin}/v1/households/${place}/file?purpose=service`, asked)).json()
    const [{ position, pictures }] = file.answers
    assert.equal(pictures.length, 2)
    for (const { name } of pictures) {
      const body = JSON.stringify({ position, name, purpose: 'service' })
      const answer = await fetch(`${origin}/v1/households/${place}/pictures`, { ...asked, method: 'POST', body })
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.equal(bytes.readUInt16BE(0), 0xffd8)
      assert.ok(!bytes.includes('Exif') && !bytes.includes(SECRET), name)
    }
    await context.close()
    assert.deepEqual([...first.complaints, ...second.complaints], [])
  })
})
