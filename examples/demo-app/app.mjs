/**
 * A small application that knows nothing of passwords: it reads who is signed in from the headers that the proxy
 * sets. Run it alone with `node examples/demo-app/app.mjs`, or protected with `npm run demo`.
 */
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

const escape = (text) => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`)

/** The headers carry the bytes of UTF-8; Node reads each byte as one character. */
const read = (request, name) => Buffer.from(request.headers[name] ?? '', 'latin1').toString()

function page(request, base) {
  const user = read(request, 'remote-user')
  const name = read(request, 'remote-name') || user
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Demonstration</title>
    <style>body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }</style>
  </head>
  <body>
    <h1>Hello${user === '' ? '' : `, ${escape(name)}`}</h1>
    <p id="who">${user === '' ? 'Nobody is signed in.' : `You are signed in as <strong>${escape(user)}</strong>, with a password and a second step.`}</p>
    <p>You asked for <code>${escape(request.url ?? '/')}</code>. This page is an ordinary application; it has no sign-in of its own.</p>
    <p><a href="/notes?page=2">Another page</a> · <a href="${base}/account">Your account</a> · <a href="${base}/logout">Sign out</a></p>
  </body>
</html>
`
}

/**
 * @param {string} [base] where the pages of Nightlatch are
 * @returns {Promise<{ url: string, close(): void, unref(): void }>}
 */
export async function startDemoApp(port = 0, base = '/_nightlatch') {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    response.end(page(request, base))
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => server.close(),
    unref: () => server.unref(),
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await startDemoApp(5000)
  console.log(`The application is at ${url}, and anybody can open it.`)
}
