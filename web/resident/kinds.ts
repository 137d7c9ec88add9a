/** The kinds of help: what is written down of each, whatever language the page is in. */
export const KINDS = { food: '买菜送饭', medicine: '买药', ride: '去医院', care: '要人照看', talk: '心里难受，想说话', other: '别的' } as const
export type Kind = keyof typeof KINDS

const BETWEEN = '、'
const THEN = '：'

/** The words of a request: the kinds that were ticked, and what was written beside them. */
export function wordsOf(kinds: readonly Kind[], text: string): string {
  const ticked = kinds.map((kind) => KINDS[kind]).join(BETWEEN)
  return [ticked, text.trim()].filter((part) => part !== '').join(THEN)
}

/** The kinds in the words of a request, and the rest of it. */
export function kindsIn(words: string): { kinds: Kind[]; text: string } {
  const [head = '', ...rest] = words.split(THEN)
  const named = head.split(BETWEEN).map((part) => (Object.keys(KINDS) as Kind[]).find((kind) => KINDS[kind] === part))
  const kinds = named.filter((kind) => kind !== undefined)
  return kinds.length === named.length ? { kinds, text: rest.join(THEN) } : { kinds: [], text: words }
}
