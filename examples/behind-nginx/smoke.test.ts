import { behind } from '../common/behind.test-suite.js'
import { severalHosts } from '../common/several-hosts.test-suite.js'

behind('nginx', { journey: true })
severalHosts('nginx', 'several-hosts.conf')
