import { behind } from '../common/behind.test-suite.js'
import { names } from '../common/names.test-suite.js'
import { severalHosts } from '../common/several-hosts.test-suite.js'

behind('haproxy', { journey: false })
severalHosts('haproxy', 'several-hosts.cfg')
names('haproxy', 'several-hosts.cfg')
