/** Looking at pages: a picture of each, and a complaint for whatever a machine can see to be wrong with it. */
import { alien, crowded, cut, DESK, findings, foreign, openPage, sideways, signIn, tooSmall } from './browser.mjs'

export const LOOKS = ['standard', 'large', 'elder', 'high', 'forced']
/** The browser's text size that a look stands for, in CSS pixels. */
export const TEXT = { standard: 16, large: 20, elder: 24, high: 16, forced: 16 }

export class Looking {
  complaints = []
  /** Who is signed in, by role. */
  cookies = new Map()
  /** The sweep that the consoles look at. */
  sweep = ''
  /** Of places and programmes: they stay as they are on a page in another language. */
  names = []

  constructor(browser, territory, out) {
    Object.assign(this, { browser, territory, out })
  }

  /** A walk that cannot go on is one complaint; the next begins anew. */
  async whole(pages, options) {
    const name = Object.values(options).filter((word) => typeof word === 'string').join('-')
    await pages(options).catch((error) => this.complaints.push(`${name}: ${error.stack.split('\n').filter((line) => /Error|Timeout|waiting for l|intercepts|walk|states/.test(line)).slice(0, 4).join(' ')}`))
    await Promise.all(this.browser.contexts().map((context) => context.close()))
  }

  /** One page with everything that is looked for on it. */
  async open(name, { locale, look, viewport, phone = false, role = null }) {
    const { browser, complaints, out, territory } = this
    const options = { viewport, locale, ...(phone ? { deviceScaleFactor: 2, isMobile: true, hasTouch: true } : { deviceScaleFactor: 1 }) }
    if (role !== null) options.storageState = this.cookies.get(role)
    const opened = await openPage(browser, territory.origin, options)
    const { page, context } = opened
    page.setDefaultTimeout(45_000)
    await context.addInitScript(
      ([chosen, size, contrast, sweep]) => {
        if (location.protocol === 'about:') return
        localStorage.setItem('wanjia.sweep', sweep)
        localStorage.setItem('wanjia.locale', chosen)
        if (size !== '') localStorage.setItem('wanjia.size', size)
        if (contrast !== '') localStorage.setItem('wanjia.contrast', contrast)
      },
      [locale, phone ? (TEXT[look] === 16 ? 'standard' : look) : '', phone && look === 'high' ? 'high' : '', this.sweep],
    )
    if (look === 'high') await page.emulateMedia({ contrast: 'more' })
    if (look === 'forced') await page.emulateMedia({ forcedColors: 'active' })
    if (!phone) {
      const session = await context.newCDPSession(page)
      await session.send('Page.setFontSizes', { fontSizes: { standard: TEXT[look] } })
    }
    const narrow = viewport.width < 720
    const shot = async (what, { full = false } = {}) => {
      const where = `${name}-${what}`
      await page.waitForTimeout(250)
      // A whole page is drawn at a size of its own, at which the browser forgets the text size that was set here.
      await page.screenshot({ path: `${out}${where}.png`, fullPage: full && (phone || TEXT[look] === 16) })
      const named = (one) => this.names.some((name) => one.includes(name))
      const say = (found) => complaints.push(...found.filter((one) => !one.startsWith('Chinese') || !named(one)).map((one) => `${where}: ${one}`))
      // Forced colours replace whatever contrast the page chose.
      say((await findings(page)).filter((one) => look !== 'forced' || !one.startsWith('color-contrast')))
      say(await sideways(page))
      say(await cut(page))
      say(await crowded(page))
      if (narrow) say(await tooSmall(page, phone && look === 'elder' ? 60 : 44, !phone))
      say(locale === 'en' ? await foreign(page) : await alien(page))
    }
    /** Opens a dialog, looks at it, and leaves it by Escape: the focus goes back to where it was. */
    const dialog = async (what, opener, within = async () => {}) => {
      if ((await opener.count()) === 0) return void complaints.push(`${name}-${what}: nothing opens it`)
      await opener.focus()
      await opener.click()
      await page.locator('dialog[open]').waitFor()
      await page.waitForTimeout(600)
      await shot(what)
      await within(page.locator('dialog[open]'))
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached', timeout: 3000 }).catch(() => complaints.push(`${name}-${what}: Escape does not close it`))
      const lost = await page.evaluate(() => document.activeElement === document.body)
      if (lost) complaints.push(`${name}-${what}: the focus is lost when it closes`)
    }
    const done = async () => {
      complaints.push(...opened.complaints.map((text) => `${name}: ${text}`))
      await context.close()
    }
    const visit = async (path, selector) => {
      await page.goto('about:blank')
      await page.goto(`${territory.origin}/#${path}`)
      await page.waitForSelector(selector)
      await page.waitForTimeout(500)
    }
    return { ...opened, shot, dialog, done, visit }
  }

  async signIn(role) {
    const { page, context } = await openPage(this.browser, this.territory.origin, { viewport: DESK })
    await signIn(page, this.territory, { username: role, password: this.territory.accounts[role] })
    this.cookies.set(role, await context.storageState())
    await context.close()
  }

  /** One request in a role's name, past the screens. */
  async ask(role, method, path, json) {
    const cookie = this.cookies.get(role).cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const bytes = json instanceof Uint8Array
    const response = await fetch(this.territory.origin + path, {
      method,
      headers: { 'content-type': bytes ? 'application/octet-stream' : 'application/json', 'x-wanjia': 'console', cookie },
      body: json === undefined || bytes ? json : JSON.stringify(json),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  /** Prints the complaints, and says how the program ends. The frame is on every picture: its blame is said once. */
  report() {
    const blamed = new Map()
    for (const complaint of this.complaints) {
      const [where, what] = complaint.split(/: (.*)/s)
      blamed.set(what, [...(blamed.get(what) ?? []), where])
    }
    for (const [what, [first, ...rest]] of blamed) console.error(`${first}${rest.length > 0 ? ` and ${rest.length} more` : ''}: ${what}`)
    console.log(`${blamed.size} complaints`)
    return blamed.size > 0 ? 1 : 0
  }
}
