import type { Settings } from '../../config/read.js'
import { settingNames, settings as described } from '../../config/settings.js'
import type { AddCommands } from '../framework/command.js'
import { wholeNumber } from '../framework/command.js'
import type { CliDeps, ProtectCommandOptions } from '../framework/deps.js'
import { WrongUsage } from '../framework/errors.js'
import { addDemoAccounts, demoOption, drainOption, untilStopped } from './serve.js'
import { rulesOf, rulesOption, warnOfGroups } from './rules.js'
import { addSettingFlags, placeFlags, settingsOf } from '../framework/settings-flags.js'
import { logOf, withApp } from '../framework/with-app.js'

/** No application has this path. */
const basePath = '/_nightlatch'

interface Options {
  readonly [setting: string]: unknown
  readonly public?: readonly string[]
  readonly rules?: string
  readonly drain: number
  readonly targetHost?: boolean
  readonly timeout: number
  readonly unsafeDemoAccounts?: boolean
}

export const addProtectCommand: AddCommands = (program, deps) => {
  const protect = program
    .command('protect')
    .argument('<url>', 'The application: http://127.0.0.1:5000, or unix:/run/app.sock')
    .description(
      'Starts the server in front of an application: only signed-in people reach it, and it learns who they are. ' +
        `Our own pages are at ${basePath}/…, everything else is the application's.`,
    )
    .example(
      'nightlatch protect http://127.0.0.1:5000',
      "nightlatch protect http://127.0.0.1:5000 --public '/static/*' --public /health",
    )
    .option('--public <path...>', 'For everybody: /about alone, or /static/* with everything below it.')
    .addOption(rulesOption())
    .option('--target-host', "The application's own address in the Host header, instead of the public one.")
    .option('--timeout <seconds>', 'How long it may take to begin an answer.', wholeNumber(1, 3600), 120)
    .addOption(drainOption())
    .addOption(demoOption())
  addSettingFlags(
    protect,
    settingNames.filter((name) => name !== 'basePath'),
  ).action((url: string, options: Options) => run(deps, url, options))
}

async function run(deps: CliDeps, url: string, options: Options): Promise<void> {
  const { variable } = described.basePath
  const isSet = (deps.env[variable] ?? '') !== ''
  const found = isSet ? [`${variable}: must not be set here, it is always ${basePath}.`] : []
  const settings: Settings = { ...settingsOf(deps, options, { serves: true, found }), basePath }
  const target = parseTarget(url)
  if (isOurselves(target, settings))
    throw new WrongUsage(
      `${url}: that is where Nightlatch itself would listen: choose another one with --port.`,
    )
  const given: ProtectCommandOptions = {
    target,
    rules: rulesOf(options, settings),
    answerMs: options.timeout * 1000,
    targetHost: options.targetHost === true,
  }
  await withApp(deps, {
    settings,
    serves: true,
    work: async (app) => {
      if (options.unsafeDemoAccounts === true && deps.worker === null) await addDemoAccounts(app)
      const log = await logOf(deps, settings)
      if (given.rules !== undefined && deps.worker === null) await warnOfGroups(app, log, given.rules)
      const start = () => deps.protect(app, log, given)
      await untilStopped(deps, {
        ...{ app, log, start, drainSeconds: options.drain },
        ...{ target, place: placeFlags(options) },
      })
    },
  })
}

function parseTarget(text: string): URL {
  const example = 'it must be an address such as http://127.0.0.1:5000'
  if (/^unix:/i.test(text)) return parseSocket(text)
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw new WrongUsage(`${text}: ${example}.`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search + url.hash !== '')
    throw new WrongUsage(`${url.origin}: ${example}, without a path, query or user.`)
  return url
}

/** A socket in the file system, by its whole path: the folder that this was started in may be any. */
function parseSocket(text: string): URL {
  if (!/^unix:(?:\/\/)?\/[^/?#]/i.test(text) || !URL.canParse(text))
    throw new WrongUsage(`${text}: a socket is named with its whole path, such as unix:/run/app.sock.`)
  return new URL(text)
}

/** Every request would come back to us, and again. */
function isOurselves({ protocol, port, hostname }: URL, settings: Settings): boolean {
  if (protocol === 'unix:') return false
  if (Number(port || (protocol === 'https:' ? 443 : 80)) !== settings.port) return false
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const isEverywhere = settings.host === '0.0.0.0' || settings.host === '::'
  return host === settings.host || host === 'localhost' || (isEverywhere && /^(?:127\.|::1$)/.test(host))
}
