import { applications } from '../shared/application.test-suite.js'

applications('fastify')
