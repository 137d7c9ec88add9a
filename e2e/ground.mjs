/**
 * A base map beneath the community's own, from an archive that is written here by the specification of PMTiles: pictures
 * and vectors are drawn, its attribution is text whatever is in it, and nothing is asked of anyone else. Without an archive
 * nothing is asked for. Each step stands on the one before.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import { DESK, findings, foreign, launch, openPage, PHONE, sideways, signIn, tooSmall } from './browser.mjs'
import { outlines } from './outlines.mjs'
import { makeTerritory, samples } from './territory.mjs'

const COMMUNITY = '420102002003'
const ZOOM = 14
const [PICTURE, VECTOR] = [2, 1]
const GROUND = [244, 241, 234]
const WATER = [211, 226, 232]

function varint(number) {
  const bytes = []
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) | 128)
  return Buffer.from([...bytes, number])
}

/** An archive whose one tile lies everywhere at one zoom. */
function archive(type, tile, metadata) {
  const everywhere = 4 ** ZOOM
  const before = (everywhere - 1) / 3
  const directory = Buffer.concat([1, before, everywhere, tile.length, 1].map(varint))
  const told = Buffer.from(JSON.stringify(metadata))
  const header = Buffer.alloc(127)
  header.write('PMTiles\x03')
  let at = header.length
  for (const [place, part] of [[8, directory], [24, told], [40, ''], [56, tile]]) {
    header.writeBigUInt64LE(BigInt(at), place)
    header.writeBigUInt64LE(BigInt(part.length), place + 8)
    at += part.length
  }
  for (const [place, count] of [[72, everywhere], [80, 1], [88, 1]]) header.writeBigUInt64LE(BigInt(count), place)
  header.set([1, 1, 1, type, ZOOM, ZOOM], 96)
  for (const [place, degrees] of [[102, -180], [106, -85], [110, 180], [114, 85]]) header.writeInt32LE(degrees * 1e7, place)
  return Buffer.concat([header, directory, told, tile])
}

/** A picture of one dark pixel. */
function picture() {
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const size = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', size), chunk('IDAT', deflateSync(Buffer.from([0, 20, 40, 60]))), chunk('IEND', Buffer.alloc(0))])
}

/** A vector tile that is all water. */
function sea() {
  const part = (tag, bytes) => Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes])
  const [there, back] = [8192, 8191].map(varint)
  const none = Buffer.from([0])
  const ring = Buffer.concat([Buffer.from([9, 0, 0, 26]), there, none, none, there, back, none, Buffer.from([15])])
  const feature = Buffer.concat([Buffer.from([0x18, 3]), part(0x22, ring)])
  return part(0x1a, Buffer.concat([Buffer.from([0x78, 2]), part(0x0a, Buffer.from('water')), part(0x12, feature), Buffer.from([0x28]), varint(4096)]))
}

let folder
let territory
let browser
let opened

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wanjia-ground-'))
  territory = await makeTerritory()
  await territory.wanjia('import', 'roster', samples('roster.csv'))
  const account = await territory.account('peng', 'community_secretary', COMMUNITY, '彭书记')
  await territory.serve()
  browser = await launch()
  opened = await openPage(browser, territory.origin, { viewport: DESK })
  const { page } = opened
  page.setDefaultTimeout(30_000)
  await signIn(page, territory, account)
  const status = await page.evaluate(async (body) => {
    const headers = { 'content-type': 'application/octet-stream', 'x-wanjia': 'console' }
    return (await fetch('/v1/map?source=x', { method: 'POST', headers, body })).status
  }, outlines(['3号楼']).toString())
  assert.equal(status, 200)
})
after(async () => {
  await browser?.close()
  await territory?.remove()
  await rm(folder, { recursive: true, force: true })
})

/** The colour in a corner of the map, where no building is. */
async function colour(page) {
  const shot = (await page.locator('.canvas canvas').screenshot()).toString('base64')
  return page.evaluate(async (data) => {
    const image = new Image()
    image.src = `data:image/png;base64,${data}`
    await image.decode()
    const context = new OffscreenCanvas(1, 1).getContext('2d')
    context.drawImage(image, 12, 12, 1, 1, 0, 0, 1, 1)
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)]
  }, shot)
}

/** Opens the map anew and answers what was asked of the archive, once the map is drawn. */
async function look(drawn) {
  const { page } = opened
  const asked = []
  const note = (response) => response.url().endsWith('/v1/tiles') && asked.push(response.status())
  page.on('response', note)
  await page.goto('about:blank')
  await page.goto(`${territory.origin}/#/map`)
  await page.locator(drawn).waitFor()
  page.off('response', note)
  return asked
}

async function serve(...bytes) {
  const file = join(folder, 'city.pmtiles')
  await writeFile(file, archive(...bytes))
  await territory.end('SIGTERM')
  await territory.serve('--tiles', file)
}

describe('a base map', () => {
  it('is not asked for where there is none', async () => {
    assert.deepEqual(await look('.canvas[data-drawn]'), [])
    assert.equal(await opened.page.locator('.beneath').count(), 0)
    assert.deepEqual(await colour(opened.page), GROUND)
  })

  it('of pictures lies beneath, and what it says of its makers is text', async () => {
    const attribution = '© <a href="https://outside.example/">测绘<b>一队</b></a><img src="https://outside.example/x.png">'
    await serve(PICTURE, picture(), { attribution })
    const asked = await look('.canvas[data-ground]')
    assert.deepEqual(new Set(asked), new Set([206]))
    const beneath = opened.page.locator('.beneath')
    assert.equal(await beneath.innerText(), '下面垫的是这台服务器的底图：© 测绘一队')
    assert.equal(await beneath.locator('*').count(), 0)
    const [red] = await colour(opened.page)
    assert.ok(red < 150, `${red}`)
    assert.deepEqual(await findings(opened.page), [])
  })

  it('of vectors is drawn in our own colours', async () => {
    await serve(VECTOR, sea(), { vector_layers: [{ id: 'water', fields: {} }] })
    assert.deepEqual(new Set(await look('.canvas[data-ground]')), new Set([206]))
    assert.deepEqual(await colour(opened.page), WATER)
    assert.equal(await opened.page.locator('.beneath').innerText(), '下面垫的是这台服务器的底图。')
  })

  it('is as good on a narrow screen in English', async () => {
    const { page, context, complaints } = await openPage(browser, territory.origin, { viewport: PHONE, locale: 'en', storageState: await opened.context.storageState() })
    await context.addInitScript(() => location.protocol !== 'about:' && localStorage.setItem('wanjia.locale', 'en'))
    page.setDefaultTimeout(30_000)
    await page.goto(`${territory.origin}/#/map`)
    await page.locator('.canvas[data-ground]').waitFor()
    assert.equal(await page.locator('.beneath').innerText(), 'Beneath it lies the base map of this server.')
    if (process.env.WANJIA_SHOTS) await page.screenshot({ path: join(process.env.WANJIA_SHOTS, 'ground-en.png') })
    const alien = (await foreign(page)).filter((one) => !/保成社区|彭书记/.test(one))
    assert.deepEqual([...(await findings(page)), ...(await sideways(page)), ...(await tooSmall(page, 44, true)), ...alien, ...complaints], [])
    await context.close()
  })

  it('asks nothing of anyone else', () => assert.deepEqual(opened.complaints, []))

  it('that is none stops the server, in two languages', async () => {
    const file = join(folder, 'city.geojson')
    await writeFile(file, outlines(['1']))
    await assert.rejects(territory.wanjia('serve', '--listen', '127.0.0.1:0', '--tiles', file), ({ stderr }) => {
      assert.match(stderr, /不是 PMTiles 第 3 版/)
      assert.match(stderr, /is no PMTiles archive of version 3/)
      return true
    })
  })
})
