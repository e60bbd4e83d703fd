/** The command line of the checkout in TRACE_CHECKOUT, of its modules as they were compiled: in the bundle they are few. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const main = join(process.env.TRACE_CHECKOUT, 'packages/nightlatch/dist/cli/main.js')
await (await import(pathToFileURL(main).href)).main(process.argv.slice(2))
