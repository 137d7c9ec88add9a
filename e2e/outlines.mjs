/** A map for the tests: a small block for each building, in rows, as a survey would have drawn them. */
export function outlines(buildings, extra = []) {
  const [east, north, step] = [114.305, 30.605, 0.0009]
  const features = buildings.map((building, at) => {
    const [x, y] = [east + (at % 8) * step, north - Math.floor(at / 8) * step * 0.7]
    const ring = [[x, y], [x + 0.0006, y], [x + 0.0006, y + 0.00022], [x, y + 0.00022], [x, y]]
    return { type: 'Feature', properties: { 楼号: building, 备注: '测绘' }, geometry: { type: 'Polygon', coordinates: [ring] } }
  })
  return Buffer.from(JSON.stringify({ type: 'FeatureCollection', features: [...features, ...extra] }))
}

export const point = { type: 'Feature', properties: { 楼号: '门卫' }, geometry: { type: 'Point', coordinates: [114.305, 30.605] } }
