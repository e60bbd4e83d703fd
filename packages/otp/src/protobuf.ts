/** One field of a protobuf message: a varint, or the bytes of anything else that has a length. */
export interface Field {
  readonly number: number
  readonly value: bigint | Uint8Array
  /** The field as it was written, tag included. */
  readonly raw: Uint8Array
}

/** A message that is no protobuf, or uses what no exporter writes (groups). */
export class ProtobufProblem extends Error {}

class Reader {
  readonly #bytes: Uint8Array
  at = 0
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.at >= this.#bytes.length
  }

  /** At most ten bytes; bits over 64 are cut off, as other readers do. */
  varint(): bigint {
    let value = 0n
    for (let place = 0n; place < 70n; place += 7n) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw new ProtobufProblem()
      value |= BigInt(byte & 0x7f) << place
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new ProtobufProblem()
  }

  /** A view, never a copy, so that a length that is a lie costs nothing. */
  take(length: bigint | number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new ProtobufProblem()
    const start = this.at
    this.at += Number(length)
    return this.#bytes.subarray(start, this.at)
  }

  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.at)
  }
}

function readValue(reader: Reader, wireType: number): bigint | Uint8Array {
  switch (wireType) {
    case 0:
      return reader.varint()
    case 1:
      return reader.take(8)
    case 2:
      return reader.take(reader.varint())
    case 5:
      return reader.take(4)
    default:
      throw new ProtobufProblem()
  }
}

/**
 * The fields of a message in order, without a schema.
 * @throws ProtobufProblem
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function readFields(message: Uint8Array): Field[] {
  const reader = new Reader(message)
  const fields: Field[] = []
  while (!reader.done) {
    const start = reader.at
    const tag = reader.varint()
    const number = Number(tag >> 3n)
    if (number < 1 || number > 0x1fff_ffff) throw new ProtobufProblem()
    const value = readValue(reader, Number(tag & 7n))
    fields.push({ number, value, raw: reader.since(start) })
  }
  return fields
}

function varint(value: bigint): number[] {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, value)
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  return [...bytes, Number(left)]
}

/** A field with its tag; a negative number takes ten bytes, as protobuf wants it. */
export function writeField(number: number, value: bigint | number | Uint8Array): number[] {
  const wireType = typeof value === 'object' ? 2 : 0
  const tag = varint(BigInt(number * 8 + wireType))
  return typeof value === 'object'
    ? [...tag, ...varint(BigInt(value.length)), ...value]
    : [...tag, ...varint(BigInt(value))]
}
