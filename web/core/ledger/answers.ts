/** What a form was filled in with, as the bytes that are sealed: a CBOR map from the names of the questions to the answers. */
import { encode as encodeCbor } from 'cborg'
import type { Bytes } from './bytes'

/** A text, a number or a list of them; a day is a text such as 2020-03-10. */
export type Given = string | number | Given[]

/** The names stand in the order of their UTF-8 bytes, and a number with a fraction is a 64-bit float, as the server writes them. */
export function answersContent(answers: Readonly<Record<string, Given>>): Bytes {
  const order = new TextEncoder()
  const names = Object.keys(answers).sort((left, right) => compare(order.encode(left), order.encode(right)))
  return new Uint8Array(encodeCbor(new Map(names.map((name) => [name, answers[name]])), { float64: true, mapSorter: () => 0 }))
}

function compare(left: Uint8Array, right: Uint8Array): number {
  const at = left.findIndex((byte, index) => byte !== right[index])
  return at < 0 ? left.length - right.length : left[at]! - (right[at] ?? -1)
}
