import { applications } from '../common/application.test-suite.js'

applications('fastify')
