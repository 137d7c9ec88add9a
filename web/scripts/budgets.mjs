/**
 * Sizes of what a page loads before it is usable, gzip, against the budgets, and of the largest part that the phone loads
 * later. Reads the built pages: every script and style that index.html names, and what those scripts import statically.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const BUDGETS = [
  { page: 'phone/index.html', name: 'phone shell', kilobytes: 130 },
  { page: 'index.html', name: 'console first view', kilobytes: 400 },
  { page: 'home/index.html', name: 'resident’s page', kilobytes: 150 },
]

/** Files that the page needs at once, as paths under dist. */
function eager(page) {
  const html = readFileSync(join(dist, page), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map(([, path]) => path.slice(1))
  const found = new Set([page])
  const visit = (file) => {
    if (found.has(file)) return
    found.add(file)
    if (!file.endsWith('.js')) return
    const source = readFileSync(join(dist, file), 'utf8')
    for (const [, path] of source.matchAll(/(?:^|[;}\n])\s*(?:import|export)(?:[^'"()]*?from)?\s*["'](\.[^"']+\.js)["']/g)) {
      visit(posix.join(dirname(file), path))
    }
  }
  named.forEach(visit)
  return [...found]
}

let over = false
for (const { page, name, kilobytes } of BUDGETS) {
  const files = eager(page)
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0)
  const measured = bytes / 1000
  console.log(`${name}: ${measured.toFixed(1)} kB gz of ${kilobytes} (${files.length} files)`)
  if (measured > kilobytes) {
    over = true
    console.error(`  over budget; the largest: ${files.map((file) => [gzipSync(readFileSync(join(dist, file))).length, file]).sort(([a], [b]) => b - a).slice(0, 5).map(([size, file]) => `${file} ${size}`).join(', ')}`)
  }
}
// What the phone loads when it is asked for, the form engine among it.
const LAZY = 300
const shell = new Set(eager('phone/index.html'))
const lazy = readdirSync(join(dist, 'phone/assets'))
  .map((name) => `phone/assets/${name}`)
  .filter((file) => file.endsWith('.js') && !shell.has(file))
  .map((file) => [gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000, file])
const [largest, file] = lazy.reduce((most, one) => (one[0] > most[0] ? one : most))
console.log(`phone, the largest part loaded later: ${largest.toFixed(1)} kB gz of ${LAZY} (${file})`)
over ||= largest > LAZY
process.exitCode = over ? 1 : 0
