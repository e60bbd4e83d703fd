export type ProxyName = 'nginx' | 'caddy' | 'haproxy' | 'traefik'
export interface Ports {
  readonly public: number
  readonly nightlatch: number
  readonly application: number
}
export const writtenPorts: Ports
export function isInstalled(name: ProxyName): boolean
export function startProxy(name: ProxyName, ports: Ports, file?: string): Promise<{ stop(): Promise<void> }>
export function freePort(): Promise<number>
