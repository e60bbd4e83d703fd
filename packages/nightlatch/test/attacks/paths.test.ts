import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccessRules } from '../../src/core/access/rules.js'
import { demandsFor, isPublic } from '../../src/core/access/rules.js'
import {
  fileServers,
  makeFiles,
  servedFile,
  type FileServer,
  type FileServerKind,
} from '../support/file-servers.js'
import { patient } from '../support/pace.js'

const rule = { hosts: null, methods: null, groups: null }

/** What the rules open, and which files are so meant to be seen by everybody. */
const policies: readonly { rules: AccessRules; isOpen: (file: string) => boolean }[] = [
  {
    rules: { rules: [{ ...rule, paths: ['/public/*'], access: 'public' }], otherwise: 'two-factors' },
    isOpen: (file) => file.startsWith('/public/'),
  },
  {
    rules: { rules: [{ ...rule, paths: ['/admin/*'], access: 'two-factors' }], otherwise: 'public' },
    isOpen: (file) => !file.startsWith('/admin/'),
  },
]

/** Ways through the folders: from where everybody may be to where not, and back. */
const walks = [
  ['public', '..', 'admin', 'secret.txt'],
  ['public', 'x', '..', '..', 'admin', 'x', 'secret.txt'],
  ['x', '..', 'admin', 'secret.txt'],
  ['admin', '..', 'public', 'ok.txt'],
  ['admin', 'secret.txt'],
  ['x', 'admin', 'secret.txt'],
  ['admin', '.', 'x', 'secret.txt'],
  ['public', '..', 'secret.txt'],
  ['public', '.', 'x', 'ok.txt'],
]

const slashes = [
  '//',
  '///',
  '%2f',
  '%2F',
  '%252f',
  '%25252f',
  '\\',
  '%5c',
  '%255c',
  '/./',
  '/x/../',
  '%ef%bc%8f',
]
const tails = [
  ';',
  ';a=b',
  ';a=..',
  '%3b',
  '%253b',
  ';%2fpublic',
  ';%252fpublic',
  '%20',
  '.',
  '%25',
  '%3f',
  '%23',
  '#',
]
const odd = ['%25ff', '%25zz', '%2500', '(S(a))/', '%25c0%25ae', '%25u002e', '%', '+']

/** One change of how a way is written: at a segment or at the slash before it. */
type Change = (segments: string[], slashes: string[], at: number) => void

const again = (text: string): string => text.replaceAll('%', '%25')
const escaped = (text: string): string =>
  text.replace(/[^%/]/, (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`)

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom(...slashes).map(
    (slash): Change =>
      (_, all, at) =>
        void (all[at] = slash),
  ),
  fc.constantFrom(...tails, ...odd).map(
    (tail): Change =>
      (all, _, at) =>
        void (all[at] += tail),
  ),
  fc.constant<Change>((all, _, at) => void (all[at] = escaped(all[at] ?? ''))),
  fc.constant<Change>((all, _, at) => void (all[at] = again(escaped(all[at] ?? '')))),
  fc.constant<Change>((all, _, at) => void (all[at] = all[at]?.toUpperCase() ?? '')),
)

/** Most servers give up after a few changes, and what nobody serves proves nothing: two on an average. */
const spelling = fc
  .tuple(fc.constantFrom(...walks), fc.array(fc.tuple(change, fc.nat()), { maxLength: 4 }))
  .map(([walk, changes]) => {
    const segments = [...walk]
    const between = walk.map(() => '/')
    for (const [apply, at] of changes) apply(segments, between, at % walk.length)
    const path = segments.map((each, at) => (between[at] ?? '/') + each).join('')
    return path.startsWith('/') ? path : `/${path}`
  })

/** Sent as it is written, which no HTTP client does. */
function answerTo(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
    })
    let answer = ''
    socket.setEncoding('latin1').setTimeout(20_000, () => socket.destroy())
    socket.on('data', (text) => (answer += String(text)))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(answer))
  })
}

const opensFor = (rules: AccessRules, path: string): boolean => {
  const demands = demandsFor(rules, { method: 'GET', host: 'app.example.org', path })
  return demands !== null && isPublic(demands)
}

describe.each(fileServers)('PATH-1 behind $name', (kind: FileServerKind) => {
  const { root, remove } = makeFiles()
  let server: FileServer
  beforeAll(async () => {
    if (kind.isThere()) server = await kind.start(root)
  })
  afterAll(async () => {
    await (server as FileServer | undefined)?.stop()
    remove()
  })

  it(
    'what we call public is public, whatever the server makes of the spelling',
    async ({ skip }) => {
      skip(!kind.isThere(), `${kind.name} is missing here: apt-get install ${kind.debian ?? ''}`)
      expect(servedFile(await answerTo(server.port, '/admin/secret.txt'))).toBe('/admin/secret.txt')
      let guarded = 0
      let opened = 0
      await fc.assert(
        fc.asyncProperty(fc.array(spelling, { minLength: 40, maxLength: 40, size: 'max' }), async (paths) => {
          const served = await Promise.all(
            paths.map(async (path) => servedFile(await answerTo(server.port, path))),
          )
          for (const [at, path] of paths.entries()) {
            const file = served[at] ?? null
            if (file === null) continue
            for (const { rules, isOpen } of policies) {
              if (isOpen(file)) opened += opensFor(rules, path) ? 1 : 0
              else {
                guarded += 1
                expect(opensFor(rules, path), `${path} is ${file} there`).toBe(false)
              }
            }
          }
        }),
        { numRuns: 15, endOnFailure: true },
      )
      // Spellings that nobody serves would prove nothing.
      expect(guarded).toBeGreaterThan(20)
      expect(opened).toBeGreaterThan(0)
    },
    patient(240_000),
  )
})
