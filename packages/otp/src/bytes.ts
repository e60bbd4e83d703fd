/** Also of another realm: a test runner's window and a frame have a Uint8Array of their own. */
export const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && (value as Uint8Array).BYTES_PER_ELEMENT === 1 && 'length' in value
