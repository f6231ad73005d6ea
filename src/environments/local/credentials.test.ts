import { expect, test } from 'vitest';
import type { HostAuthority, HostInstance, OwnAuthority } from '../../meshes/contract.ts';
import { HandingOut } from './credentials.ts';

const hosts = [
  { name: 'shop', role: 'server' },
  { name: 'web', role: 'client' },
] as HostInstance[];
const authority = { kind: 'authority' } as const;

/** An authority and sidecars that tell in which order things are handed out and held. */
function lab({ stuck = '' } = {}) {
  const done: string[] = [];
  const handed = { serial: '1', roots: [] };
  const hand = async (what: string, { name }: HostInstance) => {
    done.push(`${name}: ${what}`);
    return handed;
  };
  const end = new AbortController();
  const issuing: HostAuthority = {
    issue: (host, { expired }) => hand(expired ? 'expired' : 'good', host),
    succeed: async () => {
      done.push('another authority');
    },
    trust: (host, whom) => hand(`trusts ${whom}`, host),
    renew: (host) => hand('renewed', host),
  };
  const sidecars = {
    took: async ({ name }: HostInstance, _handed: unknown, signal: AbortSignal) => {
      if (name === stuck && !signal.aborted) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      }
      signal.throwIfAborted();
      done.push(`${name} has it`);
    },
  };
  return { done, end, handing: new HandingOut(issuing, sidecars, hosts, end.signal) };
}

test('everybody trusts both authorities before anybody gets a certificate, and the old root goes last', async () => {
  const { done, handing } = lab();
  await handing.perform({ do: 'rotate-authority', target: authority, overlap: true });
  const rotated = [
    'another authority',
    ...['shop: trusts both', 'web: trusts both', 'shop has it', 'web has it'],
    ...['shop: renewed', 'web: renewed', 'shop has it', 'web has it'],
  ];
  expect(done).toEqual(rotated);
  await handing.perform({ do: 'complete-rotation', target: authority, overlap: true });
  expect(done.slice(-4)).toEqual(['shop: trusts newest', 'web: trusts newest', 'shop has it', 'web has it']);
});

test('an interrupted rotation is made whole before the old root goes', async () => {
  const { done, handing } = lab({ stuck: 'web' });
  const interrupt = new AbortController();
  const rotating = handing.perform(
    { do: 'rotate-authority', target: authority, overlap: true },
    interrupt.signal,
  );
  setTimeout(() => interrupt.abort(), 50);
  await expect(rotating).rejects.toMatchObject({ name: 'AbortError' });
  expect(done).not.toContain('shop: renewed');
  const again = lab();
  await again.handing.perform({ do: 'complete-rotation', target: authority, overlap: true });
  const at = (what: string) => again.done.indexOf(what);
  expect(at('web: trusts both')).toBeLessThan(at('shop: renewed'));
  expect(at('web: renewed')).toBeLessThan(at('shop: trusts newest'));
});

test('without an overlap those who are called change first, and callers at the end', async () => {
  const { done, handing } = lab();
  await handing.perform({ do: 'rotate-authority', target: authority, overlap: false });
  expect(done).toEqual(['another authority', 'shop: trusts newest', 'shop: renewed', 'shop has it']);
  await handing.perform({ do: 'complete-rotation', target: authority, overlap: false });
  expect(done).toContain('web: renewed');
});

test('nobody is waited for by a lab that goes down', async () => {
  const bad = { by: 'authority', expired: true } as const;
  const web = { kind: 'instance', name: 'web' } as const;
  const { done, end, handing } = lab({ stuck: 'web' });
  setTimeout(() => end.abort(), 50);
  await handing.perform({ do: 'issue', target: web, certificate: bad });
  expect(done).toEqual(['web: expired']);
});

test('where a mesh issues by itself, a rotation is over when everybody holds what it issued, and so is its end', async () => {
  const done: string[] = [];
  const end = new AbortController();
  const own: OwnAuthority = {
    rotate: async () => {
      done.push('another authority');
    },
    issued: async ({ name }) => {
      done.push(`${name}: issued`);
      return { serial: '2', roots: [] };
    },
  };
  const took = async ({ name }: HostInstance, { serial }: { readonly serial: string }) => {
    done.push(`${name} has ${serial}`);
  };
  const handing = new HandingOut(own, { took }, hosts, end.signal);
  await handing.perform({ do: 'rotate-authority', target: authority, overlap: true });
  const held = ['shop: issued', 'web: issued', 'shop has 2', 'web has 2'];
  expect(done).toEqual(['another authority', ...held]);
  await handing.perform({ do: 'complete-rotation', target: authority, overlap: true });
  expect(done).toEqual(['another authority', ...held, ...held]);
});
