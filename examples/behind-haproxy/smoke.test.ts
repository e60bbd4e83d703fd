import { behind } from '../shared/behind.test-suite.js'
import { severalHosts } from '../shared/several-hosts.test-suite.js'

behind('haproxy', { journey: false })
severalHosts('haproxy', 'several-hosts.cfg')
