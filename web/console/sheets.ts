/** Departments' sheets in a list. */
import type { KeptSheet, SheetChanges } from '@core/api/types'

export const STANDINGS = ['waiting', 'in_force', 'over'] as const satisfies KeptSheet['standing'][]

/** Those in whose name or department every word occurs, and that stand so; every one of them if nothing is asked. */
export function among(sheets: readonly KeptSheet[], words: string, standing: KeptSheet['standing'] | ''): KeptSheet[] {
  const wanted = words.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '')
  return sheets.filter((sheet) => {
    const text = `${sheet.name} ${sheet.department}`.toLocaleLowerCase()
    return (standing === '' || sheet.standing === standing) && wanted.every((word) => text.includes(word))
  })
}

/** What is said of a sheet's changes: without a time before, either nobody took it yet or this taking is its first. */
export function changesText({ taken }: Pick<KeptSheet, 'taken'>, { since }: Pick<SheetChanges, 'since'>): string {
  if (since !== undefined) return 'sheets.changed'
  return taken ? 'sheets.firstTaken' : 'sheets.first'
}
