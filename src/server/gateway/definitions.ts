// The tools that servers show now. In: lists of definitions, as servers give them. Out: facts for pins (hashes, shadowing) and the headers that
// a tool's schema asks for. What a server was never seen to show has no hash that any pin fits.

import { readDefinitions, ShownTools, type ToolDefinition, type ToolFacts } from "../../ai/catalogue.ts";
import { fromPlain } from "../../value/json.ts";
import { isObject, type RegoObject, type Value } from "../../value/value.ts";

/** Asks a server: method and params in, result out; undefined when there is none. */
export type AskServer = (method: string, params: RegoObject) => Promise<RegoObject | undefined>;

/** A server that goes on giving pages is not believed. */
const MAX_PAGES = 100;
const HEADER_KEY = "x-mcp-header";

export class Definitions {
  readonly #shown = new ShownTools();
  readonly #known = new Map<string, ReadonlyMap<string, ToolDefinition>>();

  /** Reads all pages of `tools/list`, if this server's list is not known or has changed. */
  async load(server: string, ask: AskServer, meta: Value | undefined): Promise<void> {
    if (this.#known.has(server)) return;
    const all: ToolDefinition[] = [];
    let cursor: Value | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const params = fromPlain({}) as RegoObject;
      const result = await ask("tools/list", withMembers(params, cursor, meta));
      if (result === undefined) return;
      try {
        all.push(...readDefinitions(result));
      } catch {
        return;
      }
      cursor = result.get("nextCursor");
      if (cursor === undefined || cursor === null) {
        this.show(server, all);
        return;
      }
    }
  }

  show(server: string, definitions: readonly ToolDefinition[]): void {
    this.#known.set(server, new Map(definitions.map((definition) => [definition.name, definition])));
    this.#shown.show(server, definitions);
  }

  /** The server says that its list has changed. */
  forget(server: string): void {
    this.#known.delete(server);
  }

  facts(server: string, name: string): ToolFacts {
    return (
      this.#shown.facts(server, name) ?? {
        name,
        server,
        definition: "unknown",
        set: "unknown",
        shadowed: false,
      }
    );
  }

  /** Names of headers by path of the argument that they repeat (MCP 2026-07-28: `x-mcp-header`). */
  headersOf(server: string, name: string): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, readonly string[]>();
    const walk = (schema: unknown, path: readonly string[]): void => {
      const properties = (schema as { properties?: unknown } | null)?.properties;
      if (typeof properties !== "object" || properties === null) return;
      for (const [key, property] of Object.entries(properties)) {
        const header = (property as Record<string, unknown> | null)?.[HEADER_KEY];
        if (typeof header === "string") found.set(header.toLowerCase(), [...path, key]);
        walk(property, [...path, key]);
      }
    };
    walk(this.#known.get(server)?.get(name)?.inputSchema, []);
    return found;
  }
}

function withMembers(params: RegoObject, cursor: Value | undefined, meta: Value | undefined): RegoObject {
  const members: Record<string, unknown> = {};
  if (cursor !== undefined) members.cursor = cursor;
  if (meta !== undefined && meta !== null && typeof meta === "object" && isObject(meta)) members._meta = meta;
  return fromPlain(new Map([...params.entries(), ...Object.entries(members)])) as RegoObject;
}
