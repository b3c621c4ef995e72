// Where a command that takes long prints. In: nothing. Out: a way to print, and on a terminal one to tell how far it is; none in a pipe.

export interface Terminal {
  readonly print: (text: string) => void;
  readonly progress?: (done: number, total: number, note?: string) => void;
}

/** On a terminal a line tells how far it is; whatever is printed replaces it. */
export function terminal(
  stdout: Pick<NodeJS.WriteStream, "write" | "isTTY"> = process.stdout,
  stderr: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns"> = process.stderr,
): Terminal {
  if (stderr.isTTY !== true || stdout.isTTY !== true) return { print: (text) => void stdout.write(text) };
  const ERASE = "\r\u001b[K";
  let shown = 0;
  return {
    print: (text) => {
      if (shown > 0) stderr.write(ERASE);
      shown = 0;
      stdout.write(text);
    },
    progress: (done, total, note = "") => {
      const now = Date.now();
      if (done < total && now - shown < 100) return;
      const line = `${done}/${total}${note === "" ? "" : `  ${note}`}`;
      // A line that wraps could not be erased.
      stderr.write(done < total ? `${ERASE}${line.slice(0, (stderr.columns ?? 80) - 1)}` : ERASE);
      shown = done < total ? now : 0;
    },
  };
}
