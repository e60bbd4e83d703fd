import { handlers } from 'nightlatch/next'
import { auth } from '../../../lib/auth'

export const { GET, POST, PATCH, PUT, DELETE } = handlers(auth)
