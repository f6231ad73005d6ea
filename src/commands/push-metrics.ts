import { InvalidArgumentError } from 'commander';
import type { Progress } from '../kit/terminal.ts';
import type { BriefReport } from '../report/model.ts';
import { openmetrics } from '../report/openmetrics.ts';

/** Value of the Authorization header that a Pushgateway wants: "Bearer …", "Basic …". */
const AUTHORIZATION = 'BREAKWATER_METRICS_AUTHORIZATION';
const TIMEOUT_MS = 10_000;

export const METRICS_PUSH_TEXT =
  'put the metrics of the run into this Prometheus Pushgateway when it is over';

/** An http or https address without a secret in it: the command of a run stands in its report. */
export function pushAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError('It takes the address of a Pushgateway, such as http://pushgateway:9091.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError(
      `A secret in it would stand in the report: put it into ${AUTHORIZATION}, as "Bearer …" or "Basic …".`,
    );
  }
  return url;
}

/** Puts each run in a group of its own, in the place of the run before. What cannot be put is told and changes no verdict. */
export async function pushMetrics(
  to: URL | undefined,
  reports: readonly BriefReport[],
  progress: Progress,
): Promise<void> {
  if (to === undefined) return;
  const authorization = process.env[AUTHORIZATION];
  for (const report of reports) {
    const { scenario, run } = report;
    const group = ['job', 'breakwater', 'scenario', scenario.name, 'environment', run.environment];
    const path = [to.pathname.replace(/\/+$/, ''), 'metrics', ...group.map(encodeURIComponent)].join('/');
    const why = await put(new URL(path, to), openmetrics([report]), authorization);
    if (why !== undefined) {
      progress.warn(`the metrics of ${scenario.name} could not be put into ${to.origin}: ${why}`);
    }
  }
}

/** Why it could not be put; undefined when it was. */
async function put(url: URL, body: string, authorization: string | undefined): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'text/plain; version=0.0.4', ...(authorization ? { authorization } : {}) },
      body,
      // A secret is for the address that was named.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return undefined;
    const [said = ''] = (await response.text()).trim().split('\n');
    return `it answered ${response.status}${said === '' ? '' : ` (${said.slice(0, 200)})`}`;
  } catch (error) {
    const { cause, message } = error as Error & { readonly cause?: { code?: string; message?: string } };
    return cause?.code ?? cause?.message ?? message;
  }
}
