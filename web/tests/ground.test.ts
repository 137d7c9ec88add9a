/** A style made from what an archive says of itself. */
import { describe, expect, it } from 'vitest'
import { type Archive, attribution, groundLayers, groundSource } from '../console/ground'

const archive = (metadata: unknown, vector = true): Archive => ({ url: 'https://wanjia.example/v1/tiles', vector, minZoom: 3, maxZoom: 14, bounds: [114, 30, 115, 31], metadata })
const named = (...names: string[]) => archive({ vector_layers: names.map((id) => ({ id, fields: {} })) })
const drawn = (one: Archive) => groundLayers(one).map((layer) => ('source-layer' in layer ? `${layer['source-layer']} ${layer.type}` : layer.type))

describe('the ground beneath a map', () => {
  it('is drawn from the bottom up, whatever order the archive tells its layers in', () => {
    expect(drawn(named('roads', 'buildings', 'places', 'water', 'landuse', 'earth', 'boundaries'))).toEqual(['earth fill', 'landuse fill', 'water fill', 'water line', 'roads line', 'buildings fill'])
    expect(drawn(named('transportation', 'building', 'waterway', 'park', 'poi', 'transportation_name'))).toEqual(['park fill', 'waterway line', 'transportation line', 'building fill'])
  })

  it('has neither names nor pictures, which would need files from elsewhere', () => {
    const layers = groundLayers(named('earth', 'landcover', 'landuse', 'park', 'water', 'waterway', 'roads', 'buildings', 'places', 'pois'))
    expect(layers.filter(({ type }) => !['fill', 'line'].includes(type))).toEqual([])
    expect(JSON.stringify(layers)).not.toMatch(/pattern|text|icon/)
  })

  it('is nothing of which an archive does not tell', () => {
    for (const metadata of [null, undefined, 7, 'x', {}, { vector_layers: 'roads' }, { vector_layers: [null, 3, {}, { id: 7 }] }]) {
      expect(groundLayers(archive(metadata))).toEqual([])
      expect(attribution(metadata)).toBe('')
    }
  })

  it('is pictures where the archive holds pictures', () => {
    expect(drawn(archive({}, false))).toEqual(['raster'])
    expect(groundSource(archive({}, false))).toMatchObject({ type: 'raster', tileSize: 256, maxzoom: 14 })
  })

  it('comes from the one archive', () => {
    expect(groundSource(named())).toEqual({ type: 'vector', tiles: ['pmtiles://https://wanjia.example/v1/tiles/{z}/{x}/{y}'], minzoom: 3, maxzoom: 14, bounds: [114, 30, 115, 31] })
  })
})
