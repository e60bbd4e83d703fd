/** The dark modules as the path of an SVG: every run of them in a row is one rectangle. */
export const qrPath = (modules: readonly (readonly boolean[])[], offset = 0): string =>
  modules
    .flatMap((row, y) =>
      runs(row).map(([from, length]) => `M${from + offset} ${y + offset}h${length}v1h-${length}z`),
    )
    .join('')

function runs(row: readonly boolean[]): readonly (readonly [from: number, length: number])[] {
  const found: [number, number][] = []
  row.forEach((dark, x) => {
    const last = found.at(-1)
    if (!dark) return
    if (last !== undefined && last[0] + last[1] === x) last[1] += 1
    else found.push([x, 1])
  })
  return found
}
