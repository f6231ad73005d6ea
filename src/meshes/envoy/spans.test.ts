import { PbfWriter } from 'pbf';
import { expect, test } from 'vitest';
import { envoySpans } from './spans.ts';

const tags = {
  node_id: 'sidecar~127.1.1.11~edge-app-1.default~default.svc.cluster.local',
  'guid:x-request-id': '8ecf0b2e-1f3c-9a55-b7a0-d0c0a5f3f0aa',
  'http.status_code': '503',
};
const expected = {
  trace: '463ac35c9f6413ad48485a3953bb6124',
  id: 'a2fb4a1d1a96d312',
  parent: '0020000000000001',
  instance: 'edge-app-1',
  direction: 'inbound',
  startMs: 1_750_000_000_000.5,
  durationMs: 12.25,
  status: 503,
  request: '8ecf0b2e-1f3c-9a55-b7a0-d0c0a5f3f0aa',
};

test('a span of Zipkin and one of OpenTelemetry say the same', () => {
  const zipkin = [
    {
      traceId: expected.trace,
      id: expected.id,
      parentId: expected.parent,
      kind: 'SERVER',
      timestamp: 1_750_000_000_000_500,
      duration: 12_250,
      tags,
    },
  ];
  const [first] = envoySpans.read({ zipkin });
  const [second] = envoySpans.read({ otlp: otlp() });
  expect(first).toMatchObject(expected);
  // Nanoseconds do not fit into a number: what is lost is less than a microsecond.
  expect({ ...second, startMs: 0, durationMs: 0 }).toEqual({ ...first, startMs: 0, durationMs: 0 });
  expect(second?.startMs).toBeCloseTo(expected.startMs, 2);
  expect(second?.durationMs).toBeCloseTo(expected.durationMs, 2);
});

test('what is no span of a sidecar is left out, whatever it is', () => {
  expect(envoySpans.read({ zipkin: [null, 7, {}, { traceId: '1', id: '2', timestamp: 3 }] })).toEqual([]);
  expect(envoySpans.read({ zipkin: 'text' })).toEqual([]);
  expect(envoySpans.read({})).toEqual([]);
});

/** A report with one span, as an exporter writes it. */
function otlp(): string {
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  const report = new PbfWriter();
  report.writeMessage(
    1,
    (_, resource) => {
      resource.writeMessage(
        2,
        (__, scope) => {
          scope.writeMessage(
            2,
            (___, span) => {
              span.writeBytesField(1, bytes(expected.trace));
              span.writeBytesField(2, bytes(expected.id));
              span.writeBytesField(4, bytes(expected.parent));
              span.writeStringField(5, 'edge-app:8080/*');
              span.writeVarintField(6, 2);
              span.writeFixed64Field(7, 1_750_000_000_000_500_000);
              span.writeFixed64Field(8, 1_750_000_000_012_750_000);
              for (const [key, value] of Object.entries(tags)) {
                span.writeMessage(
                  9,
                  (____, attribute) => {
                    attribute.writeStringField(1, key);
                    attribute.writeMessage(2, (_____, inner) => inner.writeStringField(1, value), {});
                  },
                  {},
                );
              }
            },
            {},
          );
        },
        {},
      );
    },
    {},
  );
  return Buffer.from(report.finish()).toString('base64');
}
