import { startBehind } from '../shared/start-behind.mjs'

await startBehind('traefik')
