/**
 * The Merkle tree of RFC 6962: leaf hashes, and verification of inclusion and consistency proofs
 * (the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2, which RFC 6962 trees share).
 * Sizes and positions are safe integers; shifts are done by division because a tree may pass 2^31 leaves.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, equal, type Bytes } from './bytes'
import { encode } from './canonical'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export function leafHash(entry: Uint8Array): Bytes {
  return new Uint8Array(sha256(concat(LEAF, entry)))
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return new Uint8Array(sha256(concat(NODE, left, right)))
}

/** What the territory's tree holds for one fact. `receivedAt` is in milliseconds since 1970 UTC, `verdict` 0 when accepted. */
export function leafEntry(envelope: Uint8Array, receivedAt: number, verdict: number): Bytes {
  return encode([envelope, receivedAt, verdict])
}

/** True when `leaf` lies at `position` in the tree of `size` leaves with this `root`. */
export function verifyInclusion(
  leaf: Uint8Array,
  position: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(position) || position < 0 || position >= size) return false
  let fn = position
  let sn = size - 1
  let hash = leaf
  for (const step of proof) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(step, hash)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      hash = nodeHash(hash, step)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equal(hash, root)
}

/** True when the tree of `newSize` extends the tree of `oldSize` without changing a leaf of it. */
export function verifyConsistency(
  oldSize: number,
  oldRoot: Uint8Array,
  newSize: number,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (oldSize > newSize) return false
  if (oldSize === newSize) return proof.length === 0 && equal(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : [...proof]
  const [first, ...rest] = path
  if (first === undefined) return false
  let fn = oldSize - 1
  let sn = newSize - 1
  while (fn % 2 === 1) {
    fn = half(fn)
    sn = half(sn)
  }
  let oldHash = first
  let newHash = first
  for (const step of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      oldHash = nodeHash(step, oldHash)
      newHash = nodeHash(step, newHash)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      newHash = nodeHash(newHash, step)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equal(oldHash, oldRoot) && equal(newHash, newRoot)
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function isPowerOfTwo(value: number): boolean {
  const bits = BigInt(value)
  return (bits & (bits - 1n)) === 0n
}
