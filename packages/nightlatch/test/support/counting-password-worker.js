/** Stands in for the password thread and says which one it is. */
import { parentPort, threadId } from 'node:worker_threads'

parentPort.on('message', () => parentPort.postMessage({ kind: 'done', value: `thread ${threadId}` }))
