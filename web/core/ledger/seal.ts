/** Sealing of personal content: XChaCha20-Poly1305 under a fresh data key, bound to its owner and its place in the series. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, text, u64, type Bytes } from './bytes'

const NONCE_LENGTH = 24

export interface SealPlace {
  /** 16 bytes. */
  owner: Uint8Array
  /** 16 bytes. */
  series: Uint8Array
  sequence: number | bigint
}

/** nonce (24 bytes) followed by the ciphertext and its tag. `key` is 32 bytes. */
export function seal(plaintext: Uint8Array, key: Uint8Array, nonce: Uint8Array, place: SealPlace): Bytes {
  return concat(nonce, xchacha20poly1305(key, nonce, associatedData(place)).encrypt(plaintext))
}

/** Throws when the key, the place or a byte of the content is not the one it was sealed with. */
export function open(content: Uint8Array, key: Uint8Array, place: SealPlace): Bytes {
  const nonce = content.subarray(0, NONCE_LENGTH)
  const plaintext = xchacha20poly1305(key, nonce, associatedData(place)).decrypt(content.subarray(NONCE_LENGTH))
  return new Uint8Array(plaintext)
}

export function contentDigest(content: Uint8Array): Bytes {
  return new Uint8Array(sha256(content))
}

export function freshKey(): Bytes {
  return crypto.getRandomValues(new Uint8Array(32))
}

export function freshNonce(): Bytes {
  return crypto.getRandomValues(new Uint8Array(NONCE_LENGTH))
}

function associatedData({ owner, series, sequence }: SealPlace): Bytes {
  return concat(text('wanjia seal v1'), owner, series, u64(sequence))
}
