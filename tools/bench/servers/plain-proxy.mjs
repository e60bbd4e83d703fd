/** The same proxy library without the check. */
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'httpxy'
import { answerQuestions } from '../lib/child.mjs'

const { target } = JSON.parse(process.argv[2])
const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })
const proxy = createProxyServer({ target, agent })
const server = createServer((request, response) => void proxy.web(request, response))
server.listen(0, '127.0.0.1', () => answerQuestions({ port: server.address().port }))
