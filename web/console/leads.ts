/** On which page the rows of a number of what waits are, for whoever is signed in; none where she may not see them. */
import { may, PAGES } from './may'

export type Waits = 'residual' | 'late' | 'unanswered' | 'open_posts' | 'held' | 'silent'

const PAGE = { residual: 'residual', open_posts: 'plans', held: 'quarantine', silent: 'devices' } as const

export function pageOf(waits: Waits): string | null {
  if (waits === 'late') return 'late'
  // Whoever decides what residents said opens it; whoever leads sees that it waits, and whom to ask.
  if (waits === 'unanswered') return may('residents') ? 'residents' : 'unanswered'
  const page = PAGES.find((known) => known === PAGE[waits])
  return page !== undefined && may(page) ? page : null
}
