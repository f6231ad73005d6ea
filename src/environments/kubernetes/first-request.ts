import { environmentError } from '../../kit/errors.ts';
import { notYet } from '../../kit/eventually.ts';
import { firstAnswerMs } from '../first-answer.ts';
import { type LabContext, visiblyUntil } from './context.ts';
import { GENERATOR, GENERATOR_FOLDER } from './manifests.ts';
import { writeFiles } from './pod-files.ts';

const folder = `${GENERATOR_FOLDER}/first`;
const answered = /breakwater-first (\d+) (\d+)/;

/**
 * One request from the client's container to the service, by name and through both sidecars; resolves with
 * the epoch milliseconds of its answer. Readiness is known before: a probe that fails counts against a host.
 */
export async function firstRequest(
  { api, namespace, request }: LabContext,
  pod: string,
  url: string,
): Promise<number> {
  const script = `import http from 'k6/http';
export const options = { vus: 1, iterations: 1 };
export default function () {
  const { status } = http.get(${JSON.stringify(url)}, { timeout: '${firstAnswerMs(request.topology)}ms', responseType: 'none' });
  console.log('breakwater-first ' + status + ' ' + Date.now());
}
`;
  await writeFiles(api, { namespace, pod, container: GENERATOR }, folder, { 'first.js': script });
  const args = [
    'run',
    '--quiet',
    '--no-usage-report',
    '--log-format=raw',
    '--no-summary',
    `${folder}/first.js`,
  ];
  const options = {
    waitingFor: `an answer from ${url} to ${pod}`,
    timeoutMs: 10_000 + firstAnswerMs(request.topology),
    everyMs: 200,
  };
  const answeredAt = await visiblyUntil(request, options, async () => {
    const { output } = await api.output(namespace, pod, GENERATOR, ['k6', ...args]);
    const [, status, at] = answered.exec(output) ?? [];
    if (status === undefined || at === undefined) {
      return notYet(output.trim().slice(-300) || 'k6 said nothing');
    }
    return status === '200' ? Number(at) : notYet(`it got ${status}: ${output.trim().slice(0, 300)}`);
  });
  if (Number.isNaN(answeredAt)) throw environmentError('the first request got no time');
  return answeredAt;
}
