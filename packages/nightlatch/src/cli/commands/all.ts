import type { AddCommands } from '../framework/command.js'
import { addCompletionCommand } from '../framework/completion.js'
import { addAfterRestoreCommand } from './after-restore.js'
import { addAuditCommand } from './audit.js'
import { addBackupCommand } from './backup.js'
import { addClientCommands } from './client.js'
import { addDoctorCommand } from './doctor/doctor.js'
import { addGroupCommands } from './group.js'
import { addExportCommand } from './import/export.js'
import { addInvitationCommands } from './invitation.js'
import { addImportCommand } from './import/import.js'
import { addKeyCommands } from './key.js'
import { addMailCommands } from './mail.js'
import { addMoveCommand } from './move.js'
import { addOtpCommands } from './otp/otp.js'
import { addProtectCommand } from './protect.js'
import { addServeCommand } from './serve.js'
import { addTokenCommands } from './token.js'
import { addUserCommands } from './user.js'

/** Every command, in the order of the help. */
export const all: readonly AddCommands[] = [
  addServeCommand,
  addProtectCommand,
  addUserCommands,
  addGroupCommands,
  addInvitationCommands,
  addTokenCommands,
  addClientCommands,
  addImportCommand,
  addExportCommand,
  addOtpCommands,
  addBackupCommand,
  addAfterRestoreCommand,
  addMoveCommand,
  addMailCommands,
  addDoctorCommand,
  addAuditCommand,
  addKeyCommands,
  addCompletionCommand,
]
