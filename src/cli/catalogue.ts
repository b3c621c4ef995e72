// `reeve catalogue`: what an MCP server shows of its tools (tools), a first tool catalogue from it (init), and the schemas of the documents that
// policies are checked against (schema). Reads files or asks the server, writes to stdout.

import { Command } from "commander";
import { type CatalogueDocument, readDefinitions } from "../ai/catalogue.ts";
import { deriveCatalogue, editCatalogue } from "../ai/derive.ts";
import { decisionShape, requestShape } from "../ai/documents.ts";
import { requestSchemaFor } from "../ai/request-schema.ts";
import { documentSchema } from "../ai/schema.ts";
import { PolicyError } from "../error.ts";
import { stdioUpstream } from "../server/gateway/stdio-upstream.ts";
import { listTools } from "../server/gateway/tools.ts";
import { forwardTo } from "../server/gateway/upstream.ts";
import { decode, toPlain } from "../value/json.ts";
import { readStdin, readText } from "./options.ts";

interface InitFlags {
  readonly server?: string;
  readonly edits?: string;
}

interface SchemaFlags {
  readonly tools?: string;
  readonly tool?: string;
}

export function command(): Command {
  const command = new Command("catalogue").description("Tool catalogues and the schemas of documents.");
  command
    .command("tools")
    .description("Ask an MCP server for its tools: the result of `tools/list`, for `init`.")
    .argument("[command...]", "the server's command line, after `--`")
    .option("--upstream <url>", "the server's address, instead of a command line")
    .action(tools);
  command
    .command("init")
    .description(
      "Derive a catalogue from tool definitions by general rules; edit it and put it under `site.catalogue`.",
    )
    .argument("[tools]", "result of `tools/list`, or any JSON with `tools`; stdin without it")
    .option("--server <id>", "the server that shows the tools: pins the set")
    .option("--edits <path>", "JSON merge patch with what the tools' owner knows")
    .action(init);
  command
    .command("schema")
    .description("Print the JSON Schema of `input`, or of decisions, for `reeve check --schema`.")
    .argument("[document]", "`request` or `decision`", "request")
    .option("--tools <path>", "result of `tools/list`: with --tool, its arguments take part")
    .option("--tool <name>", "the schema for calls of this tool alone")
    .action(schema);
  return command;
}

async function tools(serverCommand: string[], flags: { readonly upstream?: string }): Promise<void> {
  const [program, ...args] = serverCommand;
  if ((program === undefined) === (flags.upstream === undefined))
    throw new PolicyError(
      "invalid_parameter",
      "give either the MCP server's command line after `--` or its address with `--upstream`",
    );
  const server =
    program === undefined
      ? { forward: forwardTo(flags.upstream ?? ""), close: () => {} }
      : stdioUpstream([program, ...args]);
  try {
    print({ tools: (await listTools(server.forward)).map(toPlain) });
  } finally {
    server.close();
  }
}

function init(path: string | undefined, flags: InitFlags): void {
  const text = path === undefined ? readStdin() : readText(path);
  const definitions = readDefinitions(decode(text, { file: path ?? "stdin" }));
  const derived = deriveCatalogue(definitions, flags.server);
  const edited: CatalogueDocument =
    flags.edits === undefined
      ? derived
      : editCatalogue(derived, decode(readText(flags.edits), { file: flags.edits }));
  print(edited);
}

function schema(document: string, flags: SchemaFlags): void {
  if (document === "decision") return print(documentSchema(decisionShape, "decision"));
  if (document !== "request")
    throw new PolicyError("invalid_parameter", `no document \`${document}\`: expected request or decision`);
  if (flags.tool === undefined) return print(documentSchema(requestShape, "request"));
  if (flags.tools === undefined) throw new PolicyError("invalid_parameter", "--tool needs --tools");
  const definitions = readDefinitions(decode(readText(flags.tools), { file: flags.tools }));
  const definition = definitions.find((tool) => tool.name === flags.tool);
  if (definition === undefined)
    throw new PolicyError("invalid_parameter", `\`${flags.tools}\` has no tool \`${flags.tool}\``);
  print(requestSchemaFor(definition));
}

function print(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
