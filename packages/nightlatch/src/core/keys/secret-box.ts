/** Authenticated encryption under the root key (AES-256-GCM), bound to the row by `context`. */
export interface SecretBox {
  /** The id of the key that seals now: the newest one. */
  readonly keyId: string
  seal(plain: Uint8Array, context: string): string
  open(sealed: string, context: string): Opened
}

export type Opened =
  | { readonly kind: 'opened'; readonly plain: Uint8Array; readonly keyId: string }
  /** `unknown-key`: sealed under a key that is not here; `damaged`: changed, or moved from another row. */
  | { readonly kind: 'refused'; readonly why: 'unknown-key' | 'damaged' }
