import { asciiBytes, asciiText } from '../text.js'

/** A record as the plain ASCII that is sealed: core/ knows no encoder of the platform's. */
export const sealable = (record: unknown): Uint8Array =>
  asciiBytes(
    JSON.stringify(record).replace(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  )

/** Nobody else can seal: it is what we have put there. */
export const fromSealable = <Content>(plain: Uint8Array): Content => JSON.parse(asciiText(plain)) as Content
