/**
 * Finding a name by its characters, by how it sounds, and by the letters its syllables begin with. To be loaded when someone
 * first looks: the table of readings is heavier than a screen.
 */
import table from 'virtual:pinyin-table'

/** The part of a name that was meant, counted in characters; `end` is the first one after it. */
export interface Part {
  start: number
  end: number
}

const READINGS = new Map<string, string[]>()
for (const [, reading, characters] of table.matchAll(/([a-z]+)([^a-z]+)/g)) {
  for (const character of characters!) {
    const known = READINGS.get(character)
    if (known === undefined) READINGS.set(character, [reading!])
    else known.push(reading!)
  }
}
const readings = (character: string): readonly string[] => READINGS.get(character) ?? []

const BETWEEN = /[\s·•'’.-]/u

/** 0: the characters themselves; 1: the name begins with that sound; 2: the sound is further inside. */
export function findInName(name: string, typed: string): { part: Part; rank: number } | null {
  const letters = [...name.normalize('NFKC').toLowerCase()]
  const wanted = [...typed.normalize('NFKC').toLowerCase()].filter((letter) => !BETWEEN.test(letter))
  if (wanted.length === 0) return null
  const literal = letters.join('').indexOf(wanted.join(''))
  for (let start = 0; start < letters.length; start += 1) {
    const end = BETWEEN.test(letters[start]!) ? null : follow(letters, start, wanted, 0)
    if (end !== null) return { part: { start, end }, rank: literal >= 0 ? 0 : start === 0 ? 1 : 2 }
  }
  return null
}

/** Where in the name what was typed ends, if it goes on from `at` with what is typed from `from` on. */
function follow(letters: readonly string[], at: number, typed: readonly string[], from: number): number | null {
  if (from === typed.length) return at
  const letter = letters[at]
  if (letter === undefined) return null
  if (BETWEEN.test(letter)) return follow(letters, at + 1, typed, from)
  for (const taken of steps(letter, typed, from)) {
    const end = follow(letters, at + 1, typed, from + taken)
    if (end !== null) return end
  }
  return null
}

/** How much of what was typed may stand for this one character: itself, one that sounds alike, a syllable or its beginning. */
function* steps(letter: string, typed: readonly string[], from: number): Generator<number> {
  const next = typed[from]!
  const sounds = readings(letter)
  if (next === letter || readings(next).some((reading) => sounds.includes(reading))) yield 1
  for (const sound of sounds) {
    let same = 0
    while (same < sound.length && typed[from + same] === sound[same]) same += 1
    if (same === 0) continue
    if (same === sound.length || from + same === typed.length) yield same
    if (same > 1 && sound[1] === 'h') yield 2
    yield 1
  }
}
