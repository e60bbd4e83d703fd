import type { Access, AccessRule, AccessRules } from './rules.js'
import { parseDisplayName } from '../accounts/account.js'
import type { JsonNode } from './json-with-lines.js'
import { readJsonWithLines } from './json-with-lines.js'

interface RulesProblem {
  readonly line: number
  readonly reason: string
}

type RulesRead =
  | { readonly kind: 'rules'; readonly rules: AccessRules }
  | { readonly kind: 'problems'; readonly problems: readonly RulesProblem[] }

/**
 * A rules file → rules, or every mistake in it with its line.
 *
 * @param otherwise what counts where no rule fits and the file has no `default`
 * @example
 * parseAccessRules('{"rules": [{"path": "/public/*", "access": "public"}]}', 'two-factors')
 */
export function parseAccessRules(text: string, otherwise: Access): RulesRead {
  const read = readJsonWithLines(text)
  if (read.kind === 'malformed')
    return { kind: 'problems', problems: [{ line: read.line, reason: read.reason }] }
  const file = new File()
  const rules = file.rules(read.root, otherwise)
  return file.problems.length === 0
    ? { kind: 'rules', rules }
    : { kind: 'problems', problems: [...file.problems].sort((a, b) => a.line - b.line) }
}

const accesses: readonly Access[] = ['public', 'one-factor', 'two-factors', 'phishing-resistant', 'deny']
const members = ['host', 'path', 'method', 'group', 'access', 'name', 'launch']

/** A check of one text: why it is wrong, or null. */
type Check = (text: string) => string | null

const checks: Readonly<Record<'host' | 'path' | 'method' | 'group', Check>> = {
  host: (text) =>
    /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(text)
      ? null
      : 'a host is written in lower case and without a port, as app.example.org or *.example.org',
  path: pathProblem,
  method: (text) => (/^[A-Z][A-Z-]*$/.test(text) ? null : 'a method is written in capital letters, as GET'),
  group: (text) => (text.trim() === '' ? 'a group has a name' : null),
}

/** Members that are one text and no list. */
const texts: Readonly<Record<'name' | 'launch', Check>> = {
  name: (text) =>
    text.trim() !== '' && parseDisplayName(text) === text.trim()
      ? null
      : 'a name is one printable line of at most 100 characters',
  launch: (text) =>
    /^(?:https?:\/\/[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?(?::\d{1,5})?(?=[/?#]|$)|\/(?!\/))[!#-;=?-[\]-~]*$/i.test(
      text,
    )
      ? null
      : 'what is launched is an address, as https://wiki.example.org/, or a path of this site',
}

function pathProblem(text: string): string | null {
  if (!text.startsWith('/')) return 'a path begins with /'
  const plain = text.endsWith('/*') ? text.slice(0, -1) : text
  if (plain.includes('*')) return 'a * stands only at the end, after a /'
  // eslint-disable-next-line no-control-regex -- none of them can be part of a path
  if (/[?#%;\\\u0000-\u0020\u007f]|\/\/|\/\.{1,2}(\/|$)/.test(plain))
    return 'a path is written plainly: decoded, without ? # % ; \\ // or dots to resolve'
  return null
}

class File {
  readonly problems: RulesProblem[] = []

  rules(root: JsonNode, otherwise: Access): AccessRules {
    if (root.kind !== 'object')
      return this.#none(root, 'the file holds one object: {"rules": […]}', otherwise)
    this.#onlyKnown(root, ['default', 'rules'])
    const fallback = root.members.get('default')
    const list = root.members.get('rules')
    const rules = list === undefined ? [] : this.#list(list, otherwise)
    return { rules, otherwise: fallback === undefined ? otherwise : (this.#access(fallback) ?? 'deny') }
  }

  #none(node: JsonNode, reason: string, otherwise: Access): AccessRules {
    this.#say(node, reason)
    return { rules: [], otherwise }
  }

  #list(node: JsonNode, signedIn: Access): readonly AccessRule[] {
    if (node.kind === 'array') return node.items.flatMap((item) => this.#rule(item, signedIn))
    this.#say(node, '"rules" is a list')
    return []
  }

  /** `signedIn`: what is asked of whoever is in the group, where the rule says no more than that. */
  #rule(node: JsonNode, signedIn: Access): AccessRule[] {
    if (node.kind !== 'object') {
      this.#say(node, 'a rule is an object: {"path": "/public/*", "access": "public"}')
      return []
    }
    this.#onlyKnown(node, members)
    const access = node.members.get('access')
    const groups = this.#texts(node, 'group')
    if (access === undefined && groups === null) this.#say(node, 'a rule says its "access" or its "group"')
    const rule: AccessRule = {
      hosts: this.#texts(node, 'host'),
      paths: this.#texts(node, 'path'),
      methods: this.#texts(node, 'method'),
      groups,
      access: (access === undefined ? signedIn : this.#access(access)) ?? 'deny',
    }
    const shown = { name: this.#text(node, 'name'), launch: this.#text(node, 'launch') }
    if (rule.groups !== null && rule.access === 'public')
      this.#say(node, 'what is public is for everybody, not for a group')
    return [
      {
        ...rule,
        ...(shown.name !== undefined && { name: shown.name.trim() }),
        ...(shown.launch !== undefined && { launch: shown.launch }),
      },
    ]
  }

  #text(rule: JsonNode & { kind: 'object' }, name: keyof typeof texts): string | undefined {
    const node = rule.members.get(name)
    if (node === undefined) return undefined
    const reason = node.kind === 'text' ? texts[name](node.text) : `"${name}" is a text`
    if (reason !== null) this.#say(node, reason)
    return node.kind === 'text' ? node.text : undefined
  }

  #access(node: JsonNode): Access | null {
    const access = node.kind === 'text' ? accesses.find((one) => one === node.text) : undefined
    if (access === undefined) this.#say(node, `it is one of ${accesses.map((one) => `"${one}"`).join(', ')}`)
    return access ?? null
  }

  /** One text or a list of them; null when it is not there. */
  #texts(rule: JsonNode & { kind: 'object' }, name: keyof typeof checks): readonly string[] | null {
    const node = rule.members.get(name)
    if (node === undefined) return null
    const items = node.kind === 'array' ? node.items : [node]
    if (items.length === 0) this.#say(node, `"${name}" is empty: leave it out, or name one`)
    return items.flatMap((item) => {
      const reason = item.kind === 'text' ? checks[name](item.text) : `"${name}" is a text or a list of texts`
      if (reason !== null) this.#say(item, reason)
      return item.kind === 'text' ? [item.text] : []
    })
  }

  #onlyKnown(node: JsonNode & { kind: 'object' }, known: readonly string[]): void {
    for (const [name, member] of node.members) {
      if (!known.includes(name)) this.#say(member, `"${name}" is not known; there are ${known.join(', ')}`)
    }
  }

  #say({ line }: JsonNode, reason: string): void {
    this.problems.push({ line, reason })
  }
}
