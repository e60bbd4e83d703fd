import { behind } from '../shared/behind.test-suite.js'
import { severalHosts } from '../shared/several-hosts.test-suite.js'

behind('nginx', { journey: true })
severalHosts('nginx', 'several-hosts.conf')
