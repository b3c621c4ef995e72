// Where decisions and status reports go besides the service: lines of JSON on the console, as OPA's logger writes them.

import { encode, fromPlain } from "../../value/json.ts";
import { type LogEvent, eventText } from "./event.ts";

/** A decision as one line, recognisable by its `type`. */
export function consoleDecision(event: LogEvent, timeMs: number): string {
  const more = {
    level: "info",
    msg: "Decision Log",
    time: new Date(timeMs).toISOString(),
    type: "openpolicyagent.org/decision_logs",
  };
  return eventText(event, more, false);
}

export function consoleStatus(report: unknown, timeMs: number): string {
  return encode(
    fromPlain({
      ...(report as Record<string, unknown>),
      level: "info",
      msg: "Status Log",
      time: new Date(timeMs).toISOString(),
      type: "openpolicyagent.org/status",
    }),
    { escapeHtml: false },
  );
}
