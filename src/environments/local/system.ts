import { environmentError } from '../../kit/errors.ts';

/** How people call the systems that a lab does not run on. */
const SYSTEMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'macOS', win32: 'Windows' };

/** What to do on a system that has no local lab. */
export function elsewhere(platform: NodeJS.Platform): { readonly system: string; readonly fix: string } {
  const linux = platform === 'win32' ? 'WSL2, which is Linux' : 'a virtual machine with Linux';
  return {
    system: SYSTEMS[platform] ?? platform,
    fix: `run scenarios with --env docker, which needs Docker, or --env kind, which needs kind as well; or use ${linux}`,
  };
}

/**
 * Throws where the local lab does not run: every workload of it has an address of its own in 127.0.0.0/8, all of which
 * is loopback on Linux alone, and its sidecars and faults take Linux's process groups.
 */
export function requireLinux(platform: NodeJS.Platform = process.platform): void {
  if (platform === 'linux') return;
  const { system, fix } = elsewhere(platform);
  throw environmentError(`the local lab runs on Linux, and this is ${system}`, fix);
}
