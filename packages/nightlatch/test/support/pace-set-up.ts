import { vi } from 'vitest'
import { patient } from './pace.js'

// Before each file: the machine may have become busy since the one before.
vi.setConfig({ testTimeout: patient(30_000), hookTimeout: patient(120_000) })
