// Writes of base documents over HTTP: `PUT|PATCH|DELETE /v1/data/…` (OPA Data API). A request in, one change of the workspace, 204 out;
// what a bundle owns is refused.

import type { IncomingMessage, ServerResponse } from "node:http";
import { PolicyError } from "../../error.ts";
import { isObject, type RegoObject, type Value } from "../../value/value.ts";
import type { BodyLimits } from "../http.ts";
import { change, exists, type Operation, put, readAt } from "./documents.ts";
import { type RequestMetrics, requestMetrics } from "./metrics.ts";
import { plainJson, reply, replyEmpty } from "./reply.ts";
import { arrayBody, flagOf, jsonBody, keysOf, targetOf } from "./request.ts";
import type { Workspace } from "./workspace.ts";

export interface DocumentRoutes {
  put(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  patch(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  remove(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export function documentRoutes(workspace: Workspace, limits: BodyLimits): DocumentRoutes {
  const finish = (
    request: IncomingMessage,
    response: ServerResponse,
    stop: () => Record<string, number>,
  ): void => {
    if (flagOf(targetOf(request).query, "metrics")) reply(response, 200, `{"metrics":${plainJson(stop())}}`);
    else replyEmpty(response, 204);
  };
  const timed = (): { start: RequestMetrics["start"]; stop: () => Record<string, number> } => {
    const metrics = requestMetrics();
    const stop = metrics.start("server_handler");
    return {
      start: metrics.start,
      stop: () => {
        stop();
        return metrics.all();
      },
    };
  };
  const update = (next: (data: RegoObject) => RegoObject): Promise<void> =>
    workspace.update(({ data, policies }) => ({ data: next(data), policies }));
  return {
    async put(path, request, response) {
      const { start, stop } = timed();
      const parsed = start("rego_input_parse");
      const value = await jsonBody(request, limits);
      parsed();
      const keys = keysOf(path);
      workspace.checkOwner(keys);
      if (request.headers["if-none-match"] === "*" && exists(workspace.content().data, keys))
        return replyEmpty(response, 304);
      await update((data) => put(data, keys, value));
      finish(request, response, stop);
    },
    async patch(path, request, response) {
      const { start, stop } = timed();
      const parsed = start("rego_input_parse");
      const patches = arrayBody(await jsonBody(request, limits), "[]types.PatchV1").map((one) =>
        readPatch(keysOf(path), one),
      );
      parsed();
      for (const { keys } of patches) workspace.checkOwner(keys);
      await update((data) =>
        patches.reduce(
          (current, { operation, keys, value }) => change(current, operation, keys, value),
          data,
        ),
      );
      finish(request, response, stop);
    },
    async remove(path, request, response) {
      const { stop } = timed();
      const keys = keysOf(path);
      workspace.checkOwner(keys);
      await update((data) => {
        readAt(data, keys);
        return change(data, "remove", keys, null);
      });
      finish(request, response, stop);
    },
  };
}

interface Patch {
  readonly operation: Operation;
  readonly keys: readonly string[];
  readonly value: Value;
}

function readPatch(root: readonly string[], patch: Value): Patch {
  if (!isObject(patch))
    throw new PolicyError(
      "invalid_parameter",
      "json: cannot unmarshal a patch that is no object into Go value of type types.PatchV1",
    );
  const [operation, path] = [patch.get("op") ?? "", patch.get("path") ?? ""];
  if (operation !== "add" && operation !== "remove" && operation !== "replace")
    throw new PolicyError(
      "invalid_parameter",
      `bad patch operation: ${typeof operation === "string" ? operation : "no text"}`,
    );
  if (typeof path !== "string") throw new PolicyError("invalid_parameter", "bad patch path: no text");
  const keys = keysOf(path).map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return { operation, keys: [...root, ...keys], value: patch.get("value") ?? null };
}
