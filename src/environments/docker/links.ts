import { environmentError } from '../../kit/errors.ts';
import type { Disturbance } from '../../model/fault.ts';
import type { Docker, DockerContainer } from './docker.ts';

/** What a container with NET_ADMIN calls the program; its image may have it for the older or the newer tables only. */
const programs = ['iptables', 'iptables-legacy', 'iptables-nft'] as const;
/** What they end with when there is no rule to take away. */
const noSuchRule = 1;
/** How long another program may have the tables. */
const waitS = '5';

type Rule = readonly [chain: 'INPUT' | 'OUTPUT', ...rest: readonly string[]];

/**
 * Disturbs what comes into the network of a replica from an address, and what goes back there: the packets themselves,
 * whatever sends them. Connections stay open for as long as their two ends want to: what is lost is sent again by them.
 */
export async function disturb(docker: Docker, at: DockerContainer, from: string, how: Disturbance) {
  await Promise.all(rulesOf(how, from).map((rule) => filter(docker, at, '-I', rule)));
}

/** Takes that back; what was never made is no error. */
export async function clear(docker: Docker, at: DockerContainer, from: string, how: Disturbance) {
  await Promise.all(rulesOf(how, from).map((rule) => filter(docker, at, '-D', rule)));
}

export function rulesOf(disturbance: Disturbance, address: string): readonly Rule[] {
  switch (disturbance.kind) {
    case 'loss': {
      const drop = ['-j', 'DROP'] as const;
      const requests: Rule = ['INPUT', '-s', address, ...drop];
      const answers: Rule = ['OUTPUT', '-d', address, ...drop];
      if (disturbance.of === 'both') return [requests, answers];
      return [disturbance.of === 'requests' ? requests : answers];
    }
    case 'reset': {
      // Connections are made, and end with the first packet after that; a reset itself has to get through.
      const after = ['-p', 'tcp', '--tcp-flags', 'SYN,RST', 'NONE', '-j', 'REJECT'] as const;
      const reset = ['--reject-with', 'tcp-reset'] as const;
      return [
        ['INPUT', '-s', address, ...after, ...reset],
        ['OUTPUT', '-d', address, ...after, ...reset],
      ];
    }
    default:
      throw new Error(`no packet filter makes ${disturbance.kind}`);
  }
}

/** Puts a rule before all others, or takes it away. */
async function filter(docker: Docker, at: DockerContainer, command: '-I' | '-D', rule: Rule): Promise<void> {
  const ends: { readonly exitCode: number; readonly output: string }[] = [];
  for (const program of programs) {
    const end = await docker.container.exec(at, [program, '-w', waitS, command, ...rule], { user: '0' });
    if (end.exitCode === 0) return;
    ends.push(end);
  }
  if (command === '-D' && ends.some(({ exitCode }) => exitCode === noSuchRule)) return;
  throw environmentError(
    `the network cannot be disturbed: iptables ${command} ${rule.join(' ')}: ${ends[0]?.output.trim().slice(-600)}`,
    'it takes the NET_ADMIN capability in a container, and iptables with REJECT in the kernel',
  );
}
