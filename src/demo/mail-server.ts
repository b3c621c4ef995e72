// A small MCP server that sends mail, as far as a demonstration may: each mail becomes a file in the outbox folder that it is started with.
// It does whatever it is asked; what it may be asked is the gateway's to decide.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const outbox = process.argv[2] ?? ".";

serveStdio(() => {
  const server = new McpServer({ name: "mail", version: "1.0.0" });
  const inputSchema = z.object({
    to: z.string().describe("address of the recipient"),
    subject: z.string(),
    body: z.string(),
  });
  server.registerTool("send_mail", { description: "Sends a mail.", inputSchema }, ({ to, subject, body }) => {
    writeFileSync(join(outbox, `${to}.txt`), `To: ${to}\nSubject: ${subject}\n\n${body}\n`);
    return { content: [{ type: "text", text: `sent to ${to}` }] };
  });
  return server;
});
