import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import {
  IConfigResponse,
  IDefinitionResponse,
  IFolderResponse,
  IJobResponse,
  ILogPage,
  IRunningResponse,
  IScheduleResponse
} from './documents';
import { IOptions } from './options/options';

/** The server's answer to a request that failed. Its message is for people. */
export class RequestError extends Error {
  constructor(
    message: string,
    /** The HTTP status; 0 if the Jupyter server did not answer. */
    readonly status: number
  ) {
    super(message);
  }
}

interface IRefusal {
  status: number;
  message: string;
}

/** What this extension asks of the Jupyter server. Each method throws a RequestError if that fails. */
export class Api {
  private readonly _settings = ServerConnection.makeSettings();

  config(): Promise<IConfigResponse> {
    return this._get('config');
  }

  schedule(schedule: string, timezone: string): Promise<IScheduleResponse> {
    return this._get('schedule', { schedule, timezone });
  }

  folder(path: string): Promise<IFolderResponse> {
    return this._get('folder', { path });
  }

  job(id: string): Promise<IJobResponse> {
    return this._get(`jobs/${encodeURIComponent(id)}`);
  }

  /** A page of the log: from the token on, or the last lines. */
  log(
    id: string,
    from: { next_token?: string; tail?: string; attempt?: string }
  ): Promise<ILogPage> {
    return this._get(`jobs/${encodeURIComponent(id)}/log`, from);
  }

  /** Saves the notebook of a running job, as it is so far, and returns its path in the workspace. */
  async savePartialNotebook(id: string): Promise<string> {
    const response = await this._request(
      `jobs/${encodeURIComponent(id)}/notebook`,
      { method: 'POST', body: '{}' }
    );
    return ((await response.json()) as { path: string }).path;
  }

  running(): Promise<IRunningResponse> {
    return this._get('running');
  }

  definition(id: string): Promise<IDefinitionResponse> {
    return this._get(`definitions/${encodeURIComponent(id)}`);
  }

  /** Changes options of a definition; null gives an option its default again. */
  async changeDefinition(
    id: string,
    options: { [name in keyof IOptions]: IOptions[name] | null }
  ): Promise<void> {
    await this._request(`definitions/${encodeURIComponent(id)}`, {
      method: 'PATCH',
      body: JSON.stringify({ options })
    });
  }

  private async _get<T>(
    path: string,
    query: { [name: string]: string } = {}
  ): Promise<T> {
    const text = URLExt.objectToQueryString(query);
    const response = await this._request(path + text, {
      method: 'GET',
      // This extension shows the reason itself; the browser need not report it in its console.
      headers: { Prefer: 'problems=inline' }
    });
    const body = (await response.json()) as T & { refusal?: IRefusal };
    if (body.refusal) {
      throw new RequestError(body.refusal.message, body.refusal.status);
    }
    return body;
  }

  private async _request(path: string, init: RequestInit): Promise<Response> {
    const url = URLExt.join(
      this._settings.baseUrl,
      'jupyter-scheduler-aws',
      path
    );
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
    } catch (error) {
      throw new RequestError(`The Jupyter server does not answer: ${error}`, 0);
    }
    if (!response.ok) {
      const body = (await response.json().catch(() => ({}))) as {
        message?: string;
      };
      throw new RequestError(
        body.message || `${response.status} ${response.statusText}`,
        response.status
      );
    }
    return response;
  }
}
