/** A setting's text, read: its value, or what the text must be instead. */
export type Parsed<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'refused'; readonly why: string }

export const value = <T>(parsed: T): Parsed<T> => ({ kind: 'value', value: parsed })
export const refuse = (why: string): Parsed<never> => ({ kind: 'refused', why })

/** A value as it may stand in a message: one line, not endless. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
