/** What an application and its person's browser ask a provider, with as little work of the load as can be. */
import { createHash, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'

const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')

/** @param {{ port: number, cookies: string[], id: string, secret: string, redirectUri: string, at: Record<'authorize' | 'token' | 'userinfo', string> }} ready */
export function applicationAt({ port, cookies, id, secret, redirectUri, at }, inFlight) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const ask = askerOf(port, agent)
  const basic = `Basic ${Buffer.from(`${id}:${encodeURIComponent(secret)}`).toString('base64')}`
  const tokens = async (fields) => {
    const answer = await ask('POST', at.token, { headers: { authorization: basic }, fields })
    if (answer.status !== 200) throw new Error(`The token endpoint answered ${answer.status}: ${answer.text}`)
    return JSON.parse(answer.text)
  }
  const codeFor = async (person, scope) => {
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: id, redirect_uri: redirectUri, scope, state: 's', nonce: 'n' },
      ...{ code_challenge: challenge, code_challenge_method: 'S256' },
    })
    const headers = { cookie: cookies[person] }
    const answer = await ask('GET', `${at.authorize}?${query}`, { headers })
    const code = new URL(answer.headers.location ?? 'x:', 'http://localhost').searchParams.get('code')
    if (code === null) throw new Error(`No code: ${answer.status} ${answer.headers.location}`)
    return code
  }
  return {
    /** A whole flow of one of the people: a code of its own, with a challenge, and the tokens for it. */
    async signIn(person, scope = 'openid profile email groups') {
      const code = await codeFor(person, scope)
      const own = { code, redirect_uri: redirectUri, code_verifier: verifier }
      return tokens({ grant_type: 'authorization_code', ...own })
    },
    refresh: (token) => tokens({ grant_type: 'refresh_token', refresh_token: token }),
    async userInfo(token) {
      const answer = await ask('GET', at.userinfo, { headers: { authorization: `Bearer ${token}` } })
      if (answer.status !== 200) throw new Error(`User info: ${answer.status} ${answer.text}`)
    },
    end: () => agent.destroy(),
  }
}

const askerOf =
  (port, agent) =>
  (method, path, { headers = {}, fields } = {}) => {
    const body = fields === undefined ? '' : new URLSearchParams(fields).toString()
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }
    const all = { host: `localhost:${port}`, ...headers, ...(fields === undefined ? {} : form) }
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path, agent, headers: all }
      const asked = request(options, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk) => (text += chunk))
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
      })
      asked.on('error', reject).end(body)
    })
  }

/** So many times, so many at once. */
export async function many(count, inFlight, work) {
  let left = count
  const one = async (lane) => {
    while (left-- > 0) await work(lane)
  }
  await Promise.all(Array.from({ length: inFlight }, (_none, lane) => one(lane)))
}
