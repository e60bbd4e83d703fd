/**
 * A member of the cluster is a folder; its processes are those that work in it. So what it started by itself
 * (PostgreSQL below Patroni, and its children) is found too, and nobody else's process ever is.
 */
import { spawn } from 'node:child_process'
import { openSync, closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

function readOr(read, fallback) {
  try {
    return read()
  } catch {
    return fallback // it ended meanwhile, or is somebody else's
  }
}

const isZombie = (pid) => / Z /.test(readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), ' Z '))

/** @returns {number[]} the ids of all processes whose working directory is the folder or below it */
export function processesIn(folder) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => `${readOr(() => readlinkSync(`/proc/${pid}/cwd`), '')}/`.startsWith(`${folder}/`))
    .filter((pid) => !isZombie(pid))
    .map(Number)
}

export function signalAllIn(folder, signal) {
  const found = processesIn(folder)
  for (const pid of found) readOr(() => process.kill(pid, signal), false)
  return found.length
}

/** Kills until nobody is left: one of them may just have started another. */
export async function endAllIn(folder) {
  for (let quiet = 0; quiet < 2;) {
    quiet = signalAllIn(folder, 'SIGKILL') === 0 ? quiet + 1 : 0
    await sleep(20)
  }
}

/**
 * Starts a program that works in the folder; what it says is in `log` there.
 * @param {{ folder: string, command: string, args?: string[], env?: Record<string, string>, user?: number | null }} program
 */
export function start({ folder, command, args = [], env = {}, user = null }) {
  const log = openSync(join(folder, 'log'), 'a')
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', log, log],
    detached: true, // Ctrl-C is for us: we end them in order
    ...(user === null ? {} : { uid: user, gid: user }),
  })
  closeSync(log)
  child.on('error', (error) => console.error(`${command} did not start: ${error.message}`))
  child.unref()
}

/** Waits until it holds; says what it waited for when it never does. */
export async function until(what, holds, deadlineMs = 60_000) {
  const late = performance.now() + deadlineMs
  for (;;) {
    const found = await holds()
    if (found) return found
    if (performance.now() > late) throw new Error(`waited ${deadlineMs / 1000} seconds in vain: ${what}`)
    await sleep(50)
  }
}
