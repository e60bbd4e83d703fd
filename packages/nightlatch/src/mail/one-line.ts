/** Text from a person, on one line and without what mail programs turn into a link. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/(?<=\S)\.(?=\S)/g, ' .')
    .replace(/:\/+|www/gi, ' ')
    .replaceAll('@', ' at ')
    .slice(0, 100)
    .trim()
}
