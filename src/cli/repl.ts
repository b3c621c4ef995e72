// The state of an interactive session and what each statement does to it: rules are kept as text by package, every query is compiled with all
// of them by the same pipeline as everything else. Statements in, text to print out; knows nothing of terminals.

import type { Builtin } from "../builtins/builtin.ts";
import { withCustom } from "../builtins/custom.ts";
import { builtins } from "../builtins/registry.ts";
import { type CheckOptions, checkModules, parse } from "../compile/compile.ts";
import { failWith, PolicyError } from "../error.ts";
import { checkedQuery, type QuerySolution, runQuery } from "../query.ts";
import type { Body, Module, RegoVersion } from "../syntax/ast.ts";
import { formatModule } from "../syntax/format.ts";
import { parseModule, parseQuery } from "../syntax/parser.ts";
import { printRef } from "../syntax/print.ts";
import { isCallTerms } from "../syntax/visit.ts";
import { encode } from "../value/json.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { type Findings, Probe } from "../tester/probe.ts";
import { explanationText, extraMembers, profileTable } from "./eval-extras.ts";
import { present } from "./eval-output.ts";
import { Timers, type Timings, timingsJson, timingsTable } from "./metrics.ts";
import { writeWhole } from "./options.ts";
import { prettyErrors } from "./output.ts";
import { help, NO_PARTIAL_EVALUATION } from "./repl-help.ts";
import { typesText } from "./repl-types.ts";
import {
  checkTarget,
  initialSettings,
  type ReplSettings,
  setPrettyLimit,
  settingsText,
  setTrace,
  toggleExplain,
  toggleInstrument,
  toggleMetrics,
} from "./repl-settings.ts";

const HOME = "repl";
/** The rules of this package are the input document. */
const INPUT = "repl.input";

interface DefinedRule {
  readonly name: string;
  readonly text: string;
}

interface SessionPackage {
  imports: string[];
  rules: DefinedRule[];
}

export interface ReplOptions {
  readonly modules: readonly Module[];
  readonly data: RegoObject;
  /** Findings until checking gives up; 0 is no limit. */
  readonly maxErrors?: number;
  /** v1 unless told otherwise. */
  readonly regoVersion?: RegoVersion;
  /** The host's own builtins. */
  readonly custom?: readonly Builtin[];
  readonly print: (text: string) => void;
  readonly format?: "json" | "pretty";
}

export class Repl {
  readonly #options: ReplOptions;
  readonly #builtins: ReadonlyMap<string, Builtin>;
  /** In which statements are written. */
  readonly #version: RegoVersion;
  readonly #builtinNames: ReadonlySet<string>;
  readonly #packages = new Map<string, SessionPackage>();
  #package = HOME;
  #buffer: string[] = [];
  readonly settings: ReplSettings;
  #ended = false;

  constructor(options: ReplOptions) {
    this.#options = options;
    this.#version = options.regoVersion ?? "v1";
    this.#builtins = withCustom(builtins, options.custom ?? []);
    this.#builtinNames = new Set(this.#builtins.keys());
    this.settings = initialSettings(options.format ?? "pretty");
  }

  get ended(): boolean {
    return this.#ended;
  }

  get prompt(): string {
    return this.#buffer.length > 0 ? "| " : "> ";
  }

  /** One line of input. A statement that is not finished waits for more lines; an empty line ends it. */
  async line(line: string): Promise<void> {
    try {
      if (this.#buffer.length === 0) {
        if (line.trim() === "") return;
        if (this.#command(line.trim())) return;
      }
      const text = [...this.#buffer, line].join("\n");
      const mustEnd = this.#buffer.length > 0 && line.trim() === "";
      this.#buffer.push(line);
      if (await this.#statement(text, mustEnd)) this.#buffer = [];
    } catch (error) {
      this.#buffer = [];
      if (!(error instanceof PolicyError)) throw error;
      this.#options.print(`${prettyErrors(withoutOurs(error))}\n`);
    }
  }

  /** What the last word of a line may be completed to. */
  completions(word: string): string[] {
    const paths = [...this.#options.modules, ...this.#sessionModules()].flatMap((module) => {
      const path = printRef(module.package.path.terms);
      return [path, ...module.rules.map((rule) => `${path}.${printRef(rule.head.reference.terms)}`)];
    });
    const own = this.#current().rules.map(({ name }) => name);
    const words = [...Object.keys(COMMANDS), ...own, ...paths, ...this.#builtinNames, "input", "data"];
    return [...new Set(words)].filter((candidate) => candidate.startsWith(word)).sort();
  }

  #current(): SessionPackage {
    let current = this.#packages.get(this.#package);
    if (current === undefined) this.#packages.set(this.#package, (current = { imports: [], rules: [] }));
    return current;
  }

  // --- commands

  #command(line: string): boolean {
    const [name = "", ...args] = line.split(/\s+/);
    const run = COMMANDS[name.toLowerCase()];
    if (run === undefined || (args.length > 0 && /^([:=]=?|\[|if\b|contains\b)/.test(args[0] ?? "")))
      return false;
    const output = run(this, args);
    if (output !== undefined) this.#options.print(`${output}\n`);
    return true;
  }

  exit(): void {
    this.#ended = true;
  }

  /** The base documents, or nothing if they go into a file. */
  dump(path: string | undefined): string | undefined {
    if (path === undefined) return encode(this.#options.data, { indent: "  " });
    writeWhole(path, `${encode(this.#options.data)}\n`);
    return undefined;
  }

  show(topic: string | undefined): string {
    if (topic === "debug") return settingsText(this.settings);
    if (topic !== undefined) return `unknown option '${topic}'`;
    const current = this.#packages.get(this.#package);
    if (current === undefined || (current.rules.length === 0 && current.imports.length === 0))
      return "no rules defined";
    const formatted = formatModule(moduleText(this.#package, current), {
      file: "",
      builtins: this.#builtinNames,
      regoVersion: this.#version,
    });
    return "text" in formatted ? formatted.text.trimEnd() : moduleText(this.#package, current).trimEnd();
  }

  unset(names: readonly string[]): string | undefined {
    const [name] = names;
    if (name === undefined || names.length > 1)
      return "code bad arguments: unset <ref>: expects exactly one argument";
    const current = this.#current();
    const kept = current.rules.filter((rule) => rule.name !== name);
    if (kept.length === current.rules.length) return "warning: no matching rules in current module";
    current.rules = kept;
    return undefined;
  }

  unsetPackage(names: readonly string[]): string | undefined {
    const [name] = names;
    if (name === undefined || names.length > 1)
      return "code bad arguments: unset-package <var>: expects exactly one argument";
    if (!this.#packages.delete(name)) return "warning: no matching package";
    if (name === this.#package) this.#package = HOME;
    return undefined;
  }

  // --- statements

  /** False: the statement is not finished. */
  async #statement(text: string, mustEnd: boolean): Promise<boolean> {
    if (/^\s*package\b/.test(text)) return this.#switchPackage(text, mustEnd);
    if (/^\s*import\b/.test(text)) return this.#addImport(text, mustEnd);
    const imports = this.#current().imports;
    const { body, diagnostics } = parseQuery(text, { imports, regoVersion: this.#version });
    if (body?.length === 0) return true;
    const header = `package x\n${imports.map((path) => `import ${path}\n`).join("")}`;
    const { module } = parseModule(`${header}${text}`, {
      file: "",
      builtins: this.#builtinNames,
      regoVersion: this.#version,
    });
    if (module !== undefined && (body === undefined || !this.#isQuery(body))) {
      this.#define(module, text, body !== undefined && isAssignment(body));
      return true;
    }
    if (body !== undefined) {
      await this.#query(text);
      return true;
    }
    if (!mustEnd) return false;
    throw failWith(diagnostics);
  }

  #switchPackage(text: string, mustEnd: boolean): boolean {
    const { module, diagnostics } = parseModule(text, { file: "", regoVersion: this.#version });
    if (module === undefined) {
      if (!mustEnd) return false;
      throw failWith(diagnostics);
    }
    const [, first, ...rest] = module.package.path.terms;
    this.#package =
      first?.kind === "string"
        ? printRef([{ kind: "var", name: first.value, location: first.location }, ...rest])
        : HOME;
    this.#current();
    return true;
  }

  #addImport(text: string, mustEnd: boolean): boolean {
    const { module, diagnostics } = parseModule(`package x\n${text}`, {
      file: "",
      regoVersion: this.#version,
    });
    if (module === undefined) {
      if (!mustEnd) return false;
      throw failWith(diagnostics);
    }
    const path = text.trim().replace(/^import\s+/, "");
    const current = this.#current();
    if (!current.imports.includes(path)) current.imports.push(path);
    return true;
  }

  /** `x := 1` defines a rule, and so does `x = 1` for an x that nobody knows; other comparisons and calls are queries. */
  #isQuery([expr, ...others]: Body): boolean {
    if (expr === undefined || others.length > 0 || !isCallTerms(expr.terms)) return false;
    const [operator, left] = expr.terms;
    const name = printRef(operator.terms);
    if (name === "assign") return false;
    return name !== "eq" || left?.kind !== "var" || this.#knows(left.name);
  }

  #knows(name: string): boolean {
    const current = this.#current();
    return (
      name.startsWith("$") ||
      name === "input" ||
      name === "data" ||
      current.rules.some((rule) => rule.name === name) ||
      current.imports.some((path) => path.endsWith(`.${name}`) || path.endsWith(` as ${name}`)) ||
      this.#options.modules.some(
        (module) =>
          printRef(module.package.path.terms) === `data.${this.#package}` &&
          module.rules.some((rule) => printRef(rule.head.reference.terms) === name),
      )
    );
  }

  #define(module: Module, text: string, replace: boolean): void {
    const current = this.#current();
    const before = current.rules;
    const heads = module.rules.map((rule) => printRef(rule.head.reference.terms));
    const known = before.some(({ name }) => heads.includes(name));
    const kept = replace ? before.filter(({ name }) => !heads.includes(name)) : before;
    const name = heads[0] ?? "";
    current.rules = [...kept, { name, text }];
    try {
      checkModules(this.#modules(), this.#checkOptions());
    } catch (error) {
      current.rules = before;
      const above = moduleText(this.#package, { ...current, rules: kept }).split("\n").length;
      throw error instanceof PolicyError ? rowsUp(error, above) : error;
    }
    if (this.settings.format === "json") return;
    const verb = known && replace ? "re-defined" : "defined";
    this.#options.print(`Rule '${name}' ${verb} in package ${this.#package}. Type 'show' to see rules.\n`);
  }

  #sessionModules(): Module[] {
    const sources = [...this.#packages].map(([name, content]) => ({
      file: "",
      text: moduleText(name, content),
      regoVersion: this.#version,
    }));
    const { modules, diagnostics } = parse(sources);
    if (diagnostics.length > 0) throw failWith(diagnostics);
    return modules;
  }

  #modules(): Module[] {
    return [...this.#options.modules, ...this.#sessionModules()];
  }

  #checkOptions(): Pick<CheckOptions, "builtins" | "maxErrors"> {
    const { maxErrors } = this.#options;
    return { builtins: this.#builtins, ...(maxErrors !== undefined && { maxErrors }) };
  }

  async #query(text: string): Promise<void> {
    const timers = new Timers();
    const modules = this.#modules();
    const compiled = timers.time("rego_module_compile", () =>
      checkModules(modules, { print: true, ...this.#checkOptions() }),
    );
    const { explain, profile, strictBuiltinErrors } = this.settings;
    const shared = {
      data: this.#options.data,
      strictBuiltinErrors,
      builtins: this.#builtins,
      regoVersion: this.#version,
      context: { print: (message: string) => this.#options.print(`${message}\n`) },
    };
    let input: { value: Value } | undefined;
    if ((this.#packages.get(INPUT)?.rules.length ?? 0) > 0) {
      const [solution] = await runQuery(compiled, { ...shared, text: `data.${INPUT}` });
      const value = solution?.expressions[0]?.value;
      if (value !== undefined) input = { value };
    }
    const request = {
      ...shared,
      text,
      input,
      package: this.#package,
      imports: this.#current().imports,
      onTime: timers.time,
    };
    const probe = new Probe(modules, compiled, request, {
      explain: explain === "off" ? undefined : explain,
      profile,
    });
    const { solutions } = await timers.timeAsync("rego_query_eval", () => probe.run());
    this.#show(solutions, await probe.findings(), timers.timings(), text);
    if (this.settings.types) this.#options.print(typesText(checkedQuery(compiled, request)));
  }

  #show(solutions: readonly QuerySolution[], findings: Findings, timings: Timings, text: string): void {
    const { format, metrics } = this.settings;
    const all = { profileLimit: 0 };
    if (format === "json") {
      const measured = metrics ? [`"metrics":${timingsJson(timings)}`] : [];
      const after = [...measured, ...extraMembers([findings], all)];
      return this.#options.print(present(solutions, this.settings, { after }));
    }
    const parts = [
      explanationText(findings, false),
      present(solutions, this.settings),
      metrics ? timingsTable(timings) : "",
      profileTable([findings], text, all),
    ];
    this.#options.print(parts.join(""));
  }
}

function isAssignment([expr, ...others]: Body): boolean {
  return (
    others.length === 0 &&
    expr !== undefined &&
    isCallTerms(expr.terms) &&
    printRef(expr.terms[0].terms) === "assign"
  );
}

/** Where one of the author's variables is unsafe, those that hold values for showing are so only because of it. */
function withoutOurs(error: PolicyError): PolicyError {
  const diagnostics = error.diagnostics.filter(({ message }) => message !== "var _ is unsafe");
  if (diagnostics.length === 0) return error;
  return new PolicyError(error.code, error.message, { diagnostics });
}

/** OPA counts rows from the statement, not from the module that it has become part of. */
function rowsUp(error: PolicyError, rows: number): PolicyError {
  const diagnostics = error.diagnostics.map((finding) => {
    const { location } = finding;
    if (location === undefined || location.file !== "" || location.row <= rows) return finding;
    return { ...finding, location: { ...location, row: location.row - rows } };
  });
  return new PolicyError(error.code, error.message, { diagnostics });
}

function moduleText(name: string, { imports, rules }: SessionPackage): string {
  const lines = [`package ${name}`, "", ...imports.map((path) => `import ${path}`), ""];
  return `${[...lines, ...rules.map(({ text }) => `${text}\n`)].join("\n")}`;
}

/** What an answer is printed of; nothing where the command is silent. */
const COMMANDS: Readonly<Record<string, (repl: Repl, args: readonly string[]) => string | undefined>> = {
  dump: (repl, [path]) => repl.dump(path),
  exit: (repl) => void repl.exit(),
  help: (_, [topic]) => help(topic),
  json: (repl) => void (repl.settings.format = "json"),
  pretty: (repl) => void (repl.settings.format = "pretty"),
  "pretty-limit": (repl, [limit]) => setPrettyLimit(repl.settings, limit),
  show: (repl, [topic]) => repl.show(topic),
  "strict-builtin-errors": ({ settings }) =>
    void (settings.strictBuiltinErrors = !settings.strictBuiltinErrors),
  unset: (repl, args) => repl.unset(args),
  "unset-package": (repl, args) => repl.unsetPackage(args),
  fails: (repl) => toggleExplain(repl.settings, "fails"),
  instrument: (repl) => toggleInstrument(repl.settings),
  metrics: (repl) => toggleMetrics(repl.settings),
  notes: (repl) => toggleExplain(repl.settings, "notes"),
  profile: ({ settings }) => void (settings.profile = !settings.profile),
  target: (_, args) => checkTarget(args),
  trace: (repl, [mode]) => setTrace(repl.settings, mode),
  types: ({ settings }) => void (settings.types = !settings.types),
  unknown: () => NO_PARTIAL_EVALUATION,
};
