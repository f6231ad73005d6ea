import { expect, test } from 'vitest';
import { below, hideInAddress, parseAddress } from './address.ts';

test.each([
  ['https://files.example.com/mirror', 'https://files.example.com/mirror/a/b', undefined],
  ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080/a/b', undefined],
  ['https://me:hunter2@files.example.com/m/', 'https://***@files.example.com/m/a/b', 'me:hunter2'],
  ['https://hunter2@files.example.com/m', 'https://***@files.example.com/m/a/b', 'hunter2:'],
  ['https://me:hunter%402@files.example.com', 'https://***@files.example.com/a/b', 'me:hunter@2'],
  ['https://files.example.com/m?token=hunter2', 'https://files.example.com/m/a/b?***', undefined],
])('%s is shown as %s', (text, shown, credentials) => {
  const base = parseAddress(text);
  const address = base && below(base, 'a/b');
  expect(address?.shown).toBe(shown);
  expect(address?.url.href).not.toContain('@');
  expect(address?.url.search).toBe(new URL(text).search);
  const header = address?.headers['authorization']?.replace('Basic ', '');
  expect(header && Buffer.from(header, 'base64').toString()).toBe(credentials);
});

test.each([
  ['files.example.com/mirror', 'files.example.com/mirror'],
  ['me:hunter2@files.example.com', '***@files.example.com'],
  ['ftp://me:hunter2@files.example.com/', 'ftp://***@files.example.com/'],
  ['http://', 'http://'],
  [':::', ':::'],
  ['/srv/mirror?hunter2', '/srv/mirror?***'],
])('%s is no address, and is told as %s', (text, shown) => {
  expect(parseAddress(text)).toBeUndefined();
  expect(hideInAddress(text)).toBe(shown);
});
