import { describe, expect, it } from 'vitest'
import { consistency, inclusion, leafHash as mockLeaf, root } from '../../e2e/mock/tree.mjs'
import { leafHash, verifyConsistency, verifyInclusion } from '@core/ledger/tree'

const entries = Array.from({ length: 33 }, (_, index) => new Uint8Array([index]))
const leaves = entries.map((entry) => mockLeaf(entry))
const sizes = Array.from({ length: 34 }, (_, size) => size)

describe('proofs, against trees and proofs written from the definitions of RFC 6962', () => {
  it('hashes leaves alike', () => {
    expect(leafHash(entries[7]!)).toEqual(new Uint8Array(leaves[7]!))
  })

  it('accepts every inclusion proof of every tree, and none at another place', () => {
    for (const size of sizes.slice(1)) {
      const tree = leaves.slice(0, size)
      for (let position = 0; position < size; position += 1) {
        const proof = inclusion(position, tree)
        expect(verifyInclusion(leaves[position]!, position, size, proof, root(tree))).toBe(true)
        expect(verifyInclusion(leaves[position]!, position + 1, size, proof, root(tree))).toBe(false)
        expect(verifyInclusion(leaves[(position + 1) % 33]!, position, size, proof, root(tree))).toBe(false)
      }
    }
  })

  it('accepts every consistency proof, and none for a past that changed', () => {
    for (const newSize of sizes.slice(1)) {
      const tree = leaves.slice(0, newSize)
      for (const oldSize of sizes.slice(1, newSize + 1)) {
        const old = root(leaves.slice(0, oldSize))
        const proof = consistency(oldSize, tree)
        expect(verifyConsistency(oldSize, old, newSize, root(tree), proof)).toBe(true)
        const other = tree.map((leaf, index) => (index === 0 ? mockLeaf(Buffer.from('other')) : leaf))
        expect(verifyConsistency(oldSize, old, newSize, root(other), consistency(oldSize, other))).toBe(false)
        if (proof.length > 0) expect(verifyConsistency(oldSize, old, newSize, root(tree), proof.slice(1))).toBe(false)
      }
    }
  })

  it('refuses a tree that shrank', () => {
    expect(verifyConsistency(5, root(leaves.slice(0, 5)), 4, root(leaves.slice(0, 4)), [])).toBe(false)
  })
})
