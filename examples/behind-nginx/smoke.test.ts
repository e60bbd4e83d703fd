import { behind } from '../common/behind.test-suite.js'
import { names } from '../common/names.test-suite.js'
import { severalHosts } from '../common/several-hosts.test-suite.js'

behind('nginx', { journey: true })
severalHosts('nginx', 'several-hosts.conf')
names('nginx', 'several-hosts.conf')
