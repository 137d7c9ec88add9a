/** The phone app's icons as PNG, drawn from the SVG: `node icons.mjs` after the drawing changes. Phones that install the app want pixels. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { launch } from './browser.mjs'

const folder = fileURLToPath(new URL('../web/phone/public/', import.meta.url))
const ICONS = [
  { from: 'icon.svg', to: 'icon-192.png', size: 192 },
  { from: 'icon.svg', to: 'icon-512.png', size: 512 },
  { from: 'icon-maskable.svg', to: 'icon-maskable-512.png', size: 512 },
  { from: 'icon-maskable.svg', to: 'apple-touch-icon.png', size: 180 },
]

const browser = await launch()
for (const { from, to, size } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  const svg = (await readFile(folder + from)).toString('base64')
  await page.setContent(`<body style="margin:0"><img width="${size}" height="${size}" src="data:image/svg+xml;base64,${svg}">`)
  await page.locator('img').evaluate((image) => image.decode())
  await page.screenshot({ path: folder + to, omitBackground: true })
}
await browser.close()
