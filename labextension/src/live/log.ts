import { Api } from '../api';

/** Lines that are kept in the browser. */
export const MAX_LINES = 5000;

/** Lines to begin with: the most that the service returns from the end of a log. */
export const FIRST_LINES = 1000;

/** CloudWatch Logs can return an empty page with more pages behind it. */
const MAX_EMPTY_PAGES = 2;

/** The part of a log that was read, oldest lines first. */
export interface ILog {
  lines: string[];
  token: string | null;
  /** Whether there are older lines. */
  isCut: boolean;
  emptyPages: number;
}

export const EMPTY_LOG: ILog = {
  lines: [],
  token: null,
  isCut: false,
  emptyPages: 0
};

/** Whether all that was printed so far has been read. */
export function isUpToDate(log: ILog): boolean {
  return log.emptyPages >= MAX_EMPTY_PAGES;
}

/** Requests the end of a log, and then what follows. A long log is not read from its beginning, which could take minutes. */
export async function readMore(api: Api, id: string, log: ILog): Promise<ILog> {
  const page = await api.log(
    id,
    log.token ? { next_token: log.token } : { tail: String(FIRST_LINES) }
  );
  const printed = page.events.flatMap(event =>
    event.message.replace(/\n$/, '').split('\n')
  );
  const lines = [...log.lines, ...printed];
  return {
    lines: lines.slice(-MAX_LINES),
    token: page.next_token ?? log.token,
    isCut:
      log.isCut ||
      lines.length > MAX_LINES ||
      (!log.token && page.events.length >= FIRST_LINES),
    emptyPages: page.events.length === 0 ? log.emptyPages + 1 : 0
  };
}

/** What the runner prints before each cell; what the notebook prints begins with a bar. */
const CELL = /^runner: cell (\d+) of (\d+)$/;

/** The last cell that the log names. The log is newer than the state of the job, which a heartbeat brings. */
export function cellInLog(
  lines: string[]
): { cell: number; cells: number } | undefined {
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const match = CELL.exec(lines[index]!);
    if (match) {
      return { cell: Number(match[1]), cells: Number(match[2]) };
    }
  }
  return undefined;
}
