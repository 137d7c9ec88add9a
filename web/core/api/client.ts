/** One way to call the server: JSON in and out, problem+json as an error that a person can read, and the server's clock. */

export interface Problem {
  type?: string
  title: string
  status: number
  detail: string
  detail_en?: string
  field?: string
  row?: number
  /** With `gap`: the number from which the server needs the facts. */
  expected?: number
  remedy?: string
  remedy_en?: string
}

/** The server answered and refused. */
export class Refused extends Error {
  override name = 'Refused'
  constructor(readonly problem: Problem) {
    super(problem.detail_en ?? problem.detail)
  }

  /** What kind of refusal: the last part of the problem's type, for example `device_revoked`. Empty when it has none. */
  get code(): string {
    return /^urn:wanjia:problem:(.+)$/.exec(this.problem.type ?? '')?.[1] ?? ''
  }

  /** The sentence for the reader's language, with what to do about it. */
  text(locale: string): string {
    const { detail, detail_en, title, remedy, remedy_en } = this.problem
    const chinese = locale.startsWith('zh')
    const said = sentenceCase((chinese ? detail : detail_en || detail) || title)
    const todo = (chinese ? remedy : remedy_en) ?? ''
    if (todo === '') return said
    const stop = /[.。!！?？]$/.test(said) ? '' : chinese ? '。' : '.'
    return `${said}${stop}${chinese ? '' : ' '}${sentenceCase(todo)}`
  }
}

/** No answer came: no network, or the server is away. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

/** What the command line says after a colon stands alone here. */
export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export interface CallOptions {
  method?: string
  query?: Record<string, string | number | boolean | null | undefined>
  json?: unknown
  body?: BodyInit
  headers?: Record<string, string>
  /** Milliseconds until the call counts as unreachable. */
  patience?: number
  /** The answer is a file and no JSON. */
  file?: boolean
  /** Whoever is signed in at this browser's console does not ask. */
  bare?: boolean
}

export interface Answer<Body> {
  body: Body
  /** The server's Date header in milliseconds, when it sent one. */
  serverTime: number | null
}

export async function call<Body>(path: string, options: CallOptions = {}): Promise<Answer<Body>> {
  const url = new URL(path, location.origin)
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, String(value))
  }
  const headers = { accept: 'application/json', ...options.headers }
  if (options.json !== undefined) Object.assign(headers, { 'content-type': 'application/json' })
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), options.patience ?? 30_000)
  try {
    const response = await fetch(url, {
      method: options.method ?? 'GET',
      headers,
      body: options.json === undefined ? options.body : JSON.stringify(options.json),
      signal: abort.signal,
      credentials: options.bare === true ? 'omit' : 'same-origin',
      cache: 'no-store',
    })
    const date = Date.parse(response.headers.get('date') ?? '')
    const serverTime = Number.isNaN(date) ? null : date
    if (response.ok && options.file === true) return { body: (await response.blob()) as Body, serverTime }
    const payload = await response.text()
    if (!response.ok) throw new Refused(readProblem(response.status, payload))
    return { body: (payload === '' ? null : JSON.parse(payload)) as Body, serverTime }
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Unreachable(String(error), { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

function readProblem(status: number, payload: string): Problem {
  try {
    const problem = JSON.parse(payload) as Partial<Problem>
    if (typeof problem.title === 'string') return { detail: '', ...problem, title: problem.title, status }
  } catch {
    // A proxy between us answered with something that is not problem+json: fall through to the bare status.
  }
  return { title: `HTTP ${status}`, status, detail: `服务器答复 ${status}`, detail_en: `The server answered ${status}` }
}
