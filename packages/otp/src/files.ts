/** Files of authenticator apps, password managers and servers: read, whatever program wrote them. */
export { readOtpFile, type ReadOptions } from './files/read.js'
export { otherKind } from './files/other-kind.js'
export { beginsWithUri, lookForUris, type FoundUri, type OtherLine } from './files/uri-list.js'
export type { MissingTool, OtpFileProblem } from './files/problem.js'
export type {
  OtpEntryProblem,
  OtpFile,
  OtpFileEntry,
  OtpFileFormat,
  OtpFileLeftOut,
  OtpHolder,
  OtpPlace,
} from './files/result.js'
export type { FileTools } from './files/tools.js'
export { writeAegis, writeTwoFas, writeUriList } from './files/write.js'
