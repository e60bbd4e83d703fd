/** Links of the documentation that lead nowhere: files that are not there, headings that nobody wrote. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { spawnSync } from 'node:child_process'

export function brokenLinks(root) {
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed.stdout
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)))
    .flatMap((file) => brokenIn(join(root, file)).map((link) => `${file}: ${link}`))
}

function brokenIn(file) {
  const text = withoutCode(readFileSync(file, 'utf8'))
  const links = [...text.matchAll(/!?\[[^\]]*\]\(([^)\s]+)(?: "[^"]*")?\)|(?:src|href)="([^"]+)"/g)]
  return links.map(([, first, second]) => first ?? second ?? '').filter((link) => leadsNowhere(file, link))
}

function leadsNowhere(file, link) {
  if (/^[a-z]+:/i.test(link)) return false
  const [path = '', anchor] = decodeURI(link).split('#')
  const target = path === '' ? file : resolve(dirname(file), path)
  if (!existsSync(target)) return true
  if (anchor === undefined || statSync(target).isDirectory() || !target.endsWith('.md')) return false
  return !anchorsOf(readFileSync(target, 'utf8')).includes(anchor)
}

const withoutCode = (text) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

/** As GitHub makes them from headings. */
const anchorsOf = (text) =>
  [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
