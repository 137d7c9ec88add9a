/** An RFC 6962 tree in memory for the mock server: roots and proofs by recursion, straight from the RFC's definitions. */
import { createHash } from 'node:crypto'

const sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export const leafHash = (entry) => sha256(Buffer.of(0), entry)
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right)

const split = (size) => 2 ** Math.floor(Math.log2(size - 1))

export function root(leaves) {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0]
  const at = split(leaves.length)
  return nodeHash(root(leaves.slice(0, at)), root(leaves.slice(at)))
}

export function inclusion(position, leaves) {
  if (leaves.length <= 1) return []
  const at = split(leaves.length)
  return position < at
    ? [...inclusion(position, leaves.slice(0, at)), root(leaves.slice(at))]
    : [...inclusion(position - at, leaves.slice(at)), root(leaves.slice(0, at))]
}

export function consistency(oldSize, leaves) {
  return oldSize === 0 || oldSize === leaves.length ? [] : subproof(oldSize, leaves, true)
}

function subproof(size, leaves, whole) {
  if (size === leaves.length) return whole ? [] : [root(leaves)]
  const at = split(leaves.length)
  return size <= at
    ? [...subproof(size, leaves.slice(0, at), whole), root(leaves.slice(at))]
    : [...subproof(size - at, leaves.slice(at), false), root(leaves.slice(0, at))]
}
