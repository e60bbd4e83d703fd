import { behind } from '../common/behind.test-suite.js'
import { severalHosts } from '../common/several-hosts.test-suite.js'

behind('caddy', { journey: true })
severalHosts('caddy', 'several-hosts.Caddyfile')
