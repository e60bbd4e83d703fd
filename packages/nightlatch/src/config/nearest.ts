/** The candidate that somebody probably meant, or null when none is close. */
export function nearest(text: string, candidates: readonly string[]): string | null {
  let best: { readonly candidate: string; readonly distance: number } | null = null
  for (const candidate of candidates) {
    const distance = editDistance(text.slice(0, 100), candidate)
    if (distance < (best?.distance ?? Infinity)) best = { candidate, distance }
  }
  return best !== null && best.distance <= Math.max(1, Math.floor(text.length / 3)) ? best.candidate : null
}

/** Levenshtein: the fewest characters to add, drop or change. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, char] of [...one].entries()) {
    const next = [index + 1]
    for (const [column, otherChar] of [...other].entries())
      next.push(
        Math.min(
          (row[column] ?? 0) + (char === otherChar ? 0 : 1),
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
        ),
      )
    row = next
  }
  return row.at(-1) ?? 0
}
