// The tool catalogue: what people know about tools. In: a reviewed document (JSON) and the definitions that a server shows now. Out: entries,
// arguments with defaults filled in, pins. Lookups go through maps: no tool or argument name can reach a prototype. Nothing that a server
// says about itself loosens an entry.

import { digest, toHex } from "../crypto/hash.ts";
import { PolicyError } from "../error.ts";
import { encode, fromPlain, toPlain } from "../value/json.ts";
import { object } from "../value/object.ts";
import { isArray, isObject, type RegoObject, type Value } from "../value/value.ts";

/** What `tools/list` says of one tool. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: unknown;
  readonly annotations?: unknown;
}

/** What is known of one argument. */
export interface ArgumentEntry {
  /** Its value decides who or what is affected: it must come from the user or a trusted field. */
  readonly sensitive?: boolean;
  /** Prose: read for links, never matched as a whole. */
  readonly text?: boolean;
  /** `false`: prose, but no message that somebody will take for the user's (a title, a place). */
  readonly message?: boolean;
  readonly required?: boolean;
  /** Filled in when it is absent. */
  readonly default?: unknown;
  /** Never in a log. */
  readonly secret?: boolean;
  /** A path: must lead into the task's folder. */
  readonly path?: boolean;
  /** Leads somewhere on the network. */
  readonly url?: boolean;
  /** Counts against the budget of this name. */
  readonly amount?: string;
  /** A quantity, a date, one of a few choices: the AI agent may work it out, so that a value seen nowhere passes. */
  readonly computed?: boolean;
  /** The choices. */
  readonly values?: readonly unknown[];
  /** A program in this language, parsed into `action.parsed` where there is a parser: `shell`, `sql`, `http`, `code`. */
  readonly program?: string;
  /** Names of members in objects that it holds. */
  readonly fields?: readonly string[];
}

export interface ToolEntry {
  readonly server?: string;
  /** Hash of the reviewed definition. */
  readonly definition?: string;
  readonly read_only: boolean;
  readonly destructive?: boolean;
  /** Every call needs a person's approval. */
  readonly approval?: boolean;
  /** Words with which a person asks for this; without one of them in the user's words, a person is asked. */
  readonly verbs?: readonly string[];
  /** Arguments that say who will read what the call gives away. */
  readonly readers?: readonly string[];
  readonly arguments: Readonly<Record<string, ArgumentEntry>>;
  readonly results?: {
    /** Paths (`/*` for any element) of fields that no outsider can write, all that lies below included; `""` is the whole result. */
    readonly trusted?: readonly string[];
    /** Paths of what is never in a log. */
    readonly secret?: readonly string[];
    /** Paths of objects whose keys no outsider can write. */
    readonly trusted_keys?: readonly string[];
    /** Confidentiality labels by path; `""` is the whole result. */
    readonly confidential?: Readonly<Record<string, readonly string[]>>;
  };
}

/** A named limit. */
export interface BudgetEntry {
  /** Whose it is: a chain is a task and all that it started. */
  readonly per: "subject" | "agent" | "task" | "chain";
  /** The tools that count; absent: all. */
  readonly tools?: readonly string[];
  /** Sums the arguments that count against this name (`amount` of an argument); absent: counts calls. */
  readonly amount?: string;
  /** Exact decimal, as text or number. */
  readonly limit: string | number;
  /** Seconds; absent: for ever. */
  readonly window_s?: number;
  /** Beyond it: `deny` (default) or `approve`. */
  readonly beyond?: "deny" | "approve";
}

/** What may be read of a server beside its tools. */
export interface ReadsEntry {
  /** URIs that `resources/read` may ask for; one that ends in `*` stands for all that begin so. */
  readonly resources?: readonly string[];
  /** Names that `prompts/get` may ask for. */
  readonly prompts?: readonly string[];
  /** Confidentiality labels of what is read. */
  readonly confidential?: readonly string[];
}

/** Methods that are decided as actions of their own. No tool may be called so. */
export const readMethods = ["resources/read", "prompts/get"] as const;
export type ReadMethod = (typeof readMethods)[number];

/** What takes two: whoever used one of the tools uses none of the others. */
export interface DutyEntry {
  readonly tools: readonly string[];
  /** Whose uses count together, over all tasks of the ledger's store. */
  readonly per: "subject" | "agent" | "chain";
  /** Seconds; absent: for ever. */
  readonly window_s?: number;
}

export interface CatalogueDocument {
  readonly version: string;
  /** Hash over the definitions of all tools, by server. */
  readonly sets?: Readonly<Record<string, string>>;
  readonly tools: Readonly<Record<string, ToolEntry>>;
  readonly budgets?: Readonly<Record<string, BudgetEntry>>;
  readonly duties?: Readonly<Record<string, DutyEntry>>;
  /** By server. */
  readonly reads?: Readonly<Record<string, ReadsEntry>>;
}

export const CATALOGUE_VERSION = "reeve-catalogue/1";

export class Catalogue {
  readonly #tools: ReadonlyMap<string, ToolEntry>;
  readonly #arguments: ReadonlyMap<string, ReadonlyMap<string, ArgumentEntry>>;
  readonly #reads: ToolEntry;
  readonly document: CatalogueDocument;

  constructor(document: CatalogueDocument) {
    if (
      document.version !== CATALOGUE_VERSION ||
      typeof document.tools !== "object" ||
      document.tools === null
    )
      throw new PolicyError("config_error", `a catalogue starts with \`"version": "${CATALOGUE_VERSION}"\``);
    this.document = document;
    this.#tools = new Map(Object.entries(document.tools));
    for (const [name, entry] of this.#tools) checkEntry(name, entry);
    for (const [name, entry] of Object.entries(document.reads ?? {})) checkReads(name, entry);
    for (const [name, entry] of Object.entries(document.budgets ?? {})) checkBudget(name, entry);
    for (const [name, entry] of Object.entries(document.duties ?? {})) checkDuty(name, entry);
    const labels = Object.values(document.reads ?? {}).flatMap((entry) => entry.confidential ?? []);
    const results = labels.length === 0 ? {} : { confidential: { "": [...new Set(labels)] } };
    this.#reads = { read_only: true, arguments: {}, results };
    this.#arguments = new Map(
      [...this.#tools].map(([name, entry]) => [name, new Map(Object.entries(entry.arguments))]),
    );
  }

  /** Of a method that reads, what holds for all servers: the ledger does not say which one it was. */
  tool(name: string): ToolEntry | undefined {
    return METHODS.has(name) ? this.#reads : this.#tools.get(name);
  }

  argument(tool: string, name: string): ArgumentEntry | undefined {
    return this.#arguments.get(tool)?.get(name);
  }

  argumentsOf(tool: string): ReadonlyMap<string, ArgumentEntry> {
    return this.#arguments.get(tool) ?? new Map();
  }

  /** The arguments with the catalogue's defaults filled in, and the names of those filled: what the tool would use is what is decided on. */
  withDefaults(tool: string, args: RegoObject): { args: RegoObject; filled: ReadonlySet<string> } {
    const missing = [...this.argumentsOf(tool)].filter(
      ([name, entry]) => entry.default !== undefined && !args.has(name),
    );
    if (missing.length === 0) return { args, filled: new Set() };
    const added = missing.map(([name, entry]): [Value, Value] => [name, fromPlain(entry.default)]);
    return { args: object([...args.entries(), ...added]), filled: new Set(missing.map(([name]) => name)) };
  }
}

const HOLDERS: ReadonlySet<unknown> = new Set(["subject", "agent", "task", "chain"]);

const METHODS: ReadonlySet<string> = new Set(readMethods);

function checkReads(server: string, entry: ReadsEntry): void {
  const lists = typeof entry === "object" && entry !== null ? Object.entries(entry) : [["it", undefined]];
  for (const [name, list] of lists)
    if (!Array.isArray(list) || list.some((item) => typeof item !== "string" || item === ""))
      throw new PolicyError(
        "config_error",
        `catalogue \`reads\` of \`${server}\`: \`${name}\` must be a list of texts`,
      );
}

function checkBudget(name: string, entry: BudgetEntry): void {
  const wrong = (what: string): never => {
    throw new PolicyError("config_error", `catalogue budget \`${name}\`: ${what}`);
  };
  if (typeof entry !== "object" || entry === null) wrong("must be an object");
  if (!HOLDERS.has(entry.per)) wrong("`per` must be subject, agent, task or chain");
  if (!/^\d+(?:\.\d+)?$/.test(String(entry.limit))) wrong("`limit` must be a decimal number");
  if (entry.window_s !== undefined && !(entry.window_s > 0)) wrong("`window_s` must be above zero");
  if (entry.tools !== undefined && !Array.isArray(entry.tools)) wrong("`tools` must be an array");
}

function checkDuty(name: string, entry: DutyEntry): void {
  const wrong = (what: string): never => {
    throw new PolicyError("config_error", `catalogue duty \`${name}\`: ${what}`);
  };
  if (typeof entry !== "object" || entry === null) wrong("must be an object");
  if (!HOLDERS.has(entry.per) || (entry.per as string) === "task")
    wrong("`per` must be subject, agent or chain");
  if (!Array.isArray(entry.tools) || entry.tools.some((tool) => typeof tool !== "string"))
    wrong("`tools` must be a list of names");
  if (entry.window_s !== undefined && !(entry.window_s > 0)) wrong("`window_s` must be above zero");
}

function checkEntry(name: string, entry: ToolEntry): void {
  const wrong = (what: string): never => {
    throw new PolicyError("config_error", `catalogue entry of \`${name}\`: ${what}`);
  };
  if (METHODS.has(name)) wrong("a method of the protocol is no tool; what may be read stands under `reads`");
  if (typeof entry !== "object" || entry === null) wrong("must be an object");
  if (typeof entry.read_only !== "boolean") wrong("`read_only` must be a boolean");
  if (typeof entry.arguments !== "object" || entry.arguments === null) wrong("`arguments` must be an object");
  for (const path of [...(entry.results?.trusted ?? []), ...(entry.results?.trusted_keys ?? [])])
    if (typeof path !== "string" || (path !== "" && !path.startsWith("/"))) wrong("paths start with `/`");
}

/** Hash of a definition: everything that a model reads of a tool, in canonical order. */
export function definitionHash(definition: ToolDefinition): string {
  return hash(
    fromPlain({
      name: definition.name,
      description: definition.description ?? "",
      inputSchema: definition.inputSchema ?? {},
      annotations: definition.annotations ?? {},
    }),
  );
}

/** Hash of the set: a tool that was added, removed, renamed or changed gives another one. */
export function setHash(definitions: readonly ToolDefinition[]): string {
  return hash(definitions.map(definitionHash).sort());
}

function hash(value: Value): string {
  const bytes = new TextEncoder().encode(encode(value, { escapeHtml: false }));
  return `sha256:${toHex(digest("SHA-256", bytes))}`;
}

/** Facts about one tool for `input.tool`; policies compare them with the catalogue. */
export interface ToolFacts {
  readonly name: string;
  readonly server: string;
  readonly definition: string;
  readonly set: string;
  readonly shadowed: boolean;
}

/** What several servers show now. A name that two of them show is shadowed on both. */
export class ShownTools {
  readonly #servers = new Map<string, ReadonlyMap<string, string>>();
  readonly #sets = new Map<string, string>();

  /** Call it with each `tools/list`; the last one of a server counts. */
  show(server: string, definitions: readonly ToolDefinition[]): void {
    const hashes = new Map<string, string>();
    for (const definition of definitions) {
      // One name twice in one list is a shadow as well: no single hash can stand for it.
      const known = hashes.get(definition.name);
      const own = definitionHash(definition);
      hashes.set(definition.name, known === undefined ? own : hash([known, own]));
    }
    this.#servers.set(server, hashes);
    this.#sets.set(server, setHash(definitions));
  }

  facts(server: string, name: string): ToolFacts | undefined {
    const definition = this.#servers.get(server)?.get(name);
    if (definition === undefined) return undefined;
    const holders = [...this.#servers.values()].filter((tools) => tools.has(name)).length;
    return { name, server, definition, set: this.#sets.get(server) ?? "", shadowed: holders > 1 };
  }
}

/** A catalogue from JSON data. */
export function readCatalogue(value: Value): Catalogue {
  if (!isObject(value)) throw new PolicyError("config_error", "a catalogue is an object");
  return new Catalogue(toPlain(value) as CatalogueDocument);
}

/** The members of a `tools/list` result. Throws `invalid_input`. */
export function readDefinitions(value: Value): ToolDefinition[] {
  const tools = isObject(value) ? value.get("tools") : value;
  if (tools === undefined || tools === null || typeof tools !== "object" || !isArray(tools))
    throw new PolicyError("invalid_input", "expected `tools`, an array");
  return tools.map((tool) => {
    const plain = toPlain(tool) as Record<string, unknown>;
    // AgentDojo and some frameworks say `desc` and `schema`; MCP's names come first.
    const description = plain.description ?? plain.desc;
    const inputSchema = plain.inputSchema ?? plain.schema ?? plain.input_schema ?? plain.parameters;
    if (typeof plain.name !== "string" || plain.name === "")
      throw new PolicyError("invalid_input", "every tool needs a name");
    return {
      name: plain.name,
      ...(typeof description === "string" && { description }),
      inputSchema: inputSchema ?? {},
      ...(plain.annotations !== undefined && { annotations: plain.annotations }),
    };
  });
}
