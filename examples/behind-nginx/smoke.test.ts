import { behind } from '../shared/behind.test-suite.js'

behind('nginx', { journey: true })
