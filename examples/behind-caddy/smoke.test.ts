import { behind } from '../common/behind.test-suite.js'
import { names } from '../common/names.test-suite.js'
import { severalHosts } from '../common/several-hosts.test-suite.js'

behind('caddy', { journey: true })
severalHosts('caddy', 'several-hosts.Caddyfile')
names('caddy', 'several-hosts.Caddyfile')
