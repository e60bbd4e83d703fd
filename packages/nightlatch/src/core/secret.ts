const hidden = '[secret]'

/** A value that cannot be printed by accident: codes, keys, tokens and passwords travel in one. */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The one door to the value; search for it to find every place that looks inside. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  get [Symbol.toStringTag](): string {
    return hidden
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hidden
  }
}
