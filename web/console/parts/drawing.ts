/** The map itself, in a chunk of its own: MapLibre with our shapes and nothing from anywhere else. */
import { addProtocol, type GeoJSONSource, type LayerSpecification, Map as MapLibre, Marker, NavigationControl, setWorkerUrl, type StyleImageInterface } from 'maplibre-gl'
import 'maplibre-gl/dist/maplibre-gl.css'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { PMTiles, Protocol, TileType } from 'pmtiles'
import type { MapShape } from '@core/api/types'
import { attribution, GROUND, groundLayers, groundSource } from '../ground'
import { type Band, bounds, type Bounds, type Box, middle, places } from '../mapping'

setWorkerUrl(workerUrl)
const protocol = new Protocol()
addProtocol('pmtiles', protocol.tile)

export interface Label {
  /** The building's key. */
  key: string
  name: string
  figure: string
  band: Band
}

export interface Drawing {
  show: (shapes: readonly MapShape[], labels: readonly Label[]) => void
  /**
   * Draws the server's base map beneath everything, and answers whose it is, as text.
   *
   * Throws if its archive cannot be read.
   */
  lay: () => Promise<string>
  remove: () => void
}

export interface Words {
  title: string
  zoomIn: string
  zoomOut: string
}

/** Colour and hatching of a band: how many pixels apart its lines are, both ways if crossed. */
const LOOKS: Record<Band, { fill: string; apart: number; crossed?: boolean }> = {
  none: { fill: '#f6d5c9', apart: 4, crossed: true },
  never: { fill: '#f6d5c9', apart: 4, crossed: true },
  some: { fill: '#ffd98a', apart: 4 },
  old: { fill: '#ffd98a', apart: 4 },
  most: { fill: '#fff0c9', apart: 8 },
  days: { fill: '#fff0c9', apart: 8 },
  done: { fill: '#cfe8d8', apart: 0 },
  today: { fill: '#cfe8d8', apart: 0 },
}
const SIDE = 16

function hatching(band: Band): StyleImageInterface {
  const { fill, apart: gap, crossed } = LOOKS[band]
  const data = new Uint8Array(SIDE * SIDE * 4)
  const colour = [1, 3, 5].map((at) => parseInt(fill.slice(at, at + 2), 16))
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const line = gap > 0 && ((x + y) % gap === 0 || (crossed === true && (x - y + SIDE) % gap === 0))
      data.set(line ? [90, 96, 104, 255] : [...colour, 255], (y * SIDE + x) * 4)
    }
  }
  return { width: SIDE, height: SIDE, data }
}

const LAYERS: LayerSpecification[] = [
  { id: 'ground', type: 'background', paint: { 'background-color': '#f4f1ea' } },
  { id: 'surroundings', type: 'fill', source: 'shapes', filter: ['==', ['get', 'kind'], 'surroundings'], paint: { 'fill-color': '#e2ded4' } },
  { id: 'grids', type: 'line', source: 'shapes', filter: ['==', ['get', 'kind'], 'grid'], paint: { 'line-color': '#16424c', 'line-width': 2, 'line-dasharray': [3, 2] } },
  { id: 'buildings', type: 'fill', source: 'shapes', filter: ['==', ['get', 'kind'], 'building'], paint: { 'fill-pattern': ['concat', 'band-', ['get', 'band']] } },
  { id: 'edges', type: 'line', source: 'shapes', filter: ['!=', ['get', 'kind'], 'grid'], paint: { 'line-color': '#37474f', 'line-width': 1 } },
]

/**
 * Draws into an element. Tells how many labels wait for more room.
 *
 * Throws where the browser has no WebGL.
 */
export function draw(container: HTMLElement, words: Words, pick: (key: string) => void, waits: (labels: number) => void): Drawing {
  const map = new MapLibre({
    container,
    style: { version: 8, sources: { shapes: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } }, layers: LAYERS },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 21,
    locale: { 'Map.Title': words.title, 'NavigationControl.ZoomIn': words.zoomIn, 'NavigationControl.ZoomOut': words.zoomOut },
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right')
  let markers: { marker: Marker; element: HTMLElement; around: Bounds; texts: string[]; forms: { width: number; height: number }[] }[] = []
  let outlined: Bounds[] = []
  let fitted = ''

  const seen = ([west, south, east, north]: Bounds): Box => {
    const [first, last] = [map.project([west, north]), map.project([east, south])]
    return { left: first.x, top: first.y, right: last.x, bottom: last.y }
  }
  /** Labels that would lie over one another, or over outlines, say less or wait until someone comes closer. */
  const sort = (): void => {
    const wishes = markers.map(({ marker, around, forms }) => ({ at: map.project(marker.getLngLat()), outline: seen(around), forms }))
    const found = places(wishes, outlined.map(seen))
    markers.forEach(({ marker, element, texts }, at) => {
      const place = found[at] ?? null
      element.hidden = place === null
      if (place === null) return
      element.textContent = texts[place.form]!
      marker.setOffset([place.x, place.y])
    })
    waits(found.filter((place) => place === null).length)
  }
  map.on('moveend', sort)
  map.on('click', 'buildings', ({ features }) => {
    const key: unknown = features?.[0]?.properties.building
    if (typeof key === 'string') pick(key)
  })
  map.on('mouseenter', 'buildings', () => (map.getCanvas().style.cursor = 'pointer'))
  map.on('mouseleave', 'buildings', () => (map.getCanvas().style.cursor = ''))

  const put = (shapes: readonly MapShape[], labels: readonly Label[]): void => {
    for (const band of Object.keys(LOOKS) as Band[]) {
      if (!map.hasImage(`band-${band}`)) map.addImage(`band-${band}`, hatching(band))
    }
    const known = new Map(labels.map((label) => [label.key, label]))
    const features = shapes.map((shape) => {
      const band = shape.properties.kind === 'building' ? known.get(shape.properties.building ?? '')?.band : undefined
      return { ...shape, properties: { ...shape.properties, ...(band === undefined ? {} : { band }) } }
    })
    void map.getSource<GeoJSONSource>('shapes')?.setData({ type: 'FeatureCollection', features })
    for (const { marker } of markers) marker.remove()
    outlined = shapes.filter(({ properties }) => properties.kind !== 'grid').map((shape) => bounds([shape])).filter((around) => around !== null)
    const labelled = new Set<string>()
    markers = shapes.flatMap((shape) => {
      const label = known.get(shape.properties.building ?? '')
      const [at, around] = label === undefined || labelled.has(label.key) ? [null, null] : [middle(shape), bounds([shape])]
      if (label === undefined || at === null || around === null) return []
      labelled.add(label.key)
      const element = document.createElement('div')
      element.className = 'map-label'
      element.setAttribute('aria-hidden', 'true')
      element.dataset.band = label.band
      element.addEventListener('click', () => pick(label.key))
      const texts = [`${label.name}\n${label.figure}`, `${label.name} ${label.figure}`, label.name]
      return [{ marker: new Marker({ element }).setLngLat(at).addTo(map), element, around, texts, forms: [] }]
    })
    // All of one form at once, so that the page is laid out once for each.
    for (const form of [2, 1, 0]) {
      for (const { element, texts } of markers) element.textContent = texts[form]!
      for (const { element, forms } of markers) forms[form] = { width: element.offsetWidth, height: element.offsetHeight }
    }
    const box = bounds(shapes)
    if (box !== null && box.join() !== fitted) {
      fitted = box.join()
      // Half of a label stands out beyond its building.
      const widest = Math.max(...markers.map(({ element }) => element.offsetWidth))
      const padding = Math.min(container.clientWidth / 4, Math.max(48, widest / 2 + 8))
      map.fitBounds(box, { padding, animate: false, maxZoom: 19 })
    }
    sort()
    container.dataset.drawn = String(markers.length)
  }

  let waiting: (() => void) | null = null
  const loaded = new Promise<void>((resolve) => {
    map.once('load', () => {
      waiting?.()
      waiting = null
      resolve()
    })
  })
  let removed = false

  const lay = async (): Promise<string> => {
    const url = `${location.origin}/v1/tiles`
    const tiles = new PMTiles(url)
    protocol.add(tiles)
    const [header, metadata] = await Promise.all([tiles.getHeader(), tiles.getMetadata()])
    await loaded
    if (!removed) {
      const { minZoom, maxZoom, minLon, minLat, maxLon, maxLat } = header
      const archive = { url, vector: header.tileType === TileType.Mvt, minZoom, maxZoom, bounds: [minLon, minLat, maxLon, maxLat] as [number, number, number, number], metadata }
      map.addSource(GROUND, groundSource(archive))
      for (const layer of groundLayers(archive)) map.addLayer(layer, 'surroundings')
      map.once('idle', () => (container.dataset.ground = 'drawn'))
    }
    // Parsed, never put into the page: scripts in it do not run and nothing in it is loaded.
    return new DOMParser().parseFromString(attribution(metadata), 'text/html').body.textContent?.trim() ?? ''
  }

  return {
    show: (shapes, labels) => {
      if (map.loaded() || map.isStyleLoaded()) put(shapes, labels)
      else waiting = () => put(shapes, labels)
    },
    lay,
    remove: () => {
      removed = true
      map.remove()
    },
  }
}
