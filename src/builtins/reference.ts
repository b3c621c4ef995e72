// The reference page of all builtins, derived from their declarations like every other list of them. Nothing in, Markdown out.

import { typeToText } from "../value/type-text.ts";
import type { Argument, Builtin } from "./builtin.ts";
import { builtins } from "./registry.ts";

const HEAD = `# Builtins: reference

Made from the declarations in \`src/builtins\` by \`make builtins-reference\`; do not edit. \`native\`: the body is in the module, any OPA host runs it.
\`host\`: the module asks its host for it. \`compiled\`: the compiler writes it away. See [builtins.md](builtins.md).
`;

export function builtinReference(): string {
  const all = [...builtins.values()];
  const count = (kind: string): number => all.filter((builtin) => kindOf(builtin) === kind).length;
  const counts = `${all.length} builtins: ${count("native")} native, ${count("host")} host, ${count("compiled")} compiled.`;
  return `${[HEAD, counts, ...all.map(entry)].join("\n")}\n`;
}

function kindOf({ native, compiled }: Builtin): "native" | "host" | "compiled" {
  return native === true ? "native" : compiled === true ? "compiled" : "host";
}

function entry(builtin: Builtin): string {
  const { name, description, args, result, examples, infix } = builtin;
  const marks = [
    kindOf(builtin),
    ...(infix === undefined ? [] : [`infix \`${infix.replaceAll("|", "\\|")}\``]),
    ...(builtin.relation === true ? ["relation"] : []),
    ...(builtin.nondeterministic === true ? ["non-deterministic"] : []),
    ...(builtin.deprecated === true ? ["deprecated"] : []),
  ];
  const operands = args.map((arg, at) => describe(arg, arg.name === "" ? `x${at + 1}` : arg.name));
  const names = args.map((arg, at) => (arg.name === "" ? `x${at + 1}` : arg.name)).join(", ");
  const lines = [`\n## \`${name}(${names})\`\n`, `${marks.join(", ")}. ${description}`.trim(), ""];
  lines.push(...operands, ...(result === undefined ? [] : [describe(result, "result")]));
  const shown = examples.filter(([call]) => call.length < 160);
  if (shown.length > 0) lines.push("", ...shown.map(([call, want]) => `- ${code(call)} is ${code(want)}`));
  return lines.join("\n");
}

function describe({ type, description }: Argument, name: string): string {
  return `- \`${name}\`: ${code(typeToText(type))}${description === "" ? "" : `, ${description}`}`;
}

/** Backticks within are fenced by more of them. */
function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`";
  return `${fence}${text}${fence}`;
}
