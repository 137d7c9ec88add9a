/** Chromium for the tests: the system's own, headless, with nothing talking home. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

export const PHONE = { width: 390, height: 844 }
export const DESK = { width: 1440, height: 900 }

export const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

export function launch() {
  return chromium.launch(LAUNCH)
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The serious and critical findings of axe on what is on screen, one line each; none is the wish. */
export async function findings(page) {
  // Colours in the middle of a transition belong to no state.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))))
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

/**
 * Text under 16 px, and whatever is touched and not part of a sentence under the target size, both in CSS pixels. A
 * console is read close by: its small print may be 14 px. A box is as large as the label that ticks it.
 */
export function tooSmall(page, target, console = false) {
  return page.evaluate(([least, print]) => {
    const found = []
    const visible = (element) => {
      const { width, height } = element.getBoundingClientRect()
      return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true })
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement
      if (node.data.trim() === '' || !visible(element)) continue
      const size = parseFloat(getComputedStyle(element).fontSize)
      if (size < print) found.push(`text ${size}px: ${node.data.trim().slice(0, 20)}`)
    }
    for (const touched of document.querySelectorAll('button, select, summary, input:not([type=file]), textarea, a[href]')) {
      const element = touched.matches('[type=checkbox], [type=radio]') ? (touched.closest('label') ?? touched) : touched
      const around = element.parentElement.textContent.trim().length - element.textContent.trim().length
      const inSentence = element.matches('a') && around > 2 && getComputedStyle(element).display === 'inline'
      if (!visible(element) || inSentence || element.closest('.unseen, .skip') !== null) continue
      const { width, height } = element.getBoundingClientRect()
      if (Math.min(width, height) < least - 0.5) found.push(`target ${Math.round(width)}x${Math.round(height)}: ${element.textContent.trim().slice(0, 20)}`)
    }
    return [...new Set(found)]
  }, [target, console ? 13.8 : 16])
}

/** What makes the page scroll sideways, if it does. */
export function sideways(page) {
  return page.evaluate(() => {
    const found = []
    const modal = document.querySelector('dialog[open]')
    for (const box of [document.scrollingElement, modal]) {
      if (box === null || box.scrollWidth <= box.clientWidth + 1) continue
      const wide = [...box.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      found.push(`scrolls sideways by ${box.scrollWidth - box.clientWidth}px: ${wide.slice(0, 3).map(({ outerHTML }) => outerHTML.slice(0, 90)).join(' | ')}`)
    }
    return found
  })
}

/** Text that its box cuts off. */
export function cut(page) {
  return page.evaluate(() => {
    const found = []
    for (const element of document.querySelectorAll('body *')) {
      if (element.closest('.unseen') !== null || element.textContent.trim() === '' || !element.checkVisibility()) continue
      const { overflowX, overflowY, clipPath, scrollSnapType } = getComputedStyle(element)
      if (clipPath !== 'none') continue
      const across = ['hidden', 'clip'].includes(overflowX) && element.scrollWidth > element.clientWidth + 1
      const down = ['hidden', 'clip'].includes(overflowY) && element.scrollHeight > element.clientHeight + 1
      // A part that scrolls sideways hides its last column from whoever does not try; a row that snaps is made to be swiped.
      if (['auto', 'scroll'].includes(overflowX) && scrollSnapType === 'none' && element.scrollWidth > element.clientWidth + 1 && !element.matches('html, body, textarea, dialog, [tabindex]')) found.push(`scrolls within: ${element.tagName} ${element.className} by ${element.scrollWidth - element.clientWidth}px`)
      if ((across || down) && element.clientWidth > 0) found.push(`cut: ${element.className} ${element.textContent.trim().slice(0, 40)}`)
    }
    for (const button of document.querySelectorAll('button, .button, .chip, .cell')) {
      if (button.checkVisibility() && button.scrollWidth > button.clientWidth + 2) found.push(`runs over: ${button.textContent.trim().slice(0, 40)}`)
    }
    return [...new Set(found)]
  })
}

/**
 * What cannot be hit because something lies over it, text squeezed into a column of single characters, and a frame that
 * leaves the page itself less than half of the screen.
 */
export function crowded(page) {
  return page.evaluate(() => {
    const found = []
    const above = (element) => (element === null ? [] : [element, ...above(element.parentElement)])
    const modal = document.querySelector('dialog[open]')
    for (const element of (modal ?? document.body).querySelectorAll('button, a[href], select, input')) {
      const box = element.getBoundingClientRect()
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2]
      if (box.width < 2 || !element.checkVisibility() || element.closest('.unseen, .skip') !== null || element.matches('.unseen')) continue
      // What scrolls below a bar that stays is not covered: it can be scrolled clear.
      if (x < 0 || y < 0 || x > innerWidth || y > innerHeight || getComputedStyle(element).position === 'fixed') continue
      const top = document.elementFromPoint(x, y)
      if (top === null || element.contains(top) || top.contains(element) || top.closest('label')?.contains(element)) continue
      const stays = (part) => ['fixed', 'sticky'].includes(getComputedStyle(part).position)
      if (above(top).some((part) => stays(part) && !part.contains(element))) continue
      const scrolledAway = (part) => {
        const { left, right, top: upper, bottom } = part.getBoundingClientRect()
        return getComputedStyle(part).overflowX !== 'visible' && (x < left || x > right || y < upper || y > bottom)
      }
      if (above(element).some(scrolledAway)) continue
      found.push(`covered: ${element.textContent.trim().slice(0, 30)} by ${top.outerHTML.slice(0, 80)}`)
    }
    const walker = document.createTreeWalker(modal ?? document.body, NodeFilter.SHOW_TEXT)
    const range = document.createRange()
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.trim()
      const element = node.parentElement
      if (text.length < 4 || !element.checkVisibility() || element.closest('.unseen') !== null) continue
      range.selectNodeContents(node)
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size
      if (lines > 2 && text.length / lines < 2.5) found.push(`squeezed into ${lines} lines: ${text.slice(0, 30)}`)
    }
    const main = document.querySelector('main')
    if (modal === null && main !== null && scrollY === 0 && main.getBoundingClientRect().top > innerHeight / 2) {
      found.push(`the page begins at ${Math.round(main.getBoundingClientRect().top)}px of ${innerHeight}`)
    }
    return [...new Set(found)]
  })
}

/** Sentences in English on a Chinese page; codes, file names and units stay as they are. */
export function alien(page) {
  return page.evaluate(() => {
    const found = new Set()
    const sentence = /\b[A-Za-z]{2,}[ ,]+[a-z]{2,}[ ,]+[a-z]{2,}\b/
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (sentence.test(node.data) && node.parentElement.closest('[lang=en], script, style') === null) found.add(`English: ${node.data.trim().slice(0, 60)}`)
    }
    return [...found]
  })
}

/** Sentences in Chinese on an English page; names of people and places stay as they are. */
export function foreign(page) {
  return page.evaluate(() => {
    const sentence = /[，。；：、]|\p{Script=Han}{8,}/u
    const found = new Set()
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.trim()
      if (sentence.test(text)) found.add(text.slice(0, 60))
    }
    for (const element of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]')) {
      for (const name of ['aria-label', 'placeholder', 'title', 'alt']) {
        const text = element.getAttribute(name) ?? ''
        if (sentence.test(text)) found.add(`${name}: ${text.slice(0, 60)}`)
      }
    }
    if (/\p{Script=Han}/u.test(document.title)) found.add(`title: ${document.title}`)
    return [...found].map((text) => `Chinese: ${text}`)
  })
}

/** A page whose console errors, failed policies and requests to other origins are collected. */
export async function openPage(browser, origin, options) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options })
  await context.addInitScript({ content: axe })
  const page = await context.newPage()
  const complaints = []
  // The tests take the network away and kill the server, and how a socket ends is the kernel's choice; what a policy stops is not.
  const ended = /net::ERR_(?!BLOCKED)|status of 4[0-9][0-9]/
  page.on('console', (message) => {
    if (message.type() === 'error' && !ended.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) complaints.push(`request to ${url}`)
  })
  return { context, page, complaints }
}

export const phoneOptions = (extra = {}) => ({ viewport: PHONE, deviceScaleFactor: 2, isMobile: true, hasTouch: true, ...extra })

export const PIN = '246813'

/** Signs in at the console, with the code of the moment: it opens once. */
export async function signIn(page, territory, { username, password }) {
  await page.goto(`${territory.origin}/`)
  await page.fill('[name=username]', username)
  await page.fill('[name=password]', password)
  await page.fill('[name=code]', await territory.code(username))
  await page.click('.button.lamp')
  await page.locator('.side').waitFor()
}

/** Opens a locked phone. */
export async function unlock(page, pin = PIN) {
  await page.locator('.lock .pad').waitFor()
  await page.keyboard.type(pin)
  await page.locator('.lock').waitFor({ state: 'detached' })
}

/** Makes a page the phone that an invitation is for, until its list is there and it works without the server. */
export async function enrol(page, url) {
  await page.goto(url)
  await page.getByRole('button', { name: '登记' }).click()
  await choosePin(page)
  await page.getByRole('button', { name: '开始走访' }).click()
  await page.locator('.row').first().waitFor()
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
}

/** Chooses the PIN of a phone that was just enrolled. */
export async function choosePin(page, pin = PIN) {
  await page.locator('.lock .pad').waitFor()
  await page.keyboard.type(pin)
  await page.waitForFunction(() => document.querySelectorAll('.lock .full').length === 0)
  await unlock(page, pin)
}

/** A page of the console's menu, which may count behind its name what waits there. */
export const go = (page, name) => page.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: new RegExp(`^${name}(\\P{L}|$)`, 'u') }).click()
