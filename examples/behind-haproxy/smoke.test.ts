import { behind } from '../shared/behind.test-suite.js'

behind('haproxy', { journey: false })
