import { startBehind } from '../common/start-behind.mjs'

await startBehind('traefik')
