/** The users that the application has already: here two, in memory. Yours are in its database. */
import { scryptSync, timingSafeEqual } from 'node:crypto'

export interface User {
  readonly username: string
  readonly name: string
  readonly salt: string
  readonly hash: Buffer
}

const user = (username: string, name: string, password: string): User => {
  const salt = username
  return { username, name, salt, hash: scryptSync(password, salt, 32) }
}

const users = [user('user1', 'The First User', 'password1'), user('user2', 'The Second User', 'password2')]

export const findUser = (username: string): Promise<User | null> =>
  Promise.resolve(users.find((one) => one.username === username) ?? null)

export const passwordFits = ({ salt, hash }: User, password: string): Promise<boolean> =>
  Promise.resolve(timingSafeEqual(scryptSync(password, salt, 32), hash))
