/** A Jupyter server whose responses a test chooses. It takes the place of `fetch`. */
export class FakeServer {
  readonly requests: { method: string; path: string; body: unknown }[] = [];
  private readonly _routes: [RegExp, (path: string) => unknown][] = [];

  /** Answers requests whose path, with the query, matches. Later routes take precedence. */
  answer(path: RegExp, response: (path: string) => unknown): void {
    this._routes.unshift([path, response]);
  }

  install(): void {
    Object.assign(globalThis, {
      fetch: this.fetch.bind(this),
      Request: FakeRequest,
      Headers: FakeHeaders
    });
  }

  async fetch(request: FakeRequest): Promise<unknown> {
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/jupyter-scheduler-aws\//, '');
    // JupyterLab adds the time, so that nothing is cached.
    const whole = path + url.search.replace(/[?&]\d+$/, '');
    this.requests.push({
      method: request.init.method ?? 'GET',
      path: whole,
      body: request.init.body ? JSON.parse(request.init.body) : undefined
    });
    const route = this._routes.find(([pattern]) => pattern.test(whole));
    const answer = route
      ? route[1](whole)
      : new Refusal(404, `There is no ${whole}`);
    const isInline = request.init.headers?.Prefer === 'problems=inline';
    const [status, body] = !(answer instanceof Refusal)
      ? [200, answer]
      : isInline
        ? [200, { refusal: { status: answer.status, message: answer.message } }]
        : [answer.status, { message: answer.message }];
    return {
      ok: status < 400,
      status,
      statusText: '',
      json: async () => body
    };
  }

  /** The paths of the requests so far. */
  get paths(): string[] {
    return this.requests.map(request => request.path);
  }
}

/** An answer with an error. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string
  ) {
    super(message);
  }
}

class FakeRequest {
  readonly url: string;
  readonly headers = new FakeHeaders();

  constructor(
    url: string,
    readonly init: {
      method?: string;
      body?: string;
      headers?: { [name: string]: string };
    }
  ) {
    this.url = new URL(url, 'http://localhost/').href;
  }
}

class FakeHeaders {
  append(): void {
    // The fake server reads no headers.
  }
  has(): boolean {
    return false;
  }
  set(): void {
    // The fake server reads no headers.
  }
}
