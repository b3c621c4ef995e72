// Requests as OPA logs them: one event when a request comes and one when its response is out. Bodies and parameters stay out of the log: they may hold
// secrets.

import type { RequestListener } from "node:http";
import { rawPathOf } from "../server/sidecar/request.ts";

type Log = (level: string, message: string, more: Readonly<Record<string, unknown>>) => void;

export function requestLog(log: Log): RequestListener {
  let count = 0;
  return (request, response) => {
    const { remoteAddress = "", remotePort = "" } = request.socket;
    const client = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
    const began = performance.now();
    const told = {
      client_addr: `${client}:${remotePort}`,
      req_id: ++count,
      req_method: request.method,
      req_path: rawPathOf(request),
    };
    log("info", "Received request.", told);
    response.once("close", () => {
      const answered = { resp_status: response.statusCode, resp_duration: performance.now() - began };
      log("info", "Sent response.", { ...told, ...answered });
    });
  };
}
