import { ask, failure, type GitHub, messageOf } from './api.ts';
import { fields } from './pull-request.ts';

/** GitHub refuses longer ones. */
const longest = 65_536;
const perPage = 100;
/** A pull request with more comments than this gets a new one. */
const mostPages = 50;

/** What became of a comment. */
export type Kept =
  | { readonly done: 'created' | 'updated'; readonly url: string }
  | { readonly done: 'refused'; readonly why: string };

/** What tells the comment of this name from all others; nobody sees it. */
const markerOf = (name: string) => `<!-- breakwater: ${name.replaceAll(/[^\w ./-]/g, '_')} -->`;

/**
 * Keeps one comment of a name up to date: changes the one that is there, or makes it. Answers `refused` where the
 * token may not, and throws where GitHub does not answer as it should.
 */
export async function keepComment(
  github: GitHub,
  pullRequest: number,
  name: string,
  text: string,
): Promise<Kept> {
  const marker = markerOf(name);
  const body = JSON.stringify({ body: fitting(`${marker}\n${text}`) });
  const found = await findComment(github, pullRequest, marker);
  if (typeof found === 'object') return found;
  if (found !== undefined) {
    const changed = await ask(github, 'PATCH', `/issues/comments/${found}`, body);
    if (changed.ok) return { done: 'updated', url: await urlOf(changed) };
    // Deleted meanwhile, or not ours to change.
    if (changed.status !== 404 && changed.status !== 403) throw await failure(changed);
  }
  const made = await ask(github, 'POST', `/issues/${pullRequest}/comments`, body);
  if (made.ok) return { done: 'created', url: await urlOf(made) };
  return refusal(made);
}

/** The number of the comment that begins with the marker; undefined where there is none. */
async function findComment(
  github: GitHub,
  pullRequest: number,
  marker: string,
): Promise<number | undefined | Kept> {
  for (let page = 1; page <= mostPages; page++) {
    const path = `/issues/${pullRequest}/comments?per_page=${perPage}&page=${page}`;
    const answer = await ask(github, 'GET', path);
    if (!answer.ok) return refusal(answer);
    const listed: unknown = await answer.json();
    if (!Array.isArray(listed)) throw new Error('GitHub lists no comments');
    const own = listed.find((each) => isOwn(each, marker));
    if (own !== undefined) return own.id;
    if (listed.length < perPage) return undefined;
  }
  return undefined;
}

/** A comment of ours: who may only read can write the marker too, but is no bot and no member. */
function isOwn(comment: unknown, marker: string): comment is { readonly id: number } {
  const { id, body, user, author_association: author } = fields(comment);
  const isBot = fields(user)['type'] === 'Bot';
  const isMember = ['OWNER', 'MEMBER', 'COLLABORATOR'].includes(String(author));
  return typeof id === 'number' && typeof body === 'string' && body.startsWith(marker) && (isBot || isMember);
}

async function refusal(answer: Response): Promise<Kept> {
  // A private repository hides what the token may not see.
  if (answer.status !== 401 && answer.status !== 403 && answer.status !== 404) throw await failure(answer);
  const why = `GitHub answered ${answer.status} (${await messageOf(answer)}): the token may not comment on pull requests. Give the job \`permissions: { contents: read, pull-requests: write }\`; what is allowed by default is set for the repository under Settings, Actions, General, Workflow permissions.`;
  return { done: 'refused', why };
}

async function urlOf(answer: Response): Promise<string> {
  return String(fields(await answer.json().catch(() => undefined))['html_url'] ?? '');
}

/** A report fits by itself; what does not fit all the same is cut at the end of a line. */
function fitting(text: string): string {
  if (text.length <= longest) return text;
  const end = '\n\n*Too long for a comment: the report has the rest.*\n';
  const cut = text.slice(0, longest - end.length);
  return `${cut.slice(0, Math.max(cut.lastIndexOf('\n'), 0))}${end}`;
}
