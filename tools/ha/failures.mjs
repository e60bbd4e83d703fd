/** What is done to the cluster, each with the way back. */

/**
 * `isOver`: the others have taken over; asked before anything is mended.
 * @typedef {{ victim: string, isOver(): Promise<boolean> | boolean, mend(): Promise<void> | void }} Injured
 */

const lost = async (member, isOver = () => true) => {
  await member.kill()
  return { victim: member.name, isOver, mend: () => member.start() }
}

const hasOtherPrimary = (cluster, node) => async () =>
  (await cluster.state()).some(
    ({ name, role, state }) => role === 'leader' && state === 'running' && name !== node.name,
  )

/** Something that befalls the primary, after which another one has to take over. */
async function ofPrimary(cluster, befall, mend = () => undefined) {
  const node = await cluster.primary()
  await befall(node)
  return { victim: node.name, isOver: hasOtherPrimary(cluster, node), mend: () => mend(node) }
}

const pick = ({ random }, list) => list[Math.floor(random() * list.length)]

async function etcdLeader({ etcd }) {
  for (const one of etcd) if (await one.isLeader()) return one
  return etcd[0]
}

/** @type {Record<string, (world: any) => Promise<Injured>>} */
export const failures = {
  'a Nightlatch server killed': (world) => lost(pick(world, world.servers)),
  'a Nightlatch server stopped and started (SIGTERM)': async (world) => {
    const server = pick(world, world.servers)
    await server.stop()
    return { victim: server.name, isOver: () => true, mend: () => server.start() }
  },
  'the primary lost (PostgreSQL and Patroni killed)': ({ cluster }) =>
    ofPrimary(
      cluster,
      (node) => node.kill(),
      (node) => node.start(),
    ),
  'a controlled switchover': ({ cluster }) => ofPrimary(cluster, () => cluster.switchOver()),
  'the synchronous standby lost': async ({ cluster }) => lost(await cluster.standby()),
  'the synchronous standby stands still': async ({ cluster }) => {
    const node = await cluster.standby()
    node.freeze()
    return { victim: node.name, isOver: () => true, mend: () => void node.wake() }
  },
  // The servers still reach it: what it says by itself must not count.
  'the primary cut off from etcd and the other nodes': ({ cluster }) =>
    ofPrimary(
      cluster,
      (node) => node.cutOff(),
      (node) => node.join(),
    ),
  "the primary's PostgreSQL killed, Patroni alive": ({ cluster }) =>
    ofPrimary(cluster, (node) => node.killPostgres()),
  'the leader of etcd killed': async ({ cluster }) => lost(await etcdLeader(cluster)),
  // What wakes it is a reset, as a watchdog does it: Patroni 3.0.2 may take its place back when it wakes.
  'the primary stands still, connections stay open, reset': ({ cluster }) =>
    ofPrimary(
      cluster,
      (node) => node.freeze(),
      async (node) => {
        await node.kill()
        node.start()
      },
    ),
}

/** The first round in this order, so that a short run meets what matters; then by the seed. */
export function* schedule(random) {
  const names = Object.keys(failures)
  yield* names
  for (;;) {
    const left = [...names]
    while (left.length > 0) yield* left.splice(Math.floor(random() * left.length), 1)
  }
}
