/** How the server's base map is drawn: calm colours of our own, beneath what the map is about, and no names. */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from 'maplibre-gl'

/** What an archive says of itself. */
export interface Archive {
  url: string
  vector: boolean
  minZoom: number
  maxZoom: number
  /** West, south, east, north, in degrees. */
  bounds: [number, number, number, number]
  /** JSON as it lies in the archive. */
  metadata: unknown
}

export const GROUND = 'ground-tiles'

const geometry = (...kinds: string[]): ExpressionSpecification => ['match', ['geometry-type'], kinds, true, false]
const AREA = geometry('Polygon', 'MultiPolygon')
const LINE = geometry('LineString', 'MultiLineString')
/** Pixels by zoom: a road is a hair from afar and has a width close by. */
const WIDE: ExpressionSpecification = ['interpolate', ['exponential', 1.6], ['zoom'], 11, 0.5, 15, 3, 18, 12]

/** From the bottom up: what a layer is, under the names that OpenMapTiles, Protomaps and Shortbread give it. */
const KINDS: { names: string[]; area?: string; line?: string; width?: ExpressionSpecification | number }[] = [
  { names: ['earth'], area: '#f4f1ea' },
  { names: ['landcover', 'land', 'natural'], area: '#eceee0' },
  { names: ['landuse', 'sites'], area: '#eeeae0' },
  { names: ['park'], area: '#e3ead8' },
  { names: ['ocean', 'water', 'water_polygons'], area: '#d3e2e8', line: '#bdd3dc', width: 1.5 },
  { names: ['waterway', 'water_lines', 'physical_line'], line: '#bdd3dc', width: 1.5 },
  { names: ['street_polygons', 'aeroway'], area: '#ffffff' },
  { names: ['roads', 'transportation', 'streets'], line: '#ffffff', width: WIDE },
  { names: ['building', 'buildings'], area: '#e5dfd3' },
]

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The names of an archive's layers, which it need not tell. */
function layerNames(metadata: unknown): Set<unknown> {
  const told = members(metadata).vector_layers
  return new Set(Array.isArray(told) ? told.map((layer) => members(layer).id) : [])
}

export function groundSource({ url, vector, minZoom, maxZoom, bounds }: Archive): SourceSpecification {
  const source = { tiles: [`pmtiles://${url}/{z}/{x}/{y}`], minzoom: minZoom, maxzoom: maxZoom, bounds }
  return vector ? { type: 'vector', ...source } : { type: 'raster', tileSize: 256, ...source }
}

/** Layers whose names say nothing to us are not drawn. */
export function groundLayers({ vector, metadata }: Archive): LayerSpecification[] {
  if (!vector) return [{ id: GROUND, type: 'raster', source: GROUND, paint: { 'raster-saturation': -0.6, 'raster-opacity': 0.7 } }]
  const known = layerNames(metadata)
  return KINDS.flatMap(({ names, area, line, width }) =>
    names.filter((name) => known.has(name)).flatMap((name) => {
      const of = { source: GROUND, 'source-layer': name }
      const layers: LayerSpecification[] = []
      if (area !== undefined) layers.push({ id: `${GROUND}-${name}`, type: 'fill', ...of, filter: AREA, paint: { 'fill-color': area } })
      if (line !== undefined) layers.push({ id: `${GROUND}-${name}-line`, type: 'line', ...of, filter: LINE, paint: { 'line-color': line, 'line-width': width ?? 1 } })
      return layers
    }),
  )
}

/** Whose map it is, as the archive has it: it may hold markup, which is not to be drawn as such. */
export function attribution(metadata: unknown): string {
  const told = members(metadata).attribution
  return typeof told === 'string' ? told : ''
}
