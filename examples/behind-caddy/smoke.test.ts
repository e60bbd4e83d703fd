import { behind } from '../shared/behind.test-suite.js'
import { severalHosts } from '../shared/several-hosts.test-suite.js'

behind('caddy', { journey: true })
severalHosts('caddy', 'several-hosts.Caddyfile')
