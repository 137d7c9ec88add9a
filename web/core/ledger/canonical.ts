/**
 * The ledger's canonical encoding: deterministic CBOR (RFC 8949 section 4.2.1) restricted to definite-length
 * arrays, integers in shortest form, byte strings, UTF-8 text, null, true and false.
 * The same bytes must come out of the server and of every phone, because they are hashed and signed.
 */
import { decode as decodeCbor, encode as encodeCbor } from 'cborg'
import { equal, type Bytes } from './bytes'

export type Canonical = number | bigint | string | boolean | null | Uint8Array | readonly Canonical[]

export class NotCanonical extends Error {
  override name = 'NotCanonical'
}

/** Throws `NotCanonical` for a value outside the subset (fractions, maps, undefined, lone surrogates). */
export function encode(value: Canonical): Bytes {
  requireSubset(value)
  return new Uint8Array(encodeCbor(value))
}

/** Accepts bytes only if encoding the result gives the same bytes again. Integers beyond 2^53 come back as bigint. */
export function decode(bytes: Uint8Array): Canonical {
  let value: Canonical
  try {
    value = decodeCbor(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      rejectDuplicateMapKeys: true,
    }) as Canonical
  } catch (cause) {
    throw new NotCanonical(String(cause), { cause })
  }
  if (!equal(encode(value), bytes)) throw new NotCanonical('the bytes are not in shortest form')
  return value
}

function requireSubset(value: unknown): void {
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return
  if (typeof value === 'string') {
    if (/\p{Surrogate}/u.test(value)) throw new NotCanonical('text with a lone surrogate has no UTF-8 form')
    return
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new NotCanonical(`not an exact integer: ${value}`)
    return
  }
  if (typeof value === 'bigint') {
    if (value >= 2n ** 64n || value < -(2n ** 64n)) throw new NotCanonical(`integer out of range: ${value}`)
    return
  }
  if (Array.isArray(value)) {
    for (const item of value) requireSubset(item)
    return
  }
  throw new NotCanonical(`a ${typeof value} cannot be encoded`)
}
