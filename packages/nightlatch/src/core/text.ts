/** Bytes of plain ASCII text (recovery codes): core/ knows no encoder of the platform's. */
export const asciiBytes = (ascii: string): Uint8Array => Uint8Array.from(ascii, (char) => char.charCodeAt(0))

export const asciiText = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
