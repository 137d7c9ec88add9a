/** The kinds of help, in the order of the page. */
export const KINDS = ['food', 'medicine', 'ride', 'care', 'talk', 'other'] as const
export type Kind = (typeof KINDS)[number]
