import { readdirSync, readFileSync } from 'node:fs';

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
      const [address = '', port = ''] = local.split(':');
      const bytes =
        address
          .match(/../g)
          ?.reverse()
          .map((byte) => Number.parseInt(byte, 16)) ?? [];
      return bytes[0] === 127 && bytes.join('.') !== '127.0.0.1'
        ? [`${bytes.join('.')}:${Number.parseInt(port, 16)}`]
        : [];
    })
    .sort();
}
