import { setTimeout as sleep } from 'node:timers/promises';
import { fields } from './pull-request.ts';

const mostTries = 4;
const longestWaitMs = 30_000;

/** A repository, as GitHub's API has it. */
export interface GitHub {
  /** "https://api.github.com". */
  readonly api: string;
  /** "owner/name". */
  readonly repository: string;
  readonly token: string;
}

/** Asks GitHub, once more after a while where it is busy or wants one to wait; resolves to its last answer. */
export async function ask(
  { api, repository, token }: GitHub,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: string,
): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`${api}/repos/${repository}${path}`, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': 'breakwater',
        'x-github-api-version': '2022-11-28',
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(longestWaitMs),
    });
    const waitMs = waitOf(answer, method, attempt);
    if (waitMs === undefined || attempt === mostTries) return answer;
    await answer.body?.cancel();
    await sleep(waitMs);
  }
}

/** How long to wait before the same is asked again; undefined where its answer is final. */
function waitOf({ status, headers }: Response, method: string, attempt: number): number | undefined {
  const asked = Number(headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(asked) && (status === 403 || status === 429 || status === 503)) {
    return asked * 1_000 <= longestWaitMs ? asked * 1_000 : undefined;
  }
  // What was to be made may have been made though GitHub did not say so.
  const again = status === 429 || (status >= 500 && method !== 'POST');
  return again ? 500 * 2 ** attempt : undefined;
}

/** The error of an answer that nobody expects. */
export const failure = async (answer: Response) =>
  new Error(`GitHub answered ${answer.status}: ${await messageOf(answer)}`);

/** What GitHub says about an answer that is none. */
export async function messageOf(answer: Response): Promise<string> {
  const { message } = fields(await answer.json().catch(() => undefined));
  return String(message ?? answer.statusText).slice(0, 300);
}
