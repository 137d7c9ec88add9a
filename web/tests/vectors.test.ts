/** The same bytes as the server's: the golden vectors that the ledger crate commits. A missing file is a failure. */
import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { fromHex, hex } from '@core/ledger/bytes'
import { decode, encode, type Canonical } from '@core/ledger/canonical'
import { openCheckpoint } from '@core/ledger/checkpoint'
import { decodeEnvelope, encodeEnvelope, factHash, headMessage } from '@core/ledger/envelope'
import { contentDigest, open, seal } from '@core/ledger/seal'
import { sign, verifySignature } from '@core/ledger/signature'
import { leafEntry, leafHash, verifyConsistency, verifyInclusion } from '@core/ledger/tree'

function vectors<File>(name: string): File {
  return JSON.parse(readFileSync(new URL(`../../crates/ledger/tests/vectors/${name}.json`, import.meta.url), 'utf8')) as File
}

type Kind = 'uint' | 'int' | 'bytes' | 'text' | 'array' | 'boolean' | 'null'
type Named = Partial<Record<Kind, unknown>>

/** A number where it is exact, as `decode` gives it. */
function integer(digits: string): number | bigint {
  const value = BigInt(digits)
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value
}

function valueOf(named: Named): Canonical {
  if ('uint' in named || 'int' in named) return integer(String(named.uint ?? named.int))
  if ('bytes' in named) return fromHex(String(named.bytes))
  if ('array' in named) return (named.array as Named[]).map(valueOf)
  if ('text' in named) return String(named.text)
  return 'boolean' in named ? Boolean(named.boolean) : null
}

function isOf(kind: Kind, value: Canonical): boolean {
  if (kind === 'uint') return (typeof value === 'number' || typeof value === 'bigint') && value >= 0
  if (kind === 'int') return (typeof value === 'number' || typeof value === 'bigint') && value >= -(2n ** 63n) && value < 2n ** 63n
  if (kind === 'bytes') return value instanceof Uint8Array
  if (kind === 'array') return Array.isArray(value)
  if (kind === 'null') return value === null
  return typeof value === (kind === 'text' ? 'string' : 'boolean')
}

describe('canonical.json', () => {
  const { encoded, refused } = vectors<{
    encoded: { bytes: string; value: Named }[]
    refused: { bytes: string; read_as: Kind; why: string }[]
  }>('canonical')

  it.each(encoded)('$bytes', ({ bytes, value }) => {
    expect(hex(encode(valueOf(value)))).toBe(bytes)
    expect(decode(fromHex(bytes))).toEqual(valueOf(value))
  })

  it.each(refused)('refuses $bytes as $read_as: $why', ({ bytes, read_as: kind }) => {
    let value: Canonical
    try {
      value = decode(fromHex(bytes))
    } catch {
      return
    }
    expect(isOf(kind, value)).toBe(false)
  })
})

describe('envelopes.json', () => {
  interface Row {
    fact: string
    hash: string
    payload: string
    previous: string
    sealed: { owner: string; digest: string } | null
    sequence: string
    series: string
  }
  const { envelopes } = vectors<{ envelopes: Row[] }>('envelopes')

  it.each(envelopes)('sequence $sequence', (row) => {
    const envelope = {
      series: fromHex(row.series),
      sequence: integer(row.sequence),
      previous: fromHex(row.previous),
      payload: fromHex(row.payload),
      sealed: row.sealed && { owner: fromHex(row.sealed.owner), digest: fromHex(row.sealed.digest) },
    }
    expect(hex(encodeEnvelope(envelope))).toBe(row.fact)
    expect(decodeEnvelope(fromHex(row.fact))).toEqual(envelope)
    expect(hex(factHash(fromHex(row.fact)))).toBe(row.hash)
  })
})

describe('heads.json', () => {
  type Row = Record<'hash' | 'message' | 'public_key' | 'seed' | 'sequence' | 'series' | 'signature', string>
  const { heads } = vectors<{ heads: Row[] }>('heads')

  it.each(heads)('sequence $sequence', async (row) => {
    const message = headMessage(fromHex(row.series), integer(row.sequence), fromHex(row.hash))
    expect(hex(message)).toBe(row.message)
    const key = { kind: 'stored', publicKey: fromHex(row.public_key), seed: fromHex(row.seed) } as const
    expect(hex(await sign(key, message))).toBe(row.signature)
    expect(await verifySignature(key.publicKey, message, fromHex(row.signature))).toBe(true)
    expect(ed25519.verify(fromHex(row.signature), message, key.publicKey, { zip215: false })).toBe(true)
    const other = fromHex(row.signature)
    other[5]! ^= 1
    expect(await verifySignature(key.publicKey, message, other)).toBe(false)
  })
})

describe('sealed.json', () => {
  type Row = Record<'ciphertext' | 'digest' | 'key' | 'nonce' | 'owner' | 'plaintext' | 'sequence' | 'series', string>
  const { sealed } = vectors<{ sealed: Row[] }>('sealed')

  it.each(sealed)('sequence $sequence', (row) => {
    const place = { owner: fromHex(row.owner), series: fromHex(row.series), sequence: integer(row.sequence) }
    const content = seal(fromHex(row.plaintext), fromHex(row.key), fromHex(row.nonce), place)
    expect(hex(content)).toBe(row.ciphertext)
    expect(hex(contentDigest(content))).toBe(row.digest)
    expect(hex(open(content, fromHex(row.key), place))).toBe(row.plaintext)
    expect(() => open(content, fromHex(row.key), { ...place, owner: place.series })).toThrow()
  })
})

describe('tree.json', () => {
  const tree = vectors<{
    entries: { fact: string; leaf: string; received_at: string; verdict: string }[]
    roots: string[]
    inclusion: { position: number; size: number; proof: string[] }[]
    consistency: { old_size: number; new_size: number; proof: string[] }[]
  }>('tree')
  const root = (size: number) => fromHex(tree.roots[size]!)

  it('hashes every leaf', () => {
    for (const { fact, leaf, received_at: at, verdict } of tree.entries) {
      expect(hex(leafHash(leafEntry(fromHex(fact), Number(at), Number(verdict))))).toBe(leaf)
    }
  })

  it('accepts every inclusion proof, and none for another leaf', () => {
    for (const { position, size, proof } of tree.inclusion) {
      const steps = proof.map(fromHex)
      const leaf = (at: number) => fromHex(tree.entries[at]!.leaf)
      expect(verifyInclusion(leaf(position), position, size, steps, root(size))).toBe(true)
      expect(verifyInclusion(leaf((position + 1) % tree.entries.length), position, size, steps, root(size))).toBe(false)
    }
  })

  it('accepts every consistency proof, and none between other trees', () => {
    for (const { old_size: old, new_size: size, proof } of tree.consistency) {
      const steps = proof.map(fromHex)
      expect(verifyConsistency(old, root(old), size, root(size), steps)).toBe(true)
      if (old > 0) expect(verifyConsistency(old, root(old === 1 ? 2 : old - 1), size, root(size), steps)).toBe(false)
    }
  })
})

describe('checkpoint.json', () => {
  const { checkpoints, origin, public_key: key } = vectors<{
    checkpoints: { note: string; root: string; size: number }[]
    origin: string
    public_key: string
  }>('checkpoint')

  it.each(checkpoints)('size $size', async ({ note, root, size }) => {
    expect(await openCheckpoint(note, origin, fromHex(key))).toEqual({ origin, size, root: fromHex(root) })
    await expect(openCheckpoint(note.replace(`\n${size}\n`, `\n${size + 1}\n`), origin, fromHex(key))).rejects.toThrow()
    await expect(openCheckpoint(note, `${origin}0`, fromHex(key))).rejects.toThrow()
  })
})
