import { behind } from '../shared/behind.test-suite.js'

behind('caddy', { journey: true })
