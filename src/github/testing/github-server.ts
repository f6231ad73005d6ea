import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly type: 'Bot' | 'User' };
  readonly author_association: string;
}

/** GitHub's API of comments as far as a comment is kept with it, on a port of loopback. */
export class GitHubServer implements AsyncDisposable {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly comments: Comment[] = [];
  pulls: readonly unknown[] = [];
  /** "GET /issues/7/comments?…", in their order. */
  readonly requests: string[] = [];
  readonly tokens = new Set<string>();
  /** Answers in place of those that it would give: tried in their order, each once. */
  readonly instead: {
    readonly of: RegExp;
    readonly status: number;
    readonly message?: string;
    readonly headers?: Record<string, string>;
  }[] = [];

  static async start(): Promise<GitHubServer> {
    const server = new GitHubServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get api(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Comments of somebody who may only read. */
  add(body: string, about: Partial<Comment> = {}): Comment {
    const made: Comment = {
      id: this.comments.length + 1,
      body,
      user: { type: 'User' },
      author_association: 'NONE',
      ...about,
    };
    this.comments.push(made);
    return made;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.api);
    const path = url.pathname.replace('/repos/owner/name', '');
    const asked = `${request.method} ${path}${url.search}`;
    this.requests.push(asked);
    this.tokens.add(request.headers.authorization ?? '');
    let body = '';
    for await (const part of request) body += part;
    const send = (status: number, value: unknown, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    const index = this.instead.findIndex(({ of }) => of.test(asked));
    const [instead] = index < 0 ? [] : this.instead.splice(index, 1);
    if (instead) return send(instead.status, { message: instead.message ?? 'no' }, instead.headers);
    const shown = ({ id, ...rest }: Comment) => ({ id, html_url: `https://github/${id}`, ...rest });
    const text = () => (JSON.parse(body) as { body: string }).body;
    if (request.method === 'GET' && path.endsWith('/comments')) {
      const page = Number(url.searchParams.get('page'));
      const size = Number(url.searchParams.get('per_page'));
      return send(200, this.comments.slice((page - 1) * size, page * size).map(shown));
    }
    if (request.method === 'GET' && path === '/pulls') return send(200, this.pulls);
    if (request.method === 'POST') {
      if (text().length > 65_536) return send(422, { message: 'Validation Failed' });
      return send(201, shown(this.add(text(), { user: { type: 'Bot' } })));
    }
    const found = this.comments.find(({ id }) => path === `/issues/comments/${id}`);
    if (request.method !== 'PATCH' || found === undefined) return send(404, { message: 'Not Found' });
    found.body = text();
    return send(200, shown(found));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
