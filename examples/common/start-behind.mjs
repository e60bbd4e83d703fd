/**
 * Starts all three parts of an example: a small application, Nightlatch, and the proxy with the configuration of the
 * example's folder. Ctrl-C ends them all.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startDemoApp } from '../demo-app/app.mjs'
import { isInstalled, startProxy, writtenPorts } from './proxies.mjs'

const nightlatch = fileURLToPath(new URL('../../packages/nightlatch/bin/nightlatch.js', import.meta.url))

/** Others than the written ones, for the tests: `PORTS=8080,3000,5000`. */
const [publicPort, nightlatchPort, applicationPort] = (process.env.PORTS ?? '').split(',').map(Number)
const ports = {
  public: publicPort || writtenPorts.public,
  nightlatch: nightlatchPort || writtenPorts.nightlatch,
  application: applicationPort || writtenPorts.application,
}

/** What Nightlatch has to be told behind a proxy of this machine: `environment` in each README. */
const environment = {
  NIGHTLATCH_PORT: String(ports.nightlatch),
  NIGHTLATCH_ORIGIN: `http://localhost:${ports.public}`,
  NIGHTLATCH_BASE_PATH: '/auth',
  NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
}

/** @param {import('./proxies.mjs').ProxyName} name */
export async function startBehind(name) {
  if (!isInstalled(name)) {
    console.error(`${name} is not installed here.`)
    process.exitCode = 1
    return
  }
  const application = await startDemoApp(ports.application, environment.NIGHTLATCH_BASE_PATH)
  const server = spawn(process.execPath, [nightlatch, 'serve'], {
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  })
  const proxy = await startProxy(name, ports)
  console.log(`The application is at http://localhost:${ports.public}, behind ${name}.`)
  const stop = () => server.kill('SIGTERM')
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  server.once('close', (status) => {
    application.close()
    void proxy.stop()
    process.exitCode = status ?? 0
  })
}
