/** The envelope of one fact, its hash, and the bytes that the head signature of a series covers. */
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, text, u64, type Bytes } from './bytes'
import { decode, encode, type Canonical } from './canonical'

const ENVELOPE_VERSION = 1

/** What a fact commits to when personal content lies beside it in the vault. */
export interface SealedReference {
  /** 16 bytes: the person or dwelling whose key opens the content. */
  owner: Uint8Array
  /** SHA-256 of the ciphertext. */
  digest: Uint8Array
}

export interface Envelope {
  series: Uint8Array
  /** From 0, dense within the series. A bigint only beyond 2^53, which no phone reaches. */
  sequence: number | bigint
  /** SHA-256 of the previous envelope of the series; 32 zero bytes for the first. */
  previous: Uint8Array
  payload: Uint8Array
  sealed: SealedReference | null
}

export const FIRST_PREVIOUS: Uint8Array = new Uint8Array(32)

export function encodeEnvelope(envelope: Envelope): Bytes {
  const { series, sequence, previous, payload, sealed } = envelope
  return encode([
    ENVELOPE_VERSION,
    series,
    sequence,
    previous,
    payload,
    sealed === null ? null : [sealed.owner, sealed.digest],
  ])
}

export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const [version, series, sequence, previous, payload, sealed, ...rest] = decode(bytes) as readonly Canonical[]
  const whole =
    version === ENVELOPE_VERSION &&
    isBytes(series, 16) &&
    (typeof sequence === 'number' || typeof sequence === 'bigint') &&
    sequence >= 0 &&
    isBytes(previous, 32) &&
    payload instanceof Uint8Array &&
    rest.length === 0
  if (!whole) throw new Error('not an envelope of version 1')
  if (sealed === null) return { series, sequence, previous, payload, sealed: null }
  const [owner, digest] = sealed as readonly Canonical[]
  if (!isBytes(owner, 16) || !isBytes(digest, 32)) throw new Error('the sealed reference is not [owner, digest]')
  return { series, sequence, previous, payload, sealed: { owner, digest } }
}

export function factHash(envelope: Uint8Array): Bytes {
  return new Uint8Array(sha256(envelope))
}

/** The message of the Ed25519 head signature: it covers the last fact of a push and, by the hash chain, all before. */
export function headMessage(series: Uint8Array, sequence: number | bigint, hash: Uint8Array): Bytes {
  return concat(text('wanjia series head v1\n'), series, u64(sequence), hash)
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}
