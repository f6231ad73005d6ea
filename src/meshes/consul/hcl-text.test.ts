import { expect, test } from 'vitest';
import { parseHcl } from './hcl.ts';
import { hclText } from './hcl-text.ts';

test('what is written as HCL is read as what it was', () => {
  const entry = {
    Kind: 'service-router',
    Name: 'cart',
    Routes: [
      {
        Match: { HTTP: { PathPrefix: '/"quoted"', Methods: ['GET', 'PUT'] } },
        Destination: { RequestTimeout: '3s', NumRetries: 2, RetryOnConnectFailure: true },
      },
      { Destination: {} },
    ],
    Meta: {},
  };
  const text = hclText(entry);
  expect(text).toContain('\nRoutes = [\n  {\n    Match {\n      HTTP {\n');
  const read = parseHcl(text, 'a.hcl');
  expect('document' in read && read.document.value).toEqual(entry);
});
