/** The least that a server can be: for the time that any start takes. */
import { createServer } from 'node:http'

createServer((_request, response) => response.end('x'.repeat(1500))).listen(process.env.PORT, '127.0.0.1')
