/** Reading and verifying a C2SP tlog-checkpoint: a signed note whose body is origin, size and root, one a line. */
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, equal, fromBase64, text } from './bytes'
import { verifySignature } from './signature'

const ED25519_SIGNATURE_TYPE = 0x01

export interface Checkpoint {
  /** For example `wanjia/420102`. */
  origin: string
  /** Number of leaves. */
  size: number
  /** 32 bytes. */
  root: Uint8Array
}

export class BadCheckpoint extends Error {
  override name = 'BadCheckpoint'
}

/** Throws `BadCheckpoint` unless the note is well formed, of this origin, and signed by `publicKey` (32 bytes). */
export async function openCheckpoint(note: string, origin: string, publicKey: Uint8Array): Promise<Checkpoint> {
  const split = note.lastIndexOf('\n\n')
  if (split < 0) throw new BadCheckpoint('the note has no signature block')
  const body = note.slice(0, split + 1)
  const [named, size, root] = body.split('\n')
  if (named !== origin) throw new BadCheckpoint(`the note is of "${named}", not of "${origin}"`)
  if (size === undefined || !/^(0|[1-9][0-9]*)$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw new BadCheckpoint('the size is not a number')
  }
  const rootBytes = fromBase64(root ?? '')
  if (rootBytes.length !== 32) throw new BadCheckpoint('the root is not 32 bytes')
  for (const line of note.slice(split + 2).split('\n')) {
    const parts = /^— (\S+) (\S+)$/.exec(line)
    if (parts === null) continue
    const [, keyName, encoded] = parts
    const signed = fromBase64(encoded!)
    const known = equal(signed.subarray(0, 4), keyHash(keyName!, publicKey))
    if (known && (await verifySignature(publicKey, text(body), signed.subarray(4)))) {
      return { origin, size: Number(size), root: rootBytes }
    }
  }
  throw new BadCheckpoint('no signature by the known key')
}

/** The four bytes that name a key in a signed note. */
export function keyHash(name: string, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(text(`${name}\n`), Uint8Array.of(ED25519_SIGNATURE_TYPE), publicKey)).subarray(0, 4)
}
