export type ProxyName = 'nginx' | 'caddy' | 'haproxy' | 'traefik'
export interface Ports {
  readonly public: number
  readonly nightlatch: number
  readonly application: number
}
export const writtenPorts: Ports
export function isInstalled(name: ProxyName): boolean
export interface Configuration {
  readonly file?: string
  edit?(text: string): string
}
export function startProxy(
  name: ProxyName,
  ports: Ports,
  configuration?: Configuration,
): Promise<{ stop(): Promise<void> }>
export function freePort(): Promise<number>
