import type { GenericSchema } from 'valibot'

/** A JSON Schema of the 2020-12 dialect, which OpenAPI 3.1 speaks. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** A part of a valibot schema, as far as we look into it. */
interface Part {
  readonly kind: 'schema' | 'validation' | 'metadata' | 'transformation'
  readonly type: string
  readonly pipe?: readonly Part[]
  readonly entries?: Readonly<Record<string, Part>>
  readonly item?: Part
  readonly wrapped?: Part
  readonly options?: readonly string[]
  readonly literal?: unknown
  readonly requirement?: unknown
  readonly description?: string
  readonly examples?: readonly unknown[]
}

/** The JSON Schema of what our schemas are made of. A kind that it does not know is a mistake of ours: it throws. */
export const jsonSchemaOf = (schema: GenericSchema): JsonSchema => ofPart(schema as unknown as Part)

function ofPart(part: Part): JsonSchema {
  const base = ofSchema(part)
  return (part.pipe ?? []).filter((one) => one !== part && one.kind !== 'schema').reduce(refine, base)
}

const plain = ({ type }: Part): JsonSchema => ({ type })
const object = ({ entries }: Part): JsonSchema => ofObject(entries ?? {})

const kinds: Readonly<Record<string, (part: Part) => JsonSchema>> = {
  string: plain,
  number: plain,
  boolean: plain,
  picklist: ({ options }) => ({ type: 'string', enum: options }),
  literal: ({ literal }) => ({ const: literal }),
  array: ({ item }) => ({ type: 'array', items: ofPart(inside(item)) }),
  nullable: ({ wrapped }) => ({ anyOf: [ofPart(inside(wrapped)), { type: 'null' }] }),
  optional: ({ wrapped }) => ofPart(inside(wrapped)),
  object,
  loose_object: object,
}

function ofSchema(part: Part): JsonSchema {
  const root = part.pipe?.[0]
  if (root?.pipe !== undefined && root !== part) return ofPart(root)
  const kind = kinds[part.type]
  if (kind === undefined) throw new Error(`no JSON Schema for ${part.type}`)
  return kind(part)
}

function ofObject(entries: Readonly<Record<string, Part>>): JsonSchema {
  const names = Object.keys(entries)
  const required = names.filter((name) => entries[name]?.type !== 'optional')
  const properties = Object.fromEntries(names.map((name) => [name, ofPart(inside(entries[name]))]))
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

function inside(part: Part | undefined): Part {
  if (part === undefined) throw new Error('a schema without its inside')
  return part
}

function refine(schema: JsonSchema, part: Part): JsonSchema {
  switch (part.type) {
    case 'regex':
      return { ...schema, pattern: (part.requirement as RegExp).source }
    case 'non_empty':
      return { ...schema, minLength: 1 }
    case 'integer':
      return { ...schema, type: 'integer' }
    case 'min_value':
      return { ...schema, minimum: part.requirement }
    case 'max_value':
      return { ...schema, maximum: part.requirement }
    case 'iso_timestamp':
      return { ...schema, format: 'date-time' }
    case 'description':
      return { ...schema, description: part.description }
    case 'examples':
      return { ...schema, examples: part.examples }
    case 'check':
      return schema // said in words, if at all
    default:
      throw new Error(`no JSON Schema for ${part.type}`)
  }
}
