/** The console's way to call the server: says that a person at the console asks, and notices when the session has ended. */
import { call as plain, Refused, type Answer, type CallOptions } from '@core/api/client'

/** A page of another origin cannot send this header without asking, so a forged form is refused. */
const HEADER = { 'x-wanjia': 'console' }

let ended: () => void = () => undefined

export function onSessionEnd(act: () => void): void {
  ended = act
}

export async function call<Body>(path: string, options: CallOptions = {}): Promise<Answer<Body>> {
  try {
    return await plain<Body>(path, { ...options, headers: { ...options.headers, ...HEADER } })
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 401 && path !== '/v1/session') ended()
    throw error
  }
}
