import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Processes (id and command line) whose environment or command line names the folder; Linux. */
export function processesOf(folder: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((entry) => {
      try {
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const environment = readFileSync(`/proc/${entry}/environ`, 'utf8');
        const state = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1]?.[0];
        if (state === 'Z') return [];
        return command.includes(folder) || environment.includes(folder)
          ? [{ pid: Number(entry), command }]
          : [];
      } catch {
        return []; // ended meanwhile, or another user's
      }
    });
}

/** Loopback addresses with a listening TCP socket, except 127.0.0.1: "127.5.6.1:15010". */
export function loopbackListeners(): string[] {
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      if (state !== '0A' || local === undefined) return [];
      const listener = readable(local);
      return listener.startsWith('127.') && !listener.startsWith('127.0.0.1:') ? [listener] : [];
    })
    .sort();
}

/** Addresses on which these processes have a listening TCP socket, of any family: "127.5.6.1:15010", "::1:80". */
export function listenersOf(pids: readonly number[]): string[] {
  const inodes = new Set(
    pids.flatMap((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).flatMap(
          (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
        );
      } catch {
        return []; // ended meanwhile
      }
    }),
  );
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        const [, local = '', , state] = fields;
        if (state !== '0A' || !inodes.has(fields[9] ?? '')) return [];
        return [readable(local)];
      }),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** "0100007F:1F90" → "127.0.0.1:8080"; IPv6 stays as the kernel writes it. */
function readable(local: string): string {
  const [address = '', port = ''] = local.split(':');
  const bytes = address.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
  const host = bytes.length === 4 ? bytes.reverse().join('.') : address;
  return `${host}:${Number.parseInt(port, 16)}`;
}
